"""A CSV writer for the small tables of a hunt."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from evtscan.base.spreadsheets import excel_time
from evtscan.dump.lines import BOM, csv_cell
from evtscan.hunt.summary import Tally
from evtscan.reporters.tables.csv import Dialect


class CsvTable:
    """Writes the header and the rows of one table."""

    def __init__(self, stream: BinaryIO, dialect: Dialect, columns: Sequence[str]) -> None:
        self._stream, self._dialect = stream, dialect
        stream.write(((BOM if dialect.excel else "") + ",".join(columns) + "\r\n").encode())

    def write(self, cells: Iterable[str | int]) -> None:
        """Write a row."""
        line = ",".join(csv_cell(cell, self._dialect.raw) for cell in cells)
        self._stream.write(f"{line}\r\n".encode("utf-8", "replace"))

    def times(self, tally: Tally) -> tuple[str, str]:
        """Return the first and the last time as cells."""
        first, last = tally.first[1], tally.last[1]
        return (excel_time(first), excel_time(last)) if self._dialect.excel else (first, last)
