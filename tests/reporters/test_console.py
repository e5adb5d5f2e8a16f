import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from sample_reports import DHCP, finding

from evtscan.model import EvidenceRow, HostReport, Report, Verdict
from evtscan.reporters.console import HOSTS_IN_DETAIL, HOSTS_IN_TABLE, WIDTH, render, write


def shown(report: Report, *, width: int = 80, show_all: bool = False, **options: object) -> str:
    stream = io.StringIO()
    defaults: dict[str, object] = {"width": width, "height": 25, "color_system": None, "legacy_windows": False}
    render(report, Console(file=stream, **{**defaults, **options}), show_all=show_all)  # type: ignore[arg-type]
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
    assert "  Get it     Export HKLM\\SYSTEM\\CurrentControlSet\\Services with regedit.\n" in text


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
    assert everything.endswith("excluded, 2 detected, 1 not applicable, 1 clear, 1 not assessed\n")


def test_many_hosts_end_with_remedies_and_a_table_worst_first(full: Report) -> None:
    lines = shown(full).splitlines()
    start = lines.index("What to do")
    assert [line.rstrip() for line in lines[start:]] == [
        "What to do",
        "  Q162396, DHCP decline fails on an NT 4.0 SP2 client with RAS",
        "  Hosts      NT4",
        "  Fix        1. Install Service Pack 3 or later.",
        "             2. Re-apply the pack if RAS was added after it.",
        "  Q100001, Bad block",
        "  Hosts      NT4",
        "  Fix        Replace the disk.",
        "",
        "Host              System                          Findings",
        "NT4               Windows NT 4.0, Service Pack 2  2 confirmed, 1 possible, 1",
        "                                                  exposed",
        "fixed             system unknown                  1 resolved, 1 detected",
        "[red]blood[/red]  Windows 2000, no service pack   1 excluded",
        "lone              system unknown                  1 detected",
        "5 hosts, 4 with findings: 2 confirmed, 1 possible, 1 exposed, 1 resolved, 1",
        "excluded, 2 detected",
    ]
    assert "Fix" not in "\n".join(lines[:start])


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


def test_a_fleet_is_cut_short_unless_all_is_asked_for() -> None:
    hosts = tuple(
        HostReport(host=f"h{number:03}", findings=(finding(Verdict.CONFIRMED, host="h", remedy=DHCP.remedy),))
        for number in range(HOSTS_IN_TABLE + 10)
    )
    report = Report(hosts=hosts, rules=(DHCP,))
    text = shown(report)
    assert text.count("  CONFIRMED  DHCP") == HOSTS_IN_DETAIL
    assert f"{HOSTS_IN_TABLE + 10 - HOSTS_IN_DETAIL} more hosts have findings" in text
    assert "and 10 more hosts with findings" in text
    assert text.endswith("60 hosts, 60 with findings: 60 confirmed\n")
    everything = shown(report, show_all=True)
    assert everything.count("  CONFIRMED  DHCP") == HOSTS_IN_TABLE + 10
    assert "more hosts" not in everything


@pytest.mark.parametrize("width", [10, 20, 40, 79, 80, 200])
def test_no_line_is_wider_than_the_terminal(full: Report, width: int) -> None:
    for report in (full, replace(full, hosts=full.hosts[:1])):
        assert max(cell_len(line) for line in shown(report, width=width).splitlines()) <= width


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
    assert "\x1b[1;31mCONFIRMED" in shown(full, color_system="standard", force_terminal=True)


def test_a_file_gets_plain_text_of_fixed_width(full: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    stream = io.BytesIO()
    write(full, stream)
    assert stream.getvalue().decode("utf-8") == shown(full, width=WIDTH)


def test_nothing_to_report_prints_nothing(empty: Report) -> None:
    assert shown(empty) == ""
