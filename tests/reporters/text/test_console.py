import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from sample_reports import finding

from evtscan.base.model.finding import MissingFact, Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import EvidenceRow
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.hosts import Digest
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.text.console import HOSTS_SHOWN, REMEDIES_SHOWN, WIDTH, render, sink


def shown(
    report: Report,
    *,
    width: int = 80,
    show_all: bool = False,
    in_detail: bool = False,
    saved: Mapping[str, str] | None = None,
    **options: object,
) -> str:
    stream = io.StringIO()
    defaults: dict[str, object] = {"width": width, "height": 25, "color_system": None, "legacy_windows": False}
    console = Console(file=stream, **{**defaults, **options})  # type: ignore[arg-type]
    digest = Digest()
    feed(report, [digest])
    render(report, digest, console, show_all=show_all, in_detail=in_detail, saved=saved or {})
    return stream.getvalue()


def test_one_host_with_a_confirmed_finding(one_host: Report) -> None:
    (host,) = one_host.hosts
    report = replace(one_host, hosts=(replace(host, findings=host.findings[1:2]),))
    assert shown(report).splitlines() == [
        "NT4 (NT4-COMPUTER): Windows NT 4.0, Service Pack 2",
        "  CONFIRMED  DHCP decline fails on an NT 4.0 SP2 client with RAS",
        "             Q162396, medium, defect, 14 events, 1998-03-14T09:26:53Z to",
        "             1998-03-15T10:00:00Z, active, basis: stated",
        "  Why        Service Pack 2 with RAS: the DHCP client could not decline a",
        "             duplicate address.",
        "  Facts      unknown  all of",
        "               true     os.service_pack is 2 (carried): Service Pack 2 (carried",
        "                        forward over 1 restart)",
        r"                          SOFTWARE.reg, SOFTWARE\Microsoft\Windows NT, line 12",
        "               true     not: component.ras.leftovers is true (stated)",
        r"               unknown  component.ras is true: not collected gpj.\u202eexe",
        "  Logged     Dhcp 1008 in SysEvent.Evt, records 101, 102, 103, 104, 105, 106,",
        "             107, 108, 109, 110, and 4 more",
        "  Coverage   1998-01-01T00:00:00Z to 1998-03-15T10:00:00Z, wrapped",
        "  Fix        1. Install Service Pack 3 or later.",
        "             2. Re-apply the pack if RAS was added after it.",
        "",
    ]


def test_missing_facts_and_how_to_get_them(one_host: Report) -> None:
    text = shown(one_host)
    assert "  Missing    component.ras\n" in text
    assert "  Get it     component.ras: Export HKLM\\SYSTEM\\CurrentControlSet\\Services with" in text


def test_an_excluded_finding_is_three_lines(full: Report) -> None:
    lines = shown(replace(full, hosts=full.hosts[1:2])).splitlines()
    assert lines == [
        "[red]blood[/red]: Windows 2000, no service pack",
        "  EXCLUDED   DHCP decline fails on an NT 4.0 SP2 client with RAS",
        "             Q162396, medium, defect",
        r"  Why        os.version is 5.0, not 4.0 gpj.\u202eexe",
        "",
    ]


def test_what_was_not_seen_is_shown_only_on_request(full: Report) -> None:
    text = shown(full)
    assert "CLEAR" not in text
    assert "not applicable" not in text
    everything = shown(full, show_all=True)
    assert "  CLEAR      DHCP decline" in everything
    assert "  NOT APPLICABLE Bad block\n" in everything
    assert "1 excluded, 2 detected, 1 not applicable, 1 clear, 1 not assessed" in " ".join(everything.split())


def test_several_hosts_are_an_overview_worst_first(full: Report) -> None:
    assert [line.rstrip() for line in shown(full).splitlines()] == [
        "5 hosts, 4 with findings: 2 confirmed, 1 possible, 1 exposed, 1 resolved, 1",
        "excluded, 2 detected",
        "Compared with what is known: 7 new, 1 accepted",
        "",
        "Do first",
        "  1. Q162396, DHCP decline fails on an NT 4.0 SP2 client with RAS",
        "     confirmed, medium, 1 host: NT4",
        "     Install Service Pack 3 or later. (and 1 more step)",
        "  2. Q100001, Bad block",
        "     possible, critical, 1 host: NT4",
        "     Replace the disk.",
        "",
        "Collect next",
        "  component.ras: helps to decide 1 finding on 1 host",
        "    Export HKLM\\SYSTEM\\CurrentControlSet\\Services with regedit.",
        r"  gpj.\u202eexe: helps to decide 1 finding on 1 host",
        "    [red]blood[/red]",
        "",
        "Host              System                          Findings",
        "NT4               Windows NT 4.0, Service Pack 2  2 confirmed, 1 possible, 1",
        "                                                  exposed",
        "fixed             system unknown                  1 resolved, 1 detected",
        "[red]blood[/red]  Windows 2000, no service pack   1 excluded",
        "lone              system unknown                  1 detected",
        "",
        "Blind spots",
        "  No event log: 3 hosts; Damaged: 1 host; Cleared: 1 host; Records missing: 1",
        "  host",
        "",
        "-v shows every finding; -o FOLDER/ saves report.html and the tables.",
    ]


def test_an_overview_of_what_is_saved_says_where_to_go_on(full: Report) -> None:
    text = " ".join(shown(full, saved={"html": "out/report.html", "json": "out/report.json"}).split())
    assert text.endswith(
        "out/report.html has every finding; -v shows them here. A script that collects what is missing: evtscan "
        "collect --for nt4 (or 2000, modern) --missing out/report.json"
    )
    decided = [
        replace(host, findings=tuple(replace(item, missing=()) for item in host.findings)) for host in full.hosts
    ]
    assert shown(replace(full, hosts=decided), saved={"json": "r.json"}).splitlines()[-1].startswith("-v shows every")


def test_in_detail_the_findings_of_every_host_come_first(full: Report) -> None:
    lines = shown(full, in_detail=True).splitlines()
    overview = lines.index("5 hosts, 4 with findings: 2 confirmed, 1 possible, 1 exposed, 1 resolved, 1")
    assert "  CONFIRMED  DHCP decline fails on an NT 4.0 SP2 client with RAS" in lines[:overview]
    assert [line.partition(":")[0] for line in lines[:overview] if line and line[0] != " "] == [
        "NT4 (NT4-COMPUTER)",
        "fixed",
        "[red]blood[/red]",
        "lone",
    ]
    assert "Fix" not in "\n".join(lines[:overview])
    assert "  Fix        1. Install Service Pack 3 or later." in lines[overview:]


def test_a_host_without_findings_says_what_was_looked_at() -> None:
    log = EvidenceRow(
        source_file="System.evtx",
        size=1,
        format="evtx",
        records=1234,
        first_time="2001-01-01T00:00:00Z",
        last_time="2001-02-01T00:00:00Z",
    )
    assert shown(Report(hosts=(HostReport(host="calm", version="5.0", evidence=(log,)),))).splitlines() == [
        "calm: Windows version 5.0",
        "  No finding in 1 log with 1,234 records from 2001-01-01T00:00:00Z to",
        "  2001-02-01T00:00:00Z.",
        "",
    ]
    assert "No finding: no event log was read." in shown(Report(hosts=(HostReport(host="bare"),)))


def _fleet(hosts: int) -> Report:
    rules = tuple(
        RuleInfo(id=f"r{number}", title=f"Problem {number} of some length, as they have", level="high", article="Q1")
        for number in range(30)
    )
    made = tuple(
        HostReport(
            host=f"h{number:05}",
            os="Windows NT 4.0",
            findings=(
                finding(
                    Verdict.POSSIBLE,
                    rules[number % 30],
                    host=f"h{number:05}",
                    remedy=(f"Do what is to be done about {number % 30}.", "And then that."),
                    missing=(MissingFact(fact=f"service.s{number % 20}.start"),),
                ),
            ),
        )
        for number in range(hosts)
    )
    return Report(hosts=made, rules=rules)


def test_a_fleet_fits_a_terminal_unless_more_is_asked_for() -> None:
    report = _fleet(1000)
    lines = shown(report).splitlines()
    assert len(lines) <= 44
    assert lines[0] == "1,000 hosts, 1,000 with findings: 1,000 possible"
    assert sum("Problem" in line for line in lines) == REMEDIES_SHOWN
    assert "  and 25 more remedies" in lines
    assert "  and 17 more facts" in lines
    assert f"  and {1000 - HOSTS_SHOWN} more hosts with findings" in lines
    everything = shown(report, in_detail=True)
    assert everything.count("  POSSIBLE   Problem") == 1000
    assert " more " not in everything.replace("hosts more", "").replace("and 29 more", "")


def test_accepted_findings_say_until_when_and_are_not_to_be_done(one_host: Report) -> None:
    (host,) = one_host.hosts
    accepted = replace(host.findings[1], status="accepted", accepted="until 2026-12-31: replaced in January")
    report = replace(one_host, hosts=(replace(host, findings=(accepted,)), HostReport(host="other")))
    text = shown(report)
    assert "Compared with what is known: 1 accepted" in text
    assert "Do first" not in text
    detailed = " ".join(shown(report, in_detail=True).split())
    assert "accepted until 2026-12-31: replaced in January" in detailed


@pytest.mark.parametrize("width", [10, 20, 40, 79, 80, 200])
def test_no_line_is_wider_than_the_terminal(full: Report, width: int) -> None:
    for report in (full, replace(full, hosts=full.hosts[:1])):
        for text in (shown(report, width=width), shown(report, width=width, show_all=True)):
            assert max(cell_len(line) for line in text.splitlines()) <= width


def test_text_wraps_on_words() -> None:
    reason = "the quick brown fox jumps over the lazy dog " * 5
    report = Report(hosts=(HostReport(host="h", findings=(finding(Verdict.CONFIRMED, host="h", reason=reason),)),))
    text = shown(report, width=50)
    body = text[text.index("Why") + len("Why") :]
    assert body.split() == reason.split()


@pytest.mark.parametrize("options", [{}, {"color_system": "truecolor", "force_terminal": True}])
def test_hostile_text_neither_moves_nor_colours(full: Report, options: dict[str, object]) -> None:
    text = shown(full, show_all=True, **options)
    for code in ("\x00", "\x1b[2J", "\x9b", "\u202e", "\ud83d", "\r"):
        assert code not in text
    assert "[red]blood[/red]" in text
    assert "<script>alert(1)</script>" in text


def test_colour_only_where_the_console_has_it(full: Report) -> None:
    assert "\x1b" not in shown(full)
    assert "\x1b[1;31mCONFIRMED" in shown(full, in_detail=True, color_system="standard", force_terminal=True)
    assert "\x1b[1;31mconfirmed\x1b[0m, medium, 1 host" in shown(full, color_system="standard", force_terminal=True)


def test_a_file_gets_plain_text_of_fixed_width(full: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    stream = io.BytesIO()
    feed(full, [sink(full, stream)])
    assert stream.getvalue().decode("utf-8") == shown(full, width=WIDTH)


def test_a_report_of_no_hosts_prints_nothing(empty: Report) -> None:
    assert shown(empty) == ""
