"""Find missing records of a log, by record numbers and by the bytes between records."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers.logs.clocksteps import ClockSteps
from evtscan.parsers.logs.evt.layout import HALF, MODULUS, StoredLog, rise
from evtscan.parsers.logs.evt.records import FIXED_SIZE, MAGIC, SHORTEST_RECORD, Batch, ExtentReader

_EPOCH = Instant.from_unix(0).ticks


class GapPlace(Enum):
    """The position of a gap in a log."""

    BEFORE = "before the oldest record"
    BETWEEN = "between two records"
    BEHIND = "behind the newest record"
    CUT = "where the file was cut"
    NOWHERE = "only in the record numbers"


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes from an address on that are not a record, and the number of lost records there, by their record numbers."""

    place: GapPlace
    address: int
    size: int
    lost: int


class Continuity:
    """The record numbers and gaps of one log, updated while it is read.

    ``base``, a multiple of 2^32, is added to the record numbers, so that the logs of one file have different sequences.
    """

    def __init__(self, log: StoredLog, base: int = 0) -> None:
        self.log = log
        self.records = 0
        self.lost = 0
        self.holes = 0
        self.first_time: Instant | None = None
        self.last_time: Instant | None = None
        self.clock = ClockSteps(digits=0, unit=TICKS_PER_SECOND, epoch=_EPOCH)
        self._base = base
        self._first: int | None = None
        self._last: int | None = None
        self._end = 0

    def sequence(self, number: int) -> int:
        """Return the position of a record in record order: its number, unwrapped if numbers restarted at 2^32."""
        return self._base + number + (MODULUS if number < self._restart else 0)

    @property
    def _restart(self) -> int:
        """Return the limit below which a record number is considered to follow the wrap-around at 2^32."""
        return (self.log.reference or 0) - HALF

    @property
    def first_sequence(self) -> int | None:
        """The sequence of the oldest record."""
        return None if self._first is None else self.sequence(self._first)

    @property
    def last_sequence(self) -> int | None:
        """The sequence of the newest record."""
        return None if self._last is None else self.sequence(self._last)

    @property
    def dirty(self) -> bool:
        """Whether the log was in use when it was copied."""
        return bool(self.log.header and self.log.header.dirty)

    @property
    def wrapped(self) -> bool:
        """Whether older records were overwritten: the header states it, or the oldest record is not number 1."""
        return bool(self.log.header and self.log.header.wrapped) or (self._first or 0) > 1

    @property
    def cleared(self) -> bool:
        """Whether the log is empty but had records before."""
        state = self.log.end or self.log.header
        return state is not None and not self.records and state.start == state.end and state.current > 1

    def add(self, batch: Batch, reader: ExtentReader) -> list[Gap]:
        """Add the records of the next batch, and return the unexpected gaps before any of them."""
        rows = batch.rows
        if not rows.size:
            return []
        numbers = rows["number"]
        gaps = [] if self._goes_on(batch, numbers) else self._gaps(batch, numbers.astype(np.int64), reader)
        times = rows["time_generated"]
        if not self.records:
            self._first = int(numbers[0])
            self.first_time = Instant.from_unix(int(times[0]))
        written = rows["time_written"].astype(np.int64)  # what the clock read, also for what was noted earlier
        self.clock.add(written, lambda index: self.sequence(int(numbers[index])))
        self._last = int(numbers[-1])
        self.last_time = Instant.from_unix(int(times[-1]))
        self._end = batch.address + int(batch.starts[-1]) + int(rows["length"][-1])
        self.records += rows.size
        self.lost += sum(gap.lost for gap in gaps)
        return gaps

    def _goes_on(self, batch: Batch, numbers: NDArray[np.uint32]) -> bool:
        """Whether the records of a batch follow the previous ones and each other without gaps in bytes and numbers."""
        return (
            batch.unbroken
            and batch.address + int(batch.starts[0]) == self._end
            and rise(int(numbers[0]), self._number_before(int(numbers[0]))) == 1
            and bool((numbers[1:] - numbers[:-1] == 1).all())  # modulo 2^32
        )

    def _gaps(self, batch: Batch, numbers: NDArray[np.int64], reader: ExtentReader) -> list[Gap]:
        """Count the gaps in the record numbers, and return the gaps in the bytes that need a warning."""
        starts = batch.address + batch.starts
        ends = starts + batch.rows["length"]
        rises = (numbers - _shifted(numbers, self._number_before(int(numbers[0])))).astype(np.int32)  # modulo 2^32
        sizes = starts - _shifted(ends, self._end)
        self.holes += int(np.count_nonzero(rises[0 if self.records else 1 :] != 1))
        gaps = []
        for index in np.flatnonzero((sizes > 0) | (rises != 1)).tolist():
            first = not (index or self.records)
            gap = self._judge(reader, int(starts[index]), int(sizes[index]), int(rises[index]), first)
            if gap:
                gaps.append(gap)
        return gaps

    def close(self, reader: ExtentReader) -> list[Gap]:
        """Finish the log, and return the gap after the newest record, if there is one."""
        size = reader.length - self._end
        cut = self.log.end is None and (self.log.missing > 0 or reader.peek(self._end + 4, len(MAGIC)) == MAGIC)
        lost = self._lost_behind(size, cut)
        self.lost += lost
        if not lost and not (size and self.log.end):
            return []
        return [Gap(GapPlace.CUT if cut else GapPlace.BEHIND, self._end, size, lost)]

    def _lost_behind(self, size: int, cut: bool) -> int:
        begun = 1 if cut and size else 0
        newest = self.log.newest
        if newest is None:
            return begun
        rising = rise(newest + 1, self._number_before(newest + 1))
        room = size + self.log.missing if cut else size
        return max(_lost(rising, room) if rising > 1 and room else 0, begun)

    def _number_before(self, number: int) -> int:
        """Return the number of the newest record so far; before the first record, the number before the oldest one."""
        if self._last is not None:
            return self._last
        return (number if self.log.oldest is None else self.log.oldest) - 1

    def _judge(self, reader: ExtentReader, start: int, size: int, rising: int, first: bool) -> Gap | None:
        """Return the gap of ``size`` bytes before the record at ``start``, or None if it needs no warning."""
        seam = reader.joins(start - size, start)
        missing_here = seam or (first and (self.log.end is None or not size))
        if missing_here and self.log.missing and rising > 1:
            return Gap(GapPlace.CUT, start - size, size, _lost(rising, size + self.log.missing))
        if seam and size < FIXED_SIZE and rising == 1:
            return None  # the fixed part of a record is never split: the rest of the ring stays unused
        if not size:
            return None if first else Gap(GapPlace.NOWHERE, start, 0, 0)
        return Gap(GapPlace.BEFORE if first else GapPlace.BETWEEN, start - size, size, _lost(rising, size))


def _shifted(numbers: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    return np.concatenate((np.array([first], np.int64), numbers[:-1]))


def _lost(rising: int, room: int) -> int:
    """Return the number of records lost by their numbers, limited to the number that the bytes can have contained."""
    if rising > 1:
        return min(rising - 1, max(1, room // SHORTEST_RECORD))
    return 1 if rising < 1 and room >= SHORTEST_RECORD else 0
