"""The columnar decoder: groups the records of a segment by template and shape, and gathers their values with NumPy.

A record is a template instance: the offset of a definition, and an array of typed values. So the position of each value
follows from the sizes before it. This module computes the positions for thousands of records at once. It reads the
event id first, for all records, because the event id is cheap to read and excludes most records; other values are read
only for the remaining records.

Records that do not have this structure are declined (no template, an unreadable definition, a value with an unusual
type or length …). The decoder for single records decodes them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.log import LineLayout, Same
from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import ARRAY, BINXML, FILETIME, STRING, VALUE_LENGTHS, format_value
from evtscan.parsers.logs.evtx.cells import LARGE, Headers, Lines, plan_of, row_parts
from evtscan.parsers.logs.evtx.document import Hole
from evtscan.parsers.logs.evtx.eventfields import READ_FIELD
from evtscan.parsers.logs.evtx.file import CHUNK_SIZE, FRONT, Offsets, Segment
from evtscan.parsers.logs.evtx.records import HEADER_SIZE, Records
from evtscan.parsers.logs.evtx.shapes import (
    EMPTY,
    IMPOSSIBLE,
    MOST_WORK,
    Caches,
    HolePath,
    Markers,
    Raws,
    Shape,
    fill,
    fill_json,
    shape_of,
    texts_of,
)
from evtscan.parsers.logs.evtx.templates import NOT_KNOWN, Template, TemplateTable, places_of, rows_at
from evtscan.parsers.logs.evtx.wanted import WantedIds

_FRAGMENT_HEADER = 0x01010F  # of four bytes the first three
_INSTANCE = 0x0C
_MORE = 0x40
_HEADER_SIZE = 4
_TO_VALUES = 10  # token, version, template id, offset of the definition
_DEFINITION_HEADER = 24
_PLACES = 5  # two definitions seldom begin within 32 bytes of each other; of those that do, one is looked for otherwise
_EVENT_ID_TYPE = 0x06  # UInt16
_LEVEL_TYPE = 0x04  # UInt8
_LAST_EVENT_ID = 63  # index of the value that may be the event id; Windows has it at 3
_MOST_NESTED = 8  # instances inside each other; real events have two
_MANY = 1000  # records of a group: from there on a copy of the segment pays, since bytes are sliced faster than a view

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Instances:
    """Template instances as columns, one row for each instance.

    ``template`` is the template's number or NOT_KNOWN, ``values`` the position of the values, ``count`` their number.
    ``first`` contains the size and type entries of the first four values; if an instance has fewer values, the other
    entries are arbitrary bytes.
    """

    template: NDArray[np.int64]
    values: Offsets
    count: NDArray[np.int64]
    first: NDArray[np.void]

    def take(self, rows: Rows | slice) -> "Instances":
        """Return the instances of the given rows."""
        return Instances(self.template[rows], self.values[rows], self.count[rows], self.first[rows])


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one shape: their row numbers, and the start and end of each of their values in the segment."""

    rows: Rows
    shape: Shape
    bounds: dict[HolePath, tuple[Offsets, Offsets]]

    def take(self, mask: NDArray[np.bool_] | Rows | slice) -> "Group":
        """Return a group of some of its rows, given by a mask, their indexes or a slice."""
        bounds = {path: (start[mask], end[mask]) for path, (start, end) in self.bounds.items()}
        return Group(self.rows[mask], self.shape, bounds)

    def narrow(self) -> "list[Group]":
        """Split the group into parts whose texts fit into matrices with little padding (see ``row_parts``)."""
        parts = row_parts(self.shape, self.bounds, len(self.rows))
        return [self] if parts is None else [self.take(rows) for rows in parts if isinstance(rows, slice) or len(rows)]


@dataclass(slots=True)
class Decoder:
    """Data that is cached while files are read: templates, shapes and texts of values."""

    table: TemplateTable = field(default_factory=TemplateTable)
    caches: Caches = field(default_factory=Caches)
    lookup: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """Room to find, by its place, the row that holds a definition; what is left in it from before is recognised."""
    _shapes: dict[object, Shape | None] = field(default_factory=dict)
    _elements: int = 0  # of all shapes

    def open(self, segment: Segment, records: Records) -> "SegmentColumns":
        """Start decoding one segment: find the templates and event ids of its records."""
        if self.table.full:
            self.table, self._shapes, self._elements = TemplateTable(), {}, 0
        self.table.begin_segment()
        if len(self.lookup) <= len(segment.bytes) >> _PLACES:
            self.lookup = np.zeros((len(segment.bytes) >> _PLACES) + 1, np.int32)
        return SegmentColumns(self, segment, records)

    def shape(self, key: "_Key") -> Shape | None:
        """Return the shape for a key, or None if such records must be decoded one by one; cached."""
        if key not in self._shapes:
            if len(self._shapes) > _MOST_SHAPES or self._elements > _MOST_ELEMENTS:
                self._shapes.clear()
                self._elements = 0
            elements, markers = self._markers(key, ())
            self._shapes[key] = shape_of(elements, markers)
            self._elements += MOST_WORK - markers.work[0]
        return self._shapes[key]

    def _markers(self, key: "_Key", path: HolePath) -> tuple[Sequence[Any], Markers]:
        markers = Markers(path, key.codes, {})
        for index, nested in key.nested:
            elements, below = self._markers(nested, (*path, index))
            below.types, below.uses, below.work = markers.types, markers.uses, markers.work
            markers.nested[index] = elements, below
        return self.table.templates[key.template].elements, markers


_MOST_SHAPES = 1 << 14
_MOST_REPEATED = 16
"""Characters of names and literal text for each byte of a segment; sound logs have about one."""
_MOST_ELEMENTS = 1 << 22  # of all shapes; crafted ones have thousands


@dataclass(frozen=True, slots=True)
class _Key:
    """The key of a shape: the template, the types of its values, and the keys of nested instances by value index."""

    template: int
    codes: tuple[int, ...]
    nested: tuple[tuple[int, "_Key"], ...]


class SegmentColumns:
    """The records of one segment as columns."""

    def __init__(self, decoder: Decoder, segment: Segment, records: Records) -> None:
        self._decoder, self._segment, self._records = decoder, segment, records
        self._instances = self._find_instances(records.start + HEADER_SIZE, records.end, records.front)
        self.event_id, self.declined = self._event_ids()
        self._bytes = b""

    # -------------------------------------------------------------------------------------------- instances

    def _find_instances(self, start: Offsets, end: Offsets, front: NDArray[np.void]) -> Instances:
        """Find the template instances that begin at these positions.

        ``end`` limits the length of each instance, and ``front`` contains its first bytes (see ``FRONT``).
        """
        segment = self._segment
        bare = (front["header"] & 0xFFFFFF) != _FRAGMENT_HEADER
        if bare.any():  # nested ones may have no header
            front = front.copy()
            front[bare] = segment.strings(start[bare] - _HEADER_SIZE, FRONT.itemsize).view(FRONT)
            start = start - _HEADER_SIZE * bare
        place = start + _HEADER_SIZE + _TO_VALUES
        good = place + 4 <= end
        good &= (front["token"] & ~np.uint8(_MORE)) == _INSTANCE
        offset = front["definition"].astype(np.int64)
        good &= offset + _DEFINITION_HEADER <= CHUNK_SIZE
        definition = np.where(good, (start & -CHUNK_SIZE) + offset, -1)
        values, count, first = place, front["count"].astype(np.int64), front["first"].copy()
        inline = np.flatnonzero(definition == place)
        if len(inline):  # the definition stands before the values
            behind = place[inline] + _DEFINITION_HEADER + segment.u32[place[inline] + 20]
            behind[behind + 4 > end[inline]] = 0
            values[inline] = behind
            count[inline] = segment.u32[behind]
            first[inline] = segment.strings(behind + 4, first.itemsize)
            good[inline] &= behind > 0
        good &= values + 4 + 4 * count <= end
        template = self._templates(np.where(good, definition, -1), inline[good[inline]])
        return Instances(template, np.where(good, values, 0), np.where(template == NOT_KNOWN, 0, count), first)

    def _templates(self, definition: Offsets, inline: Rows) -> NDArray[np.int64]:
        """Return the template numbers for the positions of definitions (-1: no definition).

        ``inline`` are the rows that contain their definition; usually this is the first record that uses it.
        """
        template = np.full(len(definition), NOT_KNOWN, np.int64)
        resolve, lookup = self._decoder.table.resolve, self._decoder.lookup
        positions = definition[inline]
        if len(positions):
            lookup[positions >> _PLACES] = np.arange(len(positions))
            which = np.minimum(lookup[definition >> _PLACES], len(positions) - 1)
            found = positions[which] == definition
            template = np.where(found, resolve(self._segment, positions)[which], NOT_KNOWN)
        else:
            found = np.zeros(len(definition), np.bool_)
        rest = np.flatnonzero(~found & (definition >= 0))
        if len(rest):
            positions, which = np.unique(definition[rest], return_inverse=True)
            template[rest] = resolve(self._segment, positions)[which]
        return template

    def _event_ids(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the event id of each row, and a mask of the rows that are declined because it cannot be read."""
        known, place, entry = self._find_value([template.event_id for template in self._decoder.table.templates])
        known &= (entry == (_EVENT_ID_TYPE << 16 | 2)) & (place + 2 <= self._records.end)
        event_id = self._segment.u16[np.where(known, place, 0)].astype(np.int64)
        return event_id, ~known

    def with_level(self, first: int, last: int) -> Rows:
        """Return the rows whose level is from ``first`` to ``last``, and the rows whose level is not a plain value.

        Declined and recovered rows are left out.
        """
        known, place, entry = self._find_value([template.level for template in self._decoder.table.templates])
        known &= (entry == (_LEVEL_TYPE << 16 | 1)) & (place + 1 <= self._records.end)
        level = self._segment.bytes[np.where(known, place, 0)]
        fits = ~known | ((level >= first) & (level <= last))
        return np.flatnonzero(fits & ~self.declined & ~self._records.recovered)

    def _find_value(self, indexes: Sequence[int | None]) -> tuple[NDArray[np.bool_], Offsets, NDArray[np.uint32]]:
        """Find one value in each row, given its index in each template.

        Returns whether the value exists, its position, and its size and type entry.
        """
        instances = self._instances
        index_of = np.array([-1 if index is None else index for index in indexes] + [-1], np.int64)
        index = index_of[instances.template]
        known = (index >= 0) & (index < instances.count) & (index <= _LAST_EVENT_ID)
        index = np.where(known, index, 0)
        table = np.where(known, instances.values + 4, 0)
        place = table + 4 * instances.count
        furthest = int(index.max(initial=0))
        if furthest == 3 and int(index[known].min()) == 3:  # as Windows has it
            first, second, third, entry = instances.first.view("<u4").reshape(-1, 4).T
            place += (first & 0xFFFF) + (second & 0xFFFF) + (third & 0xFFFF)
        else:
            for step in range(furthest):
                size = self._segment.u16[table + 4 * np.minimum(step, index)]
                place += np.where(step < index, size, 0)
            entry = self._segment.u32[np.where(known, table + 4 * index, 0)]
        return known, place, entry

    # -------------------------------------------------------------------------------------------- selection

    def candidates(self, wanted: WantedIds) -> Rows:
        """Return the rows that may match a query, by template, event id, and names that are cheap to read.

        The query must still be tested with the rows' other values.
        """
        table, instances = self._decoder.table, self._instances
        rows = np.flatnonzero(wanted.fits(table, instances.template, self.event_id) & ~self.declined)
        if not wanted.by_name or not len(rows):
            return rows
        kept = [
            self._named(table.templates[number], rows[places], wanted)
            for number, places in places_of(instances.template[rows])
        ]
        return np.sort(np.concatenate(kept))

    def _named(self, template: Template, rows: Rows, wanted: WantedIds) -> Rows:
        """Return the rows of a template that still match after their channel and provider were read."""
        channels: Iterable[tuple[Rows, str | None]] = [(rows, template.channel)]
        if template.channel is None and template.channel_value is not None:
            channels = self._by_text(rows, template.channel_value)
        kept = [rows[:0]]
        for some, channel in channels:
            fitting = self._fitting(some, wanted, channel, template.providers)
            if template.providers is not None or template.provider_value is None:
                kept.append(fitting)
                continue
            for few, name in self._by_text(fitting, template.provider_value):
                kept.append(self._fitting(few, wanted, channel, None if name is None else frozenset({name})))
        return np.concatenate(kept)

    def _fitting(self, rows: Rows, wanted: WantedIds, channel: str | None, providers: frozenset[str] | None) -> Rows:
        return rows[wanted.ids(channel, providers)[self.event_id[rows]]]

    def _by_text(self, rows: Rows, index: int) -> Iterator[tuple[Rows, str | None]]:
        """Group rows of one template by the lower-case text of one value; None if it is missing or expensive to
        read.
        """
        instances, segment = self._instances, self._segment
        counted = index < instances.count[rows]
        yield rows[~counted], None
        rows = rows[counted]
        table = instances.values[rows] + 4
        entries = rows_at(segment, table, 4 * (index + 1), "<u4")
        sizes = entries & 0xFFFF
        start = table + 4 * instances.count[rows] + sizes[:, :index].sum(axis=1, dtype=np.int64)
        size = sizes[:, index].astype(np.int64)
        readable = (entries[:, index] >> 16 & 0xFF == STRING) & (size > 0) & (size <= LARGE)
        readable &= start + size <= self._records.end[rows]
        yield rows[~readable], None
        rows, start, size = rows[readable], start[readable], size[readable]
        for width, places in places_of(size):
            values = rows_at(segment, start[places], width, "u1")
            for value, same in _by_row(values):
                yield rows[places[same]], format_value(STRING, value.tobytes()).casefold()

    # -------------------------------------------------------------------------------------------- groups

    def groups(self, rows: Rows) -> tuple[list[Group], Rows]:
        """Group rows by shape; also return the rows without a shape, which must be decoded one by one."""
        found: list[Group] = []
        declined: list[Rows] = []
        room = _MOST_REPEATED * len(self._segment.bytes)
        for part in self._split(rows, self._instances.take(rows), self._records.end[rows], (), 0):
            shape = None if part.key is None else self._decoder.shape(part.key)
            if shape is None or shape.weight * len(part.rows) > room:
                declined.append(part.rows)
            else:
                room -= shape.weight * len(part.rows)
                found.append(Group(part.rows, shape, part.bounds))
        return found, np.concatenate(declined) if declined else np.zeros(0, np.int64)

    def _split(self, rows: Rows, instances: Instances, end: Offsets, path: HolePath, depth: int) -> Iterator["_Part"]:
        """Split rows by template, number of values, value types, and these properties of nested instances."""
        parts = list(self._by_types(rows, instances, end, path, depth))
        nested = self._find_nested(parts, path)
        for part in parts:
            finer = [part]
            for index in part.nested:
                found = nested.pop(0)
                finer = [finest for part in finer for finest in self._by_nested(part, path, index, found, depth)]
            yield from finer

    def _by_types(
        self, rows: Rows, instances: Instances, end: Offsets, path: HolePath, depth: int
    ) -> Iterator["_Part"]:
        kind = instances.template * (CHUNK_SIZE + 1) + instances.count
        for value, places in places_of(kind):
            template = value // (CHUNK_SIZE + 1)
            if template == NOT_KNOWN or depth > _MOST_NESTED:
                yield _Part(rows[places], None, {}, places)
                continue
            begin, close, codes = self._values(instances, places, self._decoder.table.templates[template])
            fits = close[:, -1] <= end[places] if close.shape[1] else np.ones(len(places), np.bool_)
            if not fits.all():
                yield _Part(rows[places[~fits]], None, {}, places)
                places, begin, close, codes = places[fits], begin[fits], close[fits], codes[fits]
            for signature, same in _by_row(codes):
                types = tuple(signature.tolist())
                chosen = places[same]
                starts, ends = begin[same].T, close[same].T
                bounds = {(*path, index): (starts[index], ends[index]) for index in range(len(types))}
                yield _Part(rows[chosen], _Key(int(template), types, ()), bounds, np.arange(len(chosen)))

    def _values(
        self, instances: Instances, places: Rows, template: Template
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return start, end and type code of each value of these instances, which have equally many values."""
        count = int(instances.count[places[0]])
        table = instances.values[places] + 4
        entries = rows_at(self._segment, table, 4 * count, "<u4")
        size = (entries & 0xFFFF).astype(np.int64)
        types = (entries >> 16).astype(np.int64) & 0xFF
        close = table[:, None] + 4 * count + np.cumsum(size, axis=1)
        shows = np.array([index in template.empty_matters for index in range(count)], np.bool_)
        empty = (size == 0) & (shows | (types == BINXML))
        odd = (size != _LENGTHS[0][types]) & (size != _LENGTHS[1][types]) & _HAS_LENGTH[types]
        return close - size, close, types | np.where(empty, EMPTY, 0) | np.where(odd, IMPOSSIBLE, 0)

    def _find_nested(self, parts: "list[_Part]", path: HolePath) -> list[Instances]:
        """Find the nested instances of all parts in one pass; the result has one item per part and nested value."""
        bounds = [part.bounds[(*path, index)] for part in parts for index in part.nested]
        if not bounds:
            return []
        start, end = map(np.concatenate, zip(*bounds, strict=True))
        found = self._find_instances(start, end, self._segment.strings(start, FRONT.itemsize).view(FRONT))
        stops = np.cumsum([0, *(len(start) for start, _ in bounds)]).tolist()
        return [found.take(slice(*stop)) for stop in pairwise(stops)]

    def _by_nested(self, part: "_Part", path: HolePath, index: int, nested: Instances, depth: int) -> Iterator["_Part"]:
        """Split a part by the nested instances in one of its values; ``nested`` has the rows of the unsplit part."""
        if part.key is None:
            yield part
            return
        origin = part.origin
        instances = nested.take(origin)
        end = part.bounds[(*path, index)][1]
        for finer in self._split(np.arange(len(part.rows)), instances, end, (*path, index), depth + 1):
            rows = part.rows[finer.rows]
            if finer.key is None:
                yield _Part(rows, None, {}, finer.rows)
                continue
            key = _Key(part.key.template, part.key.codes, (*part.key.nested, (index, finer.key)))
            bounds = part.bounds
            if len(rows) != len(part.rows):
                bounds = {at: (start[finer.rows], end[finer.rows]) for at, (start, end) in bounds.items()}
            yield _Part(rows, key, bounds | finer.bounds, origin[finer.rows])

    # -------------------------------------------------------------------------------------------- values

    def raws(self, group: Group, paths: Iterator[HolePath] | Sequence[HolePath]) -> Raws:
        """Return the bytes of the values in some holes of a group."""
        return {path: self._raw(*group.bounds[path], group.shape.types[path]) for path in paths}

    def _raw(self, start: Offsets, end: Offsets, value_type: int) -> list[bytes]:
        allowed = VALUE_LENGTHS.get(value_type, ())
        if len(allowed) == 1:
            fixed: list[bytes] = self._segment.strings(start, allowed[0]).tolist()
            return fixed
        size = end - start
        width = int(size.max())
        if 0 < width <= LARGE:
            wide: list[bytes] = self._segment.strings(start, width).tolist()
            if int(size.min()) == width:
                return wide
            return [raw[:length] for raw, length in zip(wide, size.tolist(), strict=True)]
        if not self._bytes and len(start) > _MANY:
            self._bytes = bytes(self._segment.view)
        places = zip(start.tolist(), end.tolist(), strict=True)
        if data := self._bytes:
            return [data[first:last] for first, last in places]
        return [self._segment.view[first:last].tobytes() for first, last in places]

    def data(self, group: Group) -> list[dict[str, Any]]:
        """Return the data of a group's records (ValueError if a value cannot be written as text)."""
        raws = self.raws(group, _holes(group.shape.data))
        return fill(group.shape, raws, len(group.rows), self._decoder.caches)

    def data_texts(self, group: Group, name: str) -> Iterable[str]:
        """Return the texts of one data field of a group; see ``texts_of``.

        Raises:
            ValueError: if a value cannot be written as text.
        """
        skeleton = group.shape.data[name]
        return texts_of(
            skeleton, group.shape, self.raws(group, _holes(skeleton)), len(group.rows), self._decoder.caches
        )

    def data_json(self, group: Group) -> list[str]:
        """Return the data of a group's records, each as the text of a JSON object (ValueError as in ``data``)."""
        raws = self.raws(group, _holes(group.shape.data))
        return fill_json(group.shape, raws, len(group.rows), self._decoder.caches)

    def json_lines(
        self, group: Group, layout: LineLayout, offsets: NDArray[np.int64]
    ) -> Sequence[bytes | memoryview] | None:
        """Return a line for each record of a group (see ``EventBatch.json_lines``); ``offsets`` are their file offsets.

        Raises:
            ValueError: if a value cannot be written as text.
        """
        plan = plan_of(group.shape, layout)
        if plan is None:
            return None
        records, rows = self._records, group.rows
        headers = Headers(offsets.view(np.uint64), records.number[rows], records.ticks[rows], records.recovered[rows])
        return Lines(self._segment, self._decoder.caches, group.shape, group.bounds, headers).write(plan)

    def system(self, group: Group, name: str) -> list[Any]:
        """Return a field of System (a name of ``DecodedRecord``) for each record of a group."""
        text, count = group.shape.system.get(name), len(group.rows)
        if text is None or isinstance(text, str):
            return [READ_FIELD[name](text)] * count
        if isinstance(text, Hole):
            return self._field(group, name, text)
        raws = self.raws(group, [part.path for part in text if isinstance(part, Hole)])
        return list(map(READ_FIELD[name], texts_of(text, group.shape, raws, count, self._decoder.caches)))

    def values(self, group: Group, name: str) -> Same | NDArray[Any] | None:
        """Return a field of System as one value for all records, or as an array of numbers; else None."""
        text = group.shape.system.get(name)
        if name == "ticks":
            if text is None:
                ticks: NDArray[Any] = self._records.ticks[group.rows]
                return ticks
            if isinstance(text, Hole) and group.shape.types[text.path] == FILETIME:
                return self._segment.u64[group.bounds[text.path][0]]
            return None
        if text is None or isinstance(text, str):
            return Same(READ_FIELD[name](text))
        if isinstance(text, Hole) and name in _NUMBERS and group.shape.types[text.path] in _GATHERED:
            numbers: NDArray[Any] = _GATHERED[group.shape.types[text.path]](self._segment, group.bounds[text.path][0])
            return numbers
        return None

    def distinct(self, group: Group, name: str) -> Iterator[tuple[Any, int]]:
        """Yield the distinct values of a field of System in a group, each with the first row that has it."""
        text = group.shape.system.get(name)
        if text is None or isinstance(text, str):
            yield READ_FIELD[name](text), int(group.rows[0])
            return
        values = self.system(group, name)
        for value in dict.fromkeys(values):
            yield value, int(group.rows[values.index(value)])

    def ticks(self, group: Group) -> list[int]:
        """Return the times of a group's records as FILETIMEs; if System has none, the time in the record header."""
        written = self._records.ticks[group.rows].tolist()
        own = self.system(group, "ticks")
        return [header if ticks is None else ticks for ticks, header in zip(own, written, strict=True)]

    def _field(self, group: Group, name: str, hole: Hole) -> list[Any]:
        value_type = group.shape.types[hole.path]
        start = group.bounds[hole.path][0]
        if name == "ticks" and value_type == FILETIME:
            return list(self._segment.u64[start].tolist())
        if name in _NUMBERS and value_type in _GATHERED:
            return list(_GATHERED[value_type](self._segment, start).tolist())
        read = READ_FIELD[name]
        cache = self._decoder.caches.get((name, value_type), lambda raw: read(format_value(value_type, raw)))
        return list(map(cache.__getitem__, self.raws(group, [hole.path])[hole.path]))


_NUMBERS = frozenset(field.name for field in SYSTEM_FIELDS if field.kind == "number")
_GATHERED = {
    0x04: lambda segment, start: segment.bytes[start],
    0x06: lambda segment, start: segment.u16[start],
    0x08: lambda segment, start: segment.u32[start],
    0x0A: lambda segment, start: segment.u64[start],
}
"""Value types of numbers that are gathered without being written as text first."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows with equal keys so far; declined rows have no key. ``origin`` are their indexes in the unsplit part."""

    rows: Rows
    key: _Key | None
    bounds: dict[HolePath, tuple[Offsets, Offsets]]
    origin: Rows

    @property
    def nested(self) -> list[int]:
        """The indexes of the values that are nested instances."""
        return [] if self.key is None else [index for index, code in enumerate(self.key.codes) if code == BINXML]


def _by_row(codes: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Rows]]:
    """Yield the distinct rows of a matrix, each with the indexes at which it occurs."""
    places = np.arange(len(codes))
    for _ in range(_FEW):  # as a rule there are one or two, and sorting costs more than looking for them
        if not len(places):
            return
        first = codes[places[0]]
        same = (codes[places] == first).all(axis=1)
        yield first, places[same]
        places = places[~same]
    if len(places):
        _, kind = np.unique(codes[places], axis=0, return_inverse=True)
        for _, same in places_of(kind.reshape(-1)):
            yield codes[places[same[0]]], places[same]


_FEW = 16


def _holes(value: Any) -> list[HolePath]:
    """Return the paths of all holes in a skeleton."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [path for item in value for path in _holes(item)]
    return [] if isinstance(value, str) else [value.path]


def _lengths() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the valid lengths of each value type (at most two), and a mask of the types whose length is restricted."""
    lengths = np.full((2, 256), -1, np.int64)
    limited = np.ones(256, np.bool_)  # an unknown type has no length that fits
    for value_type, allowed in VALUE_LENGTHS.items():
        limited[value_type] = bool(allowed)
        for place, length in enumerate(allowed):
            lengths[place, value_type] = length
    limited[ARRAY:] = False
    limited[BINXML] = False
    return lengths, limited


_LENGTHS, _HAS_LENGTH = _lengths()
