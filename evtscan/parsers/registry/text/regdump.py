"""Common code for registry dumps: keys that are read completely, and data in the form that dumps print."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.registry import RegistryData, RegistryValue
from evtscan.base.model.source import Location
from evtscan.parsers.registry.regdata import (
    REG_BINARY,
    REG_DWORD,
    REG_DWORD_BIG_ENDIAN,
    REG_EXPAND_SZ,
    REG_MULTI_SZ,
    REG_QWORD,
    REG_SZ,
)
from evtscan.parsers.registry.text.regtree import KeySection, TextRegistry

TYPES = {
    "REG_NONE": 0,
    "REG_SZ": REG_SZ,
    "REG_EXPAND_SZ": REG_EXPAND_SZ,
    "REG_BINARY": REG_BINARY,
    "REG_DWORD": REG_DWORD,
    "REG_DWORD_LITTLE_ENDIAN": REG_DWORD,
    "REG_DWORD_BIG_ENDIAN": REG_DWORD_BIG_ENDIAN,
    "REG_LINK": 6,
    "REG_MULTI_SZ": REG_MULTI_SZ,
    "REG_RESOURCE_LIST": 8,
    "REG_FULL_RESOURCE_DESCRIPTOR": 9,
    "REG_RESOURCE_REQUIREMENTS_LIST": 10,
    "REG_QWORD": REG_QWORD,
}
TEXTS = frozenset({REG_SZ, REG_EXPAND_SZ})
NUMBERS = frozenset({REG_DWORD, REG_DWORD_BIG_ENDIAN, REG_QWORD})

_HEX_NUMBER = re.compile(r"(?:0x)?([0-9a-f]{1,16})\b", re.IGNORECASE)


@dataclass(slots=True)
class DumpedKey(KeySection):
    """A key with its values by lower-case name."""

    values: dict[str, RegistryValue] = field(default_factory=dict)

    def take(self, source: str, name: str, data: RegistryData, line: int) -> None:
        """Add a value."""
        place = "\\".join((*self.path, name or "(Default)"))
        location = Location(source=source, key=place, line=line)
        self.values[name.lower()] = RegistryValue(name=name, data=data, location=location)


class DumpedRegistry(TextRegistry[DumpedKey]):
    """The registry keys of one dump."""

    def __init__(self, source: str, format_name: str) -> None:
        super().__init__(source)
        self.format = format_name

    def fill(self, keys: Sequence[DumpedKey], *, cut: bool) -> None:
        """Add the keys in the order of the file, after reading it; ``cut`` means that the file is truncated."""
        self._cut = cut
        self._plant(keys)
        self._close(keys)
        written = [key.written for key in keys if key.written is not None]
        self.taken = max(written, default=None)

    def bad_line(self, key: DumpedKey | None, line: int, text: str) -> None:
        """Warn about a line that cannot be parsed; its key is then incomplete."""
        if key is not None:
            key.damaged = True
        self._warn_of_line(line, f"{text.strip()[:60]!r} cannot be read and is left out")

    def mixed(self, line: int) -> None:
        """Warn that the output of another program begins at this line and is not read."""
        self._warn(
            line,
            "mixed",
            "system reports stand among registry keys here and were not read; save them in a file of their own",
        )

    def _read_values(self, section: DumpedKey, values: dict[str, RegistryValue]) -> None:
        values.update(section.values)


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers, without line ends and trailing blanks."""
    start = line = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line += 1
        yield line, text[start:end].rstrip("\r ")
        start = end + 1


def number(text: str) -> int | None:
    """Parse a hexadecimal number, with or without ``0x``."""
    match = _HEX_NUMBER.match(text.strip())
    return int(match[1], 16) if match else None
