"""Events in JSON as Winlogbeat sends them, directly or through Elasticsearch."""

import re
from typing import Any

from evtscan.parsers.logs.eventtypes import level_of_word
from evtscan.parsers.logs.exportrecords import Content, System, add_field, unsaid, whole_number
from evtscan.parsers.logs.json.values import (
    Members,
    RecordParts,
    Shape,
    ShapeError,
    decoded,
    decoded_members,
    guid_of,
    object_of,
    scalar_of,
    text_of,
    time_of,
    tree_of,
)

_NUMBERED = re.compile(r"param([1-9]\d{0,3})\Z")
_LOSSES = (
    "written by Winlogbeat, which leaves out Qualifiers, Keywords, Task and Opcode as numbers, EventSourceName, and "
    "empty values: rules on those stay unknown; export the log itself to decide them"
)


def _read_winlogbeat(top: Members) -> RecordParts:
    top = _unwrapped(top)
    if "winlog" in top:
        log = decoded_members(top["winlog"])
    else:
        log = {name.removeprefix("winlog."): raw for name, raw in top.items()}  # flat keys, or version 6 and before
    said = {name: decoded(raw) for name, raw in log.items() if name not in _BULKY}
    level = (
        decoded(top.get("level")) or object_of(decoded(top.get("log"))).get("level") or decoded(top.get("log.level"))
    )
    event = object_of(decoded(top.get("event")))
    number = whole_number(said.get("event_id", event.get("code")))
    if number is None:
        raise ShapeError("the event has no id")
    process = object_of(said.get("process"))
    user = object_of(said.get("user"))
    system: System = {
        "event_id": number,
        "provider": scalar_of(said.get("provider_name") or said.get("source_name") or event.get("provider")) or "",
        "provider_guid": guid_of(said.get("provider_guid")),
        "version": whole_number(said.get("version")),
        "level": _level(level, said.get("keywords")),
        "time": time_of(decoded(top.get("@timestamp"))),
        "record_id": whole_number(said.get("record_id", said.get("record_number"))),
        "activity_id": guid_of(said.get("activity_id")),
        "related_activity_id": guid_of(said.get("related_activity_id")),
        "process_id": whole_number(process.get("pid", said.get("process_id", said.get("process.pid")))),
        "thread_id": whole_number(
            object_of(process.get("thread")).get("id", said.get("thread_id", said.get("process.thread.id")))
        ),
        "channel": scalar_of(said.get("channel") or said.get("log_name")),
        "computer": scalar_of(said.get("computer_name")),
        "user_id": scalar_of(user.get("identifier", said.get("user.identifier"))),
    }
    lost = unsaid(system) - {"Correlation_ActivityID", "Correlation_RelatedActivityID", "Provider_Guid"}

    def content() -> Content:
        fields, doubtful = _winlogbeat_data(log, system)
        return Content(fields, scalar_of(decoded(top.get("message"))), lost | doubtful)

    return system, content, ""


_BULKY = frozenset({"event_data", "user_data", "message", "@metadata", "agent", "beat", "ecs", "host", "event", "log"})


def _unwrapped(top: Members) -> Members:
    """Return the document without the fields that Elasticsearch adds."""
    return decoded_members(top["_source"]) if "_source" in top else top


def _level(word: Any, keywords: Any) -> int | None:
    """Return the number of a level word; an audit event, shown as information, has level 0."""
    audit = any("audit" in str(item).lower() for item in (keywords if isinstance(keywords, list) else [keywords]))
    level = level_of_word(str(word))
    return 0 if audit and level == 4 else level


def _winlogbeat_data(log: Members, system: System) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the data, and the names of fields that it may contain.

    Winlogbeat names unnamed data param1, param2 … by position. Providers with a manifest, which have a GUID, nearly
    always use these names in the log itself.
    """
    fields: dict[str, Any] = {}
    doubtful: set[str] = set()
    named = system.get("provider_guid") is not None
    members = object_of(decoded(log.get("event_data"))) or _flat(log, "event_data.")
    for name in sorted(members, key=_place):
        numbered = _NUMBERED.match(name)
        if numbered and named:
            doubtful.add(f"Data{numbered[1]}")
        add_field(fields, f"Data{numbered[1]}" if numbered and not named else name, tree_of(members[name]))
    user_data = object_of(decoded(log.get("user_data"))) or _flat(log, "user_data.")
    if user_data:
        element = text_of(user_data.pop("xml_name", "UserData"))
        add_field(fields, element, {name: tree_of(value) for name, value in user_data.items()})
    return fields, frozenset(doubtful)


def _flat(log: Members, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): decoded(raw) for name, raw in log.items() if name.startswith(prefix)}


def _place(name: str) -> tuple[int, int]:
    """Sort key of names: first names without a number, then numbered names by number."""
    numbered = _NUMBERED.match(name)
    return (1, int(numbered[1])) if numbered else (0, 0)


WINLOGBEAT = Shape(
    lambda top: "winlog" in top or "winlog.event_id" in top or "_source" in top or "log_name" in top,
    _read_winlogbeat,
    lambda system, top: _LOSSES,
)
