"""Single values of events and facts: as text, as a number, as a time."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evtscan.base.wintypes import Instant, parse_time


def scalars_of(value: Any) -> Iterator[str | int | float | bool]:
    """Yield the single values in a value, including nested ones; None yields nothing."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple)):
            waiting.extend(reversed(item))
        elif item is not None:
            yield item


def text_of(value: Any) -> str:
    """A single value as text; booleans as Windows spells them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def number_shown(number: int) -> str:
    """A whole number for display; from 2^31 to 2^32 - 1 it is a status code, such as 0xC0000184."""
    return f"0x{number:08X}" if 0x80000000 <= number <= 0xFFFFFFFF else str(number)


_NUMBER = re.compile(r"\s*(?:(-?\d{1,30})|(0x[0-9a-f]{1,16})|(-?\d{1,30}\.\d{1,30}))\s*\Z", re.IGNORECASE)


def number_of(value: Any) -> int | float | None:
    """The number that a value is or spells (decimal, or hexadecimal with ``0x``), else None; a boolean is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    match = _NUMBER.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    if match[1]:
        return int(match[1])
    return int(match[2], 16) if match[2] else float(match[3])


def instant_of(value: Any) -> Instant | None:
    """The date or time that a text spells in ISO form (without zone: UTC), else None."""
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None
