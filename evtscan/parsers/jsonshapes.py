"""What each tool that writes events as JSON calls what: a row in ``SHAPES`` for each.

Members are kept undecoded until they are needed, so that a record that nobody asks for costs little more than its
System fields.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from evtscan.parsers.eventtypes import level_of_word
from evtscan.parsers.exports import ALL_DATA, Content, System, add, instant, unsaid, whole_number
from evtscan.wintypes import TICKS_PER_SECOND, Instant, format_float, format_guid_text, format_hex

Members = dict[str, msgspec.Raw]
"""The members of a JSON object, their values not yet decoded."""

Reading = tuple[System, Callable[[], Content], str]
"""System, how to get the rest, and the log that the record comes from if the export says so."""

MOST_DEPTH = 64
UNIX_EPOCH = 116_444_736_000_000_000
_BARE_GUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\Z")
_ATTRIBUTES = "_attributes"


class ShapeError(ValueError):
    """An object that has the keys of a shape, and not its content."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one tool writes an event. ``losses`` says what the whole file lacks, or nothing."""

    recognises: Callable[[Members], bool]
    read: Callable[[Members], Reading]
    losses: Callable[[System, Members], str] = lambda system, members: ""


def decoded(raw: msgspec.Raw | None) -> Any:
    """A value, or None if there is none."""
    return None if raw is None else msgspec.json.decode(raw)


def _all_members(raw: msgspec.Raw) -> Any:
    """The same for data, where evtx_dump repeats names: their values become a list.

    Raises:
        ValueError: if the text is no JSON.
        RecursionError: if it is nested too deep.
    """
    return json.loads(bytes(raw), object_pairs_hook=_with_repeated)


def _with_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        members = {}
        for name, value in pairs:
            add(members, name, value)
    return members


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def decoded_members(raw: msgspec.Raw | None) -> Members:
    """The members of an object inside another."""
    try:
        return msgspec.json.decode(raw, type=Members) if raw is not None else {}
    except msgspec.ValidationError as error:
        raise ShapeError("what should be an object is none") from error


# ------------------------------------------------------------------------------------------------------ values


def text_of(value: Any) -> str:
    """A leaf as Windows writes it: what JSON has typed becomes text again."""
    match value:
        case None:
            return ""
        case str():
            return format_guid_text(value) if len(value) == 36 and _BARE_GUID.match(value) else value
        case bool():
            return "true" if value else "false"
        case float():
            return format_float(value)
    return str(value)


def tree_of(value: Any, depth: int = 0) -> Any:
    """An element of UserData: text, or a map with attributes under ``#attributes``; xmlns is dropped.

    evtx_dump puts attributes into a member ``#attributes``, and on demand, as Chainsaw always does, into a member
    ``NAME_attributes`` beside the element; it numbers repeated names (``X``, ``X_1``, ``X_2``).
    """
    if depth > MOST_DEPTH:
        raise ShapeError(f"more than {MOST_DEPTH} elements inside each other")
    if isinstance(value, list):
        return [tree_of(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return text_of(value)
    fields: dict[str, Any] = {}
    attributes = _attributes(value.get("#attributes"))
    if attributes:
        fields["#attributes"] = attributes
    for name, item in value.items():
        if name == "#attributes" or (name.endswith(_ATTRIBUTES) and isinstance(item, dict)):
            continue
        apart = _attributes(value.get(name + _ATTRIBUTES))
        add(fields, _unnumbered(name, fields), _with_attributes(tree_of(item, depth + 1), apart))
    for name, item in value.items():  # elements that have nothing but attributes
        plain = name.removesuffix(_ATTRIBUTES)
        if plain != name and isinstance(item, dict) and plain not in value and (alone := _attributes(item)):
            add(fields, plain, {"#attributes": alone})
    return fields.get("#text", "") if not fields.keys() - {"#text"} and value else fields


def _attributes(value: Any) -> dict[str, str]:
    return {name: text_of(text) for name, text in _object(value).items() if name.partition(":")[0] != "xmlns"}


def _with_attributes(value: Any, attributes: dict[str, str]) -> Any:
    if not attributes:
        return value
    return {"#attributes": attributes} | (value if isinstance(value, dict) else {"#text": value} if value else {})


def _unnumbered(name: str, before: Mapping[str, Any]) -> str:
    """``X_2`` is the third element X, if two are there."""
    plain, _, number = name.rpartition("_")
    if not plain or plain not in before:
        return name
    times = len(before[plain]) if isinstance(before[plain], list) else 1
    return plain if number == str(times) else name


def event_data(value: Any) -> dict[str, Any]:
    """The fields of EventData: unnamed ones, which stand in a list under ``Data``, by their numbers."""
    fields: dict[str, Any] = {}
    members = _object(value)
    if attributes := _attributes(members.get("#attributes")):
        fields["#attributes"] = attributes
    for name, item in members.items():
        if name == "#attributes" or (name.endswith(_ATTRIBUTES) and isinstance(item, dict)):
            continue
        if name == "Data":
            _add_data(fields, item)
        elif item is not None:  # an empty element, or one that was left out since its value is null
            add(fields, _unnumbered(name, fields), tree_of(item))
    return fields


def _add_data(fields: dict[str, Any], value: Any) -> None:
    if isinstance(value, dict) and "#text" in value:
        value = value["#text"]
    items = value if isinstance(value, list) else [] if value is None else [value]
    unnamed = 0
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("Name"), str):
            add(fields, item["Name"], tree_of(item.get("Value")))
        else:
            unnamed += 1
            add(fields, f"Data{unnamed}", tree_of(item))


def _guid(value: Any) -> str | None:
    return format_guid_text(value) if isinstance(value, str) and value else None


def _text(value: Any) -> str | None:
    return text_of(value) if isinstance(value, str | int | float) and value != "" else None


def _time(value: Any) -> Instant | None:
    """A time in ISO 8601, or in seconds since 1970 as Velociraptor has it, exact to the microsecond."""
    if isinstance(value, str):
        return instant(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e11 < value < 1e12:
        return None
    ticks = UNIX_EPOCH + round(value * 1_000_000) * (TICKS_PER_SECOND // 1_000_000)
    return Instant(ticks, 6) if ticks >= 0 else None


def _keywords(value: Any) -> str | None:
    number = whole_number(value)
    return _text(value) if number is None else format_hex(number & 0xFFFF_FFFF_FFFF_FFFF)


# ------------------------------------------------------------------------- evtx_dump, Chainsaw, Velociraptor


def _part(system: dict[str, Any], name: str) -> tuple[Any, dict[str, Any]]:
    """Value and attributes of a child of System, wherever the tool puts them."""
    value = system.get(name)
    attributes = _object(system.get(name + _ATTRIBUTES))
    if isinstance(value, dict):
        attributes = _object(value.get("#attributes", value)) | attributes
        value = value.get("#text", value.get("Value"))
    return value, attributes


def system_of(system: dict[str, Any]) -> System:
    """The System element.

    Raises:
        ShapeError: if it has no event id.
    """
    event_id, of_id = _part(system, "EventID")
    number = whole_number(event_id)
    if number is None:
        raise ShapeError("System has no event id")
    provider = _part(system, "Provider")[1]
    correlation, execution = _part(system, "Correlation")[1], _part(system, "Execution")[1]
    return {
        "event_id": number,
        "provider": _text(provider.get("Name")) or "",
        "event_source_name": _text(provider.get("EventSourceName")),
        "provider_guid": _guid(provider.get("Guid")),
        "qualifiers": whole_number(of_id.get("Qualifiers")),
        "version": whole_number(_part(system, "Version")[0]),
        "level": whole_number(_part(system, "Level")[0]),
        "task": whole_number(_part(system, "Task")[0]),
        "opcode": whole_number(_part(system, "Opcode")[0]),
        "keywords": _keywords(_part(system, "Keywords")[0]),
        "time": _time(_part(system, "TimeCreated")[1].get("SystemTime")),
        "record_id": whole_number(_part(system, "EventRecordID")[0]),
        "activity_id": _guid(correlation.get("ActivityID")),
        "related_activity_id": _guid(correlation.get("RelatedActivityID")),
        "process_id": whole_number(execution.get("ProcessID")),
        "thread_id": whole_number(execution.get("ThreadID")),
        "channel": _text(_part(system, "Channel")[0]),
        "computer": _text(_part(system, "Computer")[0]),
        "user_id": _text(_part(system, "Security")[1].get("UserID")),
    }


def _content(members: Members) -> dict[str, Any]:
    """What stands beside System, as the data of an event."""
    data: dict[str, Any] = {}
    for name, raw in members.items():
        if name in _NO_DATA or name.endswith(_ATTRIBUTES):
            continue
        value = _all_members(raw)
        if name == "EventData":
            said = event_data(value)
            if attributes := _attributes(decoded(members.get(name + _ATTRIBUTES))):
                said = {"#attributes": attributes} | said
        elif name == "UserData":
            said = _object(tree_of(value))
        elif value is None:
            continue
        else:
            said = {name: tree_of(value)}
        for field, item in said.items():
            add(data, field, item)
    return data


_NO_DATA = frozenset({"System", "#attributes", "RenderingInfo", "Message"})


def _read_evtx_dump(top: Members) -> Reading:
    event = decoded_members(top.get("Event"))
    system = system_of(_object(decoded(event.get("System"))))

    def content() -> Content:
        message = _object(decoded(event.get("RenderingInfo"))).get("Message")
        return Content(_content(event), _text(message))

    return system, content, ""


_HEXADECIMAL = frozenset(
    {
        "SubjectLogonId",
        "TargetLogonId",
        "TargetLinkedLogonId",
        "LogonId",
        "ProcessId",
        "NewProcessId",
        "CallerProcessId",
        "HandleId",
        "TransactionId",
        "Status",
        "SubStatus",
        "ReturnCode",
        "AccessMask",
        "OldUacValue",
        "NewUacValue",
    }
)
"""Fields that the manifest of Microsoft-Windows-Security-Auditing declares hexadecimal, or pointers."""
_OLD_VELOCIRAPTOR = (
    "written by a Velociraptor that turns hexadecimal values into decimal ones: those of the Security log are turned "
    "back where they are known, others stay decimal; collect the .evtx file to be sure"
)


def _read_velociraptor(top: Members) -> Reading:
    inner = _object(decoded(top.get("System")))
    system = system_of(inner)
    decimal = isinstance(_part(inner, "Keywords")[0], int)

    def content() -> Content:
        return Content(velociraptor_data(top, system, decimal=decimal), _text(decoded(top.get("Message"))))

    return system, content, ""


def velociraptor_data(top: Members, system: System, *, decimal: bool = True) -> dict[str, Any]:
    """The data of an event as ``parse_evtx()`` gives it.

    ``decimal``: numbers that the log has in hexadecimal may be decimal ones.
    """
    fields = _content({name: top[name] for name in ("EventData", "UserData") if name in top})
    if isinstance(fields.get("Binary"), str):
        fields["Binary"] = _base64(fields["Binary"])
    if decimal and system["provider"] == "Microsoft-Windows-Security-Auditing":
        for name in _HEXADECIMAL & fields.keys():
            number = whole_number(fields[name])
            fields[name] = fields[name] if number is None else format_hex(number)
    return fields


def _velociraptor_losses(system: System, top: Members) -> str:
    return _OLD_VELOCIRAPTOR if isinstance(_part(_object(decoded(top["System"])), "Keywords")[0], int) else ""


def _base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex().upper()
    except ValueError:
        return text


# ------------------------------------------------------------------------------------------------- Winlogbeat

_NUMBERED = re.compile(r"param([1-9]\d{0,3})\Z")
_WINLOGBEAT = (
    "written by Winlogbeat, which leaves out Qualifiers, Keywords, Task and Opcode as numbers, EventSourceName, and "
    "empty values: rules on those stay unknown; export the log itself to decide them"
)


def _read_winlogbeat(top: Members) -> Reading:
    top = _unwrapped(top)
    if "winlog" in top:
        log = decoded_members(top["winlog"])
    else:
        log = {name.removeprefix("winlog."): raw for name, raw in top.items()}  # flat keys, or version 6 and before
    said = {name: decoded(raw) for name, raw in log.items() if name not in _BULKY}
    level = decoded(top.get("level")) or _object(decoded(top.get("log"))).get("level") or decoded(top.get("log.level"))
    event = _object(decoded(top.get("event")))
    number = whole_number(said.get("event_id", event.get("code")))
    if number is None:
        raise ShapeError("the event has no id")
    process = _object(said.get("process"))
    user = _object(said.get("user"))
    system: System = {
        "event_id": number,
        "provider": _text(said.get("provider_name") or said.get("source_name") or event.get("provider")) or "",
        "provider_guid": _guid(said.get("provider_guid")),
        "version": whole_number(said.get("version")),
        "level": _level(level, said.get("keywords")),
        "time": _time(decoded(top.get("@timestamp"))),
        "record_id": whole_number(said.get("record_id", said.get("record_number"))),
        "activity_id": _guid(said.get("activity_id")),
        "related_activity_id": _guid(said.get("related_activity_id")),
        "process_id": whole_number(process.get("pid", said.get("process_id", said.get("process.pid")))),
        "thread_id": whole_number(
            _object(process.get("thread")).get("id", said.get("thread_id", said.get("process.thread.id")))
        ),
        "channel": _text(said.get("channel") or said.get("log_name")),
        "computer": _text(said.get("computer_name")),
        "user_id": _text(user.get("identifier", said.get("user.identifier"))),
    }
    lost = unsaid(system) - {"Correlation_ActivityID", "Correlation_RelatedActivityID", "Provider_Guid"}

    def content() -> Content:
        fields, doubtful = _winlogbeat_data(log, system)
        return Content(fields, _text(decoded(top.get("message"))), lost | doubtful)

    return system, content, ""


_BULKY = frozenset({"event_data", "user_data", "message", "@metadata", "agent", "beat", "ecs", "host", "event", "log"})


def _unwrapped(top: Members) -> Members:
    """The document itself, without what Elasticsearch stores around it."""
    return decoded_members(top["_source"]) if "_source" in top else top


def _level(word: Any, keywords: Any) -> int | None:
    """The number of a level that is given as a word; an audit has none, and is shown as information."""
    audit = any("audit" in str(item).lower() for item in (keywords if isinstance(keywords, list) else [keywords]))
    level = level_of_word(str(word))
    return 0 if audit and level == 4 else level


def _winlogbeat_data(log: Members, system: System) -> tuple[dict[str, Any], frozenset[str]]:
    """The data, and the names of fields that may be among them.

    Winlogbeat calls unnamed data param1, param2 … by their places; those of a provider with a manifest, which has a
    GUID, are nearly always so named in the log.
    """
    fields: dict[str, Any] = {}
    doubtful: set[str] = set()
    named = system.get("provider_guid") is not None
    members = _object(decoded(log.get("event_data"))) or _flat(log, "event_data.")
    for name in sorted(members, key=_place):
        numbered = _NUMBERED.match(name)
        if numbered and named:
            doubtful.add(f"Data{numbered[1]}")
        add(fields, f"Data{numbered[1]}" if numbered and not named else name, tree_of(members[name]))
    user_data = _object(decoded(log.get("user_data"))) or _flat(log, "user_data.")
    if user_data:
        element = text_of(user_data.pop("xml_name", "UserData"))
        add(fields, element, {name: tree_of(value) for name, value in user_data.items()})
    return fields, frozenset(doubtful)


def _flat(log: Members, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): decoded(raw) for name, raw in log.items() if name.startswith(prefix)}


def _place(name: str) -> tuple[int, int]:
    """Numbered names in the order of their numbers, the others before them as they stand."""
    numbered = _NUMBERED.match(name)
    return (1, int(numbered[1])) if numbered else (0, 0)


# ---------------------------------------------------------------------------------------------- evtscan dump

DUMP_NUMBERS = {
    "EventLevel": "level",
    "RecordID": "record_id",
    "ProcessID": "process_id",
    "ThreadID": "thread_id",
    "Task": "task",
    "Opcode": "opcode",
    "Qualifiers": "qualifiers",
    "HeaderID": "header_id",
    "Version": "version",
}
DUMP_TEXTS = {
    "Channel": "channel",
    "Computer": "computer",
    "UserID": "user_id",
    "Keywords": "keywords",
    "ProviderGUID": "provider_guid",
    "EventSourceName": "event_source_name",
    "ActivityID": "activity_id",
    "RelatedActivityID": "related_activity_id",
    "EventType": "event_type",
}


_LOCAL_DUMP = (
    "dumped with local times of a zone that was not told (they end without Z): dump the export again with "
    "--source-timezone"
)


def _read_dump(top: Members) -> Reading:
    said = {name: decoded(raw) for name, raw in top.items() if name not in ("Data", "Message")}
    return dump_row(said, lambda: decoded(top.get("Data")), lambda: decoded(top.get("Message")))


def dump_row(said: Mapping[str, Any], data: Callable[[], Any], message: Callable[[], Any]) -> Reading:
    """A row of ``evtscan dump``: the values of its columns, and how to get those of ``Data`` and ``Message``.

    Raises:
        ShapeError: if the row has no event id.
    """
    number = whole_number(said.get("EventID"))
    if number is None:
        raise ShapeError("the row has no EventID")
    fields: dict[str, Any] = {field: whole_number(said.get(column)) for column, field in DUMP_NUMBERS.items()}
    fields |= {field: _text(said.get(column)) for column, field in DUMP_TEXTS.items()}
    system = cast(
        System,
        fields
        | {
            "event_id": number,
            "provider": _text(said.get("Provider")) or "",
            "time": _dumped_time(said.get("TimeCreated")),
            "time_written": _dumped_time(said.get("TimeWritten")),
            "recovered": str(said.get("Recovered")).casefold() == "true",
        },
    )

    def content() -> Content:
        fields = _object(_typed(data()))
        return Content(fields, _text(message()), _lost_before_dump(system, fields))

    return system, content, _text(said.get("SourceFile")) or ""


def _lost_before_dump(system: System, data: Mapping[str, Any]) -> frozenset[str]:
    """The fields that an event may have had before the export that was dumped.

    Only logs themselves have both the number in a record's header and keywords. Of an export, what a row does not say
    is unknown; so is all data unless the row has its number, keywords, and data by name or of a classic source.
    """
    numbered = system.get("record_id") is not None and system.get("keywords") is not None
    if numbered and system.get("header_id") is not None:
        return frozenset()
    classic = system.get("provider_guid") is None
    whole = numbered and data and "Strings" not in data and (classic or "Data1" not in data)
    return unsaid(system) if whole else unsaid(system) | {ALL_DATA}


def _dumped_time(value: Any) -> Instant | None:
    """A time as ``dump`` prints it: one without ``Z`` is local, of a zone that nobody told.

    With ``--excel`` those in UTC have neither ``Z`` nor ``T``.
    """
    time = _time(value)
    if time is None or str(value).endswith("Z") or str(value)[10:11] == " ":
        return time
    return Instant(time.ticks, time.digits, local=True)


def dump_losses(system: System) -> str:
    """What is to be said of a dump with such a row."""
    time = system.get("time")
    return _LOCAL_DUMP if time is not None and time.local else ""


def _typed(value: Any, depth: int = 0) -> Any:
    """Data as ``dump`` writes it, which is text throughout already."""
    if depth > MOST_DEPTH:
        raise ShapeError(f"more than {MOST_DEPTH} elements inside each other")
    if isinstance(value, list):
        return [_typed(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {name: _typed(item, depth + 1) for name, item in value.items()}
    return value if isinstance(value, str) else text_of(value)


SHAPES: tuple[Shape, ...] = (
    Shape(lambda top: "Event" in top, _read_evtx_dump),
    Shape(lambda top: "System" in top, _read_velociraptor, _velociraptor_losses),
    Shape(lambda top: "EventLevel" in top and "Provider" in top, _read_dump, lambda system, top: dump_losses(system)),
    Shape(
        lambda top: "winlog" in top or "winlog.event_id" in top or "_source" in top or "log_name" in top,
        _read_winlogbeat,
        lambda system, top: _WINLOGBEAT,
    ),
)
"""Shapes of events in JSON, the most telling keys first."""
