"""Table → Parquet: the columns of the CSV tables, with types, in row groups of bounded size.

Counts and numbers are 64-bit integers, flags are booleans, times are UTC timestamps in nanoseconds (logs use 100 ns),
and everything else is text as in CSV, lists joined with ``; ``. Text is not neutralised for spreadsheets. A value that
its column cannot hold is null there and is written as ``FirstSeen=…`` in the last column, ``OtherValues``: a local time
without zone, a damaged time, several times, a time before 1678 or after 2261, or a number beyond 63 bits.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from evtscan.base.safetext import visible
from evtscan.base.wintypes import parse_time
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import HostSummary, rules_by_id
from evtscan.reporters.json.timesketch import microseconds
from evtscan.reporters.tables.columns import Cell, Kind, TableForm

if TYPE_CHECKING:
    import pyarrow

ROWS_IN_GROUP = 20_000
"""How many rows are held before they are written: a group of them compresses well, and a reader can take one alone."""

OTHER_VALUES = "OtherValues"

_UNIX_EPOCH_TICKS = parse_time("1970-01-01").ticks
_NANOSECONDS_PER_TICK = 100
_LIMIT = 1 << 63


class ParquetSink:
    """Writes one table of a report host by host."""

    def __init__(self, form: TableForm[Any], report: Report, stream: BinaryIO) -> None:
        from pyarrow.parquet import ParquetWriter

        self._form = form
        self._report = report
        self._rules = rules_by_id(report)
        self._schema = _schema(form)
        self._kinds = tuple(form.kinds.items())
        self._writer = ParquetWriter(stream, self._schema, compression="zstd")
        self._rows: list[Sequence[Cell]] = []

    def add(self, summary: HostSummary) -> None:
        """Buffer the rows of one host, and write a row group when there are enough rows."""
        self._take(self._form.rows_of_host(summary, self._rules))

    def close(self) -> None:
        """Write the remaining rows and the footer of the file."""
        self._take(self._form.rows_of_report(self._report))
        self._write()
        self._writer.close()

    def _take(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            self._rows.append(row)
            if len(self._rows) == ROWS_IN_GROUP:
                self._write()

    def _write(self) -> None:
        import pyarrow

        if self._rows:
            typed = [
                [_value(cell, kind) for cell, (_, kind) in zip(row, self._kinds, strict=True)] for row in self._rows
            ]
            others = [self._others(row, values) for row, values in zip(self._rows, typed, strict=True)]
            columns = [*zip(*typed, strict=True), others]
            arrays = [pyarrow.array(cells, field.type) for cells, field in zip(columns, self._schema, strict=True)]
            self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
            self._rows.clear()

    def _typed(self, row: Sequence[Cell]) -> list[Cell]:
        return [_value(cell, kind) for cell, (_, kind) in zip(row, self._kinds, strict=True)]

    def _others(self, row: Sequence[Cell], values: Sequence[Cell]) -> str | None:
        lost = [
            f"{name}={visible(str(cell))}"
            for (name, _), cell, value in zip(self._kinds, row, values, strict=True)
            if value is None and cell not in (None, "")
        ]
        return "; ".join(lost) or None


def sink(form: TableForm[Any], report: Report, stream: BinaryIO) -> ParquetSink:
    """Return a sink that writes one table of a report.

    Raises:
        OSError: if the stream cannot be written.
    """
    return ParquetSink(form, report, stream)


def _schema(form: TableForm[Any]) -> "pyarrow.Schema":
    import pyarrow

    types = {
        Kind.TEXT: pyarrow.string(),
        Kind.INTEGER: pyarrow.int64(),
        Kind.BOOLEAN: pyarrow.bool_(),
        Kind.TIME: pyarrow.timestamp("ns", tz="UTC"),
    }
    fields = [(name, types[kind]) for name, kind in form.kinds.items()]
    return pyarrow.schema([*fields, (OTHER_VALUES, pyarrow.string())])


def _value(cell: Cell, kind: Kind) -> Cell:
    if kind is Kind.TIME:
        return _nanoseconds(cell)
    if kind is Kind.TEXT and cell is not None:
        return visible(str(cell))
    if kind is Kind.INTEGER and cell is not None and not -_LIMIT <= int(cell) < _LIMIT:
        return None
    return cell


def _nanoseconds(cell: Cell) -> int | None:
    """Return a UTC time in nanoseconds since 1970; None if it does not fit into 64 bits."""
    text = str(cell or "")
    if microseconds(text) is None:
        return None
    return (parse_time(text).ticks - _UNIX_EPOCH_TICKS) * _NANOSECONDS_PER_TICK
