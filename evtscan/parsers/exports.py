"""What all structured exports of a log have in common: the fields of System, the order of records, and the books.

An export has no record headers. What orders its records is EventRecordID, which a log counts up by one; where it is
missing, or where several logs or hosts alternate in one file, it is their place in the file, read backwards if the
newest stands first (Event Viewer and ``wevtutil /rd:true`` write that).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

from evtscan.errors import EvidenceError
from evtscan.model import Event, ExtractionWarning, Location, LogSummary, Query, Source
from evtscan.wintypes import Instant, parse_time

_SAMPLE = 256
"""Records at the beginning of a file that show the order of its records."""
_MOST_WARNINGS = 1000
_MOST_NAMES = 1024
"""Computers and series of one file that are told apart."""
_SERIES_STRIDE = 1 << 64
"""Above every record number: keeps series apart, and each of them in order."""
_NEWEST_FIRST = 1 << 48
"""Above every place of a record in a file, which counts down from it where the newest record stands first."""
ALL_DATA = "Data"
"""In ``Event.unreadable`` it stands for every data field."""

_FIELDS = {
    "channel": "Channel",
    "time": "TimeCreated",
    "record_id": "EventRecordID",
    "computer": "Computer",
    "event_source_name": "Provider_EventSourceName",
    "provider_guid": "Provider_Guid",
    "qualifiers": "Qualifiers",
    "version": "Version",
    "level": "Level",
    "task": "Task",
    "opcode": "Opcode",
    "keywords": "Keywords",
    "process_id": "Execution_ProcessID",
    "thread_id": "Execution_ThreadID",
    "user_id": "Security_UserID",
    "activity_id": "Correlation_ActivityID",
    "related_activity_id": "Correlation_RelatedActivityID",
}
"""The fields of System that an export may lack, by the names that rules use."""

_CLEARED = {"microsoft-windows-eventlog": (104, 1102), "security": (517,)}


@dataclass(slots=True, kw_only=True)
class System:
    """What an export says in the fields of ``Event`` of the same names.

    ``origin`` names the log that an export of several took the record from; ``header_id`` counts within it.
    """

    event_id: int
    provider: str = ""
    channel: str | None = None
    time: Instant | None = None
    record_id: int | None = None
    header_id: int | None = None
    computer: str | None = None
    event_source_name: str | None = None
    provider_guid: str | None = None
    qualifiers: int | None = None
    version: int | None = None
    level: int | None = None
    task: int | None = None
    opcode: int | None = None
    keywords: str | None = None
    process_id: int | None = None
    thread_id: int | None = None
    user_id: str | None = None
    activity_id: str | None = None
    related_activity_id: str | None = None
    event_type: str | None = None
    time_written: Instant | None = None
    recovered: bool = False
    origin: str = ""

    @property
    def number(self) -> int | None:
        """What counts the records of the log that this one comes from."""
        return self.record_id if self.header_id is None else self.header_id

    @property
    def series(self) -> tuple[str, str | None]:
        """The records whose numbers count together."""
        return self.origin, self.channel if self.header_id is None else None


@dataclass(slots=True)
class Content:
    """What an export says beside System; ``flaw`` says what of the record could not be read."""

    data: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    unreadable: frozenset[str] = frozenset()
    flaw: str = ""


@dataclass(slots=True)
class Record:
    """One record of an export: where it begins, its System fields, and how to get the rest."""

    offset: int
    line: int
    system: System
    content: Callable[[], Content]


class Books:
    """Warnings, and what is counted while an export is read, selected or not."""

    def __init__(self, source: Source) -> None:
        self.warnings: list[ExtractionWarning] = []
        self._source = source.name
        self._untold = self._untold_lost = 0
        self._said: set[str] = set()
        self._records = self._lost = 0
        self._computers: dict[str, int] = {}
        self._channels: set[str | None] = set()
        self._numbers: dict[object, _Numbers] = {}
        self._unnumbered = False
        self._oldest: tuple[int, System] | None = None
        self._newest: tuple[int, System] | None = None

    def warn(
        self, kind: str, message: str, *, offset: int | None = None, line: int | None = None, lost: int = 0
    ) -> None:
        """Note what could not be read; after a thousand such notes only their number."""
        self._lost += lost
        if len(self.warnings) >= _MOST_WARNINGS:
            self._untold += 1
            self._untold_lost += lost
            return
        location = Location(source=self._source, offset=offset, line=line)
        self.warnings.append(ExtractionWarning(location=location, kind=kind, message=message, records_lost=lost))

    def warn_once(self, kind: str, message: str, *, offset: int | None = None, line: int | None = None) -> None:
        """Note something that is true of the whole file, where it is first seen."""
        if kind not in self._said:
            self._said.add(kind)
            self.warn(kind, message, offset=offset, line=line)

    def count(self, system: System, sequence: int) -> None:
        """Take in one readable record."""
        self._records += 1
        if system.recovered:
            return
        if self._oldest is None or sequence < self._oldest[0]:
            self._oldest = sequence, system
        if self._newest is None or sequence > self._newest[0]:
            self._newest = sequence, system
        computer = system.computer
        if (
            computer
            and sequence < self._computers.get(computer, sequence + 1)
            and self._room(self._computers, computer)
        ):
            self._computers[computer] = sequence
        if len(self._channels) < _MOST_NAMES:
            self._channels.add(system.channel)
        if system.number is None:
            self._unnumbered = True
            return
        self._add_number(system.series, system.number)
        if system.header_id is not None and system.record_id is not None:
            self._add_number((system.origin, system.channel, "record"), system.record_id)

    def close(self) -> None:
        """Say how many warnings are left out."""
        if self._untold:
            message = f"{self._untold} more warnings are left out: the file is badly damaged, export the log again"
            location, lost = Location(source=self._source), self._untold_lost
            self.warnings.append(
                ExtractionWarning(location=location, kind="more_warnings", message=message, records_lost=lost)
            )
            self._untold = 0

    def summary(self, format_name: str) -> LogSummary:
        """All of it, as the log's summary.

        An export does not say what it was asked for: where record numbers are missing, some may have been filtered
        out, so it counts as filtered. Whole but for its oldest records it looks like a log that has wrapped.
        """
        first = None if self._oldest is None else self._oldest[1]
        last = None if self._newest is None else self._newest[1]
        numbers = self._numbers.values()
        return LogSummary(
            format=format_name,
            channel=next(iter(self._channels)) if len(self._channels) == 1 else None,
            computers=tuple(sorted(self._computers, key=self._computers.__getitem__)),
            records=self._records,
            lost=self._lost,
            first_sequence=None if self._oldest is None else self._oldest[0],
            last_sequence=None if self._newest is None else self._newest[0],
            first_time=None if first is None else first.time,
            last_time=None if last is None else last.time,
            wrapped=any(series.lowest > 1 for series in numbers),
            cleared=first is not None and first.event_id in _CLEARED.get(first.provider.casefold(), ()),
            filtered=self._unnumbered or any(not series.whole for series in numbers),
        )

    def _add_number(self, series: object, number: int) -> None:
        numbers = self._numbers.get(series)
        if numbers is not None:
            numbers.add(number)
        elif self._room(self._numbers, series):
            self._numbers[series] = _Numbers(number, number, number)
        else:
            self._unnumbered = True

    @staticmethod
    def _room(names: Mapping[Any, object], name: object) -> bool:
        return name in names or len(names) < _MOST_NAMES


@dataclass(slots=True)
class _Numbers:
    """The record numbers of one series, in the order of the file."""

    lowest: int
    highest: int
    last: int
    count: int = 1
    jumps: int = 0

    def add(self, number: int) -> None:
        self.count += 1
        self.jumps += abs(number - self.last) != 1
        self.last = number
        self.lowest = min(self.lowest, number)
        self.highest = max(self.highest, number)

    @property
    def whole(self) -> bool:
        """Whether no number between the lowest and the highest is missing (or as many were repeated)."""
        return not self.jumps or self.count == self.highest - self.lowest + 1


class Order:
    """Gives each record its ``sequence``: by its number, or by its place in the file."""

    def __init__(self, sample: Iterable[System]) -> None:
        systems = list(sample)
        numbers = [system.number for system in systems]
        one_log = len({system.series for system in systems}) == 1
        one_host = len({system.computer for system in systems}) == 1
        self.by_number = one_log and None not in numbers and (one_host or _steps(numbers) in ({1}, {-1}))
        self.newest_first = _newest_first([None if system.time is None else system.time.ticks for system in systems])
        self._series: dict[object, int] = {}

    def sequence(self, system: System, place: int) -> int:
        """The sequence of a record that is the ``place``-th of the file, counted from 0."""
        if self.by_number and system.number is not None:
            series = (
                self._series.setdefault(system.series, len(self._series)) if self._room(system.series) else _MOST_NAMES
            )
            return series * _SERIES_STRIDE + system.number
        return _NEWEST_FIRST - place if self.newest_first else place

    def _room(self, series: object) -> bool:
        return series in self._series or len(self._series) < _MOST_NAMES


def _steps(values: Iterable[int | None]) -> set[int]:
    """The signs of the steps from one value to the next."""
    known = [value for value in values if value is not None]
    return {(later > earlier) - (later < earlier) for earlier, later in pairwise(known)}


def _newest_first(times: Iterable[int | None]) -> bool:
    """Whether times fall more often than they rise."""
    known = [ticks for ticks in times if ticks is not None]
    return sum((later > earlier) - (later < earlier) for earlier, later in pairwise(known)) < 0


class Selection:
    """Which records a query can use, answered from their System fields."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._ids = query.event_ids()
        self._accepted: dict[tuple[str | None, str, str | None, int], bool] = {}

    def takes(self, system: System) -> bool:
        """Whether the query wants this record."""
        if self._ids is not None and system.event_id not in self._ids:
            return False
        key = system.channel, system.provider, system.event_source_name, system.event_id
        accepted = self._accepted.get(key)
        if accepted is None:
            if len(self._accepted) > _MOST_NAMES:
                self._accepted.clear()
            accepted = self._accepted[key] = self._query.accepts(*key)
        if not accepted or not self._query.filters:
            return accepted
        return self._query.admits(system.level, system.time, system.record_id)


Reader = Callable[[Source, Books], Iterator[Record]]
"""How a format finds the records of a file, with a warning for what it cannot read."""


class ExportLog:
    """One pass over one export (see ``LogReader``).

    Raises:
        EvidenceError: if the file cannot be read, or has content and no event in it can be read.
    """

    def __init__(self, source: Source, query: Query, format_name: str, reader: Reader) -> None:
        self._source, self._format, self._reader = source, format_name, reader
        self._selection = Selection(query)
        self._books = Books(source)
        preview = Books(source)
        try:
            sample = [record.system for record in islice(reader(source, preview), _SAMPLE)]
        except OSError as error:
            raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
        if not sample and preview.warnings:
            first = preview.warnings[0]
            raise EvidenceError(f"{source.name}: no event in it can be read; {first.message}")
        self._order = Order(sample)

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """What could not be read; complete when the iteration has ended."""
        return self._books.warnings

    @property
    def summary(self) -> LogSummary:
        """What was read, selected or not; complete when the iteration has ended."""
        return self._books.summary(self._format)

    def __iter__(self) -> Iterator[Event]:
        books, order, selection = self._books, self._order, self._selection
        for place, record in enumerate(self._reader(self._source, books)):
            sequence = order.sequence(record.system, place)
            books.count(record.system, sequence)
            if selection.takes(record.system):
                yield self._event(record, sequence)
        books.close()

    def _event(self, record: Record, sequence: int) -> Event:
        system, content = record.system, record.content()
        if content.flaw:
            message = f"of this record only a part could be read: {content.flaw}"
            self._books.warn("bad_record", message, offset=record.offset, line=record.line)
        return Event(
            location=Location(source=self._source.name, offset=record.offset, record=system.number, line=record.line),
            sequence=sequence,
            event_id=system.event_id,
            provider=system.provider,
            channel=system.channel,
            time=system.time,
            record_id=system.record_id,
            header_id=system.header_id,
            computer=system.computer,
            event_source_name=system.event_source_name,
            provider_guid=system.provider_guid,
            qualifiers=system.qualifiers,
            version=system.version,
            level=system.level,
            task=system.task,
            opcode=system.opcode,
            keywords=system.keywords,
            process_id=system.process_id,
            thread_id=system.thread_id,
            user_id=system.user_id,
            activity_id=system.activity_id,
            related_activity_id=system.related_activity_id,
            event_type=system.event_type,
            time_written=system.time_written,
            recovered=system.recovered,
            data=content.data,
            message=content.message,
            unreadable=content.unreadable,
        )


def unsaid(system: System) -> frozenset[str]:
    """The fields of System that a record does not say, by the names that rules use."""
    return frozenset(name for attribute, name in _FIELDS.items() if getattr(system, attribute) is None)


def whole_number(value: object) -> int | None:
    """A number as exports write it: as one, in decimal, or as ``0x…``; None if it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 24:
        return None
    try:
        return int(value, 16 if value[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None


def instant(text: str | None) -> Instant | None:
    """A time as exports write it, in ISO 8601 or as a FILETIME in hexadecimal; None if it is none."""
    if text is None:
        return None
    if text[:2] in ("0x", "0X"):
        ticks = whole_number(text)
        return None if ticks is None else Instant(ticks)
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return None


def add(data: dict[str, Any], name: str, value: Any) -> None:
    """Add a field; a name that is there already becomes a list."""
    if name not in data:
        data[name] = value
    elif isinstance(data[name], list):
        data[name].append(value)
    else:
        data[name] = [data[name], value]
