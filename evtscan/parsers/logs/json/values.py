"""Events in JSON: descriptions of the shapes that tools write, and conversion of values to the form that Windows uses.

Members are decoded only when they are needed, so that a record that is not selected costs little more than decoding its
System fields.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, format_float, format_guid_text, format_hex
from evtscan.parsers.logs.exportrecords import Content, System, add_field, instant, whole_number

Members = dict[str, msgspec.Raw]
"""The members of a JSON object, their values not yet decoded."""

RecordParts = tuple[System, Callable[[], Content], str]
"""System, a function that returns the content, and the name of the record's log if the export has it."""

MOST_DEPTH = 64
"""Maximum nesting depth of elements."""

UNIX_EPOCH = 116_444_736_000_000_000
"""The beginning of 1970 as a FILETIME (units of 100 ns since 1601)."""

ATTRIBUTES = "_attributes"
"""Suffix of the member that contains the attributes of the element with the name before it."""

_BARE_GUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\Z")


class ShapeError(ValueError):
    """An object has the keys of a shape, but not its content."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape in which one tool writes an event.

    ``losses`` returns a description of what the file lacks; it is empty if there is nothing to report.
    """

    recognises: Callable[[Members], bool]
    read: Callable[[Members], RecordParts]
    losses: Callable[[System, Members], str] = lambda system, members: ""


def decoded(raw: msgspec.Raw | None) -> Any:
    """Decode a value; None if it is missing."""
    return None if raw is None else msgspec.json.decode(raw)


def decoded_with_repeated(raw: msgspec.Raw) -> Any:
    """Decode a value with repeated names, as in data of evtx_dump: the values of a repeated name become a list.

    Raises:
        ValueError: if the text is not JSON.
        RecursionError: if it is nested too deeply.
    """
    return json.loads(bytes(raw), object_pairs_hook=_with_repeated)


def _with_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        members = {}
        for name, value in pairs:
            add_field(members, name, value)
    return members


def object_of(value: Any) -> dict[str, Any]:
    """Return a value if it is an object, else an empty object: some tools write null, text or a list instead."""
    return value if isinstance(value, dict) else {}


def decoded_members(raw: msgspec.Raw | None) -> Members:
    """Return the members of a nested object; empty if the object is missing.

    Raises:
        ShapeError: if the value is not an object.
    """
    try:
        return msgspec.json.decode(raw, type=Members) if raw is not None else {}
    except msgspec.ValidationError as error:
        raise ShapeError("what should be an object is none") from error


# ------------------------------------------------------------------------------------------------------ values


def text_of(value: Any) -> str:
    """Return a leaf as the text that Windows writes."""
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
    """Convert an element of UserData to text, or to a map with attributes under ``#attributes``; xmlns is dropped.

    evtx_dump writes attributes as a member ``#attributes``; optionally, and always in Chainsaw, they are a member
    ``NAME_attributes`` next to the element. evtx_dump numbers repeated names (``X``, ``X_1``, ``X_2``).

    Raises:
        ShapeError: if it is nested deeper than ``MOST_DEPTH``.
    """
    if depth > MOST_DEPTH:
        raise ShapeError(f"more than {MOST_DEPTH} elements inside each other")
    if isinstance(value, list):
        return [tree_of(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return text_of(value)
    fields: dict[str, Any] = {}
    attributes = attributes_of(value.get("#attributes"))
    if attributes:
        fields["#attributes"] = attributes
    for name, item in value.items():
        if name == "#attributes" or (name.endswith(ATTRIBUTES) and isinstance(item, dict)):
            continue
        apart = attributes_of(value.get(name + ATTRIBUTES))
        add_field(fields, _unnumbered(name, fields), _with_attributes(tree_of(item, depth + 1), apart))
    for name, item in value.items():  # elements that have nothing but attributes
        plain = name.removesuffix(ATTRIBUTES)
        if plain != name and isinstance(item, dict) and plain not in value and (alone := attributes_of(item)):
            add_field(fields, plain, {"#attributes": alone})
    return fields.get("#text", "") if not fields.keys() - {"#text"} and value else fields


def attributes_of(value: Any) -> dict[str, str]:
    """Return the attributes of an element as text; xmlns is dropped."""
    return {name: text_of(text) for name, text in object_of(value).items() if name.partition(":")[0] != "xmlns"}


def _with_attributes(value: Any, attributes: dict[str, str]) -> Any:
    if not attributes:
        return value
    return {"#attributes": attributes} | (value if isinstance(value, dict) else {"#text": value} if value else {})


def _unnumbered(name: str, before: Mapping[str, Any]) -> str:
    """Return the name without its repetition number: ``X_2`` is the third element X if there are two before it."""
    plain, _, number = name.rpartition("_")
    if not plain or plain not in before:
        return name
    times = len(before[plain]) if isinstance(before[plain], list) else 1
    return plain if number == str(times) else name


def event_data(value: Any) -> dict[str, Any]:
    """Return the fields of EventData; the unnamed ones, a list under ``Data``, become ``Data1`` …"""
    fields: dict[str, Any] = {}
    members = object_of(value)
    if attributes := attributes_of(members.get("#attributes")):
        fields["#attributes"] = attributes
    for name, item in members.items():
        if name == "#attributes" or (name.endswith(ATTRIBUTES) and isinstance(item, dict)):
            continue
        if name == "Data":
            _add_data(fields, item)
        elif item is not None:  # an empty element, or one that was left out since its value is null
            add_field(fields, _unnumbered(name, fields), tree_of(item))
    return fields


def _add_data(fields: dict[str, Any], value: Any) -> None:
    if isinstance(value, dict) and "#text" in value:
        value = value["#text"]
    items = value if isinstance(value, list) else [] if value is None else [value]
    unnamed = 0
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("Name"), str):
            add_field(fields, item["Name"], tree_of(item.get("Value")))
        else:
            unnamed += 1
            add_field(fields, f"Data{unnamed}", tree_of(item))


def guid_of(value: Any) -> str | None:
    """Return a GUID as Windows writes it: in braces, upper case."""
    return format_guid_text(value) if isinstance(value, str) and value else None


def scalar_of(value: Any) -> str | None:
    """Return the text of a word or a number; None for a missing value, an object or a list."""
    return text_of(value) if isinstance(value, str | int | float) and value != "" else None


def time_of(value: Any) -> Instant | None:
    """Parse a time in ISO 8601, or in seconds since 1970 as in Velociraptor, with a precision of one microsecond."""
    if isinstance(value, str):
        return instant(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e11 < value < 1e12:
        return None
    ticks = UNIX_EPOCH + round(value * 1_000_000) * (TICKS_PER_SECOND // 1_000_000)
    return Instant(ticks, 6) if ticks >= 0 else None


def keywords_of(value: Any) -> str | None:
    """Return numeric keywords as the hexadecimal number that Windows shows; words are unchanged."""
    number = whole_number(value)
    return scalar_of(value) if number is None else format_hex(number & 0xFFFF_FFFF_FFFF_FFFF)
