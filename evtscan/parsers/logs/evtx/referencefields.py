"""XML elements from the reference decoder → decoded record.

This module shares only the table of the fields of System with ``eventfields``, so that tests can compare the two
decoders.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evtscan.base.model.system import SYSTEM_FIELDS, FieldKind
from evtscan.base.wintypes import format_guid_text, format_hex, parse_time
from evtscan.parsers.logs.evtx.record import DecodedRecord, RecordError


@dataclass(frozen=True, slots=True)
class XmlElement:
    """An XML element as Windows would emit it; attributes and content are text."""

    name: str
    attributes: dict[str, str]
    content: Sequence["str | XmlElement"]

    @property
    def children(self) -> Iterator["XmlElement"]:
        """Yield the direct child elements."""
        return (piece for piece in self.content if isinstance(piece, XmlElement))

    @property
    def text(self) -> str:
        """Return the text directly inside the element."""
        return "".join(piece for piece in self.content if isinstance(piece, str))

    def child(self, name: str) -> "XmlElement | None":
        """Return the first direct child element with a name, or None."""
        return next((child for child in self.children if child.name == name), None)


def decoded_event(event: XmlElement, notes: list[str]) -> DecodedRecord:
    """Convert an Event element to a record; ``notes`` describe values that could not be shown as Windows shows them.

    Raises:
        RecordError: if there is no System element, or no event id.
    """
    system = event.child("System")
    if system is None:
        raise RecordError("the event has no System element")
    fields: dict[str, Any] = {}
    for field in SYSTEM_FIELDS:
        attributes = _attributes(system, field.element)
        text = attributes.get(field.attribute) if field.attribute else _text(system, field.element)
        fields["ticks" if field.name == "time" else field.name] = _READ_KIND[field.kind](text)
    fields["event_id"] = _event_id(_text(system, "EventID") or "")
    fields["provider"] = fields["provider"] or ""
    return DecodedRecord(message=_message(event), data=_data(event), notes=tuple(notes), **fields)


def _text(system: XmlElement, name: str) -> str | None:
    element = system.child(name)
    return element.text if element else None


def _message(event: XmlElement) -> str | None:
    rendering = event.child("RenderingInfo")
    return None if rendering is None else _text(rendering, "Message") or None


def _attributes(system: XmlElement, name: str) -> dict[str, str]:
    element = system.child(name)
    return element.attributes if element else {}


def _event_id(text: str) -> int:
    number = _number(text)
    if number is None:
        raise RecordError(f"{text[:20]!r} is not an event id")
    return number


def _number(text: str | None) -> int | None:
    try:
        value = None if text is None else int(text, 16 if text[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None
    return value if value is not None and -(1 << 63) <= value < 1 << 64 else None


def _keywords(text: str | None) -> str | None:
    number = _number(text)
    return text if number is None else format_hex(number)


def _guid(text: str | None) -> str | None:
    return None if text is None else format_guid_text(text)


def _ticks(text: str | None) -> int | None:
    """Return the FILETIME of a time.

    The text comes from a forwarded event, or is our own format with seven digits, or hex for years out of range.
    """
    if text is None or text.startswith("0x"):
        return _number(text)
    try:
        return parse_time(text).ticks
    except ValueError:
        return None


def _unchanged(text: str | None) -> str | None:
    return text


_READ_KIND: dict[FieldKind, Callable[[str | None], Any]] = {
    "number": _number,
    "text": _unchanged,
    "name": _unchanged,
    "guid": _guid,
    "hex": _keywords,
    "time": _ticks,
}


def _data(event: XmlElement) -> dict[str, Any]:
    """Return the data of an event: the fields of EventData, the elements of UserData, and other elements by name."""
    data: dict[str, Any] = {}
    for element in event.children:
        if element.name == "EventData":
            _merge(data, _event_data(element))
        elif element.name == "UserData":
            _merge(data, _fields(element))
        elif element.name not in ("System", "RenderingInfo"):
            _merge(data, {element.name: _field(element)})
    return data


def _event_data(element: XmlElement) -> dict[str, Any]:
    unnamed = 0
    named = []
    for child in element.children:
        name, attributes = child.name, child.attributes
        if name == "Data":
            attributes = {key: text for key, text in attributes.items() if key != "Name"}
            name = child.attributes.get("Name", "")
            unnamed += not name
        named.append(replace(child, name=name or f"Data{unnamed}", attributes=attributes))
    texts = [piece for piece in element.content if isinstance(piece, str)]
    return _fields(replace(element, content=[*named, *texts]))


def _field(element: XmlElement) -> str | dict[str, Any]:
    """Return an element without attributes and children as text, and any other element as a dict."""
    if element.attributes or any(element.children):
        return _fields(element)
    return element.text


def _fields(element: XmlElement) -> dict[str, Any]:
    fields: dict[str, Any] = {"#attributes": dict(element.attributes)} if element.attributes else {}
    for child in element.children:
        _merge(fields, {child.name: _field(child)})
    if element.text.strip():
        _merge(fields, {"#text": element.text})
    return fields


def _merge(fields: dict[str, Any], more: dict[str, Any]) -> None:
    """Add fields to a dict; if a name exists already, its value becomes a list."""
    for name, value in more.items():
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
