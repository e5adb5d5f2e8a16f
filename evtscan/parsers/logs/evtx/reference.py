"""Reference decoder, based on python-evtx: slow, and independent of the main decoder, so that tests can compare both.

python-evtx finds the structure (template instances, template definitions, tokens, names). Its XML output is not used,
because values lose their types there: hexadecimal is padded, times lose their last digit, string arrays become escaped
tags. This module reads the values from the substitution array, and ``evtscan.base.wintypes`` formats them.

Content that python-evtx misreads is rejected, not guessed: BinXML without a template (the UserData of CAPI2 events) and
CDATA sections.

Format: MS-EVEN6 2.2.12 (BinXml) and 3.1.4.7 (templates, optional substitutions, arrays).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from Evtx.Evtx import ChunkHeader
from Evtx.Nodes import (
    AttributeNode,
    CDataSectionNode,
    CharacterReferenceNode,
    CloseElementNode,
    CloseEmptyElementNode,
    CloseStartElementNode,
    ConditionalSubstitutionNode,
    EndOfStreamNode,
    EntityReferenceNode,
    NameStringNode,
    NormalSubstitutionNode,
    OpenStartElementNode,
    ProcessingInstructionDataNode,
    ProcessingInstructionTargetNode,
    TemplateInstanceNode,
    TemplateNode,
    ValueNode,
)

from evtscan.base.wintypes import ARRAY, BINXML, STRING, format_array, format_value
from evtscan.parsers.logs.evtx.record import DecodedRecord, RecordError
from evtscan.parsers.logs.evtx.referencefields import XmlElement, decoded_event

_RECORD_HEADER = struct.Struct("<4sIQQ")  # magic, size, record number, time written
_FRAGMENT_HEADER, _TEMPLATE_INSTANCE = 0x0F, 0x0C
_NULL = 0x00
_NO_DEPENDENCY = 0xFFFF
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_MAX_DEPTH = 64
"""Elements and templates inside each other; real events have five or six."""
_MAX_WORK = 1 << 20
"""Tokens visited and characters written for one record; a chunk has 65,536 bytes, and a crafted one reuses them."""


def decode(chunk: bytes, record_offset: int, end: int | None = None) -> DecodedRecord:
    """Decode the record at an offset, in bytes, in a chunk of 64 KiB (see ``ReferenceChunk.decode``).

    Raises:
        RecordError: if the record cannot be read; the message gives the reason.
    """
    return _opened(chunk).decode(record_offset, end)


@lru_cache(maxsize=1)
def _opened(chunk: bytes) -> "ReferenceChunk":
    """Return the parsed chunk. The last chunk is cached, since consecutive records share its templates."""
    return ReferenceChunk(chunk)


@dataclass(frozen=True, slots=True)
class _Array:
    """The items of an array value: the element that contains the array is repeated for each item."""

    items: list[str]

    @property
    def size(self) -> int:
        return sum(map(len, self.items)) + len(self.items)


_Piece = str | _Array | list[XmlElement] | None
"""What one token in an element stands for. None: an optional value that is not there, the element is not emitted."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of a template instance: its BinXML type and its position in the chunk."""

    type: int
    start: int
    end: int


@dataclass(slots=True)
class _Job:
    """State of decoding one record: work limit, end, and notes on values that cannot be shown as Windows shows them."""

    end: int
    work: int = _MAX_WORK
    notes: list[str] = field(default_factory=list)

    def spend(self, work: int) -> None:
        self.work -= work
        if self.work < 0:
            raise RecordError("the record unfolds without end")


class _Lazy(dict[int, Any]):
    """Nodes by their offset in the chunk, created at their first use."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, offset: int) -> Any:
        node = self[offset] = self._make(offset)
        return node


class _Chunk(ChunkHeader):  # type: ignore[misc]  # python-evtx has no types
    """A python-evtx chunk that reads names and templates at the positions in the tokens, each within its own length.

    python-evtx itself first follows the linked lists of the chunk's name and template tables. This is not needed, and
    in a crafted or damaged chunk such a list can be a cycle. It also reads a template up to the next end token,
    ignoring the template's length; with thousands of overlapping templates, each would be read up to the end of the
    chunk.
    """

    def __init__(self, chunk: bytes) -> None:
        super().__init__(chunk, 0)
        self._view = memoryview(chunk)
        self._template_bytes = 0
        self._strings = _Lazy(lambda offset: NameStringNode(chunk, offset, self, self))
        self._templates = _Lazy(self._template)

    def _template(self, offset: int) -> Any:
        node = TemplateNode(self._view, offset, self, self)
        self._template_bytes += node.length()
        if self._template_bytes > len(self._view):
            raise RecordError("the templates of the chunk are longer than the chunk")
        return TemplateNode(self._view[: offset + node.length()], offset, self, self)

    def strings(self) -> _Lazy:
        return self._strings

    def templates(self) -> _Lazy:
        return self._templates

    def add_string(self, offset: int, parent: object = None) -> Any:
        return self._strings[offset]

    def add_template(self, offset: int, parent: object = None) -> Any:
        return self._templates[offset]


class ReferenceChunk:
    """A chunk of 64 KiB whose names and templates are parsed once for all its records."""

    def __init__(self, chunk: bytes) -> None:
        self._bytes = chunk
        self._chunk = _Chunk(chunk)
        self._templates: dict[int, list[Any] | str] = {}

    def decode(self, record_offset: int, end: int | None = None) -> DecodedRecord:
        """Decode the record at an offset, in bytes, from the start of the chunk.

        ``end`` is the end of the record's content, for a caller that knows it better than the size in the record's
        header.

        Raises:
            RecordError: if the record cannot be read; the message gives the reason.
        """
        # python-evtx raises whatever its input provokes (struct, Unicode, Key, Recursion, its own errors): for this
        # one record all of them mean that it cannot be read.
        try:
            job = self._job(record_offset, end)
            return decoded_event(self._event(record_offset, job), job.notes)
        except RecordError:
            raise
        except Exception as error:
            raise _declined(error) from error

    def _job(self, record_offset: int, end: int | None) -> _Job:
        if not 0 <= record_offset <= len(self._bytes) - _RECORD_HEADER.size:
            raise RecordError(f"offset 0x{record_offset:x} is not in the chunk")
        magic, size, _, _ = _RECORD_HEADER.unpack_from(self._bytes, record_offset)
        if magic != b"**\0\0":
            raise RecordError("the record's magic number is missing")
        return _Job(end=min(record_offset + size - 4 if end is None else end, len(self._bytes)))

    def _event(self, record_offset: int, job: _Job) -> XmlElement:
        roots = self._fragment(record_offset + _RECORD_HEADER.size, job, 0)
        event = next((element for element in roots if element.name == "Event"), None)
        if event is None:
            raise RecordError("the record holds no Event element")
        return event

    def _fragment(self, start: int, job: _Job, depth: int) -> list[XmlElement]:
        """Return the elements of a BinXML fragment: the elements of its template with the values inserted."""
        elements, values = self._instance(start, job)
        return [element for node in elements for element in self._elements(node, values, job, depth)]

    def _instance(self, start: int, job: _Job) -> tuple[list[Any], list[_Value]]:
        """Return the elements of the template, and the values, of the fragment at ``start``."""
        if start + 4 > job.end:
            raise RecordError("the record ends before its BinXML")
        if self._token(start) == _FRAGMENT_HEADER:
            start += 4
        if self._token(start) != _TEMPLATE_INSTANCE:
            raise RecordError("python-evtx cannot read BinXML that has no template")
        node = TemplateInstanceNode(self._bytes, start, self._chunk, None)
        return self._template(node.template_offset()), self._values(start + node.length(), job)

    def _template(self, offset: int) -> list[Any]:
        """Return the elements of a template definition; the result, or the error, is cached."""
        if offset not in self._templates:
            self._templates[offset] = self._read_template(offset)
        elements = self._templates[offset]
        if isinstance(elements, str):
            raise RecordError(elements)
        return elements

    def _read_template(self, offset: int) -> list[Any] | str:
        try:
            nodes = self._chunk.templates()[offset].children()
            if _holds_cdata(nodes):  # behind one it takes text for tokens
                return "python-evtx cannot read CDATA sections"
        except RecordError as error:
            return str(error)
        except Exception as error:  # for the same reason as in decode
            return str(_declined(error))
        elements = [node for node in nodes if isinstance(node, OpenStartElementNode)]
        return elements or f"no element in the template at 0x{offset:x}"

    def _token(self, offset: int) -> int:
        return self._bytes[offset] & 0x0F

    def _values(self, start: int, job: _Job) -> list[_Value]:
        """Read the substitution array at ``start``: a count, length and type of each value, then the values' bytes."""
        (count,) = struct.unpack_from("<I", self._bytes, start)
        place = start + 4 + 4 * count
        if place > job.end:
            raise RecordError(f"{count} values do not fit into the record")
        values = []
        for length, value_type, _ in struct.iter_unpack("<HBB", self._bytes[start + 4 : place]):
            values.append(_Value(value_type, place, place + length))
            place += length
        if place > job.end:
            raise RecordError("the values run past the end of the record")
        return values

    def _elements(self, node: Any, values: list[_Value], job: _Job, depth: int) -> list[XmlElement]:
        """Return the elements that a template element yields: none, one, or one for each array item."""
        budget = job.work
        job.spend(1 + len(node.tag_name()))
        if depth > _MAX_DEPTH:
            raise RecordError(f"more than {_MAX_DEPTH} elements inside each other")
        dependency = node.unknown0()
        if dependency != _NO_DEPENDENCY and _at(values, dependency).type == _NULL:
            return []
        attributes: list[tuple[str, list[_Piece]]] = []
        content: list[_Piece] = []
        target = content
        for child in node.children():
            if isinstance(child, AttributeNode):
                # python-evtx takes one token for an attribute's value; further ones follow as children of the element
                target = [self._piece(child.attribute_value(), values, job, depth)]
                attributes.append((child.attribute_name().string(), target))
            elif isinstance(child, CloseStartElementNode):
                target = content
            elif not isinstance(child, CloseElementNode | CloseEmptyElementNode | EndOfStreamNode):
                target.append(self._piece(child, values, job, depth))
        if None in content:
            return []
        arrays = [piece for piece in content if isinstance(piece, _Array)]
        if not arrays:
            return [XmlElement(node.tag_name(), _shown(attributes, job), _item(content, 0))]
        count = max(len(array.items) for array in arrays)
        job.spend(count * (budget - job.work - sum(array.size for array in arrays)))
        return [XmlElement(node.tag_name(), _shown(attributes, job), _item(content, index)) for index in range(count)]

    def _piece(self, node: Any, values: list[_Value], job: _Job, depth: int) -> _Piece:
        """Return the result of a token inside an element or an attribute."""
        piece = self._unfold(node, values, job, depth)
        job.spend(1 + (len(piece) if isinstance(piece, str) else piece.size if isinstance(piece, _Array) else 0))
        return piece

    def _unfold(self, node: Any, values: list[_Value], job: _Job, depth: int) -> _Piece:
        match node:
            case OpenStartElementNode():
                return self._elements(node, values, job, depth + 1)
            case NormalSubstitutionNode() | ConditionalSubstitutionNode():
                value = _at(values, node.index())
                if value.type == _NULL and isinstance(node, ConditionalSubstitutionNode):
                    return None
                return self._value(value, job, depth)
            case ValueNode():
                return self._literal(node)
            case CharacterReferenceNode():
                return _character(node.entity())
            case EntityReferenceNode():
                return _entity(node.entity_reference())
            case ProcessingInstructionTargetNode() | ProcessingInstructionDataNode():
                return ""
        raise RecordError(f"token 0x{self._bytes[node.offset()]:02x} cannot stand inside an element")

    def _literal(self, node: Any) -> str:
        if node.type() != STRING:
            raise RecordError(f"a literal of type 0x{node.type():02x} in a template")
        start = node.offset() + 4  # token, type, count of characters
        (count,) = struct.unpack_from("<H", self._bytes, start - 2)
        return self._bytes[start : start + 2 * count].decode("utf-16-le", "replace")

    def _value(self, value: _Value, job: _Job, depth: int) -> _Piece:
        raw = self._bytes[value.start : value.end]
        if value.type == BINXML:
            # where a page of the file was never written, the fragment begins with the token that ends one
            return self._fragment(value.start, job, depth + 1) if raw.lstrip(b"\0") else []
        try:
            if value.type & ARRAY:
                return _Array(format_array(value.type & ~ARRAY, raw))
            return format_value(value.type, raw)
        except ValueError as error:
            job.notes.append(f"{error}: shown as hex")
            return raw.hex().upper()


def _holds_cdata(nodes: list[Any]) -> bool:
    return any(
        isinstance(node, CDataSectionNode) or (isinstance(node, OpenStartElementNode) and _holds_cdata(node.children()))
        for node in nodes
    )


def _declined(error: Exception) -> RecordError:
    return RecordError(f"python-evtx: {type(error).__name__}: {error}")


def _at(values: list[_Value], index: int) -> _Value:
    if index >= len(values):
        raise RecordError(f"the template asks for value {index}, the record has {len(values)}")
    return values[index]


def _character(unit: int) -> str:
    """Return the character of a UTF-16 code unit; a surrogate becomes U+FFFD."""
    return unit.to_bytes(2, "little").decode("utf-16-le", "replace")


def _entity(reference: str) -> str:
    """Resolve an entity, such as ``&amp;`` → ``&``; an entity that XML does not define is not changed."""
    return _ENTITIES.get(reference.strip("&;"), reference)


def _shown(attributes: list[tuple[str, list[_Piece]]], job: _Job) -> dict[str, str]:
    """Return the attributes that Windows emits: attributes with text, without ``xmlns``."""
    texts = {name: _joined(pieces) for name, pieces in attributes if None not in pieces}
    shown = {name: text for name, text in texts.items() if text and name.partition(":")[0] != "xmlns"}
    job.spend(sum(map(len, shown)))
    return shown


def _joined(pieces: list[_Piece]) -> str:
    """Return the text of an attribute or a leaf element; array items are separated by spaces."""
    return "".join(
        " ".join(piece.items) if isinstance(piece, _Array) else piece
        for piece in pieces
        if isinstance(piece, str | _Array)
    )


def _item(content: list[_Piece], index: int) -> list[str | XmlElement]:
    """Return the content of an element for one array item (MS-EVEN6 3.1.4.7.5)."""
    item: list[str | XmlElement] = []
    for piece in content:
        if isinstance(piece, _Array):
            item += piece.items[index : index + 1]
        elif isinstance(piece, str):
            item.append(piece)
        else:
            item += piece or []
    return item
