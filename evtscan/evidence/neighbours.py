"""Some events of logs → the records that stand around each of them, whatever these are about.

A scan decodes what its rules can use, and nothing that stands beside it. So the few records around an event are read
again, from their part of the file alone: the chunk of an EVTX log, some kilobytes of an ``.evt``, and any other log as
a whole if it is small.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import BinaryIO

from msgspec import structs

from evtscan.base.errors import raise_unless_about_file
from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, PLAIN, ReadOptions
from evtscan.base.model.source import Location, Source
from evtscan.parsers import Format, read_log, recognise

RECORDS = 5
"""How many records before an event count as near it, and how many after it."""

MOST_BYTES = 4 << 20
"""Size of the largest log that is read again as a whole, where its format leaves no choice."""

_WINDOW = 8 << 10
"""Bytes of an ``.evt`` that are read before an event, and after it; a record has some hundred."""

_CHUNKS_KEPT = 4

Part = Callable[[Event], Sequence[Event]]
"""An event → the records of a part of its log that it stands in, located as in the whole log."""


def around(
    sources: Mapping[str, Source], events: Iterable[Event], options: ReadOptions = PLAIN
) -> dict[Location, tuple[Event, ...]]:
    """For each event the records of its log whose numbers are at most ``RECORDS`` off, in order, itself among them.

    ``sources`` are the logs by name. An event whose log is not there, too large, or no longer readable is left out:
    this adds to what is known of an event, and takes nothing away.
    """
    by_source: dict[str, list[Event]] = {}
    for event in events:
        by_source.setdefault(event.location.source, []).append(event)
    found: dict[Location, tuple[Event, ...]] = {}
    for name in by_source.keys() & sources.keys():
        try:
            found.update(_in_log(sources[name], by_source[name], replace(options, recover=False)))
        except Exception as error:
            raise_unless_about_file(error)  # the log has its warning from when it was read
    return found


def _in_log(
    source: Source, events: Sequence[Event], options: ReadOptions
) -> Iterator[tuple[Location, tuple[Event, ...]]]:
    row = recognise(source)
    if row is None:
        return
    part = _PARTS.get(row.name, _everything)(row, source, options)
    for event in sorted(events, key=lambda event: event.location.offset or 0):  # parts of the file are read once
        records = part(event)
        at = next((record.sequence for record in records if record.location == event.location), None)
        if at is not None:
            near = (record for record in records if abs(record.sequence - at) <= RECORDS)
            yield event.location, tuple(sorted(near, key=lambda record: record.sequence))


def _everything(row: Format, source: Source, options: ReadOptions) -> Part:
    if source.path.stat().st_size > MOST_BYTES:
        return lambda event: ()
    records = tuple(read_log(row, source, EVERYTHING, options))
    return lambda event: records


def _chunks(row: Format, source: Source, options: ReadOptions) -> Part:
    """The chunk of an EVTX log that an event stands in, and the next one or the one before if it stands near that."""
    from evtscan.parsers.logs.evtx import chunk_at, chunk_count

    count = chunk_count(source)

    @lru_cache(maxsize=_CHUNKS_KEPT)
    def chunk(number: int) -> tuple[Event, ...]:
        return tuple(read_log(row, source, EVERYTHING, options, chunks=(number, number + 1)))

    def part(event: Event) -> Sequence[Event]:
        number = chunk_at(source, event.location.offset or 0)
        if number is None:
            return ()
        records = chunk(number)
        if number > 0 and records and event.sequence - records[0].sequence < RECORDS:
            records = (*chunk(number - 1), *records)
        if number + 1 < count and records and records[-1].sequence - event.sequence < RECORDS:
            records = (*records, *chunk(number + 1))
        return records

    return part


@dataclass(frozen=True, slots=True)
class _Cut(Source):
    """A part of a file that reads like a file."""

    data: bytes = b""

    def open(self) -> BinaryIO:
        """Open the part for reading."""
        return BytesIO(self.data)


def _windows(row: Format, source: Source, options: ReadOptions) -> Part:
    """Some kilobytes of an ``.evt``, whose records are found without its header."""

    def part(event: Event) -> Sequence[Event]:
        offset = event.location.offset or 0
        start = max(offset - _WINDOW, 0)
        with source.open() as stream:
            stream.seek(start)
            data = stream.read(offset + _WINDOW - start)
        records = read_log(row, _Cut(source.path, source.name, data), EVERYTHING, options)
        return [_moved(record, start) for record in records]

    return part


def _moved(event: Event, by: int) -> Event:
    location = event.location
    return structs.replace(event, location=structs.replace(location, offset=(location.offset or 0) + by))


_PARTS = {"evtx": _chunks, "evt": _windows}
"""The formats of which a part can be read, whatever the size of the log."""
