"""Times of the records of one export, in any file order → the clock steps that they prove.

A file with its oldest record first is processed while it is read. For any other file, sequence and time of each record
are stored, 16 bytes per record, and sorted at the end.

Two kinds of changes are never reported as a step: changes between the records of several logs in one file, each in its
own order; and the autumn change by one hour of local times.
"""

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.log import ClockStep
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers.logs.clocksteps import ClockSteps

MOST_HELD = 4_000_000
"""Maximum number of stored records of a file that is not in order; steps in later records are not found."""

_BATCH = 4096
_HOUR = 3600 * TICKS_PER_SECOND
_LIMIT = 1 << 62
"""Greater than every valid sequence and time; greater values are damaged, and may not fit into 64 bits."""


class ExportClock:
    """Finds the clock steps of one export."""

    def __init__(self) -> None:
        self._series: object = None
        self._first: Instant | None = None
        self._is_one_log = True
        self._sequences: list[int] = []
        self._ticks: list[int] = []
        self._rises: bool | None = None
        self._last = -1
        self._steps = ClockSteps()
        self._held: list[NDArray[np.int64]] = []
        self._count = 0

    def add(self, series: object, sequence: int, time: Instant) -> None:
        """Add the next record of the file; ``series`` identifies its log."""
        if self._first is None:
            self._series, self._first = series, time
            self._steps = ClockSteps(time.digits)
        if series != self._series or time.local is not self._first.local:
            self._is_one_log = False
        elif 0 <= sequence < _LIMIT and 0 <= time.ticks < _LIMIT:
            self._sequences.append(sequence)
            self._ticks.append(time.ticks)
            if len(self._ticks) == _BATCH:
                self._flush()

    def found(self, *, on_a_wall: bool) -> tuple[ClockStep, ...]:
        """Return the steps of all added records, in record order; ``on_a_wall``: the times were local times."""
        if self._first is None or not self._is_one_log:
            return ()
        self._flush()
        steps = self._steps.found if self._rises else self._of_held(self._first.digits)
        local = self._first.local
        return tuple(_as_printed(step, local) for step in steps if not on_a_wall or _amount(step) > _HOUR)

    def _flush(self) -> None:
        """Process the buffered records, and clear the buffer."""
        if not self._ticks or not self._is_one_log:
            self._sequences, self._ticks = [], []
            return
        records = np.array((self._sequences, self._ticks), np.int64)
        self._sequences, self._ticks = [], []
        if self._rises is None:
            self._rises = bool((np.diff(records[0]) > 0).all())
        if self._rises:
            highest = np.maximum.accumulate(np.concatenate(([self._last], records[0])))
            records = records[:, records[0] > highest[:-1]]
            self._last = int(highest[-1])
            self._steps.add(records[1], lambda index: int(records[0, index]))
        elif self._count < MOST_HELD:
            self._held.append(records)
            self._count += records.shape[1]

    def _of_held(self, digits: int) -> tuple[ClockStep, ...]:
        if not self._held:
            return ()
        records = np.concatenate(self._held, axis=1)
        sequences, places = np.unique(records[0], return_index=True)
        steps = ClockSteps(digits)
        steps.add(records[1][places], lambda index: int(sequences[index]))
        return steps.found


def _amount(step: ClockStep) -> int:
    return abs(step.after.ticks - step.before.ticks)


def _as_printed(step: ClockStep, local: bool) -> ClockStep:
    if not local:
        return step
    before, after = (Instant(time.ticks, time.digits, local=True) for time in (step.before, step.after))
    return ClockStep(sequence=step.sequence, before=before, after=after, until=step.until)
