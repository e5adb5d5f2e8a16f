"""The time line as CSV (RFC 4180): one line a row, formulas neutralised, the same bytes on every system."""

from typing import BinaryIO

from evtscan.base.spreadsheets import excel_time
from evtscan.dump.lines import BOM, csv_cell
from evtscan.hunt.detection import COLUMNS, Detection
from evtscan.hunt.run import Hunted
from evtscan.reporters.tables.csv import Dialect


class CsvSink:
    """Writes the rows as they come."""

    def __init__(self, stream: BinaryIO, dialect: Dialect) -> None:
        self._stream, self._dialect = stream, dialect
        head = (BOM if dialect.excel else "") + ",".join(COLUMNS) + "\r\n"
        stream.write(head.encode())

    def add(self, row: Detection) -> None:
        """Write a row."""
        values = {name: read(row) for name, read in COLUMNS.items()}
        if self._dialect.excel:
            values["Timestamp"] = excel_time(row.hit.time)
        line = ",".join([csv_cell(value, self._dialect.raw) for value in values.values()])
        self._stream.write(f"{line}\r\n".encode("utf-8", "replace"))

    def close(self, hunted: Hunted) -> None:
        """Do nothing: every row is written."""


def sink(stream: BinaryIO, dialect: Dialect) -> CsvSink:
    """Begin to write the time line.

    Raises:
        OSError: if the stream cannot be written.
    """
    return CsvSink(stream, dialect)
