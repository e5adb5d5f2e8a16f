r"""Table → CSV as RFC 4180 has it: UTF-8, a header, CRLF after each row, cells quoted where they must be.

CRLF is what the RFC prescribes and what Excel itself saves; it is written on every platform, so that the bytes are
the same everywhere. Every row is one line: cells hold no line breaks. Text that a spreadsheet would run as a formula
is neutralised; numbers of our own, such as counts, are left alone. Excel takes a file without a byte order mark for one
in the code page of its system.
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
    """Who reads the tables: ``raw`` leaves formulas as they are, ``excel`` adds a byte order mark and Excel's times."""

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
    """Begin to write one table of a report.

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
    """Rows → lines of a table with these columns."""

    def __init__(self, columns: Sequence[str], kinds: Mapping[str, Kind], dialect: Dialect) -> None:
        self._columns = columns
        self._is_time = [dialect.excel and kinds.get(name) is Kind.TIME for name in columns]
        self._dialect = dialect

    def head(self) -> bytes:
        """What stands before the first row."""
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
