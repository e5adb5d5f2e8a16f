"""The cells of a hive → key nodes and values, one at a time and on request.

The layouts are those of regipy (``regipy.structs``). The traversal of cells is implemented here, because that of
``regipy.RegistryHive`` is not safe for evidence: it uses the first cell of the first bin as the root key, regardless of
the base block; it follows offsets without checking a cell's signature, size or use; it ends a list of values silently
at the first damaged one; and for a value that is stored in place of its offset it reads the rest of the file.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from construct import ConstructError  # type: ignore[import-untyped]
from regipy.structs import BIG_DATA_BLOCK, CM_KEY_NODE, VALUE_KEY

from evtscan.parsers.registry.hive import base_block

MAX_DATA = 16 << 20
"""The longest value that is read, in bytes (1 MB is the limit of Windows' standard format)."""
MAX_SUBKEYS = 200_000
MAX_VALUES = 65_536

_NOTHING = 0xFFFFFFFF
_INLINE = 0x80000000
_SEGMENT = 16_344
_KEY_SIGNATURE = re.compile(rb"nk")
_IN_USE = 0x80000000
_YEAR_2100 = 157_469_184_000_000_000
_LIST_STEPS = {b"lf": 8, b"lh": 8, b"li": 4}


class CellError(ValueError):
    """An invalid cell: the message continues "the cell".

    ``offset`` counts from the start of the file.
    """

    def __init__(self, cell: int, message: str) -> None:
        self.offset = base_block.SIZE + cell
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class KeyNode:
    """One key (an ``nk`` cell). ``written`` is a FILETIME; the other numbers are unchecked values of the cell."""

    offset: int
    name: str
    written: int
    subkey_count: int
    subkeys: int
    value_count: int
    values: int


@dataclass(frozen=True, slots=True)
class Value:
    """One value (a ``vk`` cell): its registry type, its data as stored, its offset from the start of the file."""

    name: str
    kind: int
    data: bytes
    offset: int


class Cells:
    """The bins of one hive. ``minor`` is the hive's minor version: long values are split from 1.4 on."""

    def __init__(self, bins: memoryview, minor: int) -> None:
        self._bins = bins
        self._minor = minor

    def key(self, cell: int) -> KeyNode:
        """Read a key node.

        Raises:
            CellError: if there is no key node at the offset.
        """
        node = self._parse(CM_KEY_NODE, cell, b"nk", "a key", skip=2)
        raw = node.key_name_string
        if len(raw) != node.key_name_size:
            raise CellError(cell, "is too short for the name of its key")
        name = raw.decode("latin-1") if node.flags.KEY_COMP_NAME else raw.decode("utf-16-le", "replace")
        return KeyNode(
            cell,
            name,
            node.last_modified,
            node.subkey_count,
            node.subkeys_list_offset,
            node.values_count,
            node.values_list_offset,
        )

    def subkeys(self, key: KeyNode) -> Iterator[KeyNode | CellError]:
        """Yield the subkeys of a key, and an error for each part of their list that cannot be read."""
        if key.subkey_count == 0:
            return
        seen = 0
        broken = False
        for cell in self._listed(key.subkeys):
            if isinstance(cell, CellError):
                broken = True
                yield cell
                continue
            if seen >= min(key.subkey_count, MAX_SUBKEYS):
                break
            seen += 1
            try:
                yield self.key(cell)
            except CellError as error:
                yield error
        if seen != key.subkey_count and not broken:
            yield CellError(key.offset, f"lists {seen} of {key.subkey_count} keys below it")

    def values(self, key: KeyNode) -> Iterator[Value | CellError]:
        """Yield the values of a key, and an error for each value that cannot be read."""
        if key.value_count == 0:
            return
        try:
            table = self._cell(key.values)
        except CellError as error:
            yield error
            return
        count = min(key.value_count, len(table) // 4, MAX_VALUES)
        budget = 4 * MAX_DATA
        for index in range(count):
            try:
                value = self._value(_u32(table, 4 * index))
                budget -= len(value.data)
                if budget < 0:
                    raise CellError(key.values, f"lists more than {4 * MAX_DATA} bytes of values")
            except CellError as error:
                yield error
                if budget < 0:
                    return
            else:
                yield value
        if count != key.value_count:
            yield CellError(key.values, f"lists {count} of {key.value_count} values")

    def newest_write(self) -> int:
        """Return the time of the newest key in use (FILETIME), or 0 if no key has a time; reads all bins."""
        newest = 0
        for found in _KEY_SIGNATURE.finditer(self._bins):
            place = found.start()
            if place % 8 == 4 and int.from_bytes(self._bins[place - 4 : place], "little") >= _IN_USE:
                written = int.from_bytes(self._bins[place + 4 : place + 12], "little")
                newest = max(newest, written if written < _YEAR_2100 else 0)
        return newest

    # ------------------------------------------------------------------------------------------------ cells

    def _cell(self, cell: int) -> memoryview:
        """Return the content of a cell in use, without its size field."""
        if not 0 <= cell <= len(self._bins) - 4:
            raise CellError(cell, "lies outside the file")
        size = int.from_bytes(self._bins[cell : cell + 4], "little", signed=True)
        if size >= -4 or cell - size > len(self._bins):
            raise CellError(cell, "is not in use" if size >= -4 else "reaches beyond the end of the file")
        return self._bins[cell + 4 : cell - size]

    def _parse(self, layout: Any, cell: int, signature: bytes, what: str, skip: int = 0) -> Any:
        held = self._cell(cell)
        if bytes(held[:2]) != signature:
            raise CellError(cell, f"holds {bytes(held[:2])!r}, not {what}")
        try:
            return layout.parse(bytes(held[skip:]))
        except (ConstructError, struct.error) as error:
            raise CellError(cell, f"is too short for {what}") from error

    def _listed(self, cell: int) -> Iterator[int | CellError]:
        """Yield the cells in a list of subkeys; a list of lists (``ri``) has one level."""
        try:
            held = self._cell(cell)
            if bytes(held[:2]) == b"ri":
                for part in _elements(held, 4):
                    yield from self._leaf(part)
            else:
                yield from self._leaf(cell)
        except CellError as error:
            yield error

    def _leaf(self, cell: int) -> Iterator[int | CellError]:
        try:
            held = self._cell(cell)
            step = _LIST_STEPS.get(bytes(held[:2]))
            if step is None:
                raise CellError(cell, f"holds {bytes(held[:2])!r}, not a list of keys")
        except CellError as error:
            yield error
        else:
            yield from _elements(held, step)

    def _value(self, cell: int) -> Value:
        value = self._parse(VALUE_KEY, cell, b"vk", "a value")
        if len(value.name) != value.name_size:
            raise CellError(cell, "is too short for the name of its value")
        name = (
            value.name.decode("latin-1") if value.flags.VALUE_COMP_NAME else value.name.decode("utf-16-le", "replace")
        )
        size = value.data_size & ~_INLINE
        if value.data_size & _INLINE:
            data = value.data_offset.to_bytes(4, "little")[: min(size, 4)]
        else:
            data = self._data(value.data_offset, size) if size else b""
        return Value(name, int(value.data_type), data, base_block.SIZE + cell)

    def _data(self, cell: int, size: int) -> bytes:
        if size > MAX_DATA:
            raise CellError(cell, f"holds a value of {size} bytes, more than the limit of {MAX_DATA}")
        held = self._cell(cell)
        if size > _SEGMENT and self._minor >= 4 and bytes(held[:2]) == b"db":
            return self._big_data(cell, size)
        if len(held) < size:
            raise CellError(cell, f"holds {len(held)} of {size} bytes of a value")
        return bytes(held[:size])

    def _big_data(self, cell: int, size: int) -> bytes:
        block = self._parse(BIG_DATA_BLOCK, cell, b"db", "a long value")
        table = self._cell(block.offset_to_list_of_segments)
        data = bytearray()
        for index in range(min(block.number_of_segments, len(table) // 4)):
            if len(data) >= size:
                break
            data += self._cell(_u32(table, 4 * index))[: min(_SEGMENT, size - len(data))]
        if len(data) < size:
            raise CellError(cell, f"holds {len(data)} of {size} bytes of a long value")
        return bytes(data)


def _u32(held: memoryview, offset: int) -> int:
    return int.from_bytes(held[offset : offset + 4], "little")


def _elements(held: memoryview, step: int) -> Iterator[int]:
    count = min(int.from_bytes(held[2:4], "little"), (len(held) - 4) // step)
    return (_u32(held, 4 + step * index) for index in range(count))
