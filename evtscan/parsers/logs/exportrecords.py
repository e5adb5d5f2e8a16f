"""One record of a structured export: its System fields, its content, and the conversion of exported values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Required, TypedDict

from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import Instant, parse_time
from evtscan.parsers.logs.accounts import USER_FIELDS

LONGEST_NAME = 512
"""Maximum length by which computers and series are distinguished: it bounds memory, and no real name is longer."""

ALL_DATA = "Data"
"""In ``Event.unreadable``, it means every data field."""

FIELDS = {field.name: field.rule_name for field in SYSTEM_FIELDS if field.name not in ("event_id", "provider")}
"""The fields of System that an export may lack, by the names that rules use."""

Series = tuple[str, str | None]
"""A log and a channel: records of one series are numbered together."""


class System(TypedDict, total=False):
    """The System fields of a record, named as in ``Event``; ``event_id`` and ``provider`` are always set."""

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
    """The content of a record besides System; ``flaw`` describes the part that could not be read."""

    data: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    unreadable: frozenset[str] = frozenset()
    flaw: str = ""


@dataclass(slots=True)
class Record:
    """One record of an export: its position (text has lines, no offset), System fields, and function for its content.

    ``origin`` is the log from which the record was exported, if the export states it for each record.
    """

    offset: int | None
    line: int
    system: System
    content: Callable[[], Content]
    origin: str = ""

    def number(self) -> tuple[Series, int | None]:
        """Return the series and the record number in it: the number in the record header, else EventRecordID."""
        system = self.system
        header_id = system.get("header_id")
        if header_id is not None:
            return (self.origin[:LONGEST_NAME], None), header_id
        return (self.origin[:LONGEST_NAME], shortened(system.get("channel"))), system.get("record_id")


def unsaid(system: System) -> frozenset[str]:
    """Return the System fields that a record does not contain, by the names that rules use."""
    lost = frozenset(name for attribute, name in FIELDS.items() if system.get(attribute) is None)
    return lost | USER_FIELDS if lost & USER_FIELDS else lost


def shortened(name: str | None) -> str | None:
    """Truncate a name to the length by which computers and series are distinguished; real names are not longer."""
    return name if name is None or len(name) <= LONGEST_NAME else name[:LONGEST_NAME]


def whole_number(value: object) -> int | None:
    """Parse an exported number: an integer, decimal text, or ``0x…``; None if it is not a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 24:
        return None
    try:
        return int(value, 16 if value[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None


def instant(text: str | None) -> Instant | None:
    """Parse an exported time in ISO 8601, or a FILETIME in hexadecimal; None if it is not a time."""
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
    """Add a field; the values of a repeated name become a list."""
    if name not in data:
        data[name] = value
    elif isinstance(data[name], list):
        data[name].append(value)
    else:
        data[name] = [data[name], value]
