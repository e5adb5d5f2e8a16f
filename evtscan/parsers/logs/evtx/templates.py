"""Find the template definition of each record, and parse each distinct definition of a file once.

Each chunk has its own copy of a definition, at another position and with other offsets in it: a name is stored at its
first use in the chunk, and every other use contains the offset of the name. So two definitions are equal if their bytes
are equal except for these offsets, and if the offsets point to equal names. This is checked for all definitions of a
segment at once. The identifier of a definition (a GUID) is not sufficient, since a crafted or damaged file can use one
GUID for different definitions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evtscan.parsers.logs.evtx.binxml import (
    DEFINITION_HEADER_SIZE,
    NO_DEPENDENCY,
    ROOM,
    Element,
    Fragment,
    NameReference,
    Substitution,
    parse_definition,
)
from evtscan.parsers.logs.evtx.file import CHUNK_SIZE, Offsets, Segment
from evtscan.parsers.logs.evtx.record import RecordError

NOT_KNOWN = -1
"""In place of a template's number: the definition cannot be read."""

_MOST_TEMPLATES = 4096  # a real log has some hundred
_MOST_BYTES = 4 << 20  # of definitions; they take ten times that when parsed
_MOST_VARIANTS = 8  # definitions with one GUID and one size that are told apart by content

_ALWAYS_WITH_TEXT = ("EventData", "UserData")  # what stands in them beside elements is data even if it stands alone

Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed definition, and the properties of its records that do not depend on their values.

    ``empty_matters`` contains the indexes of the values for which being empty changes the result: values in attributes,
    and in text next to attributes or children. ``event_id`` is the index of the value that is System/EventID, or None
    unless System/EventID is exactly one value; ``level`` is the index for System/Level. ``providers`` are the
    lower-case names of the provider and ``channel`` the lower-case name of the channel, None if they depend on values.
    In that case ``provider_value`` and ``channel_value`` are the indexes of these values, or None if a name is not
    exactly one value.
    """

    elements: tuple[Element, ...]
    empty_matters: frozenset[int]
    event_id: int | None
    level: int | None
    providers: frozenset[str] | None
    channel: str | None
    provider_value: int | None
    channel_value: int | None

    @classmethod
    def of(cls, fragment: Fragment) -> "Template":
        """Derive the properties of a template from the elements of its definition."""
        roots = fragment.elements
        event_id = _only(roots, "Event", "System", "EventID")
        level = _only(roots, "Event", "System", "Level")
        provider = _only(roots, "Event", "System", "Provider")
        channel = _only(roots, "Event", "System", "Channel")
        return cls(
            roots,
            frozenset(
                part.index
                for element in _all(roots)
                for parts in _where_empty_matters(element)
                for part in parts
                if isinstance(part, Substitution)
            ),
            None if event_id is None else _only_value(event_id.content),
            None if level is None else _only_value(level.content),
            None if provider is None else _literal_names(provider),
            None if channel is None or channel.dependency != NO_DEPENDENCY else _literal(channel.content),
            None if provider is None else _name_value(provider),
            None if channel is None else _shown_value(channel, channel.content),
        )


def _all(elements: Sequence[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        yield from _all([part for part in element.content if isinstance(part, Element)])


def _where_empty_matters(element: Element) -> Iterator[Sequence[object]]:
    yield from (attribute.value for attribute in element.attributes)
    shown = [item for item in element.attributes if element.name != "Data" or item.name != "Name"]
    if shown or element.name in _ALWAYS_WITH_TEXT or any(isinstance(part, Element) for part in element.content):
        yield element.content


def _only(elements: Sequence[object], *path: str) -> Element | None:
    """Return the element at a path, or None unless there is exactly one at each step."""
    found = [element for element in elements if isinstance(element, Element) and element.name == path[0]]
    if len(found) != 1:
        return None
    return found[0] if len(path) == 1 else _only(found[0].content, *path[1:])


def _only_value(content: Sequence[object]) -> int | None:
    return content[0].index if len(content) == 1 and isinstance(content[0], Substitution) else None


def _literal(parts: Sequence[object]) -> str | None:
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts).casefold() if len(texts) == len(parts) else None


def _literal_names(provider: Element) -> frozenset[str] | None:
    """Return Name and EventSourceName of a provider in lower case, or None if they depend on values."""
    names = [_literal(item.value) for item in provider.attributes if item.name in ("Name", "EventSourceName")]
    if provider.dependency != NO_DEPENDENCY or None in names:
        return None
    return frozenset(name for name in names if name)


def _name_value(provider: Element) -> int | None:
    """Return the index of the value that is the provider's only name, or None."""
    names = [item for item in provider.attributes if item.name in ("Name", "EventSourceName")]
    return _shown_value(provider, names[0].value) if len(names) == 1 and names[0].name == "Name" else None


def _shown_value(element: Element, content: Sequence[object]) -> int | None:
    """Return the index of the value if it is the whole content and is shown whenever it is not null, else None."""
    index = _only_value(content)
    return index if element.dependency in (NO_DEPENDENCY, index) else None


_PLACES = 4  # few names begin within 16 bytes of each other


class TemplateTable:
    """All distinct definitions so far, numbered, with the data to recognise each of them.

    ``_bodies`` has the words of each definition, and masks that exclude its offsets; ``_names`` has the names that
    these offsets must point to.
    """

    def __init__(self) -> None:
        self.templates: list[Template] = []
        self._variants: dict[bytes, list[int]] = {}
        self._latest: dict[bytes, int] = {}
        self._bodies: list[tuple[Words, Words]] = []
        self._names = _NameReferences()
        self._learned: dict[int, int] = {}  # bytes of definitions by the slot of the segment that they were parsed in
        self._bytes = 0  # of all definitions

    @property
    def full(self) -> bool:
        """Whether there are so many templates that the next segment should start with a new table."""
        return len(self.templates) > _MOST_TEMPLATES or self._bytes > _MOST_BYTES

    def begin_segment(self) -> None:
        """Reset the parsing limits of the chunks for a new segment; the known templates are kept."""
        self._learned.clear()

    def resolve(self, segment: Segment, positions: Offsets) -> NDArray[np.int64]:
        """Return the template numbers of the definitions at these (distinct) positions of a segment."""
        keys: list[bytes] = segment.strings(positions + 4, 20).tolist()  # GUID and size
        size = segment.u32[positions + 20].astype(np.int64)
        fits = (positions & (CHUNK_SIZE - 1)) + DEFINITION_HEADER_SIZE + size <= CHUNK_SIZE
        numbers = np.array([self._latest.get(key, NOT_KNOWN) for key in keys], np.int64)
        numbers[~fits] = NOT_KNOWN
        known = np.flatnonzero(numbers != NOT_KNOWN)
        numbers[known[~self._same(segment, positions[known], numbers[known])]] = NOT_KNOWN
        rest = np.flatnonzero(fits & (numbers == NOT_KNOWN))
        if len(rest):
            numbers[rest] = self._search(segment, positions[rest], [keys[row] for row in rest.tolist()])
        return numbers

    def _search(self, segment: Segment, positions: Offsets, keys: list[bytes]) -> NDArray[np.int64]:
        """Return the template numbers of definitions that are new, or differ from the latest one with their key."""
        numbers = np.full(len(positions), NOT_KNOWN, np.int64)
        tried = [0] * len(keys)
        remaining = list(range(len(keys)))
        while remaining:
            testable = [row for row in remaining if tried[row] < len(self._variants.get(keys[row], ()))]
            if testable:
                chosen = np.array([self._variants[keys[row]][tried[row]] for row in testable])
                same = self._same(segment, positions[testable], chosen)
                numbers[np.array(testable)[same]] = chosen[same]
                for row in testable:
                    tried[row] += 1
            tested = set(testable)
            remaining = [row for row in remaining if numbers[row] == NOT_KNOWN]
            # of definitions with one key that are new, one is learned and the others compared with it
            new = {keys[row]: row for row in reversed(remaining) if row not in tested}
            for key, row in new.items():
                numbers[row] = self._learn(segment, int(positions[row]), key)
            learned = set(new.values())
            remaining = [row for row in remaining if row not in learned]
        self._latest.update((key, number) for key, number in zip(keys, numbers.tolist(), strict=True) if number >= 0)
        return numbers

    def _learn(self, segment: Segment, position: int, key: bytes) -> int:
        """Parse and add a new definition; returns its number, or NOT_KNOWN if it cannot be parsed."""
        slot, offset = divmod(position, CHUNK_SIZE)
        chunk = bytes(segment.chunk(slot))
        size = int.from_bytes(key[16:], "little")
        self._bytes += size
        self._learned[slot] = self._learned.get(slot, 0) + size
        if self._learned[slot] > ROOM:  # they overlap: ``binxml.Definitions`` says why this must end
            return NOT_KNOWN
        try:
            fragment = parse_definition(chunk, offset)
        except RecordError:
            return NOT_KNOWN
        number = len(self.templates)
        self.templates.append(Template.of(fragment))
        variants = self._variants.setdefault(key, [])
        if len(variants) < _MOST_VARIANTS:
            variants.append(number)
        start = offset + DEFINITION_HEADER_SIZE
        mask = bytearray(b"\xff" * size)
        for name in fragment.names:
            hidden = 8 if name.inline else 4  # an inline name begins with the offset of another one
            mask[name.at - start : name.at - start + hidden] = bytes(hidden)
        self._bodies.append((_words(chunk[start : start + size]), _words(mask)))
        self._names.add(fragment.names, offset)
        return number

    def _same(self, segment: Segment, positions: Offsets, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each position whether its definition is equal to the template with the given number."""
        same = np.zeros(len(positions), np.bool_)
        for number, rows in places_of(numbers):
            words, masks = self._bodies[number]
            found = rows_at(segment, positions[rows] + DEFINITION_HEADER_SIZE, 8 * len(words), "<u8")
            found ^= words
            found &= masks
            same[rows] = ~found.any(axis=1)
        same[self._names.wrong(segment, positions, numbers)] = False
        return same


def rows_at(segment: Segment, positions: Offsets, size: int, dtype: str) -> NDArray[Any]:
    """Return the bytes at these positions as numbers, one row for each position."""
    if not size:
        return np.zeros((len(positions), 0), dtype)
    return segment.strings(positions, size).view(dtype).reshape(len(positions), size // np.dtype(dtype).itemsize)


def places_of(values: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield the distinct values, each with the indexes at which it occurs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    borders = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    bounds = [0, *borders.tolist(), len(order)]
    for start, end in pairwise(bounds):
        if end > start:
            yield int(ordered[start]), order[start:end]


class _Ragged:
    """A growable list of groups of rows, stored as columns, one group after the other."""

    def __init__(self, *dtypes: type[np.generic]) -> None:
        self._added: list[list[NDArray[Any]]] = [[np.zeros(0, dtype)] for dtype in dtypes]
        self._starts = [0]
        self._joined = 0
        self._columns: list[NDArray[Any]] = []
        self._bounds: Offsets = np.zeros(1, np.int64)

    def add(self, *columns: NDArray[Any]) -> None:
        """Append the rows of one more group."""
        for added, column in zip(self._added, columns, strict=True):
            added.append(column)
        self._starts.append(self._starts[-1] + len(columns[0]))

    def of(self, things: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        """Return all rows of some groups: the group's index in ``things``, the row's index in the group, and the
        columns.
        """
        if len(self._starts) != self._joined:
            self._joined = len(self._starts)
            self._columns = [np.concatenate(added) for added in self._added]
            self._bounds = np.array(self._starts, np.int64)
        first = self._bounds[things]
        count = self._bounds[things + 1] - first
        which = np.repeat(np.arange(len(things)), count)
        place = np.arange(len(which)) - (np.cumsum(count) - count)[which]
        item = first[which] + place
        return which, place, *(column[item] for column in self._columns)


class _NameReferences:
    """The names that the templates refer to.

    A name is inline if it directly follows the offset that points to it. Then its characters are in the body of the
    definition, and only the offset must be checked. Any other name is stored where the chunk first uses it. The
    definitions of a chunk refer to one name many times, so each position is read only once for all references that
    expect the same name there.
    """

    def __init__(self) -> None:
        # of a template: places of offsets, and what they must be, both counted from its definition
        self._inline = _Ragged(np.int64, np.int64)
        # of a template: places of offsets, and the numbers of the names that they must lead to
        self._remote = _Ragged(np.int64, np.int64)
        # of a name: its words from its hash on, and masks that end it
        self._texts = _Ragged(np.uint64, np.uint64)
        self._numbers: dict[bytes, int] = {}
        self._room = np.zeros(0, np.int32)

    def add(self, names: Sequence[NameReference], definition: int) -> None:
        """Add the names of a new template, whose definition is at this offset in its chunk."""
        inline = [(name.at - definition, name.target - definition) for name in names if name.inline]
        remote = [(name.at - definition, self._number(name.raw)) for name in names if not name.inline]
        self._inline.add(*np.array(inline, np.int64).reshape(-1, 2).T)
        self._remote.add(*np.array(remote, np.int64).reshape(-1, 2).T)

    def _number(self, raw: bytes) -> int:
        if raw not in self._numbers:
            self._numbers[raw] = len(self._numbers)
            self._texts.add(_words(raw), _words(b"\xff" * len(raw)))
        return self._numbers[raw]

    def wrong(self, segment: Segment, positions: Offsets, templates: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the indexes of the definitions whose names differ from the names of the assumed templates."""
        which, _, source, due = self._inline.of(templates)
        place = positions[which]
        moved = segment.u32[place + source] != (place & (CHUNK_SIZE - 1)) + due
        remote, _, source, name = self._remote.of(templates)
        place = positions[remote]
        offset = segment.u32[place + source]
        inside = offset < CHUNK_SIZE
        lost = remote[~inside]
        if len(lost):
            remote, place, offset, name = remote[inside], place[inside], offset[inside], name[inside]
        target = (place & -CHUNK_SIZE) + offset
        same = self._same_target(target, len(segment.bytes))
        checked = np.flatnonzero((same == np.arange(len(same))) | (name[same] != name))
        differs = np.zeros(len(same), np.bool_)
        differs[checked] = self._differs(segment, target[checked], name[checked])
        return np.concatenate([which[moved], lost, remote[differs | differs[same]]])

    def _same_target(self, target: Offsets, size: int) -> NDArray[np.int64]:
        """Return for each target the index of a target with the same position (its own index if none was found)."""
        if len(self._room) <= size >> _PLACES:
            self._room = np.zeros((size >> _PLACES) + 1, np.int32)
        own = np.arange(len(target))
        place = target >> _PLACES
        self._room[place] = own  # where names share a place, the last of them is found there, and is seen to be another
        other = self._room[place].astype(np.int64)
        return np.where(target[other] == target, other, own)

    def _differs(self, segment: Segment, target: Offsets, name: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each position whether it does not contain the expected name completely inside its chunk."""
        which, word, words, masks = self._texts.of(name)
        start = target[which]
        at = start + 4 + 8 * word
        inside = at + 8 <= (start & -CHUNK_SIZE) + CHUNK_SIZE
        found = segment.u64[np.where(inside, at, 0)]
        differs = np.zeros(len(target), np.bool_)
        differs[which[~inside | (((found ^ words) & masks) != 0)]] = True
        return differs


def _words(data: bytes | bytearray) -> Words:
    return np.frombuffer(data + bytes(-len(data) % 8), "<u8").astype(np.uint64)
