"""One event → the 27 columns of EvtxECmd's CSV, for users whose tools expect them.

The columns, their spelling and their order are those of EvtxECmd 1.5 and later. The columns that EvtxECmd fills from
its maps (``MapDescription`` … ``ExecutableInfo``) are empty, since maps are rules of another tool. Values have Windows'
spelling (EvtxECmd has hexadecimal in upper case and GUIDs without braces in lower case), and ``SourceFile`` is
relative.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from evtscan.base.jsontext import json_text
from evtscan.base.model.event import Event
from evtscan.base.wintypes import Instant

FILE_HEADER = 4096
CHUNK = 65536
_LEVELS = {
    0: "LogAlways",
    1: "Critical",
    2: "Error",
    3: "Warning",
    4: "Info",
    5: "Verbose",
    8: "Success",
    16: "Failure",
}
_KEYWORDS = {
    "0x8010000000000000": "Audit failure",
    "0x8020000000000000": "Audit success",
    "0x8000000000000010": "Time",
    "0x8000000000000080": "State",
    "0x8000000000000040": "Reboot",
    "0x8000000000000018": "Installation",
    "0x8000000000000014": "Download",
    "0x8080000000000000": "Audit success, classic",
    "0x8000000000000000": "Classic",
}
"""Whole values of Keywords that have a name there, whatever their bits mean; any other stays a number."""
_UNNAMED = re.compile(r"Data\d+\Z")


def _time(time: Instant | None) -> str:
    """Return a time as ``2019-03-25 21:28:11.0736270``: UTC without a zone, seven digits; empty for a local time."""
    if time is None or time.local:
        return ""
    text = str(Instant(time.ticks)).removesuffix("Z")
    return text.replace("T", " ")


def _chunk_number(event: Event) -> int:
    offset = event.location.offset
    return 0 if offset is None else max(offset - FILE_HEADER, 0) // CHUNK


def _payload(event: Event) -> str:
    """Return the data as EvtxECmd nests it: ``{"EventData":{"Data":[{"@Name":"x","#text":"1"}]}}``.

    A single item is an object, not a list. Strings without a name are joined. ``Binary`` always follows them, even if
    the event has no binary data.
    """
    if not event.data:
        return ""
    members = {name: value for name, value in event.data.items() if name != "#attributes"}
    if all(isinstance(value, Mapping) for value in members.values()):
        return json_text({"UserData": _element(event.data)})
    unnamed: list[str] = []
    named: list[Any] = []
    elements: dict[str, Any] = {}
    for name, value in members.items():
        texts = value if isinstance(value, list) else [value]
        if name == "Binary" or not all(isinstance(text, str) for text in texts):
            elements[name] = value
        elif _UNNAMED.match(name):
            unnamed += texts
        else:
            named += [{"@Name": name, "#text": text} if text else {"@Name": name} for text in texts]
    data = [*([", ".join(unnamed)] if unnamed else []), *named]
    payload = _attributes(event.data)
    if data:
        payload["Data"] = data[0] if len(data) == 1 else data
    payload |= _element({name: value for name, value in elements.items() if name != "Binary"})
    if unnamed or "Binary" in elements:
        payload["Binary"] = _with_dashes(elements.get("Binary", ""))
    return json_text({"EventData": payload})


def _element(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return an element with its attributes as ``@Name``."""
    members = {name: _value(value) for name, value in content.items() if name != "#attributes"}
    return _attributes(content) | members


def _attributes(content: Mapping[str, Any]) -> dict[str, Any]:
    attributes = content.get("#attributes", {})
    if isinstance(attributes, Mapping):
        return {f"@{name}": _value(text) for name, text in attributes.items()}
    return {"#attributes": _value(attributes)}  # data that somebody has called so


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(item) for item in value]
    return _element(value) if isinstance(value, Mapping) else value


def _with_dashes(value: Any) -> Any:
    """Insert dashes between bytes: ``56-00-53`` for the hexadecimal text ``560053``."""
    return "-".join(re.findall("..", value)) if isinstance(value, str) else _value(value)


COLUMNS: Mapping[str, Callable[[Event], Any]] = {
    "RecordNumber": lambda event: event.header_id,
    "EventRecordId": lambda event: event.record_id,
    "TimeCreated": lambda event: _time(event.time),
    "EventId": lambda event: event.event_id,
    "Level": lambda event: _LEVELS.get(event.level, event.level) if event.level is not None else None,
    "Provider": lambda event: event.provider,
    "Channel": lambda event: event.channel,
    "ProcessId": lambda event: event.process_id or 0,
    "ThreadId": lambda event: event.thread_id or 0,
    "Computer": lambda event: event.computer,
    "ChunkNumber": _chunk_number,
    "UserId": lambda event: event.user_id,
    "MapDescription": lambda event: None,
    "UserName": lambda event: None,
    "RemoteHost": lambda event: None,
    "PayloadData1": lambda event: None,
    "PayloadData2": lambda event: None,
    "PayloadData3": lambda event: None,
    "PayloadData4": lambda event: None,
    "PayloadData5": lambda event: None,
    "PayloadData6": lambda event: None,
    "ExecutableInfo": lambda event: None,
    "HiddenRecord": lambda event: str(event.recovered),
    "SourceFile": lambda event: event.location.source,
    "Keywords": lambda event: _KEYWORDS.get(event.keywords or "", event.keywords),
    "ExtraDataOffset": lambda event: 0,
    "Payload": _payload,
}
"""Each column with how it is read."""
