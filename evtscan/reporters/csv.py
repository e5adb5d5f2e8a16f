r"""Table → CSV as RFC 4180 has it: UTF-8, a header, CRLF after each row, cells quoted where they must be.

CRLF is what the RFC prescribes and what Excel itself saves; it is written on every platform, so that the bytes are
the same everywhere. Every row is one line: cells hold no line breaks. Text that a spreadsheet would run as a formula
gets a leading apostrophe (OWASP, "CSV Injection"); numbers of our own, such as counts, are left alone.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any, BinaryIO

from evtscan.model import Report
from evtscan.reporters.summary import HostSummary, rules_by_id
from evtscan.reporters.tables import Cell, Table, TableForm, cell_text

_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
"""What begins a formula: also behind white space, which some programs trim, and in full width. Apostrophes may lead,
so that taking one away always gives back the value."""


class CsvSink:
    """Writes one table of a report host by host."""

    def __init__(self, form: TableForm[Any], report: Report, stream: BinaryIO) -> None:
        self._form = form
        self._report = report
        self._rules = rules_by_id(report)
        self._stream = stream
        stream.write(_lines([tuple(form.columns)]))

    def add(self, summary: HostSummary) -> None:
        """Write the rows of one host."""
        self._stream.write(_lines(self._form.rows_of_host(summary, self._rules)))

    def close(self) -> None:
        """Write the rows that belong to no host."""
        self._stream.write(_lines(self._form.rows_of_report(self._report)))


def sink(form: TableForm[Any], report: Report, stream: BinaryIO) -> CsvSink:
    """Begin to write one table of a report.

    Raises:
        OSError: if the stream cannot be written.
    """
    return CsvSink(form, report, stream)


def write(table: Table, stream: BinaryIO) -> None:
    """Write one table.

    Raises:
        OSError: if the stream cannot be written.
    """
    stream.write(_lines([table.columns, *table.rows]))


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(map(_neutralised, row) for row in rows)
    return text.getvalue().encode("utf-8")


def _neutralised(cell: Cell) -> str:
    text = cell_text(cell)
    return neutralised(text) if isinstance(cell, str) else text


def neutralised(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return "'" + text if _FORMULA.match(text) else text
