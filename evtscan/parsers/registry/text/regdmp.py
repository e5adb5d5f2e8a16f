r"""The Resource Kit's ``regdmp`` → registry keys; ``regini`` reads this format too.

    \Registry\Machine\SYSTEM\CurrentControlSet\Services\RasArp [1 5 7]     a key, perhaps with permissions
        Start = REG_DWORD 0x00000003                                      its values and sub-keys, indented by four
        DisplayName = Remote Access ARP Service                           without a type: REG_SZ
        DependOnService = REG_MULTI_SZ "Tcpip" \                          a line goes on after a backslash
            "NetBT"
        Raw = REG_BINARY 0x00000003 0x00030201                            length, then little-endian DWORDs
        Parameters
    ; comment

A dump contains a key with everything below it.
"""

import re
from collections.abc import Iterator

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import RegistryData
from evtscan.base.model.source import Source
from evtscan.base.text import read_text
from evtscan.parsers.registry.regdata import REG_MULTI_SZ
from evtscan.parsers.registry.text.regdump import NUMBERS, TEXTS, TYPES, DumpedKey, DumpedRegistry, lines_of, number
from evtscan.parsers.registry.text.regtree import MAX_DEPTH, MAX_KEYS
from evtscan.parsers.shared.textlines import OEM

MAX_CONTINUED = 1 << 20

_PERMISSIONS = re.compile(r"\s\[[\d ]{0,200}\]\Z")
_TYPED = re.compile(r"(?P<type>REG_[A-Z_]{2,40})(?:\s(?P<data>.*))?\Z")
_QUOTED = re.compile(r'"([^"]*)"')
_ROOTS = {"machine": "HKEY_LOCAL_MACHINE", "user": "HKEY_USERS"}


def read_registry(source: Source) -> DumpedRegistry:
    """Read one dump.

    Raises:
        EvidenceError: if the file cannot be read, is too large, or contains no key.
    """
    text = read_text(source, fallback=OEM).text.rstrip("\x1a\0")
    registry = DumpedRegistry(source.name, "regdmp")
    keys = list(_keys(registry, text))
    if not keys:
        raise EvidenceError(f"{source.name}: shows no registry key")
    registry.fill(keys, cut=not text.endswith("\n") or text.rstrip().endswith("\\"))  # a value that would go on
    return registry


def _keys(registry: DumpedRegistry, text: str) -> Iterator[DumpedKey]:
    """Yield the keys in the order of the text.

    ``above`` contains the parents of the current line with their indents.
    """
    above: list[tuple[int, DumpedKey]] = []
    count = 0
    for line_number, line in _whole_lines(text):
        indent = len(line) - len(line.lstrip(" "))
        name, equals, data = line.strip().partition("=")
        if equals and (not name or name.endswith(" ")):
            owner = next((key for place, key in reversed(above) if place < indent), None)
            value = _data(data.strip())
            if owner is None or value is None:
                registry.bad_line(owner, line_number, line)
            else:
                owner.take(registry.source, _value_name(name.strip()), value, line_number)
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        path = (*(above[-1][1].path if above else ()), *_path(line.strip(), top=not above))
        if len(path) > MAX_DEPTH or count >= MAX_KEYS:
            registry.bad_line(above[-1][1] if above else None, line_number, line)
            continue
        key = DumpedKey(path, line_number)
        above.append((indent, key))
        count += 1
        yield key


def _whole_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines joined with their continuation lines; comments and blank lines are skipped, TABs become blanks."""
    held: list[str] = []
    first = size = 0
    for line_number, raw in lines_of(text):
        line = raw.expandtabs(4)
        if not held and (not line.strip() or line.lstrip().startswith(";")):
            continue
        first = first if held else line_number
        goes_on = line.endswith("\\") and size < MAX_CONTINUED
        piece = line.removesuffix("\\").rstrip() if goes_on else line
        held.append(piece.strip() if held else piece)
        size += len(piece)
        if not goes_on:
            yield first, " ".join(held)
            held, size = [], 0
    if held:
        yield first, " ".join(held)


def _path(text: str, *, top: bool) -> tuple[str, ...]:
    parts = tuple(part for part in _PERMISSIONS.sub("", text).rstrip().split("\\") if part)
    if top and len(parts) > 1 and parts[0].lower() == "registry":
        return (_ROOTS.get(parts[1].lower(), parts[1]), *parts[2:])
    return parts


def _value_name(text: str) -> str:
    name = text.strip('"')
    return "" if name == "@" else name


def _data(text: str) -> RegistryData | None:
    typed = _TYPED.match(text)
    if typed is None:
        return text
    code, data = TYPES.get(typed["type"]), (typed["data"] or "").strip()
    if code in NUMBERS:
        return number(data)
    if code in TEXTS:
        return data
    if code == REG_MULTI_SZ:
        return tuple(_QUOTED.findall(data))
    return _binary(data)


def _binary(text: str) -> bytes | None:
    """Parse binary data: the length in bytes, then DWORDs, of which the last one is padded."""
    numbers = [number(word) for word in text.split()]
    if not numbers:
        return b""
    length, *dwords = numbers
    raw = b"".join((dword & 0xFFFFFFFF).to_bytes(4, "little") for dword in dwords if dword is not None)
    return raw[:length] if length is not None and None not in dwords and len(raw) >= length else None
