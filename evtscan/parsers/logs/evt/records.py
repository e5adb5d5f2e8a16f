"""Find the records in the bytes of a log, a segment at a time, without running Python code for each record."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = b"LfLe"
FIXED_SIZE = 56
SHORTEST_RECORD = FIXED_SIZE + 4
LONGEST_RECORD = 1 << 20
"""ReportEvent takes strings of 32 Ki characters and 60 KiB of data, over a channel that carries 64 KiB a call."""

SEGMENT_SIZE = 2 << 20
MARGIN = 512
"""Bytes behind a segment that may be gathered with its last record, and mean nothing."""

_MAGIC_WORD = int.from_bytes(MAGIC, "little")
_ALIGNMENTS = (0, 1, 2, 3)

ROW = np.dtype(
    [
        ("before", "<u4"),
        ("length", "<u4"),
        ("magic", "<u4"),
        ("number", "<u4"),
        ("time_generated", "<u4"),
        ("time_written", "<u4"),
        ("event_id", "<u4"),
        ("event_type", "<u2"),
        ("string_count", "<u2"),
        ("category", "<u2"),
        ("reserved_flags", "<u2"),
        ("closing_number", "<u4"),
        ("string_offset", "<u4"),
        ("sid_length", "<u4"),
        ("sid_offset", "<u4"),
        ("data_length", "<u4"),
        ("data_offset", "<u4"),
        ("source_head", "<u8"),
    ]
)
"""EVENTLOGRECORD, the first four characters of the source name that follows it, and what stands right before it.

That is the length of the record before, again: a gather is dear, however little it brings, so all is brought at once.
"""

_LEAD = 4
"""Bytes before a segment, so that something stands before its first record too."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The bytes of a file from ``start`` to ``end`` (exclusive)."""

    start: int
    end: int


class ExtentReader:
    """Reads extents of a file one after the other, so that a wrapped log becomes linear.

    An *address* counts bytes in this order, an *offset* counts bytes in the file.
    """

    def __init__(self, stream: BinaryIO, extents: Sequence[Extent]) -> None:
        self._stream = stream
        self._extents = [extent for extent in extents if extent.start < extent.end]
        self._bounds = [0, *accumulate(extent.end - extent.start for extent in self._extents)]
        self._address = 0

    @property
    def length(self) -> int:
        """The total number of bytes in all extents."""
        return self._bounds[-1]

    def offset_of(self, address: int) -> int:
        """Return the file offset of the byte at an address; after the last byte, the end of the last extent."""
        if not self._extents:
            return 0
        index = min(max(bisect_right(self._bounds, address) - 1, 0), len(self._extents) - 1)
        return self._extents[index].start + address - self._bounds[index]

    def joins(self, start: int, end: int) -> bool:
        """Whether an extent ends between two addresses (both inclusive)."""
        index = max(bisect_left(self._bounds, start), 1)
        return index < len(self._bounds) - 1 and self._bounds[index] <= end

    def peek(self, address: int, count: int) -> bytes:
        """Return up to ``count`` bytes at an address, at most to the end of its extent."""
        offset = self.offset_of(address)
        index = bisect_right(self._bounds, address) - 1
        if not 0 <= index < len(self._extents):
            return b""
        self._stream.seek(offset)
        return self._stream.read(min(count, self._bounds[index + 1] - address))

    def readinto(self, target: memoryview) -> int:
        """Fill the target from the extents and return the number of bytes; a file that ends early yields fewer."""
        filled = 0
        while filled < len(target) and self._address < self.length:
            index = bisect_right(self._bounds, self._address) - 1
            wanted = min(len(target) - filled, self._bounds[index + 1] - self._address)
            self._stream.seek(self.offset_of(self._address))
            got = self._stream.readinto(target[filled : filled + wanted])  # type: ignore[attr-defined]
            if not got:
                break
            filled += got
            self._address += got
        return filled


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one segment, in order.

    ``data`` is the segment and a margin, valid until the next batch is requested; ``address`` is the address of its
    first byte. ``starts`` are the positions of the records in ``data``, ``rows`` their fixed parts (``ROW``), ``ids``
    the event ids without qualifiers. ``unbroken``: each record begins where the previous one ends.
    """

    data: memoryview
    address: int
    starts: NDArray[np.int64]
    rows: NDArray[np.void]
    ids: NDArray[np.uint16]
    unbroken: bool

    def record(self, index: int) -> bytes:
        """The bytes of one record."""
        start = int(self.starts[index])
        return bytes(self.data[start : start + int(self.rows["length"][index])])

    def windows_at(self, places: NDArray[np.int64], size: int) -> NDArray[np.void]:
        """Return ``size`` bytes, ``MARGIN`` at most, from each of these positions in ``data``."""
        return _sliding(self.data, size)[places]


@dataclass(frozen=True, slots=True)
class _Found:
    """Start positions of records, their fixed parts, and the end of the processed bytes."""

    starts: NDArray[np.int64]
    rows: NDArray[np.void]
    used: int
    unbroken: bool = False


def find_records(reader: ExtentReader) -> Iterator[Batch]:
    """Find every record: at the end of the previous one, or else by searching for the next whole record.

    A record is whole if its length is valid and repeated in its last four bytes. Bytes inside a record are never read
    as another record. A record that is cut off by the end of a segment is returned with the next segment.
    """
    segment = min(SEGMENT_SIZE, reader.length + 1)
    left_over = LONGEST_RECORD if reader.length >= SEGMENT_SIZE else 0  # at most, of a segment for the next one
    buffer = bytearray(_LEAD + left_over + segment + MARGIN)
    view = memoryview(buffer)[_LEAD:]
    kept = address = 0
    final = False
    while not final:
        got = reader.readinto(view[kept : kept + segment])
        size = kept + got
        final = got < segment
        found = _chained(buffer, size, final) or _searched(buffer, size, final)
        ids = found.rows["event_id"].astype(np.uint16)
        yield Batch(view[: size + MARGIN], address, found.starts, found.rows, ids, found.unbroken)
        kept = size - found.used
        view[:kept] = bytes(view[found.used : size])
        address += found.used


def _sliding(data: bytearray | memoryview, size: int) -> NDArray[np.void]:
    """Return a view of the ``size`` bytes at every position; indexing it is the fastest way to gather many of them."""
    return np.ndarray((len(data) - size + 1,), f"V{size}", data, 0, (1,))


def _rows(buffer: bytearray, starts: NDArray[np.int64]) -> NDArray[np.void]:
    return _sliding(buffer, ROW.itemsize)[starts].view(ROW)  # a row begins as far before its record as the lead is long


def _words(buffer: bytearray, size: int, alignment: int = 0) -> NDArray[np.uint32]:
    return np.frombuffer(buffer, "<u4", max(size - alignment, 0) // 4, _LEAD + alignment)


def _chained(buffer: bytearray, size: int, final: bool) -> _Found | None:
    """Return the records of the first ``size`` bytes if they are contiguous from the first byte on, else None.

    This is the usual case. The end of each record is confirmed by the record that follows it.
    """
    words = _words(buffer, size)
    heads = np.flatnonzero(words == _MAGIC_WORD)
    if not heads.size or heads[0] != 1:
        return None
    starts = heads * 4 - 4
    rows = _rows(buffer, starts)
    lengths, steps = rows["length"], np.diff(starts)
    end, length = int(starts[-1]) + int(lengths[-1]), int(lengths[-1])
    is_sound = steps.min(initial=length) >= SHORTEST_RECORD and steps.max(initial=length) <= LONGEST_RECORD
    if not (is_sound and length % 4 == 0 and (steps == lengths[:-1]).all() and (rows["before"][1:] == steps).all()):
        return None
    if end > size:
        return None if final else _Found(starts[:-1], rows[:-1], int(starts[-1]), unbroken=True)
    if words[end // 4 - 1] != length or buffer.find(MAGIC, _LEAD + end, _LEAD + size) >= 0:
        return None  # also a record that does not lie in the grid of the others
    return _Found(starts, rows, _dealt_with(end, size, final), unbroken=True)


def _dealt_with(end: int, size: int, final: bool) -> int:
    """Return the position to continue at, given the end of the last record, if no other record is visible after it."""
    return size if final else max(end, size - len(MAGIC) - 3)


def _searched(buffer: bytearray, size: int, final: bool) -> _Found:
    """Search all whole records among the first ``size`` bytes; other bytes may be between them."""
    found = [_candidates(buffer, size, final, alignment) for alignment in _ALIGNMENTS]
    starts = np.concatenate([each for each, _ in found])
    ends = np.concatenate([each for _, each in found])
    order = np.argsort(starts)
    starts, ends = _disjoint(starts[order], ends[order])
    whole = ends <= size
    if not (whole.all() or final):
        used = int(starts[~whole][0])
    else:
        used = _dealt_with(int(ends[-1]) if ends.size else 0, size, final)
    return _Found(starts[whole], _rows(buffer, starts[whole]), used)


def _candidates(
    buffer: bytearray, size: int, final: bool, alignment: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return start and end of everything that looks like a record at one alignment, including cut-off records."""
    words = _words(buffer, size, alignment)
    heads = np.flatnonzero(words == _MAGIC_WORD) - 1
    if heads.size and heads[0] < 0:
        heads = heads[1:]
    lengths = words[heads].astype(np.int64)
    sound = (lengths >= SHORTEST_RECORD) & (lengths <= LONGEST_RECORD) & (lengths % 4 == 0)
    heads, lengths = heads[sound], lengths[sound]
    tails = heads + lengths // 4 - 1
    inside = tails < words.size
    if final:
        heads, lengths, tails = heads[inside], lengths[inside], tails[inside]
        agreed = words[tails] == lengths
    else:
        agreed = ~inside
        agreed[inside] = words[tails[inside]] == lengths[inside]
    starts = heads[agreed] * 4 + alignment
    return starts, starts + lengths[agreed]


def _disjoint(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the candidates in order, without candidates that begin inside an earlier accepted one."""
    taken = []
    position = 0
    for index, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if start >= position:
            taken.append(index)
            position = end
    return starts[taken], ends[taken]
