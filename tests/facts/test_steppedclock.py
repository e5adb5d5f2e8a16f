"""Whether two records lie on two sides of a step of the clock."""

from dataclasses import replace

import pytest
from host_builder import at, event, log

from evtscan.facts.steppedclock import SteppedClock
from evtscan.model import MOST_CLOCK_STEPS, ClockStep


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
    assert clock(stepped).parts(one, other) is expected
    assert clock(stepped).parts(other, one) is expected


ELSEWHERE = {
    "both times before": (BACK, 10, 59, False),
    "both times behind": (BACK, 601, 700, False),
    "times that the clock showed twice": (BACK, 100, 105, True),
    "over all of it": (BACK, 50, 700, True),
    "on both sides of a step forward": (FORWARD, 60, 600, True),
    "before a step forward": (FORWARD, 50, 60, False),
    "behind a step forward": (FORWARD, 600, 610, False),
    "what another log has late": (LATE, 100, 105, False),
}


@pytest.mark.parametrize(("stepped", "one", "other", "expected"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_of_a_step_that_another_log_shows_only_times_tell(stepped, one, other, expected):
    assert clock(stepped).parts(elsewhere(one), elsewhere(other, 2)) is expected


@pytest.mark.parametrize(("minute", "expected"), [(50, False), (61, True), (601, True)])
def test_in_two_logs_times_decide(minute, expected):
    assert clock(BACK).parts(here(10, 40), elsewhere(minute)) is expected


def test_a_log_that_shows_the_step_itself_knows_better():
    own = step(5, 590, 70)
    assert not clock(BACK, application=[own]).parts(elsewhere(100, 6), elsewhere(105, 7))
    assert clock(BACK, application=[own]).parts(elsewhere(100, 4), elsewhere(105, 7))


def test_a_late_record_has_no_known_place_among_those_of_other_logs():
    assert clock(LATE).parts(here(22, 60), elsewhere(60))
    assert not clock(LATE).parts(here(26, 601), elsewhere(601))


def test_nothing_is_known_of_what_has_no_time_or_no_zone():
    timeless = replace(here(10, 10), time=None)
    local = replace(here(10, 10), time=replace(at(10), local=True))
    assert clock().parts(timeless, here(11, 11))
    assert clock().parts(here(11, 11), local)
    assert not clock().parts(local, replace(local, sequence=11))


def test_nothing_is_known_behind_more_steps_than_are_listed():
    many = [step(10 * number, 600, 60) for number in range(1, MOST_CLOCK_STEPS + 1)]
    assert clock(*many).parts(here(10 * MOST_CLOCK_STEPS + 1, 1), here(10 * MOST_CLOCK_STEPS + 2, 2))
    assert not clock(*many).parts(here(11, 1), here(12, 2))
