"""Bytes of a log in record order → records, a segment at a time, without Python code per record."""

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
"""EVENTLOGRECORD, and the first four characters of the source name that follows it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The bytes of a file from ``start`` to ``end``, the latter excluded."""

    start: int
    end: int


class ExtentReader:
    """Extents of a file, read one after the other as if they were one: a wrapped log becomes straight.

    An *address* counts bytes in this order, an *offset* in the file.
    """

    def __init__(self, stream: BinaryIO, extents: Sequence[Extent]) -> None:
        self._stream = stream
        self._extents = [extent for extent in extents if extent.start < extent.end]
        self._bounds = [0, *accumulate(extent.end - extent.start for extent in self._extents)]
        self._address = 0

    @property
    def length(self) -> int:
        """Bytes in all extents together."""
        return self._bounds[-1]

    def offset_of(self, address: int) -> int:
        """Where in the file the byte at an address lies; the end of all is the end of the last extent."""
        if not self._extents:
            return 0
        index = min(max(bisect_right(self._bounds, address) - 1, 0), len(self._extents) - 1)
        return self._extents[index].start + address - self._bounds[index]

    def joins(self, start: int, end: int) -> bool:
        """Whether one extent meets the next somewhere from address ``start`` to ``end``, both included."""
        index = max(bisect_left(self._bounds, start), 1)
        return index < len(self._bounds) - 1 and self._bounds[index] <= end

    def peek(self, address: int, count: int) -> bytes:
        """Up to ``count`` bytes at an address, no further than its extent goes."""
        offset = self.offset_of(address)
        index = bisect_right(self._bounds, address) - 1
        if not 0 <= index < len(self._extents):
            return b""
        self._stream.seek(offset)
        return self._stream.read(min(count, self._bounds[index + 1] - address))

    def readinto(self, target: memoryview) -> int:
        """Fill the target as far as the extents go; a file that ends early gives less."""
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

    ``data`` is the segment and a margin, good until the next batch is asked for; ``address`` is that of its first byte.
    ``starts`` says where in ``data`` each record begins, ``rows`` holds their fixed parts (``ROW``).
    """

    data: memoryview
    address: int
    starts: NDArray[np.int64]
    rows: NDArray[np.void]

    def record(self, index: int) -> bytes:
        """The bytes of one record."""
        start = int(self.starts[index])
        return bytes(self.data[start : start + int(self.rows["length"][index])])

    def windows_at(self, places: NDArray[np.int64], size: int) -> NDArray[np.void]:
        """``size`` bytes, ``MARGIN`` at most, from each of these places in ``data`` on."""
        return _sliding(self.data, 0, size)[places]


def find_records(reader: ExtentReader) -> Iterator[Batch]:
    """Find every record: where one ends the next is expected; where none is, the next that is whole.

    A record is whole if its length is sound and repeated in its last four bytes. What lies inside of a record is
    never taken for one. One that is cut by the end of a segment waits for the next segment.
    """
    segment = min(SEGMENT_SIZE, reader.length + 1)
    buffer = bytearray(min(LONGEST_RECORD, segment) + segment + MARGIN)
    view = memoryview(buffer)
    kept = address = 0
    final = False
    while not final:
        got = reader.readinto(view[kept : kept + segment])
        size = kept + got
        final = got < segment
        starts, used = _records_in(buffer, size, final)
        rows = _sliding(buffer, 0, ROW.itemsize)[starts].view(ROW)
        yield Batch(view[: size + MARGIN], address, starts, rows)
        kept = size - used
        buffer[:kept] = buffer[used:size]
        address += used


def _sliding(data: bytearray | memoryview, offset: int, size: int) -> NDArray[np.void]:
    """A view of all ``size``-byte windows, one at each byte; a copy of some of them is the fastest gather there is."""
    return np.ndarray((len(data) - offset - size + 1,), f"V{size}", data, offset, (1,))


def _records_in(buffer: bytearray, size: int, final: bool) -> tuple[NDArray[np.int64], int]:
    """Where the records of the first ``size`` bytes start, and up to where the bytes are dealt with."""
    starts, ends = _candidates(buffer, size, final, 0)
    unbroken = starts.size > 0 and starts[0] == 0 and bool(np.all(ends[:-1] == starts[1:]))
    if not (unbroken and size - ends[-1] < SHORTEST_RECORD):
        found = [_candidates(buffer, size, final, alignment) for alignment in _ALIGNMENTS]
        starts = np.concatenate([each for each, _ in found])
        ends = np.concatenate([each for _, each in found])
        order = np.argsort(starts)
        starts, ends = _disjoint(starts[order], ends[order])
    whole = ends <= size
    cut = int(starts[~whole][0]) if not whole.all() else None
    starts = starts[whole]
    if final:
        return starts, size
    if cut is not None:
        return starts, cut
    last = int(ends[-1]) if ends.size else 0
    return starts, max(last, size - len(MAGIC) - 3)


def _candidates(
    buffer: bytearray, size: int, final: bool, alignment: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and end of all that looks like a record at one alignment; what the end cuts is let pass."""
    words = np.frombuffer(buffer, "<u4", max(size - alignment, 0) // 4, alignment)
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
    """Of candidates in order, those that do not begin inside of one that was taken before."""
    taken = []
    position = 0
    for index, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if start >= position:
            taken.append(index)
            position = end
    return starts[taken], ends[taken]
