import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from sample_reports import DHCP, finding

from evtscan.base.logic import Truth
from evtscan.base.model.diagnosis import Change, ChangeKind, ChangesBefore, Factor, RuleFactors
from evtscan.base.model.finding import Explanation, MissingFact, NodeKind, Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import EvidenceRow, Location
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


def sections(text: str) -> dict[str, str]:
    """The labelled parts of the first finding in a text, each on one line."""
    found: dict[str, str] = {}
    label = ""
    for line in text.splitlines():
        if line.startswith("  ") and line[2:13].strip() and line[2] != " ":
            label = line[2:12].strip()
            if label in found:
                break
        if label and line.startswith("  "):
            found[label] = f"{found.get(label, '')} {line[13:].strip()}".strip()
    return found


def test_a_finding_has_what_and_why_below_its_title(one_host: Report) -> None:
    (host,) = one_host.hosts
    report = replace(one_host, hosts=(replace(host, findings=host.findings[1:2], unexplained=()),))
    text = shown(report)
    assert text.splitlines()[:2] == [
        "NT4 (NT4-COMPUTER): Windows NT 4.0, Service Pack 2",
        "  CONFIRMED  DHCP decline fails on an NT 4.0 SP2 client with RAS",
    ]
    found = sections(text)
    assert list(found) == ["CONFIRMED", "Cause", "Evidence", "Host", "Logged", "Coverage", "Fix"]
    assert found["Cause"] == "The decline cannot be sent through the RAS ARP module."
    assert found["Evidence"].startswith("Service Pack 2 with RAS: the DHCP client")
    assert "1998-03-14T09:26:53Z to 1998-03-15T10:00:00Z, active" in found["CONFIRMED"]
    assert found["Logged"].endswith("records 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, and 4 more")
    described = replace(report, rules=(replace(report.rules[0], description="It is this."), *report.rules[1:]))
    assert sections(shown(described))["What"] == "It is this."


EVENT_TEST = Explanation(text="EventID is 1008", truth=Truth.TRUE, fact="EventID")
HOST_TEST = Explanation(
    text="os.service_pack is 2",
    truth=Truth.TRUE,
    says="Service Pack 2",
    fact="os.service_pack",
    locations=(Location("control.reg", offset=77, key="SYSTEM\\Windows\\CSDVersion", line=14),),
)
CONTEXT = Explanation(text="preceded by address_conflict", truth=Truth.TRUE)
ASKED = Explanation(text="the cable is short", truth=Truth.UNKNOWN, how_to_get="Measure it.")


def test_conditions_on_the_host_alone_unless_verbose(one_host: Report) -> None:
    (host,) = one_host.hosts
    tree = Explanation(
        text="all of", kind=NodeKind.ALL, truth=Truth.UNKNOWN, children=(EVENT_TEST, HOST_TEST, CONTEXT, ASKED)
    )
    report = replace(one_host, hosts=(replace(host, findings=(replace(host.findings[1], explanation=tree),)),))
    found = sections(shown(report))
    assert " ".join(found["Host"].split()) == "true Service Pack 2 [control.reg, line 14] unknown the cable is short"
    everything = sections(shown(report, in_detail=True))
    for text in ("EventID is 1008", "preceded by address_conflict", "offset 0x4d", "CSDVersion"):
        assert text in everything["Tests"]
    only_event = replace(tree, children=(EVENT_TEST, CONTEXT))
    report = replace(one_host, hosts=(replace(host, findings=(replace(host.findings[1], explanation=only_event),)),))
    assert "Host" not in sections(shown(report))


def test_times_are_printed_to_the_second(one_host: Report) -> None:
    (host,) = one_host.hosts
    item = replace(host.findings[1], first_seen="2024-05-03T18:08:01.1234567Z", reason="At 2024-05-03T18:08:02.5Z.")
    text = shown(replace(one_host, hosts=(replace(host, findings=(item,)),)))
    assert "2024-05-03T18:08:01Z" in text
    assert "At 2024-05-03T18:08:02Z." in text


def test_what_one_rule_finds_for_many_entities_is_one_finding(one_host: Report) -> None:
    (host,) = one_host.hosts
    each = tuple(
        replace(host.findings[1], finding_id=f"{number:03}", entity=f"service {number:03}", count=2, activity="quiet")
        for number in range(244)
    )
    report = replace(one_host, hosts=(replace(host, findings=each),))
    text = shown(report)
    assert text.count("  CONFIRMED") == 1
    found = sections(text)
    assert "244 entities, 488 events" in found["CONFIRMED"]
    assert found["Of each"].startswith("service 000: 2 events")
    assert "and 239 more" in found["Of each"]
    assert shown(report, in_detail=True).count("service 2") == 44


def test_what_needs_action_comes_first(one_host: Report) -> None:
    (host,) = one_host.hosts
    quiet = replace(host.findings[1], finding_id="q", activity="quiet")
    resolved = replace(quiet, finding_id="r", verdict="resolved")
    possible = replace(quiet, finding_id="p", verdict="possible", activity="active")
    report = replace(one_host, hosts=(replace(host, findings=(resolved, quiet, possible)),))
    verdicts = [line.split()[0] for line in shown(report).splitlines() if line[2:3].isupper() and line[3:4].isupper()]
    assert verdicts == ["POSSIBLE", "CONFIRMED", "RESOLVED"]


def test_changes_before_a_finding_are_listed(one_host: Report) -> None:
    (host,) = one_host.hosts
    update = Change(
        kind=ChangeKind.UPDATE, subject="KB1", text="update KB1 was installed", seconds_before=7200, restarts=1
    )
    item = replace(host.findings[1], changes=ChangesBefore(changes=(update,), more=2, is_open=True))
    found = sections(shown(replace(one_host, hosts=(replace(host, findings=(item,)),))))
    assert found["Changes"].startswith("update KB1 was installed (2 hours, 1 restart before) and 2 more")


def test_missing_facts_and_how_to_get_them(one_host: Report) -> None:
    text = shown(one_host)
    assert "  Missing    component.ras\n" in text
    assert "  Get it     component.ras: Export HKLM\\SYSTEM\\CurrentControlSet\\Services with" in text


def test_an_excluded_finding_is_three_lines(full: Report) -> None:
    found = sections(shown(replace(full, hosts=full.hosts[1:2])))
    assert list(found) == ["EXCLUDED", "Evidence"]
    assert found["Evidence"] == r"os.version is 5.0, not 4.0 gpj.\u202eexe"


def test_what_was_not_seen_is_shown_only_on_request(full: Report) -> None:
    text = shown(full)
    assert "CLEAR" not in text
    assert "not applicable" not in text
    everything = shown(full, show_all=True)
    assert "  CLEAR      DHCP decline" in everything
    assert "  NOT APPLICABLE Bad block\n" in everything
    assert "1 excluded, 2 detected, 1 not applicable, 1 clear, 1 not assessed" in " ".join(everything.split())


def test_several_hosts_are_an_overview(full: Report) -> None:
    lines = [line.rstrip() for line in shown(full).splitlines()]
    assert lines[0] == "5 hosts: 1 with problems, 1 with other findings only, 3 could not be judged"
    assert lines.index("Do first") < lines.index("Collect next") < lines.index("Blind spots")
    assert lines[lines.index("Do first") + 1] == "  1. Q100001, Bad block"  # critical, although only possible
    assert lines[lines.index("Do first") + 4].startswith("  2. Q162396, ")
    table = lines[next(index for index, line in enumerate(lines) if line.startswith("Host ")) :]
    assert table[0].split() == ["Host", "System", "Findings", "Notices"]
    assert table[1].split()[0] == "NT4"
    assert table[1].endswith(" 1")  # the notice has a column of its own


def test_an_overview_of_what_is_saved_says_where_to_go_on(full: Report) -> None:
    lines = shown(full, saved={"html": "out/report.html", "json": "out/report.json"}, width=200).splitlines()
    assert lines[-3].startswith("out/report.html ")
    assert lines[-1] == "evtscan collect --for nt4 --missing out/report.json"
    decided = [
        replace(host, findings=tuple(replace(item, missing=()) for item in host.findings)) for host in full.hosts
    ]
    decided = [
        replace(host, evidence=(EvidenceRow(source_file="s", size=1, format="evtx", records=1),)) for host in decided
    ]
    text = shown(replace(full, hosts=decided), saved={"json": "r.json"})
    assert ("evtscan collect" in text, "Collect next" in text) == (False, False)


def test_hosts_without_a_system_log_come_first_in_what_to_collect(full: Report) -> None:
    lines = [line.strip() for line in shown(full).splitlines()]
    assert lines[lines.index("Collect next") + 1].startswith("System log: missing on 3 hosts: ")


@pytest.mark.parametrize(
    ("version", "generation"), [("3.51", "nt4"), ("4.0", "nt4"), ("5.2", "2000"), ("6.1", "modern"), ("10.0", "modern")]
)
def test_the_script_is_for_the_versions_of_the_hosts(full: Report, version: str, generation: str) -> None:
    hosts = tuple(replace(host, version=version) for host in full.hosts)
    text = shown(replace(full, hosts=hosts), saved={"json": "r.json"}, width=200)
    assert text.endswith(f"evtscan collect --for {generation} --missing r.json\n")


def test_in_detail_the_findings_of_every_host_come_first(full: Report) -> None:
    lines = shown(full, in_detail=True).splitlines()
    overview = lines.index("5 hosts: 1 with problems, 1 with other findings only, 3 could not be judged")
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
    assert "Could not be judged" in shown(Report(hosts=(HostReport(host="bare"),)))
    other = replace(log, channels=("Application",))
    assert "Could not be judged" in shown(Report(hosts=(HostReport(host="calm", evidence=(other,)),)))


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
    assert len(lines) <= 46
    assert lines[0] == "1,000 hosts: 1,000 with problems"
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
    body = text[text.index("Evidence") + len("Evidence") :]
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


def test_what_no_rule_explains_is_listed_after_the_findings(one_host: Report, full: Report) -> None:
    assert "Not explained by any rule\n" in shown(one_host)
    line = next(line for line in shown(full).splitlines() if "7023, error" in line)
    assert "new, 3 events on 1 host, last 1998-03-14" in line


def test_common_factors_and_followers_are_told_with_the_remedy(full: Report) -> None:
    factor = Factor(
        fact="hotfix",
        value="KB5041585",
        affected_with=11,
        affected=12,
        others_with=4,
        others=288,
        p_value=1e-9,
        q_value=1e-6,
        same_as=("os.ubr 4780",),
    )
    found = RuleFactors(rule_id=DHCP.id, affected=12, others=288, tried=99, factors=(factor,))
    text = " ".join(shown(replace(full, factors=(found,)), in_detail=True).split())
    assert "In common: hotfix KB5041585 (as os.ubr 4780): 11 of 12 affected, 4 of 288 others" in text
    nothing = replace(full, factors=(replace(found, factors=()),))
    assert "In common" not in shown(nothing)
    assert "no fact separates them from 288 others (99 values compared)" in " ".join(
        shown(nothing, in_detail=True).split()
    )
