r"""EVTX on disk: the chunks of a file, in record order, read segment by segment.

Layout (little-endian; https://github.com/libyal/libevtx/blob/main/documentation/ and MS-EVEN6)::

    file    4096-byte header block, then chunks of 64 KiB, used as a ring
            0 "ElfFile\0"  8 first chunk  16 last chunk  24 next record number  32 header size  40 header block size
            42 chunk count  120 flags (1 dirty, 2 full, 4 no checksums)  124 CRC-32 of bytes 0-119
    chunk   512-byte header, then records back to back, then slack
            0 "ElfChnk\0"  8 first, 16 last record number  24 first, 32 last record identifier  40 header size
            44 offset of the last record  48 free-space offset  52 CRC-32 of the records
            120 flags  124 CRC-32 of bytes 0-119 and 128-511  128 64 name buckets  384 32 template buckets
    record  0 "**\0\0"  4 size  8 record identifier  16 time written (FILETIME)  24 BinXML  size-4 size again

A chunk is self-contained: every offset inside it counts from its own start. The header's chunk count is stale in a
dirty file, so the file itself is walked; the identifier of a chunk's first record gives its position in record order.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat, takewhile
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.source import ExtractionWarning, Location

HEADER_BLOCK = 0x1000
_HEADER = 128  # what of that block is in use
CHUNK_SIZE = 0x10000
FIRST_RECORD = 0x200
CHUNK_MAGIC = b"ElfChnk\0"
RECORD_MAGIC = b"**\0\0"
SEGMENT_CHUNKS = 256
"""Chunks of one segment: 16 MiB amortise the cost of a NumPy call, and stay near the processor's cache."""

MARGIN = 4096
"""Zero bytes behind the last chunk, so that a gather that begins inside it stays inside the buffer."""

_HEAD = FIRST_RECORD + 16  # of a chunk: its header, and the identifier of its first record
_HEAD_OF_CHUNK = np.dtype(
    {
        "names": ["magic", "record", "number"],
        "formats": ["<u8", "<u4", "<u8"],
        "offsets": [0, FIRST_RECORD, FIRST_RECORD + 8],
        "itemsize": _HEAD,
    }
)
_RECORD_MAGIC = int.from_bytes(RECORD_MAGIC, "little")
_MOST_AHEAD = 256  # chunks whose heads are looked at together
_FLAG_DIRTY, _FLAG_FULL, _FLAG_NO_CHECKSUM = 1, 2, 4

FRONT = np.dtype(
    {
        "names": ["header", "token", "definition", "count", "first"],
        "formats": ["<u4", "u1", "<u4", "<u4", "V16"],
        "offsets": [0, 4, 10, 14, 18],
    }
)
"""A fragment's header and its template instance.

``count`` and the ``first`` four entries of the values' sizes and types stand there if the definition does not.
"""
_HEAD_OF_RECORD = np.dtype(
    [
        ("before", "<u4"),  # the closing size of the record before it
        ("magic", "<u4"),
        ("size", "<u4"),
        ("number", "<u8"),
        ("ticks", "<u8"),
        ("front", FRONT),
    ]
)

Offsets = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """The fields of the file's header; in a dirty file it is older than the chunks."""

    next_record: int
    chunk_count: int
    dirty: bool
    full: bool
    checksums: bool
    intact: bool

    @classmethod
    def parse(cls, head: bytes) -> "FileHeader":
        """Parse the first bytes of a file; missing bytes count as zeros."""
        head = head.ljust(_HEADER, b"\0")
        (next_record,) = struct.unpack_from("<Q", head, 24)
        (chunk_count,) = struct.unpack_from("<H", head, 42)
        flags, checksum = struct.unpack_from("<2I", head, 120)
        return cls(
            next_record=next_record,
            chunk_count=chunk_count,
            dirty=bool(flags & _FLAG_DIRTY),
            full=bool(flags & _FLAG_FULL),
            checksums=not flags & _FLAG_NO_CHECKSUM,
            intact=zlib.crc32(head[:120]) == checksum,
        )


class ChunkPlace(NamedTuple):
    """A chunk of the file: its offset, its number of bytes (up to 64 KiB), and the identifier of its first record.

    An ``orphan`` chunk has records but lost its header, so it is unknown which of its records belong to the log. (This
    is not a dataclass: large files have tens of thousands of chunks, and creating a dataclass instance takes as long as
    reading a chunk header.)
    """

    offset: int
    size: int
    first_record: int
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """All chunks of a file in record order, and warnings about chunks that could not be found."""

    header: FileHeader
    chunks: tuple[ChunkPlace, ...]
    warnings: tuple[ExtractionWarning, ...]


def read_layout(stream: BinaryIO, source: str) -> Layout:
    """Find all chunks of a file, from chunk header to chunk header, and sort them into record order.

    ``stream`` must be seekable. Only the first half kilobyte of each chunk is read.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    header = FileHeader.parse(stream.read(_HEADER))
    warnings: list[ExtractionWarning] = []
    if not header.intact and header.checksums:
        warnings.append(
            _warning(source, 0, "bad_header", "the file header fails its checksum: its counts are not used")
        )
    places = list(_walk(stream, size, source, warnings))
    ordered = sorted(places, key=lambda place: place.first_record)
    return Layout(header, tuple(ordered), tuple(warnings))


def _walk(stream: BinaryIO, size: int, source: str, warnings: list[ExtractionWarning]) -> Iterator[ChunkPlace]:
    position = HEADER_BLOCK
    searched = _HEADER  # everything before it has been looked at
    ahead = 1
    while position < size:
        if run := _regular_run(stream, position, min(ahead, (size - position) // CHUNK_SIZE)):
            yield from run
            position += len(run) * CHUNK_SIZE
            searched = position - CHUNK_SIZE + FIRST_RECORD
            ahead = min(2 * ahead, _MOST_AHEAD)
            continue
        ahead = 1
        stream.seek(position)
        head = stream.read(_HEAD)
        if not _starts_chunk(head):
            found = _find_chunk(stream, searched, min(position + CHUNK_SIZE, size))
            if found is None:
                yield from _judge_gap(stream, position, CHUNK_SIZE, source, warnings)
                searched = position = position + CHUNK_SIZE
                continue
            yield from _judge_gap(stream, position, found - position, source, warnings, only_records=True)
            position = found
            stream.seek(position)
            head = stream.read(_HEAD)
            warnings.append(_warning(source, position, "displaced_chunk", "a chunk lies outside the 64 KiB grid"))
        present = min(CHUNK_SIZE, size - position)
        if present < CHUNK_SIZE:
            message = f"the file ends inside this chunk, after {present} of its {CHUNK_SIZE} bytes: copy the log again"
            warnings.append(_warning(source, position, "truncated", message))
        yield ChunkPlace(position, present, _first_record(head))
        searched = position + FIRST_RECORD
        position += CHUNK_SIZE


def _regular_run(stream: BinaryIO, position: int, most: int) -> list[ChunkPlace]:
    """Return the contiguous chunks from a position on, up to the first without a chunk magic and a record magic.

    ``most`` is the number of whole chunks that fit before the end of the file. Nearly all chunks are regular; this
    function checks many of them at once.
    """
    seek, read = stream.seek, stream.read
    heads = []
    for offset in range(position, position + most * CHUNK_SIZE, CHUNK_SIZE):
        seek(offset)
        heads.append(read(_HEAD))
    whole = list(takewhile(_HEAD.__eq__, map(len, heads)))
    found = np.frombuffer(b"".join(heads[: len(whole)]), _HEAD_OF_CHUNK)
    regular = (found["magic"] == int.from_bytes(CHUNK_MAGIC, "little")) & (found["record"] == _RECORD_MAGIC)
    count = len(found) if regular.all() else int(regular.argmin())
    offsets = range(position, position + count * CHUNK_SIZE, CHUNK_SIZE)
    return list(map(ChunkPlace, offsets, repeat(CHUNK_SIZE), found["number"][:count].tolist()))


def _starts_chunk(head: bytes) -> bool:
    return head.startswith(CHUNK_MAGIC) or head[FIRST_RECORD : FIRST_RECORD + 4] == RECORD_MAGIC


def _first_record(head: bytes) -> int:
    at = FIRST_RECORD + 8 if head[FIRST_RECORD : FIRST_RECORD + 4] == RECORD_MAGIC else 24
    return int.from_bytes(head[at : at + 8], "little")


def _find_chunk(stream: BinaryIO, start: int, end: int) -> int | None:
    """Return the offset of a chunk that begins between ``start`` and ``end`` (at most two chunks apart), or None."""
    stream.seek(start)
    data = stream.read(end - start + _HEAD)
    at = data.find(CHUNK_MAGIC)
    while 0 <= at < end - start:
        head = data[at : at + _HEAD]
        if header_intact(head) or head[FIRST_RECORD : FIRST_RECORD + 4] == RECORD_MAGIC:
            return start + at
        at = data.find(CHUNK_MAGIC, at + 1)
    return None


def _judge_gap(
    stream: BinaryIO,
    position: int,
    size: int,
    source: str,
    warnings: list[ExtractionWarning],
    *,
    only_records: bool = False,
) -> Iterator[ChunkPlace]:
    """Classify up to 64 KiB without a chunk header: an orphan chunk, damage, or zeros (reserved and not yet used).

    ``only_records``: other content in these bytes is not at the position of a chunk.
    """
    stream.seek(position)
    data = stream.read(max(size, 0))
    at = data.find(RECORD_MAGIC)
    if at >= 0:
        message = "a chunk without its header: its records can only be recovered"
        warnings.append(_warning(source, position, "bad_chunk", message, lost=1))
        number = int.from_bytes(data[at + 8 : at + 16], "little")
        yield ChunkPlace(position, len(data), number, orphan=True)
    elif any(data) and not only_records:
        message = f"{len(data)} bytes that hold neither a chunk nor zeros are skipped"
        warnings.append(_warning(source, position, "bad_chunk", message, lost=1))


def header_intact(head: bytes | memoryview) -> bool:
    """Whether the first 512 bytes of a chunk have the magic number and the correct checksum."""
    if len(head) < FIRST_RECORD or head[: len(CHUNK_MAGIC)] != CHUNK_MAGIC:
        return False
    checksum = zlib.crc32(head[128:FIRST_RECORD], zlib.crc32(head[:120]))
    return checksum == int.from_bytes(head[124:128], "little")


def _warning(source: str, offset: int, kind: str, message: str, lost: int = 0) -> ExtractionWarning:
    return ExtractionWarning(
        location=Location(source=source, offset=offset), kind=kind, message=message, records_lost=lost
    )


class Segment:
    """Some chunks of a file in memory, each in a slot of 64 KiB; missing bytes are zeros.

    ``u16``, ``u32`` and ``u64`` contain the number that starts at *any* byte: ``u32[p]`` is made of the four bytes at
    ``p``.
    """

    __slots__ = ("bytes", "offsets", "orphan", "present", "u16", "u32", "u64", "view")

    def __init__(self, buffer: NDArray[np.uint8], places: Sequence[ChunkPlace]) -> None:
        used = buffer[: len(places) * CHUNK_SIZE + MARGIN]
        self.bytes = used
        self.view = memoryview(used)  # type: ignore[arg-type]
        offsets, sizes, _, orphans = zip(*places, strict=True)
        self.offsets: Offsets = np.array(offsets, np.int64)
        self.present: Offsets = np.array(sizes, np.int64)
        self.orphan = np.array(orphans, np.bool_)
        self.u16: NDArray[np.uint16] = _at_any_byte(used, np.dtype("<u2"))
        self.u32: NDArray[np.uint32] = _at_any_byte(used, np.dtype("<u4"))
        self.u64: NDArray[np.uint64] = _at_any_byte(used, np.dtype("<u8"))

    def heads(self, starts: Offsets) -> NDArray[np.void]:
        """Return the headers of the records at these positions, and the ``front`` of their content (see ``FRONT``).

        Each gather operation is expensive, even for few bytes. So this one gathers all bytes that are needed of a
        record, including the bytes ``before`` it.
        """
        return self.strings(starts - 4, _HEAD_OF_RECORD.itemsize).view(_HEAD_OF_RECORD)

    def strings(self, starts: Offsets, width: int) -> NDArray[np.void]:
        """Return the ``width`` bytes at each of these positions; all of them must be inside the segment."""
        return _at_any_byte(self.bytes, np.dtype(f"V{width}"))[starts]

    def headers_intact(self) -> NDArray[np.bool_]:
        """Return for each slot whether the chunk's header matches its checksum (``header_intact`` for all slots)."""
        view, base = self.view, range(0, self.slots * CHUNK_SIZE, CHUNK_SIZE)
        checksums = [zlib.crc32(view[at + 128 : at + FIRST_RECORD], zlib.crc32(view[at : at + 120])) for at in base]
        places = np.array(base, np.int64)
        magic = self.u64[places] == int.from_bytes(CHUNK_MAGIC, "little")
        intact: NDArray[np.bool_] = magic & (self.u32[places + 124] == np.array(checksums, np.uint32))
        return intact

    def chunk(self, slot: int) -> memoryview:
        """Return the 64 KiB of one slot."""
        return self.view[slot * CHUNK_SIZE : (slot + 1) * CHUNK_SIZE]

    def file_offset(self, position: int) -> int:
        """Convert a position in the segment to an offset in the file."""
        slot, within = divmod(position, CHUNK_SIZE)
        return int(self.offsets[slot]) + within

    @property
    def slots(self) -> int:
        """The number of chunks."""
        return len(self.offsets)


def _at_any_byte(buffer: NDArray[np.uint8], dtype: np.dtype) -> NDArray:  # type: ignore[type-arg]
    return np.ndarray((len(buffer) - dtype.itemsize + 1,), dtype, buffer.data, 0, (1,))


def read_segments(
    stream: BinaryIO, places: Sequence[ChunkPlace], chunks_per_segment: int = SEGMENT_CHUNKS
) -> Iterator[Segment]:
    """Read the chunks, several at a time, into one buffer; a segment is valid until the next one is requested.

    Contiguous chunks are read with one call. The file is never memory-mapped: its pages would count as memory of this
    process.
    """
    if not places:
        return
    capacity = min(len(places), chunks_per_segment)
    buffer = np.zeros(capacity * CHUNK_SIZE + MARGIN, np.uint8)
    for start in range(0, len(places), capacity):
        part = places[start : start + capacity]
        view = memoryview(buffer)  # type: ignore[arg-type]
        for first, last in _runs(part):
            room = view[first * CHUNK_SIZE : last * CHUNK_SIZE]
            stream.seek(part[first].offset)
            filled = _read_fully(stream, room)
            room[filled:] = bytes(len(room) - filled)
        view[len(part) * CHUNK_SIZE : len(part) * CHUNK_SIZE + MARGIN] = bytes(MARGIN)
        yield Segment(buffer, part)


def _runs(places: Sequence[ChunkPlace]) -> Iterator[tuple[int, int]]:
    """Yield index ranges of chunks that are contiguous in the file."""
    offsets = np.array([place[0] for place in places], np.int64)
    borders = (np.flatnonzero(np.diff(offsets) != CHUNK_SIZE) + 1).tolist()
    return pairwise([0, *borders, len(places)])


def _read_fully(stream: BinaryIO, room: memoryview) -> int:
    filled = 0
    while filled < len(room):
        count = stream.readinto(room[filled:])  # type: ignore[attr-defined]
        if not count:
            break
        filled += count
    return filled
