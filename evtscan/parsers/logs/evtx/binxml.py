"""Parser for BinXML: tokens → a tree of elements with substitutions as placeholders for values (MS-EVEN6 2.2.12).

Almost every record is a *template instance*: a reference to a template definition in the same chunk, and an array of
typed values. The definition is the schema, the values are the row::

    fragment    0F major minor flags, then a template instance or elements
    instance    0C 01 template-id(4) definition-offset(4) [the definition, if that offset is right here]
                count(4), then count × { size(2) type(1) 0 }, then the values
    definition  next-definition(4) GUID(16) size(4), then size bytes: a fragment header, elements, 00
    element     01|41 [dependency(2)] size(4) name-offset(4) [the name, if that offset is right here]
                41: attributes-size(4), attributes { 06|46 name value… }; then 02 content 04, or 03
    name        next-name(4) hash(2) count(2) UTF-16 characters 0000

Only definitions contain the dependency: the index of a value. If that value is null, the element is omitted. Offsets
count from the start of the chunk.
"""

import struct
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from evtscan.parsers.logs.evtx.record import RecordError

NULL = 0x00
FRAGMENT_HEADER = b"\x0f\x01\x01"
FRAGMENT_HEADER_SIZE = 4
DEFINITION_HEADER_SIZE = 24
NO_DEPENDENCY = 0xFFFF

ROOM = 4 << 16
"""Bytes of template definitions that are parsed for one chunk: a few whose sizes lie leave room for the others."""

_MOST_WORK = 1 << 20
"""Elements, and bytes of text in memory, that the records of one chunk of 64 KiB may unfold to."""
_MAX_DEPTH = 64  # elements inside each other; real events have five or six
_MORE = 0x40  # flag of a token: more of its kind follow (attributes, value parts)
_EOF, _OPEN, _CLOSE_START, _CLOSE_EMPTY, _END, _TEXT, _ATTRIBUTE, _CDATA = range(8)
_CHARACTER, _ENTITY, _PI_TARGET, _PI_DATA, _INSTANCE, _NORMAL, _OPTIONAL, _HEADER = range(8, 16)
_IN_ATTRIBUTES = frozenset({_TEXT, _CHARACTER, _ENTITY, _NORMAL, _OPTIONAL})
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_STRING = 0x01

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")


class Substitution(msgspec.Struct, frozen=True):
    """A placeholder for the value at ``index`` of the instance. An ``optional`` null value omits the element around
    it.
    """

    index: int
    optional: bool


class Attribute(msgspec.Struct, frozen=True):
    """An attribute: its name and the parts of its value."""

    name: str
    value: tuple[str | Substitution, ...]


class Element(msgspec.Struct, frozen=True):
    """One element of a template definition, or of a fragment without a definition.

    ``literal`` means that the element and everything inside it contain no substitution.
    """

    name: str
    dependency: int
    attributes: tuple[Attribute, ...]
    content: "tuple[str | Substitution | Element, ...]"
    literal: bool = False


@dataclass(frozen=True, slots=True)
class NameReference:
    """A use of a name: position and target of its 4-byte offset, and the bytes of the name beginning with its hash."""

    at: int
    target: int
    raw: bytes

    @property
    def inline(self) -> bool:
        """Whether the name directly follows the offset that points to it."""
        return self.target == self.at + 4


@dataclass(frozen=True, slots=True)
class Fragment:
    """Parsed BinXML: its elements, its end in the chunk, and the names that a definition uses from the chunk."""

    elements: tuple[Element, ...]
    end: int
    names: tuple[NameReference, ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """A template instance: the position of its definition, and type, start and end of each value, all in the chunk."""

    definition: int
    types: tuple[int, ...]
    bounds: tuple[int, ...]


def parse_definition(chunk: bytes, offset: int) -> Fragment:
    """Parse the template definition at an offset in a chunk of 64 KiB.

    Raises:
        RecordError: if it is invalid, or contains unsupported tokens.
    """
    start = offset + DEFINITION_HEADER_SIZE
    size = _unsigned(chunk, offset + 20)
    end = start + size
    if end > len(chunk):
        raise RecordError(f"the template at 0x{offset:x} runs past the end of its chunk")
    return parse_fragment(chunk, start, end, dependencies=True)


class Definitions:
    """The template definitions of one chunk; each is parsed once, and parse errors are cached too.

    ``work`` is the remaining limit for the chunk's records: the number of elements, and of bytes of names and text,
    that they may still expand to. The records of an intact chunk need some hundred thousand; crafted records, which use
    one value many times, would need millions.

    In an intact chunk the definitions do not overlap. In a crafted chunk each definition can contain the next one, and
    parsing all of them would take time quadratic in the chunk's size. Therefore the total length of the definitions is
    limited to ``ROOM``.
    """

    def __init__(self, chunk: bytes) -> None:
        self._chunk = chunk
        self._parsed: dict[int, Fragment | RecordError] = {}
        self._room = ROOM
        self.work = _MOST_WORK

    def at(self, offset: int) -> Fragment:
        """Return the definition at an offset in the chunk.

        Raises:
            RecordError: if it cannot be parsed, or if the total length of the definitions exceeds the limit.
        """
        found = self._parsed.get(offset)
        if found is None:
            found = self._parsed[offset] = self._parse(offset)
        if isinstance(found, RecordError):
            raise RecordError(str(found))
        return found

    def _parse(self, offset: int) -> Fragment | RecordError:
        if self._room < 0:
            return RecordError("the templates of the chunk are longer than the chunk")
        try:
            fragment = parse_definition(self._chunk, offset)
        except RecordError as error:
            self._room -= int.from_bytes(self._chunk[offset + 20 : offset + 24], "little") & 0xFFFF
            return error
        self._room -= fragment.end - offset
        return fragment


def parse_fragment(chunk: bytes, start: int, end: int, *, dependencies: bool) -> Fragment:
    """Parse the elements of a fragment (with or without its header) between two offsets in a chunk.

    Raises:
        RecordError: if the bytes end early, or contain unsupported tokens.
    """
    if chunk[start : start + 3] == FRAGMENT_HEADER:
        start += FRAGMENT_HEADER_SIZE
    parser = _Parser(chunk, start, end, dependencies)
    try:
        elements = parser.elements()
    except (struct.error, IndexError) as error:
        raise RecordError(f"the BinXML at 0x{start:x} ends inside a token") from error
    return Fragment(elements, parser.position, tuple(parser.names))


def parse_instance(chunk: bytes, start: int, end: int) -> Instance | None:
    """Parse the template instance in a fragment between two offsets; None if the fragment begins with an element.

    Raises:
        RecordError: if the values do not fit into the fragment.
    """
    if chunk[start : start + 3] == FRAGMENT_HEADER:
        start += FRAGMENT_HEADER_SIZE
    if start + 14 > end:
        raise RecordError(f"the BinXML at 0x{start:x} is cut off")
    if chunk[start] & ~_MORE != _INSTANCE:
        return None
    definition = _unsigned(chunk, start + 6)
    position = start + 10
    if definition == position:
        position += DEFINITION_HEADER_SIZE + _unsigned(chunk, position + 20)
    if position + 4 > end:
        raise RecordError(f"the template at 0x{definition:x} runs past the end of the record")
    count = _unsigned(chunk, position)
    place = position + 4 + 4 * count
    if place > end:
        raise RecordError(f"{count} values do not fit into the record")
    types, bounds = [], [place]
    for size, value_type, _ in struct.iter_unpack("<HBB", chunk[position + 4 : place]):
        place += size
        types.append(value_type)
        bounds.append(place)
    if place > end:
        raise RecordError("the values run past the end of the record")
    return Instance(definition, tuple(types), tuple(bounds))


def _read_name(chunk: bytes, offset: int) -> bytes:
    """Return the bytes of a name, from its hash to its last character.

    Raises:
        RecordError: if the name is not completely inside the chunk.
    """
    count = int.from_bytes(chunk[offset + 6 : offset + 8], "little")
    end = offset + 8 + 2 * count
    if end > len(chunk):
        raise RecordError(f"the name at 0x{offset:x} is not in the chunk")
    return chunk[offset + 4 : end]


@lru_cache(maxsize=4096)
def _name_text(raw: bytes) -> str:
    return raw[4:].decode("utf-16-le", "replace")


def _unsigned(chunk: bytes, offset: int) -> int:
    if offset + 4 > len(chunk):
        raise RecordError(f"offset 0x{offset:x} is not in the chunk")
    return int.from_bytes(chunk[offset : offset + 4], "little")


@dataclass(slots=True)
class _Parser:
    chunk: bytes
    position: int
    end: int
    dependencies: bool
    names: list[NameReference] = field(default_factory=list)
    values: int = 0  # places met that ask for a value

    def elements(self) -> tuple[Element, ...]:
        """The elements of a fragment, up to its end token or its last byte."""
        found = []
        while self.position < self.end:
            token = self._peek()
            if token == _OPEN:
                found.append(self._element(0))
            elif token == _EOF:
                self.position += 1
                break
            elif token in (_PI_TARGET, _PI_DATA):
                self._part()
            elif token == _HEADER:
                self.position += FRAGMENT_HEADER_SIZE
            else:
                raise self._refusal("outside an element")
        return tuple(found)

    def _element(self, depth: int) -> Element:
        if depth > _MAX_DEPTH:
            raise RecordError(f"more than {_MAX_DEPTH} elements inside each other")
        has_attributes = self.chunk[self.position] & _MORE
        self.position += 1
        before = self.values
        dependency = self._u16() if self.dependencies else NO_DEPENDENCY
        self.values += dependency != NO_DEPENDENCY
        self.position += 4  # the element's size: its end token says the same
        name = self._name()
        attributes: list[Attribute] = []
        if has_attributes:
            self.position += 4  # the size of all of them
            while self._peek() == _ATTRIBUTE:
                attributes.append(self._attribute())
        closing = self._peek()
        self.position += 1
        content: list[str | Substitution | Element] = []
        if closing == _CLOSE_START:
            while (token := self._peek()) != _END:
                content.append(self._element(depth + 1) if token == _OPEN else self._part())
            self.position += 1
        elif closing != _CLOSE_EMPTY:
            self.position -= 1
            raise self._refusal("where an element's start should end")
        shown = tuple([part for part in content if part != ""])
        return Element(name, dependency, tuple(attributes), shown, self.values == before)

    def _attribute(self) -> Attribute:
        self.position += 1
        name = self._name()
        value = []
        while self._peek() in _IN_ATTRIBUTES:
            value.append(self._part())
        return Attribute(name, tuple([part for part in value if part != ""]))

    def _part(self) -> str | Substitution:
        """Parse a piece of text or a substitution; processing instructions, which Windows does not show, become empty
        text.
        """
        token = self._peek()
        match token:
            case 0x0D | 0x0E:  # _NORMAL, _OPTIONAL
                self.position += 1
                index = self._u16()
                self.position += 1
                self.values += 1
                return Substitution(index, token == _OPTIONAL)
            case 0x05:  # _TEXT
                if self.chunk[self.position + 1] != _STRING:
                    raise self._refusal("whose literal is not a string")
                self.position += 2
                return self._characters()
            case 0x07:  # _CDATA
                self.position += 1
                return self._characters()
            case 0x08:  # _CHARACTER
                self.position += 1
                return chr(self._u16()).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            case 0x09:  # _ENTITY
                self.position += 1
                name = self._name()
                return _ENTITIES.get(name, f"&{name};")
            case 0x0A:  # _PI_TARGET
                self.position += 1
                self._name()
                return ""
            case 0x0B:  # _PI_DATA
                self.position += 1
                self._characters()
                return ""
        raise self._refusal("inside an element")

    def _name(self) -> str:
        at = self.position
        target = self._u32()
        raw = _read_name(self.chunk, target)
        if self.dependencies:
            self.names.append(NameReference(at, target, raw))
        if target == self.position:
            self.position += 4 + len(raw) + 2
        return _name_text(raw)

    def _characters(self) -> str:
        count = self._u16()
        start = self.position
        self.position = start + 2 * count
        if self.position > self.end:
            raise RecordError(f"the text at 0x{start:x} runs past the end of its fragment")
        return self.chunk[start : self.position].decode("utf-16-le", "replace")

    def _peek(self) -> int:
        if self.position >= self.end:
            raise RecordError(f"the BinXML ends at 0x{self.position:x} inside an element")
        return self.chunk[self.position] & ~_MORE

    def _u16(self) -> int:
        value: int = _U16.unpack_from(self.chunk, self.position)[0]
        self.position += 2
        return value

    def _u32(self) -> int:
        value: int = _U32.unpack_from(self.chunk, self.position)[0]
        self.position += 4
        return value

    def _refusal(self, where: str) -> RecordError:
        return RecordError(f"token 0x{self.chunk[self.position]:02x} at 0x{self.position:x} {where}")
