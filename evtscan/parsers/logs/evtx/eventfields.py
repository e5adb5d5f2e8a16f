"""The elements of an event → the fields of System and the event's data, in the form of ``DecodedRecord``.

The elements can be the elements of one record, or of a shape, which has holes instead of values.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from evtscan.base.model.system import SYSTEM_FIELDS, FieldKind
from evtscan.base.wintypes import format_guid_text, format_hex, parse_time
from evtscan.parsers.logs.evtx.document import ArrayHole, Hole, Node, Text
from evtscan.parsers.logs.evtx.record import RecordError

UNNAMED = ""
"""In the data of a shape: the name of an array whose items are ``Data1``, ``Data2`` …"""

_SYSTEM = {"ticks" if field.name == "time" else field.name: (field.element, field.attribute) for field in SYSTEM_FIELDS}
"""The child element of System and its attribute (``""``: its text) for each field of ``DecodedRecord``."""


def event_of(nodes: Sequence[Node]) -> Node:
    """Return the Event element among the root elements of a record.

    Raises:
        RecordError: if there is no Event element.
    """
    for node in nodes:
        if node.name == "Event":
            return node
    raise RecordError("the record holds no Event element")


def system_texts(event: Node) -> dict[str, Text]:
    """Return the texts of System and the message, by their names in ``DecodedRecord``; missing fields are left out.

    Raises:
        RecordError: if the event has no System element, or if an array in System makes it ambiguous.
    """
    system = event.child("System")
    if system is None:
        raise RecordError("the event has no System element")
    texts: dict[str, Text] = {}
    for name, (element, attribute) in _SYSTEM.items():
        node = system.child(element)
        text = None if node is None else node.attributes.get(attribute) if attribute else node.text
        if text is not None:
            texts[name] = _no_array(text)
    rendering = event.child("RenderingInfo")  # events that a collector was sent with their texts
    message = None if rendering is None else rendering.child("Message")
    if message is not None:
        texts["message"] = _no_array(message.text)
    return texts


def _no_array(text: "Text | ArrayHole") -> Text:
    if isinstance(text, ArrayHole):
        raise RecordError("an array in System")
    return text


def data_of(event: Node) -> dict[str, Any]:
    """Return the event's elements other than System and RenderingInfo, in the form of ``DecodedRecord.data``."""
    data: dict[str, Any] = {}
    for node in event.children:
        if node.name == "EventData":
            for name, value in _event_data(node).items():
                _add(data, name, value)
        elif node.name == "UserData":
            for name, value in _fields(node).items():
                _add(data, name, value)
        elif node.name not in ("System", "RenderingInfo"):
            _add(data, node.name, _value(node))
    return data


def _event_data(event_data: Node) -> dict[str, Any]:
    fields = _attributes_of(event_data)
    unnamed = 0
    for node in event_data.children:
        if node.name != "Data":
            _add(fields, node.name, _value(node))
            continue
        name = node.attributes.get("Name", "")
        if not isinstance(name, str):
            raise RecordError("a Data element named by a value")
        rest = {key: text for key, text in node.attributes.items() if key != "Name"}
        if not name:
            unnamed += 1
            name = UNNAMED if isinstance(node.text, ArrayHole) else f"Data{unnamed}"
        _add(fields, name, _value(Node("Data", rest, node.text, node.children)))
    if UNNAMED in fields and (unnamed > 1 or any(_NUMBERED.match(name) for name in fields)):
        raise RecordError("an array among other Data elements without a name, or with such a name as it makes up")
    _add_text(fields, event_data.text)
    return fields


_NUMBERED = re.compile(r"Data\d+\Z")


def _value(node: Node) -> Any:
    """Return an element without attributes and children as text, and any other element as a dict."""
    if not node.attributes and not node.children:
        return node.text
    return _fields(node)


def _fields(node: Node) -> dict[str, Any]:
    fields = _attributes_of(node)
    for child in node.children:
        _add(fields, child.name, _value(child))
    _add_text(fields, node.text)
    return fields


def _attributes_of(node: Node) -> dict[str, Any]:
    for text in node.attributes.values():
        parts = text if isinstance(text, tuple) else (text,)
        if all(isinstance(part, Hole) and part.may_be_blank for part in parts):
            raise RecordError("an attribute that is not shown if its value is a closing zero alone")
    return {"#attributes": dict(node.attributes)} if node.attributes else {}


def _add_text(fields: dict[str, Any], text: "Text | ArrayHole") -> None:
    """Add text that is next to attributes or children; white space is skipped as layout."""
    holes = [part for part in (text if isinstance(text, tuple) else (text,)) if not isinstance(part, str)]
    if any(isinstance(hole, ArrayHole) or hole.may_be_blank for hole in holes):
        raise RecordError("a value that may be white space, beside other content")
    if holes or (isinstance(text, str) and text.strip()):
        _add(fields, "#text", text)


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """Add a field; if its name exists already, the value becomes a list."""
    if name not in fields:
        fields[name] = value
        return
    if isinstance(value, ArrayHole) or isinstance(fields[name], ArrayHole):
        raise RecordError("an array beside others of its name")
    if isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


# ------------------------------------------------------------------------------------------------ texts → fields


def _number(text: str | None) -> int | None:
    """Return a number of up to 64 bits, written in decimal or as ``0x…``; None if the text is not a number."""
    try:
        value = None if text is None else int(text, 16 if text[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None
    return value if value is not None and -(1 << 63) <= value < 1 << 64 else None


def _ticks(text: str | None) -> int | None:
    if text is None or text[:2] in ("0x", "0X"):
        return _number(text)
    try:
        return parse_time(text).ticks
    except ValueError:
        return None


def _keywords(text: str | None) -> str | None:
    value = _number(text)
    return text if value is None else format_hex(value)


def _guid(text: str | None) -> str | None:
    return format_guid_text(text) if text else None


def _text(text: str | None) -> str | None:
    return text


def _name(text: str | None) -> str | None:
    return text or None


_READ_KIND: dict[FieldKind, Callable[[str | None], Any]] = {
    "number": _number,
    "text": _text,
    "name": _name,
    "guid": _guid,
    "hex": _keywords,
    "time": _ticks,
}

READ_FIELD: dict[str, Callable[[str | None], Any]] = {
    name: _READ_KIND[field.kind] for name, field in zip(_SYSTEM, SYSTEM_FIELDS, strict=True)
} | {"provider": lambda text: text or "", "message": _name}
"""For each field of ``DecodedRecord`` the function that reads it from its text in System (None: missing)."""
