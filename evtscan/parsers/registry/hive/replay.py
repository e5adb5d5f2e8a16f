"""Transaction logs + a dirty hive → the hive as Windows would restore it, in memory; evidence is never written.

Two kinds of log, each after a copy of the base block in its first 512 bytes:

- ``HvLE`` (8.1 and later; two logs, used in turn): entries with a rising sequence number, each with a list of pages and
  their bytes. 0x04 size, 0x0c sequence number, 0x10 size of the bins, 0x14 number of pages, 0x18 hash of all from 0x28
  on, 0x20 hash of the first 0x20 bytes (Marvin32), 0x28 offset and size of each page; then their bytes.
- ``DIRT`` (before): one bit for each 512-byte page of the bins, then, from the next multiple of 512 on, the pages.

(M. Suhanov, "Windows registry file format specification".) regipy's ``apply_transaction_logs`` is not used: it applies
every entry, including stale ones that an earlier use of the log left after the current ones; it applies them in the
order of the logs instead of the entries, without checking their hashes; and it reads the pages of a ``DIRT`` log of a
hive over 2 MB from the wrong place.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from evtscan.parsers.registry.hive import base_block
from evtscan.parsers.registry.hive.base_block import BaseBlock

_LOG_HEADER = 512
_PAGE = 512
_ENTRY = struct.Struct("<4s5I2Q")
_SEED = 0x82EF4D887A4E55C5


@dataclass(frozen=True, slots=True)
class Replayed:
    """A hive after replay: the numbers of applied log entries, and of entries ``left`` out because of a gap.

    ``written`` is the newest time of the hive and the logs that were used.
    """

    hive: bytearray
    entries: int
    left: int
    written: int


@dataclass(frozen=True, slots=True)
class _Entry:
    sequence: int
    bins_size: int
    pages: tuple[tuple[int, memoryview], ...]
    written: int


def replay(hive: bytes, logs: Iterable[bytes], limit: int) -> Replayed | None:
    """Apply the logs that belong to the hive; return None if no log does. The result has at most ``limit`` bytes.

    The first applied entry is the first whose number is not below the hive's secondary sequence number; the last is the
    one before a gap in the numbers.
    """
    base = BaseBlock.parse(hive)
    if base is None:
        return None
    found = {entry.sequence: entry for log in logs for entry in _entries(log, base)}
    entries = [entry for _, entry in sorted(found.items()) if base_block.SIZE + entry.bins_size <= limit]
    restored = bytearray(hive)
    applied = 0
    written = base.written
    for entry in entries:
        if entry.sequence != entries[0].sequence + applied:
            break
        _apply(entry, restored)
        applied, written = applied + 1, max(written, entry.written)
    return Replayed(restored, applied, len(entries) - applied, written) if applied else None


def _apply(entry: _Entry, hive: bytearray) -> None:
    end = base_block.SIZE + entry.bins_size
    hive.extend(bytes(max(0, end - len(hive))))
    for offset, page in entry.pages:
        start = base_block.SIZE + offset
        held = page[: max(0, end - start)]
        hive[start : start + len(held)] = held


def _entries(log: bytes, hive: BaseBlock) -> Iterator[_Entry]:
    base = BaseBlock.parse(log)
    if base is None or base.file_type == 0:
        return
    written = base.written if base.checksum_fits else 0
    kind = log[_LOG_HEADER : _LOG_HEADER + 4]
    if kind == b"HvLE":
        yield from _hvle_entries(memoryview(log), hive.secondary, written)
    elif kind == b"DIRT" and base.checksum_fits and base.primary == base.secondary >= hive.secondary:
        pages = tuple(_dirt_pages(memoryview(log), base.bins_size))
        if pages:
            yield _Entry(base.secondary, base.bins_size, pages, written)


def _hvle_entries(log: memoryview, oldest: int, written: int) -> Iterator[_Entry]:
    """Yield the consecutive complete entries; an entry from an earlier use of the log ends the iteration."""
    start = _LOG_HEADER
    previous: int | None = None
    while start + _ENTRY.size <= len(log):
        magic, size, _, sequence, bins_size, count, data_hash, head_hash = _ENTRY.unpack_from(log, start)
        entry = log[start : start + size]
        if magic != b"HvLE" or size < _ENTRY.size or size % _PAGE or len(entry) < size:
            return
        if previous is not None and sequence != previous + 1:
            return
        if marvin32(entry[:32]) != head_hash or marvin32(entry[40:]) != data_hash:
            return
        if sequence >= oldest:
            pages = _hvle_pages(entry, count)
            if pages is None:
                return
            yield _Entry(sequence, bins_size, pages, written)
        start, previous = start + size, sequence


def _hvle_pages(entry: memoryview, count: int) -> tuple[tuple[int, memoryview], ...] | None:
    place = _ENTRY.size + 8 * count
    if place > len(entry):
        return None
    pages = []
    for index in range(count):
        offset, size = struct.unpack_from("<2I", entry, _ENTRY.size + 8 * index)
        if place + size > len(entry):
            return None
        pages.append((offset, entry[place : place + size]))
        place += size
    return tuple(pages)


def _dirt_pages(log: memoryview, bins_size: int) -> Iterator[tuple[int, memoryview]]:
    bitmap = log[_LOG_HEADER + 4 : _LOG_HEADER + 4 + bins_size // (_PAGE * 8)]
    place = -(-(_LOG_HEADER + 4 + len(bitmap)) // _PAGE) * _PAGE
    for index, byte in enumerate(bitmap):
        for bit in range(8):
            if byte >> bit & 1:
                page = log[place : place + _PAGE]
                if len(page) < _PAGE:
                    return
                yield (index * 8 + bit) * _PAGE, page
                place += _PAGE


def marvin32(data: bytes | memoryview) -> int:
    """Return the Marvin32 hash with the seed that hive logs use (US patent 8,555,082 describes the function)."""
    low, high = _SEED & 0xFFFFFFFF, _SEED >> 32
    whole = len(data) & ~3
    last = int.from_bytes(bytes(data[whole:]) + b"\x80", "little")
    for (word,) in chain(struct.iter_unpack("<I", data[:whole]), ((last,), (0,))):
        low = (low + word) & 0xFFFFFFFF
        high ^= low
        low = ((low << 20 | low >> 12) + high) & 0xFFFFFFFF
        high = (high << 9 | high >> 23) & 0xFFFFFFFF ^ low
        low = ((low << 27 | low >> 5) + high) & 0xFFFFFFFF
        high = (high << 19 | high >> 13) & 0xFFFFFFFF
    return high << 32 | low
