"""Logs as files, and what reading them by either decoder yields."""

import struct
import zlib
from pathlib import Path

from binxml_builder import ChunkBuilder

from evtscan.base.model.event import Event
from evtscan.base.model.query import Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx import EvtxLog, read_log

HEADER_BLOCK, CHUNK, FIRST_RECORD = 0x1000, 0x10000, 0x200


def source(folder: Path, data: bytes, name: str = "log.evtx") -> Source:
    path = folder / name
    path.write_bytes(data)
    return Source(path, name)


def read(folder: Path, data: bytes, query: Query = Query(), **options) -> tuple[list[Event], EvtxLog]:  # noqa: B008
    log = read_log(source(folder, data), query, ReadOptions(**options))
    return list(log), log


def closed(chunk: ChunkBuilder | bytes, records: int | None = None, first: int = 1) -> bytes:
    """A chunk with the header that belongs to its records."""
    data = bytearray(bytes(chunk))
    free = len(chunk.data) if isinstance(chunk, ChunkBuilder) else struct.unpack_from("<I", data, 48)[0]
    count = chunk.number if isinstance(chunk, ChunkBuilder) else records or 0
    last = first + count - 1
    struct.pack_into("<8s4Q4I", data, 0, b"ElfChnk\0", first, last, first, last, 128, 0, free, 0)
    return resealed(bytes(data))


def resealed(chunk: bytes) -> bytes:
    """The chunk with checksums that fit."""
    data = bytearray(chunk)
    free = min(struct.unpack_from("<I", data, 48)[0], CHUNK)
    struct.pack_into("<I", data, 52, zlib.crc32(data[FIRST_RECORD:free]))
    struct.pack_into("<I", data, 124, zlib.crc32(data[128:FIRST_RECORD], zlib.crc32(data[:120])))
    return bytes(data)


def log_of(*chunks: bytes, flags: int = 0, next_record: int = 1) -> bytes:
    header = bytearray(HEADER_BLOCK)
    struct.pack_into("<8s3QIHHHH", header, 0, b"ElfFile\0", 0, 0, next_record, 128, 1, 3, HEADER_BLOCK, len(chunks))
    struct.pack_into("<2I", header, 120, flags, zlib.crc32(header[:120]))
    return bytes(header) + b"".join(chunks)
