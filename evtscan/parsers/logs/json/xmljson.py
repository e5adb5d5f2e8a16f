"""Event XML that was converted to JSON: attributes are members ``@name``, the text next to them is ``#text``.

EvtxECmd writes the data of an event in this form, and with ``--fj`` the whole event; Newtonsoft's ``SerializeXmlNode``
and Python's xmltodict convert other XML to this form. In the output of EvtxECmd, values have its own format
(hexadecimal in capitals, GUIDs without braces), and unnamed data are one text separated by commas, without empty
values.
"""

import re
from typing import Any

from evtscan.base.wintypes import format_guid_text
from evtscan.parsers.logs.exportrecords import ALL_DATA, Content, add_field
from evtscan.parsers.logs.json.systemjson import system_of
from evtscan.parsers.logs.json.values import (
    MOST_DEPTH,
    Members,
    RecordParts,
    Shape,
    ShapeError,
    decoded,
    object_of,
    text_of,
)

_BARE_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_HEX = re.compile(r"0x[0-9A-F]+\Z")
_ATTRIBUTE = re.compile(rb'\{\s*"@')
_BESIDE_DATA = frozenset({"System", "RenderingInfo"})

_LOSSES = (
    "written by EvtxECmd, which keeps data without names as one text: rules on it stay unknown; export the log itself "
    "to decide them"
)


def _read(top: Members) -> RecordParts:
    event = _event(top)
    system = system_of(object_of(_with_plain_names(event.get("System"))))
    spelt = _is_evtxecmd(event)

    def content() -> Content:
        parts = {name: value for name, value in event.items() if name not in _BESIDE_DATA and name[:1] != "@"}
        data, whole = data_of(parts, spelt=spelt)
        message = object_of(event.get("RenderingInfo")).get("Message")
        return Content(data, text_of(message) or None, frozenset() if whole else frozenset({ALL_DATA}))

    return system, content, ""


def _is_evtxecmd(event: dict[str, Any]) -> bool:
    """Return whether EvtxECmd wrote the XML: its times contain a blank in place of the T that Windows writes."""
    time = object_of(object_of(event.get("System")).get("TimeCreated")).get("@SystemTime")
    return isinstance(time, str) and time[10:11] == " "


def _losses(system: object, top: Members) -> str:
    return _LOSSES if _is_evtxecmd(_event(top)) else ""


def _event(top: Members) -> dict[str, Any]:
    """Return the element Event: the only member, or the object itself if it is an element of an array."""
    return object_of(decoded(top["Event"])) if "Event" in top else {name: decoded(raw) for name, raw in top.items()}


def _with_plain_names(value: Any) -> Any:
    """Remove the attribute prefix ``@`` from member names, two levels deep: System and its children."""
    if not isinstance(value, dict):
        return value
    return {
        name: {key.removeprefix("@"): text for key, text in child.items()} if isinstance(child, dict) else child
        for name, child in value.items()
    }


def data_of(parts: dict[str, Any], *, spelt: bool) -> tuple[dict[str, Any], bool]:
    """Return the data in the elements next to System, and whether each value is known separately.

    ``spelt``: EvtxECmd wrote them.
    """
    fields: dict[str, Any] = {}
    whole = True
    for part, value in parts.items():
        if part != "EventData":
            said = _element(value, spelt=spelt)
            for name, item in (said if part == "UserData" and isinstance(said, dict) else {part: said}).items():
                add_field(fields, name, item)
            continue
        members = object_of(value)
        if attributes := _attributes(members, spelt=spelt):
            fields["#attributes"] = attributes
        for name, item in members.items():
            if name == "Data":
                whole = _add_data(fields, item, spelt=spelt) and whole
            elif name == "Binary":
                add_field(fields, name, text_of(item).replace("-", ""))
            elif name[:1] != "@":
                add_field(fields, name, _element(item, spelt=spelt))
    return fields, whole


def _add_data(fields: dict[str, Any], value: Any, *, spelt: bool) -> bool:
    """Add the elements ``Data``; return false if EvtxECmd has joined the values of unnamed ones."""
    whole = True
    unnamed = 0
    for item in value if isinstance(value, list) else [value]:
        text = _leaf(item.get("#text") if isinstance(item, dict) else item, spelt=spelt)
        if isinstance(item, dict) and isinstance(item.get("@Name"), str):
            add_field(fields, item["@Name"], text)
        elif not spelt:
            unnamed += 1
            add_field(fields, f"Data{unnamed}", text)
        elif item is not None:
            whole = False
            add_field(fields, "Strings", text)
    return whole


def _element(value: Any, depth: int = 0, *, spelt: bool) -> Any:
    """Convert an XML element in JSON to text or to its children; xmlns is dropped.

    The attributes of an element are under ``#attributes``.
    """
    if depth > MOST_DEPTH:
        raise ShapeError(f"more than {MOST_DEPTH} elements inside each other")
    if isinstance(value, list):
        return [_element(item, depth + 1, spelt=spelt) for item in value]
    if not isinstance(value, dict):
        return _leaf(value, spelt=spelt)
    attributes = _attributes(value, spelt=spelt)
    children = {name: _element(item, depth + 1, spelt=spelt) for name, item in value.items() if name[:1] != "@"}
    if not attributes and children.keys() == {"#text"}:
        return children["#text"]
    return ({"#attributes": attributes} if attributes else {}) | children


def _attributes(element: dict[str, Any], *, spelt: bool) -> dict[str, str]:
    return {
        name[1:]: _leaf(item, spelt=spelt)
        for name, item in element.items()
        if name[:1] == "@" and name[1:].partition(":")[0] != "xmlns"
    }


def _leaf(value: Any, *, spelt: bool) -> str:
    """Return a value as Windows writes it."""
    text = text_of(value)
    if not spelt:
        return text
    if _HEX.match(text):
        return text.lower()
    return format_guid_text(text) if len(text) == 36 and _BARE_GUID.match(text) else text


XML: tuple[Shape, ...] = (
    Shape(
        lambda top: "@xmlns" in top or ("Event" in top and _ATTRIBUTE.match(top["Event"]) is not None), _read, _losses
    ),
)
"""Shape of event XML that was converted to JSON."""
