r"""REGEDT32's "Save Subtree As" (Windows NT 3.1 to 2000) → registry keys.

    Key Name:          SYSTEM\CurrentControlSet\Services\RasArp
    Class Name:        <NO CLASS>
    Last Write Time:   3/14/01 - 9:26 AM                          local time
    Value 0
      Name:            Start
      Type:            REG_DWORD
      Data:            0x3
    Value 1
      Name:            DependOnService
      Type:            REG_MULTI_SZ
      Data:            Tcpip                                      one part a line
                       NetBT
    Value 2
      Name:            Raw
      Type:            REG_BINARY
      Data:
    00000000   01 02 03                                   ...

The root is not printed: ``SYSTEM`` and ``SOFTWARE`` in capitals are keys of the machine; a user's key is spelled
``Software``. A text contains a key with everything below it. If the disk was full, REGEDT32 truncated the text without
an error message (Q111708).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import RegistryData
from evtscan.base.model.source import Source
from evtscan.base.text import read_text
from evtscan.parsers.registry.regdata import REG_MULTI_SZ
from evtscan.parsers.registry.text.regdump import NUMBERS, TEXTS, TYPES, DumpedKey, DumpedRegistry, lines_of, number
from evtscan.parsers.registry.text.regtree import MAX_KEYS, is_path
from evtscan.parsers.shared.localtime import PrintedTime
from evtscan.parsers.shared.printedtimes import instant, orders_of, printed_time

_KEY = re.compile(r"Key Name: {1,30}(?P<path>\S.*)\Z")
_WRITTEN = re.compile(r"Last Write Time: {1,30}(?P<time>\S.{0,60})\Z")
_CLASS = re.compile(r"Class Name:")
_VALUE = re.compile(r"Value \d+\s*\Z")
_PROPERTY = re.compile(r"\s{1,8}(?P<label>Name|Type|Data): {0,30}(?P<text>.*)\Z")
_MUST_GO_ON = re.compile(r"Key Name:|Class Name:|Value \d+\s*\Z|\s{1,8}(?:Name|Type):")
"""Lines that cannot be the last of a file: a full disk truncates the file without an error message (Q111708)."""
_DUMPED = re.compile(r"\s{0,4}[0-9a-f]{8} {1,4}(?P<bytes>[0-9a-f]{2}(?:(?: | - )[0-9a-f]{2}){0,15})", re.IGNORECASE)
_UNNAMED = "<NO NAME>"
_OF_THE_MACHINE = frozenset({"SYSTEM", "SOFTWARE"})
_MACHINE = "HKEY_LOCAL_MACHINE"


def read_registry(source: Source) -> DumpedRegistry:
    """Read one saved subtree.

    Raises:
        EvidenceError: if the file cannot be read, is too large, or contains no key.
    """
    text = read_text(source).text.rstrip("\x1a\0")
    is_cut = not text.endswith("\n") or _MUST_GO_ON.match(text.rstrip().rpartition("\n")[2]) is not None
    registry = DumpedRegistry(source.name, "regedt32")
    keys, times = [], []
    for key, time in _keys(registry, text):
        keys.append(key)
        times.append(time)
    if not keys:
        raise EvidenceError(f"{source.name}: shows no registry key")
    orders = orders_of({time for time in times if time is not None})
    for key, time in zip(keys, times, strict=True):
        key.written = instant(time, orders) if time is not None else None
    registry.fill(keys, cut=is_cut)
    return registry


@dataclass(slots=True)
class _Value:
    """One value while its lines are being read."""

    line: int
    name: str | None = None
    kind: str = ""
    lines: list[str] = field(default_factory=list)

    def data(self) -> RegistryData | None:
        code, first = TYPES.get(self.kind), self.lines[0] if self.lines else ""
        if code in NUMBERS:
            return number(first)
        if code in TEXTS:
            return "\n".join(self.lines)
        if code == REG_MULTI_SZ:
            return tuple(line for line in self.lines if line)
        rows = [_DUMPED.match(line) for line in self.lines if line]
        digits = "".join(row["bytes"] for row in rows if row is not None)
        return bytes.fromhex(re.sub("[ -]", "", digits)) if None not in rows else None


def _keys(registry: DumpedRegistry, text: str) -> Iterator[tuple[DumpedKey, PrintedTime | None]]:
    key: DumpedKey | None = None
    time: PrintedTime | None = None
    value: _Value | None = None
    count = 0
    for line_number, line in lines_of(text):
        if (heading := _KEY.match(line)) is not None and is_path(line):
            _finish(registry, key, value)
            if key is not None:
                yield key, time
            if count >= MAX_KEYS:
                registry.bad_line(None, line_number, f"more than {MAX_KEYS} keys: {line}")
                return
            key, time, value, count = DumpedKey(_path(heading["path"]), line_number), None, None, count + 1
        elif key is None or _CLASS.match(line):
            continue
        elif (written := _WRITTEN.match(line)) is not None and value is None:
            time = printed_time(written["time"])
        elif _VALUE.match(line):
            _finish(registry, key, value)
            value = _Value(line_number)
        elif value is not None:
            _read_line(registry, key, value, line, line_number)
        elif line.strip():
            registry.bad_line(key, line_number, line)
    _finish(registry, key, value)
    if key is not None:
        yield key, time


def _read_line(registry: DumpedRegistry, key: DumpedKey, value: _Value, line: str, line_number: int) -> None:
    match = _PROPERTY.match(line)
    if match is not None and match["label"] == "Name" and value.name is None:
        value.name = "" if match["text"] == _UNNAMED else match["text"]
    elif match is not None and match["label"] == "Type" and not value.kind:
        value.kind = match["text"].strip()
    elif match is not None and match["label"] == "Data" and not value.lines:
        value.lines.append(match["text"])
    elif value.lines and line.strip():
        value.lines.append(line if _DUMPED.match(line) else line.strip())
    elif line.strip():
        registry.bad_line(key, line_number, line)


def _finish(registry: DumpedRegistry, key: DumpedKey | None, value: _Value | None) -> None:
    if key is None or value is None:
        return
    data = value.data() if value.lines else None
    if value.name is None or data is None:
        registry.bad_line(key, value.line, f"value {value.name or ''}")
    else:
        key.take(registry.source, value.name, data, value.line)


def _path(text: str) -> tuple[str, ...]:
    parts = tuple(part for part in text.strip().split("\\") if part)
    return (_MACHINE, *parts) if parts and parts[0] in _OF_THE_MACHINE else parts
