"""Logs → blocks: columns of values for some thousand records at a time, whatever the format of the log."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from evtscan.base.model.event import Event
from evtscan.base.model.log import EventBatch
from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import LAST_TICKS, TICKS_PER_SECOND, format_filetime
from evtscan.dump.columns import COLUMNS

BLOCK = 4096
"""Events in a block that is made of events, and lines that are encoded at once."""

_FIELDS = {field.column: field.name for field in SYSTEM_FIELDS if field.name not in ("time", "provider")} | {
    "Message": "message"
}
"""The field of System for each column of a dump that has the field's values unchanged."""


@dataclass(frozen=True, slots=True)
class Same:
    """A column that has one value in every row."""

    value: Any


@dataclass(frozen=True, slots=True)
class Block:
    """Rows as columns under the names of a dump, each ``count`` long; ``Data`` is the text of a JSON object.

    ``ticks`` are the times of the rows as FILETIME, 0 where a row has none.
    """

    columns: dict[str, list[Any] | Same]
    ticks: list[int]
    count: int


def of_events(events: Iterable[Event]) -> Iterator[Block]:
    """Blocks of decoded events."""
    source = iter(events)
    while chunk := list(islice(source, BLOCK)):
        columns: dict[str, list[Any] | Same] = {
            name: [read(event) for event in chunk] for name, read in COLUMNS.items()
        }
        columns["Data"] = [json_text(event.data) for event in chunk]
        yield Block(columns, [event.time.ticks if event.time else 0 for event in chunk], len(chunk))


def of_batch(batch: EventBatch, source_name: str) -> Block:
    """The block of a batch of EVTX records."""
    ticks = batch.column("ticks")
    recovered = batch.recovered
    columns: dict[str, list[Any] | Same] = {name: batch.column(field) for name, field in _FIELDS.items()}
    columns |= {
        "TimeCreated": times(ticks),
        "Provider": [name or None for name in batch.column("provider")],
        "Data": list(map(_inert, batch.data_json())),
        "SourceFile": Same(source_name),
        "Offset": batch.offset,
        "Recovered": recovered if any(recovered) else Same(False),
        "HeaderID": batch.header_id,
        "EventType": Same(None),
        "TimeWritten": Same(None),
    }
    return Block({name: _folded(columns[name]) for name in COLUMNS}, [tick or 0 for tick in ticks], len(batch))


def _folded(values: list[Any] | Same) -> list[Any] | Same:
    if isinstance(values, Same) or not values or values.count(values[0]) != len(values):
        return values
    return Same(values[0])


def times(ticks: Iterable[int | None]) -> list[str | None]:
    """FILETIMEs as text: the date of each second is worked out once."""
    texts: list[str | None] = []
    for tick in ticks:
        if tick is None:
            texts.append(None)
        elif tick > LAST_TICKS:
            texts.append(format_filetime(tick))
        else:
            digits = f"{tick:08}"  # the last seven are those behind the point
            texts.append(f"{_SECONDS[digits[:-7]]}.{digits[-7:]}Z")
    return texts


class _Seconds(dict[str, str]):
    """Seconds since 1601, as digits, as text up to the second."""

    def __missing__(self, second: str) -> str:
        if len(self) > _MOST_SECONDS:
            self.clear()
        text = self[second] = format_filetime(int(second) * TICKS_PER_SECOND, 0).removesuffix("Z")
        return text


_SECONDS = _Seconds()
_MOST_SECONDS = 1 << 16


def json_text(value: Any) -> str:
    """A value as compact JSON; lone surrogates, which UTF-8 cannot carry, become U+FFFD."""
    try:
        return _inert(msgspec.json.encode(value).decode())
    except UnicodeEncodeError:
        return _inert(msgspec.json.encode(_replaced(value)).decode())


_ACTED_ON = re.compile(r"[\x80-\x9f\u2028-\u202e\u2066-\u2069]")


def _inert(text: str) -> str:
    """The same JSON with escapes for what a terminal acts on and JSON leaves alone: C1 controls, what reorders text."""
    if text.isascii() or text.isprintable():  # nearly all is, and both are told fast
        return text
    return _ACTED_ON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_replaced(name): _replaced(item) for name, item in value.items()}
    return [_replaced(item) for item in value] if isinstance(value, list) else value
