"""Saved reports rendered and compared, accepted findings, and what is new since an earlier report."""

import csv
import json
from pathlib import Path

import pytest

from evtscan.reporters import REPORTERS
from tests.cli.conftest import AFFECTED, dhcp_log

ACCEPTED = "- {host: NTWS07, article: Q162396, until: 2999-12-31, reason: replaced in January}\n"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("row", REPORTERS, ids=lambda row: row.name)
def test_a_saved_report_gives_the_bytes_of_the_run_in_every_format(evtscan, fleet, row):
    name = f"one{row.suffix}"
    evtscan("audit", fleet, "-o", "out/", "-q")
    evtscan("audit", fleet, "-o", name, "-t", row.name, "-q")
    assert evtscan("report", "out/report.json", "-o", f"again{row.suffix}", "-t", row.name, "-q").code == 0
    assert Path(f"again{row.suffix}").read_bytes() == Path(name).read_bytes()
    assert Path(name).stat().st_size > 0


def test_a_folder_stands_for_the_report_in_it(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/", "-q")
    assert evtscan("report", "out").out == evtscan("report", "out/report.json").out != ""


def test_verbose_shows_every_finding(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/", "-q")
    assert "CONFIRMED" not in evtscan("report", "out").out
    assert "CONFIRMED" in evtscan("report", "out", "-v").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "report.json"),
        (["nowhere.json"], "nowhere.json: "),
        (["a.json", "--compare", "a.json", "a.json"], "--compare"),
        (["--compare", "nowhere", "nowhere"], "nowhere: "),
        (["--compare", "a", "b", "--new-only"], "--new-only"),
        (["--compare", "a", "b", "--timezone", "Europe/Berlin"], "--timezone"),
        (["--compare", "a", "b", "-o", "x.html"], "x.html: "),
        (["--compare", "a", "b", "-o", "out/"], "out"),
    ],
)
def test_requests_that_make_no_sense(evtscan, arguments, message):
    result = evtscan("report", *arguments)
    assert result.code == 2
    assert message in result.err


@pytest.fixture
def two_runs(evtscan, fleet, tmp_path):
    """A fleet before and after: NTWS08 got its facts, NTWS07 its fix, and a host came."""
    evtscan("audit", fleet, "-o", "old/", "-q")
    (fleet / "NTWS08" / "facts.yaml").write_text(AFFECTED)
    (fleet / "NTWS07" / "facts.yaml").write_text(
        "os.version: '4.0'\ncomponent.ras: true\n"
        "os.service_pack: [{value: 2, from: 1996-12-24}, {value: 3, from: 1997-03-03}]\n"
    )
    (fleet / "NTWS09").mkdir()
    (fleet / "NTWS09" / "SysEvent.Evt").write_bytes(dhcp_log(computer="NTWS09"))
    evtscan("audit", fleet, "-o", "new/", "-q")
    return "old", "new"


def test_compare_says_what_is_new_worse_and_better(evtscan, two_runs):
    evtscan("report", "--compare", *two_runs, "-o", "changes.csv")
    found = [(row["Change"], row["Host"], row["OldVerdict"], row["NewVerdict"]) for row in rows(Path("changes.csv"))]
    assert found == [
        ("new", "NTWS09", "", "possible"),
        ("worse", "NTWS08", "possible", "confirmed"),
        ("better", "NTWS07", "confirmed", "resolved"),
        ("host_came", "NTWS09", "", ""),
    ]
    assert json.loads(evtscan("report", "--compare", *two_runs, "-t", "json").out)["hosts"] == 2
    text = evtscan("report", "--compare", *two_runs).out
    assert text.startswith("2 hosts in both: 1 new, 1 worse, 1 better, 0 gone, 0 as before; 1 host came\n")
    assert (
        "- [ ] NTWS08: possible → confirmed: Q162396" in evtscan("report", "--compare", *two_runs, "-t", "markdown").out
    )


@pytest.mark.parametrize(
    "option", [("--verdict", "excluded"), ("--provider", "Disk"), ("--min-level", "critical"), ("--include-eid", "1")]
)
def test_compare_calls_nothing_gone_that_a_narrowed_run_did_not_look_for(evtscan, fleet, option):
    evtscan("audit", fleet, "-o", "old/", "-q")
    evtscan("audit", fleet, "-o", "new/", "-q", *option)
    found = json.loads(evtscan("report", "--compare", "old", "new", "-t", "json").out)
    assert (found["hosts"], found["gone"], found["unasked"]) == (2, 0, 2)
    assert "2 findings not looked for again" in evtscan("report", "--compare", "old", "new").out


def test_compare_fails_on_what_is_new_or_worse(evtscan, two_runs):
    assert evtscan("report", "--compare", *two_runs, "--fail-on", "confirmed").code == 10
    assert evtscan("report", "--compare", *reversed(two_runs), "--fail-on", "confirmed").code == 10  # the fix undone
    assert evtscan("report", "--compare", "old", "old", "--fail-on", "detected").code == 0
    Path("accepted.yaml").write_text(
        "- {host: NTWS08, article: Q162396, until: 2999-12-31, reason: why}\n"
        "- {host: NTWS09, article: Q162396, until: 2999-12-31, reason: why}\n"
    )
    accept = ("--accept", "accepted.yaml")
    assert evtscan("report", "--compare", *two_runs, "--fail-on", "possible", *accept).code == 0


def test_fail_on_of_a_saved_report(evtscan, two_runs):
    assert evtscan("report", "old", "--fail-on", "confirmed").code == 10
    assert evtscan("report", "old", "--fail-on", "confirmed", "-q").out == ""
    assert evtscan("report", "old").code == 0


def test_accepted_findings_are_listed_and_do_not_fail(evtscan, affected):
    Path("accepted.yaml").write_text(ACCEPTED)
    result = evtscan("scan", affected, "--accept", "accepted.yaml", "--fail-on", "possible", "-o", "out/")
    assert (result.code, result.err.count("no rule")) == (0, 0)
    assert "accepted until 2999-12-31: replaced in January" in result.out
    (row,) = rows(Path("out/findings.csv"))
    assert (row["Verdict"], row["Status"]) == ("confirmed", "accepted")
    assert rows(Path("out/hosts.csv"))[0]["WorstVerdict"] == ""


def test_an_acceptance_that_has_ended_is_said_and_counts_no_longer(evtscan, affected):
    Path("accepted.csv").write_text("Host,Article,Until,Reason\n*,q162396,2001-01-01,old\nGONE,Q162396,2999-01-01,x\n")
    result = evtscan("scan", affected, "--accept", "accepted.csv", "--fail-on", "confirmed", "-o", "findings.csv")
    assert result.code == 10
    assert rows(Path("findings.csv"))[0]["Status"] == "new"
    assert "evtscan: there is no host GONE\n" in result.err
    assert "evtscan: no longer accepted: q162396 on every host (2001-01-01)\n" in result.err


def test_a_bad_file_of_accepted_findings_stops_the_run_before_any_work(evtscan, affected):
    Path("accepted.yaml").write_text("- {host: a, until: 2026-01-01}\n")
    result = evtscan("scan", affected, "--accept", "accepted.yaml", "-o", "findings.csv")
    assert (result.code, result.out) == (2, "")
    assert "accepted.yaml, line 1, entry 1 (host a): " in result.err
    assert not Path("findings.csv").exists()


def test_accepted_findings_of_an_audit_are_not_to_be_done_first(evtscan, fleet):
    Path("accepted.yaml").write_text(ACCEPTED.replace("NTWS07", "'*'"))
    assert "Do first" in evtscan("audit", fleet).out
    text = evtscan("audit", fleet, "--accept", "accepted.yaml").out
    assert "Do first" not in text
    assert "2 accepted" in text


def test_new_only_shows_what_an_earlier_report_has_not(evtscan, affected):
    evtscan("scan", affected, "-o", "earlier.json", "-q")
    again = ("scan", affected, "--since-report", "earlier.json", "-C", "-q", "-o", "findings.csv", "-o", "now.json")
    assert evtscan(*again).code == 0
    assert [row["Status"] for row in rows(Path("findings.csv"))] == ["known"]
    evtscan(*again, "--new-only")
    assert rows(Path("findings.csv")) == []
    assert json.loads(Path("now.json").read_text("utf-8"))["hosts"][0]["findings"][0]["status"] == "known"
    assert evtscan(*again, "--new-only", "--fail-on", "confirmed").code == 0
    assert evtscan(*again, "--fail-on", "confirmed").code == 10


def test_an_audit_knows_what_its_last_run_found(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/", "-q")
    assert {row["Status"] for row in rows(Path("out/findings.csv"))} == {"new"}
    (fleet / "NTWS08" / "facts.yaml").write_text(AFFECTED)
    evtscan("audit", fleet, "-o", "out/", "-q")
    statuses = {row["Host"]: row["Status"] for row in rows(Path("out/findings.csv"))}
    assert statuses == {"NTWS07": "known", "NTWS08": "new"}  # possible became confirmed
    report = evtscan("report", "out", "--new-only", "-t", "csv")
    assert [row["Host"] for row in csv.DictReader(report.out.splitlines())] == ["NTWS08"]


def test_findings_of_an_audit_stream_as_lines(evtscan, fleet):
    result = evtscan("audit", fleet, "-t", "jsonl", "-o", "-")
    found = {row["Host"]: row for row in map(json.loads, result.out.splitlines())}
    assert {host: row["Verdict"] for host, row in found.items()} == {"NTWS07": "confirmed", "NTWS08": "possible"}
    assert found["NTWS07"]["EventID"] == [1008]
    assert "2 loaded" not in result.out
    evtscan("audit", fleet, "-o", "out/", "-q")
    kept = evtscan("audit", fleet, "-o", "out/", "-o", "lines.jsonl", "-q")  # nothing is read again
    assert kept.code == 0
    assert len(Path("lines.jsonl").read_bytes().splitlines()) == 2


def test_an_output_is_named_and_nothing_else_is_printed(evtscan, fleet, tmp_path):
    evtscan("audit", fleet, "-o", "out", "-q")
    result = evtscan("report", "out", "-o", "again.md")
    assert (result.code, result.out, result.err) == (0, "", "written: again.md\n")
    table = evtscan("report", "out/findings.csv")
    assert (table.code, "report.json" in table.err) == (2, True)


def test_a_folder_that_does_not_exist_has_a_suggestion(evtscan, fleet):
    result = evtscan("audit", "fleat")
    assert (result.code, "fleet" in result.err) == (2, True)


def test_excel_files_lead_to_the_option(evtscan, affected):
    result = evtscan("scan", affected, "-o", "findings.xlsx")
    assert (result.code, "--excel" in result.err) == (2, True)


@pytest.mark.parametrize("command", ["scan", "audit"])
def test_what_an_accept_file_does_not_fit_is_said_at_the_end(evtscan, fleet, tmp_path, command):
    (tmp_path / "accepted.yaml").write_text("- {host: GONE, article: Q162396, until: 2999-12-31, reason: why}\n")
    result = evtscan(command, fleet / "NTWS07" if command == "scan" else fleet, "--accept", "accepted.yaml")
    assert "GONE" in result.err.splitlines()[-1]
