"""Service packs of Windows NT 4.0, as far as starts and stops tell."""

import pytest
from host_builder import booted, event, event_log, evidence, facts_file, log

from evtscan.base.model.fact import Basis
from evtscan.facts.history.timeline import Point
from evtscan.facts.host import Host

NT4 = facts_file(os_version="4.0")


def limit(host, session):
    found = host.known("os.service_pack", Point(session, 10_000)).limit
    return (found.bound.low, found.bound.high) if found else None


CASES = {
    "6005 without 6009": ([event_log(10, 6005)], {}, (0, 3)),
    "6005 among the oldest records": ([event_log(3, 6005)], {}, None),
    "6005 right after the records that may hold its 6009": ([event_log(4, 6005)], {}, (0, 3)),
    "a filtered log": ([event_log(10, 6005)], {"filtered": True}, None),
    "a log with holes": ([event_log(10, 6005)], {"holes": 2}, None),
    "6006": ([event_log(10, 6005), event_log(20, 6006)], {}, (4, None)),
    "6008": ([event_log(10, 6008), event_log(11, 6005)], {}, (4, None)),
    "6009 that states nothing": ([event_log(10, 6009), event_log(11, 6005)], {}, (4, None)),
    "6009 two records before": ([event_log(10, 6009), event_log(13, 6005)], {}, (4, None)),
    "6006 among the oldest records": ([event_log(1, 6006)], {}, (4, None)),
    "another source": ([event(10, "Other", 6006)], {}, None),
}


@pytest.mark.parametrize(("events", "summary", "expected"), CASES.values(), ids=CASES)
def test_bound_of_the_last_session(events, summary, expected):
    host = Host(evidence(log(*events, last=100, **summary), NT4))
    assert limit(host, len(host.sessions) - 1) == expected


@pytest.mark.parametrize("version", ["3.51", "5.0"])
def test_only_windows_nt_4_tells(version):
    host = Host(evidence(log(event_log(10, 6005), last=100), facts_file(os_version=version)))
    assert limit(host, 1) is None


def test_without_a_version_nothing_is_known():
    assert limit(Host(evidence(log(event_log(10, 6005), last=100))), 1) is None


def test_a_bound_rests_on_a_version_that_is_carried():
    host = Host(evidence(log(event_log(10, 6005), event_log(50, 6005), last=100), NT4))
    bases = [host.known("os.service_pack", Point(session, 60)).limit.basis for session in (1, 2)]
    assert bases == [Basis.CARRIED_BACK, Basis.STATED]


def test_each_session_has_its_own_bound():
    events = [event_log(10, 6005), booted(50, pack="?"), event_log(51, 6005), event_log(90, 6005)]
    host = Host(evidence(log(*events, last=100), NT4))
    assert [limit(host, session) for session in range(4)] == [None, (0, 3), (4, None), (0, 3)]


def test_the_reason_names_the_records():
    host = Host(evidence(log(event_log(10, 6005), last=100), NT4))
    found = host.known("os.service_pack", Point(1, 60)).limit
    assert [location.record for location in found.locations] == [10]
    assert "without event 6009" in found.why
