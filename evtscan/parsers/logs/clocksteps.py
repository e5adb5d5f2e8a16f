"""Times of a log in record order → the clock steps that these times prove.

A backward change from one record to the next is always a clock step. A forward step looks like a period without events;
it is detected only from an event (``evtscan.evidence.timechanges``), or if it reverses a backward step.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.log import MOST_CLOCK_STEPS, STEP_TICKS, ClockStep
from evtscan.base.wintypes import Instant


class ClockSteps:
    """Finds the clock steps of one log, in batches of records, without Python code per record.

    A backward step is reversed if, within five minutes of clock time, a forward change brings the clock to within five
    minutes of its time before the step: Windows writes events from a shutdown or the time before sleep only after it
    has started again. ``digits`` is the number of fractional digits of the times, which count in units of ``unit``
    ticks from ``epoch``.
    """

    def __init__(self, digits: int = 7, *, unit: int = 1, epoch: int = 0) -> None:
        self._digits, self._unit, self._epoch = digits, unit, epoch
        self._limit = STEP_TICKS // unit
        self._steps: list[ClockStep] = []
        self._may_return = False
        self._time: int | None = None

    @property
    def found(self) -> tuple[ClockStep, ...]:
        """The steps so far, in record order, at most ``MOST_CLOCK_STEPS``."""
        return tuple(self._steps)

    def add(self, times: NDArray[np.int64], sequence_of: Callable[[int], int]) -> None:
        """Process the times of the next records, in record order; ``sequence_of`` maps an index to a sequence."""
        if not len(times) or (len(self._steps) == MOST_CLOCK_STEPS and not self._may_return):
            return
        moved = np.empty_like(times)
        np.subtract(times[:1], times[0] if self._time is None else self._time, out=moved[:1])
        np.subtract(times[1:], times[:-1], out=moved[1:])
        if self._may_return or moved.min() < -self._limit:
            jumps = np.flatnonzero((moved < -self._limit) | (moved > self._limit))
            fell = moved[jumps] < 0
            after_a_fall = np.append(self._may_return, fell[:-1])[: len(fell)]
            for index in jumps[fell | after_a_fall].tolist():  # any other rise is but a silence
                after = int(times[index])
                self._take(sequence_of(index), self._ticks(after - int(moved[index])), self._ticks(after))
        self._time = int(times[-1])

    def _ticks(self, time: int) -> int:
        return self._epoch + time * self._unit

    def _take(self, sequence: int, before: int, after: int) -> None:
        """Process a jump of the clock in either direction."""
        last = self._steps[-1] if self._steps else None
        if (
            last is not None
            and self._may_return
            and abs(after - last.before.ticks) <= STEP_TICKS
            and abs(before - last.after.ticks) <= STEP_TICKS
        ):
            self._steps[-1] = replace(last, until=sequence)
        self._may_return = False
        if after < before and len(self._steps) < MOST_CLOCK_STEPS:
            self._steps.append(
                ClockStep(sequence=sequence, before=Instant(before, self._digits), after=Instant(after, self._digits))
            )
            self._may_return = True
