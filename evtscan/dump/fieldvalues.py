"""The data of events of one kind as columns, in which each field has values of its own type."""

from collections.abc import Mapping, Sequence
from typing import Any

from evtscan.base.jsontext import json_text
from evtscan.base.model.log import EventBatch
from evtscan.base.wintypes import Instant, parse_time

_NUMBERS = frozenset(range(0x03, 0x0B))
_REALS, _TRUTH, _TIMES = frozenset({0x0B, 0x0C}), 0x0D, frozenset({0x11, 0x12})


def typed_rows(part: EventBatch) -> list[Mapping[str, Any]]:
    """Return the data of records of one structure; whole numbers, truth values and times have their own types."""
    rows = part.data()
    readers = {name: reader for name, kind in part.data_types().items() if (reader := _reader(kind)) is not None}
    for row in rows if readers else ():
        for name, read in readers.items():
            if name in row:
                row[name] = read(row[name])
    return list(rows)


def _reader(value_type: int) -> Any:
    if value_type in _NUMBERS:
        return int
    if value_type in _REALS:
        return _real
    if value_type == _TRUTH:
        return lambda text: text == "true"
    return _time if value_type in _TIMES else None


def _real(text: str) -> float:
    return float(text.replace("INF", "inf"))


def _time(text: str) -> Instant | str:
    try:
        return parse_time(text)
    except ValueError:  # past the year 9999
        return text


def fields_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Convert rows to columns in order of first appearance; None if a row does not have the field."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def field_text(value: Any) -> str:
    """Return a value as text; nested values become JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Instant):
        return str(value)
    return json_text(value)
