"""Logs → blocks: columns of values for some thousand records at a time, in one form for all log formats."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from evtscan.base.jsontext import inert, json_text
from evtscan.base.model.event import Event
from evtscan.base.model.log import EventBatch, Same
from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import LAST_TICKS, TICKS_PER_SECOND, format_filetime
from evtscan.dump.columns import COLUMNS

BLOCK = 4096
"""Events in a block that is made of events, and lines that are encoded at once."""

FIELDS = {field.column: field.name for field in SYSTEM_FIELDS if field.name not in ("time", "provider")} | {
    "Message": "message"
}
"""The field of System for each column of a dump that has the field's values unchanged."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows as columns with the column names of a dump, each ``count`` long; ``Data`` is the text of a JSON object.

    ``ticks`` are the times of the rows as FILETIME, 0 for rows without a time.
    """

    columns: dict[str, list[Any] | Same]
    ticks: list[int]
    count: int


def of_events(events: Iterable[Event]) -> Iterator[Block]:
    """Yield decoded events as blocks."""
    source = iter(events)
    while chunk := list(islice(source, BLOCK)):
        columns: dict[str, list[Any] | Same] = {
            name: [read(event) for event in chunk] for name, read in COLUMNS.items()
        }
        columns["Data"] = [json_text(event.data) for event in chunk]
        yield Block(columns, [event.time.ticks if event.time else 0 for event in chunk], len(chunk))


def of_batch(batch: EventBatch, source_name: str) -> Block:
    """Return a batch of records as a block."""
    columns = {name: _folded(column_of(batch, name, source_name)) for name in COLUMNS}
    return Block(columns, [tick or 0 for tick in batch.column("ticks")], len(batch))


def column_of(batch: EventBatch, name: str, source_name: str) -> list[Any] | Same:
    """Return one column of a dump."""
    if name in FIELDS:
        return batch.column(FIELDS[name])
    if name == "Recovered":
        recovered = batch.recovered
        return recovered if any(recovered) else Same(False)
    return _OTHER_COLUMNS[name](batch) if name in _OTHER_COLUMNS else Same(source_name)


_OTHER_COLUMNS: dict[str, Callable[[EventBatch], list[Any] | Same]] = {
    "TimeCreated": lambda batch: times(batch.column("ticks")),
    "Provider": lambda batch: [name or None for name in batch.column("provider")],
    "Data": lambda batch: list(map(inert, batch.data_json())),
    "Offset": lambda batch: batch.offset,
    "HeaderID": lambda batch: batch.header_id,
    "EventType": lambda batch: Same(None),
    "TimeWritten": lambda batch: Same(None),
}


def _folded(values: list[Any] | Same) -> list[Any] | Same:
    if isinstance(values, Same) or not values or values.count(values[0]) != len(values):
        return values
    return Same(values[0])


def times(ticks: Iterable[int | None]) -> list[str | None]:
    """Return FILETIMEs as text; the text of each second is computed once."""
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
    """A cache from seconds since 1601, given as digits, to their text without fractions."""

    def __missing__(self, second: str) -> str:
        if len(self) > _MOST_SECONDS:
            self.clear()
        text = self[second] = format_filetime(int(second) * TICKS_PER_SECOND, 0).removesuffix("Z")
        return text


_SECONDS = _Seconds()
_MOST_SECONDS = 1 << 16
