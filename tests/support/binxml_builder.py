"""Builds chunks of BinXML token by token, for shapes that no real log at hand shows.

    chunk_with(event(Element("EventData", Element("Data", Substitution(0, 0x01)))), values=[(0x01, b"a\\0")])

Every name is written where it is first needed and never shared; checksums and tables are left zero, since a record
decoder gets one chunk whose records have been found already.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

FIRST_RECORD = 0x200
NO_DEPENDENCY = 0xFFFF


@dataclass(frozen=True)
class Substitution:
    index: int
    type: int
    optional: bool = False


@dataclass(frozen=True)
class CharacterReference:
    code: int


@dataclass(frozen=True)
class EntityReference:
    name: str


@dataclass(frozen=True)
class CData:
    text: str


class Element:
    def __init__(
        self, name: str, *content: "Content", dependency: int = NO_DEPENDENCY, **attributes: "Content"
    ) -> None:
        self.name, self.content, self.attributes, self.dependency = name, content, attributes, dependency


Content = str | bytes | Substitution | CharacterReference | EntityReference | CData | Element


@dataclass(frozen=True)
class Fragment:
    """A template instance: the template's element and the values. As a value itself it is of type 0x21."""

    element: Element
    values: Sequence["tuple[int, bytes] | Fragment"] = ()
    template_at: int | None = None  # in place of a definition of its own

    def encode(self, offset: int) -> bytes:
        head = b"\x0f\x01\x01\x00" + b"\x0c\x01" + b"GUID"
        place = offset + len(head) + 4
        if self.template_at is None:
            head += struct.pack("<I", place)
            body = b"\x0f\x01\x01\x00" + _element(self.element, place + 28) + b"\0"
            head += struct.pack("<I16sI", 0, b"GUID" * 4, len(body)) + body
        else:
            head += struct.pack("<I", self.template_at)
        sizes = [len(_raw(value, 0)) for value in self.values]
        types = [0x21 if isinstance(value, Fragment) else value[0] for value in self.values]
        head += struct.pack("<I", len(self.values))
        head += b"".join(struct.pack("<HBB", size, kind, 0) for size, kind in zip(sizes, types, strict=True))
        for value in self.values:
            head += _raw(value, offset + len(head))
        return head


@dataclass
class ChunkBuilder:
    """A chunk of 64 KiB that grows by one record a call."""

    data: bytearray = field(default_factory=lambda: bytearray(b"ElfChnk\0".ljust(FIRST_RECORD, b"\0")))
    number: int = 0

    def record(self, fragment: Fragment | bytes, ticks: int = 130_000_000_000_000_000) -> int:
        """Append a record and return its offset."""
        offset = len(self.data)
        content = fragment if isinstance(fragment, bytes) else fragment.encode(offset + 24)
        size = len(content) + 28
        self.number += 1
        self.data += struct.pack("<4sIQQ", b"**\0\0", size, self.number, ticks) + content + struct.pack("<I", size)
        return offset

    def __bytes__(self) -> bytes:
        return bytes(self.data).ljust(0x10000, b"\0")


def event(*parts: Content, event_id: Content = "7", **system: Content) -> Element:
    """An Event element with the least that System must say, and what stands beside it."""
    head = Element("System", Element("Provider", Name="Test"), Element("EventID", event_id))
    return Element("Event", head, *parts, **system)


def _raw(value: "tuple[int, bytes] | Fragment", offset: int) -> bytes:
    return value.encode(offset) if isinstance(value, Fragment) else value[1]


def _name(name: str) -> bytes:
    return struct.pack("<IHH", 0, 0, len(name)) + name.encode("utf-16-le") + b"\0\0"


def _element(element: Element, offset: int) -> bytes:
    token = 0x41 if element.attributes else 0x01
    head = struct.pack("<BHI", token, element.dependency, 0) + struct.pack("<I", offset + 11) + _name(element.name)
    if element.attributes:
        head += struct.pack("<I", 0)
    for name, value in element.attributes.items():
        head += struct.pack("<BI", 0x06, offset + len(head) + 5) + _name(name)
        head += _content(value, offset + len(head))
    if not element.content:
        return head + b"\x03"
    head += b"\x02"
    for piece in element.content:
        head += _content(piece, offset + len(head))
    return head + b"\x04"


def _content(piece: Content, offset: int) -> bytes:
    match piece:
        case Element():
            return _element(piece, offset)
        case str():
            return struct.pack("<BBH", 0x05, 0x01, len(piece)) + piece.encode("utf-16-le")
        case Substitution(index, kind, optional):
            return struct.pack("<BHB", 0x0E if optional else 0x0D, index, kind)
        case CharacterReference(code):
            return struct.pack("<BH", 0x08, code)
        case EntityReference(name):
            return struct.pack("<BI", 0x09, offset + 5) + _name(name)
        case CData(text):
            return struct.pack("<BH", 0x07, len(text)) + text.encode("utf-16-le")
        case _:
            return piece
