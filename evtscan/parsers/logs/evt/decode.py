"""Decoder for the bytes of one record → an event.

::

    EVENTLOGRECORD  Length, "LfLe", RecordNumber, TimeGenerated, TimeWritten, EventID (dwords),
                    EventType, NumStrings, EventCategory, ReservedFlags (words),
                    ClosingRecordNumber, StringOffset, UserSidLength, UserSidOffset, DataLength, DataOffset (dwords)
    then            SourceName, ComputerName (UTF-16, ended by NUL), SID, strings, data, padding, Length again

Offsets count from the start of the record. An offset is meaningless if the length or number that belongs to it is 0.
"""

import struct

from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant, format_sid
from evtscan.parsers.logs.eventtypes import of_record
from evtscan.parsers.logs.evt.records import FIXED_SIZE

_FIXED = struct.Struct("<I4s4I4H6I")
_TAIL_SIZE = 4

_NO_CHANNEL = frozenset({"Channel"})


def source_name(record: bytes) -> str:
    """Return the name of the source that logged a record."""
    return _names(record)[0]


def computer_name(record: bytes) -> str:
    """Return the name of the computer on which a record was logged."""
    return _names(record)[1]


def decode(
    record: bytes, location: Location, sequence: int, channel: str | None, *, recovered: bool = False
) -> tuple[Event, list[str]]:
    """Decode a whole record; return its event, and a description of each part that could not be read.

    Level and keywords have the values that Windows sets when it converts a log to EVTX.
    """
    fixed = _FIXED.unpack_from(record)
    number, generated, written, event_id, event_type, string_count, category = fixed[2:9]
    string_offset, sid_length, sid_offset, data_length, data_offset = fixed[11:16]
    kind = of_record(event_type)
    flaws: list[str] = []
    provider, computer, ended = _names(record)
    if not ended:
        flaws.append("the names of source and computer have no end")
    user_id = _sid(record, sid_offset, sid_length, flaws) if sid_length else None
    data: dict[str, str] = {}
    if string_count:
        limit = len(record) - _TAIL_SIZE
        if data_length and string_offset <= data_offset < limit:
            limit = data_offset
        texts = _strings(record, string_offset, limit, string_count, flaws)
        data = {f"Data{place}": text for place, text in enumerate(texts, 1)}
    if data_length:
        data["Binary"] = _binary(record, data_offset, data_length, flaws)
    event = Event(
        location=location,
        sequence=sequence,
        event_id=event_id & 0xFFFF,
        provider=provider,
        channel=channel,
        time=Instant.from_unix(generated),
        time_written=Instant.from_unix(written),
        record_id=number,
        header_id=number,
        computer=computer,
        qualifiers=event_id >> 16,
        level=kind.level,
        task=category,
        keywords=kind.keywords,
        user_id=user_id,
        event_type=kind.name,
        recovered=recovered,
        data=data,
        unreadable=_NO_CHANNEL if channel is None else frozenset(),
    )
    return event, flaws


def _names(record: bytes) -> tuple[str, str, bool]:
    """Return source and computer of a record, and whether both are complete."""
    parts = _text(record[FIXED_SIZE:-_TAIL_SIZE]).split("\0", 2)
    return parts[0], parts[1] if len(parts) > 1 else "", len(parts) > 2


def _sid(record: bytes, offset: int, length: int, flaws: list[str]) -> str | None:
    raw = record[offset : min(offset + length, len(record) - _TAIL_SIZE)] if offset >= FIXED_SIZE else b""
    try:
        return format_sid(raw)
    except ValueError:
        flaws.append("the user is not a security identifier")
        return None


def _strings(record: bytes, offset: int, limit: int, count: int, flaws: list[str]) -> list[str]:
    if not FIXED_SIZE <= offset <= limit:
        flaws.append(f"its {count} strings lie outside of it")
        return []
    texts = _text(record[offset:limit]).split("\0", count)
    rest = texts.pop()
    if len(texts) < count:
        if rest:
            texts.append(rest)
        flaws.append(f"it announces {count} strings and holds {len(texts)}")
    return texts


def _binary(record: bytes, offset: int, length: int, flaws: list[str]) -> str:
    end = len(record) - _TAIL_SIZE
    raw = record[offset : min(offset + length, end)] if offset >= FIXED_SIZE else b""
    if len(raw) < length:
        flaws.append(f"it announces {length} bytes of data and holds {len(raw)}")
    return raw.hex().upper()


def _text(raw: bytes) -> str:
    return raw[: len(raw) & ~1].decode("utf-16-le", "replace")
