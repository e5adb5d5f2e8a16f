"""A local time of unknown zone is an interval, 14 hours to both sides: where intervals overlap, no order is known."""

from dataclasses import replace

import pytest
from host_builder import FakeRegistry, at, booted, event, event_log, evidence, local, localised, log
from msgspec import structs

from evtscan.facts.history.stretches import join
from evtscan.facts.host import Host

HOUR = 60
SECOND_START = 100 * HOUR


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


@pytest.mark.parametrize("hour", [101, 99, 113])
def test_a_local_time_near_a_start_may_belong_to_the_session_before_or_after(hour):
    host, one = in_application(hour)
    assert host.point_of(one).session is None


@pytest.mark.parametrize(("hour", "session"), [(50, 0), (150, 1)])
def test_a_time_in_utc_far_from_every_start_of_a_local_log(hour, session):
    assert Host(evidence(localised(system_log()))).point_at(at(hour * HOUR)).session == session


def test_a_time_in_utc_near_a_start_of_a_local_log():
    assert Host(evidence(localised(system_log()))).point_at(at(101 * HOUR)).session is None


@pytest.mark.parametrize(("hours", "is_later"), [(39, True), (30, False), (20, False)])
def test_a_snapshot_is_later_than_a_local_log_only_if_it_is_in_every_zone(hours, is_later):
    registry = FakeRegistry({}, taken=at((200 + hours) * HOUR))
    host = Host(evidence(localised(system_log()), registry))
    assert host.now.session == (2 if is_later else 1)


def test_a_list_of_a_log_that_is_there_itself_divides_no_time():
    """The same records, printed five hours west of UTC: boot sessions are those of the log that knows its times."""
    before, after = event(40, minute=99 * HOUR), event(60, minute=101 * HOUR)
    binary = system_log(before, after)
    printed = [
        structs.replace(item, location=structs.replace(item.location, source="list.txt")) for item in (before, after)
    ]
    listed = localised(system_log(*printed, source="list.txt"), hours=-5)
    host = Host(evidence(binary, listed))
    assert [host.point_of(item).session for item in (before, after)] == [0, 1]


def test_local_logs_that_may_overlap_have_no_order():
    """One System log ends in UTC where another begins in local time: which came first, nobody knows."""
    first = log(event_log(1, 6005, minute=0), last=10, last_time=at(100 * HOUR))
    one = event_log(501, 6005, minute=101 * HOUR, source="list.txt")
    second = log(one, source="list.txt", first=501, last=510, first_time=at(101 * HOUR), last_time=at(200 * HOUR))
    host = Host(evidence(first, localised(second)))
    assert host.point_of(localised(second).events[0]).session is None


def test_local_lists_and_no_system_log_are_one_session_whatever_the_zone():
    one = event(1, "Other", 1, channel="Application", source="App.txt", minute=10)
    listed = localised(log(one, channel="Application", source="App.txt", last=100, filtered=True))
    other = log(event(1, channel="Security", source="Sec.evt"), channel="Security", source="Sec.evt", last=100)
    assert Host(evidence(listed, other)).point_of(listed.events[0]).session == 0


# ----------------------------------------------------------------------------------------------- one log twice


def sources_of(*logs):
    return [sorted(stretch.sources) for stretch in join(logs)]


@pytest.mark.parametrize("hours", [-14, -5, 0, 9, 14])
def test_a_list_is_a_copy_of_its_log_in_every_zone_and_costs_it_nothing(hours):
    listed = localised(system_log(source="list.txt", filtered=True), hours)
    (stretch,) = join([listed, system_log()])
    assert stretch.sources == {"System.evt", "list.txt"}
    assert (stretch.whole, stretch.first_time, stretch.last_time) == (True, at(0), at(200 * HOUR))
    assert not any(item.time.local for item in stretch.events)


def test_a_list_that_reaches_further_back_than_its_log_gives_the_older_records():
    whole = system_log(source="list.txt")
    wrapped = log(*whole.events[1:], first=40, last=100, first_time=at(90 * HOUR), last_time=at(200 * HOUR))
    (stretch,) = join([localised(whole, 2), wrapped])
    assert [(item.sequence, item.time.local) for item in stretch.events] == [(1, True), (50, False)]
    assert (stretch.first, stretch.first_time.local, stretch.last, stretch.last_time) == (1, True, 100, at(200 * HOUR))


def test_a_list_under_other_numbers_gives_way_to_the_log_however_large_it_is():
    many = log(event_log(700, 6005, source="list.txt", minute=50 * HOUR), source="list.txt", first=501, last=5000)
    assert sources_of(localised(many), system_log()) == [["System.evt"]]


def test_a_list_from_another_time_in_every_zone_has_its_place():
    other = log(source="list.txt", first=501, last=510, first_time=at(215 * HOUR), last_time=at(300 * HOUR))
    assert sources_of(localised(other), system_log()) == [["System.evt"], ["list.txt"]]
    nearer = replace(other, summary=replace(other.summary, first_time=at(213 * HOUR)))
    assert sources_of(localised(nearer), system_log()) == [["System.evt"]]


def test_lists_of_one_host_are_of_one_zone_among_themselves():
    other = log(source="other.txt", first=501, last=510, first_time=at(201 * HOUR), last_time=at(300 * HOUR))
    assert sources_of(localised(other), localised(system_log(source="list.txt"))) == [["list.txt"], ["other.txt"]]


def test_a_session_does_not_go_on_for_a_day_where_a_list_without_place_goes_on():
    later = log(source="list.txt", first=501, last=510, first_time=at(201 * HOUR), last_time=at(300 * HOUR))
    host = Host(evidence(system_log(), localised(later)))
    assert host.point_at(at(199 * HOUR)).session == 1
    assert host.point_at(at(201 * HOUR)).session is None
    assert Host(evidence(system_log())).point_at(at(201 * HOUR)).session == 1


# ---------------------------------------------------------------------------------------------------- snapshots


CURRENT = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def version_key(taken, pack, source="saved.txt"):
    """What REGEDT32 saved of a host: when its newest key was written, in local time."""
    return FakeRegistry(
        {CURRENT: {"CurrentVersion": "4.0", "CSDVersion": f"Service Pack {pack}"}}, taken=taken, source=source
    )


def packs(host):
    return [(item.session, item.assumed, item.is_vague) for item in host.timeline("os.service_pack").placed]


@pytest.mark.parametrize(
    ("hour", "placed"),
    [
        (50, (0, False, False)),  # in the first session, in every zone
        (113, (1, True, True)),
        (115, (1, False, False)),
        (230, (1, False, False)),  # perhaps more than a day after the last record, perhaps not
        (239, (2, False, False)),
        (-20, (-1, False, False)),
    ],
)
def test_a_snapshot_with_a_local_time_is_placed_where_every_zone_has_it_or_in_the_last_of_its_sessions(hour, placed):
    assert packs(Host(evidence(system_log(), version_key(local(hour * HOUR), 2)))) == [placed]


def test_a_snapshot_of_a_session_that_is_assumed_gives_way_to_a_record_of_that_session():
    """Service Pack 6 was installed at the restart: what was saved says 2, and may have been saved before it."""
    told = booted(51, minute=SECOND_START)
    host = Host(evidence(system_log(told), version_key(local(99 * HOUR), 2)))
    known = host.known("os.service_pack", host.now)
    assert (known.value, known.locations) == (6, (told.location,))
    certain = Host(evidence(system_log(told), version_key(local(150 * HOUR), 2)))
    assert certain.known("os.service_pack", certain.now).value == 2


@pytest.mark.parametrize(
    ("other", "value"),
    [(local(165 * HOUR), None), (local(179 * HOUR), 3), (at(163 * HOUR), None), (at(165 * HOUR), 3)],
)
def test_of_two_snapshots_of_one_session_the_later_is_known_only_if_it_is_so_in_every_zone(other, value):
    first, second = version_key(local(150 * HOUR), 2), version_key(other, 3, source="other.reg")
    host = Host(evidence(system_log(), first, second))
    assert host.known("os.service_pack", host.now).value == value
    assert [warning.kind for warning in host.warnings] == ([] if value else ["conflict"])


def test_snapshots_of_one_source_are_of_one_zone():
    host = Host(evidence(system_log(), *(version_key(local(hour * HOUR), pack) for hour, pack in ((151, 3), (150, 2)))))
    assert (host.known("os.service_pack", host.now).value, host.warnings) == (3, ())
