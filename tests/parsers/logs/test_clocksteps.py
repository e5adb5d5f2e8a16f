"""Steps of the clock that the times of records show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.model.log import MOST_CLOCK_STEPS, ClockStep
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.evidence.timechanges import STEP_TICKS
from evtscan.parsers.logs.clocksteps import ClockSteps

MINUTE = 60 * TICKS_PER_SECOND
BASE = 10**17


def steps_in(minutes, batch=None, first=1):
    """Steps of a log whose records bear these times; each as (sequence, minute before, minute after, until)."""
    finder = ClockSteps()
    size = batch or max(len(minutes), 1)
    for start in range(0, len(minutes), size):
        part = minutes[start : start + size]
        ticks = np.array([BASE + round(minute * MINUTE) for minute in part], np.int64)
        finder.add(ticks, lambda index, start=start: first + start + index)
    return [
        (step.sequence, (step.before.ticks - BASE) / MINUTE, (step.after.ticks - BASE) / MINUTE, step.until)
        for step in finder.found
    ]


CASES = {
    "none": ([0, 1, 2, 2, 50], []),
    "five minutes back are none": ([10, 5], []),
    "more than five are one": ([10, 4.9], [(2, 10, 4.9, None)]),
    "forwards it looks like silence": ([0, 600, 601], []),
    "logged late": ([100, 20, 21, 101], [(2, 100, 20, 4)]),
    "logged late, with the older ones five minutes around": ([100, 20, 25, 105], [(2, 100, 20, 4)]),
    "back for longer than five minutes": ([100, 20, 22, 24, 26, 101], [(2, 100, 20, None)]),
    "on again, but to another time": ([100, 20, 21, 106], [(2, 100, 20, None)]),
    "late, and then back for good": ([100, 20, 101, 21], [(2, 100, 20, 3), (4, 101, 21, None)]),
    "back twice": ([100, 50, 20], [(2, 100, 50, None), (3, 50, 20, None)]),
    "back twice, then on": ([100, 50, 20, 50], [(2, 100, 50, None), (3, 50, 20, 4)]),
}


@pytest.mark.parametrize("batch", [None, 1, 2, 3])
@pytest.mark.parametrize(("minutes", "expected"), CASES.values(), ids=CASES)
def test_steps_whatever_the_batches(minutes, expected, batch):
    assert steps_in(minutes, batch) == expected


def test_sequences_are_those_of_the_records():
    assert steps_in([100, 20], first=5000) == [(5001, 100, 20, None)]


def test_nothing_at_all():
    finder = ClockSteps()
    finder.add(np.array([], np.int64), int)
    assert finder.found == ()


def test_the_list_is_bounded():
    assert len(steps_in([0, -10] * 20, 7)) == 20
    assert len(steps_in(list(range(0, -10 * (MOST_CLOCK_STEPS + 50), -10)))) == MOST_CLOCK_STEPS


def test_times_that_no_clock_shows_do_no_harm():
    finder = ClockSteps()
    ticks = np.array([0, 2**64 - 1, 1, 2**63, 5], np.uint64).view(np.int64)
    finder.add(ticks, int)
    assert all(isinstance(step, ClockStep) for step in finder.found)


@settings(deadline=None, max_examples=200)
@given(minutes=st.lists(st.integers(0, 40), min_size=1, max_size=30), batch=st.integers(1, 8))
def test_falls_are_found_one_by_one(minutes, batch):
    falls = [
        (place + 1, minutes[place - 1], minutes[place])
        for place in range(1, len(minutes))
        if (minutes[place - 1] - minutes[place]) * MINUTE > STEP_TICKS
    ]
    found = steps_in(minutes, batch)
    assert [step[:3] for step in found] == falls
    for sequence, before, after, until in found:
        if until is not None:
            inside = minutes[sequence - 1 : until - 1]
            assert abs(minutes[until - 1] - before) <= 5
            assert abs(inside[-1] - after) <= 5
            assert max(np.abs(np.diff(inside)), default=0) <= 5
