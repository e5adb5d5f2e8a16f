"""Steps of the clock in the logs of a host → whether the time between two of its records is known.

Tests of a window of time ask this before they compare two times.
"""

from collections.abc import Sequence

from evtscan.facts.logs import LogIndex
from evtscan.model import MOST_CLOCK_STEPS, ClockStep, Event, Log


class SteppedClock:
    """The clock of one host, as all of its logs show it."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._index = LogIndex(logs)
        self._steps = [log.summary.clock_steps for log in logs]

    def parts(self, one: Event, other: Event) -> bool:
        """Whether two events lie, or may lie, on two sides of a step, so that the time between them is not known.

        In one log record order decides. Of a step that another log shows, only the times tell: those between the two
        readings of the clock may be of either side.
        """
        if one.time is None or other.time is None or one.time.local != other.time.local:
            return True
        log, of_other = self._index.of(one), self._index.of(other)
        own: Sequence[ClockStep] = ()
        if log is not None and log == of_other:
            own = self._steps[log]
            if _part(own, one.sequence, other.sequence):
                return True
        elif self._is_late(log, one) or self._is_late(of_other, other):
            return True
        begin, end = sorted((one.time.ticks, other.time.ticks))
        elsewhere = (step for steps in self._steps if steps is not own for step in steps if step.until is None)
        return any(_spans(step, begin, end) and not _seen(step, own) for step in elsewhere)

    def _is_late(self, log: int | None, event: Event) -> bool:
        """Whether an event was logged out of the order of time."""
        return log is not None and any(
            step.until is not None and step.holds(event.sequence) for step in self._steps[log]
        )


def _part(steps: Sequence[ClockStep], one: int, other: int) -> bool:
    """Whether a step lies between two records of the log that shows it; of one that has too many, nobody knows."""
    if len(steps) >= MOST_CLOCK_STEPS and max(one, other) > steps[-1].sequence:
        return True
    return any(step.holds(one) != step.holds(other) for step in steps)


def _spans(step: ClockStep, begin: int, end: int) -> bool:
    low, high = sorted((step.before.ticks, step.after.ticks))
    return begin < high and end > low


def _seen(step: ClockStep, own: Sequence[ClockStep]) -> bool:
    """Whether a log shows by itself a step that another one shows."""
    low, high = sorted((step.before.ticks, step.after.ticks))
    return any(_spans(mine, low, high) for mine in own if mine.until is None)
