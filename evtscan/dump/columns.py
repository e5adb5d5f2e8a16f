"""One event → the columns of a dump, whose names CSV and JSON Lines share."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from evtscan.base.model.event import Event
from evtscan.base.model.system import BY_COLUMN
from evtscan.base.wintypes import Instant


def _text(time: Instant | None) -> str | None:
    return None if time is None else str(time)


_OTHER_COLUMNS: Mapping[str, Callable[[Event], Any]] = {
    "TimeCreated": lambda event: _text(event.time),
    "Provider": lambda event: event.provider or None,
    "Data": attrgetter("data"),
    "SourceFile": attrgetter("location.source"),
    "Offset": attrgetter("location.offset"),
    "Recovered": attrgetter("recovered"),
    "HeaderID": attrgetter("header_id"),
    "EventType": attrgetter("event_type"),
    "TimeWritten": lambda event: _text(event.time_written),
    "Message": attrgetter("message"),
}

_ORDER = (
    *("TimeCreated", "EventID", "EventLevel", "Provider", "Channel", "Computer", "RecordID", "UserID", "ProcessID"),
    *("ThreadID", "Task", "Opcode", "Keywords", "Qualifiers", "Data", "SourceFile", "Offset", "Recovered", "HeaderID"),
    *("Version", "ProviderGUID", "EventSourceName", "ActivityID", "RelatedActivityID", "EventType", "TimeWritten"),
    "Message",
)

COLUMNS: Mapping[str, Callable[[Event], Any]] = {
    name: _OTHER_COLUMNS.get(name) or attrgetter(BY_COLUMN[name].name) for name in _ORDER
}
"""Each column with how it is read: numbers are int, ``Recovered`` is bool, ``Data`` a map, absent is None."""


def row(event: Event) -> dict[str, Any]:
    """Return all columns of an event, in the order of the columns."""
    return {name: read(event) for name, read in COLUMNS.items()}
