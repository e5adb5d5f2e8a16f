"""Steps of the clock in all logs of a host → how many there were, each once although several logs show it."""

from collections import Counter
from collections.abc import Iterable

from evtscan.base.model.log import ClockStep, Log

Reading = tuple[int, int, int]
"""The lowest and the highest time, in ticks, that the clock showed around a step, and the log that shows it."""


def count_steps(logs: Iterable[Log]) -> int:
    """Return the number of clock steps that the logs of a host show.

    Each log brackets a step by its own records, so the readings of one step overlap in all logs that show it. Among
    steps with overlapping readings, the log with the most steps gives the number, because a log never shows one step
    twice.
    """
    readings = sorted(
        _reading(step, number)
        for number, log in enumerate(logs)
        for step in log.summary.clock_steps
        if not log.forwarded
    )
    total, until = 0, -1
    shown: Counter[int] = Counter()
    for low, high, log in readings:
        if low > until:
            total += max(shown.values(), default=0)
            shown.clear()
        shown[log] += 1
        until = max(until, high)
    return total + max(shown.values(), default=0)


def _reading(step: ClockStep, log: int) -> Reading:
    times = (step.before, step.after)
    return min(time.earliest for time in times), max(time.latest for time in times), log
