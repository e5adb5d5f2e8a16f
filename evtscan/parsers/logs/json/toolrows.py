"""Tools that write a row for each event, with some of its System fields as columns: one shape for each tool.

- Artifacts of Velociraptor such as ``Windows.EventLogs.EvtxHunter``: ``EventTime`` to the second, ``Provider``,
  ``EventID`` …, and the data in the form of ``parse_evtx()``.
- EvtxECmd ``--json``, and with the same columns ``--csv``: ``Payload`` is the data, converted from XML to JSON and
  stored as text (see ``xmljson``). ``Keywords`` is a name for nine values, and hexadecimal for any other.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, format_hex
from evtscan.parsers.logs.accounts import USER_FIELDS
from evtscan.parsers.logs.eventtypes import level_of_word
from evtscan.parsers.logs.exportrecords import ALL_DATA, Content, System, instant, unsaid, whole_number
from evtscan.parsers.logs.json.systemjson import velociraptor_data
from evtscan.parsers.logs.json.values import Members, RecordParts, Shape, ShapeError, decoded, text_of
from evtscan.parsers.logs.json.xmljson import data_of

_VELOCIRAPTOR = (
    "written by an artifact of Velociraptor that keeps few fields of System, and of times whole seconds: rules on the "
    "others stay unknown; collect the .evtx file to decide them"
)
EVTXECMD_LOSSES = (
    "written by EvtxECmd, which leaves out Qualifiers, Version, Task, Opcode and EventSourceName, and keeps data "
    "without names as one text: rules on those stay unknown; export the log itself to decide them"
)


def _text(value: Any) -> str | None:
    return text_of(value) if isinstance(value, str | int) and value != "" else None


def _event_id(value: Any) -> int:
    number = whole_number(value)
    if number is None:
        raise ShapeError("the row has no event id")
    return number


# ------------------------------------------------------------------------------------------------ Velociraptor


def _read_velociraptor(top: Members) -> RecordParts:
    said = {name: decoded(raw) for name, raw in top.items() if name not in ("EventData", "UserData", "Message")}
    system: System = {
        "event_id": _event_id(said.get("EventID")),
        "provider": _text(said.get("Provider")) or "",
        "time": _whole_seconds(said.get("EventTime")),
        "channel": _text(said.get("Channel")),
        "computer": _text(said.get("Computer")),
        "record_id": whole_number(said.get("EventRecordID")),
        "user_id": _text(said.get("UserSID")),
    }
    lost = unsaid(system)
    if "UserSID" in said:
        lost -= USER_FIELDS

    def content() -> Content:
        return Content(velociraptor_data(top, system), _text(decoded(top.get("Message"))), lost)

    return system, content, _text(said.get("OSPath") or said.get("FullPath")) or ""


def _whole_seconds(value: Any) -> Instant | None:
    """Parse the time of a row; the artifact prints times without fractions of a second."""
    time = instant(value) if isinstance(value, str) else None
    if time is None or time.ticks % TICKS_PER_SECOND:
        return time
    return Instant(time.ticks, 0, time.local)


# ---------------------------------------------------------------------------------------------------- EvtxECmd


_LEVELS = {"logalways": 0, "info": 4, "success": 8, "failure": 16}
_KEYWORDS = {
    "audit failure": 0x8010_0000_0000_0000,
    "audit success": 0x8020_0000_0000_0000,
    "time": 0x8000_0000_0000_0010,
    "state": 0x8000_0000_0000_0080,
    "reboot": 0x8000_0000_0000_0040,
    "installation": 0x8000_0000_0000_0018,
    "download": 0x8000_0000_0000_0014,
    "audit success, classic": 0x8080_0000_0000_0000,
    "classic": 0x8000_0000_0000_0000,
}
"""EvtxECmd's names for complete values of Keywords."""


def _read_evtxecmd(top: Members) -> RecordParts:
    said = {name: decoded(raw) for name, raw in top.items() if not name.startswith("Payload")}
    return evtxecmd_row(said, lambda: decoded(top.get("Payload")))


def evtxecmd_row(said: Mapping[str, Any], payload: Callable[[], Any]) -> RecordParts:
    """Interpret a row of EvtxECmd from the values of its columns; ``payload`` returns the value of ``Payload``.

    Raises:
        ShapeError: if the row has no event id.
    """
    word = str(said.get("Level") or "").casefold()
    keywords = str(said.get("Keywords") or "").casefold()
    number = _KEYWORDS.get(keywords, whole_number(keywords))
    time = said.get("TimeCreated")
    system: System = {
        "event_id": _event_id(said.get("EventId")),
        "provider": _text(said.get("Provider")) or "",
        "time": instant(time) if isinstance(time, str) else None,
        "channel": _text(said.get("Channel")),
        "computer": _text(said.get("Computer")),
        "level": _LEVELS.get(word, level_of_word(word)),
        "keywords": None if number is None else format_hex(number),
        "record_id": whole_number(said.get("EventRecordId")),
        "header_id": whole_number(said.get("RecordNumber")),
        "process_id": whole_number(said.get("ProcessId")) or None,  # 0 where the event has none
        "thread_id": whole_number(said.get("ThreadId")) or None,
        "user_id": _text(said.get("UserId")),
        "recovered": str(said.get("HiddenRecord")).casefold() == "true",
    }
    lost = unsaid(system) - USER_FIELDS

    def content() -> Content:
        data, whole = _payload_of(payload())
        return Content(data, None, lost if whole else lost | {ALL_DATA})

    return system, content, _text(said.get("SourceFile")) or ""


def _payload_of(text: Any) -> tuple[dict[str, Any], bool]:
    """Return the data of an event, and whether each value is known separately.

    Raises:
        ValueError: if the text is not JSON.
        RecursionError: if it is nested too deeply.
    """
    payload = json.loads(text) if isinstance(text, str) and text else {}
    return data_of(payload, spelt=True) if isinstance(payload, dict) else ({}, False)


ROWS: tuple[Shape, ...] = (
    Shape(
        lambda top: {"EventTime", "Provider", "EventID"} <= top.keys(),
        _read_velociraptor,
        lambda system, top: _VELOCIRAPTOR,
    ),
    Shape(
        lambda top: {"EventId", "Provider", "Payload"} <= top.keys(),
        _read_evtxecmd,
        lambda system, top: EVTXECMD_LOSSES,
    ),
)
"""Shapes of rows in JSON."""
