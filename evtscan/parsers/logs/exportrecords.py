"""One record of a structured export: the fields of System, what else it says, and values as exports write them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Required, TypedDict

from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import Instant, parse_time
from evtscan.parsers.logs.accounts import USER_FIELDS

LONGEST_NAME = 512
"""Characters by which computers and series are told apart: no real name is longer, and memory is bounded by them."""

ALL_DATA = "Data"
"""In ``Event.unreadable`` it stands for every data field."""

FIELDS = {field.name: field.rule_name for field in SYSTEM_FIELDS if field.name not in ("event_id", "provider")}
"""The fields of System that an export may lack, by the names that rules use."""

Series = tuple[str, str | None]
"""A log and a channel: records of one series are numbered together."""


class System(TypedDict, total=False):
    """What a record says in the fields of ``Event`` of the same names; ``event_id`` and ``provider`` always."""

    event_id: Required[int]
    provider: Required[str]
    channel: str | None
    time: Instant | None
    record_id: int | None
    header_id: int | None
    computer: str | None
    event_source_name: str | None
    provider_guid: str | None
    qualifiers: int | None
    version: int | None
    level: int | None
    task: int | None
    opcode: int | None
    keywords: str | None
    process_id: int | None
    thread_id: int | None
    user_id: str | None
    activity_id: str | None
    related_activity_id: str | None
    event_type: str | None
    time_written: Instant | None
    recovered: bool


@dataclass(slots=True)
class Content:
    """What a record says beside System; ``flaw`` says what of the record could not be read."""

    data: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    unreadable: frozenset[str] = frozenset()
    flaw: str = ""


@dataclass(slots=True)
class Record:
    """One record of an export: where it begins (text has lines and no offset), its System fields, how to get the rest.

    ``origin`` names the log that it was taken from, where an export says that of each record.
    """

    offset: int | None
    line: int
    system: System
    content: Callable[[], Content]
    origin: str = ""

    def number(self) -> tuple[Series, int | None]:
        """Its number, and the series in which records are so numbered: that of the headers, or EventRecordID."""
        system = self.system
        header_id = system.get("header_id")
        if header_id is not None:
            return (self.origin[:LONGEST_NAME], None), header_id
        return (self.origin[:LONGEST_NAME], shortened(system.get("channel"))), system.get("record_id")


def unsaid(system: System) -> frozenset[str]:
    """The fields of System that a record does not say, by the names that rules use."""
    lost = frozenset(name for attribute, name in FIELDS.items() if system.get(attribute) is None)
    return lost | USER_FIELDS if lost & USER_FIELDS else lost


def shortened(name: str | None) -> str | None:
    """A name as computers and series are told apart by it: no longer than a real one is."""
    return name if name is None or len(name) <= LONGEST_NAME else name[:LONGEST_NAME]


def whole_number(value: object) -> int | None:
    """A number as exports write it: as one, in decimal, or as ``0x…``; None if it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 24:
        return None
    try:
        return int(value, 16 if value[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None


def instant(text: str | None) -> Instant | None:
    """A time as exports write it, in ISO 8601 or as a FILETIME in hexadecimal; None if it is none."""
    if text is None:
        return None
    if text[:2] in ("0x", "0X"):
        ticks = whole_number(text)
        return None if ticks is None else Instant(ticks)
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return None


def add_field(data: dict[str, Any], name: str, value: Any) -> None:
    """Add a field; a name that is there already becomes a list."""
    if name not in data:
        data[name] = value
    elif isinstance(data[name], list):
        data[name].append(value)
    else:
        data[name] = [data[name], value]
