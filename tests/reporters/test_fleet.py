"""What only all hosts of a report together show: common factors, and on how many hosts an unexplained kind is."""

from dataclasses import replace

import pytest
from sample_reports import DHCP, finding

from evtscan.base.model.diagnosis import UnexplainedRow
from evtscan.base.model.finding import Verdict
from evtscan.base.model.source import EvidenceRow
from evtscan.report.model import FactRow, HostReport, Report
from evtscan.reporters.fleet import with_fleet

RULE = replace(DHCP, channels=("system",))


def fact(name, value, members=None, complete=True):
    is_set = members is not None
    return FactRow(
        name=name,
        value=value,
        basis="stated",
        is_set=is_set,
        members=tuple(members or ()),
        complete=is_set and complete,
    )


def host(number, *, affected=False, facts=(), channels=("System",), **fields):
    name = f"h{number:02}"
    found = (finding(Verdict.CONFIRMED, RULE, host=name, count=1),) if affected else ()
    log = EvidenceRow(source_file="System.evtx", size=1, format="evtx", records=9, channels=channels)
    values = {"findings": found, "evidence": (log,), "facts": tuple(facts)} | fields
    return HostReport(host=name, **values)


def updated(number):
    return fact("hotfix", "", members=["KB1"] if number < 6 else ["KB2"])


FLEET = tuple(host(number, affected=number < 6, facts=[updated(number)]) for number in range(30))


def compared(hosts, **options):
    return with_fleet(Report(hosts=hosts, rules=(RULE,)), **options).factors


def test_a_planted_update():
    (entry,) = compared(FLEET)
    (factor,) = entry.factors
    assert (factor.fact, factor.value, factor.affected_with, factor.others_with) == ("hotfix", "KB1", 6, 0)
    assert (entry.affected, entry.others) == (6, 24)


@pytest.mark.parametrize(
    "other",
    [
        {"channels": ("Application",)},
        {"rules_seen": (RULE.id,)},
        {"evidence": (EvidenceRow(source_file="a", size=1, format="evtx", records=9, filtered=True),)},
        {"evidence": ()},
    ],
)
def test_a_host_where_the_symptom_is_not_known_to_be_absent_is_no_other(other):
    hosts = (*FLEET[:20], *(host(number, facts=[updated(number)], **other) for number in range(20, 30)))
    (entry,) = compared(hosts)
    assert entry.others == 14


def test_a_log_of_unknown_channel_covers_every_rule():
    (entry,) = compared((*FLEET, host(30, channels=())))
    assert entry.others == 25


def test_facts_that_are_not_known_and_history_do_not_count():
    unknown = replace(updated(1), basis="unknown")
    hosts = [host(n, affected=n < 6, facts=[replace(updated(n), history=True), unknown]) for n in range(30)]
    assert [entry.factors for entry in compared(hosts)] == [()]


def test_accepted_findings_and_harmless_kinds_have_no_factors():
    accepted = [replace(item, status="accepted") for item in FLEET[0].findings]
    hosts = [replace(item, findings=tuple(accepted)) if item.findings else item for item in FLEET]
    assert compared(hosts) == ()
    notice = with_fleet(Report(hosts=FLEET, rules=(replace(RULE, kind="notice"),)))
    assert notice.factors == ()


def test_factors_are_optional_and_limited():
    assert compared(FLEET, factors=None) == ()
    assert [entry.factors for entry in compared(FLEET, factors=("os.*",))] == [()]


def test_hosts_of_an_unexplained_kind():
    def row(level):
        return UnexplainedRow(computer="", channel="System", provider="Disk", event_id=7, level=level, count=3)

    hosts = [host(0, unexplained=(row(2), row(3))), host(1, unexplained=(row(2),)), host(2)]
    report = with_fleet(Report(hosts=hosts, rules=()))
    assert [[item.hosts for item in one.unexplained] for one in report.hosts] == [[2, 1], [2], []]


def test_one_host_is_no_fleet():
    report = Report(hosts=FLEET[:1], rules=(RULE,))
    assert with_fleet(report) is report
