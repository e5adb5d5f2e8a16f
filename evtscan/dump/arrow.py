"""Typed batches → Apache Arrow, and Parquet files (the extra ``arrow``)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from evtscan.base.model.log import LogReader
from evtscan.base.wintypes import Instant
from evtscan.dump.columns import COLUMNS
from evtscan.dump.fieldvalues import field_text
from evtscan.dump.typed import CATEGORIES, INTEGER_BITS, TEXTS, TIMES, Categories, Numbers, TypedBatch, TypedReader
from evtscan.dump.typed import largest as first_too_large

_UNIX_EPOCH = 116_444_736_000_000_000
_NS_TICKS = (1 << 63) // 100 - 1  # ticks around 1970 that nanoseconds can hold: the years 1677 to 2262
_TIME = pa.timestamp("ns", "UTC")
_INTEGER_TYPES = {8: pa.int16(), 16: pa.int32(), 32: pa.int64(), 64: pa.int64()}


def _type_of(name: str) -> pa.DataType:
    if name in TIMES:
        return _TIME
    if name in INTEGER_BITS:
        return _INTEGER_TYPES[INTEGER_BITS[name]]
    if name in CATEGORIES:
        return pa.dictionary(pa.int32(), pa.string())
    return pa.bool_() if name == "Recovered" else pa.string()


FRAME_HEADER = 8
"""Bytes before a record batch that is sent to another process: its length."""
LOCAL_TIME = "LocalTime"
"""The column of times whose zone is not known; ``TimeCreated`` is null there."""

SCHEMA: pa.Schema = pa.schema([*((name, _type_of(name)) for name in COLUMNS), (LOCAL_TIME, pa.timestamp("ns"))])
"""The columns of every table of events, whatever the log: those of a dump, and ``LocalTime``."""


def record_batches(logs: Iterable[tuple[LogReader, str]]) -> Iterator[pa.RecordBatch]:
    """Yield the events of logs, given with their names, as record batches with the schema ``SCHEMA``."""
    typed = TypedReader()
    for reader, name in logs:
        for batch in typed.batches(reader, name):
            yield to_arrow(batch, typed.categories)
            typed.forget()


def to_arrow(batch: TypedBatch, categories: dict[str, Categories]) -> pa.RecordBatch:
    """Convert a batch to Arrow; its dictionaries contain the categories known so far."""
    arrays: dict[str, pa.Array] = {}
    for name in COLUMNS:
        if name in INTEGER_BITS:
            arrays[name] = _integers(batch.integers[name], INTEGER_BITS[name])
        elif name in CATEGORIES:
            codes = pa.array(batch.codes[name], mask=batch.codes[name] < 0)
            texts = [_encodable(text) for text in categories[name].texts()]
            arrays[name] = pa.DictionaryArray.from_arrays(codes, pa.array(texts, pa.string()), safe=False)
        elif name in TEXTS:
            arrays[name] = pa.array([text and _encodable(text) for text in batch.texts[name]], pa.string())
        elif name in TIMES:
            arrays[name] = _times(batch.times[name], ~batch.local).cast(_TIME)
        elif name == "Recovered":
            arrays[name] = pa.array(batch.recovered)
        else:
            arrays[name] = _utf8(batch.data)
    arrays[LOCAL_TIME] = _times(batch.times["TimeCreated"], batch.local)
    return pa.RecordBatch.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _integers(numbers: Numbers, bits: int) -> pa.Array:
    values, missing = numbers
    limit = first_too_large(bits)
    if limit < 1 << 63:
        missing = missing | (values >= limit)
    kind = _INTEGER_TYPES[bits]
    return pa.array(values.astype(kind.to_pandas_dtype()), mask=missing if missing.any() else None)


def _times(times: Numbers, wanted: Any) -> pa.Array:
    """Return times as nanoseconds since 1970; null if a time is missing, not selected, or out of range."""
    ticks, missing = times
    since = ticks - _UNIX_EPOCH
    missing = missing | ~wanted | (since > _NS_TICKS) | (since < -_NS_TICKS) | (ticks < 0)
    return pa.array(np.where(missing, 0, since) * 100, mask=missing).cast(pa.timestamp("ns"))


def _utf8(lines: Sequence[bytes | memoryview]) -> pa.Array:
    """Return lines of UTF-8 as texts without the line feed; each line has exactly one, at its end."""
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) - 1)
    offsets = np.concatenate([np.zeros(1, np.int64), ends]).astype(np.int32)
    data = pa.py_buffer(b"".join(lines).replace(b"\n", b""))
    return pa.StringArray.from_buffers(len(lines), pa.py_buffer(offsets), data)


def table_of(batches: Iterable[pa.RecordBatch], schema: pa.Schema = SCHEMA) -> pa.Table:
    """Join batches into one table, with one dictionary for each column."""
    return pa.Table.from_batches(batches, schema).unify_dictionaries()


def frame(batch: pa.RecordBatch) -> bytes:
    """Return one record batch with its dictionaries as a frame (see ``parquet``)."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return len(data).to_bytes(FRAME_HEADER, "little") + data


# ------------------------------------------------------------------------------------------------ fields as columns


def table_with_fields(logs: Iterable[tuple[LogReader, str]]) -> pa.Table:
    """Return the events of logs as a table, with a column for each data field, in order of first appearance."""
    typed = TypedReader(data=False)
    system: list[pa.RecordBatch] = []
    fields: list[Mapping[str, pa.Array]] = []
    for reader, name in logs:
        for batch, data in typed.with_fields(reader, name):
            system.append(to_arrow(replace(batch, data=[b"\n"] * batch.count), typed.categories))
            fields.append({field: _field(values) for field, values in data.items()})
    table = table_of(system).drop_columns(["Data"])
    for field in dict.fromkeys(name for batch in fields for name in batch):
        kinds = {batch[field].type for batch in fields if field in batch}
        kind = kinds.pop() if len(kinds) == 1 else pa.string()
        chunks = [
            _as_text(batch[field], kind) if field in batch else pa.nulls(rows.num_rows, kind)
            for batch, rows in zip(fields, system, strict=True)
        ]
        table = table.append_column(f"Data_{field}" if field in SCHEMA.names else field, pa.chunked_array(chunks, kind))
    return table


def _field(values: Sequence[Any]) -> pa.Array:
    """Return the column of a field: whole numbers, truth values or times if all values have that type, else text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {float}:
        return pa.array(values, pa.float64())
    if kinds == {int}:
        largest = max(value for value in values if value is not None)
        return pa.array(values, pa.uint64() if largest >= 1 << 63 else pa.int64())
    if kinds == {Instant}:
        ticks = np.array([0 if value is None else value.ticks for value in values], np.uint64).view(np.int64)
        missing = np.array([value is None for value in values], np.bool_)
        return _times((ticks, missing), np.ones(len(values), np.bool_)).cast(_TIME)
    return pa.array([None if value is None else _encodable(field_text(value)) for value in values], pa.string())


def _as_text(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    return pa.array([None if value is None else field_text(value) for value in column.to_pylist()], kind)
