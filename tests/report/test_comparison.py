"""Two reports compared: what is new, gone, better or worse, and which hosts came or went."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from evtscan.base.model.diagnosis import UnexplainedRow
from evtscan.base.model.finding import Finding, Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import EvidenceRow
from evtscan.report.acceptance import Acceptance, Accepted
from evtscan.report.comparison import (
    Change,
    compare,
    kinds_of_problems,
    only_new,
    verdicts_of,
    with_acceptance,
    with_new_problems,
    with_status,
)
from evtscan.report.model import HostReport, MatchRow, Report

DHCP = RuleInfo(id="dhcp", title="DHCP", level="medium", article="Q162396")
DISK = RuleInfo(id="disk", title="Disk", level="critical", article="Q1")
LOG = EvidenceRow(source_file="SysEvent.Evt", size=1, format="evt", records=1)


def finding(host: str, verdict: str, rule: RuleInfo = DHCP, entity: str = "", **fields: object) -> Finding:
    return Finding(
        finding_id=f"{host}/{rule.id}/{entity}",
        host=host,
        computer="",
        verdict=verdict,
        rule_id=rule.id,
        entity=entity,
        **fields,  # type: ignore[arg-type]
    )


def host(name: str, *verdicts: str, read: bool = True) -> HostReport:
    rules = (DHCP, DISK)
    findings = tuple(finding(name, verdict, rule) for verdict, rule in zip(verdicts, rules, strict=False) if verdict)
    return HostReport(host=name, findings=findings, evidence=(LOG,) if read else ())


RULES = {DHCP.id: DHCP, DISK.id: DISK}


def match(rule: RuleInfo, entity: str = "") -> MatchRow:
    return MatchRow(
        timestamp="",
        computer="",
        verdict="confirmed",
        rule_id=rule.id,
        entity=entity,
        channel="System",
        provider="Dhcp",
        event_id=1008,
        event_level=None,
        record_id=None,
        details="",
        basis="stated",
        source_file="SysEvent.Evt",
        offset=None,
    )


def report(*hosts: HostReport) -> Report:
    return Report(hosts=hosts, rules=(DHCP, DISK))


def changes(old: Report, new: Report) -> list[tuple[str, str, str]]:
    return [
        (item.change.value, item.host, "→".join(part.value if part else "" for part in (item.old, item.new)))
        for item in compare(old, new).differences
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "possible", [("new", "a", "→possible")]),
        ("possible", "", [("gone", "a", "possible→")]),
        ("possible", "confirmed", [("worse", "a", "possible→confirmed")]),
        ("confirmed", "resolved", [("better", "a", "confirmed→resolved")]),
        ("resolved", "exposed", [("worse", "a", "resolved→exposed")]),
        ("possible", "possible", []),
        ("possible", "clear", [("gone", "a", "possible→")]),
        ("not_assessed", "possible", [("new", "a", "→possible")]),
        ("clear", "not_applicable", []),
    ],
)
def test_what_becomes_of_a_finding(old: str, new: str, expected: list[tuple[str, str, str]]) -> None:
    assert changes(report(host("a", old)), report(host("a", new))) == expected


def test_hosts_come_and_go_and_what_is_on_one_that_went_is_not_gone() -> None:
    old = report(host("a", "confirmed"), host("b", "confirmed"), host("c"))
    new = report(host("b", "confirmed"), host("d", "possible"), host("c"))
    assert changes(old, new) == [("new", "d", "→possible"), ("host_came", "d", "→"), ("host_went", "a", "→")]
    comparison = compare(old, new)
    assert (comparison.hosts, comparison.same) == (2, 1)


def test_a_host_of_which_nothing_was_read_tells_of_nothing_that_is_gone() -> None:
    assert changes(report(host("a", "confirmed")), report(host("a", read=False))) == [("host_went", "a", "→")]
    assert changes(report(host("a", read=False)), report(host("a"))) == [("host_came", "a", "→")]


def test_the_order_is_by_change_host_severity_and_level() -> None:
    old = report(host("a"), host("b", "possible", "confirmed"))
    new = report(host("b", "confirmed", "possible"), host("a", "possible", "possible"))
    items = compare(old, new).differences
    assert [(item.change.value, item.host, item.rule.id if item.rule else "") for item in items] == [
        ("new", "a", "disk"),
        ("new", "a", "dhcp"),
        ("worse", "b", "dhcp"),
        ("better", "b", "disk"),
    ]


def test_entities_are_findings_of_their_own() -> None:
    def of(*entities: str) -> Report:
        findings = tuple(finding("a", "confirmed", DISK, entity) for entity in entities)
        return report(HostReport(host="a", findings=findings, evidence=(LOG,)))

    comparison = compare(of("disk 0", "disk 1"), of("disk 1", "disk 2"))
    assert [(item.change, item.entity) for item in comparison.differences] == [
        (Change.NEW, "disk 2"),
        (Change.GONE, "disk 0"),
    ]
    assert comparison.of(Change.NEW)[0].verdict is Verdict.CONFIRMED


def test_a_report_compared_with_itself_has_no_differences() -> None:
    same = report(host("a", "confirmed", "possible"), host("b"))
    comparison = compare(same, same)
    assert (comparison.differences, comparison.hosts, comparison.same) == ((), 2, 2)


def test_hosts_are_gone_over_once_and_never_held() -> None:
    class Hosts(Sequence[HostReport]):
        passes = 0

        def __len__(self) -> int:
            return 3

        def __getitem__(self, place):  # type: ignore[no-untyped-def]
            raise AssertionError("no host is asked for by itself")

        def __iter__(self) -> Iterator[HostReport]:
            Hosts.passes += 1
            return (host(name, "confirmed") for name in "abc")

    comparison = compare(Report(hosts=Hosts(), rules=(DHCP,)), Report(hosts=Hosts(), rules=(DHCP,)))
    assert (comparison.same, Hosts.passes) == (3, 2)


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        (None, "possible", "new"),
        ("possible", "possible", "known"),
        ("possible", "confirmed", "new"),
        ("confirmed", "possible", "known"),
        ("confirmed", "resolved", "known"),
    ],
)
def test_a_finding_is_known_if_it_was_as_bad_before(before: str | None, now: str, status: str) -> None:
    earlier = {} if before is None else verdicts_of(host("a", before))
    assert [item.status for item in with_status(host("a", now), earlier).findings] == [status]


def test_what_was_not_seen_before_is_not_known() -> None:
    assert verdicts_of(host("a", "clear", "confirmed")) == {"a/disk/": "confirmed"}


def test_accepted_findings_say_until_when() -> None:
    entry = Acceptance(host="a", article="Q162396", until=date(2026, 12, 31), reason="why")
    accepted = Accepted([entry], (DHCP, DISK), date(2026, 1, 1))
    earlier = verdicts_of(host("a", "confirmed", "confirmed"))
    marked = with_status(host("a", "confirmed", "confirmed"), earlier, accepted)
    assert [(item.status, item.accepted) for item in marked.findings] == [
        ("accepted", "until 2026-12-31: why"),
        ("known", ""),
    ]
    assert only_new(marked, RULES).findings == ()
    assert [item.status for item in with_acceptance(host("a", "possible", "possible"), accepted).findings] == [
        "accepted",
        "new",
    ]


def test_only_new_keeps_what_is_new_or_worse() -> None:
    marked = with_status(host("a", "confirmed", "confirmed"), verdicts_of(host("a", "possible", "confirmed")))
    assert [item.rule_id for item in only_new(marked, RULES).findings] == ["dhcp"]
    assert only_new(marked, RULES).evidence == marked.evidence


def test_only_new_leaves_out_the_matches_of_what_it_leaves_out() -> None:
    marked = with_status(host("a", "confirmed", "confirmed"), verdicts_of(host("a", "possible", "confirmed")))
    other_rule = replace(DHCP, id="other rule of the article")
    matches = (match(DHCP), match(other_rule), match(DHCP, entity="C:"), match(DISK))
    shown = only_new(replace(marked, matches=matches), {**RULES, other_rule.id: other_rule})
    assert [(row.rule_id, row.entity) for row in shown.matches] == [("dhcp", ""), (other_rule.id, "")]


def test_what_no_rule_looks_for_any_more_is_not_gone() -> None:
    new = replace(report(host("a")), rules=(DISK,))
    comparison = compare(report(host("a", "confirmed", "possible")), new)
    assert [(item.change.value, item.rule) for item in comparison.differences] == [("gone", DISK)]
    assert comparison.unasked == 1


def test_what_a_narrowed_run_does_not_report_is_not_gone() -> None:
    old, new = report(host("a", "confirmed", "possible")), report(host("a", "confirmed"))
    comparison = compare(old, replace(new, narrowed=True))
    assert (comparison.differences, comparison.same, comparison.unasked) == ((), 1, 1)
    assert [item.change.value for item in compare(replace(old, narrowed=True), new).differences] == ["gone"]
    milder, worse = report(host("a", "exposed")), report(host("a", "exposed", "confirmed"))
    assert compare(old, replace(milder, narrowed=True)).unasked == 2
    assert [item.change.value for item in compare(old, replace(worse, narrowed=True)).differences] == ["worse"]


def test_kinds_of_problems_that_an_earlier_report_did_not_have_are_new_and_come_first():
    def row(event_id):
        return UnexplainedRow(computer="", channel="System", provider="Disk", event_id=event_id, level=2, count=1)

    before = replace(host("a"), unexplained=(row(7), row(11)))
    now = replace(before, unexplained=(row(7), row(9)))
    assert [(item.event_id, item.is_new) for item in with_new_problems(now, None).unexplained] == [
        (7, False),
        (9, False),
    ]
    marked = with_new_problems(now, kinds_of_problems(before))
    assert [(item.event_id, item.is_new) for item in marked.unexplained] == [(9, True), (7, False)]
