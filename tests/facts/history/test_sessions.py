"""Starts and boot sessions, as the order of records shows them."""

import pytest
from host_builder import DAY, MINUTE, at, event, event_log, log

from evtscan.base.model.log import ClockStep
from evtscan.facts.history.sessions import Clock, Places, Session, boot_sessions, find_starts
from evtscan.facts.history.stretches import join


def kernel(sequence, **more):
    return event(sequence, "Microsoft-Windows-Kernel-General", 12, **more)


STARTS = {
    "6009, then 6005": ([(10, 6009), (11, 6005)], [[10, 11]]),
    "any order": ([(10, 6005), (11, 6008), (12, 6009)], [[10, 11, 12]]),
    "two other records between": ([(10, 6009), (13, 6005)], [[10, 13]]),
    "three other records between": ([(10, 6009), (14, 6005)], [[10], [14]]),
    "each once": ([(10, 6009), (11, 6005), (12, 6009), (13, 6005)], [[10, 11], [12, 13]]),
    "a 6005 alone": ([(10, 6005)], [[10]]),
    "6006 is no start": ([(10, 6006)], []),
    "12 before, within 50 records": ([(10, 12), (60, 6009), (61, 6005)], [[10, 60, 61]]),
    "12 before, too far away": ([(9, 12), (60, 6009), (61, 6005)], [[9], [60, 61]]),
    "12 after, within 50 records": ([(60, 6009), (61, 6005), (111, 12)], [[60, 61, 111]]),
    "12 after, too far away": ([(60, 6009), (61, 6005), (112, 12)], [[60, 61], [112]]),
    "12 between": ([(60, 6009), (61, 12), (62, 6005)], [[60, 61, 62]]),
    "the nearer 12 joins, the other is a start": ([(20, 12), (40, 12), (45, 6005)], [[20], [40, 45]]),
    "a 12 goes to the nearer start": ([(10, 6005), (30, 12), (35, 6005)], [[10], [30, 35]]),
    "each start gets its own 12": ([(10, 12), (12, 6005), (20, 12), (40, 6005)], [[10, 12], [20, 40]]),
    "no 12 passes another start": ([(10, 12), (20, 12), (21, 6005), (40, 6005)], [[10], [20, 21], [40]]),
}


@pytest.mark.parametrize(("records", "expected"), STARTS.values(), ids=STARTS)
def test_starts(records, expected):
    events = [kernel(number) if code == 12 else event_log(number, code) for number, code in records]
    assert [[item.sequence for item in start.events] for start in find_starts(events)] == expected


def test_only_the_event_log_and_the_kernel_announce_a_start():
    events = [event(1, "Dhcp", 6005), event(2, "Other", 12), event(3, "eventlog", 6005)]
    assert [start.first for start in find_starts(events)] == [3]


def sessions_of(*events, **summary):
    return boot_sessions(join([log(*events, **summary)])[0])


def spans(sessions):
    return [(session.first, session.last) for session in sessions]


def test_a_session_runs_from_the_first_record_of_a_start_to_the_next_start():
    found = sessions_of(event_log(11, 6009), event_log(12, 6005), event_log(30, 6005), last=40)
    assert spans(found) == [(1, 10), (11, 29), (30, 40)]
    assert [session.start is not None for session in found] == [False, True, True]
    assert [session.whole for session in found] == [False, True, False]
    assert [(session.begins, session.ends) for session in found] == [
        (at(1), at(11)),
        (at(11), at(30)),
        (at(30), at(40)),
    ]


def test_a_log_that_begins_with_a_start_has_nothing_before_it():
    assert spans(sessions_of(event_log(1, 6005), last=9)) == [(1, 9)]


def test_a_start_that_an_export_holds_twice_is_one_start():
    records = [event_log(5, 6009), event_log(5, 6009), event_log(6, 6005), event_log(6, 6005)]
    assert spans(sessions_of(*records, last=9)) == [(1, 4), (5, 9)]


def test_starts_that_begin_at_one_place_are_one():
    found = sessions_of(kernel(5), event_log(5, 6005), kernel(6), event_log(7, 6009), last=9)
    assert spans(found) == [(1, 4), (5, 9)]


def test_a_log_without_a_start_is_one_session():
    (session,) = sessions_of(event(5), first=3, last=9)
    assert (session.first, session.last, session.start, session.whole) == (3, 9, None, False)


def test_a_session_lasts_at_least_as_long_as_its_records_say_when_the_clock_was_set_back():
    found = sessions_of(event_log(1, 6005), event_log(9, 6006, minute=600), event_log(10, 6005, minute=400), last=20)
    assert found[0].ends == at(600)


@pytest.mark.parametrize(
    ("first_start", "summary", "whole"),
    [
        (4, {}, True),
        (3, {}, False),
        (1, {}, False),
        (103, {"first": 101}, False),
        (104, {"first": 101}, True),
        (40, {"filtered": True}, False),
        (40, {"holes": 1}, False),
        (40, {"lost": 1}, False),
        (40, {"wrapped": True}, True),
    ],
)
def test_of_the_oldest_records_and_of_a_log_with_gaps_nothing_is_known_to_be_absent(first_start, summary, whole):
    found = sessions_of(event_log(first_start, 6005), last=200, **summary)
    assert found[-1].start_is_whole is whole


# ------------------------------------------------------------------------------------------------ several logs


def test_archives_that_continue_each_other_are_one_stretch():
    one = log(event_log(50, 6005, source="a"), source="a", last=100)
    other = log(event_log(150, 6005, source="b"), source="b", first=101, last=200)
    (stretch,) = join([other, one])
    assert (stretch.sources, stretch.first, stretch.last) == ({"a", "b"}, 1, 200)
    assert spans(boot_sessions(stretch)) == [(1, 49), (50, 149), (150, 200)]


def test_copies_are_one_stretch_and_their_events_come_once():
    one = log(event_log(50, 6005, source="a"), source="a", last=100)
    other = log(event_log(50, 6005, source="b"), event_log(150, 6005, source="b"), source="b", first=20, last=200)
    (stretch,) = join([one, other])
    assert [item.sequence for item in stretch.events] == [50, 150]
    assert (stretch.first, stretch.last, stretch.last_time) == (1, 200, at(200))


def test_records_missing_between_two_archives_part_them():
    one = log(event_log(50, 6005, source="a"), source="a", last=100)
    other = log(source="b", first=120, last=200)
    stretches = join([one, other])
    assert [(item.first, item.last) for item in stretches] == [(1, 100), (120, 200)]
    assert spans(boot_sessions(stretches[1])) == [(120, 200)]


def test_a_log_that_began_anew_when_it_was_cleared_comes_after_the_old_one():
    old = log(event_log(50, 6005, source="old"), source="old", last=100)
    new = log(
        event_log(50, 6005, source="new", minute=5050),
        source="new", last=80, first_time=at(5001), last_time=at(5080),
    )  # fmt: skip
    assert [item.sources for item in join([new, old])] == [{"old"}, {"new"}]


def test_a_copy_under_other_numbers_does_not_divide_time_again():
    log_itself = log(event_log(50, 6005, source="a"), event_log(90, 6005, source="a"), source="a", last=100)
    converted = log(
        event_log(10, 6005, source="b", minute=50),
        source="b", first=1, last=60, first_time=at(41), last_time=at(100),
    )  # fmt: skip
    assert [item.sources for item in join([converted, log_itself])] == [{"a"}]


def test_joining_takes_the_worst_of_both():
    one = log(source="a", last=100)
    assert [item.whole for item in join([one, log(source="b", first=101, last=110, holes=1)])] == [False]


# ------------------------------------------------------------------------------------------------------ times


def session(begins, ends, first=1, *events):
    return Session(first=first, last=first + 99, begins=at(begins), ends=at(ends), events=events)


def test_the_session_that_covers_a_time():
    clock = Clock([session(0, 100), session(100, 200)])
    assert [clock.covering(at(minute)) for minute in (-1, 0, 99, 100, 199)] == [None, 0, 0, 1, 1]


def test_the_last_session_goes_on_for_a_day():
    clock = Clock([session(0, 100), session(100, 200)])
    assert clock.covering(at(200 + 1439)) == 1
    assert clock.covering(at(200 + 1440)) is None


def test_a_time_that_two_sessions_cover_belongs_to_none():
    clock = Clock([session(0, 100), session(50, 200), session(200, 300)])
    assert [clock.covering(at(minute)) for minute in (49, 50, 99, 100)] == [0, None, None, 1]


@pytest.mark.parametrize(("minute", "expected"), [(-1, None), (0, 0), (60, 1), (150, 2), (9999, 2)])
def test_the_session_that_had_begun_last_follows_the_clock(minute, expected):
    clock = Clock([session(0, 100), session(50, 200), session(140, 300), session(-90 * 1440, 60)])
    begun = 3 if expected is None else expected
    assert clock.begun_by(at(minute)) == (begun, begun)
    assert clock.begun_by(at(-100 * 1440)) == (-1, -1)


def test_the_place_of_a_time_among_the_records_of_a_session():
    events = (event(10, minute=10), event(20, minute=20), event(30, minute=30))
    places = Places(session(5, 40, 5, *events))
    assert [places.of(at(minute)) for minute in (9, 10, 29, 30, 500)] == [4, 10, 20, 30, 30]


def test_after_a_step_back_a_time_comes_after_the_records_that_show_it():
    events = (event(10, minute=100), event(20, minute=50), event(30, minute=60))
    places = Places(session(0, 200, 1, *events))
    assert [places.of(at(minute)) for minute in (49, 50, 60, 101)] == [0, 20, 30, 30]


def test_a_day_is_a_day():
    from evtscan.facts.history.sessions import DAY as A_DAY

    assert A_DAY == DAY


# ----------------------------------------------------------------------------------------------- clock steps


def step(sequence, before, after, until=None):
    return ClockStep(sequence=sequence, before=at(before), after=at(after), until=until)


def test_a_session_is_flagged_with_the_steps_at_its_records():
    steps = (step(5, 600, 5), step(30, 700, 30), step(35, 30, 10, until=36))
    found = sessions_of(event_log(10, 6005), event_log(30, 6005), last=40, clock_steps=steps)
    assert [session.clock_steps for session in found] == [steps[:1], (), steps[1:]]


def shown(session):
    return [tuple((time.ticks - at(0).ticks) // MINUTE for time in span) for span in session.spans]


def test_the_times_that_the_clock_showed_in_a_session():
    """The clock goes from 18:08 to 18:12, is set back to 9:12, and the next start is at 9:14."""
    events = (event_log(10, 6005, minute=1088), event_log(20, 6006, minute=553), event_log(21, 6005, minute=554))
    found = sessions_of(*events, first=10, last=30, last_time=at(600), clock_steps=(step(15, 1092, 552),))
    assert [shown(session) for session in found] == [[(1088, 1092), (552, 554)], [(554, 600)]]


def test_a_step_at_a_start_ends_the_session_before_it():
    events = (event_log(10, 6005), event_log(20, 6005, minute=15))
    found = sessions_of(*events, first=10, last=30, last_time=at(25), clock_steps=(step(20, 600, 15),))
    assert [shown(session) for session in found] == [[(10, 600)], [(15, 25)]]


def test_late_records_do_not_divide_the_time_of_a_session():
    found = sessions_of(event_log(10, 6005), first=10, last=30, clock_steps=(step(15, 14, 2, until=16),))
    assert [shown(session) for session in found] == [[(10, 30)]]


def test_a_time_belongs_to_the_piece_of_a_session_in_which_the_clock_showed_it():
    events = (event_log(10, 6005, minute=1088), event_log(21, 6005, minute=554))
    clock = Clock(sessions_of(*events, first=10, last=30, last_time=at(600), clock_steps=(step(15, 1092, 552),)))
    assert [clock.covering(at(minute)) for minute in (551, 553, 555, 1087 + DAY / MINUTE)] == [None, 0, 1, None]
    assert clock.covering(at(1090)) is None  # the last session may have gone on until then


def test_a_session_that_shows_a_time_twice_still_covers_it_once():
    found = sessions_of(event_log(10, 6005), first=10, last=30, last_time=at(25), clock_steps=(step(20, 30, 15),))
    assert shown(found[0]) == [(10, 30), (15, 25)]
    assert Clock(found).covering(at(20)) == 0


def test_steps_of_joined_logs_and_between_them():
    one = log(source="a", last=100, clock_steps=(step(50, 49, 10),))
    other = log(
        source="b", first=101, last=200, first_time=at(90), last_time=at(200), clock_steps=(step(150, 149, 99),)
    )
    (stretch,) = join([one, other])
    assert stretch.clock_steps == (step(50, 49, 10), step(101, 100, 90), step(150, 149, 99))


def test_in_a_filtered_log_no_session_is_whole():
    found = sessions_of(event_log(11, 6005), event_log(30, 6005), last=40, filtered=True)
    assert [session.whole for session in found] == [False, False, False]
