"""Some events of logs → the records before and after each of them, whether or not a rule uses them.

A scan decodes only what its rules can use. So the few records around an event are read again, from their part of the
file: the chunk of an EVTX log, some kilobytes of an ``.evt``, and any other log as a whole if it is small.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evtscan.base.errors import raise_unless_about_file
from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, PLAIN, ReadOptions
from evtscan.base.model.source import Location, Source
from evtscan.parsers import Format, open_parts, read_log, recognise

RECORDS = 5
"""How many records before an event count as near it, and how many after it."""

MOST_BYTES = 4 << 20
"""Size of the largest log that is read again as a whole, where its format leaves no choice."""


def around(
    sources: Mapping[str, Source], events: Iterable[Event], options: ReadOptions = PLAIN
) -> dict[Location, tuple[Event, ...]]:
    """For each event the records of its log whose numbers are at most ``RECORDS`` off, in order, itself among them.

    ``sources`` are the logs by name. An event whose log is not there, too large, or no longer readable is left out:
    the records around an event only add to the report.
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
    parts = open_parts(row, source, options) or _Everything.of(row, source, options)
    for event in sorted(events, key=lambda event: event.location.offset or 0):  # parts of the file are read once
        records = parts.near(event)
        at = next((record.sequence for record in records if record.location == event.location), None)
        if at is not None:
            near = (record for record in records if abs(record.sequence - at) <= RECORDS)
            yield event.location, tuple(sorted(near, key=lambda record: record.sequence))


@dataclass(frozen=True, slots=True)
class _Everything:
    """A log that is read as a whole, if it is small (see ``LogParts``)."""

    records: tuple[Event, ...]

    @classmethod
    def of(cls, row: Format, source: Source, options: ReadOptions) -> "_Everything":
        """Read the log; nothing of a large one."""
        small = source.path.stat().st_size <= MOST_BYTES
        return cls(tuple(read_log(row, source, EVERYTHING, options)) if small else ())

    def near(self, event: Event) -> Sequence[Event]:
        """All records."""
        return self.records
