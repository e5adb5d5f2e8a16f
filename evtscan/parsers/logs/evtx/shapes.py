"""Shapes: the structure that all records with the same templates and value types share, with holes for the values.

A shape is computed once. The data of a record is then its shape with the texts of its values inserted into the holes. A
column of values costs one dictionary look-up for each value, since most values of a log repeat.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from json.encoder import encode_basestring
from typing import Any

from evtscan.base.wintypes import ANSI_STRING, ARRAY, BINXML, STRING, format_array, format_value
from evtscan.parsers.logs.evtx.binxml import NULL, Element
from evtscan.parsers.logs.evtx.document import ArrayHole, Hole, Node, Text, expand
from evtscan.parsers.logs.evtx.eventfields import UNNAMED, data_of, event_of, system_texts
from evtscan.parsers.logs.evtx.record import RecordError

EMPTY = 0x100
"""Flag in a type code: the value has no bytes, and that shows (in an attribute, or as nested BinXML)."""
IMPOSSIBLE = 0x200
"""Flag in a type code: the value's length does not fit its type."""

HolePath = tuple[int, ...]

MOST_WORK = 1 << 14
"""Elements of a shape; what unfolds to more is decoded record by record, which is bounded too."""
_MOST_USES = 4  # of one value in one shape
_MOST_CACHED = 1 << 17  # texts, over all caches
_LONGEST_CACHED = 256  # bytes of a value; longer ones seldom repeat


@dataclass(frozen=True, slots=True)
class Shape:
    """The structure of an event: texts of System and data with holes, and the value type of each hole.

    ``weight`` is the number of characters of names and literal text that each record of the shape repeats.
    """

    system: dict[str, Text]
    data: dict[str, Any]
    types: dict[HolePath, int]
    weight: int = 0
    plans: dict[Any, Any] = field(default_factory=dict, compare=False)
    """Plans for lines by their layout (see ``cells``)."""


@dataclass(slots=True)
class Markers:
    """Represents the values of an instance while its shape is computed (see ``document.Values``).

    ``codes`` are the value types with their flags; ``nested`` has the elements and markers of nested instances by
    index.
    """

    path: HolePath
    codes: Sequence[int]
    nested: dict[int, "tuple[Sequence[Element], Markers]"]
    types: dict[HolePath, int] = field(default_factory=dict)
    uses: dict[HolePath, int] = field(default_factory=dict)
    work: list[int] = field(default_factory=lambda: [MOST_WORK])

    def _code(self, index: int) -> int:
        if index >= len(self.codes):
            raise RecordError(f"the template asks for value {index}, the record has {len(self.codes)}")
        return self.codes[index]

    def is_null(self, index: int) -> bool:
        """Whether the value is null."""
        return self._code(index) & 0xFF == NULL

    def is_empty(self, index: int) -> bool:
        """Whether the value has no bytes."""
        return self._code(index) & 0xFF == NULL or bool(self._code(index) & EMPTY)

    def spend(self, work: int) -> None:
        """Subtract elements from the work limit; raises RecordError if the limit is exceeded."""
        self.work[0] -= work
        if self.work[0] < 0:
            raise RecordError("the record unfolds without end")

    def piece(self, index: int, depth: int) -> str | Hole | ArrayHole | list[str] | tuple[Node, ...]:
        """Return a marker for the value, or the elements of a nested instance."""
        code = self._code(index)
        value_type = code & 0xFF
        if code & IMPOSSIBLE:
            raise RecordError("a value whose length does not fit its type")
        if code & EMPTY:
            return () if value_type == BINXML else _no_items(value_type) if value_type & ARRAY else ""
        if value_type == NULL:
            return ""
        if value_type == BINXML:
            elements, markers = self.nested[index]
            return expand(elements, markers, depth)
        path = (*self.path, index)
        self.uses[path] = self.uses.get(path, 0) + 1
        if self.uses[path] > _MOST_USES:
            raise RecordError("one value in many places")
        self.types[path] = value_type
        return ArrayHole(path) if value_type & ARRAY else Hole(path, value_type in (STRING, ANSI_STRING))


def _no_items(value_type: int) -> list[str]:
    try:
        return format_array(value_type & ~ARRAY, b"")
    except ValueError as error:
        raise RecordError(str(error)) from error


def shape_of(elements: Sequence[Element], markers: Markers) -> Shape | None:
    """Compute a shape; None if records like this must be decoded one by one."""
    try:
        event = event_of(expand(elements, markers))
        system, data = system_texts(event), data_of(event)
        shape = Shape(system, data, markers.types, weight=_weight(system) + _weight(data))
    except RecordError:
        return None
    if "event_id" not in shape.system:  # its element hangs on a value that is null
        return None
    if any(isinstance(value, ArrayHole) for member in shape.data.values() for value in _inner(member)):
        return None
    return shape


def _weight(value: Any) -> int:
    """Count the characters of names and literal text in a part of a shape, which each of its records repeats."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + _weight(member) for name, member in value.items())
    return sum(map(_weight, value)) if isinstance(value, list | tuple) else 0


def _inner(member: Any) -> Iterator[Any]:
    """Yield everything below a member of the data."""
    children = member.values() if isinstance(member, dict) else member if isinstance(member, list) else ()
    for child in children:
        yield child
        yield from _inner(child)


# ------------------------------------------------------------------------------------------------ columns of text


class Texts(dict[bytes, Any]):
    """A cache from the bytes of a value to its converted form, which is computed at the first look-up."""

    __slots__ = ("_caches", "_make")

    def __init__(self, make: Callable[[bytes], Any], caches: "Caches") -> None:
        super().__init__()
        self._make, self._caches = make, caches

    def __missing__(self, raw: bytes) -> Any:
        made = self._make(raw)
        if len(raw) <= _LONGEST_CACHED:
            self._caches.make_room()
            self[raw] = made
        return made


class Caches:
    """The text caches, one for each kind of conversion, with a common size limit, since all values may be different."""

    def __init__(self) -> None:
        self._caches: dict[object, Texts] = {}
        self._count = 0

    def get(self, key: object, make: Callable[[bytes], Any]) -> Texts:
        """Return the cache for a key; it is created at the first call."""
        cache = self._caches.get(key)
        if cache is None:
            cache = self._caches[key] = Texts(make, self)
        return cache

    def make_room(self) -> None:
        """Count one more text; if the limit is exceeded, clear all caches."""
        self._count += 1
        if self._count > _MOST_CACHED:
            self._count = 0
            for cache in self._caches.values():
                cache.clear()

    def texts(self, shape: Shape, raws: "Raws", path: HolePath) -> Iterable[str]:
        """Return the texts of one hole, one for each record."""
        value_type = shape.types[path]
        return map(self.get(value_type, _value_reader(value_type)).__getitem__, raws[path])

    def items(self, shape: Shape, raws: "Raws", path: HolePath) -> Iterable[list[str]]:
        """Return the items of one array, a list for each record."""
        value_type = shape.types[path]
        return map(self.get(value_type, _items_reader(value_type)).__getitem__, raws[path])


def _value_reader(value_type: int) -> Callable[[bytes], str]:
    """Return a function that converts a value of this type to text (ValueError if the value is invalid)."""
    return lambda raw: format_value(value_type, raw)


def _items_reader(value_type: int) -> Callable[[bytes], list[str]]:
    """Return a function that converts an array of this type (with the bit ``ARRAY``) to a list of texts.

    The function raises ValueError if the array is invalid.
    """
    return lambda raw: format_array(value_type & ~ARRAY, raw)


def escape(text: str) -> str:
    """Escape a text for a JSON string, without the quotes."""
    return encode_basestring(text)[1:-1]


Raws = dict[HolePath, list[bytes]]
"""The bytes of the values in each hole, one for each record."""


def fill(shape: Shape, raws: Raws, count: int, caches: Caches) -> list[dict[str, Any]]:
    """Return the data of ``count`` records of one shape.

    Raises:
        ValueError: if a value cannot be written as text.
    """
    if not any(isinstance(value, ArrayHole) for value in shape.data.values()):
        return list(_dicts(shape.data, shape, raws, count, caches))
    columns = [
        caches.items(shape, raws, value.path)
        if isinstance(value, ArrayHole)
        else _values(value, shape, raws, count, caches)
        for value in shape.data.values()
    ]
    arrays = [isinstance(value, ArrayHole) for value in shape.data.values()]
    return [dict(_members(zip(shape.data, arrays, row, strict=True))) for row in zip(*columns, strict=True)]


def _members(row: Iterable[tuple[str, bool, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the data fields of one record, with arrays converted.

    Each array item is an element of its own: one item becomes a text, and an empty array is left out.
    """
    for name, is_array, value in row:
        if not is_array:
            yield name, value
        elif name == UNNAMED:
            yield from ((f"Data{place}", item) for place, item in enumerate(value, 1))
        elif value:
            yield name, value[0] if len(value) == 1 else list(value)


def _dicts(skeleton: dict[str, Any], shape: Shape, raws: Raws, count: int, caches: Caches) -> Iterator[dict[str, Any]]:
    names = tuple(skeleton)
    if not names:
        return ({} for _ in range(count))
    columns = [_values(value, shape, raws, count, caches) for value in skeleton.values()]
    return (dict(zip(names, row)) for row in zip(*columns))  # noqa: B905  (a check for each record is dear)


def _values(value: Any, shape: Shape, raws: Raws, count: int, caches: Caches) -> Iterable[Any]:
    match value:
        case str():
            return repeat(value, count)
        case Hole():
            return caches.texts(shape, raws, value.path)
        case tuple():
            return map("".join, zip(*(_values(part, shape, raws, count, caches) for part in value), strict=True))
        case list():
            return map(list, zip(*(_values(part, shape, raws, count, caches) for part in value), strict=True))
    return _dicts(value, shape, raws, count, caches)


def has_texts_only(shape: Shape) -> bool:
    """Whether each data field is a single text in every record: no arrays, repeated names or nested elements."""
    return all(isinstance(value, (str, Hole, tuple)) for value in shape.data.values())


def texts_of(text: Text, shape: Shape, raws: Raws, count: int, caches: Caches) -> list[str]:
    """Return a text of System or data for ``count`` records (ValueError if a value cannot be written as text)."""
    return list(_values(text, shape, raws, count, caches))


# ------------------------------------------------------------------------------------------------ JSON


def fill_json(shape: Shape, raws: Raws, count: int, caches: Caches) -> list[str]:
    """Return the data of ``count`` records of one shape, each as the text of a JSON object.

    The caches contain each value together with the literal text before it, and after the last one. So writing a record
    joins only as many strings as the record has values.

    Raises:
        ValueError: if a value cannot be written as text.
    """
    if not any(isinstance(value, ArrayHole) for value in shape.data.values()):
        pieces = list(json_pieces(shape.data))
        columns = _json_columns(pieces, shape, raws, caches)
        return list(map("".join, zip(*columns, strict=True))) if columns else ["".join(map(str, pieces))] * count
    members: list[Iterable[str]] = []
    for name, value in shape.data.items():
        if isinstance(value, ArrayHole):
            value_type = shape.types[value.path]
            cache = caches.get(("json", name, value_type), array_member(name, value_type))
            members.append(map(cache.__getitem__, raws[value.path]))
        else:
            pieces = [f'"{escape(name)}":', *json_pieces(value)]
            columns = _json_columns(pieces, shape, raws, caches)
            joined = map("".join, zip(*columns, strict=True)) if columns else repeat("".join(map(str, pieces)), count)
            members.append(joined)
    return [f"{{{','.join(filter(None, row))}}}" for row in zip(*members, strict=True)]


def json_pieces(value: Any) -> Iterator[str | Hole]:
    """Yield a skeleton as pieces of JSON text and holes."""
    match value:
        case str():
            yield f'"{escape(value)}"'
        case Hole():
            yield '"'
            yield value
            yield '"'
        case tuple():
            yield '"'
            yield from (escape(part) if isinstance(part, str) else part for part in value)
            yield '"'
        case list():
            yield "["
            for place, item in enumerate(value):
                yield "," if place else ""
                yield from json_pieces(item)
            yield "]"
        case dict():
            yield "{"
            for place, (name, item) in enumerate(value.items()):
                yield f'{"," if place else ""}"{escape(name)}":'
                yield from json_pieces(item)
            yield "}"


def _json_columns(pieces: Sequence[str | Hole], shape: Shape, raws: Raws, caches: Caches) -> list[Iterable[str]]:
    """Return for each hole a column of its texts, with the literal text around them."""
    holes: list[tuple[str, Hole]] = []
    literal = ""
    for piece in pieces:
        if isinstance(piece, Hole):
            holes.append((literal, piece))
            literal = ""
        else:
            literal += piece
    columns: list[Iterable[str]] = []
    for place, (before, hole) in enumerate(holes, 1):
        after = literal if place == len(holes) else ""
        value_type = shape.types[hole.path]
        cache = caches.get(("json", value_type, before, after), _surrounded(value_type, before, after))
        columns.append(map(cache.__getitem__, raws[hole.path]))
    return columns


def _surrounded(value_type: int, before: str, after: str) -> Callable[[bytes], str]:
    return lambda raw: f"{before}{escape(format_value(value_type, raw))}{after}"


def array_member(name: str, value_type: int) -> Callable[[bytes], str]:
    """Return a function that converts an array to a member of a JSON object; empty text if the array has no items."""

    def member(raw: bytes) -> str:
        texts = [f'"{escape(item)}"' for item in format_array(value_type & ~ARRAY, raw)]
        if name == UNNAMED:
            return ",".join(f'"Data{place}":{text}' for place, text in enumerate(texts, 1))
        key = f'"{escape(name)}":'
        return "" if not texts else key + texts[0] if len(texts) == 1 else f"{key}[{','.join(texts)}]"

    return member
