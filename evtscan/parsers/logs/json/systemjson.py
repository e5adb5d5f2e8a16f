"""Events in JSON that contain the element System as in the log: evtx_dump, Chainsaw, Velociraptor."""

import base64
from collections.abc import Callable
from typing import Any, cast

from evtscan.base.model.system import SYSTEM_FIELDS, FieldKind
from evtscan.base.wintypes import format_hex
from evtscan.parsers.logs.exportrecords import Content, System, add_field, whole_number
from evtscan.parsers.logs.json.values import (
    ATTRIBUTES,
    Members,
    RecordParts,
    Shape,
    ShapeError,
    attributes_of,
    decoded,
    decoded_members,
    decoded_with_repeated,
    event_data,
    guid_of,
    keywords_of,
    object_of,
    scalar_of,
    time_of,
    tree_of,
)


def _part(system: dict[str, Any], name: str) -> tuple[Any, dict[str, Any]]:
    """Return value and attributes of a child of System, in any of the positions that tools use."""
    value = system.get(name)
    attributes = object_of(system.get(name + ATTRIBUTES))
    if isinstance(value, dict):
        attributes = object_of(value.get("#attributes", value)) | attributes
        value = value.get("#text", value.get("Value"))
    return value, attributes


def system_of(system: dict[str, Any]) -> System:
    """Return the fields of the System element.

    Raises:
        ShapeError: if it has no event id.
    """
    parts = {name: _part(system, name) for name in {field.element: None for field in SYSTEM_FIELDS}}
    fields: dict[str, Any] = {}
    for field in SYSTEM_FIELDS:
        value, attributes = parts[field.element]
        fields[field.name] = _READ_KIND[field.kind](attributes.get(field.attribute) if field.attribute else value)
    if fields["event_id"] is None:
        raise ShapeError("System has no event id")
    fields["provider"] = fields["provider"] or ""
    return cast(System, fields)


_READ_KIND: dict[FieldKind, Callable[[Any], Any]] = {
    "number": whole_number,
    "text": scalar_of,
    "name": scalar_of,
    "guid": guid_of,
    "hex": keywords_of,
    "time": time_of,
}
"""How a field of System is read from its JSON value."""


def _content(members: Members) -> dict[str, Any]:
    """Return the data of an event: its members except System."""
    data: dict[str, Any] = {}
    for name, raw in members.items():
        if name in _NO_DATA or name.endswith(ATTRIBUTES):
            continue
        value = decoded_with_repeated(raw)
        if name == "EventData":
            said = event_data(value)
            if attributes := attributes_of(decoded(members.get(name + ATTRIBUTES))):
                said = {"#attributes": attributes} | said
        elif name == "UserData":
            said = object_of(tree_of(value))
        elif value is None:
            continue
        else:
            said = {name: tree_of(value)}
        for field, item in said.items():
            add_field(data, field, item)
    return data


_NO_DATA = frozenset({"System", "#attributes", "RenderingInfo", "Message"})


def _read_evtx_dump(top: Members) -> RecordParts:
    event = decoded_members(top.get("Event"))
    system = system_of(object_of(decoded(event.get("System"))))

    def content() -> Content:
        message = object_of(decoded(event.get("RenderingInfo"))).get("Message")
        return Content(_content(event), scalar_of(message))

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


def _read_velociraptor(top: Members) -> RecordParts:
    inner = object_of(decoded(top.get("System")))
    system = system_of(inner)
    decimal = isinstance(_part(inner, "Keywords")[0], int)

    def content() -> Content:
        return Content(velociraptor_data(top, system, decimal=decimal), scalar_of(decoded(top.get("Message"))))

    return system, content, ""


def velociraptor_data(top: Members, system: System, *, decimal: bool = True) -> dict[str, Any]:
    """Return the data of an event in the form of ``parse_evtx()``.

    ``decimal``: numbers that are hexadecimal in the log may be decimal here.
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
    return _OLD_VELOCIRAPTOR if isinstance(_part(object_of(decoded(top["System"])), "Keywords")[0], int) else ""


def _base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex().upper()
    except ValueError:
        return text


SYSTEM: tuple[Shape, ...] = (
    Shape(lambda top: "Event" in top, _read_evtx_dump),
    Shape(lambda top: "System" in top, _read_velociraptor, _velociraptor_losses),
)
"""Shapes with the element System, the most specific key first."""
