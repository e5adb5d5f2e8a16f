"""Decoder for single records: BinXML → the fields of the record."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from evtscan.base.wintypes import ARRAY, BINXML, format_array, format_value
from evtscan.parsers.logs.evtx.binxml import NULL, Definitions, Instance, parse_fragment, parse_instance
from evtscan.parsers.logs.evtx.document import Node, expand
from evtscan.parsers.logs.evtx.eventfields import READ_FIELD, data_of, event_of, system_texts
from evtscan.parsers.logs.evtx.record import DecodedRecord, EndlessRecordError, RecordError

_ITEM = 8  # bytes of a list for each item
_MAX_WORK = 1 << 19  # elements and characters of one record: crafted templates use one value many times


def decode_record(chunk: bytes, start: int, end: int, definitions: Definitions | None = None) -> DecodedRecord:
    """Decode the BinXML between two offsets in a chunk of 64 KiB.

    ``definitions`` are the template definitions of the chunk, shared by its records.

    Raises:
        RecordError: if the record cannot be read; the message gives the reason.
    """
    job = _Job(chunk, definitions or Definitions(chunk))
    event = event_of(job.fragment(start, end, 0))
    texts = system_texts(event)
    fields = {name: read(texts.get(name)) for name, read in READ_FIELD.items()}  # type: ignore[arg-type]
    if fields["event_id"] is None:
        raise RecordError("the event has no event id")
    data = data_of(event)
    job.spend(_size_of(data))
    return DecodedRecord(**fields, data=data, notes=tuple(job.notes))


def _size_of(value: Any) -> int:
    """The size of data: bytes of its names and texts. A name that occurs several times counts each time."""
    if isinstance(value, str):
        return len(value) if value.isascii() else sys.getsizeof(value)
    if isinstance(value, dict):
        return sum(len(name) + _size_of(member) for name, member in value.items())
    return sum(map(_size_of, value)) + _ITEM * len(value)


@dataclass(slots=True)
class _Job:
    """State of decoding one record: the remaining work limit, and notes on values that Windows would show
    differently.
    """

    chunk: bytes
    definitions: Definitions
    work: int = _MAX_WORK
    notes: list[str] = field(default_factory=list)

    def spend(self, work: int) -> None:
        """Subtract elements and characters from the work limit."""
        self.work -= work
        if self.work < 0:
            raise EndlessRecordError("the record unfolds without end")
        self.definitions.work -= work
        if self.definitions.work < 0:
            raise EndlessRecordError("the records of the chunk unfold without end")

    def fragment(self, start: int, end: int, depth: int) -> tuple[Node, ...]:
        """Return the elements of a fragment after substitution."""
        instance = parse_instance(self.chunk, start, end)
        if instance is None:
            self.spend(end - start)
            bare = parse_fragment(self.chunk, start, end, dependencies=False)
            return expand(bare.elements, _RecordValues(self, Instance(0, (), (0,))), depth)
        return expand(self.definitions.at(instance.definition).elements, _RecordValues(self, instance), depth)

    def nested(self, start: int, end: int, depth: int) -> tuple[Node, ...]:
        """Return the elements of a nested fragment; if its template is lost, return its values without names."""
        try:
            return self.fragment(start, end, depth)
        except EndlessRecordError:
            raise
        except RecordError as error:
            self.spend(end - start)
            self.notes.append(f"{error}: the values are shown without their names")
            try:
                instance = parse_instance(self.chunk, start, end)
            except RecordError:
                instance = None
            if instance is None:
                return (_unnamed([self.chunk[start:end].hex().upper()]),)
            return (_unnamed(_texts(self.chunk, instance, self.notes)),)


def _texts(chunk: bytes, instance: Instance, notes: list[str]) -> Iterator[str]:
    for value_type, start, end in zip(instance.types, instance.bounds, instance.bounds[1:], strict=False):
        text = _value_text(value_type, chunk[start:end], notes)
        yield from [text] if isinstance(text, str) else text


def _unnamed(texts: Iterable[str]) -> Node:
    return Node("EventData", {}, "", tuple(Node("Data", {}, text, ()) for text in texts))


@dataclass(frozen=True, slots=True)
class _RecordValues:
    job: _Job
    instance: Instance

    def _type(self, index: int) -> int:
        if index >= len(self.instance.types):
            raise RecordError(f"the template asks for value {index}, the record has {len(self.instance.types)}")
        return self.instance.types[index]

    def is_null(self, index: int) -> bool:
        return self._type(index) == NULL

    def is_empty(self, index: int) -> bool:
        return self._type(index) == NULL or self.instance.bounds[index] == self.instance.bounds[index + 1]

    def spend(self, work: int) -> None:
        self.job.spend(work)

    def piece(self, index: int, depth: int) -> str | list[str] | tuple[Node, ...]:
        value_type = self._type(index)
        start, end = self.instance.bounds[index : index + 2]
        if value_type == BINXML:
            return self.job.nested(start, end, depth) if end > start else ()
        text = _value_text(value_type, self.job.chunk[start:end], self.job.notes)
        self.job.spend(len(text) if isinstance(text, str) else len(text) + sum(map(len, text)))
        return text


def _value_text(value_type: int, raw: bytes, notes: list[str]) -> str | list[str]:
    """Return a value as text, or an array as a list of texts; an unreadable value becomes hex text, and a note is
    added.
    """
    try:
        if value_type & ARRAY:
            return format_array(value_type & ~ARRAY, raw)
        return format_value(value_type, raw)
    except ValueError as error:
        notes.append(f"{error}: shown as hex")
        return raw.hex().upper()
