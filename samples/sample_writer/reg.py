"""Registry keys → the text of a ``.reg`` export: REGEDIT4 (NT 4.0, ANSI) and version 5.00 (2000 and later, UTF-16).

Grammar as both regedit programs write it: strings quoted, everything else but dwords as bytes in hexadecimal, lines of
bytes continued with a backslash, CRLF. In REGEDIT4 the texts among those bytes are ANSI, in version 5.00 UTF-16.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

_LINE = 80  # regedit continues its lines of bytes before this column


@dataclass(frozen=True, slots=True)
class ExpandString:
    """A REG_EXPAND_SZ."""

    text: str


RegValue = str | int | bytes | tuple[str, ...] | ExpandString
"""str is REG_SZ, int REG_DWORD, bytes REG_BINARY, a tuple of texts REG_MULTI_SZ."""


@dataclass(frozen=True, slots=True)
class RegKey:
    """One section: the full path of a key, and its values by name (``""`` is the default value)."""

    path: str
    values: Mapping[str, RegValue] = field(default_factory=dict)


def regedit4(keys: Iterable[RegKey], encoding: str = "cp1252") -> bytes:
    """The export of NT 4.0's regedit, in the ANSI code page ``encoding``.

    Raises:
        UnicodeEncodeError: if the code page cannot write a text.
    """
    return _export("REGEDIT4", keys, lambda text: text.encode(encoding)).encode(encoding)


def regedit5(keys: Iterable[RegKey]) -> bytes:
    """The export of regedit 5.00: UTF-16LE with a byte order mark."""
    text = _export("Windows Registry Editor Version 5.00", keys, lambda text: text.encode("utf-16-le"))
    return b"\xff\xfe" + text.encode("utf-16-le")


_Encode = Callable[[str], bytes]


def _export(title: str, keys: Iterable[RegKey], encode: _Encode) -> str:
    lines = [title, ""]
    for key in keys:
        lines.append(f"[{key.path}]")
        lines += [line for name, value in key.values.items() for line in _value(name, value, encode)]
        lines.append("")
    return "".join(line + "\r\n" for line in lines)


def _value(name: str, value: RegValue, encode: _Encode) -> list[str]:
    shown = f'"{_escaped(name)}"=' if name else "@="
    if isinstance(value, str):
        return [f'{shown}"{_escaped(value)}"']
    if isinstance(value, int):
        return [f"{shown}dword:{value:08x}"]
    if isinstance(value, bytes):
        return _bytes(f"{shown}hex:", value)
    if isinstance(value, ExpandString):
        return _bytes(f"{shown}hex(2):", encode(value.text + "\0"))
    return _bytes(f"{shown}hex(7):", encode("".join(text + "\0" for text in value) + "\0"))


def _bytes(start: str, data: bytes) -> list[str]:
    lines = [start]
    for index, byte in enumerate(data):
        piece = f"{byte:02x}" + ("," if index < len(data) - 1 else "")
        if len(lines[-1]) + len(piece) >= _LINE - 1:
            lines[-1] += "\\"
            lines.append("  ")
        lines[-1] += piece
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
