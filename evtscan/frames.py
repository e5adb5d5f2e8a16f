"""Events of a log → a pandas data frame with proper dtypes."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec
import pandas as pd

from evtscan.base.model.log import BatchReader, LogReader
from evtscan.dump.blocks import Block, Same, of_batch, of_events
from evtscan.dump.columns import COLUMNS

_TIMES = ("TimeCreated", "TimeWritten")
_INTEGERS = {
    "EventID": "Int32",
    "EventLevel": "Int16",
    "RecordID": "Int64",
    "ProcessID": "Int64",
    "ThreadID": "Int64",
    "Task": "Int32",
    "Opcode": "Int16",
    "Qualifiers": "Int32",
    "Version": "Int16",
    "Offset": "Int64",
    "HeaderID": "Int64",
}
_TEXTS = ("ActivityID", "RelatedActivityID", "Message")
_CATEGORIES = (
    "Provider",
    "Channel",
    "Computer",
    "UserID",
    "Keywords",
    "SourceFile",
    "ProviderGUID",
    "EventSourceName",
    "EventType",
)


def frame_of(logs: Iterable[tuple[LogReader, str]]) -> pd.DataFrame:
    """Read logs, each with the name of its file, to their ends into one data frame, in the columns of a dump."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for block in chain.from_iterable(_blocks(reader, name) for reader, name in logs):
        for name, values in block.columns.items():
            columns[name].extend([values.value] * block.count if isinstance(values, Same) else values)
    return pd.DataFrame({name: _series(name, values) for name, values in columns.items()})


def _blocks(reader: LogReader, source_name: str) -> Iterator[Block]:
    if not isinstance(reader, BatchReader):
        yield from of_events(reader)
        return
    for batch in reader.batches():
        yield of_batch(batch, source_name)


def _series(name: str, values: list[Any]) -> "pd.Series[Any]":
    if name in _TIMES:
        # years that a nanosecond timestamp cannot hold (before 1678, after 2261) become NaT
        held = [value if value is not None and "1678" <= value[:4] < "2262" else None for value in values]
        is_local = any(value is not None and not value.endswith("Z") for value in held)
        if is_local:  # naive, and what is UTC in the same file has no place among them
            held = [None if value is not None and value.endswith("Z") else value for value in held]
        times = pd.to_datetime(pd.Series(held, dtype=object), utc=not is_local, format="ISO8601", errors="coerce")
        return times.dt.as_unit("ns")
    if name in _INTEGERS:
        return pd.Series(_held(values, _INTEGERS[name]), dtype=_INTEGERS[name])
    if name in _CATEGORIES:
        texts = None if any(value is not None for value in values) else pd.Index([], dtype=str)
        return pd.Series(pd.Categorical(values, categories=texts))
    if name == "Recovered":
        return pd.Series(values, dtype=bool)
    if name == "Data":
        return pd.Series([msgspec.json.decode(value) for value in values], dtype=object)
    return pd.Series(values, dtype="string" if name in _TEXTS else object)


def _held(values: list[Any], dtype: str) -> list[Any]:
    """The numbers without those that a type has no room for, which only a damaged record has."""
    limit = 1 << int(dtype.removeprefix("Int")) - 1
    return [None if value is None or not -limit <= value < limit else value for value in values]
