"""A message definition and insertion strings → the text that a viewer shows.

The escapes are those of the Windows function FormatMessage: ``%1`` … ``%99`` insert a string, ``%1!08x!`` formats it as
printf does, ``%n`` is a line break, ``%r`` a carriage return, ``%t`` a tab, ``%b`` and ``%`` before a space are a
space, ``%.``, ``%!`` and ``%%`` are the sign itself, and ``%0`` ends the message. Placeholders of parameter messages,
``%%1833``, are replaced in the resulting text ("Event Identifiers" of the Windows SDK), so insertion strings may
contain them.

Insertion strings are numbered in the order of the log. Events of a driver have the device name as the first string, so
their messages begin with ``%2``.
"""

import re
from collections.abc import Callable, Sequence

LONGEST = 1 << 16
"""Characters of a rendered message; a longer one is truncated (FormatMessage stops at 64 KiB of characters, too)."""

_ESCAPE = re.compile(
    r"%([1-9][0-9]?)(?:!([-0+ #]*)(\d{0,3}|\*)(?:\.(\d{0,3}|\*))?(?:I64|I32|ll|[hlwI])?([a-zA-Z])!)?|%(.)", re.DOTALL
)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": " ", " ": " ", ".": ".", "!": "!", "%": "%"}
_PARAMETER = re.compile(r"%%([0-9]{1,10})(?![0-9])")
_INTEGER = re.compile(r"-?[0-9]{1,20}\Z")
_BREAKS = re.compile(r"\r\n?|\n")


Parameters = Callable[[int], str | None]
"""Number of a parameter message → its text, if there is one."""


def _none(number: int) -> str | None:
    return None


def render(definition: str, strings: Sequence[str], parameters: Parameters = _none) -> str:
    r"""Insert strings, and then parameter messages, into a message definition.

    The placeholder of a missing string or of an unknown parameter message is kept. Line breaks are ``\n``; trailing
    line breaks are removed.
    """
    text = _filled(definition, _ESCAPE, lambda found: None if found[6] == "0" else _replaced(found, strings))
    text = _filled(text, _PARAMETER, lambda found: _named(found, parameters))
    return _BREAKS.sub("\n", text).rstrip(" \n\0")


def parameter_text(definition: str) -> str:
    """Return the text of a parameter message; its own placeholders are kept."""
    return render(definition, ())


def _filled(text: str, pattern: re.Pattern[str], put: Callable[[re.Match[str]], str | None]) -> str:
    """Return the text with each match replaced, up to the size limit.

    If ``put`` returns None for a match, the text ends there.
    """
    parts: list[str] = []
    length = place = 0
    for found in pattern.finditer(text):
        piece = put(found)
        parts.append(text[place : found.start()])
        if piece is None:
            return "".join(parts)[:LONGEST]
        parts.append(piece)
        length += len(parts[-2]) + len(piece)
        place = found.end()
        if length > LONGEST:
            break
    else:
        parts.append(text[place:])
    return "".join(parts)[:LONGEST]


def _replaced(found: re.Match[str], strings: Sequence[str]) -> str:
    if found[1] is None:
        return _SIGNS.get(found[6], found[0])
    place = int(found[1])
    if place > len(strings):
        return found[0]
    text = strings[place - 1]
    return text if found[5] is None else _formatted(text, found[2], found[3], found[4], found[5])


def _formatted(text: str, flags: str, width: str, precision: str | None, kind: str) -> str:
    """Format a string like printf; a number format does not change text that is not a number.

    A width or precision that refers to another string (``*``) is ignored.
    """
    columns = 0 if width == "*" else int(width or 0)
    digits = None if precision in (None, "*") else int(precision or 0)
    shown = text
    if kind in "sSc":
        shown = text[:digits]
    elif kind in "xXodiu" and _INTEGER.match(text):
        shown = _number(int(text), kind).rjust(digits or 0, "0")
        if "0" in flags and "-" not in flags:
            shown = shown.rjust(columns, "0")
    return shown.ljust(columns) if "-" in flags else shown.rjust(columns)


def _number(number: int, kind: str) -> str:
    if kind in "xXo":
        return format(number % (1 << 64 if abs(number) >> 32 else 1 << 32), kind)
    return str(number)


def _named(found: re.Match[str], parameters: Parameters) -> str:
    number = int(found[1])
    text = parameters(number) if number < 1 << 32 else None
    return found[0] if text is None else text
