r"""Table → CSV as in RFC 4180: UTF-8, a header, CRLF after each row, cells quoted where necessary.

RFC 4180 prescribes CRLF, and Excel itself writes it. It is used on every platform, so that the bytes are the same
everywhere. Every row is one line: cells contain no line breaks. Text that a spreadsheet would run as a formula is
neutralised; numbers that evtscan computes, such as counts, are not changed. Excel reads a file without a byte order
mark in the code page of its system.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, BinaryIO

from evtscan.base.spreadsheets import excel_time, neutralised
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import HostSummary, rules_by_id
from evtscan.reporters.tables.columns import Cell, Kind, Table, TableForm, cell_text


@dataclass(frozen=True, slots=True)
class Dialect:
    """A variant of CSV: ``raw`` keeps formulas, ``excel`` adds a byte order mark and uses Excel's time format."""

    raw: bool = False
    excel: bool = False


SAFE = Dialect()


class CsvSink:
    """Writes one table of a report host by host."""

    def __init__(self, form: TableForm[Any], report: Report, stream: BinaryIO, dialect: Dialect) -> None:
        self._form = form
        self._report = report
        self._rules = rules_by_id(report)
        self._stream = stream
        self._lines = _Lines(tuple(form.columns), form.kinds, dialect)
        stream.write(self._lines.head())

    def add(self, summary: HostSummary) -> None:
        """Write the rows of one host."""
        self._stream.write(self._lines.of(self._form.rows_of_host(summary, self._rules)))

    def close(self) -> None:
        """Write the rows that belong to no host."""
        self._stream.write(self._lines.of(self._form.rows_of_report(self._report)))


def sink(form: TableForm[Any], report: Report, stream: BinaryIO, dialect: Dialect = SAFE) -> CsvSink:
    """Return a sink that writes one table of a report.

    Raises:
        OSError: if the stream cannot be written.
    """
    return CsvSink(form, report, stream, dialect)


def write(table: Table, stream: BinaryIO, dialect: Dialect = SAFE) -> None:
    """Write one table.

    Raises:
        OSError: if the stream cannot be written.
    """
    lines = _Lines(table.columns, table.kinds, dialect)
    stream.write(lines.head() + lines.of(table.rows))


class _Lines:
    """Converts rows to lines of a table with these columns."""

    def __init__(self, columns: Sequence[str], kinds: Mapping[str, Kind], dialect: Dialect) -> None:
        self._columns = columns
        self._is_time = [dialect.excel and kinds.get(name) is Kind.TIME for name in columns]
        self._dialect = dialect

    def head(self) -> bytes:
        """Return the content before the first row."""
        return (b"\xef\xbb\xbf" if self._dialect.excel else b"") + self.of([self._columns])

    def of(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """The lines of some rows."""
        text = StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(map(self._text, row, self._is_time) for row in rows)
        return text.getvalue().encode("utf-8")

    def _text(self, cell: Cell, is_time: bool) -> str:
        text = cell_text(cell)
        if is_time and (told := excel_time(text)) != text:
            return told
        return text if self._dialect.raw or not isinstance(cell, str) else neutralised(text)
