"""Events → the exports of them that other programs write, to be read back.

Each writer says an event in one program's words, independently of the parser that reads them.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from sample_writer.event import Data, Element, EventType, SampleEvent, Value, ValueType
from sample_writer.evtx import evtx_log

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.base.wintypes import format_filetime
from evtscan.dump.blocks import of_events
from evtscan.dump.lines import Csv
from evtscan.parsers.logs.evtx import read_log

_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
MESSAGE = 'The "DHCP" client <1008> failed & gave up.\r\nSee the log.'

TEXTS = Value(("first", "second", "third"))
SAMPLES = (
    SampleEvent(
        provider="Dhcp",
        event_id=1008,
        time="2001-03-14T09:26:53Z",
        computer="NTBOX",
        strings=("0", "Größe <&> 'x' \"y\"", "", "two\r\nlines", "\U0001f600"),
        binary=bytes.fromhex("08000000AB"),
        event_type=EventType.ERROR,
        qualifiers=0x8000,
        record_number=11,
    ),
    SampleEvent(
        provider="Service Control Manager",
        guid="{555908D1-A6D7-4695-8E1E-26931D2012F4}",
        event_source_name="Service Control Manager",
        event_id=7036,
        qualifiers=16384,
        time="2010-11-21T03:55:59.6264271Z",
        computer="NTBOX",
        data=(Data("param1", Value("Windows Event Log")), Data("param2", Value("stopped")), Data("param1", Value(""))),
        version=0,
        opcode=0,
        process_id=492,
        thread_id=1188,
        record_number=12,
        user_sid="S-1-5-18",
        activity_id="{02277543-BEAA-0000-BB75-2702AABED401}",
        related_activity_id="{12277543-BEAA-0000-BB75-2702AABED402}",
        keywords=0x8080000000000000,
    ),
    SampleEvent(
        provider="Microsoft-Windows-Eventlog",
        guid="{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}",
        event_id=104,
        time="2015-06-23T06:00:48.1234567Z",
        computer="NTBOX",
        user_data=Element(
            "LogFileCleared",
            children=(
                Element("SubjectUserName", Value("admin")),
                Element("Certificate", attributes=(("fileRef", "3AA5.cer"),)),
                Element("Item", Value("a")),
                Element("Item", Value("b")),
                Element("Handle", Value(0x3E7, ValueType.HEX64)),
            ),
        ),
        version=0,
        opcode=0,
        process_id=4,
        thread_id=8,
        record_number=13,
    ),
    SampleEvent(
        provider="Microsoft-Windows-Security-Auditing",
        guid="{54849625-5478-4994-A5BA-3E3B0328C30D}",
        event_id=4624,
        time="2016-07-08T18:12:51.6816408Z",
        channel="System",
        computer="NTBOX",
        data=(
            Data("SubjectUserSid", Value("S-1-5-18", ValueType.SID)),
            Data("SubjectLogonId", Value(0x3E7, ValueType.HEX64)),
            Data("LogonType", Value(5, ValueType.UINT32)),
            Data("LogonGuid", Value("{00000000-0000-0000-0000-000000000000}", ValueType.GUID)),
            Data("Elevated", Value(True, ValueType.BOOL)),
        ),
        level=0,
        keywords=0x8020000000000000,
        version=2,
        opcode=0,
        process_id=676,
        thread_id=780,
        record_number=14,
    ),
)


def events_of(samples: Iterable[SampleEvent], folder: Path) -> list[Event]:
    """The events as the binary log says them."""
    path = folder / "samples.evtx"
    path.write_bytes(evtx_log(samples))
    return list(read_log(Source(path, "samples.evtx"), EVERYTHING))


# -------------------------------------------------------------------------------------------------------- XML


def wevtutil(events: Iterable[Event], *, message: str | None = None, quote: str = "'") -> str:
    """``wevtutil qe /f:xml``, or with a message ``/f:RenderedXml``: an event a line, and no root."""
    return "".join(f"{event_xml(event, message, quote)}\r\n" for event in events)


def viewer(events: Iterable[Event], message: str = MESSAGE) -> str:
    """Event Viewer's "Save as XML": all on one line."""
    body = "".join(event_xml(event, message) for event in events)
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>{body}</Events>'


def event_xml(event: Event, message: str | None = None, quote: str = "'") -> str:
    system = "".join(
        _element(name, text, quote, **attributes)
        for name, text, attributes in _system_parts(event)
        if text or attributes
    )
    data = "".join(_data_xml(name, value, quote) for name, value in event.data.items())
    nested = any(isinstance(value, Mapping) for value in event.data.values())
    body = f"<UserData>{data}</UserData>" if nested else f"<EventData>{data}</EventData>"
    if message is not None:
        body += f"<RenderingInfo Culture={quote}en-US{quote}>{_element('Message', message, quote)}<Level>Error</Level>"
        body += "<Keywords><Keyword>Classic</Keyword></Keywords></RenderingInfo>"
    return f"<Event xmlns={quote}{_NAMESPACE}{quote}><System>{system}</System>{body}</Event>"


def _system_parts(event: Event) -> list[tuple[str, object, dict[str, object]]]:
    time = None if event.time is None else format_filetime(event.time.ticks).replace("Z", "00Z")
    guid = event.provider_guid.lower() if event.provider_guid else None
    provider = {"Name": event.provider, "Guid": guid, "EventSourceName": event.event_source_name}
    activities = {"ActivityID": event.activity_id, "RelatedActivityID": event.related_activity_id}
    parts = [
        ("Provider", "", provider),
        ("EventID", event.event_id, {"Qualifiers": event.qualifiers}),
        ("Version", event.version, {}),
        ("Level", event.level, {}),
        ("Task", event.task, {}),
        ("Opcode", event.opcode, {}),
        ("Keywords", event.keywords, {}),
        ("TimeCreated", "", {"SystemTime": time}),
        ("EventRecordID", event.record_id, {}),
        ("Correlation", "", activities),
        ("Execution", "", {"ProcessID": event.process_id, "ThreadID": event.thread_id}),
        ("Channel", event.channel, {}),
        ("Computer", event.computer, {}),
        ("Security", "", {"UserID": event.user_id} if event.user_id else {"": ""}),
    ]
    shown = [
        (
            name,
            "" if text is None else str(text),
            {key: value for key, value in attributes.items() if value is not None},
        )
        for name, text, attributes in parts
    ]
    return [part for part in shown if part[1] or part[2]]


def _element(tag: str, text: object, quote: str = "'", /, **attributes: object) -> str:
    shown = "".join(f" {name}={quote}{_escaped(str(value))}{quote}" for name, value in attributes.items() if name)
    return f"<{tag}{shown}>{_escaped(str(text))}</{tag}>" if text != "" else f"<{tag}{shown}/>"


def _escaped(text: str) -> str:
    escaped = escape(text, {"'": "&apos;", '"': "&quot;"})
    return "".join(f"&#x{ord(char):x};" if char < " " and char not in "\t\r\n" else char for char in escaped)


def _data_xml(name: str, value: Any, quote: str) -> str:
    if isinstance(value, list):
        return "".join(_data_xml(name, item, quote) for item in value)
    if isinstance(value, Mapping):
        return _tree_xml(name, value, quote)
    if name == "Binary":
        return _element("Binary", value, quote)
    if name.startswith("Data") and name[4:].isdecimal():
        return f"<Data>{_escaped(value)}</Data>"
    return f"<Data Name={quote}{name}{quote}>{_escaped(value)}</Data>"


def _tree_xml(name: str, value: Any, quote: str) -> str:
    if isinstance(value, list):
        return "".join(_tree_xml(name, item, quote) for item in value)
    if isinstance(value, str):
        return _element(name, value, quote)
    attributes = "".join(f" {key}={quote}{_escaped(text)}{quote}" for key, text in value.get("#attributes", {}).items())
    body = _escaped(value.get("#text", ""))
    body += "".join(_tree_xml(key, item, quote) for key, item in value.items() if not key.startswith("#"))
    return f"<{name}{attributes}>{body}</{name}>"


# ----------------------------------------------------------------------------------------------------- CLIXML

_EVENT_TYPES = "EventLogRecord", "EventRecord"


def clixml(events: Sequence[Event], message: str = MESSAGE) -> str:
    """``Get-WinEvent | Export-Clixml``, as Windows PowerShell 5 lays it out."""
    body = "".join(_event_object(place, event, message) for place, event in enumerate(events))
    return f'<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\r\n{body}</Objs>'


def _event_object(place: int, event: Event, message: str) -> str:
    types = "".join(f"<T>System.Diagnostics.Eventing.Reader.{name}</T>" for name in _EVENT_TYPES)
    kind = '<TNRef RefId="0" />' if place else f'<TN RefId="0">\r\n      {types}<T>System.Object</T></TN>'
    keywords = int(event.keywords or "0", 16)
    values = _flat(event.data)
    properties = "".join(
        f'<Obj RefId="{place * 100 + at}"><TNRef RefId="5" /><ToString>EventProperty</ToString><Props>'
        f"{_property('BA' if name == 'Binary' else 'S', 'Value', text)}</Props></Obj>"
        for at, (name, text) in enumerate(values, 6)
    )
    user = (
        f'<Obj N="UserId" RefId="{place * 100 + 1}"><TN RefId="2"><T>System.Security.Principal.SecurityIdentifier</T>'
        f'</TN><ToString>{event.user_id}</ToString><Props><I32 N="BinaryLength">12</I32></Props></Obj>'
        if event.user_id
        else '<Nil N="UserId" />'
    )
    time = format_filetime(event.time.ticks + 2 * 36_000_000_000).replace("Z", "+02:00") if event.time else ""
    props = [
        _property("I32", "Id", event.event_id),
        _property("By", "Version", event.version),
        _property("I32", "Qualifiers", event.qualifiers),
        _property("By", "Level", event.level),
        _property("I32", "Task", event.task),
        _property("I16", "Opcode", event.opcode),
        _property("I64", "Keywords", keywords - (1 << 64) if keywords >> 63 else keywords),
        _property("I64", "RecordId", event.record_id),
        _property("S", "ProviderName", event.provider),
        _property("G", "ProviderId", event.provider_guid and event.provider_guid.strip("{}").lower()),
        _property("S", "LogName", event.channel),
        _property("I32", "ProcessId", event.process_id),
        _property("I32", "ThreadId", event.thread_id),
        _property("S", "MachineName", event.computer),
        user,
        _property("DT", "TimeCreated", time),
        _property("G", "ActivityId", event.activity_id and event.activity_id.strip("{}").lower()),
        _property(
            "G", "RelatedActivityId", event.related_activity_id and event.related_activity_id.strip("{}").lower()
        ),
        f'<Obj N="Properties" RefId="{place * 100 + 2}"><TN RefId="4"><T>System.Collections.Generic.List`1[[System.'
        f"Diagnostics.Eventing.Reader.EventProperty]]</T></TN><LST>{properties}</LST></Obj>",
    ]
    return (
        f'  <Obj RefId="{place * 100}">\r\n    {kind}\r\n    <ToString>System.Diagnostics.Eventing.Reader.'
        f"EventLogRecord</ToString>\r\n    <Props>\r\n      {''.join(props)}\r\n    </Props>\r\n    <MS>\r\n      "
        f"{_property('S', 'Message', message)}\r\n    </MS>\r\n  </Obj>\r\n"
    )


def _property(kind: str, name: str, value: object) -> str:
    if value is None:
        return f'<Nil N="{name}" />'
    text = str(value)
    if kind == "BA":
        text = base64.b64encode(bytes.fromhex(text)).decode()
    return f'<{kind} N="{name}">{_clixml_escaped(text)}</{kind}>'


def _clixml_escaped(text: str) -> str:
    shown = escape(text.replace("_x", "_x005F_x"))
    return "".join(
        f"_x{ord(char):04X}_" if char < " " or "\ud800" <= char <= "\udfff" else char for char in _units(shown)
    )


def _units(text: str) -> Iterable[str]:
    raw = text.encode("utf-16-le")
    return (raw[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(raw), 2))


def _flat(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values in the order of the log."""
    found: list[tuple[str, str]] = []
    for name, value in data.items():
        for item in value if isinstance(value, list) else [value]:
            found += _flat(item) if isinstance(item, Mapping) else [(name, item)]
    return found


# ------------------------------------------------------------------------------------------------------- JSON


def lines(documents: Iterable[object]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def evtx_dump(event: Event) -> dict[str, Any]:
    """``evtx_dump -o jsonl``: attributes in ``#attributes``, unnamed data in a list, repeated names numbered."""
    system: dict[str, Any] = {}
    for name, text, attributes in _system_parts(event):
        shown = {key: _braceless(value) for key, value in attributes.items() if key}
        value = int(text) if text.isdecimal() else text or None
        system[name] = {"#attributes": shown} | ({"#text": value} if text else {}) if shown else value
    nested = any(isinstance(value, Mapping) for value in event.data.values())
    data = _numbered({name: value for name, value in event.data.items() if not _unnamed(name)})
    if unnamed := [value for name, value in event.data.items() if _unnamed(name)]:
        data = {"Data": {"#text": unnamed if len(unnamed) > 1 else unnamed[0]}} | data
    return {
        "Event": {
            "#attributes": {"xmlns": _NAMESPACE},
            "System": system,
            "UserData" if nested else "EventData": data or None,
        }
    }


def _unnamed(name: str) -> bool:
    return name.startswith("Data") and name[4:].isdecimal()


def _braceless(value: object) -> object:
    """evtx_dump writes GUIDs without braces."""
    return value[1:-1].upper() if isinstance(value, str) and value.startswith("{") else value


def _numbered(data: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in data.items():
        for place, item in enumerate(value if isinstance(value, list) else [value]):
            is_map = isinstance(item, Mapping) and name != "#attributes"
            said[f"{name}_{place}" if place else name] = _numbered(item) if is_map else _typed(item)
    return said


def _typed(value: Any) -> Any:
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    return _braceless(value)


def chainsaw(event: Event) -> dict[str, Any]:
    """``chainsaw dump``: the same with attributes beside their elements, and names sorted."""
    return _sorted(_apart(evtx_dump(event)))


def _apart(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    apart: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, dict) and "#attributes" in item:
            apart[f"{name}_attributes"] = item["#attributes"]
            rest = {key: inner for key, inner in item.items() if key != "#attributes"}
            if rest:
                apart[name] = _apart(rest["#text"] if set(rest) == {"#text"} else rest)
        else:
            apart[name] = _apart(item)
    return apart


def _sorted(value: Any) -> Any:
    return {name: _sorted(value[name]) for name in sorted(value)} if isinstance(value, dict) else value


def velociraptor(event: Event, *, decimal: bool = False) -> dict[str, Any]:
    """``parse_evtx()``: values of elements under ``Value``, times in seconds, bytes in Base64; hexadecimal if new."""
    system: dict[str, Any] = {}
    for name, text, attributes in _system_parts(event):
        shown = {key: _braceless(value) for key, value in attributes.items() if key}
        value: Any = int(text) if text.isdecimal() else text
        if decimal and text.startswith("0x"):
            value = int(text, 16)
        system[name] = (shown | ({"Value": value} if text else {})) if name == "EventID" or not text else value
    if event.time is not None:
        system["TimeCreated"] = {"SystemTime": (event.time.ticks - 116_444_736_000_000_000) / 10_000_000}
    nested = any(isinstance(value, Mapping) for value in event.data.values())
    data = {name: _velociraptor_value(name, value, decimal) for name, value in event.data.items() if not _unnamed(name)}
    if unnamed := [value for name, value in event.data.items() if _unnamed(name)]:
        data = {"Data": unnamed} | data
    return {"System": system, "UserData" if nested else "EventData": data, "Message": MESSAGE, "_ts": 1700000000}


def _velociraptor_value(name: str, value: Any, decimal: bool) -> Any:
    if name == "Binary":
        return base64.b64encode(bytes.fromhex(value)).decode()
    if isinstance(value, Mapping):
        return {key: _velociraptor_value(key, item, decimal) for key, item in value.items()}
    if decimal and isinstance(value, str) and value.startswith("0x"):
        return int(value, 16)
    return _typed(value)


def winlogbeat(event: Event) -> dict[str, Any]:
    """Winlogbeat 7 and 8: all values text, empty ones and repeated names left out, unnamed ones numbered by place."""
    nested = {name: value for name, value in event.data.items() if isinstance(value, Mapping)}
    pairs = {f"param{name[4:]}" if _unnamed(name) else name: value for name, value in event.data.items() if value}
    winlog: dict[str, Any] = {
        "channel": event.channel,
        "computer_name": event.computer,
        "event_id": str(event.event_id),
        "keywords": ["Audit Success"] if event.level == 0 else ["Classic"],
        "opcode": "Info",
        "process": {"pid": event.process_id, "thread": {"id": event.thread_id}},
        "provider_guid": event.provider_guid,
        "provider_name": event.provider,
        "record_id": event.record_id,
        "task": "Logon",
        "user": {"identifier": event.user_id} if event.user_id else None,
        "version": event.version,
        "activity_id": event.activity_id,
        "related_activity_id": event.related_activity_id,
    }
    if nested:
        name, value = next(iter(nested.items()))
        leaves = {key: item for key, item in value.items() if isinstance(item, str) and item}
        winlog["user_data"] = {**leaves, "xml_name": name}
    else:
        winlog["event_data"] = {
            name: pairs[name][0] if isinstance(pairs[name], list) else pairs[name] for name in sorted(pairs)
        }
    levels = {0: "information", 1: "critical", 2: "error", 3: "warning", 4: "information", 5: "verbose"}
    return {
        "@timestamp": str(event.time),
        "agent": {"type": "winlogbeat"},
        "event": {"code": str(event.event_id), "provider": event.provider},
        "log": {"level": levels[event.level or 0]},
        "message": MESSAGE,
        "winlog": {name: value for name, value in winlog.items() if value is not None},
    }


def chainsaw_hunt(events: Sequence[Event], path: str = "/case/x.evtx") -> list[dict[str, Any]]:
    """``chainsaw hunt --json``: each event as often as rules match it, or several of them for one rule."""
    documents = [{"kind": "evtx", "path": path, "data": chainsaw(event)} for event in events]
    said = {"group": "Sigma", "name": "Some rule", "timestamp": "2024-01-01T00:00:00+00:00", "level": "low"}
    alone = [{**said, "kind": "individual", "document": document} for document in documents for _ in range(2)]
    return [*alone, {**said, "kind": "aggregate", "documents": documents}]


def elasticsearch(events: Iterable[Event], indent: int | None = None) -> str:
    """The answer to a search in an index of Winlogbeat."""
    hits = [{"_index": "winlogbeat-8", "_id": "x", "_source": winlogbeat(event)} for event in events]
    total = {"value": len(hits), "relation": "eq"}
    answer = {"took": 5, "timed_out": False, "_shards": {"total": 1}, "hits": {"total": total, "hits": hits}}
    return json.dumps(answer, indent=indent, ensure_ascii=False)


def get_winevent_json(event: Event, *, version: int = 7, values: bool = True) -> dict[str, Any]:
    """``Get-WinEvent | ConvertTo-Json`` of Windows PowerShell 5 or PowerShell 7; ``values``: with ``-Depth``."""
    keywords = int(event.keywords or "0", 16)
    milliseconds = (event.time.ticks - 116_444_736_000_000_000) // 10_000 if event.time else 0
    local = format_filetime(event.time.ticks + 2 * 36_000_000_000).replace("Z", "+02:00") if event.time else None
    properties: list[Any] = [
        {"Value": list(bytes.fromhex(text)) if name == "Binary" else text} for name, text in _flat(event.data)
    ]
    if not values:
        properties = ["System.Diagnostics.Eventing.Reader.EventProperty"] * len(properties)
    return {
        "Id": event.event_id,
        "Version": event.version,
        "Qualifiers": event.qualifiers,
        "Level": event.level,
        "Task": event.task,
        "Opcode": event.opcode,
        "Keywords": keywords - (1 << 64) if keywords >> 63 else keywords,
        "RecordId": event.record_id,
        "ProviderName": event.provider,
        "ProviderId": event.provider_guid and event.provider_guid.strip("{}").lower(),
        "LogName": event.channel,
        "ProcessId": event.process_id,
        "ThreadId": event.thread_id,
        "MachineName": event.computer,
        "UserId": {"BinaryLength": 12, "AccountDomainSid": None, "Value": event.user_id} if event.user_id else None,
        "TimeCreated": local if version == 7 else f"/Date({milliseconds})/",
        "ActivityId": event.activity_id and event.activity_id.strip("{}").lower(),
        "RelatedActivityId": event.related_activity_id and event.related_activity_id.strip("{}").lower(),
        "ContainerLog": event.channel,
        "MatchedQueryIds": [],
        "Bookmark": {},
        "LevelDisplayName": "Fehler",
        "Properties": properties,
        "Message": MESSAGE,
    }


def get_eventlog_json(event: Event) -> dict[str, Any]:
    """``Get-EventLog | ConvertTo-Json``."""
    milliseconds = (event.time.ticks - 116_444_736_000_000_000) // 10_000 if event.time else 0
    audits = {"0x90000000000000": 16, "0xa0000000000000": 8}
    types = {1: 1, 2: 1, 3: 2, 4: 4, 0: audits.get(event.keywords or "", 8)}
    return {
        "MachineName": event.computer,
        "Data": list(bytes.fromhex(event.data.get("Binary", ""))),
        "Index": event.record_id,
        "Category": f"({event.task or 0})",
        "CategoryNumber": event.task or 0,
        "EventID": event.event_id,
        "EntryType": types[event.level or 0],
        "Message": MESSAGE,
        "Source": event.provider,
        "ReplacementStrings": [text for name, text in _flat(event.data) if name != "Binary"],
        "InstanceId": (event.qualifiers or 0) << 16 | event.event_id,
        "TimeGenerated": f"/Date({milliseconds})/",
        "TimeWritten": f"/Date({milliseconds})/",
        "UserName": "NT AUTHORITY\\SYSTEM" if event.user_id == "S-1-5-18" else event.user_id and "LAB\\x",
        "Site": None,
        "Container": None,
    }


def velociraptor_row(event: Event) -> dict[str, Any]:
    """``Windows.EventLogs.EvtxHunter``: a few columns of System, times in whole seconds, the data as in the others."""
    data = velociraptor(event)
    return {
        "EventTime": None if event.time is None else f"{str(event.time)[:19]}Z",
        "Computer": event.computer,
        "Channel": event.channel,
        "Provider": event.provider,
        "EventID": event.event_id,
        "EventRecordID": event.record_id,
        "UserSID": event.user_id,
        "Username": None,
        "EventData": data.get("EventData"),
        "UserData": data.get("UserData"),
        "Message": MESSAGE,
        "OSPath": "C:\\Windows\\System32\\winevt\\Logs\\x.evtx",
    }


def evtxecmd(event: Event) -> dict[str, Any]:
    """EvtxECmd: the data as XML in JSON in a text; unnamed data as one text, without empty strings."""
    nested = {name: value for name, value in event.data.items() if isinstance(value, Mapping)}
    unnamed = [value for name, value in event.data.items() if _unnamed(name) and value]
    named = [
        {"@Name": name, "#text": _capital_hex(item)} if item else {"@Name": name}
        for name, value in event.data.items()
        if not _unnamed(name) and name != "Binary" and name not in nested
        for item in (value if isinstance(value, list) else [value])
    ]
    inner: dict[str, Any] = {"Data": named or ", ".join(unnamed)}
    if not event.provider_guid:
        inner["Binary"] = "-".join(re.findall("..", event.data.get("Binary", "")))
    levels = {0: "LogAlways", 1: "Critical", 2: "Error", 3: "Warning", 4: "Info", 5: "Verbose"}
    return {
        "MapDescription": "Something happened",
        "ChunkNumber": 0,
        "Computer": event.computer,
        "Payload": json.dumps({"UserData": nested} if nested else {"EventData": inner}),
        **({"UserId": event.user_id} if event.user_id else {}),
        "Channel": event.channel,
        "Provider": event.provider,
        "EventId": event.event_id,
        "EventRecordId": str(event.record_id),
        "ProcessId": event.process_id or 0,
        "ThreadId": event.thread_id or 0,
        "Level": levels[event.level or 0],
        "Keywords": _KEYWORD_NAMES.get(event.keywords, event.keywords),
        "SourceFile": "C:\\case\\x.evtx",
        "ExtraDataOffset": 0,
        "HiddenRecord": False,
        "TimeCreated": str(event.time).replace("Z", "+00:00"),
        "RecordNumber": event.record_id,
    }


_KEYWORD_NAMES = {"0x8020000000000000": "Audit success", "0x8080000000000000": "Audit success, classic"}


def evtxecmd_csv(events: Iterable[Event]) -> str:
    """EvtxECmd ``--csv``: a byte order mark, 27 columns, times in UTC without saying so."""
    names = "RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,ProcessId,ThreadId,Computer"
    names += ",ChunkNumber,UserId,MapDescription,UserName,RemoteHost,PayloadData1,PayloadData2,PayloadData3"
    names += ",PayloadData4,PayloadData5,PayloadData6,ExecutableInfo,HiddenRecord,SourceFile,Keywords,ExtraDataOffset"
    columns = [*names.split(","), "Payload"]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for event in events:
        time = format_filetime(event.time.ticks).replace("T", " ").removesuffix("Z") if event.time else ""
        mapped = {"PayloadData1": "Target: LAB\\x,\r\n of two lines"}
        writer.writerow(evtxecmd(event) | mapped | {"TimeCreated": time})
    return f"\ufeff{text.getvalue()}"


def evtxecmd_whole(event: Event) -> dict[str, Any]:
    """EvtxECmd ``--json --fj``: the whole event as XML in JSON."""
    payload = json.loads(evtxecmd(event)["Payload"])
    time = format_filetime(event.time.ticks).replace("T", " ").removesuffix("Z") if event.time else ""
    return {"Event": {"@xmlns": _NAMESPACE, "System": _xml_system(event, time, braces=False)} | payload}


def xmltodict(event: Event) -> dict[str, Any]:
    """The XML of Windows as Python's xmltodict makes JSON of it."""
    time = format_filetime(event.time.ticks) if event.time else ""
    nested = {name: value for name, value in event.data.items() if isinstance(value, Mapping)}
    data: list[Any] = []
    for name, value in event.data.items():
        for item in value if isinstance(value, list) else [value]:
            if _unnamed(name):
                data.append(item or None)
            elif name != "Binary" and name not in nested:
                data.append({"@Name": name, "#text": item} if item else {"@Name": name})
    inner: dict[str, Any] = {"Data": data[0] if len(data) == 1 else data}
    if "Binary" in event.data:
        inner["Binary"] = event.data["Binary"]
    body = {"UserData": _in_xml(nested)} if nested else {"EventData": inner}
    return {"Event": {"@xmlns": _NAMESPACE, "System": _xml_system(event, time)} | body}


def _xml_system(event: Event, time: str, *, braces: bool = True) -> dict[str, Any]:
    system: dict[str, Any] = {}
    for name, text, attributes in _system_parts(event):
        shown: dict[str, Any] = {f"@{key}": value for key, value in attributes.items() if key}
        if not braces:
            shown = {key: _capital_hex(str(value)) for key, value in shown.items()}
        system[name] = shown | ({"#text": text} if text else {}) if shown else text or None
    return system | {"TimeCreated": {"@SystemTime": time}}


def _in_xml(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return [_in_xml(item) for item in value] if isinstance(value, list) else value
    attributes = {f"@{name}": text for name, text in value.get("#attributes", {}).items()}
    return attributes | {name: _in_xml(item) for name, item in value.items() if name != "#attributes"}


def dump_csv(events: Iterable[Event], *, raw: bool = False, excel: bool = False) -> str:
    """``evtscan dump`` as CSV."""
    writer = Csv(raw=raw, excel=excel)
    return writer.header + "".join(line for block in of_events(events) for line in writer.lines(block))


def _capital_hex(text: str) -> str:
    return f"0x{text[2:].upper()}" if text.startswith("0x") else text.strip("{}").lower() if text[:1] == "{" else text
