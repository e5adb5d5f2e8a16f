"""Nested maps → a small registry hive (regf), laid out as by NT 4.0: one bin of ``nk``, ``vk``, ``lf``, ``sk`` cells.

    write_hive({"Select": {"Current": 1}, "ControlSet001": {"Services": {"Dhcp": {"Start": 2}}}})

A map is a key, everything else a value: text is REG_SZ, a number REG_DWORD, bytes REG_BINARY, a tuple of texts
REG_MULTI_SZ; ``Typed`` gives any type. The default value is named ``""``. (Layout: libregf, "Windows NT Registry File
(REGF) format".)
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of any registry type, with its data as stored."""

    kind: int
    data: bytes


Data: TypeAlias = str | int | bytes | tuple[str, ...] | Typed
Tree: TypeAlias = Mapping[str, "Data | Tree"]

REG_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ = 1, 3, 4, 7
_NOWHERE = 0xFFFFFFFF
_BIN_HEADER = 32
_SECURITY = struct.pack("<2BH4I", 1, 0, 0x8004, 0, 0, 0, 0)  # self-relative, everyone may do everything


def write_hive(
    tree: Tree,
    *,
    file_name: str = "",
    root_name: str = "$$$PROTO.HIV",
    minor: int = 3,
    written: int = 125_592_660_130_000_000,
    sequence: tuple[int, int] = (1, 1),
) -> bytes:
    """Write a hive.

    ``written`` is the FILETIME of the file and of every key; unequal ``sequence`` numbers make the hive dirty.
    """
    bins = _Bin(written)
    root = bins.key(root_name, tree, _NOWHERE)
    held = bins.finished()
    head = bytearray(4096)
    struct.pack_into("<4s2IQ7I", head, 0, b"regf", *sequence, written, 1, minor, 0, 1, root, len(held), 1)
    head[48:112] = file_name.encode("utf-16-le")[-62:].ljust(64, b"\0")
    struct.pack_into("<I", head, 508, header_checksum(bytes(head)))
    return bytes(head) + held


def header_checksum(head: bytes) -> int:
    """The XOR of the first 127 words of a base block, as it stands in its word 127."""
    value = 0
    for (word,) in struct.iter_unpack("<I", head[:508]):
        value ^= word
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(value, value)


@dataclass(slots=True)
class _Bin:
    """One bin that grows cell by cell; offsets count from its start."""

    written: int
    held: bytearray = field(default_factory=lambda: bytearray(_BIN_HEADER))
    security: int = _NOWHERE
    keys: int = 0

    def cell(self, content: bytes) -> int:
        """Add a cell in use, and return where it stands."""
        place = len(self.held)
        size = -(-(4 + len(content)) // 8) * 8
        self.held += struct.pack("<i", -size) + content.ljust(size - 4, b"\0")
        return place

    def key(self, name: str, tree: Tree, parent: int) -> int:
        """Add a key with all that lies below it, and return where it stands."""
        self.keys += 1
        values = {name: data for name, data in tree.items() if not isinstance(data, Mapping)}
        below = {name: data for name, data in tree.items() if isinstance(data, Mapping)}
        encoded, compressed = _encoded(name)
        node = self.cell(bytes(76) + encoded)
        if parent == _NOWHERE:
            self.security = self.cell(bytes(20) + _SECURITY)
        value_cells = [self._value(name, data) for name, data in values.items()]
        value_list = self.cell(struct.pack(f"<{len(value_cells)}I", *value_cells)) if value_cells else _NOWHERE
        children = [(name, self.key(name, below[name], node)) for name in sorted(below, key=str.upper)]
        key_list = self._fast_leaf(children) if children else _NOWHERE
        struct.pack_into(
            "<2sHQ15I2H",
            self.held,
            node + 4,
            b"nk",
            (0x20 if compressed else 0) | (0x0C if parent == _NOWHERE else 0),
            self.written,
            0,
            0 if parent == _NOWHERE else parent,
            len(children),
            0,
            key_list,
            _NOWHERE,
            len(value_cells),
            value_list,
            self.security,
            _NOWHERE,
            max((2 * len(name) for name in below), default=0),
            0,
            max((2 * len(name) for name in values), default=0),
            max((len(_stored(data).data) for data in values.values()), default=0),
            0,
            len(encoded),
            0,
        )
        return node

    def finished(self) -> bytes:
        """The bin with its header, filled up to a multiple of 4096 bytes with a free cell.

        The ``sk`` cell, which all keys share, gets its count of users.
        """
        struct.pack_into(
            "<2sH4I", self.held, self.security + 4, b"sk", 0, self.security, self.security, self.keys, len(_SECURITY)
        )
        free = -len(self.held) % 4096
        if free:
            self.held += struct.pack("<i", free).ljust(free, b"\0")
        struct.pack_into("<4s4IQI", self.held, 0, b"hbin", 0, len(self.held), 0, 0, self.written, 0)
        return bytes(self.held)

    def _fast_leaf(self, children: list[tuple[str, int]]) -> int:
        leaf = struct.pack("<2sH", b"lf", len(children))
        for name, place in children:
            leaf += struct.pack("<I", place) + _encoded(name)[0][:4].ljust(4, b"\0")
        return self.cell(leaf)

    def _value(self, name: str, data: Data) -> int:
        stored = _stored(data)
        encoded, compressed = _encoded(name)
        if len(stored.data) <= 4:
            size, place = len(stored.data) | 0x80000000, int.from_bytes(stored.data, "little")
        else:
            size, place = len(stored.data), self.cell(stored.data)
        return self.cell(
            struct.pack("<2sH3I2H", b"vk", len(encoded), size, place, stored.kind, compressed, 0) + encoded
        )


def _encoded(name: str) -> tuple[bytes, bool]:
    """A name as stored: one byte a character where all of them are Latin-1, else UTF-16."""
    try:
        return name.encode("latin-1"), True
    except UnicodeEncodeError:
        return name.encode("utf-16-le"), False


def _stored(data: Data) -> Typed:
    match data:
        case Typed():
            return data
        case str():
            return Typed(REG_SZ, (data + "\0").encode("utf-16-le"))
        case int():
            return Typed(REG_DWORD, struct.pack("<I", data))
        case bytes():
            return Typed(REG_BINARY, data)
        case tuple():
            return Typed(REG_MULTI_SZ, "".join(part + "\0" for part in (*data, "")).encode("utf-16-le"))
