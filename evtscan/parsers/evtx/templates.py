"""Which template definition each record refers to: every distinct definition of a file is parsed once.

The same definition comes again in every chunk, at another place, and with other offsets in it: a name stands where it
is first used in the chunk, and every use of it holds its offset. So a definition is known again if its bytes are the
same apart from those offsets, and the offsets lead to the same names. That is checked for all definitions of a segment
at once; an identifier alone (a GUID) is not trusted, since a crafted or damaged file can give it to anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evtscan.parsers.evtx.binxml import (
    DEFINITION_HEADER_SIZE,
    NO_DEPENDENCY,
    Element,
    Fragment,
    NameReference,
    Substitution,
    parse_definition,
)
from evtscan.parsers.evtx.file import CHUNK_SIZE, Offsets, Segment
from evtscan.parsers.evtx.record import RecordError

NOT_KNOWN = -1
"""In place of a template's number: the definition cannot be read."""

_MOST_TEMPLATES = 4096  # a real log has some hundred
_MOST_VARIANTS = 8  # definitions with one GUID and one size that are told apart by content
_OFFSET_BITS = 0xFFFFFFFF

Words = NDArray[np.uint64]
_NO_WORDS: Words = np.zeros(0, np.uint64)
_NO_PLACES: Offsets = np.zeros(0, np.int64)
_NO_CHECK = (_NO_WORDS, _NO_WORDS, _NO_PLACES, _NO_PLACES)


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed definition, and what it says of its records whatever their values are.

    ``empty_matters`` are the values whose being empty changes what is shown: those in attributes, and text beside
    attributes or children. ``event_id`` is the index of the value that is System/EventID, None if that is anything but
    one value. ``providers`` are the lower-case names of the provider and ``channel`` that of the channel, None where it
    takes a record's values to say.
    """

    elements: tuple[Element, ...]
    empty_matters: frozenset[int]
    event_id: int | None
    providers: frozenset[str] | None
    channel: str | None

    @classmethod
    def of(cls, fragment: Fragment) -> "Template":
        """Look at the elements of a definition."""
        roots = fragment.elements
        event_id = _only(roots, "Event", "System", "EventID")
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
            None if provider is None else _literal_names(provider),
            None if channel is None or channel.dependency != NO_DEPENDENCY else _literal(channel.content),
        )


def _all(elements: Sequence[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        yield from _all([part for part in element.content if isinstance(part, Element)])


def _where_empty_matters(element: Element) -> Iterator[Sequence[object]]:
    yield from (attribute.value for attribute in element.attributes)
    shown = [item for item in element.attributes if element.name != "Data" or item.name != "Name"]
    if shown or any(isinstance(part, Element) for part in element.content):
        yield element.content


def _only(elements: Sequence[object], *path: str) -> Element | None:
    """The element at a path, if there is exactly one on each step."""
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
    """Name and EventSourceName, or None if a value has a part in them."""
    names = [_literal(item.value) for item in provider.attributes if item.name in ("Name", "EventSourceName")]
    if provider.dependency != NO_DEPENDENCY or None in names:
        return None
    return frozenset(name for name in names if name)


class TemplateTable:
    """The distinct definitions met so far, numbered, with what it takes to know each again.

    ``_bodies`` has the words of each definition, and masks that hide the offsets in it; ``_names`` says where these
    must lead.
    """

    def __init__(self) -> None:
        self.templates: list[Template] = []
        self._variants: dict[bytes, list[int]] = {}
        self._latest: dict[bytes, int] = {}
        self._bodies: list[tuple[Words, Words]] = []
        self._names = _Checks()

    @property
    def full(self) -> bool:
        """Whether there are so many templates that a fresh table should be begun with the next segment."""
        return len(self.templates) > _MOST_TEMPLATES

    def resolve(self, segment: Segment, positions: Offsets) -> NDArray[np.int64]:
        """The numbers of the templates whose definitions stand at these (distinct) positions of a segment."""
        at_any_byte = np.ndarray((len(segment.bytes) - 19,), "V20", segment.bytes.data, 0, (1,))
        keys: list[bytes] = at_any_byte[positions + 4].tolist()  # GUID and size
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
        """The same for definitions that are new, or another variant than the last one with their GUID and size."""
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
        """Parse a definition that is not known yet."""
        slot, offset = divmod(position, CHUNK_SIZE)
        chunk = bytes(segment.chunk(slot))
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
        size = int.from_bytes(key[16:], "little")
        mask = bytearray(b"\xff" * size)
        for name in fragment.names:
            hidden = 8 if name.inline else 4  # an inline name begins with the offset of another one
            mask[name.at - start : name.at - start + hidden] = bytes(hidden)
        self._bodies.append((_words(chunk[start : start + size]), _words(mask)))
        names = [_name_check(name, offset) for name in fragment.names] or [_NO_CHECK]
        self._names.add(*(np.concatenate(column) for column in zip(*names, strict=True)))
        return number

    def _same(self, segment: Segment, positions: Offsets, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the definitions at these positions are these templates."""
        same = np.zeros(len(positions), np.bool_)
        for number, rows in places_of(numbers):
            words, masks = self._bodies[number]
            same[rows] = ~((rows_at(segment, positions[rows], len(words)) ^ words) & masks).any(axis=1)
        which, item = self._names.items(numbers)
        within = positions & (CHUNK_SIZE - 1)
        base = (positions - within)[which]
        target = segment.u32[positions[which] + self._names.sources[item]].astype(np.int64)
        place = self._names.places[item]
        inline = place < 0
        inside = ~inline & (target + place + 8 <= CHUNK_SIZE)
        name = segment.u64[np.where(inside, base + target + place, 0)]
        found = np.where(inline, (target - within[which]).astype(np.uint64), name)
        wrong = self._names.differs(item, found) | ~(inline | inside)
        same[which[wrong]] = False
        return same


def rows_at(segment: Segment, positions: Offsets, words: int) -> Words:
    """The bytes of all definitions that start at these positions, as rows of 8-byte words."""
    size = 8 * words
    if not size:
        return np.zeros((len(positions), 0), np.uint64)
    at_any_byte = np.ndarray((len(segment.bytes) - size + 1,), f"V{size}", segment.bytes.data, 0, (1,))
    return at_any_byte[positions + DEFINITION_HEADER_SIZE].view("<u8").reshape(len(positions), words)


def places_of(values: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """The distinct values, each with the places where it stands."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    borders = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    bounds = [0, *borders.tolist(), len(order)]
    for start, end in pairwise(bounds):
        if end > start:
            yield int(ordered[start]), order[start:end]


def _name_check(name: NameReference, definition: int) -> tuple[Words, Words, Offsets, Offsets]:
    """Words, masks, places and source of what a name reference must lead to, counted from its definition.

    Of an inline name the body has the characters; left to check is that the offset points to them (place -1).
    """
    if name.inline:
        words, masks = np.array([name.target - definition], np.uint64), np.array([_OFFSET_BITS], np.uint64)
        places = np.array([-1])
    else:
        words, masks = _words(name.raw), _words(b"\xff" * len(name.raw))
        places = 4 + 8 * np.arange(len(words))
    return words, masks, places, np.full(len(words), name.at - definition)


class _Checks:
    """What must be found, for all templates one behind the other: words under masks, each at a place.

    ``places`` count from what the check looks at; ``sources`` say where in a definition the offset of a name stands.
    """

    def __init__(self) -> None:
        self._added: list[tuple[NDArray[Any], ...]] = []
        self._count = 0
        self._columns: tuple[NDArray[Any], ...] = _NO_CHECK
        self._starts: Offsets = np.zeros(1, np.int64)

    def add(self, words: Words, masks: Words, places: Offsets, sources: Offsets) -> None:
        """Append the checks of one more template."""
        self._added.append((words, masks, places, sources))

    def items(self, templates: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All checks for these templates: for which of them each one is, and its place in the columns."""
        if len(self._added) != self._count:
            self._count = len(self._added)
            self._columns = tuple(np.concatenate(column) for column in zip(*self._added, strict=True))
            self._starts = np.cumsum([0, *(len(words) for words, *_ in self._added)])
        count = self._starts[templates + 1] - self._starts[templates]
        which = np.repeat(np.arange(len(templates)), count)
        shift = self._starts[templates] - (np.cumsum(count) - count)
        return which, np.arange(len(which)) + shift[which]

    def differs(self, items: NDArray[np.int64], found: Words) -> NDArray[np.bool_]:
        """Whether what was found is not what these checks ask for."""
        words: Words = self._columns[0][items]
        masks: Words = self._columns[1][items]
        differs: NDArray[np.bool_] = ((found ^ words) & masks) != 0
        return differs

    @property
    def places(self) -> Offsets:
        """Where each check's word stands."""
        return self._columns[2]

    @property
    def sources(self) -> Offsets:
        """Where, in a definition, the offset stands that leads to it."""
        return self._columns[3]


def _words(data: bytes | bytearray) -> Words:
    return np.frombuffer(data + bytes(-len(data) % 8), "<u8").astype(np.uint64)
