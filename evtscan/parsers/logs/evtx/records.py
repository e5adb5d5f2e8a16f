"""Find and verify the records of a segment: all regular chunks at once, each damaged chunk separately.

A chunk is regular if its records are contiguous from its header to its free-space offset, and if each record has the
magic number, the repeated size, and the next record identifier. All regular chunks of a segment are processed together,
from one record to the next. Any other chunk is processed separately.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.parsers.logs.evtx.file import (
    CHUNK_MAGIC,
    CHUNK_SIZE,
    FIRST_RECORD,
    RECORD_MAGIC,
    Offsets,
    Segment,
    header_intact,
)

HEADER_SIZE = 24
_SMALLEST = HEADER_SIZE + 4  # a record without content
_MOST_RECORDS = CHUNK_SIZE // _SMALLEST
_CHUNK_MAGIC = int.from_bytes(CHUNK_MAGIC, "little")
_MAGIC = int.from_bytes(RECORD_MAGIC, "little")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a segment, as columns in record order.

    ``start`` and ``end`` are positions in the segment (``end`` is the position of the repeated size at the record's
    end). ``number`` and ``ticks`` come from the record headers. ``recovered`` marks records from slack space, which are
    not part of the log. ``front`` is the beginning of the records' BinXML.
    """

    start: Offsets
    end: Offsets
    number: NDArray[np.uint64]
    ticks: NDArray[np.uint64]
    recovered: NDArray[np.bool_]
    front: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.start)


def find_records(
    segment: Segment, source: str, *, checksums: bool = True, recover: bool = False
) -> tuple[Records, list[ExtractionWarning]]:
    """Return all records of a segment, and a warning for each part that cannot be read.

    ``checksums`` is False if a flag in the file's header says that the file has no checksums. ``recover`` adds records
    after the free-space offsets and between the records.
    """
    warnings: list[ExtractionWarning] = []
    spans = _regular(segment)
    odd = np.flatnonzero(~spans.whole)
    healthy = segment.headers_intact() if checksums else np.ones(segment.slots, np.bool_)
    warnings += [
        _warning(source, segment, slot, 0, "bad_chunk", "the chunk header fails its checksum")
        for slot in np.flatnonzero(spans.whole & ~healthy).tolist()
    ]
    start, size, heads = spans.start, spans.size, spans.heads
    slack: list[tuple[int, int]] = []
    if len(odd) or recover:
        kept = spans.whole[start // CHUNK_SIZE]
        found = list(zip(start[kept].tolist(), size[kept].tolist(), strict=True))
        for slot in odd[~segment.orphan[odd]].tolist():
            walk = _Walk(segment, slot, source, trusted=bool(healthy[slot]))
            found += walk.records
            warnings += walk.warnings
        if recover:
            slack = _slack(segment, found)
        start, size, recovered = _in_order(found, slack)
        heads = segment.heads(start)
    else:
        recovered = np.zeros(len(start), np.bool_)
    front = heads["front"]
    records = Records(start, start + size - 4, heads["number"], heads["ticks"], recovered, front)
    return records, warnings


@dataclass(frozen=True, slots=True)
class _Spans:
    """The records in regular chunks (and some in others); ``whole`` marks the regular chunks."""

    start: Offsets
    size: Offsets
    heads: NDArray[np.void]
    whole: NDArray[np.bool_]


def _regular(segment: Segment) -> _Spans:
    """Find the records of all chunks at once, from each record to the next by its size, then verify all of them."""
    u32, u64 = segment.u32, segment.u64
    base = np.arange(segment.slots, dtype=np.int64) * CHUNK_SIZE
    free = u32[base + 48].astype(np.int64)
    whole = (u64[base] == _CHUNK_MAGIC) & (free <= segment.present) & (free >= FIRST_RECORD) & ~segment.orphan
    start = _stepped(segment, (base + FIRST_RECORD)[whole], (base + free)[whole])
    heads = segment.heads(start)
    if not len(start):
        return _Spans(start, start, heads, whole)
    size: Offsets = heads["size"].astype(np.int64)
    number, end, chunk = heads["number"], start + size, start // CHUNK_SIZE
    last = np.append(np.flatnonzero(chunk[1:] != chunk[:-1]), len(start) - 1)
    due, closing = np.append(start[1:], 0), np.append(heads["before"][1:], np.uint32(0))
    following = np.append(number[1:] - np.uint64(1), np.uint64(0))
    due[last] = (base + free)[chunk[last]]
    closing[last] = u32[due[last] - 4]
    following[last] = u64[base[chunk[last]] + 32]  # what the header says of its last record
    good = (heads["magic"] == _MAGIC) & (size >= _SMALLEST) & (end == due) & (number == following) & (closing == size)
    whole[chunk[~good]] = False
    return _Spans(start, size, heads, whole)


def _stepped(segment: Segment, position: Offsets, stop: Offsets) -> Offsets:
    """Return the positions of the records in order, assuming that every size is correct; sizes are verified later."""
    u32 = segment.u32
    steps = [position[:0]]
    more = position < stop
    position, stop = position[more], stop[more]
    while len(position) and len(steps) < _MOST_RECORDS:
        steps.append(position)
        position = position + u32[position + 4]
        more = position < stop
        if not more.all():
            position, stop = position[more], stop[more]
    return np.sort(np.concatenate(steps))


class _Walk:
    """Reads one irregular chunk, record by record.

    After damage the walk continues at the next position that looks like a complete record: it has the magic number, a
    valid size that is repeated at its end, and a higher identifier. If a record's size field is wrong, the record ends
    at that position.

    If the chunk's header is intact, a record after damage whose identifier is outside the header's range was written
    for another chunk (a copy of a disk in use mixes pages). Such records are skipped, since their templates are in the
    other chunk; only recovery can return them. While each record directly follows the previous one, Windows does not
    check the identifiers, and neither does this walk.
    """

    def __init__(self, segment: Segment, slot: int, source: str, *, trusted: bool) -> None:
        self.records: list[tuple[int, int]] = []
        self.warnings: list[ExtractionWarning] = []
        self._segment, self._slot, self._source = segment, slot, source
        self._data = bytes(segment.chunk(slot))
        self._present = int(segment.present[slot])
        self._last: int | None = None
        free = int.from_bytes(self._data[48:52], "little")
        named = int.from_bytes(self._data[32:40], "little")
        self._announced = named if trusted else None
        self._range = (int.from_bytes(self._data[24:32], "little"), named) if header_intact(self._data) else None
        self._is_damaged = False
        self._own: int | None = 0  # see _next_own
        self._foreign: list[int] = []  # the numbers in a stretch of such records
        self._foreign_start = self._foreign_end = 0
        if not trusted:
            self._warn(
                0, "bad_chunk", "the chunk header is damaged: its records are read as far as they follow each other"
            )
        elif not FIRST_RECORD <= free <= CHUNK_SIZE:
            self._warn(48, "bad_chunk", f"the chunk's free-space offset {free} is impossible: it is not used")
        limit = free if FIRST_RECORD <= free <= CHUNK_SIZE else CHUNK_SIZE
        self._walk(min(limit, self._present), known=limit == free)

    def _walk(self, limit: int, *, known: bool) -> None:
        """Read records up to ``limit``, and after it as long as the next record follows without a gap."""
        position = FIRST_RECORD
        while position + _SMALLEST <= limit:
            if size := self._passed_by(position):
                position += size
                continue
            size = self._sound(position, limit)
            if size == 0 and self._follows(position):
                size = self._sound(position, self._present)  # the free-space offset is older than the record
            if size == 0:
                if not known and not self._data.startswith(RECORD_MAGIC, position) and self._has_begun(position, limit):
                    break  # nobody says that there is more
                position = self._skip(position, limit)
                continue
            if not known and self._last is not None and self._number(position) != self._last + 1:
                return  # older records: slack
            position = self._take(position, size)
        while (size := self._sound(position, self._present)) and self._follows(position):
            position = self._take(position, size)
        self._report_foreign()
        self._count_lost(position)

    def _has_begun(self, position: int, limit: int) -> bool:
        """Whether the search for the first record is over: a record was read, or no record follows the position."""
        return self._last is not None or self._next_sound(position, limit, newer=False) is None

    def _passed_by(self, position: int) -> int:
        """Return the size of the record at a position if it belongs to another chunk, else 0."""
        size = self._sound(position, self._present) if self._is_damaged else 0
        if not size or self._in_range(position):
            return 0
        if position != self._foreign_end:
            self._report_foreign()
            self._foreign_start = position
        self._foreign.append(self._number(position))
        self._foreign_end = position + size
        return size

    def _in_range(self, position: int) -> bool:
        """Whether a record's identifier is in the range of the chunk's header; True if the header cannot be trusted."""
        return self._range is None or self._range[0] <= self._number(position) <= self._range[1]

    def _report_foreign(self) -> None:
        if self._foreign:
            count, first, last = len(self._foreign), min(self._foreign), max(self._foreign)
            message = f"{count} records of another chunk ({first} to {last}) stand here: --recover reads them"
            self._warn(self._foreign_start, "foreign_records", message)
        self._foreign = []

    def _follows(self, position: int) -> bool:
        """Whether a record after the header's free-space offset belongs to the log."""
        number = self._number(position)
        if self._announced is None:
            return self._last is None or number == self._last + 1
        return number <= self._announced and (self._last is None or number == self._last + 1)

    def _take(self, position: int, size: int) -> int:
        self.records.append((self._slot * CHUNK_SIZE + position, size))
        self._last = self._number(position)
        return position + size

    def _number(self, position: int) -> int:
        return int.from_bytes(self._data[position + 8 : position + 16], "little")

    def _sound(self, position: int, limit: int) -> int:
        """Return the size of the record at a position, or 0 if there is no complete record."""
        if position + _SMALLEST > limit or not self._data.startswith(RECORD_MAGIC, position):
            return 0
        size = int.from_bytes(self._data[position + 4 : position + 8], "little")
        if not _SMALLEST <= size <= limit - position:
            return 0
        end = position + size
        return size if self._data[end - 4 : end] == self._data[position + 4 : position + 8] else 0

    def _skip(self, position: int, limit: int) -> int:
        """Skip the damage at a position; if only the size of a record there is wrong, keep the record."""
        self._report_foreign()
        self._is_damaged = True
        following = self._next_sound(position + 4, limit, newer=True)
        plausible = self._in_range(position) and (self._last is None or self._number(position) == self._last + 1)
        if plausible and self._data.startswith(RECORD_MAGIC, position):
            end = self._next_sound(position + 4, limit, newer=False) or limit
            if end - position >= _SMALLEST:
                message = "the record's size is wrong: it is read up to where another one begins"
                self._warn(position, "bad_record", message)
                self._take(position, end - position)
                return end if following is None else following
        lost = 1
        own = self._next_own(position, limit)
        if own is not None and self._last is not None:
            lost = max(1, self._number(own) - self._last - 1)
        elif self._announced is not None and self._last is not None:
            lost = max(1, min(self._announced - self._last, (limit - position) // _SMALLEST))
        end = limit if following is None else following
        self._warn(position, "bad_record", f"{end - position} bytes where a record should be cannot be read", lost)
        if own is None:
            self._announced = None  # counted
        return end

    def _next_sound(self, position: int, limit: int, *, newer: bool) -> int | None:
        at = self._data.find(RECORD_MAGIC, position, limit)
        while at >= 0:
            if self._sound(at, limit) and (not newer or self._is_newer(at)):
                return at
            at = self._data.find(RECORD_MAGIC, at + 1, limit)
        return None

    def _next_own(self, position: int, limit: int) -> int | None:
        """Return the position of the next record that belongs to this chunk, or None; the result is cached."""
        if self._own is not None and self._own <= position:
            self._own = self._next_sound(position + 4, limit, newer=True)
            while self._own is not None and not self._in_range(self._own):
                self._own = self._next_sound(self._own + 4, limit, newer=True)
        return self._own

    def _is_newer(self, position: int) -> bool:
        """Whether a record can follow the last record that was read, which may have belonged to another chunk."""
        if self._last is None:
            return True
        if self._range is not None and not self._range[0] <= self._last <= self._range[1]:
            return self._in_range(position)
        return self._number(position) > self._last

    def _count_lost(self, position: int) -> None:
        """Count the records that the header announces and that are missing because the file ends inside the chunk."""
        if self._announced is None or self._last is None or self._announced <= self._last:
            return
        lost = min(self._announced - self._last, CHUNK_SIZE // _SMALLEST)
        self._warn(position, "bad_record", f"the chunk announces {lost} more records than can be found", lost)

    def _warn(self, within: int, kind: str, message: str, lost: int = 0) -> None:
        self.warnings.append(_warning(self._source, self._segment, self._slot, within, kind, message, lost))


def _warning(
    source: str, segment: Segment, slot: int, within: int, kind: str, message: str, lost: int = 0
) -> ExtractionWarning:
    offset = int(segment.offsets[slot]) + within
    location = Location(source=source, offset=offset)
    return ExtractionWarning(location=location, kind=kind, message=message, records_lost=lost)


def _slack(segment: Segment, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return all possible records between and after the known records: they begin like a record and may fit there."""
    spans: list[tuple[int, int]] = []
    borders = [slot * CHUNK_SIZE + FIRST_RECORD for slot in range(segment.slots)]
    known = sorted(found + [(border, 0) for border in borders])
    for (start, size), (following, _) in zip(known, [*known[1:], (segment.slots * CHUNK_SIZE, 0)], strict=True):
        if start + size < following:
            spans += _record_like(segment, start + size, min(following, _chunk_end(start)))
    return spans


def _chunk_end(position: int) -> int:
    return (position // CHUNK_SIZE + 1) * CHUNK_SIZE


def _record_like(segment: Segment, start: int, end: int) -> Iterator[tuple[int, int]]:
    data = bytes(segment.view[start:end])
    room = _chunk_end(start) - start
    at = data.find(RECORD_MAGIC)
    while at >= 0:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        step = 4
        if _SMALLEST <= size <= room - at:
            yield start + at, size
            step = size if data[at + size - 4 : at + size] == data[at + 4 : at + 8] else step
        at = data.find(RECORD_MAGIC, at + step)


def _in_order(found: list[tuple[int, int]], slack: list[tuple[int, int]]) -> tuple[Offsets, Offsets, NDArray[np.bool_]]:
    rows = sorted([(start, size, False) for start, size in found] + [(start, size, True) for start, size in slack])
    start = np.array([row[0] for row in rows], np.int64)
    size = np.array([row[1] for row in rows], np.int64)
    return start, size, np.array([row[2] for row in rows], np.bool_)
