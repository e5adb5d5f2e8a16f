"""One event → the columns of a dump, under the names that CSV and JSON Lines share."""

from collections.abc import Callable, Mapping
from typing import Any

from evtscan.base.model.event import Event
from evtscan.base.wintypes import Instant


def _text(time: Instant | None) -> str | None:
    return None if time is None else str(time)


COLUMNS: Mapping[str, Callable[[Event], Any]] = {
    "TimeCreated": lambda event: _text(event.time),
    "EventID": lambda event: event.event_id,
    "EventLevel": lambda event: event.level,
    "Provider": lambda event: event.provider or None,
    "Channel": lambda event: event.channel,
    "Computer": lambda event: event.computer,
    "RecordID": lambda event: event.record_id,
    "UserID": lambda event: event.user_id,
    "ProcessID": lambda event: event.process_id,
    "ThreadID": lambda event: event.thread_id,
    "Task": lambda event: event.task,
    "Opcode": lambda event: event.opcode,
    "Keywords": lambda event: event.keywords,
    "Qualifiers": lambda event: event.qualifiers,
    "Data": lambda event: event.data,
    "SourceFile": lambda event: event.location.source,
    "Offset": lambda event: event.location.offset,
    "Recovered": lambda event: event.recovered,
    "HeaderID": lambda event: event.header_id,
    "Version": lambda event: event.version,
    "ProviderGUID": lambda event: event.provider_guid,
    "EventSourceName": lambda event: event.event_source_name,
    "ActivityID": lambda event: event.activity_id,
    "RelatedActivityID": lambda event: event.related_activity_id,
    "EventType": lambda event: event.event_type,
    "TimeWritten": lambda event: _text(event.time_written),
    "Message": lambda event: getattr(event, "message", None),
}
"""Each column with how it is read: numbers are int, ``Recovered`` is bool, ``Data`` a map, absent is None."""


def row(event: Event) -> dict[str, Any]:
    """All columns of an event, in their order."""
    return {name: read(event) for name, read in COLUMNS.items()}
