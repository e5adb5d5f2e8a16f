"""Events as typed columns, some thousand at a time: the step between logs and data frames, Arrow tables or Parquet.

The columns are the columns of a dump. Numbers have 64 bits and a mask, times are FILETIMEs, and repeating texts are
codes in a dictionary that grows while logs are read. Columns that can be formatted as a whole need no Python code for
single values.
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
    """Assigns codes to texts, numbered in order of first appearance; ``None`` has the code -1."""

    codes: dict[str | None, int] = field(default_factory=lambda: {None: -1})

    def of(self, values: Iterable[str | None]) -> NDArray[np.int32]:
        """Return the codes of some texts."""
        codes = self.codes
        for value in dict.fromkeys(values):
            if value not in codes:
                codes[value] = len(codes) - 1
        return np.fromiter(map(codes.__getitem__, values), np.int32)

    def texts(self) -> list[str]:
        """Return the texts in the order of their codes."""
        return [text for text in self.codes if text is not None]


@dataclass(slots=True)
class TypedBatch:
    """Some events as columns with the column names of a dump.

    ``times`` are FILETIMEs; ``local`` marks the events whose times are local times of an unknown zone. ``data`` has a
    line with a JSON object in UTF-8 for each event, or is empty if it was not requested.
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
    """Reads logs as typed batches; ``categories`` are shared by all logs.

    Args:
        data: whether the data of the events is needed.
    """

    def __init__(self, *, data: bool = True) -> None:
        self._data = data
        self.categories = {name: Categories() for name in CATEGORIES}

    def batches(self, reader: LogReader, source_name: str) -> Iterator[TypedBatch]:
        """Yield the selected events of a log, in the order of the log."""
        if isinstance(reader, BatchReader):
            for batch in reader.batches():
                if len(batch):
                    yield self._of_batch(batch, source_name)
            return
        yield from self.of_events(reader)

    def of_events(self, events: Iterable[Event]) -> Iterator[TypedBatch]:
        """Yield events as batches."""
        source = iter(events)
        while some := list(islice(source, BATCH)):
            yield self._of_events(some)

    def with_fields(
        self, reader: LogReader, source_name: str
    ) -> Iterator[tuple[TypedBatch, Mapping[str, Sequence[Any]]]]:
        """Yield the selected events of a log, and the fields of their data as columns.

        The columns have typed values, and None for events without the field.
        """
        if isinstance(reader, BatchReader):
            for batch in reader.batches():
                if len(batch):
                    yield self._of_batch(batch, source_name), fields_of(batch.in_order(map(typed_rows, batch.parts())))
            return
        events = iter(reader)
        while some := list(islice(events, BATCH)):
            yield self._of_events(some), fields_of([event.data for event in some])

    def forget(self) -> None:
        """Start new categories if there are very many; for callers that write each batch with its own dictionaries."""
        for categories in self.categories.values():
            if len(categories.codes) > _MOST_CATEGORIES:
                categories.codes = {None: -1}

    # ------------------------------------------------------------------------------------------------ batches

    def _of_batch(self, batch: EventBatch, source_name: str) -> TypedBatch:
        parts = batch.parts()
        rows = _Rows.of(batch, parts)
        count = len(batch)
        return TypedBatch(
            count=count,
            integers={name: _integers(parts, name, rows) for name in INTEGER_BITS},
            codes={name: self._codes(parts, name, source_name, rows) for name in CATEGORIES},
            texts={name: _texts(batch, parts, name) for name in TEXTS},
            times={
                "TimeCreated": (_filetimes(parts, rows), np.zeros(count, np.bool_)),
                "TimeWritten": (np.zeros(count, np.int64), np.ones(count, np.bool_)),
            },
            local=np.zeros(count, np.bool_),
            recovered=np.array(batch.recovered, np.bool_),
            data=batch.in_order(map(_json, parts)) if self._data else (),
        )

    def _codes(self, parts: Sequence[EventBatch], name: str, source_name: str, rows: "_Rows") -> NDArray[np.int32]:
        categories = self.categories[name]
        if name not in BY_COLUMN:
            column = column_of(parts[0], name, source_name)
            assert isinstance(column, Same)
            return np.full(rows.count, categories.of([column.value])[0], np.int32)
        fields = [part.values(BY_COLUMN[name].name) for part in parts]
        blank = name == "Provider"  # whose empty name means none
        same = [value.value or None if blank else value.value for value in fields if isinstance(value, Same)]
        codes = rows.spread([isinstance(value, Same) for value in fields], categories.of(same), np.int32)
        for place, values in enumerate(fields):
            if not isinstance(values, Same):
                texts = [value or None for value in values] if blank else list(values)
                codes[rows.of_part(place)] = categories.of(texts)
        return codes

    # ------------------------------------------------------------------------------------------------ events

    def _of_events(self, events: Sequence[Event]) -> TypedBatch:
        columns = {name: [read(event) for event in events] for name, read in COLUMNS.items() if name not in TIMES}
        times = {"TimeCreated": [event.time for event in events], "TimeWritten": [e.time_written for e in events]}
        data = [f"{json_text(value)}\n".encode("utf-8", "replace") for value in columns["Data"]] if self._data else ()
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
class _Rows:
    """The rows of a batch, in record order, to which the records of each part belong."""

    part: NDArray[np.int64]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, batch: EventBatch, parts: Sequence[EventBatch]) -> "_Rows":
        """Compute the rows for the parts of a batch."""
        part = np.array(batch.in_order([index] * len(some) for index, some in enumerate(parts)), np.int64)
        return cls(part, np.argsort(part, kind="stable"), np.cumsum([0, *map(len, parts)]))

    @property
    def count(self) -> int:
        """The number of records."""
        return len(self.part)

    def of_part(self, place: int) -> NDArray[np.int64]:
        """Return the rows of a part."""
        return self.rows[self.starts[place] : self.starts[place + 1]]

    def spread(self, is_same: Sequence[bool], values: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
        """Return a column from one value for each part; the rows of other parts are zero, for the caller to fill in."""
        by_part = np.zeros(len(is_same), dtype)
        by_part[np.array(is_same, np.bool_)] = values
        column: NDArray[Any] = by_part[self.part]
        return column


def _filetimes(parts: Sequence[EventBatch], rows: _Rows) -> NDArray[np.int64]:
    ticks = np.zeros(rows.count, np.int64)
    for place, part in enumerate(parts):
        values = part.values("ticks")
        if isinstance(values, Same):
            values = [values.value]
        ticks[rows.of_part(place)] = np.asarray(values, np.uint64).view(np.int64)
    return ticks


def _integers(parts: Sequence[EventBatch], name: str, rows: _Rows) -> Numbers:
    if name not in BY_COLUMN:
        fields: list[Any] = [part.values("offset" if name == "Offset" else "header_id") for part in parts]
    else:
        fields = [part.values(BY_COLUMN[name].name) for part in parts]
    is_same = [isinstance(values, Same) for values in fields]
    held, gone = _masked([values.value for values in fields if isinstance(values, Same)])
    numbers, missing = rows.spread(is_same, held, np.int64), rows.spread(is_same, gone, np.bool_)
    for place, values in enumerate(fields):
        if isinstance(values, np.ndarray):
            wide = values.astype(np.uint64).view(np.int64)
            chosen = rows.of_part(place)
            numbers[chosen], missing[chosen] = wide, wide < 0
        elif not isinstance(values, Same):
            chosen = rows.of_part(place)
            numbers[chosen], missing[chosen] = _masked(values)
    return numbers, missing


def _masked(values: Sequence[int | None]) -> Numbers:
    """Return numbers with a mask; numbers of more than 63 bits, which only damaged records have, count as missing."""
    missing = np.array([value is None or not 0 <= value < 1 << 63 for value in values], np.bool_)
    if not missing.any():
        return np.array(values, np.int64), missing
    held = [0 if gone else value for value, gone in zip(values, missing.tolist(), strict=True)]
    return np.array(held, np.int64), missing


def _texts(batch: EventBatch, parts: Sequence[EventBatch], name: str) -> Sequence[str | None]:
    fields = [part.values(BY_COLUMN[name].name if name in BY_COLUMN else "message") for part in parts]
    if all(isinstance(values, Same) and values.value is None for values in fields):
        return [None] * len(batch)
    return batch.in_order(
        [values.value] * len(part) if isinstance(values, Same) else list(values)
        for part, values in zip(parts, fields, strict=True)
    )


def _json(part: EventBatch) -> Sequence[bytes | memoryview]:
    lines = part.json_lines(_DATA)
    if lines is not None:
        return lines
    column = column_of(part, "Data", "")
    texts = [column.value] * len(part) if isinstance(column, Same) else column
    return [f"{text}\n".encode("utf-8", "replace") for text in texts]


@cache
def largest(bits: int) -> int:
    """Return the first number that is too large for a column of this size.

    The column's type is signed, and one size larger if there is one.
    """
    return 1 << {8: 15, 16: 31}.get(bits, 63)
