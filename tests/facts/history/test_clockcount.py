"""Steps of the clock that a host had, whichever of its logs show them."""

import pytest
from host_builder import at, local, log

from evtscan.base.model.log import ClockStep
from evtscan.facts.history.clockcount import count_steps


def one_log(*steps, time=at, name="System.evt", **more):
    """A log with these steps, each as (minute before, minute after)."""
    found = [
        ClockStep(sequence=number, before=time(before), after=time(after))
        for number, (before, after) in enumerate(steps, start=1)
    ]
    return log(source=name, clock_steps=tuple(found), last=90, **more)


SYSTEM = one_log((1000, 400), (5000, 4000))
CASES = {
    "no log": ([], 0),
    "no step": ([one_log()], 0),
    "one log": ([SYSTEM], 2),
    "a copy of it": ([SYSTEM, SYSTEM], 2),
    "another log, with other records around": ([SYSTEM, one_log((900, 450), (4990, 4200))], 2),
    "another log with a step of its own": ([SYSTEM, one_log((900, 450), (9000, 8000))], 3),
    "to and fro": ([one_log((1000, 400), (800, 500)), one_log((1000, 500))], 2),
    "forwards": ([one_log((400, 1000)), one_log((1000, 5000))], 1),
    "just before": ([one_log((1000, 400)), one_log((399, 100))], 2),
    "a text export of it in an unknown zone": ([SYSTEM, one_log((1060, 460), (5060, 4060), time=local)], 2),
}


@pytest.mark.parametrize(("logs", "expected"), CASES.values(), ids=CASES)
def test_each_step_counts_once(logs, expected):
    assert count_steps(logs) == expected
    assert count_steps(logs[::-1]) == expected
