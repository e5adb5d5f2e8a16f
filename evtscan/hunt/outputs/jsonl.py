"""The time line as JSON Lines: the columns of the CSV as keys, ``Tags`` as a list, ``Details`` as an object."""

from typing import Any, BinaryIO

from evtscan.base.jsontext import json_text
from evtscan.hunt.detection import COLUMNS, Detection
from evtscan.hunt.run import Hunted
from evtscan.reporters.tables.csv import Dialect

_OWN = ("Tags", "Details")
_COLUMNS = {name: read for name, read in COLUMNS.items() if name not in _OWN}


class JsonlSink:
    """Write each row when it arrives."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, row: Detection) -> None:
        """Write a row."""
        self._stream.write(f"{json_text(values_of(row))}\n".encode())

    def close(self, hunted: Hunted) -> None:
        """Do nothing: all rows have been written."""


def values_of(row: Detection) -> dict[str, Any]:
    """Return the columns of a row with typed values; an empty text becomes null."""
    values: dict[str, Any] = {name: _COLUMNS[name](row) if name in _COLUMNS else None for name in COLUMNS}
    values = {name: None if value == "" else value for name, value in values.items()}
    values["Tags"] = list(row.tags)
    values["Details"] = row.hit.data | ({"Message": row.hit.message} if row.hit.message else {})
    return values


def sink(stream: BinaryIO, dialect: Dialect) -> JsonlSink:
    """Return a sink that writes the time line."""
    return JsonlSink(stream)
