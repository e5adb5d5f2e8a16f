"""A local time of unknown zone is an interval, 14 hours to both sides: where intervals overlap, no order is known."""

from dataclasses import replace

import pytest
from host_builder import FakeRegistry, at, event, event_log, evidence, log

from evtscan.facts.host import Host
from evtscan.wintypes import Instant

HOUR = 60
SECOND_START = 100 * HOUR
not_yet = pytest.mark.xfail(reason="facts take a local time for UTC", strict=True)


def local(minute):
    return Instant(at(minute).ticks, 0, local=True)


def localised(one, hours=0):
    """A log with the times that a machine so many hours east of UTC prints."""
    shift = hours * HOUR * 60 * 10_000_000

    def printed(time):
        return Instant(time.ticks + shift, 0, local=True)

    events = tuple(replace(item, time=printed(item.time)) for item in one.events)
    summary = replace(one.summary, first_time=printed(one.summary.first_time), last_time=printed(one.summary.last_time))
    return replace(one, events=events, summary=summary)


def system_log(*more, source="System.evt", **summary):
    """Two boot sessions: from the beginning, and from hour 100 on, to hour 200."""
    starts = (
        event_log(1, 6005, minute=0, source=source),
        event_log(50, 6005, minute=SECOND_START, source=source),
    )
    return log(*starts, *more, source=source, last=100, first_time=at(0), last_time=at(200 * HOUR), **summary)


def in_application(hour):
    """A host whose Application log was printed with local times, and an event in it."""
    one = event(1, "Other", 1, channel="Application", source="App.txt", minute=hour * HOUR)
    listed = localised(log(one, channel="Application", source="App.txt", filtered=True))
    return Host(evidence(system_log(), listed)), listed.events[0]


@pytest.mark.parametrize(("hour", "session"), [(50, 0), (150, 1)])
def test_a_local_time_far_from_every_start_belongs_to_its_session(hour, session):
    host, one = in_application(hour)
    assert host.point_of(one).session == session


@pytest.mark.parametrize(
    "hour", [pytest.param(101, marks=not_yet), pytest.param(99, marks=not_yet), pytest.param(113, marks=not_yet)]
)
def test_a_local_time_near_a_start_may_belong_to_the_session_before_or_after(hour):
    host, one = in_application(hour)
    assert host.point_of(one).session is None


@pytest.mark.parametrize(("hour", "session"), [(50, 0), (150, 1)])
def test_a_time_in_utc_far_from_every_start_of_a_local_log(hour, session):
    assert Host(evidence(localised(system_log()))).point_at(at(hour * HOUR)).session == session


@not_yet
def test_a_time_in_utc_near_a_start_of_a_local_log():
    assert Host(evidence(localised(system_log()))).point_at(at(101 * HOUR)).session is None


@pytest.mark.parametrize(("hours", "is_later"), [(39, True), pytest.param(30, False, marks=not_yet), (20, False)])
def test_a_snapshot_is_later_than_a_local_log_only_if_it_is_in_every_zone(hours, is_later):
    registry = FakeRegistry({}, taken=at((200 + hours) * HOUR))
    host = Host(evidence(localised(system_log()), registry))
    assert host.now.session == (2 if is_later else 1)


@not_yet
def test_a_list_of_a_log_that_is_there_itself_divides_no_time():
    """The same records, printed five hours west of UTC: boot sessions are those of the log that knows its times."""
    before, after = event(40, minute=99 * HOUR), event(60, minute=101 * HOUR)
    binary = system_log(before, after)
    printed = [replace(item, location=replace(item.location, source="list.txt")) for item in (before, after)]
    listed = localised(system_log(*printed, source="list.txt"), hours=-5)
    host = Host(evidence(binary, listed))
    assert [host.point_of(item).session for item in (before, after)] == [0, 1]


@not_yet
def test_local_logs_that_may_overlap_have_no_order():
    """One System log ends in UTC where another begins in local time: which came first, nobody knows."""
    first = log(event_log(1, 6005, minute=0), last=10, last_time=at(100 * HOUR))
    one = event_log(501, 6005, minute=101 * HOUR, source="list.txt")
    second = log(one, source="list.txt", first=501, last=510, first_time=at(101 * HOUR), last_time=at(200 * HOUR))
    host = Host(evidence(first, localised(second)))
    assert host.point_of(localised(second).events[0]).session is None
