"""Tools that write a row for each event, with some of its System fields as columns: a shape for each of them.

* Artifacts of Velociraptor such as ``Windows.EventLogs.EvtxHunter``: ``EventTime`` to the second, ``Provider``,
  ``EventID`` …, and the data as ``parse_evtx()`` gives it.
* EvtxECmd ``--json``: ``Payload`` is the data, turned from XML into JSON and that into text. Values of unnamed data are
  one text with commas, from which empty ones are missing.
"""

import json
import re
from typing import Any

from evtscan.parsers.accounts import USER_FIELDS
from evtscan.parsers.eventtypes import level_of_word
from evtscan.parsers.exports import ALL_DATA, Content, System, add, instant, unsaid, whole_number
from evtscan.parsers.jsonshapes import (
    Members,
    Reading,
    Shape,
    ShapeError,
    decoded,
    text_of,
    velociraptor_data,
)
from evtscan.wintypes import TICKS_PER_SECOND, Instant, format_guid_text

_MOST_DEPTH = 64
_BARE_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_HEX = re.compile(r"0x[0-9A-F]+\Z")

_VELOCIRAPTOR = (
    "written by an artifact of Velociraptor that keeps few fields of System, and of times whole seconds: rules on the "
    "others stay unknown; collect the .evtx file to decide them"
)
_EVTXECMD = (
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


def _read_velociraptor(top: Members) -> Reading:
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
    """The time of a row, of which the artifact has taken the fraction away before it printed it."""
    time = instant(value) if isinstance(value, str) else None
    if time is None or time.ticks % TICKS_PER_SECOND:
        return time
    return Instant(time.ticks, 0, time.local)


# ---------------------------------------------------------------------------------------------------- EvtxECmd


def _read_evtxecmd(top: Members) -> Reading:
    said = {name: decoded(raw) for name, raw in top.items() if not name.startswith("Payload")}
    word = str(said.get("Level") or "").casefold()
    time = said.get("TimeCreated")
    system: System = {
        "event_id": _event_id(said.get("EventId")),
        "provider": _text(said.get("Provider")) or "",
        "time": instant(time) if isinstance(time, str) else None,
        "channel": _text(said.get("Channel")),
        "computer": _text(said.get("Computer")),
        "level": {"logalways": 0, "info": 4}.get(word, level_of_word(word)),
        "record_id": whole_number(said.get("EventRecordId")),
        "header_id": whole_number(said.get("RecordNumber")),
        "process_id": whole_number(said.get("ProcessId")) or None,  # 0 where the event has none
        "thread_id": whole_number(said.get("ThreadId")) or None,
        "user_id": _text(said.get("UserId")),
        "recovered": said.get("HiddenRecord") is True,
    }
    lost = unsaid(system) - USER_FIELDS

    def content() -> Content:
        data, whole = _payload(decoded(top.get("Payload")))
        return Content(data, None, lost if whole else lost | {ALL_DATA})

    return system, content, _text(said.get("SourceFile")) or ""


def _payload(text: Any) -> tuple[dict[str, Any], bool]:
    """The data of an event, and whether each value of it is known for itself.

    Raises:
        ValueError: if the text is no JSON.
        RecursionError: if it is nested too deep.
    """
    payload = json.loads(text) if isinstance(text, str) and text else {}
    if not isinstance(payload, dict):
        return {}, False
    fields: dict[str, Any] = {}
    whole = True
    for part, value in payload.items():
        if part != "EventData":
            said = _element(value)
            for name, item in (said if part == "UserData" and isinstance(said, dict) else {part: said}).items():
                add(fields, name, item)
            continue
        for name, item in (value if isinstance(value, dict) else {}).items():
            if name == "Data":
                whole = _add_data(fields, item) and whole
            elif name == "Binary":
                add(fields, name, text_of(item).replace("-", ""))
            elif not name.startswith("@"):
                add(fields, name, _element(item))
    return fields, whole


def _add_data(fields: dict[str, Any], value: Any) -> bool:
    """Add the elements ``Data``; false if some have no name."""
    whole = True
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and isinstance(item.get("@Name"), str):
            add(fields, item["@Name"], _leaf(item.get("#text")))
        elif item is not None:
            whole = False
            add(fields, "Strings", _leaf(item.get("#text") if isinstance(item, dict) else item))
    return whole


def _element(value: Any, depth: int = 0) -> Any:
    """An element of XML in JSON: text, or its children, with attributes under ``#attributes``; xmlns is dropped."""
    if depth > _MOST_DEPTH:
        raise ShapeError(f"more than {_MOST_DEPTH} elements inside each other")
    if isinstance(value, list):
        return [_element(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return _leaf(value)
    attributes = {
        name[1:]: _leaf(item)
        for name, item in value.items()
        if name.startswith("@") and name[1:].partition(":")[0] != "xmlns"
    }
    children = {name: _element(item, depth + 1) for name, item in value.items() if not name.startswith("@")}
    if not attributes and children.keys() == {"#text"}:
        return children["#text"]
    return ({"#attributes": attributes} if attributes else {}) | children


def _leaf(value: Any) -> str:
    """A value as Windows writes it: EvtxECmd has hexadecimal numbers in capitals and GUIDs without braces."""
    text = text_of(value)
    if _HEX.match(text):
        return text.lower()
    return format_guid_text(text) if len(text) == 36 and _BARE_GUID.match(text) else text


ROWS: tuple[Shape, ...] = (
    Shape(
        lambda top: {"EventTime", "Provider", "EventID"} <= top.keys(),
        _read_velociraptor,
        lambda system, top: _VELOCIRAPTOR,
    ),
    Shape(lambda top: {"EventId", "Provider", "Payload"} <= top.keys(), _read_evtxecmd, lambda system, top: _EVTXECMD),
)
"""Shapes of rows in JSON."""
