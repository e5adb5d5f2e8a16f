"""One event → the 27 columns of EvtxECmd's CSV, for people whose tools and habits are built on them.

The columns, their spelling and their order are those of EvtxECmd 1.5 and later. What its maps would fill
(``MapDescription`` … ``ExecutableInfo``) stays empty: maps are rules of another tool.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from evtscan.model import Event
from evtscan.wintypes import Instant

FILE_HEADER = 4096
CHUNK = 65536
_LEVELS = {0: "LogAlways", 1: "Critical", 2: "Error", 3: "Warning", 4: "Info", 5: "Verbose"}


def _time(time: Instant | None) -> str:
    """``2019-03-25 21:28:11.0736270``: no zone (it is UTC), seven digits; nothing for a local time."""
    if time is None or time.local:
        return ""
    text = str(Instant(time.ticks)).removesuffix("Z")
    return text.replace("T", " ")


def _chunk_number(event: Event) -> int:
    offset = event.location.offset
    return 0 if offset is None else max(offset - FILE_HEADER, 0) // CHUNK


def _payload(event: Event) -> str:
    """The data as EvtxECmd nests it: ``{"EventData":{"Data":[{"@Name":"x","#text":"1"}]}}``."""
    if not event.data:
        return ""
    if all(isinstance(value, Mapping) for value in event.data.values()):
        return msgspec.json.encode({"UserData": event.data}).decode()
    data = [entry for name, value in event.data.items() if name != "Binary" for entry in _entries(name, value)]
    payload: dict[str, Any] = {"Data": data}
    if "Binary" in event.data:
        payload["Binary"] = event.data["Binary"]
    return msgspec.json.encode({"EventData": payload}).decode()


def _entries(name: str, value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if name.startswith("Data") and name[4:].isdigit():
        return [{"#text": item} for item in values]
    return [{"@Name": name, "#text": item} for item in values]


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
    "HiddenRecord": lambda event: event.recovered,
    "SourceFile": lambda event: event.location.source,
    "Keywords": lambda event: event.keywords,
    "ExtraDataOffset": lambda event: 0,
    "Payload": _payload,
}
"""Each column with how it is read."""
