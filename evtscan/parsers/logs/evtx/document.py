"""Substitution: a template's elements and values → the elements that Windows emits (MS-EVEN6 3.1.4.7).

These rules are implemented once, for two uses. ``decode`` passes the values of one record. ``shapes`` passes markers
instead of values, and gets the structure of all records whose values have these types.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import msgspec

from evtscan.parsers.logs.evtx.binxml import NO_DEPENDENCY, Attribute, Element, Substitution
from evtscan.parsers.logs.evtx.record import RecordError

_MAX_DEPTH = 64  # elements inside each other, over all templates of a record


@dataclass(frozen=True, slots=True)
class Hole:
    """In a shape: the position where the text of a value is inserted.

    ``path`` contains the indexes of the nested templates, then the index of the value; ``may_be_blank`` means that the
    text may consist of white space only.
    """

    path: tuple[int, ...]
    may_be_blank: bool = True


@dataclass(frozen=True, slots=True)
class ArrayHole:
    """In a shape: the position where the items of an array are inserted, each as a separate element."""

    path: tuple[int, ...]


Text = str | Hole | tuple[str | Hole, ...]
"""Text, the text of one value, or text made of several parts."""


class Node(msgspec.Struct, frozen=True):
    """One element of the event, after substitution."""

    name: str
    attributes: Mapping[str, Text]
    text: "Text | ArrayHole"
    children: "tuple[Node, ...]"

    def child(self, name: str) -> "Node | None":
        """Return the first child with a name, or None."""
        return next((child for child in self.children if child.name == name), None)


class Values(Protocol):
    """The values of one template instance, or markers that represent them."""

    def is_null(self, index: int) -> bool:
        """Whether the value is null."""
        ...

    def is_empty(self, index: int) -> bool:
        """Whether the value has no bytes."""
        ...

    def piece(self, index: int, depth: int) -> "str | Hole | ArrayHole | list[str] | tuple[Node, ...]":
        """Return the value as text, the items of an array, or the elements of a nested fragment."""
        ...

    def spend(self, work: int) -> None:
        """Subtract from the record's work limit; raises RecordError if the limit is exceeded."""
        ...


def expand(elements: Sequence[Element], values: Values, depth: int = 0) -> tuple[Node, ...]:
    """Return the elements of a tree after substitution.

    Raises:
        RecordError: if a value is missing, or the record expands beyond the limit.
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
    """Yield an element with arrays once for each array item, with its other content repeated (MS-EVEN6 3.1.4.7.5)."""
    count = max(len(part) for part in parts if isinstance(part, list))
    values.spend(count * (_weight(children) + sum(len(part) for part in parts if isinstance(part, str))))
    for place in range(count):
        shown = (part[place : place + 1] if isinstance(part, list) else [part] for part in parts)
        yield Node(name, attributes, _joined(list(chain.from_iterable(shown))), children)


def _weight(nodes: Sequence[Node]) -> int:
    """The work that repeating these elements costs."""
    return sum(1 + (len(node.text) if isinstance(node.text, str) else 0) + _weight(node.children) for node in nodes)


def _enter(values: Values, depth: int) -> None:
    values.spend(1)
    if depth > _MAX_DEPTH:
        raise RecordError(f"more than {_MAX_DEPTH} elements inside each other")


def _literal(element: Element, values: Values, depth: int) -> Node:
    """Return the node of an element that contains no substitution."""
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
    """Return the content of an element: the parts of its text, including arrays, and its child elements."""
    parts: list[str | Hole | ArrayHole | list[str]] = []
    children: list[Node] = []
    for part in element.content:
        if isinstance(part, Element):
            children += _expand(part, values, depth + 1)
            continue
        if isinstance(part, str):
            values.spend(len(part))
            parts.append(part)
            continue
        piece = values.piece(part.index, depth + 1)
        if isinstance(piece, tuple):
            children += piece
        else:
            parts.append(piece)
    return parts, children


def _missing(part: str | Substitution | Element, values: Values) -> bool:
    return isinstance(part, Substitution) and part.optional and values.is_null(part.index)


def _attributes(element: Element, values: Values, depth: int) -> Iterator[tuple[str, Text]]:
    """Yield the attributes of an element that Windows shows, without null values, empty values and namespaces."""
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
