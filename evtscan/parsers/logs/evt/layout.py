"""Find the logs in a ``.evt`` file: the position of each log's ring, and the order in which its bytes must be read.

::

    header   48 bytes, 12 dwords: 0x30, "LfLe", 1, 1, StartOffset (oldest record), EndOffset (EOF record),
             CurrentRecordNumber (next to be written), OldestRecordNumber (0 if empty), MaxSize, Flags, Retention, 0x30
    ring     the rest of the file: records, the EOF record, then remains of deleted records
    EOF      40 bytes, 10 dwords: 0x28, 0x11111111, 0x22222222, 0x33333333, 0x44444444, StartOffset, EndOffset,
             CurrentRecordNumber, OldestRecordNumber, 0x28

A record, or the EOF record, that reaches the end of the file continues after the header. While the event log service
runs, the header is stale and its dirty flag is set. The EOF record is written with every event, so it takes precedence.
MaxSize is the configured size at some time, and often differs from the size of the file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from evtscan.parsers.logs.evt.records import MAGIC, Extent, ExtentReader, find_records

HEADER_SIZE = 48
END_SIZE = 40
MOST_LOGS = 1000
"""Logs in one file beyond which nobody has put them there on purpose."""

_HEADER = struct.Struct("<I4s10I")
_END = struct.Struct("<10I")
_HEAD = struct.Struct("<I4s3I")  # of a record: length, magic, number, time generated, time written
_HEADER_MARK = struct.pack("<I4s2I", HEADER_SIZE, MAGIC, 1, 1)
_END_MARKS = (0x11111111, 0x22222222, 0x33333333, 0x44444444)
_END_MARK = struct.pack("<4I", *_END_MARKS)
_DIRTY, _WRAPPED = 1, 2
_BLOCK_SIZE = 4 << 20
_MOST_CANDIDATES = 16
_MOST_RUNS = 4096
MODULUS = 1 << 32
"""Record numbers count modulo this."""

HALF = MODULUS // 2


def rise(number: int, previous: int) -> int:
    """Return the difference of a record number to the previous one, modulo 2^32: -2^31 … 2^31 - 1, usually 1."""
    return (number - previous + HALF) % MODULUS - HALF


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of a log; offsets count from the beginning of the header."""

    start: int
    end: int
    current: int
    oldest: int
    max_size: int
    flags: int

    @property
    def dirty(self) -> bool:
        """Whether the log was in use, so that the header's offsets and numbers may be old."""
        return bool(self.flags & _DIRTY)

    @property
    def wrapped(self) -> bool:
        """Whether records have been overwritten."""
        return bool(self.flags & _WRAPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecord:
    """The EOF record: offset of the oldest record and of itself, the next number and the oldest."""

    start: int
    end: int
    current: int
    oldest: int

    @property
    def empty(self) -> bool:
        """Whether the log has no record."""
        return self.start == self.end


@dataclass(frozen=True, slots=True)
class Ring:
    """The part of a file from ``first`` to ``limit`` (exclusive), which continues at ``first`` after its end."""

    first: int
    limit: int

    def extents(self, start: int, length: int) -> tuple[Extent, ...]:
        """Return the extents of the file with ``length`` bytes from ``start`` on; at most the whole ring once."""
        if start >= self.limit:
            start = self.first
        length = max(min(length, self.limit - self.first), 0)
        straight = min(length, self.limit - start)
        pieces = (Extent(start, start + straight), Extent(self.first, self.first + length - straight))
        return tuple(piece for piece in pieces if piece.start < piece.end)

    def distance(self, start: int, end: int) -> int:
        """Return the number of bytes from ``start`` to ``end``, in the direction of the ring."""
        return (end - start) % (self.limit - self.first)

    def read(self, stream: BinaryIO, start: int, length: int) -> bytes:
        """Read ``length`` bytes from ``start`` on; empty if ``start`` is outside of the ring."""
        if not self.first <= start <= self.limit:
            return b""
        return b"".join(_read(stream, each.start, each.end - each.start) for each in self.extents(start, length))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """One log of a file.

    ``extents`` contain its records in record order, ``slack`` contains the rest of the ring after the EOF record.
    ``reference`` is the number of the oldest record, None if unknown. ``oldest`` and ``newest`` are the numbers of the
    first and the last expected record, if known. ``missing`` is the number of bytes of the log that are, or may be,
    beyond the end of the file.
    """

    offset: int
    header: Header | None
    end: EndRecord | None
    extents: tuple[Extent, ...]
    slack: tuple[Extent, ...] = ()
    reference: int | None
    oldest: int | None = None
    newest: int | None = None
    missing: int = 0


def find_logs(stream: BinaryIO, size: int) -> list[StoredLog]:
    """Find the logs of a file of ``size`` bytes: usually one, several if files were appended to each other.

    If a header is clean and agrees with its EOF record, it is used; otherwise the file is searched.
    """
    logs: list[StoredLog] = []
    offset = 0
    while offset < size and len(logs) < MOST_LOGS:
        header = _parse_header(_read(stream, offset, HEADER_SIZE))
        bound = _bound(stream, offset, header, size)
        logs.append(_stored_log(stream, offset, header, bound))
        offset = bound
    return logs


def _parse_header(raw: bytes) -> Header | None:
    """Parse a header, or return None if the bytes are not a header."""
    if len(raw) < HEADER_SIZE or not raw.startswith(_HEADER_MARK):
        return None
    _, _, _, _, start, end, current, oldest, max_size, flags, _, size = _HEADER.unpack(raw)
    if size != HEADER_SIZE:
        return None
    return Header(start=start, end=end, current=current, oldest=oldest, max_size=max_size, flags=flags)


def _parse_end(raw: bytes) -> EndRecord | None:
    if len(raw) < END_SIZE:
        return None
    head, one, two, three, four, start, end, current, oldest, tail = _END.unpack(raw)
    if head != END_SIZE or tail != END_SIZE or (one, two, three, four) != _END_MARKS:
        return None
    return EndRecord(start=start, end=end, current=current, oldest=oldest)


def _bound(stream: BinaryIO, offset: int, header: Header | None, size: int) -> int:
    """Return the beginning of the next log, or the size of the file.

    If the first header states exactly the size of the file, any other header in it is slack.
    """
    if header is None:
        return _next_header(stream, offset + len(MAGIC), size)
    if offset + header.max_size == size:
        return size
    behind = offset + HEADER_SIZE
    if header.start <= header.end and _clean_end(stream, Ring(behind, size), offset, header):
        behind = offset + header.end + END_SIZE
    return _next_header(stream, behind, size)


def _next_header(stream: BinaryIO, start: int, size: int) -> int:
    for offset in _find(stream, start, size, _HEADER_MARK):
        if _parse_header(_read(stream, offset, HEADER_SIZE)):
            return offset
    return size


def _clean_end(stream: BinaryIO, ring: Ring, offset: int, header: Header) -> EndRecord | None:
    """Return the EOF record that a clean header points to, if both agree, else None."""
    end = None if header.dirty else _parse_end(ring.read(stream, offset + header.end, END_SIZE))
    said = (header.start, header.end, header.current, header.oldest)
    return end if end and said == (end.start, end.end, end.current, end.oldest) and _fits(end, ring, offset) else None


def _fits(end: EndRecord, ring: Ring, offset: int) -> bool:
    return ring.first <= offset + end.start <= ring.limit and ring.first <= offset + end.end < ring.limit


def _stored_log(stream: BinaryIO, offset: int, header: Header | None, bound: int) -> StoredLog:
    ring = Ring(min(offset + HEADER_SIZE, bound), _limit(stream, offset, header, bound))
    missing = max(offset + max(header.max_size, header.end + END_SIZE) - ring.limit, 0) if header else 0
    end = _clean_end(stream, ring, offset, header) if header else None
    if end is None:
        end = _newest_end(stream, ring, offset)
    if end is None:
        return _carved(stream, offset, header, ring, missing)
    stop = offset + end.end
    start = stop if end.empty else _start(stream, ring, offset, header, end)
    length = ring.distance(start, stop)
    return StoredLog(
        offset=offset,
        header=header,
        end=end,
        extents=ring.extents(start, length),
        slack=ring.extents(*_behind(ring, stop, length)),
        reference=end.oldest or end.current,
        oldest=None if end.empty else end.oldest,
        newest=None if end.empty else (end.current - 1) % MODULUS,
        missing=missing,
    )


def _start(stream: BinaryIO, ring: Ring, offset: int, header: Header | None, end: EndRecord) -> int:
    """Return the position of the oldest record: from the EOF record or the header, else found by its record number.

    The slack, which is searched first, may contain copies of the record, so the last match is used. If no record has
    the number, the position in the EOF record is returned.
    """
    for told in (end.start, header.start if header else end.start):
        if _number_and_time(ring.read(stream, offset + told, _HEAD.size))[:1] == (end.oldest,):
            return offset + told
    reader = ExtentReader(stream, ring.extents(*_behind(ring, offset + end.end, 0)))
    found = None
    for batch in find_records(reader):
        for index in np.flatnonzero(batch.rows["number"] == end.oldest)[-1:].tolist():
            found = reader.offset_of(batch.address + int(batch.starts[index]))
    return offset + end.start if found is None else found


def _behind(ring: Ring, end: int, length: int) -> tuple[int, int]:
    """Return start and length of the bytes between the EOF record and the oldest record."""
    size = ring.limit - ring.first
    return ring.first + (end + END_SIZE - ring.first) % size, size - END_SIZE - length


def _limit(stream: BinaryIO, offset: int, header: Header | None, bound: int) -> int:
    """Return the end of the ring: ``bound``, or the size in the header if only padding follows it."""
    if header is None:
        return bound
    told = offset + header.max_size
    if not offset + max(header.start, header.end, HEADER_SIZE) < told < bound:
        return bound
    filling = all(next(_find(stream, told, bound, mark), None) is None for mark in (MAGIC, _END_MARK))
    return told if filling else bound


def _newest_end(stream: BinaryIO, ring: Ring, offset: int) -> EndRecord | None:
    """Return the newest EOF record of the ring, by number, that contains its own position and fits its neighbours.

    When a log is cleared, numbers restart at 1, and an earlier EOF record may survive. Therefore an EOF record among
    the records of the highest one is newer if the record before it was written later.
    """
    candidates: list[EndRecord] = []

    def freshness(end: EndRecord) -> int:
        return rise(end.current, candidates[0].current)

    for place in _end_places(stream, ring):
        end = _parse_end(ring.read(stream, place, END_SIZE))
        if end and offset + end.end == place and _fits(end, ring, offset):
            candidates.append(end)
            if len(candidates) > 2 * _MOST_CANDIDATES:
                candidates = sorted(candidates, key=freshness)[-_MOST_CANDIDATES:]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    before = {end: _record_before(stream, ring, offset, end) for end in candidates}
    supported = [end for end in candidates if before[end] or end.empty or _oldest_is_there(stream, ring, offset, end)]

    newest = max(supported or candidates, key=freshness)

    def written(end: EndRecord) -> int:
        _, time = before[end] or (0, 0)
        return time

    def among_its_records(end: EndRecord) -> bool:
        return ring.distance(newest.start, end.end) < ring.distance(newest.start, newest.end)

    later = [end for end in supported if among_its_records(end) and written(end) > written(newest)]
    return max(later, key=written, default=newest)


def _end_places(stream: BinaryIO, ring: Ring) -> Iterator[int]:
    """Yield the positions where EOF records seem to begin, also for one that is split by the end of the ring."""
    for mark in _find(stream, ring.first, ring.limit, _END_MARK):
        if mark - 4 >= ring.first:
            yield mark - 4
    around = min(END_SIZE, ring.limit - ring.first)
    seam = _read(stream, ring.limit - around, around) + _read(stream, ring.first, around)
    at = seam.find(_END_MARK)
    while at >= 0:
        if at - 4 < around < at - 4 + END_SIZE and at >= 4:
            yield ring.limit - around + at - 4
        at = seam.find(_END_MARK, at + 1)


def _oldest_is_there(stream: BinaryIO, ring: Ring, offset: int, end: EndRecord) -> bool:
    return _number_and_time(ring.read(stream, offset + end.start, _HEAD.size))[:1] == (end.oldest,)


def _record_before(stream: BinaryIO, ring: Ring, offset: int, end: EndRecord) -> tuple[int, int] | None:
    """Return number and time written of the record before an EOF record; None if its number is not the expected one."""
    tail = ring.read(stream, _back(ring, offset + end.end, 4), 4)
    length = int.from_bytes(tail, "little")
    if length >= ring.limit - ring.first:
        return None
    found = _number_and_time(ring.read(stream, _back(ring, offset + end.end, length), _HEAD.size))
    return found if found and found[0] == (end.current - 1) % MODULUS else None


def _back(ring: Ring, position: int, length: int) -> int:
    return ring.first + (position - length - ring.first) % (ring.limit - ring.first)


def _number_and_time(head: bytes) -> tuple[int, int] | tuple[()]:
    """Return number and time written of the record that begins with these bytes; an empty tuple if there is none."""
    if len(head) < _HEAD.size or head[4 : 4 + len(MAGIC)] != MAGIC:
        return ()
    _, _, number, _, written = _HEAD.unpack(head)
    return number, written


def _carved(stream: BinaryIO, offset: int, header: Header | None, ring: Ring, missing: int) -> StoredLog:
    """Build a log without a usable EOF record: all records that exist, in the order of their numbers."""
    region = Extent(ring.first if header else offset, ring.limit)
    starts, numbers = _runs(stream, region)
    turns = np.argsort(_unwrapped(numbers), kind="stable").tolist() if numbers else []
    bounds = [region.start, *starts[1:], region.end]
    extents = tuple(Extent(bounds[turn], bounds[turn + 1]) for turn in turns) or (region,)
    stated = header if header and header.start != header.end else None
    return StoredLog(
        offset=offset,
        header=header,
        end=None,
        extents=extents,
        reference=numbers[turns[0]] if turns else None,
        oldest=stated.oldest if stated and not stated.dirty else None,
        newest=(stated.current - 1) % MODULUS if stated else None,
        missing=missing,
    )


def _runs(stream: BinaryIO, region: Extent) -> tuple[list[int], list[int]]:
    """Return offset and number of each record whose number does not continue the previous record in the file."""
    starts: list[int] = []
    numbers: list[int] = []
    expected = -1
    for batch in find_records(ExtentReader(stream, [region])):
        if not batch.starts.size:
            continue
        found = batch.rows["number"].astype(np.int64)
        before = np.concatenate(([expected], (found[:-1] + 1) % MODULUS))
        for index in np.flatnonzero(found != before).tolist():
            starts.append(region.start + batch.address + int(batch.starts[index]))
            numbers.append(int(found[index]))
        if len(starts) > _MOST_RUNS:
            return starts[:1], numbers[:1]
        expected = (int(found[-1]) + 1) % MODULUS
    return starts, numbers


def _unwrapped(numbers: list[int]) -> list[int]:
    """Unwrap numbers modulo 2^32; the oldest number is assumed to follow the widest gap."""
    ordered = sorted(set(numbers))
    gaps = [
        (here - before) % MODULUS or MODULUS for before, here in zip([ordered[-1], *ordered], ordered, strict=False)
    ]
    oldest = ordered[gaps.index(max(gaps))]
    return [(number - oldest) % MODULUS for number in numbers]


def _read(stream: BinaryIO, offset: int, count: int) -> bytes:
    stream.seek(offset)
    return stream.read(count)


def _find(stream: BinaryIO, start: int, end: int, mark: bytes) -> Iterator[int]:
    """Yield every position of ``mark`` from ``start`` to ``end``, reading block by block."""
    while start + len(mark) <= end:
        block = _read(stream, start, min(_BLOCK_SIZE, end - start))
        if len(block) < len(mark):
            return
        at = block.find(mark)
        while at >= 0:
            yield start + at
            at = block.find(mark, at + 1)
        start += len(block) - len(mark) + 1
