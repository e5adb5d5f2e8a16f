r"""Event objects of PowerShell with ``ConvertTo-Json``: one shape for each of the two commands that return them.

- ``Get-WinEvent``: System fields, ``Properties`` (the values of the data as ``[{"Value": …}]``, or only a type name if
  ``-Depth`` was too small) and ``Message``. Lost are the names of the data, EventSourceName, and whether a number was
  hexadecimal. Providers without a manifest never had names: their values are ``Data1`` … as in the log.
- ``Get-EventLog``: ``ReplacementStrings`` and ``Data`` (bytes), and ``InstanceId`` with the qualifiers; lost are most
  System fields that Vista added, and the names of data.

Windows PowerShell writes times as ``/Date(1595374458918)/``, milliseconds since 1970 in UTC; PowerShell 7 in ISO 8601,
with their offset.
"""

import re
from collections.abc import Mapping
from typing import Any

from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, format_hex
from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import USER_FIELDS, sid_of
from evtscan.parsers.logs.exportrecords import ALL_DATA, Content, System, instant, unsaid, whole_number
from evtscan.parsers.logs.json.values import (
    UNIX_EPOCH,
    Members,
    RecordParts,
    Shape,
    ShapeError,
    decoded,
    guid_of,
    text_of,
)
from evtscan.parsers.logs.lostfields import NOT_BY_OLD_INTERFACE, WINEVENT_PROPERTIES

_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/\Z")
_ZONED = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\Z", re.IGNORECASE)
_TYPE = re.compile(r"System\.[\w.`]+(?:\[.*\])?\Z")
_BYTES_IN_TEXT = re.compile(r"\d{1,3}(?: \d{1,3})*\Z")
_BULKY = frozenset({"Properties", "Message", "Bookmark", "Data", "ReplacementStrings"})

_WINEVENT_LOSSES = (
    "written by Get-WinEvent, which does not carry the names of the events' data: rules on named data stay unknown; "
    "export the log with wevtutil epl, or as XML, to decide them"
)
_EVENTLOG_LOSSES = (
    "written by Get-EventLog, which carries neither the names of the events' data nor what Vista has added to System: "
    "rules on those stay unknown; export the log with wevtutil epl, or as XML, to decide them"
)
_NO_TIME = (
    "; times such as {text!r} cannot be read: leave TimeCreated and TimeGenerated to ConvertTo-Json, or print them "
    "with ToString('o')"
)
_LOCAL = "; its times are local ones of a zone that it does not name"


def _text(value: Any) -> str | None:
    return text_of(value) if isinstance(value, str | int) and value != "" else None


def _inner(value: Any) -> Any:
    """Return a value, or the member ``Value`` of an object such as a SID or a date."""
    return value.get("Value", value.get("value")) if isinstance(value, dict) else value


def _time(value: Any) -> Instant | None:
    text = _inner(value)
    if not isinstance(text, str):
        return None
    if found := _DATE.match(text):
        ticks = UNIX_EPOCH + int(found[1]) * (TICKS_PER_SECOND // 1000)
        return Instant(ticks, 3) if ticks >= 0 else None
    time = instant(text)
    return time if time is None or _ZONED.search(text) else Instant(time.ticks, time.digits, local=True)


def _said(top: Members) -> dict[str, Any]:
    return {name: decoded(raw) for name, raw in top.items() if name not in _BULKY}


def _event_id(*values: Any) -> int:
    number = next((number for value in values if (number := whole_number(value)) is not None), None)
    if number is None:
        raise ShapeError("the object has no event id")
    return number


# ------------------------------------------------------------------------------------------------ Get-WinEvent


def _read_winevent(top: Members) -> RecordParts:
    said = _said(top)
    if "ProviderName" not in said:
        raise ShapeError("it has no ProviderName, without which an id means nothing")
    keywords = whole_number(said.get("Keywords"))
    level = whole_number(said.get("Level"))
    system: System = {
        "event_id": _event_id(said.get("Id")),
        "provider": _text(said.get("ProviderName")) or "",
        "provider_guid": guid_of(said.get("ProviderId")),
        "qualifiers": whole_number(said.get("Qualifiers")),
        "version": whole_number(said.get("Version")),
        "level": eventtypes.level_of_word(str(said.get("LevelDisplayName"))) if level is None else level,
        "task": whole_number(said.get("Task")),
        "opcode": whole_number(said.get("Opcode")),
        "keywords": None if keywords is None else format_hex(keywords & 0xFFFF_FFFF_FFFF_FFFF),
        "time": _time(said.get("TimeCreated")),
        "record_id": whole_number(said.get("RecordId")),
        "activity_id": guid_of(said.get("ActivityId")),
        "related_activity_id": guid_of(said.get("RelatedActivityId")),
        "process_id": whole_number(said.get("ProcessId")),
        "thread_id": whole_number(said.get("ThreadId")),
        "channel": _text(said.get("LogName")),
        "computer": _text(said.get("MachineName")),
        "user_id": _text(_inner(said.get("UserId"))),
    }
    classic = "ProviderId" in said and not system["provider_guid"]
    lost = frozenset(name for name in unsaid(system) if WINEVENT_PROPERTIES.get(name) not in said)
    if classic:
        lost -= {"Provider_EventSourceName"}  # only providers with a manifest have one

    def content() -> Content:
        data, doubtful = _properties(decoded(top.get("Properties")))
        unknown = lost | doubtful if classic else lost | doubtful | {ALL_DATA}
        return Content(data, _message(top), unknown)

    return system, content, ""


def _message(top: Members) -> str | None:
    return _text(decoded(top.get("Message")))


def _properties(value: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the values of an event by position, and the fields that remain unknown."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return {}, frozenset({ALL_DATA}) if value != [] else frozenset()
    values = [item.get("Value") for item in value]
    data: dict[str, Any] = {}
    lost: frozenset[str] = frozenset()
    last = values[-1] if values else None
    if isinstance(last, list):
        data["Binary"] = _hex(values.pop())
    elif isinstance(last, str) and _BYTES_IN_TEXT.match(last):  # bytes where -Depth ends above them, or a string
        values.pop()
        lost = frozenset({"Binary", f"Data{len(values) + 1}"})
    for number, item in enumerate(values, 1):
        inner = _inner(item)
        time = _time(inner) if isinstance(inner, str) and _DATE.match(inner) else None
        data[f"Data{number}"] = (
            str(time) if time else [*map(text_of, inner)] if isinstance(inner, list) else text_of(inner)
        )
    return data, lost


def _hex(value: Any) -> str:
    """Convert a list of byte values to hexadecimal text, as Windows writes it."""
    numbers = [whole_number(item) for item in value] if isinstance(value, list) else []
    return bytes(number for number in numbers if number is not None and 0 <= number < 256).hex().upper()


def _winevent_losses(system: System, top: Members) -> str:
    return _WINEVENT_LOSSES + _time_losses(system, top.get("TimeCreated"))


def _time_losses(system: System, raw: Any) -> str:
    time = system.get("time")
    if time is None:
        text = _inner(decoded(raw))
        return _NO_TIME.format(text=str(text)[:40]) if text else ""
    return _LOCAL if time.local else ""


# ------------------------------------------------------------------------------------------------ Get-EventLog


def _read_eventlog(top: Members) -> RecordParts:
    said = _said(top)
    instance = whole_number(said.get("InstanceId"))
    index = whole_number(said.get("Index"))
    kind = _kind(said.get("EntryType"))
    user_id, of_user = sid_of(_text(said.get("UserName")) or "")
    system: System = {
        "event_id": _event_id(said.get("EventID"), instance) & 0xFFFF,
        "provider": _text(said.get("Source")) or "",
        "qualifiers": None if instance is None else (instance >> 16) & 0xFFFF,
        "event_type": kind.name,
        "level": kind.level,
        "task": whole_number(said.get("CategoryNumber")),
        "time": _time(said.get("TimeGenerated")),
        "time_written": _time(said.get("TimeWritten")),
        "record_id": index,
        "header_id": index,
        "computer": _text(said.get("MachineName")),
        "user_id": user_id,
    }

    def content() -> Content:
        lost = (unsaid(system) - USER_FIELDS) | NOT_BY_OLD_INTERFACE | kind.unreadable | {ALL_DATA}
        lost |= of_user if "UserName" in said else USER_FIELDS
        return Content(_strings(top), _message(top), lost)

    return system, content, ""


def _kind(value: Any) -> eventtypes.EventType:
    number = whole_number(value)
    return eventtypes.of_word(str(value)) if number is None else eventtypes.of_number(number)


def _strings(top: Members) -> dict[str, Any]:
    strings, raw = decoded(top.get("ReplacementStrings")), decoded(top.get("Data"))
    data: dict[str, Any] = {}
    if isinstance(strings, list):
        data |= {f"Data{number}": text_of(text) for number, text in enumerate(strings, 1)}
    if isinstance(raw, list):
        data["Binary"] = _hex(raw)
    return data


def _eventlog_losses(system: System, top: Members) -> str:
    return _EVENTLOG_LOSSES + _time_losses(system, top.get("TimeGenerated"))


def _is_winevent(top: Mapping[str, Any]) -> bool:
    named = "LogName" in top or "LevelDisplayName" in top
    return "Id" in top and ("ProviderName" in top or (named and "TimeCreated" in top))


def _is_eventlog(top: Mapping[str, Any]) -> bool:
    return {"Source", "TimeGenerated"} <= top.keys() and ("InstanceId" in top or "EventID" in top)


POWERSHELL: tuple[Shape, ...] = (
    Shape(_is_winevent, _read_winevent, _winevent_losses),
    Shape(_is_eventlog, _read_eventlog, _eventlog_losses),
)
"""Shapes of objects of PowerShell."""
