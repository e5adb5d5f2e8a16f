"""The fields of rules in events: attributes of System in Sigma's spelling, and data of the event."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any, Final

from evtscan.base.model import system
from evtscan.base.model.event import Absent, Event
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant


class Unreadable(Enum):
    """Marks the value of a field that may have been logged, but that this evidence cannot contain."""

    UNREADABLE = "unreadable"


ABSENT: Final = Absent.ABSENT
UNREADABLE: Final = Unreadable.UNREADABLE

ALL_DATA: Final = "Data"
"""In ``Event.unreadable`` it stands for every data field; in a rule, for data of that name and for unnamed strings."""

_UNNAMED: Final = re.compile(r"Data(?:[1-9][0-9]{0,4})?\Z")
"""Names of data that ``Data`` in a rule stands for: Data itself, Data1, Data2 …"""

TIMES: Final[Mapping[str, Callable[[Event], Instant | None]]] = {
    "TimeCreated": lambda event: event.time,
    "TimeCreated_SystemTime": lambda event: event.time,
    "TimeWritten": lambda event: event.time_written,
}
"""The fields that are times of the event itself, not of its data."""


def _names_of_provider(event: Event) -> list[str]:
    return [name for name in (event.provider, event.event_source_name) if name]


def _time_text(event: Event) -> str | None:
    return None if event.time is None else str(event.time)


_SYSTEM: Final[Mapping[str, Callable[[Event], Any]]] = {
    field.rule_name: attrgetter(field.name) for field in system.SYSTEM_FIELDS if field.name != "version"
} | {
    "Provider_Name": _names_of_provider,
    "Channel": lambda event: event.channel if event.channel is not None else UNREADABLE,
    "TimeCreated": _time_text,
    "TimeCreated_SystemTime": _time_text,
}
"""Attributes of System. They go before data of the same name."""

SYSTEM_FIELDS: Final = frozenset(_SYSTEM)
"""The names of attributes of System that every event has or may have."""

_SYSTEM_UNLESS_DATA: Final[Mapping[str, Callable[[Event], Any]]] = {
    "EventType": lambda event: event.event_type,
    "TimeWritten": lambda event: None if event.time_written is None else str(event.time_written),
    "UserID": lambda event: event.user_id,
    "Version": lambda event: event.version,
    "Message": lambda event: event.message if event.message is not None else UNREADABLE,
}
"""Names that many events use for data of their own, which goes first. Only exports hold messages; a log has none."""


SYSTEM_NAMES: Final = SYSTEM_FIELDS | frozenset(_SYSTEM_UNLESS_DATA)
"""All names that may be those of an attribute of System instead of data."""


def field_value(event: Event, field: str) -> Any:
    """Return the value of a field of an event: text, number, boolean, list or map; ``ABSENT``; or ``UNREADABLE``.

    ``Provider_Name`` returns the provider and, if it is different, the EventSourceName. Data fields are found by name,
    as in ``key_of_field``; ``Data`` also returns the unnamed strings. A missing name is searched in nested elements of
    UserData, and all values with this name are returned.
    """
    value = _SYSTEM[field](event) if field in _SYSTEM else None
    if value is None:
        value = _data_value(event.data, field)
    if value is None and field in _SYSTEM_UNLESS_DATA:
        value = _SYSTEM_UNLESS_DATA[field](event)
    if value is not None:
        return value
    if field in event.unreadable or (ALL_DATA in event.unreadable and field not in _SYSTEM):
        return UNREADABLE
    return ABSENT


def all_values(event: Event) -> list[Any]:
    """Return every value in an event, for tests of keywords."""
    attributes = [read(event) for read in (*_SYSTEM.values(), *_SYSTEM_UNLESS_DATA.values())]
    return [*event.data.values(), *(value for value in attributes if value is not UNREADABLE)]


LOGGED_TEXTS: Final = (
    "provider",
    "event_source_name",
    "channel",
    "computer",
    "keywords",
    "provider_guid",
    "user_id",
    "activity_id",
    "related_activity_id",
)
"""The attributes of an event in an EVTX log that are texts; exports may have a type and a message, too."""

_READ_TEXTS: Final = attrgetter(*LOGGED_TEXTS, "event_type", "message")


def text_values(event: Event) -> list[str | None]:
    """Return the texts among the attributes of System: all values that are neither numbers nor times."""
    return [*_READ_TEXTS(event)]


def key_of_field(names: Collection[str], field: str) -> str | None:
    """Return the data name for a field of a rule: equal, or equal without blanks; None if there is none."""
    if field in names:
        return field
    return next((name for name in names if " " in name and name.replace(" ", "") == field), None)


def is_unnamed(name: str) -> bool:
    """Whether the field ``Data`` of a rule includes data with this name."""
    return _UNNAMED.match(name) is not None


def _data_value(data: Mapping[str, Any], field: str) -> Any:
    if field == ALL_DATA:
        found = [value for name, value in data.items() if is_unnamed(name)]
    else:
        key = key_of_field(data, field)
        if key is not None:
            return data[key]
        found = []
    found = found or list(_nested_values(data, field))
    return found[0] if len(found) == 1 else found or None


def _nested_values(data: Mapping[str, Any], field: str) -> Iterator[Any]:
    waiting: list[Any] = [value for value in data.values() if isinstance(value, (Mapping, list))]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            if field in item:
                yield item[field]
            waiting.extend(value for name, value in item.items() if name != field)
        elif isinstance(item, list):
            waiting.extend(item)


_ATTRIBUTES: Final[Mapping[str, str]] = {
    "EventID": "event_id",
    "Provider_Name": "provider",
    "Channel": "channel",
    "Computer": "computer",
    "EventRecordID": "record_id",
    "Level": "level",
    "Task": "task",
    "Opcode": "opcode",
    "Keywords": "keywords",
    "Qualifiers": "qualifiers",
    "EventType": "event_type",
    "UserID": "user_id",
    "Security_UserID": "user_id",
    "Provider_EventSourceName": "event_source_name",
    "Execution_ProcessID": "process_id",
    "Execution_ThreadID": "thread_id",
}


_NUMBERS: Final = frozenset(
    {
        "EventID",
        "EventRecordID",
        "Level",
        "Task",
        "Opcode",
        "Qualifiers",
        "Execution_ProcessID",
        "Execution_ThreadID",
    }
)
"""Attributes of System that are whole numbers; all others are text."""


def wrong_as_field(field: str, value: Any) -> str:
    """Return the problem with the value of a field in a rule's case; empty if it is valid."""
    if value is None:
        return "an event has a field or not: leave out one that is absent"
    if field not in _ATTRIBUTES:
        return "" if _can_be_data(value) else "YAML makes something else of this, such as 1.1 of 1.10: quote it"
    if field in _NUMBERS:
        return "" if type(value) is int else "must be a whole number"
    return "" if isinstance(value, str) else "must be text: quote it"


def _can_be_data(value: Any) -> bool:
    if isinstance(value, (list, Mapping)):
        return all(map(_can_be_data, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, (str, int))


def event_of_fields(
    fields: Mapping[str, Any], *, location: Location, sequence: int, channel: str | None, time: Instant | None
) -> Event:
    """Build the event that a rule's case describes; fields that are not attributes of System become data, as text.

    ``Version`` is added to the data too: many events have a field with this name, and a rule finds it in either
    position.

    ``fields`` contains at least EventID (a number) and Provider_Name; ``channel`` is the default for a case without
    one.
    """
    attributes = {name: fields[field] for field, name in _ATTRIBUTES.items() if field in fields}
    data = {name: _as_logged(value) for name, value in fields.items() if name not in _ATTRIBUTES}
    attributes.setdefault("channel", channel)
    attributes.setdefault("record_id", sequence)
    return Event(location=location, sequence=sequence, header_id=sequence, time=time, data=data, **attributes)


def _as_logged(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_logged(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _as_logged(item) for name, item in value.items()}
    return str(value).lower() if isinstance(value, bool) else str(value)
