"""A tree with holes and the values for them → System fields and data, as Windows renders events (MS-EVEN6 3.1.4.7).

The rules that turn a template into the event's structure are here, once, for both ways of reading: with the values of
one record (``decode_record``), or with markers in their place (``shapes``), which gives the structure of all records
whose values have the same types.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

import msgspec

from evtscan.parsers.evtx.binxml import (
    NO_DEPENDENCY,
    NULL,
    Attribute,
    Definitions,
    Element,
    Instance,
    Substitution,
    parse_fragment,
    parse_instance,
)
from evtscan.parsers.evtx.record import DecodedRecord, EndlessRecordError, RecordError
from evtscan.wintypes import (
    ARRAY,
    BINXML,
    format_array,
    format_guid_text,
    format_hex,
    format_value,
    parse_time,
)

_MAX_DEPTH = 64  # elements inside each other, over all templates of a record
_MAX_WORK = 1 << 19  # elements and characters of one record: crafted templates use one value many times


@dataclass(frozen=True, slots=True)
class Hole:
    """In a shape: the text of a value comes here.

    ``path`` are the indexes of the nested templates, then of the value; ``may_be_blank`` says that the text may be
    nothing but white space.
    """

    path: tuple[int, ...]
    may_be_blank: bool = True


@dataclass(frozen=True, slots=True)
class ArrayHole:
    """In a shape: the items of an array come here, each as an element of its own."""

    path: tuple[int, ...]


UNNAMED = ""
"""In the data of a shape: the name of an array whose items are ``Data1``, ``Data2`` …"""

Text = str | Hole | tuple[str | Hole, ...]
"""Text, the text of one value, or text made of several parts."""


class Node(msgspec.Struct, frozen=True):
    """One element of the event, with its substitutions made."""

    name: str
    attributes: Mapping[str, Text]
    text: "Text | ArrayHole"
    children: "tuple[Node, ...]"

    def child(self, name: str) -> "Node | None":
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)


class Values(Protocol):
    """What a substitution finds: the values of one template instance, or markers for them."""

    def is_null(self, index: int) -> bool:
        """Whether the value is null."""
        ...

    def is_empty(self, index: int) -> bool:
        """Whether the value has no bytes."""
        ...

    def piece(self, index: int, depth: int) -> "str | Hole | ArrayHole | list[str] | tuple[Node, ...]":
        """Its text, the items of an array, or the elements of a nested fragment."""
        ...

    def spend(self, work: int) -> None:
        """Account for work; RecordError if a record takes too much."""
        ...


def expand(elements: Sequence[Element], values: Values, depth: int = 0) -> tuple[Node, ...]:
    """Make the substitutions in a tree.

    Raises:
        RecordError: if a value is missing, or the record unfolds without end.
    """
    return tuple(node for element in elements for node in _expand(element, values, depth))


def _expand(element: Element, values: Values, depth: int) -> Iterator[Node]:
    if element.literal:
        yield _literal(element, values, depth)
        return
    _enter(values, depth)
    if element.dependency != NO_DEPENDENCY and values.is_null(element.dependency):
        return
    if any(_missing(part, values) for part in element.content):
        return
    attributes = dict(_attributes(element, values, depth))
    parts, children = _content(element, values, depth)
    arrays = [part for part in parts if not isinstance(part, str | Hole)]
    if not arrays:
        yield Node(element.name, attributes, _joined(parts), tuple(children))  # type: ignore[arg-type]
    elif any(isinstance(array, ArrayHole) for array in arrays):
        if len(parts) > 1 or children or any(not isinstance(text, str) for text in attributes.values()):
            raise RecordError("an array among other content")
        yield Node(element.name, attributes, arrays[0], ())  # type: ignore[arg-type]
    else:
        yield from _repeated(element.name, attributes, parts, tuple(children), values)


def _repeated(
    name: str, attributes: dict[str, Text], parts: Sequence[Any], children: tuple[Node, ...], values: Values
) -> Iterator[Node]:
    """An element with arrays in it, once for each item (MS-EVEN6 3.1.4.7.5); what else it holds is repeated."""
    count = max(len(part) for part in parts if isinstance(part, list))
    values.spend(count * (_weight(children) + sum(len(part) for part in parts if isinstance(part, str))))
    for place in range(count):
        shown = (part[place : place + 1] if isinstance(part, list) else [part] for part in parts)
        yield Node(name, attributes, _joined(list(chain.from_iterable(shown))), children)


def _weight(nodes: Sequence[Node]) -> int:
    """How much it is to repeat some elements."""
    return sum(1 + (len(node.text) if isinstance(node.text, str) else 0) + _weight(node.children) for node in nodes)


def _enter(values: Values, depth: int) -> None:
    values.spend(1)
    if depth > _MAX_DEPTH:
        raise RecordError(f"more than {_MAX_DEPTH} elements inside each other")


def _literal(element: Element, values: Values, depth: int) -> Node:
    """The same for an element in which no value has a part: there is nothing to ask."""
    _enter(values, depth)
    texts: list[str] = []
    children: list[Node] = []
    for part in element.content:
        if isinstance(part, Element):
            children.append(_literal(part, values, depth + 1))
        else:
            texts.append(part)  # type: ignore[arg-type]  # no substitution is among them
    attributes = {
        item.name: text
        for item in element.attributes
        if _is_shown(item) and (text := "".join(item.value))  # type: ignore[arg-type]
    }
    return Node(element.name, attributes, "".join(texts), tuple(children))


def _content(
    element: Element, values: Values, depth: int
) -> tuple[list[str | Hole | ArrayHole | list[str]], list[Node]]:
    """What stands inside an element: the parts of its text, arrays among them, and the elements."""
    parts: list[str | Hole | ArrayHole | list[str]] = []
    children: list[Node] = []
    for part in element.content:
        if isinstance(part, Element):
            children += _expand(part, values, depth + 1)
            continue
        piece = part if isinstance(part, str) else values.piece(part.index, depth + 1)
        if isinstance(piece, tuple):
            children += piece
        else:
            parts.append(piece)
    return parts, children


def _missing(part: str | Substitution | Element, values: Values) -> bool:
    return isinstance(part, Substitution) and part.optional and values.is_null(part.index)


def _attributes(element: Element, values: Values, depth: int) -> Iterator[tuple[str, Text]]:
    """The attributes that are shown: a null or empty one is not, nor are namespaces."""
    for attribute in element.attributes:
        if not _is_shown(attribute) or any(_missing(part, values) for part in attribute.value):
            continue
        if text := _joined([_attribute_part(part, values, depth) for part in attribute.value]):
            yield attribute.name, text


def _is_shown(attribute: Attribute) -> bool:
    return attribute.name.partition(":")[0] != "xmlns"


def _attribute_part(part: str | Substitution, values: Values, depth: int) -> str | Hole:
    if isinstance(part, str):
        return part
    if values.is_empty(part.index):
        return ""
    piece = values.piece(part.index, depth + 1)
    if isinstance(piece, list):
        return " ".join(piece)
    if isinstance(piece, str | Hole):
        return piece
    raise RecordError("an attribute whose value is no text")


def _joined(parts: Sequence[str | Hole]) -> Text:
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return "".join(texts)
    shown = tuple(part for part in parts if part != "")
    return shown[0] if len(shown) == 1 else shown


# ------------------------------------------------------------------------------------------------ event


_SYSTEM = {
    "event_id": ("EventID", ""),
    "qualifiers": ("EventID", "Qualifiers"),
    "provider": ("Provider", "Name"),
    "provider_guid": ("Provider", "Guid"),
    "event_source_name": ("Provider", "EventSourceName"),
    "version": ("Version", ""),
    "level": ("Level", ""),
    "task": ("Task", ""),
    "opcode": ("Opcode", ""),
    "keywords": ("Keywords", ""),
    "ticks": ("TimeCreated", "SystemTime"),
    "record_id": ("EventRecordID", ""),
    "activity_id": ("Correlation", "ActivityID"),
    "related_activity_id": ("Correlation", "RelatedActivityID"),
    "process_id": ("Execution", "ProcessID"),
    "thread_id": ("Execution", "ThreadID"),
    "channel": ("Channel", ""),
    "computer": ("Computer", ""),
    "user_id": ("Security", "UserID"),
}
"""Where each field of ``DecodedRecord`` stands: the child of System, and its attribute, or its text."""


def event_of(nodes: Sequence[Node]) -> Node:
    """The Event element among the roots of a record.

    Raises:
        RecordError: if there is none.
    """
    for node in nodes:
        if node.name == "Event":
            return node
    raise RecordError("the record holds no Event element")


def system_texts(event: Node) -> dict[str, Text]:
    """The texts of System and the message by the names of ``DecodedRecord``; what the event does not say is left out.

    Raises:
        RecordError: if the event has no System element, or an array in it may be anything.
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
    """What stands beside System and RenderingInfo, as ``DecodedRecord.data`` describes it."""
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
    """A leaf as text, anything else as a dict."""
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
    """Text beside attributes or children; white space is layout."""
    holes = [part for part in (text if isinstance(text, tuple) else (text,)) if not isinstance(part, str)]
    if any(isinstance(hole, ArrayHole) or hole.may_be_blank for hole in holes):
        raise RecordError("a value that may be white space, beside other content")
    if holes or (isinstance(text, str) and text.strip()):
        _add(fields, "#text", text)


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """A name that repeats becomes a list."""
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


def number(text: str | None) -> int | None:
    """A number of up to 64 bits as System writes it, decimal or ``0x…``; None if the text is none."""
    try:
        value = None if text is None else int(text, 16 if text[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None
    return value if value is not None and -(1 << 63) <= value < 1 << 64 else None


def _ticks(text: str | None) -> int | None:
    if text is None or text[:2] in ("0x", "0X"):
        return number(text)
    try:
        return parse_time(text).ticks
    except ValueError:
        return None


def _keywords(text: str | None) -> str | None:
    value = number(text)
    return text if value is None else format_hex(value)


def _guid(text: str | None) -> str | None:
    return format_guid_text(text) if text else None


READ_FIELD: dict[str, Callable[[str | None], Any]] = {
    "event_id": number,
    "qualifiers": number,
    "provider": lambda text: text or "",
    "provider_guid": _guid,
    "event_source_name": lambda text: text or None,
    "version": number,
    "level": number,
    "task": number,
    "opcode": number,
    "keywords": _keywords,
    "ticks": _ticks,
    "record_id": number,
    "activity_id": _guid,
    "related_activity_id": _guid,
    "process_id": number,
    "thread_id": number,
    "channel": lambda text: text,
    "computer": lambda text: text,
    "user_id": lambda text: text or None,
    "message": lambda text: text or None,
}
"""How each field of ``DecodedRecord`` is read from the text that System has for it (None: it has none)."""


# ------------------------------------------------------------------------------------------------ one record


def decode_record(chunk: bytes, start: int, end: int, definitions: Definitions | None = None) -> DecodedRecord:
    """Decode the BinXML between two offsets in a chunk of 64 KiB.

    ``definitions`` are those of the chunk, kept from one of its records to the next.

    Raises:
        RecordError: if it cannot be read; the message says why.
    """
    job = Job(chunk, definitions or Definitions(chunk))
    event = event_of(job.fragment(start, end, 0))
    texts = system_texts(event)
    fields = {name: read(texts.get(name)) for name, read in READ_FIELD.items()}  # type: ignore[arg-type]
    if fields["event_id"] is None:
        raise RecordError("the event has no event id")
    return DecodedRecord(**fields, data=data_of(event), notes=tuple(job.notes))


@dataclass(slots=True)
class Job:
    """The decoding of one record: what it may still spend, and what could not be shown as Windows would show it."""

    chunk: bytes
    definitions: Definitions
    work: int = _MAX_WORK
    notes: list[str] = field(default_factory=list)

    def spend(self, work: int) -> None:
        """Account for elements and characters."""
        self.work -= work
        if self.work < 0:
            raise EndlessRecordError("the record unfolds without end")
        self.definitions.work -= work
        if self.definitions.work < 0:
            raise EndlessRecordError("the records of the chunk unfold without end")

    def fragment(self, start: int, end: int, depth: int) -> tuple[Node, ...]:
        """The elements of a fragment, their substitutions made."""
        instance = parse_instance(self.chunk, start, end)
        if instance is None:
            self.spend(end - start)
            bare = parse_fragment(self.chunk, start, end, dependencies=False)
            return expand(bare.elements, _RecordValues(self, Instance(0, (), (0,))), depth)
        return expand(self.definitions.at(instance.definition).elements, _RecordValues(self, instance), depth)

    def nested(self, start: int, end: int, depth: int) -> tuple[Node, ...]:
        """The elements of a fragment inside a record; if its template is lost, its values without their names."""
        try:
            return self.fragment(start, end, depth)
        except EndlessRecordError:
            raise
        except RecordError as error:
            self.spend(end - start)
            self.notes.append(f"{error}: the values are shown without their names")
            try:
                instance = parse_instance(self.chunk, start, end)
            except RecordError:
                instance = None
            if instance is None:
                return (_unnamed([self.chunk[start:end].hex().upper()]),)
            return (_unnamed(_texts(self.chunk, instance, self.notes)),)


def _texts(chunk: bytes, instance: Instance, notes: list[str]) -> Iterator[str]:
    for value_type, start, end in zip(instance.types, instance.bounds, instance.bounds[1:], strict=False):
        text = value_text(value_type, chunk[start:end], notes)
        yield from [text] if isinstance(text, str) else text


def _unnamed(texts: Iterable[str]) -> Node:
    return Node("EventData", {}, "", tuple(Node("Data", {}, text, ()) for text in texts))


@dataclass(frozen=True, slots=True)
class _RecordValues:
    job: Job
    instance: Instance

    def _type(self, index: int) -> int:
        if index >= len(self.instance.types):
            raise RecordError(f"the template asks for value {index}, the record has {len(self.instance.types)}")
        return self.instance.types[index]

    def is_null(self, index: int) -> bool:
        return self._type(index) == NULL

    def is_empty(self, index: int) -> bool:
        return self._type(index) == NULL or self.instance.bounds[index] == self.instance.bounds[index + 1]

    def spend(self, work: int) -> None:
        self.job.spend(work)

    def piece(self, index: int, depth: int) -> str | list[str] | tuple[Node, ...]:
        value_type = self._type(index)
        start, end = self.instance.bounds[index : index + 2]
        if value_type == BINXML:
            return self.job.nested(start, end, depth) if end > start else ()
        text = value_text(value_type, self.job.chunk[start:end], self.job.notes)
        self.job.spend(len(text) if isinstance(text, str) else len(text) + sum(map(len, text)))
        return text


def value_text(value_type: int, raw: bytes, notes: list[str]) -> str | list[str]:
    """A value as text, an array as a list; what cannot be read as hex, with a note."""
    try:
        if value_type & ARRAY:
            return format_array(value_type & ~ARRAY, raw)
        return format_value(value_type, raw)
    except ValueError as error:
        notes.append(f"{error}: shown as hex")
        return raw.hex().upper()
