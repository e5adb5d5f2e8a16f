"""How much time lies between two records, where the clock may have been set between them."""

import pytest
from host_builder import MINUTE, at, event, log
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from evtscan.base.model.log import MOST_CLOCK_STEPS, ClockStep
from evtscan.base.wintypes import FURTHEST_ZONE
from evtscan.facts.history import steppedclock
from evtscan.facts.history.steppedclock import Elapsed, SteppedClock


def step(sequence, before, after, until=None):
    return ClockStep(sequence=sequence, before=at(before), after=at(after), until=until)


def here(sequence, minute):
    return event(sequence, minute=minute)


def elsewhere(minute, sequence=1):
    return event(sequence, source="App", channel="Application", minute=minute)


def clock(*steps, application=()):
    return SteppedClock(
        [log(clock_steps=steps), log(source="App", channel="Application", clock_steps=tuple(application))]
    )


def parted(shown, one, other):
    """Whether the time between two records is not known."""
    elapsed = shown.elapsed(one, other)
    return elapsed.low is None or elapsed.low != elapsed.high


BACK = step(20, 600, 60)
FORWARD = step(20, 60, 600)
LATE = step(20, 600, 60, until=25)

IN_ONE_LOG = {
    "before it": (BACK, here(10, 590), here(19, 600), False),
    "behind it": (BACK, here(20, 60), here(30, 70), False),
    "on two sides": (BACK, here(19, 600), here(20, 60), True),
    "on two sides, the other way round": (BACK, here(30, 70), here(10, 590), True),
    "times apart do not matter": (BACK, here(10, 60), here(30, 61), True),
    "forward": (FORWARD, here(19, 60), here(20, 600), True),
    "around late ones": (LATE, here(19, 600), here(25, 601), False),
    "two late ones": (LATE, here(20, 60), here(24, 61), False),
    "a late one and another": (LATE, here(24, 61), here(25, 601), True),
    "the other and a late one": (LATE, here(19, 600), here(20, 60), True),
}


@pytest.mark.parametrize(("stepped", "one", "other", "expected"), IN_ONE_LOG.values(), ids=IN_ONE_LOG)
def test_in_one_log_record_order_decides(stepped, one, other, expected):
    assert parted(clock(stepped), one, other) is expected
    assert parted(clock(stepped), other, one) is expected


ELSEWHERE = {
    "both times before": (BACK, 10, 59, False),
    "both times behind": (BACK, 601, 700, False),
    "times that the clock showed twice": (BACK, 100, 105, True),
    "the last reading before it, which comes again": (BACK, 600, 700, True),
    "the first reading behind it, which was there before": (BACK, 50, 60, True),
    "over all of it": (BACK, 50, 700, True),
    "on both sides of a step forward": (FORWARD, 60, 600, True),
    "before a step forward": (FORWARD, 50, 60, False),
    "behind a step forward": (FORWARD, 600, 610, False),
    "what another log has late": (LATE, 100, 105, False),
}


@pytest.mark.parametrize(("stepped", "one", "other", "expected"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_of_a_step_that_another_log_shows_only_times_tell(stepped, one, other, expected):
    assert parted(clock(stepped), elsewhere(one), elsewhere(other, 2)) is expected


@pytest.mark.parametrize(("minute", "expected"), [(50, False), (59, False), (60, True), (61, True), (601, True)])
def test_in_two_logs_times_decide(minute, expected):
    assert parted(clock(BACK), here(10, 40), elsewhere(minute)) is expected


def test_a_log_that_shows_the_step_itself_knows_better():
    own = step(5, 590, 70)
    assert not parted(clock(BACK, application=[own]), elsewhere(100, 6), elsewhere(105, 7))
    assert parted(clock(BACK, application=[own]), elsewhere(100, 4), elsewhere(105, 7))


def test_a_late_record_has_no_known_place_among_those_of_other_logs():
    assert parted(clock(LATE), here(22, 60), elsewhere(60))
    assert not parted(clock(LATE), here(26, 601), elsewhere(601))


def test_nothing_is_known_of_what_has_no_time_or_no_zone():
    timeless = structs.replace(here(10, 10), time=None)
    local = structs.replace(here(10, 10), time=structs.replace(at(10), local=True))
    assert parted(clock(), timeless, here(11, 11))
    assert clock().elapsed(local, here(11, 11)) == Elapsed(0, None)
    assert not parted(clock(), local, structs.replace(local, sequence=11))


def test_nothing_is_known_behind_more_steps_than_are_listed():
    many = [step(10 * number, 600, 60) for number in range(1, MOST_CLOCK_STEPS + 1)]
    assert parted(clock(*many), here(10 * MOST_CLOCK_STEPS + 1, 1), here(10 * MOST_CLOCK_STEPS + 2, 2))
    assert not parted(clock(*many), here(11, 1), here(12, 2))


ELAPSED = {
    "no step": ((), 10, 40, (30, 30)),
    "a step back counts what the clock counted": ((BACK,), 590, 100, (50, None)),
    "a step forward": ((FORWARD,), 50, 700, (110, None)),
    "the other way round": ((FORWARD,), 700, 50, (None, -110)),
}


@pytest.mark.parametrize(("steps", "one", "other", "expected"), ELAPSED.values(), ids=ELAPSED)
def test_the_time_between_two_records_of_one_log(steps, one, other, expected):
    first, second = (19, 20) if expected[0] is not None else (20, 19)
    found = clock(*steps).elapsed(here(first, one), here(second, other))
    assert (found.low, found.high) == tuple(part and part * MINUTE for part in expected)


def test_in_one_log_what_stands_later_came_later():
    assert clock().elapsed(here(10, 11), here(11, 10)) == Elapsed(0, 0)
    assert clock().elapsed(here(11, 10), here(10, 11)) == Elapsed(0, 0)
    assert clock().elapsed(structs.replace(here(10, 10), time=None), here(11, 11)) == Elapsed(0, None)
    assert clock(LATE).elapsed(here(19, 600), here(20, 60)) == Elapsed(0, None)
    many = [step(10 * number, 600, 60) for number in range(1, MOST_CLOCK_STEPS + 1)]
    assert clock(*many).elapsed(here(1, 1), here(10 * MOST_CLOCK_STEPS + 2, 2)) == Elapsed(0, None)


def test_a_step_that_another_log_shows_may_lie_between():
    assert clock(FORWARD).elapsed(elsewhere(50), elsewhere(700, 2)) == Elapsed(110 * MINUTE, None)
    own = step(2, 70, 590)
    assert clock(FORWARD, application=[own]).elapsed(elsewhere(50), elsewhere(700, 2)) == Elapsed(130 * MINUTE, None)


IN_TWO_LOGS = {
    "no step": ((), 50, (10, 10)),
    "far behind a step": ((FORWARD,), 701, (121, None)),
    "within a step": ((FORWARD,), 300, (None, None)),
    "far before a step": ((step(20, 10, 20),), 5, (None, -25)),
}


@pytest.mark.parametrize(("steps", "minute", "expected"), IN_TWO_LOGS.values(), ids=IN_TWO_LOGS)
def test_the_time_between_records_of_two_logs(steps, minute, expected):
    found = clock(*steps).elapsed(here(1, 40), elsewhere(minute))
    assert (found.low, found.high) == tuple(part and part * MINUTE for part in expected)


def test_one_step_that_two_logs_show_is_one_step():
    shown = clock(FORWARD, application=[step(5, 58, 602)])
    third = event(1, source="Security", channel="Security", minute=701)
    assert shown.elapsed(here(1, 40), third) == Elapsed((661 - 540) * MINUTE, None)


def test_a_local_time_is_an_interval_beside_utc():
    local = structs.replace(elsewhere(50), time=structs.replace(at(50), local=True))
    assert clock().elapsed(here(1, 40), local) == Elapsed(10 * MINUTE - FURTHEST_ZONE, 10 * MINUTE + FURTHEST_ZONE)
    other = structs.replace(here(1, 40), time=structs.replace(at(40), local=True))
    assert clock().elapsed(other, local) == Elapsed(10 * MINUTE, 10 * MINUTE)
    assert clock().elapsed(here(1, 40), structs.replace(local, time=None)) == Elapsed(None, None)
    assert clock(LATE).elapsed(here(22, 60), elsewhere(60)) == Elapsed(None, None)


def test_steps_of_a_broken_log_cost_no_search_at_every_event():
    """Two logs with a thousand steps each: at every event all of them were compared with one another."""
    steps = [step(10 * number, 600 + 1000 * number, 1000 * number) for number in range(1, MOST_CLOCK_STEPS)]
    stepped = clock(*steps, application=steps[::2])
    third = event(1, source="Security", channel="Security", minute=10**7)
    for number in range(1000):
        assert stepped.elapsed(here(1, number), third).low == (10**7 - number - 600 * (MOST_CLOCK_STEPS - 1)) * MINUTE


@st.composite
def _stepping_logs(draw):
    """Steps of up to three logs, each with the number of its log."""
    minutes = st.integers(1, 60)
    return [
        (
            step(draw(st.integers(1, 50)), *draw(st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]))),
            log,
        )
        for log in draw(st.lists(st.integers(0, 2), max_size=8))
    ]


@given(_stepping_logs(), st.integers(0, 61), st.integers(0, 61))
def test_spans_meet_the_steps_that_one_by_one_they_meet(steps, one, other):
    begin, end = sorted((at(one).ticks, at(other).ticks))
    meeting = [cluster for cluster in _clusters_one_by_one(steps) if any(_meets(item, begin, end) for item in cluster)]
    assert steppedclock._StepsByReading(steps).meet(begin, end) is bool(meeting)
    assert steppedclock._StepsByReading(steps).moved(begin, end) == sum(map(_moved_one_by_one, meeting))


def _meets(item, begin, end):
    low, high = steppedclock._doubtful(item[0])
    return low < end and begin < high


def _clusters_one_by_one(steps):
    clusters = []
    for item in steps:
        touched = [c for c in clusters if any(_meets(item, *steppedclock._doubtful(other)) for other, _ in c)]
        clusters = [cluster for cluster in clusters if cluster not in touched]
        clusters.append([item, *(other for cluster in touched for other in cluster)])
    return clusters


def _moved_one_by_one(steps):
    by_log = {}
    for shown, number in steps:
        by_log.setdefault(number, []).append(sorted((shown.before.ticks, shown.after.ticks)))
    counted = []
    for number in sorted(by_log, key=lambda number: (-len(by_log[number]), number)):
        counted += [one for one in by_log[number] if not any(one[0] < high and low < one[1] for low, high in counted)]
    return sum(high - low for low, high in counted)
