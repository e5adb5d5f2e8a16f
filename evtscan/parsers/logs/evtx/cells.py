"""Write records of one shape as lines of JSON text, all records of a group at once.

A shape and a line layout determine a plan: the constant text of all lines, and the values between it. If a whole column
of a value type can be formatted at once, it becomes a matrix of padded text (see ``base.padded``). Other values, and
the values of small groups, are converted through the caches. ``shapes.fill_json`` writes the same data value by value
without a plan; tests compare both results.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evtscan.base import padded
from evtscan.base.jsontext import inert, json_text
from evtscan.base.model.log import LineLayout
from evtscan.base.model.system import BY_NAME
from evtscan.base.padded import Piece
from evtscan.base.wintypes import BINARY, FILETIME, STRING, VALUE_LENGTHS, format_value
from evtscan.parsers.logs.evtx.document import ArrayHole, Hole
from evtscan.parsers.logs.evtx.eventfields import READ_FIELD
from evtscan.parsers.logs.evtx.file import MARGIN, Offsets, Segment
from evtscan.parsers.logs.evtx.shapes import Caches, HolePath, Shape, array_member, escape, json_pieces

Bounds = dict[HolePath, tuple[Offsets, Offsets]]
Rows = NDArray[np.int64]

LARGE = 256
"""Bytes of a value that is never too wide for a matrix."""
FEWEST = 48
"""Records from which a matrix pays off."""
_ROWS = 4096
_MATRIX = 1 << 20  # bytes of the lines of one part, which the processor's cache can hold
_GUID, _HEX32, _HEX64 = 0x0F, 0x14, 0x15
_UNSIGNED = frozenset({0x04, 0x06, 0x08, 0x0A})
_SIGNED = {0x03: np.int8, 0x05: np.int16, 0x07: np.int32, 0x09: np.int64}
_FORMATTED = frozenset({STRING, _GUID, _HEX32, _HEX64, BINARY, FILETIME, *_UNSIGNED, *_SIGNED})
_LONG = 96  # bytes of a text that is worth a look whether it repeats
_SAMPLE = 32  # rows of such a look
_MOST_ODD = 4  # if more than one of so many texts needs the cache, all take it


def row_parts(shape: Shape, bounds: Bounds, count: int) -> list[Rows | slice] | None:
    """Split the rows of a group so that the matrix of each part has little padding; the last part may be too wide.

    Returns None if no split is necessary.
    """
    wide: NDArray[np.bool_] | None = None
    width = LARGE + shape.weight
    for path, value_type in shape.types.items():
        if VALUE_LENGTHS.get(value_type):
            continue
        start, end = bounds[path]
        size = end - start
        most = int(size.max())
        if most > LARGE:
            limit = min(MARGIN, max(LARGE, 4 * int(size.mean())))
            if most > limit:
                over = size > limit
                wide = over if wide is None else wide | over
                most = limit
        width += most
    rows = max(FEWEST, min(_ROWS, _MATRIX // width))
    if wide is not None:
        narrow = np.flatnonzero(~wide)
        return [*(narrow[first : first + rows] for first in range(0, len(narrow), rows)), np.flatnonzero(wide)]
    return None if count <= rows else [slice(first, first + rows) for first in range(0, count, rows)]


# ------------------------------------------------------------------------------------------------ plans


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a line.

    Attributes:
        path: the position of the value in the record.
        key: together with the value's bytes, determines the value's text.
        write: converts the value's bytes to text (ValueError if this is not possible).
        formatted: whether whole columns of the value can be formatted.
        quoted: whether the text of a formatted column needs quotation marks, unless it is empty.
    """

    path: HolePath
    key: object
    write: Callable[[bytes], bytes]
    formatted: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """A field of the record's header or of its location: ``offset``, ``header_id``, ``recovered`` or ``ticks``."""

    name: str


Plan = list[bytes | Value | Header]
"""The parts of a line in their order."""


def plan_of(shape: Shape, layout: LineLayout) -> Plan | None:
    """Return the plan for the lines of a shape, or None if they must be written value by value."""
    if layout not in shape.plans:
        shape.plans[layout] = _plan(shape, layout)
    plan: Plan | None = shape.plans[layout]
    return plan


def _plan(shape: Shape, layout: LineLayout) -> Plan | None:
    plan: Plan = []
    for before, name in layout:
        plan.append(before)
        if name:
            column = _data(shape) if name == "data" else _column(shape, name)
            if column is None:
                return None
            plan += column
    return _joined(plan)


def _joined(plan: Plan) -> Plan:
    """Return the plan with adjacent constants joined."""
    joined: Plan = []
    for part in plan:
        last = joined[-1] if joined else None
        if isinstance(part, bytes) and isinstance(last, bytes):
            joined[-1] = last + part
        else:
            joined.append(part)
    return joined


def _column(shape: Shape, name: str) -> Plan | None:
    if name in ("offset", "header_id", "recovered"):
        return [Header(name)]
    text = shape.system.get(name)
    if name == "ticks":
        if text is None:
            return [b'"', Header("ticks"), b'"']
        is_time = isinstance(text, Hole) and shape.types[text.path] == FILETIME
        return [b'"', *_value(shape, text), b'"'] if is_time and isinstance(text, Hole) else None
    if text is None or isinstance(text, str):
        return [_written(name, text)]
    return _field(shape, name, text) if isinstance(text, Hole) else None


def _field(shape: Shape, name: str, hole: Hole) -> Plan:
    value_type = shape.types[hole.path]
    kind = BY_NAME[name].kind if name in BY_NAME else "name"
    formatted = value_type in _KINDS[kind]
    if formatted and kind != "name":
        return _value(shape, hole) if kind == "number" else [b'"', *_value(shape, hole), b'"']
    write = partial(_write_field, name, value_type)
    return [Value(hole.path, ("json field", name, value_type), write, formatted, quoted=formatted)]


_KINDS: dict[str, frozenset[int]] = {
    "number": _UNSIGNED,
    "text": frozenset({STRING}),
    "name": frozenset({STRING}),
    "guid": frozenset({_GUID}),
    "hex": frozenset({_HEX32, _HEX64}),
}
"""The value types whose text is that of the field, for each kind of field."""


def _written(name: str, text: str | None) -> bytes:
    return json_text(READ_FIELD[name](text) if name != "provider" else text or None).encode("utf-8", "replace")


def _write_field(name: str, value_type: int, raw: bytes) -> bytes:
    return _written(name, format_value(value_type, raw))


def _write_hex(raw: bytes) -> bytes:
    return b"%x" % int.from_bytes(raw, "little")


def _write_value(value_type: int, raw: bytes) -> bytes:
    return inert(escape(format_value(value_type, raw))).encode("utf-8", "replace")


def _data(shape: Shape) -> Plan | None:
    arrays = [isinstance(value, ArrayHole) for value in shape.data.values()]
    if not any(arrays):
        return _members(shape, shape.data)
    if all(arrays) and len(arrays) > 1:
        return None
    plan: Plan = [b"{"]
    first = arrays.index(False) if False in arrays else 0  # the member that needs no comma before it
    for place, (name, value) in enumerate(shape.data.items()):
        if isinstance(value, ArrayHole):
            plan.append(_array(shape, name, value.path, b"," * (place > first), b"," * (place < first)))
            continue
        plan.append(_constant(f'{"," if place > first else ""}"{escape(name)}":'))
        plan += _members(shape, value)
    return [*plan, b"}"]


def _members(shape: Shape, value: Any) -> Plan:
    plan: Plan = []
    for piece in json_pieces(value):
        plan += [_constant(piece)] if isinstance(piece, str) else _value(shape, piece)
    return plan


def _constant(text: str) -> bytes:
    return inert(text).encode("utf-8", "replace")


def _value(shape: Shape, hole: Hole) -> Plan:
    """Return the plan for the text of a value, without quotation marks."""
    value_type = shape.types[hole.path]
    if value_type in (_HEX32, _HEX64):
        return [b"0x", Value(hole.path, "hex digits", _write_hex, formatted=True)]
    write = partial(_write_value, value_type)
    return [Value(hole.path, ("json value", value_type), write, value_type in _FORMATTED)]


def _array(shape: Shape, name: str, path: HolePath, before: bytes, after: bytes) -> Value:
    value_type = shape.types[path]
    member = array_member(name, value_type)

    def write(raw: bytes) -> bytes:
        text = inert(member(raw)).encode("utf-8", "replace")
        return before + text + after if text else b""

    return Value(path, ("json array", name, value_type, before, after), write)


# ------------------------------------------------------------------------------------------------ lines


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of the record headers of a group, and the offsets of its records in the file."""

    offset: NDArray[np.uint64]
    header_id: NDArray[np.uint64]
    ticks: NDArray[np.uint64]
    recovered: NDArray[np.bool_]


class _TooWideError(Exception):
    """A value is too long for a matrix."""


class Lines:
    """Writes the lines of the records of one group; ``bounds`` are the start and end of their values in the segment."""

    def __init__(self, segment: Segment, caches: Caches, shape: Shape, bounds: Bounds, headers: Headers) -> None:
        self._segment, self._caches, self._shape = segment, caches, shape
        self._bounds, self._headers = bounds, headers
        self._count = len(headers.offset)

    def write(self, plan: Plan) -> Sequence[bytes | memoryview]:
        """Return the lines (ValueError if a value cannot be written as text)."""
        if self._count >= FEWEST:
            with suppress(_TooWideError):
                return self._matrix(plan)
        columns = [repeat(part, self._count) if isinstance(part, bytes) else self._texts(part) for part in plan]
        return list(map(b"".join, zip(*columns, strict=True)))

    def _matrix(self, plan: Plan) -> list[memoryview]:
        pieces: list[Piece] = []
        for part in plan:
            if isinstance(part, bytes):
                pieces.append(part)
            else:
                pieces.append(self._header(part) if isinstance(part, Header) else self._piece(part))
        return padded.lines(pieces, self._count)

    def _texts(self, part: Value | Header) -> Sequence[bytes]:
        if isinstance(part, Value):
            cache = self._caches.get(part.key, part.write)
            return list(map(cache.__getitem__, self._bytes_of(*self._bounds[part.path])))
        if part.name == "recovered":
            return [b"true" if value else b"false" for value in self._headers.recovered.tolist()]
        if part.name == "ticks":
            return [
                format_value(FILETIME, raw).encode() for raw in self._headers.ticks.astype("<u8").view("V8").tolist()
            ]
        values: NDArray[np.uint64] = getattr(self._headers, part.name)
        return [b"%d" % value for value in values.tolist()]

    def _header(self, part: Header) -> Piece:
        if part.name == "recovered":
            return _from_texts(self._texts(part))
        if part.name == "ticks":
            return padded.filetimes(self._headers.ticks)
        return padded.decimal(getattr(self._headers, part.name))

    def _piece(self, value: Value) -> Piece:
        if not value.formatted:
            return _from_texts(self._texts(value))
        piece = self._column(value)
        if not value.quoted:
            return piece
        if not _all_filled(piece):
            return _from_texts(self._texts(value))
        quote = b'"'
        return (
            quote + piece + quote
            if isinstance(piece, bytes)
            else padded.side_by_side([quote, piece, quote], len(piece))
        )

    def _column(self, value: Value) -> Piece:
        """Format all texts of a value whose type can be formatted as a whole column."""
        value_type = self._shape.types[value.path]
        start, end = self._bounds[value.path]
        if value_type in (STRING, BINARY):
            return self._sized(start, end, value_type, value)
        if value_type == _GUID:
            raw = self._raw(start, 16)
            if _is_constant(raw):
                return self._text(value, raw[0].tobytes())
            return padded.guids(raw)
        numbers = self._numbers(start, value_type)
        if numbers[0] == numbers[-1] and (numbers == numbers[0]).all():
            return self._text(value, numbers[:1].tobytes())
        if value_type == FILETIME:
            return padded.filetimes(numbers)
        if value_type in (_HEX32, _HEX64):
            return padded.hexadecimal(numbers)
        return padded.signed_decimal(numbers) if value_type in _SIGNED else padded.decimal(numbers)

    def _text(self, value: Value, raw: bytes) -> bytes:
        text: bytes = self._caches.get(value.key, value.write)[raw]
        return text

    def _numbers(self, start: Offsets, value_type: int) -> NDArray[Any]:
        segment = self._segment
        if value_type in _SIGNED:
            return self._raw(start, np.dtype(_SIGNED[value_type]).itemsize).view(_SIGNED[value_type]).reshape(-1)
        source: NDArray[Any] = segment.u64
        if value_type == 0x04:
            source = segment.bytes
        elif value_type == 0x06:
            source = segment.u16
        elif value_type in (0x08, _HEX32):
            source = segment.u32
        return source[start]

    def _raw(self, start: Offsets, width: int) -> NDArray[np.uint8]:
        return self._segment.strings(start, width).view(np.uint8).reshape(len(start), width)

    def _sized(self, start: Offsets, end: Offsets, value_type: int, value: Value) -> Piece:
        """Format a column of texts or bytes of variable size."""
        size = end - start
        width = int(size.max())
        if not width:
            return b""
        if width > MARGIN:
            raise _TooWideError
        width += width & 1
        last = len(self._segment.bytes) - width
        near_end = int(start.max()) > last  # these are gathered from too far to the left, and made by themselves
        raw = self._raw(np.minimum(start, last) if near_end else start, width)
        if int(size.min()) == width and not near_end and _is_constant(raw):
            return self._cached([raw[0].tobytes()], value)[0]
        if value_type == BINARY:
            if near_end:
                return _from_texts(self._cached(self._bytes_of(start, end), value))
            return padded.hex_bytes(raw, size)
        if width > _LONG and _repeats(raw):
            return self._by_distinct(raw, size, near_end, start, end, value_type)
        text, odd = padded.utf16_json(raw.view("<u2").reshape(len(raw), -1), size >> 1)
        halves = (size & 1).astype(np.bool_)
        if near_end:
            halves |= start > last
        if halves.any():
            odd = np.union1d(odd, np.flatnonzero(halves))
        if len(odd) * _MOST_ODD > len(text):
            return _from_texts(self._cached(self._bytes_of(start, end), value))
        return (
            padded.replaced(text, odd, self._cached(self._bytes_of(start[odd], end[odd]), value)) if len(odd) else text
        )

    def _by_distinct(
        self, raw: NDArray[np.uint8], size: Offsets, near_end: bool, start: Offsets, end: Offsets, value_type: int
    ) -> Piece:
        """Format a column of texts with many duplicates: each distinct text is converted once."""
        if near_end:
            raws = self._bytes_of(start, end)
        else:
            wide: list[bytes] = raw.view(f"V{raw.shape[1]}").reshape(-1).tolist()
            raws = [text[:length] for text, length in zip(wide, size.tolist(), strict=True)]
        texts = {text: _write_value(value_type, text) for text in set(raws)}
        return _from_texts(list(map(texts.__getitem__, raws)))

    def _cached(self, raws: Sequence[bytes], value: Value) -> list[bytes]:
        """Convert values to texts through the cache, without the text around them."""
        value_type = self._shape.types[value.path]
        cache = self._caches.get(("json value", value_type), partial(_write_value, value_type))
        return list(map(cache.__getitem__, raws))

    def _bytes_of(self, start: Offsets, end: Offsets) -> list[bytes]:
        size = end - start
        width = int(size.max())
        if not width:
            return [b""] * len(start)
        if width > LARGE or int(start.max()) + width > len(self._segment.bytes):
            view = self._segment.view
            return [view[first:last].tobytes() for first, last in zip(start.tolist(), end.tolist(), strict=True)]
        wide: list[bytes] = self._segment.strings(start, width).tolist()
        if int(size.min()) == width:
            return wide
        return [raw[:length] for raw, length in zip(wide, size.tolist(), strict=True)]


def _repeats(raw: NDArray[np.uint8]) -> bool:
    """Whether many rows are duplicates, estimated from a sample."""
    some = raw[:: max(1, len(raw) // _SAMPLE)]
    return len(set(some.view(f"V{raw.shape[1]}").reshape(-1).tolist())) * 2 < len(some)


def _from_texts(texts: Sequence[bytes]) -> Piece:
    return texts[0] if texts.count(texts[0]) == len(texts) else padded.from_texts(texts)


def _all_filled(piece: Piece) -> bool:
    """Whether no text in the column is empty; an empty text begins with a zero byte."""
    return bool(piece) if isinstance(piece, bytes) else bool(piece[:, 0].all())


def _is_constant(raw: NDArray[np.uint8]) -> bool:
    """Whether all rows are equal; comparing the last row with the first is usually enough to find a difference."""
    return bool((raw[-1] == raw[0]).all()) and bool((raw == raw[0]).all())
