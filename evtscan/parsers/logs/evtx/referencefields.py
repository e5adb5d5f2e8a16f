"""An event as XML elements → decoded record: what the reference decoder makes of the elements that it has put together.

It shares nothing with ``eventfields``, which says the same of the other decoder's elements: each is to check the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evtscan.base.wintypes import format_guid_text, format_hex, parse_time
from evtscan.parsers.logs.evtx.record import DecodedRecord, RecordError


@dataclass(frozen=True, slots=True)
class XmlElement:
    """One XML element as Windows would emit it: attributes and content are text."""

    name: str
    attributes: dict[str, str]
    content: Sequence["str | XmlElement"]

    @property
    def children(self) -> Iterator["XmlElement"]:
        """The elements directly inside it."""
        return (piece for piece in self.content if isinstance(piece, XmlElement))

    @property
    def text(self) -> str:
        """The text directly inside it."""
        return "".join(piece for piece in self.content if isinstance(piece, str))

    def child(self, name: str) -> "XmlElement | None":
        """The first element of that name directly inside it."""
        return next((child for child in self.children if child.name == name), None)


def decoded_event(event: XmlElement, notes: list[str]) -> DecodedRecord:
    """The element Event as a record; ``notes`` say what could not be shown as Windows would show it.

    Raises:
        RecordError: if it has no System element, or no event id.
    """
    system = event.child("System")
    if system is None:
        raise RecordError("the event has no System element")
    provider = _attributes(system, "Provider")
    execution = _attributes(system, "Execution")
    correlation = _attributes(system, "Correlation")
    return DecodedRecord(
        event_id=_event_id(_text(system, "EventID") or ""),
        provider=provider.get("Name", ""),
        provider_guid=_guid(provider.get("Guid")),
        event_source_name=provider.get("EventSourceName"),
        qualifiers=_number(_attributes(system, "EventID").get("Qualifiers")),
        version=_number(_text(system, "Version")),
        level=_number(_text(system, "Level")),
        task=_number(_text(system, "Task")),
        opcode=_number(_text(system, "Opcode")),
        keywords=_keywords(_text(system, "Keywords")),
        ticks=_ticks(_attributes(system, "TimeCreated").get("SystemTime")),
        record_id=_number(_text(system, "EventRecordID")),
        activity_id=_guid(correlation.get("ActivityID")),
        related_activity_id=_guid(correlation.get("RelatedActivityID")),
        process_id=_number(execution.get("ProcessID")),
        thread_id=_number(execution.get("ThreadID")),
        channel=_text(system, "Channel"),
        computer=_text(system, "Computer"),
        user_id=_attributes(system, "Security").get("UserID"),
        message=_message(event),
        data=_data(event),
        notes=tuple(notes),
    )


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
    """The FILETIME that a time says; text of forwarded events, seven digits of our own, or hex where no year fits."""
    if text is None or text.startswith("0x"):
        return _number(text)
    try:
        return parse_time(text).ticks
    except ValueError:
        return None


def _data(event: XmlElement) -> dict[str, Any]:
    """What stands beside System: the fields of EventData and the elements of UserData, anything else by its name."""
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
    """A leaf as text, anything else as a dict."""
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
    """Add fields; a name that is there already becomes a list."""
    for name, value in more.items():
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
