"""Large EVTX logs for measurements, assembled from the chunks of small real ones and numbered afresh."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

HEADER_BLOCK = 0x1000
CHUNK_SIZE = 0x10000
FIRST_RECORD = 0x200


def assemble(sources: Sequence[Path], target: Path, size: int) -> int:
    """Write about ``size`` bytes of log, the sources' whole chunks in turn, and return the number of records."""
    chunks = [bytearray(chunk) for source in sources for chunk in whole_chunks(source.read_bytes())]
    if not chunks:
        raise SystemExit(f"no whole chunk in {', '.join(map(str, sources))}")
    count = max(1, min((size - HEADER_BLOCK) // CHUNK_SIZE, 0xFFFF))
    number = 1
    with target.open("wb") as stream:
        stream.write(bytes(HEADER_BLOCK))
        for _, chunk in zip(range(count), cycle(chunks), strict=False):
            number = renumber(chunk, number)
            stream.write(chunk)
        stream.seek(0)
        stream.write(file_header(count, number))
    return number - 1


def whole_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks of a log whose records stand back to back up to the free-space offset."""
    for start in range(HEADER_BLOCK, len(data) - CHUNK_SIZE + 1, CHUNK_SIZE):
        chunk = data[start : start + CHUNK_SIZE]
        if chunk.startswith(b"ElfChnk\0"):
            free = struct.unpack_from("<I", chunk, 48)[0]
            places = list(record_places(chunk, free))
            if places and places[-1][0] + places[-1][1] == free:
                yield chunk


def record_places(chunk: bytes | bytearray, free: int) -> Iterator[tuple[int, int]]:
    """Offset and size of each record, as far as they follow each other."""
    position = FIRST_RECORD
    while position < free and chunk[position : position + 4] == b"**\0\0":
        size = struct.unpack_from("<I", chunk, position + 4)[0]
        if (
            size < 28
            or position + size > free
            or chunk[position + size - 4 : position + size] != struct.pack("<I", size)
        ):
            return
        yield position, size
        position += size


def renumber(chunk: bytearray, number: int) -> int:
    """Give the records of a chunk consecutive numbers, set its header right, and return the next number."""
    free = struct.unpack_from("<I", chunk, 48)[0]
    first = number
    for position, _ in record_places(chunk, free):
        struct.pack_into("<Q", chunk, position + 8, number)
        number += 1
    struct.pack_into("<4Q", chunk, 8, first, number - 1, first, number - 1)
    struct.pack_into("<I", chunk, 52, zlib.crc32(chunk[FIRST_RECORD:free]))
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[128:FIRST_RECORD], zlib.crc32(chunk[:120])))
    return number


def file_header(chunks: int, next_record: int) -> bytes:
    """A clean file header."""
    header = bytearray(128)
    struct.pack_into("<8s3QIHHHH", header, 0, b"ElfFile\0", 0, chunks - 1, next_record, 128, 1, 3, HEADER_BLOCK, chunks)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header)
