"""The plain description of one event, from which each log format is written."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from evtscan.base.wintypes import parse_time


class EventType(IntEnum):
    """The type of a classic event (MS-EVEN 2.2.2)."""

    SUCCESS = 0
    ERROR = 1
    WARNING = 2
    INFORMATION = 4
    AUDIT_SUCCESS = 8
    AUDIT_FAILURE = 16


class ValueType(IntEnum):
    """The type of a BinXML value (MS-EVEN6 2.2.12, ``ValueType``), and the Python value that stands for it.

    Whole numbers are int, ``BOOL`` bool, ``FLOAT`` and ``DOUBLE`` float, ``BINARY`` bytes, ``STRING`` and ``ANSI``
    str; ``GUID`` and ``SID`` are their text, ``FILETIME`` and ``SYSTEMTIME`` a time (see ``SampleEvent.time``).
    """

    NULL = 0x00
    STRING = 0x01
    ANSI = 0x02
    INT8 = 0x03
    UINT8 = 0x04
    INT16 = 0x05
    UINT16 = 0x06
    INT32 = 0x07
    UINT32 = 0x08
    INT64 = 0x09
    UINT64 = 0x0A
    FLOAT = 0x0B
    DOUBLE = 0x0C
    BOOL = 0x0D
    BINARY = 0x0E
    GUID = 0x0F
    SIZE = 0x10
    FILETIME = 0x11
    SYSTEMTIME = 0x12
    SID = 0x13
    HEX32 = 0x14
    HEX64 = 0x15
    BINXML = 0x21


Scalar = str | int | float | bytes
"""One value of a type; ``ValueType`` says which Python type belongs to which."""


@dataclass(frozen=True, slots=True)
class Value:
    """One BinXML value: None is null whatever the type, a tuple is an array of the type."""

    content: Scalar | tuple[Scalar, ...] | None
    type: ValueType = ValueType.STRING


@dataclass(frozen=True, slots=True)
class Data:
    """One ``<Data Name="name">`` of a manifest event. Without a name it is a bare ``<Data>``."""

    name: str | None
    value: Value


@dataclass(frozen=True, slots=True)
class Element:
    """One element of UserData: its attributes in order, then a value or elements (not both)."""

    name: str
    value: Value | None = None
    children: tuple["Element", ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleEvent:
    """One event to write.

    ``time`` (and ``time_written``, the same unless given; only ``.evt`` has it) is ISO 8601 text, or 100-nanosecond
    ticks since 1601. ``record_number`` is the number that a viewer shows; without one the writer counts.

    ``strings`` and ``binary`` make a classic event; ``data`` an event of a provider with a manifest, ``user_data`` one
    whose manifest asks for UserData. ``level`` and ``keywords`` follow from ``event_type`` unless given. ``task`` is
    the category of a classic event.
    """

    provider: str
    event_id: int
    time: str | int
    channel: str = "System"
    computer: str = "HOST"
    strings: tuple[str, ...] = ()
    binary: bytes = b""
    data: tuple[Data, ...] = ()
    user_data: Element | None = None
    event_type: EventType = EventType.INFORMATION
    qualifiers: int | None = None
    record_number: int | None = None
    user_sid: str | None = None
    task: int = 0
    level: int | None = None
    keywords: int | None = None
    version: int | None = None
    opcode: int | None = None
    process_id: int | None = None
    thread_id: int | None = None
    activity_id: str | None = None
    related_activity_id: str | None = None
    guid: str | None = None
    event_source_name: str | None = None
    time_written: str | int | None = None


def ticks(time: str | int) -> int:
    """100-nanosecond ticks since 1601 of an ISO 8601 text, or of ticks.

    Raises:
        ValueError: if the text is not a time.
    """
    return time if isinstance(time, int) else parse_time(time).ticks


@lru_cache(maxsize=1024)
def pack_sid(text: str) -> bytes:
    """Write ``S-1-…`` as the bytes of a security identifier (MS-DTYP 2.4.2.2)."""
    revision, authority, *parts = text.removeprefix("S-").split("-")
    head = bytes([int(revision), len(parts)]) + int(authority, 0).to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *map(int, parts))


@lru_cache(maxsize=1024)
def pack_guid(text: str) -> bytes:
    """Write a GUID, with or without braces, as its 16 bytes (MS-DTYP 2.3.4.2)."""
    first, second, third, fourth, fifth = text.strip("{}").split("-")
    return struct.pack("<IHH", int(first, 16), int(second, 16), int(third, 16)) + bytes.fromhex(fourth + fifth)
