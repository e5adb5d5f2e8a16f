"""The time line of real System logs: their boot sessions, the steps of their clocks, their names."""

from bisect import bisect_right
from math import inf

import pytest

from evtscan import facts
from evtscan.base.model.fact import Basis
from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.base.wintypes import TICKS_PER_SECOND, parse_time
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.detection.model.rule import asked_by
from evtscan.evidence.reading import read
from evtscan.facts.catalogue.names import is_known
from evtscan.facts.history.timeline import Point
from evtscan.facts.host import Host
from evtscan.survey.recordfilter import query_of

HOUR = 3600 * TICKS_PER_SECOND


def reading_of(path, query=EVERYTHING):
    return read([Source(path, path.name)], query)


@pytest.fixture(scope="module")
def windows7(corpus):
    """plaso-System.evtx: Windows Server 2008 R2, from its installation on; its clock is an adventure."""
    reading = reading_of(corpus / "evtx" / "plaso-System.evtx")
    return Host(reading.evidence), reading


@pytest.fixture(scope="module")
def xp(corpus):
    """SysEvent.Evt: Windows XP over nine months; the log has wrapped."""
    reading = reading_of(corpus / "evt" / "SysEvent.Evt")
    return Host(reading.evidence), reading


def test_boot_sessions_of_windows_7(windows7):
    host, _ = windows7
    assert [(session.first, session.last) for session in host.sessions] == [
        (1, 2),
        (3, 272),
        (273, 320),
        (321, 429),
        (430, 592),
        (593, 732),
        (733, 951),
        (952, 1037),
        (1038, 5009),
    ]
    assert [session.start is None for session in host.sessions] == [True] + [False] * 8


def test_the_clock_steps_back_by_hours_at_three_starts_and_by_years_at_one(windows7):
    host, reading = windows7
    steps = [step for session in host.sessions for step in session.clock_steps]
    back = [(step.sequence, round((step.before.ticks - step.after.ticks) / HOUR, 1), step.until) for step in steps]
    assert back == [
        (5, 40202.1, 23),
        (389, 9.0, None),
        (953, 2.0, 956),
        (967, 2.0, None),
        (1041, 2.0, 1046),
        (1056, 2.0, None),
    ]
    assert [len(session.clock_steps) for session in host.sessions] == [0, 1, 0, 1, 0, 0, 0, 2, 2]
    assert reading.rows[0].clock_steps == 6


def test_record_order_and_not_time_says_which_session_a_record_belongs_to(windows7):
    host, reading = windows7
    events = reading.logs[0].events
    boots = [event for event in events if event.event_id == 6009]
    sequences, times = [boot.sequence for boot in boots], sorted(boot.time.ticks for boot in boots)
    by_record = [bisect_right(sequences, event.sequence) for event in events]
    by_time = [bisect_right(times, event.time.ticks) for event in events]
    assert sum(one != other for one, other in zip(by_record, by_time, strict=True)) == 617
    assert [host.point_of(boot).session for boot in boots] == list(range(1, 9))


def test_windows_of_time_across_a_step(windows7):
    host, reading = windows7
    by_number = {event.sequence: event for event in reading.logs[0].events}
    parted = {
        pair: host.elapsed(by_number[pair[0]], by_number[pair[1]]).high is None
        for pair in ((388, 389), (380, 388), (389, 500), (4, 23), (4, 10), (10, 20), (952, 956), (953, 956), (966, 967))
    }
    assert parted == {
        (388, 389): True,
        (380, 388): False,
        (389, 500): False,
        (4, 23): False,
        (4, 10): True,
        (10, 20): False,
        (952, 956): False,
        (953, 956): True,
        (966, 967): True,
    }


def test_the_chain_of_names_without_the_installation_image(windows7):
    host, reading = windows7
    summary = reading.logs[0].summary
    labels = list(dict.fromkeys(name.partition(".")[0] for name in summary.computers))
    assert labels == ["37L4247F27-26", "WIN-NBRJP24VCHB", "DC1"]
    assert [name.partition(".")[0] for name in host.names] == ["DC1", "WIN-NBRJP24VCHB"]
    assert host.image_ends == {"plaso-System.evtx": 271}
    assert "37L4247F27-26" in reading.rows[0].note
    assert "WIN-NBRJP24VCHB, then DC1" in reading.rows[0].note
    assert sum(host.is_from_image(event) for event in reading.logs[0].events) == 270


def test_a_time_that_the_clock_showed_more_than_once_has_no_known_session(windows7):
    host, _ = windows7
    sessions = {
        "2015-07-01T00:00:00Z": 2,
        "2015-08-08T09:13:00Z": None,  # on the first pass in session 2, after the step back in session 3
        "2015-08-08T18:10:00Z": None,
        "2015-08-25T13:19:50Z": None,
        "2015-09-01T00:00:00Z": 8,
        "2009-01-01T00:00:00Z": -1,
    }
    assert {time: host.point_at(parse_time(time)).session for time in sessions} == sessions


def test_what_is_selected_makes_no_difference_to_the_sessions(corpus, windows7):
    rules = load_rules([catalogue.folder()], fact_known=is_known).rules
    host = Host(
        reading_of(corpus / "evtx" / "plaso-System.evtx", query_of(rules) | facts.query(asked_by(rules))).evidence
    )
    whole = windows7[0]
    assert [(item.first, item.last, item.clock_steps) for item in host.sessions] == [
        (item.first, item.last, item.clock_steps) for item in whole.sessions
    ]
    assert host.names == whole.names


def test_boot_sessions_and_name_of_windows_xp(xp):
    host, reading = xp
    assert len(host.sessions) == 25
    assert (host.sessions[0].first, host.sessions[-1].last) == (1392, 7454)
    assert sum(session.whole for session in host.sessions) == 23
    assert all(session.start_is_whole for session in host.sessions[1:])
    assert host.names == ["WKS-WINXP32BIT"]
    assert reading.rows[0].clock_steps == 0
    assert reading.rows[0].note == "channel System"


def test_system_and_service_pack_of_windows_xp(xp):
    host, _ = xp
    known = {name: host.known(name, host.now) for name in ("os.version", "os.build", "os.service_pack")}
    assert {name: (item.value, item.basis) for name, item in known.items()} == {
        "os.version": ("5.1", Basis.STATED),
        "os.build": (2600, Basis.STATED),
        "os.service_pack": (3, Basis.STATED),
    }
    packs = [host.known("os.service_pack", Point(index, inf)) for index in range(9)]
    assert [item.value for item in packs] == [2, 2, 2, 2, 2, 2, 2, 3, 3]
    assert (packs[0].basis, packs[0].at_most) == (Basis.CARRIED_BACK, True)


def test_what_the_clock_was_set_to_after_a_pause_is_told_by_events(corpus):
    """rs-system.evtx: a virtual machine that was paused night after night."""
    summary = reading_of(corpus / "evtx" / "rs-system.evtx").logs[0].summary
    back = [step for step in summary.clock_steps if step.after < step.before]
    assert (len([step for step in back if step.until is None]), len([step for step in back if step.until])) == (1, 15)
    assert back[0].sequence == 218
    forward = [step.sequence for step in summary.clock_steps if step.after > step.before]
    assert forward[:4] == [296, 365, 375, 492]
    assert 541 not in forward  # the hardware clock after a sleep: silence


@pytest.mark.corpus
def test_no_real_log_is_taken_for_a_collectors(corpus):
    for path in sorted(corpus.glob("evt*/*")):
        reading = reading_of(path)
        assert [log.forwarded for log in reading.logs] == [False] * len(reading.logs), path.name
        assert len(reading.logs) <= 1, path.name
