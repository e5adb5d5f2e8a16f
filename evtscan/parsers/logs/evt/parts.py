"""Read some kilobytes of a ``.evt`` file around an event, without using the file's header."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from msgspec import structs

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evt.reader import read_log

_WINDOW = 8 << 10
"""Bytes that are read before an event, and after it; a record has some hundred."""


@dataclass(frozen=True, slots=True)
class _Window(Source):
    """A range of bytes of a file that can be opened like a file."""

    data: bytes = b""

    def open(self) -> BinaryIO:
        """Open the range for reading."""
        return BytesIO(self.data)


@dataclass(frozen=True, slots=True)
class EvtParts:
    """A log whose records are read in windows of bytes (see ``LogParts``)."""

    source: Source
    options: ReadOptions

    def near(self, event: Event) -> Sequence[Event]:
        """Return the records in the bytes around an event; their locations are positions in the whole file."""
        offset = event.location.offset or 0
        start = max(offset - _WINDOW, 0)
        with self.source.open() as stream:
            stream.seek(start)
            data = stream.read(offset + _WINDOW - start)
        window = _Window(self.source.path, self.source.name, data)
        return [_moved(record, start) for record in read_log(window, EVERYTHING, self.options)]


def _moved(event: Event, by: int) -> Event:
    location = event.location
    return structs.replace(event, location=structs.replace(location, offset=(location.offset or 0) + by))


def open_parts(source: Source, options: ReadOptions) -> EvtParts:
    """Open a log to read the records around events."""
    return EvtParts(source, options)
