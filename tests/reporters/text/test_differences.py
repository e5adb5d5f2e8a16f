import csv
import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console
from sample_reports import DHCP, DISK, FORMULA, finding

from evtscan.base.model.finding import Verdict
from evtscan.base.model.source import EvidenceRow
from evtscan.report.comparison import compare
from evtscan.report.model import HostReport, Report
from evtscan.reporters.text.differences import LINES_SHOWN, WRITERS, render, summary

LOG = EvidenceRow(source_file="SysEvent.Evt", size=1, format="evt", records=1)


def host(name: str, *findings: tuple[Verdict, str]) -> HostReport:
    made = (
        finding(verdict, DHCP, host=name, entity=entity, finding_id=f"{name}-{entity}", reason="Because.")
        for verdict, entity in findings
    )
    return HostReport(host=name, findings=tuple(made), evidence=(LOG,))


OLD = Report(
    hosts=(host("a", (Verdict.POSSIBLE, ""), (Verdict.CONFIRMED, "x")), host("b"), host("c", (Verdict.EXPOSED, ""))),
    rules=(DHCP, DISK),
)
NEW = Report(
    hosts=(host("a", (Verdict.CONFIRMED, "")), host("b", (Verdict.POSSIBLE, FORMULA)), host("<d>")), rules=(DHCP, DISK)
)
COMPARISON = compare(OLD, NEW)


def written(name: str) -> str:
    stream = io.BytesIO()
    WRITERS[name](COMPARISON, stream)
    return stream.getvalue().decode("utf-8")


def test_the_summary_counts() -> None:
    assert (
        summary(COMPARISON)
        == "2 hosts in both: 1 new, 1 worse, 0 better, 1 gone, 0 as before; 1 host came; 1 host went"
    )
    assert summary(compare(OLD, OLD)) == "3 hosts in both: 0 new, 0 worse, 0 better, 0 gone, 3 as before"


def test_console() -> None:
    assert written("console").splitlines() == [
        "2 hosts in both: 1 new, 1 worse, 0 better, 1 gone, 0 as before; 1 host came; 1",
        "host went",
        "",
        "New (1)",
        "  - b: possible: Q162396, DHCP decline fails on an NT 4.0 SP2 client with RAS,",
        "    =cmd|'/C calc'!A0",
        "",
        "Worse (1)",
        "  - a: possible → confirmed: Q162396, DHCP decline fails on an NT 4.0 SP2 client",
        "    with RAS",
        "",
        "Gone (1)",
        "  - a: confirmed: Q162396, DHCP decline fails on an NT 4.0 SP2 client with RAS,",
        "    x",
        "",
        "Hosts that came (1)",
        "  <d>",
        "",
        "Hosts that went, or of which nothing was read (1)",
        "  c",
    ]


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv"), newline="")))
    assert [(row["Change"], row["Host"], row["OldVerdict"], row["NewVerdict"]) for row in rows] == [
        ("new", "b", "", "possible"),
        ("worse", "a", "possible", "confirmed"),
        ("gone", "a", "confirmed", ""),
        ("host_came", "<d>", "", ""),
        ("host_went", "c", "", ""),
    ]
    assert rows[0]["Entity"] == "'" + FORMULA
    assert (rows[1]["Article"], rows[1]["Level"], rows[1]["Reason"]) == ("Q162396", "medium", "Because.")


def test_json() -> None:
    document = json.loads(written("json"))
    counts = {key: document[key] for key in document if key != "differences"}
    assert counts == {
        "hosts": 2,
        "same": 0,
        "unasked": 0,
        "new": 1,
        "worse": 1,
        "better": 0,
        "gone": 1,
        "host_came": 1,
        "host_went": 1,
    }
    assert [item["Change"] for item in document["differences"]] == ["new", "worse", "gone", "host_came", "host_went"]
    assert document["differences"][0]["OldVerdict"] is None


def test_markdown() -> None:
    text = written("markdown")
    assert "- [ ] a: possible → confirmed: Q162396, DHCP decline" in text
    assert "\n- a: confirmed: Q162396" in text
    assert "- &lt;d&gt;" in text


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_many_are_cut_short_and_no_line_is_wider_than_the_terminal(width: int) -> None:
    hosts = tuple(host(f"h{number:03}", (Verdict.POSSIBLE, "")) for number in range(30))
    comparison = compare(Report(hosts=(), rules=(DHCP,)), Report(hosts=hosts, rules=(DHCP,)))
    for show_all, shown in ((False, LINES_SHOWN), (True, 30)):
        stream = io.StringIO()
        render(comparison, Console(file=stream, width=width, legacy_windows=False), show_all=show_all)
        lines = stream.getvalue().splitlines()
        assert max(map(cell_len, lines)) <= width
        assert sum("possible" in line for line in lines) == shown
        assert ("18 more" in stream.getvalue()) is not show_all
