"""Events as typed columns, some thousand at a time: the step between logs and data frames, Arrow tables or Parquet.

Columns are those of a dump. Numbers are 64 bits with a mask, times are FILETIMEs, texts that repeat are codes in a
dictionary that grows while logs are read. No Python code runs for a value of a column that is formatted as a whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evtscan.base.jsontext import json_text
from evtscan.base.model.event import Event
from evtscan.base.model.log import BatchReader, EventBatch, LineLayout, LogReader, Same
from evtscan.base.model.system import BY_COLUMN, SYSTEM_FIELDS
from evtscan.dump.blocks import column_of
from evtscan.dump.columns import COLUMNS
from evtscan.dump.fieldvalues import fields_of, typed_rows

INTEGER_BITS = {field.column: field.bits for field in SYSTEM_FIELDS if field.kind == "number"} | {
    "Offset": 64,
    "HeaderID": 64,
}
"""The columns of whole numbers, which are not negative, with their size in bits."""
CATEGORIES = (
    *("Provider", "Channel", "Computer", "UserID", "Keywords", "SourceFile", "ProviderGUID", "EventSourceName"),
    "EventType",
)
"""The columns of texts that repeat."""
TEXTS = ("ActivityID", "RelatedActivityID", "Message")
"""The columns of texts that seldom repeat, if they are there at all."""
TIMES = ("TimeCreated", "TimeWritten")
BATCH = 8192
"""Events in a batch of a log that is read event by event."""
_MOST_CATEGORIES = 1 << 20
_DATA: LineLayout = ((b"", "data"), (b"\n", ""))

Numbers = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""Values, and which of them are missing."""


@dataclass(slots=True)
class Categories:
    """Texts → codes, numbered as they are met; ``None`` is -1."""

    codes: dict[str | None, int] = field(default_factory=lambda: {None: -1})

    def of(self, values: Iterable[str | None]) -> NDArray[np.int32]:
        """The codes of some texts."""
        codes = self.codes
        for value in dict.fromkeys(values):
            if value not in codes:
                codes[value] = len(codes) - 1
        return np.fromiter(map(codes.__getitem__, values), np.int32)

    def texts(self) -> list[str]:
        """The texts by their codes."""
        return [text for text in self.codes if text is not None]


@dataclass(slots=True)
class TypedBatch:
    """Some events as columns under the names of a dump.

    ``times`` are FILETIMEs, and ``local`` says of which events these are local times of an unknown zone. ``data`` has
    the text of a JSON object in UTF-8 for each event, or nothing if it was not requested.
    """

    count: int
    integers: dict[str, Numbers]
    codes: dict[str, NDArray[np.int32]]
    texts: dict[str, Sequence[str | None]]
    times: dict[str, Numbers]
    local: NDArray[np.bool_]
    recovered: NDArray[np.bool_]
    data: Sequence[bytes | memoryview]


class TypedReader:
    """Reads logs as typed batches; ``categories`` are shared by all of them.

    Args:
        data: whether the data of the events is needed.
    """

    def __init__(self, *, data: bool = True) -> None:
        self._data = data
        self.categories = {name: Categories() for name in CATEGORIES}

    def batches(self, reader: LogReader, source_name: str) -> Iterator[TypedBatch]:
        """The selected events of a log, in its order."""
        if isinstance(reader, BatchReader):
            for batch in reader.batches():
                if len(batch):
                    yield self._of_batch(batch, source_name)
            return
        yield from self.of_events(reader)

    def of_events(self, events: Iterable[Event]) -> Iterator[TypedBatch]:
        """Events as batches."""
        source = iter(events)
        while some := list(islice(source, BATCH)):
            yield self._of_events(some)

    def with_fields(
        self, reader: LogReader, source_name: str
    ) -> Iterator[tuple[TypedBatch, Mapping[str, Sequence[Any]]]]:
        """The same with the fields of the data as columns: typed values, None where an event has none."""
        if isinstance(reader, BatchReader):
            for batch in reader.batches():
                if len(batch):
                    yield self._of_batch(batch, source_name), fields_of(batch.in_order(map(typed_rows, batch.parts())))
            return
        events = iter(reader)
        while some := list(islice(events, BATCH)):
            yield self._of_events(some), fields_of([event.data for event in some])

    def forget(self) -> None:
        """Begin new categories if there are very many: a batch has those of its own events."""
        for categories in self.categories.values():
            if len(categories.codes) > _MOST_CATEGORIES:
                categories.codes = {None: -1}

    # ------------------------------------------------------------------------------------------------ batches

    def _of_batch(self, batch: EventBatch, source_name: str) -> TypedBatch:
        parts = batch.parts()
        order = np.array(batch.in_order([[index] * len(part) for index, part in enumerate(parts)]), np.int64)
        order = np.argsort(np.argsort(order, kind="stable"), kind="stable") if len(parts) > 1 else order * 0
        place = _Order(order if len(parts) > 1 else None)
        ticks = place.arrays([_filetimes(part) for part in parts])
        none = np.ones(len(batch), np.bool_)
        return TypedBatch(
            count=len(batch),
            integers={name: place.numbers([_integers(part, name) for part in parts]) for name in INTEGER_BITS},
            codes={name: place.arrays([self._codes(part, name, source_name) for part in parts]) for name in CATEGORIES},
            texts={name: batch.in_order(_texts(part, name) for part in parts) for name in TEXTS},
            times={
                "TimeCreated": (ticks, np.zeros(len(batch), np.bool_)),
                "TimeWritten": (np.zeros(len(batch), np.int64), none),
            },
            local=np.zeros(len(batch), np.bool_),
            recovered=np.array(batch.recovered, np.bool_),
            data=batch.in_order(map(_json, parts)) if self._data else (),
        )

    def _codes(self, part: EventBatch, name: str, source_name: str) -> NDArray[np.int32]:
        categories = self.categories[name]
        field = BY_COLUMN.get(name)
        values = part.values(field.name) if field else column_of(part, name, source_name)
        if isinstance(values, Same):
            return np.full(len(part), categories.of([values.value or None if name == "Provider" else values.value])[0])
        return categories.of([value or None for value in values] if name == "Provider" else list(values))

    # ------------------------------------------------------------------------------------------------ events

    def _of_events(self, events: Sequence[Event]) -> TypedBatch:
        columns = {name: [read(event) for event in events] for name, read in COLUMNS.items() if name not in TIMES}
        times = {"TimeCreated": [event.time for event in events], "TimeWritten": [e.time_written for e in events]}
        data = [json_text(value).encode("utf-8", "replace") for value in columns["Data"]] if self._data else ()
        return TypedBatch(
            count=len(events),
            integers={name: _masked(columns[name]) for name in INTEGER_BITS},
            codes={name: self.categories[name].of(columns[name]) for name in CATEGORIES},
            texts={name: columns[name] for name in TEXTS},
            times={name: _masked([t if t is None else t.ticks for t in column]) for name, column in times.items()},
            local=np.array([event.time is not None and event.time.local for event in events], np.bool_),
            recovered=np.array(columns["Recovered"], np.bool_),
            data=data,
        )


@dataclass(frozen=True, slots=True)
class _Order:
    """Results for the parts of a batch → record order."""

    order: NDArray[np.int64] | None

    def arrays(self, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        joined = np.concatenate(parts)
        return joined if self.order is None else joined[self.order]

    def numbers(self, parts: Sequence[Numbers]) -> Numbers:
        values, missing = zip(*parts, strict=True)
        return self.arrays(values), self.arrays(missing)


def _filetimes(part: EventBatch) -> NDArray[np.int64]:
    values = part.values("ticks")
    if isinstance(values, np.ndarray):
        return values.astype(np.uint64).view(np.int64)
    ticks = [values.value] * len(part) if isinstance(values, Same) else values
    return np.array(ticks, np.uint64).view(np.int64)


def _integers(part: EventBatch, name: str) -> Numbers:
    if name in ("Offset", "HeaderID"):
        return _masked(part.offset if name == "Offset" else part.header_id)
    values = part.values(BY_COLUMN[name].name)
    if isinstance(values, Same):
        held, missing = _masked([values.value])
        return np.repeat(held, len(part)), np.repeat(missing, len(part))
    if isinstance(values, np.ndarray):
        wide = values.astype(np.uint64).view(np.int64)
        return wide, wide < 0
    return _masked(values)


def _masked(values: Sequence[int | None]) -> Numbers:
    """Numbers with a mask; what 63 bits cannot hold, as damaged records have it, is missing."""
    missing = np.array([value is None or not 0 <= value < 1 << 63 for value in values], np.bool_)
    if not missing.any():
        return np.array(values, np.int64), missing
    held = [0 if gone else value for value, gone in zip(values, missing.tolist(), strict=True)]
    return np.array(held, np.int64), missing


def _texts(part: EventBatch, name: str) -> Sequence[str | None]:
    values = part.values(BY_COLUMN[name].name if name in BY_COLUMN else "message")
    return [values.value] * len(part) if isinstance(values, Same) else list(values)


def _json(part: EventBatch) -> Sequence[bytes | memoryview]:
    lines = part.json_lines(_DATA)
    if lines is not None:
        return [line[:-1] for line in lines]
    column = column_of(part, "Data", "")
    texts = [column.value] * len(part) if isinstance(column, Same) else column
    return [text.encode("utf-8", "replace") for text in texts]


@cache
def largest(bits: int) -> int:
    """The first number that a column of this size leaves out: the type is signed, and the next larger one."""
    return 1 << {8: 15, 16: 31}.get(bits, 63)
