import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
from links import link

from tests.cli.conftest import dhcp_log


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_scan_prints_verdict_reason_and_remedy(evtscan, affected):
    result = evtscan("scan", affected)
    assert result.code == 0
    assert "CONFIRMED" in result.out
    assert "Q162396" in result.out
    assert "Service Pack 3 is enough" in result.out
    assert "2 read" in result.err  # files, in the ledger


def test_scan_names_the_host_after_its_log(evtscan, affected):
    evtscan("scan", affected, "-o", "findings.csv")
    (row,) = rows(Path("findings.csv"))
    assert (row["Host"], row["Verdict"], row["Count"], row["RecordIDs"]) == ("NTWS07", "confirmed", "2", "1; 2")


def test_host_option_names_the_host(evtscan, affected):
    evtscan("scan", affected, "--host", "elsewhere", "-o", "findings.csv")
    assert rows(Path("findings.csv"))[0]["Host"] == "elsewhere"


def test_audit_judges_every_folder(evtscan, fleet):
    result = evtscan("audit", fleet, "-o", "out/")
    assert result.code == 0
    verdicts = {row["Host"]: row["Verdict"] for row in rows(Path("out/findings.csv"))}
    assert verdicts == {"NTWS07": "confirmed", "NTWS08": "possible"}
    assert {path.name for path in Path("out").iterdir()} == {
        "findings.csv",
        "events.csv",
        "hosts.csv",
        "evidence.csv",
        "factors.csv",
        "warnings.csv",
        "rules.csv",
        "unexplained.csv",
        "report.json",
        "report.html",
        "run",
    }
    assert [row["Host"] for row in rows(Path("out/hosts.csv"))] == ["EMPTY", "NTWS07", "NTWS08"]


def test_audit_with_workers_writes_the_same_bytes(evtscan, fleet):
    evtscan("audit", fleet, "-o", "one/", "-j", "1")
    evtscan("audit", fleet, "-o", "two/", "-j", "2")
    for path in filter(Path.is_file, Path("one").iterdir()):
        assert path.read_bytes() == Path("two", path.name).read_bytes(), path.name


def test_possible_says_how_to_get_what_is_missing(evtscan, fleet):
    evtscan("audit", fleet, "--host", "NTWS08", "-o", "findings.csv")
    (row,) = rows(Path("findings.csv"))
    assert row["MissingFacts"] == "os.version; os.service_pack; component.ras"
    assert r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion" in row["HowToGet"]
    assert r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services" in row["HowToGet"]


def test_saved_report_renders_again(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    assert evtscan("report", "out/report.json", "-o", "again/").code == 0
    for path in Path("again").iterdir():
        assert path.read_bytes() == Path("out", path.name).read_bytes(), path.name


def test_stdout_takes_the_format_alone(evtscan, affected):
    result = evtscan("scan", affected, "-t", "json")
    assert json.loads(result.out)["hosts"][0]["findings"][0]["verdict"] == "confirmed"


def test_quiet_prints_nothing(evtscan, affected):
    result = evtscan("scan", affected, "-q", "-o", "findings.csv")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_existing_output_is_refused_before_any_work(evtscan, affected):
    Path("findings.csv").write_text("mine")
    result = evtscan("scan", affected, "-o", "findings.csv")
    assert result.code == 1
    assert "findings.csv" in result.err
    assert "-C" in result.err
    assert Path("findings.csv").read_text() == "mine"
    assert evtscan("scan", affected, "-o", "findings.csv", "-C").code == 0


def test_evidence_is_never_replaced_by_an_output(evtscan, affected):
    """An inventory of hotfixes is evidence, and its name is that of a table."""
    evidence = affected / "hotfixes.csv"
    evidence.write_text("HotFixID\nQ143474\n")
    result = evtscan("scan", affected, "-o", affected / "." / "hotfixes.csv", "-C")
    assert result.code == 1
    assert "is evidence that is read, and not replaced" in result.err
    assert evidence.read_text() == "HotFixID\nQ143474\n"


LONG = "x" * 300
TOO_LONG = {
    "rules": ("scan", "HOST", "-r", LONG),
    "acceptances": ("scan", "HOST", "--accept", LONG),
    "an earlier report": ("scan", "HOST", "--since-report", LONG),
    "a saved report": ("report", LONG),
    "a folder of hosts": ("audit", LONG),
    "rules to check": ("rules", "check", LONG),
    "what is missing": ("collect", "--for", "nt4", "--missing", LONG),
}


@pytest.mark.parametrize("arguments", TOO_LONG.values(), ids=TOO_LONG)
def test_a_name_that_no_file_can_have(evtscan, affected, arguments):
    result = evtscan(*(affected if argument == "HOST" else argument for argument in arguments))
    assert result.code == 2
    assert LONG in result.err
    assert "evtscan: " in result.err


def test_path_that_does_not_exist(evtscan):
    result = evtscan("scan", "nowhere")
    assert (result.code, result.err.startswith("evtscan: nowhere: "), result.err.count("\n")) == (2, True, 1)
    assert evtscan("audit", "nowhere").code == 2


def test_what_an_error_quotes_cannot_drive_a_terminal(evtscan, affected, tmp_path):
    (tmp_path / "accept.csv").write_text(
        "host,article,until,reason\nNTWS07,Q162396,\x1b[2J\u202e,x\n", encoding="utf-8"
    )
    ran = evtscan("scan", affected, "--accept", tmp_path / "accept.csv")
    assert ran.code == 2
    assert r"until: \x1b[2J\u202e is not a date" in ran.err


def test_folder_without_evidence(evtscan, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "notes.txt").write_text("dear diary")
    result = evtscan("scan", folder)
    assert result.code == 1
    assert "nothing could be read" in result.err
    assert "notes.txt" in result.err


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "empty"), (b"log of the day\r\n" * 9, "not that of an event log"), (b"\xb7" * 999, "not")],
)
def test_file_that_is_only_named_like_a_log(evtscan, affected, content, word):
    (affected / "Security.evtx").write_bytes(content)
    result = evtscan("scan", affected, "-o", "out/")
    assert result.code == 0  # the rest is processed
    (warning,) = rows(Path("out/warnings.csv"))
    assert (warning["SourceFile"], warning["Kind"]) == ("Security.evtx", "not_a_log")
    assert word in warning["Message"]


def test_truncated_log_gives_what_is_there_and_strict_says_damaged(evtscan, affected):
    log = affected / "SysEvent.Evt"
    log.write_bytes(dhcp_log(count=5)[:-150])
    result = evtscan("scan", affected, "--strict", "-o", "out/")
    assert result.code == 3
    assert rows(Path("out/findings.csv"))[0]["Verdict"] == "confirmed"
    assert any(row["SourceFile"] == "SysEvent.Evt" for row in rows(Path("out/warnings.csv")))


def test_what_cannot_be_opened_is_a_warning_and_strict_says_so(evtscan, affected):
    link(affected / "Security.evtx", "Security.evtx")
    result = evtscan("scan", affected, "--strict", "-o", "out/")
    assert result.code == 3
    (warning,) = rows(Path("out/warnings.csv"))
    assert (warning["SourceFile"], warning["Kind"]) == ("Security.evtx", "unreadable")


@pytest.mark.parametrize(("fail_on", "code"), [("confirmed", 10), ("possible", 10), ("excluded", 10), ("detected", 10)])
def test_fail_on_counts_what_is_as_bad_or_worse(evtscan, affected, fail_on, code):
    assert evtscan("scan", affected, "--fail-on", fail_on).code == code


def test_fail_on_ignores_what_is_less_bad(evtscan, fleet):
    assert evtscan("audit", fleet, "--host", "NTWS08", "--fail-on", "confirmed").code == 0
    assert evtscan("audit", fleet, "--host", "NTWS08", "--fail-on", "possible").code == 10


def test_times_and_ids_limit_what_may_match(evtscan, affected):
    def count(*arguments: str) -> list[str]:
        evtscan("scan", affected, "-C", "-o", "findings.csv", "--verdict", "confirmed", *arguments)
        return [row["Count"] for row in rows(Path("findings.csv"))]

    assert count() == ["2"]
    assert count("--from", "1997-03-02") == ["1"]
    assert count("--to", "1997-03-02T08:00:00Z") == ["1"]  # exclusive
    assert count("--include-eid", "1000-1008") == ["2"]
    assert count("--exclude-eid", "1008") == []
    assert count("--since", "12h") == ["1"]  # before the end of the log
    assert count("--since", "1d") == ["2"]
    assert count("--provider", "DHCP", "--channel", "system") == ["2"]
    assert count("--provider", "Tcpip") == []
    assert count("--channel", "Application") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "yesterday"),
        ("--include-eid", "1008-x"),
        ("--since", "30"),
        ("--exclude-rule", "Q1"),
        ("--timezone", "Atlantis"),
        ("--excel", "-o", "report.json"),
    ],
)
def test_bad_option_values(evtscan, affected, arguments):
    result = evtscan("scan", affected, *arguments)
    assert result.code == 2
    assert arguments[0] in result.err


@pytest.mark.parametrize("name", ["q162396", "8b1a3c52-6c0e-4f0d-9e57-1623960a1008"])
def test_a_rule_can_be_left_out(evtscan, affected, name):
    evtscan("scan", affected, "--exclude-rule", name, "-o", "out/")
    assert rows(Path("out/findings.csv")) == []
    assert "Q162396" not in {row["Article"] for row in rows(Path("out/rules.csv"))}


def test_without_any_rule_there_is_no_all_clear(evtscan, affected, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "broken.yml").write_text("title: [")
    result = evtscan("scan", affected, "-r", tmp_path / "rules")
    assert result.code == 2
    assert "no rule is left to use (0 left out, 1 refused" in result.err


def test_hash_notes_the_digest_of_each_file(evtscan, affected):
    evtscan("scan", affected, "--hash", "-o", "out/")
    for row in rows(Path("out/evidence.csv")):
        assert row["SHA256"] == hashlib.sha256((affected / row["SourceFile"]).read_bytes()).hexdigest()


def test_the_console_tells_times_in_a_zone(evtscan, affected):
    text = evtscan("scan", affected, "--timezone", "Europe/Berlin").out
    assert "1997-03-01T09:00:00+01:00" in text
    assert "T08:00:00Z" not in text


def test_excel_gets_its_mark_and_its_times(evtscan, affected):
    evtscan("scan", affected, "--excel", "-o", "out/", "-q")
    assert Path("out/findings.csv").read_bytes().startswith(b"\xef\xbb\xbfHost,")
    (row,) = rows(Path("out/findings.csv"))
    assert row["FirstSeen"] == "1997-03-01 08:00:00"
    assert evtscan("report", "out", "--excel", "-o", "again/").code == 0
    assert Path("again/findings.csv").read_bytes() == Path("out/findings.csv").read_bytes()


def test_all_shows_rules_that_were_not_seen(evtscan, fleet):
    evtscan("audit", fleet, "--all", "-o", "findings.csv")
    verdicts = {row["Host"]: row["Verdict"] for row in rows(Path("findings.csv"))}
    assert verdicts["EMPTY"] == "not_assessed"


def test_strict_facts_refuse_carried_values(evtscan, tmp_path):
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "SysEvent.Evt").write_bytes(dhcp_log())
    (folder / "facts.yaml").write_text(
        "os.version: '4.0'\ncomponent.ras: true\nos.service_pack: [{value: 2, from: 1996-12-24}]\n"
    )
    evtscan("scan", folder, "-o", "a.csv")
    evtscan("scan", folder, "-o", "b.csv", "--strict-facts")
    assert [rows(Path(name))[0]["Verdict"] for name in ("a.csv", "b.csv")] == ["confirmed", "possible"]
    assert rows(Path("a.csv"))[0]["Basis"] == "carried"


def test_rule_file_that_does_not_load(evtscan, affected, tmp_path):
    rule = tmp_path / "broken.yml"
    rule.write_text("title: Broken\nlogsource: {product: windows}\ndetection:\n  a: {EventID: 1}\n  condition: b\n")
    result = evtscan("scan", affected, "-r", rule)
    assert result.code == 2
    assert "broken.yml" in result.err


def test_bad_rule_in_a_folder_is_refused_and_the_run_goes_on(evtscan, affected, tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "broken.yml").write_text("title: [")
    (folder / "fine.yml").write_text(
        "title: Fine\nid: 9f1c0a3e-6a55-4a6e-9a8c-0d9a5f7b1c02\nlogsource: {product: windows, service: system}\n"
        "detection: {s: {Provider_Name: Dhcp, EventID: 1008}, condition: s}\nlevel: low\n"
    )
    result = evtscan("scan", affected, "-r", folder, "-o", "findings.csv")
    assert result.code == 0
    assert "broken.yml" in result.err
    assert [row["Verdict"] for row in rows(Path("findings.csv"))] == ["detected"]


def test_plain_detections_count_in_fail_on_only_when_named(evtscan, affected, tmp_path):
    rule = tmp_path / "fine.yml"
    rule.write_text(
        "title: Fine\nid: 9f1c0a3e-6a55-4a6e-9a8c-0d9a5f7b1c02\nlogsource: {product: windows, service: system}\n"
        "detection: {s: {Provider_Name: Dhcp, EventID: 1008}, condition: s}\nlevel: low\n"
    )
    assert evtscan("scan", affected, "-r", rule, "--fail-on", "excluded").code == 0
    assert evtscan("scan", affected, "-r", rule, "--fail-on", "detected").code == 10


def test_min_level_leaves_rules_out(evtscan, affected):
    evtscan("scan", affected, "-m", "high", "-o", "findings.csv")
    assert rows(Path("findings.csv")) == []


def test_damaged_saved_report(evtscan, tmp_path):
    (tmp_path / "report.json").write_text('{"schema": 1, "hosts": [{')
    result = evtscan("report", "report.json")
    assert result.code == 1
    assert "report.json" in result.err


def test_five_thousand_files_of_which_three_are_evidence(evtscan, affected):
    for number in range(5000):
        (affected / f"photo{number:04}.jpg").write_bytes(b"\xff\xd8\xff")
    (affected / "NTWS07.reg").write_text("REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n")
    result = evtscan("scan", affected)
    assert result.code == 0
    assert "5,003 seen, 3 read, 5,000 skipped" in result.err
    assert len(result.err.splitlines()) < 40


def test_inventory_states_facts_of_many_hosts(evtscan, fleet, tmp_path):
    table = tmp_path / "inventory.csv"
    table.write_text("Host,os.version,os.service_pack,component.ras,Room\nntws08,4.0,2,true,4\nGONE,4.0,2,,\n")
    result = evtscan("audit", fleet, "--inventory", table, "-o", "out/")
    assert result.code == 0
    verdicts = {row["Host"]: row["Verdict"] for row in rows(Path("out/findings.csv"))}
    assert verdicts["NTWS08"] == "confirmed"
    assert "no host GONE" in result.err
    assert "Room" in result.err
    assert evtscan("audit", fleet, "--inventory", "nowhere.csv").code == 2


def test_verbose_says_what_is_read(evtscan, affected, caplog):
    with caplog.at_level("INFO"):
        evtscan("scan", affected, "-v")
    assert any(record.getMessage().startswith("SysEvent.Evt: Windows event log") for record in caplog.records)


def test_rules_in_addition_to_the_catalogue(evtscan, affected, tmp_path):
    rule = tmp_path / "own.yml"
    rule.write_text(
        "title: Own rule\nid: 6f2d3c1e-8f0b-4c55-9a39-2d1a4d0c7b11\nlogsource: {product: windows, service: system}\n"
        "detection: {selection: {Provider_Name: Dhcp, EventID: 1008}, condition: selection}\nlevel: low\n"
    )
    rows = list(csv.DictReader(io.StringIO(evtscan("scan", affected, "--add-rules", rule, "-t", "csv").out)))
    assert {row["RuleTitle"] for row in rows} >= {"Own rule"}
    assert {row["Article"] for row in rows} >= {"Q162396"}
    rows = list(csv.DictReader(io.StringIO(evtscan("scan", affected, "-r", rule, "-t", "csv").out)))
    assert {row["RuleTitle"] for row in rows} == {"Own rule"}
    assert evtscan("scan", affected, "--add-rules", "nowhere.yml").code == 2
