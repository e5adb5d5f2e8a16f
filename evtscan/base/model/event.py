"""The data type for one decoded log record."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant


class Absent(Enum):
    """The value of a field that a record does not have, although the record's format can contain it."""

    ABSENT = "absent"


class Event(msgspec.Struct, frozen=True, gc=False):  # it never refers back to itself: no cycles to look for
    """One decoded log record.

    A struct, because creating dataclasses would take most of the time of reading short records.

    ``sequence`` is the position in record order: ``header_id``, unwrapped if the format counts modulo 2^32. ``data``
    maps field names to values in log order. Leaves are text as Windows renders it. A repeated name, or an array, is a
    list; nested elements of UserData are maps. Unnamed data is ``Data1``, ``Data2`` …, raw data is ``Binary`` in
    upper-case hex. ``unreadable`` names the fields that this record's format cannot contain (a test of such a field is
    unknown, not false); ``Data`` in it means all data. ``message`` is the text that an export rendered. None means that
    the record does not state the value.
    """

    location: Location
    sequence: int
    event_id: int
    provider: str
    channel: str | None = None
    time: Instant | None = None
    record_id: int | None = None
    header_id: int | None = None
    computer: str | None = None
    event_source_name: str | None = None
    provider_guid: str | None = None
    qualifiers: int | None = None
    version: int | None = None
    level: int | None = None
    task: int | None = None
    opcode: int | None = None
    keywords: str | None = None
    process_id: int | None = None
    thread_id: int | None = None
    user_id: str | None = None
    activity_id: str | None = None
    related_activity_id: str | None = None
    event_type: str | None = None
    time_written: Instant | None = None
    recovered: bool = False
    data: Mapping[str, Any] = msgspec.field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    message: str | None = None
