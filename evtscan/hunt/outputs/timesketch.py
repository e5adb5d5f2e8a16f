"""The time line as JSON Lines that Timesketch imports.

Timesketch requires ``message``, ``datetime`` (ISO 8601) and ``timestamp_desc``, and accepts ``timestamp`` (microseconds
since 1970) and ``tag``, a list of labels (its guide "Import data from JSON or CSV"). The columns of the time line are
further fields. A missing value is omitted, since the index derives the type of a field from its first value. A row
whose time is not known in UTC has the time 1970-01-01, and its message starts with TIME UNKNOWN.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from evtscan.base.jsontext import json_text
from evtscan.base.safetext import prose
from evtscan.hunt.detection import COLUMNS, Detection
from evtscan.hunt.run import Hunted
from evtscan.reporters.json.timesketch import LOGGED, UNKNOWN, microseconds
from evtscan.reporters.tables.csv import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimesketchSink:
    """Write each row when it arrives."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, row: Detection) -> None:
        """Write a row."""
        self._stream.write(f"{json_text(_event(row))}\n".encode())

    def close(self, hunted: Hunted) -> None:
        """Do nothing: all rows have been written."""


def sink(stream: BinaryIO, dialect: Dialect) -> TimesketchSink:
    """Return a sink that writes the time line."""
    return TimesketchSink(stream)


def _event(row: Detection) -> dict[str, Any]:
    values = {name: read(row) for name, read in COLUMNS.items()}
    logged = values.pop("Timestamp")
    time = microseconds(row.hit.time)
    message = prose(
        f"[{row.level}] {values['RuleTitle']}: {values['Provider']} {values['EventID']} {values['Details']}"
    )
    if time is None:
        message = f"TIME UNKNOWN ({f'logged as {logged}' if logged else 'no time was logged'}): {message}"
    return {
        "message": message,
        "datetime": (_EPOCH + timedelta(microseconds=time or 0)).isoformat(timespec="microseconds"),
        "timestamp": time or 0,
        "timestamp_desc": LOGGED if time is not None else UNKNOWN,
        "tag": [row.level, *row.tags],
        **{name: value for name, value in values.items() if value not in (None, "")},
    }
