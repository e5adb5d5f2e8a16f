"""Events of logs → a pandas data frame with proper dtypes."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evtscan.base.model.log import LogReader
from evtscan.dump.columns import COLUMNS
from evtscan.dump.typed import CATEGORIES, INTEGER_BITS, TIMES, Numbers, TypedBatch, TypedReader, largest

DataForm = Literal["json", "dict"]
"""How a frame holds the data of an event: the text of a JSON object, or a dict."""

_UNIX_EPOCH = 116_444_736_000_000_000
_NS_TICKS = (1 << 63) // 100 - 1  # ticks around 1970 that nanoseconds can hold: the years 1677 to 2262
_INTEGER_TYPES = {8: "Int16", 16: "Int32", 32: "Int64", 64: "Int64"}


def frame_of(logs: Iterable[tuple[LogReader, str]], data: DataForm = "json") -> pd.DataFrame:
    """Read logs, given with the names of their files, completely into one data frame with the columns of a dump."""
    typed = TypedReader()
    columns = _Columns()
    for reader, name in logs:
        for batch in typed.batches(reader, name):
            columns.add(batch)
    return pd.DataFrame(
        {name: columns.series(name, typed, data) for name in COLUMNS}, index=pd.RangeIndex(columns.count), copy=False
    )


class _Columns:
    """Collects the columns of all batches; a column is released when its series is created."""

    def __init__(self) -> None:
        self.count = 0
        self._parts: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self._local: list[NDArray[np.bool_]] = []

    def add(self, batch: TypedBatch) -> None:
        """Add a batch."""
        self.count += batch.count
        for name, numbers in batch.integers.items():
            self._parts[name].append(_narrow(numbers, INTEGER_BITS[name]))
        for name, codes in batch.codes.items():
            self._parts[name].append(codes)
        for name, texts in batch.texts.items():
            self._parts[name].append(texts if any(text is not None for text in texts) else batch.count)
        for name, times in batch.times.items():
            self._parts[name].append(_nanoseconds(times))
        self._parts["Recovered"].append(batch.recovered)
        self._parts["Data"] += b"".join(batch.data).decode().split("\n")[:-1]
        self._local.append(batch.local)

    def series(self, name: str, typed: TypedReader, data: DataForm) -> "pd.Series[Any]":
        """Return one column as a series; ``data`` is the form of ``Data``."""
        parts = self._parts.pop(name)
        if name in INTEGER_BITS:
            kind = _INTEGER_TYPES[INTEGER_BITS[name]]
            values, missing = _joined(parts, np.dtype(kind.lower()))
            return pd.Series(pd.arrays.IntegerArray(values, missing), copy=False)
        if name in CATEGORIES:
            codes = np.concatenate([np.zeros(0, np.int32), *parts])
            texts = pd.Index(typed.categories[name].texts(), dtype=str)
            return pd.Series(pd.Categorical.from_codes(codes, categories=texts), copy=False)
        if name in TIMES:
            return self._times(parts)
        if name == "Recovered":
            return pd.Series(np.concatenate([np.zeros(0, np.bool_), *parts]), copy=False)
        if name == "Data":
            return pd.Series([msgspec.json.decode(text) for text in parts] if data == "dict" else parts, dtype=object)
        written = [text for part in parts for text in ([None] * part if isinstance(part, int) else part)]
        return pd.Series(written, dtype="string")

    def _times(self, parts: Sequence[Numbers]) -> "pd.Series[Any]":
        """Return times in UTC; if any time is local with an unknown zone, return naive local times only.

        UTC times are then NaT, since they cannot be compared with local times.
        """
        values, missing = _joined(parts, np.dtype(np.int64))
        local = np.concatenate([np.zeros(0, np.bool_), *self._local])
        is_local = bool(local[~missing].any())
        if is_local:
            missing = missing | ~local
        times = values.view("M8[ns]").copy()
        times[missing] = np.datetime64("NaT")
        index = pd.DatetimeIndex(times)
        return pd.Series(index if is_local else index.tz_localize("UTC"))


def _joined(parts: Sequence[Numbers], dtype: np.dtype[Any]) -> Numbers:
    values = np.concatenate([np.zeros(0, dtype), *(values for values, _ in parts)])
    return values, np.concatenate([np.zeros(0, np.bool_), *(missing for _, missing in parts)])


def _narrow(numbers: Numbers, bits: int) -> Numbers:
    """Convert numbers to the integer type of their column; numbers that do not fit (damaged records) become missing."""
    values, missing = numbers
    limit = largest(bits)
    if limit < 1 << 63:
        missing = missing | (values >= limit)
    return values.astype(_INTEGER_TYPES[bits].lower()), missing


def _nanoseconds(times: Numbers) -> Numbers:
    """Return times as nanoseconds since 1970; times that do not fit (before 1678, after 2261) become missing."""
    ticks, missing = times
    since = ticks - _UNIX_EPOCH
    missing = missing | (since > _NS_TICKS) | (since < -_NS_TICKS) | (ticks < 0)
    return np.where(missing, 0, since) * 100, missing
