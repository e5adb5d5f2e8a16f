"""Phrases that the sentences of several modules share: lists, counts, time spans."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from evtscan.base.wintypes import TICKS_PER_SECOND

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def listing(words: Iterable[str]) -> str:
    """Join words to a phrase: ``a``, ``a and b``, ``a, b and c``; empty for no words."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def times(number: int) -> str:
    """Return a number of times in words: ``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 host``, ``1,200 hosts``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def lasting(ticks: int) -> str:
    """Return a time span, given in ticks (100 ns), in its two largest units: ``3 days 4 hours``, ``2 minutes``."""
    seconds = ticks // TICKS_PER_SECOND
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append((number, unit))
    return " ".join(counted(number, unit) for number, unit in parts[:2] if number) or "0 seconds"


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def shortened(text: str, most: int) -> str:
    """Return a text, shortened to at most ``most`` characters; an ellipsis marks the cut."""
    return text if len(text) <= most else text[: most - 1] + "…"


def data_text(data: Mapping[str, Any], most: int | None = None) -> str:
    """Return the data of an event on one line, ``Data1=…; Data2=…``, limited to ``most`` characters if given."""
    parts = [f"{name}={value}" if type(value) is str else f"{name}={_flat(value)}" for name, value in data.items()]
    text = "; ".join(parts)
    return text if most is None else shortened(text, most)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flat(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(_flat(item) for item in value)
    return str(value)


_LONGEST_ENTITY = 80
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{48,}")
_ENCODED_SHOWN = 16


def short_entity(entity: str) -> str:
    """Shorten an entity for display: a long run of Base64 or hexadecimal digits, or a long text, is cut off.

    >>> short_entity("cert " + "A" * 64)
    'cert AAAAAAAAAAAAAAAA…'
    """
    return shortened(_ENCODED.sub(lambda match: f"{match[0][:_ENCODED_SHOWN]}…", entity), _LONGEST_ENTITY)
