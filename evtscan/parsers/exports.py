"""What all structured exports of a log have in common: the fields of System, the order of records, and the books.

An export has no record headers. What orders its records is EventRecordID, which a log counts up by one; where it is
missing, or where several logs or hosts alternate in one file, it is their place in the file, read backwards if the
newest stands first (Event Viewer and ``wevtutil /rd:true`` write that).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any, Required, TypedDict

from evtscan.errors import EvidenceError
from evtscan.model import Event, ExtractionWarning, Location, LogSummary, Query, Source
from evtscan.parsers.accounts import USER_FIELDS
from evtscan.parsers.exportclock import ExportClock
from evtscan.wintypes import Instant, parse_time

_SAMPLE = 256
"""Records at the beginning of a file that show the order of its records."""
_MOST_WARNINGS = 1000
_MOST_NAMES = 1024
"""Computers and series of one file that are told apart."""
_LONGEST_NAME = 512
"""Characters by which computers and series are told apart: no real name is longer, and memory is bounded by them."""
_SERIES_STRIDE = 1 << 64
"""Above every record number: keeps series apart, and each of them in order."""
_NEWEST_FIRST = 1 << 48
"""Above every place of a record in a file, which counts down from it where the newest record stands first."""
ALL_DATA = "Data"
"""In ``Event.unreadable`` it stands for every data field."""

FIELDS = {
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

Series = tuple[str, str | None]
_CLEARED = {"microsoft-windows-eventlog": (104, 1102), "security": (517,)}


class System(TypedDict, total=False):
    """What a record says in the fields of ``Event`` of the same names; ``event_id`` and ``provider`` always."""

    event_id: Required[int]
    provider: Required[str]
    channel: str | None
    time: Instant | None
    record_id: int | None
    header_id: int | None
    computer: str | None
    event_source_name: str | None
    provider_guid: str | None
    qualifiers: int | None
    version: int | None
    level: int | None
    task: int | None
    opcode: int | None
    keywords: str | None
    process_id: int | None
    thread_id: int | None
    user_id: str | None
    activity_id: str | None
    related_activity_id: str | None
    event_type: str | None
    time_written: Instant | None
    recovered: bool


@dataclass(slots=True)
class Content:
    """What a record says beside System; ``flaw`` says what of the record could not be read."""

    data: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    unreadable: frozenset[str] = frozenset()
    flaw: str = ""


@dataclass(slots=True)
class Record:
    """One record of an export: where it begins (text has lines and no offset), its System fields, how to get the rest.

    ``origin`` names the log that it was taken from, where an export says that of each record.
    """

    offset: int | None
    line: int
    system: System
    content: Callable[[], Content]
    origin: str = ""

    def number(self) -> tuple[Series, int | None]:
        """Its number, and the series in which records are so numbered: that of the headers, or EventRecordID."""
        system = self.system
        header_id = system.get("header_id")
        if header_id is not None:
            return (self.origin[:_LONGEST_NAME], None), header_id
        return (self.origin[:_LONGEST_NAME], _short(system.get("channel"))), system.get("record_id")


class Books:
    """Warnings, and what is counted while an export is read, selected or not.

    ``in_order``: the order of its records is that of the log. ``on_a_wall``: its times come from local ones.
    ``chosen``: somebody, or a rule, has chosen the records that are in it.
    """

    def __init__(self, source: Source) -> None:
        self.warnings: list[ExtractionWarning] = []
        self._source = source.name
        self._untold = self._untold_lost = 0
        self._said: set[str] = set()
        self._records = self._lost = 0
        self._computers: dict[str, int] = {}
        self._channels: set[str | None] = set()
        self._numbers: dict[Series, _Numbers] = {}
        self._unnumbered = False
        self.in_order = True
        self.on_a_wall = self.chosen = False
        self._clock = ExportClock()
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

    def warn_of_missing_end(self, mark: str) -> None:
        """Note that a file ends behind a whole record, and lacks what its program writes last."""
        self.warn(
            "truncated", f"the file ends without {mark}: records behind the last one are lost; export the log again"
        )

    def count(self, record: Record, series: Series, number: int | None, sequence: int) -> None:
        """Take in one readable record."""
        system = record.system
        self._records += 1
        if system.get("recovered"):
            return
        if self._oldest is None or sequence < self._oldest[0]:
            self._oldest = sequence, system
        if self._newest is None or sequence > self._newest[0]:
            self._newest = sequence, system
        if self.in_order and (time := system.get("time")) is not None:
            self._clock.add(series, sequence, time)
        computer, channel = _short(system.get("computer")), _short(system.get("channel"))
        if computer and sequence < self._computers.get(computer, sequence + 1):
            self._name_computer(computer, sequence)
        if channel not in self._channels and len(self._channels) < _MOST_NAMES:
            self._channels.add(channel)
        if number is None:
            self._unnumbered = True
            return
        self._add_number(series, number)
        if "header_id" in system and (record_id := system.get("record_id")) is not None:
            self._add_number((series[0], f"EventRecordID of {channel}"), record_id)

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
            first_time=None if first is None else first.get("time"),
            last_time=None if last is None else last.get("time"),
            wrapped=any(series.lowest > 1 for series in numbers),
            cleared=first is not None and first["event_id"] in _CLEARED.get(first["provider"].casefold(), ()),
            filtered=self.chosen or self._unnumbered or any(not series.whole for series in numbers),
            clock_steps=self._clock.found(on_a_wall=self.on_a_wall),
        )

    def _add_number(self, series: Series, number: int) -> None:
        numbers = self._numbers.get(series)
        if numbers is not None:
            numbers.add(number)
        elif len(self._numbers) < _MOST_NAMES:
            self._numbers[series] = _Numbers(number, number, number)
        else:
            self._unnumbered = True

    def _name_computer(self, computer: str, sequence: int) -> None:
        if computer in self._computers or len(self._computers) < _MOST_NAMES:
            self._computers[computer] = sequence


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
        step = number - self.last
        if step not in (1, -1):
            self.jumps += 1
        self.last = number
        if number < self.lowest:
            self.lowest = number
        elif number > self.highest:
            self.highest = number

    @property
    def whole(self) -> bool:
        """Whether no number between the lowest and the highest is missing (or as many were repeated)."""
        return not self.jumps or self.count == self.highest - self.lowest + 1


class Order:
    """Gives each record its ``sequence``: by its number, or by its place in the file."""

    def __init__(self, sample: Iterable[Record]) -> None:
        numbers: list[int | None] = []
        times: list[int] = []
        series, computers = set(), set()
        for record in sample:
            of, number = record.number()
            numbers.append(number)
            series.add(of)
            computers.add(_short(record.system.get("computer")))
            time = record.system.get("time")
            times += [] if time is None else [time.ticks]
        self.sampled = len(numbers)
        in_order = len(computers) == 1 or _steps(numbers) in ({1}, {-1})
        self.by_number = len(series) == 1 and None not in numbers and in_order
        self.newest_first = _newest_first(times)
        self.known = self.by_number or not _turns_often(times)
        self._series: dict[Series, int] = {}

    def sequence(self, series: Series, number: int | None, place: int) -> int:
        """The sequence of a record that is the ``place``-th of the file, counted from 0."""
        if not self.by_number or number is None:
            return _NEWEST_FIRST - place if self.newest_first else place
        rank = self._series.get(series)
        if rank is None:
            if len(self._series) == _MOST_NAMES:
                self._series.clear()  # no export has so many logs; memory must stay bounded
            rank = self._series[series] = len(self._series)
        return rank * _SERIES_STRIDE + number


def _steps(values: Iterable[int | None]) -> set[int]:
    """The signs of the steps from one value to the next."""
    known = [value for value in values if value is not None]
    return {(later > earlier) - (later < earlier) for earlier, later in pairwise(known)}


def _newest_first(times: Iterable[int]) -> bool:
    """Whether times fall more often than they rise."""
    return sum((later > earlier) - (later < earlier) for earlier, later in pairwise(times)) < 0


def _turns_often(times: Iterable[int]) -> bool:
    """Whether the records stand in an order that has nothing to do with time: sorted by source, say."""
    moves = [later > earlier for earlier, later in pairwise(times) if later != earlier]
    return 4 * min(moves.count(True), moves.count(False)) > len(moves)


class Selection:
    """Which records a query can use, answered from their System fields."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._ids = query.event_ids()
        self._filters = query.filters
        self._accepted: dict[tuple[str | None, str, str | None, int], bool] = {}

    def takes(self, system: System) -> bool:
        """Whether the query wants this record."""
        event_id = system["event_id"]
        if self._ids is not None and event_id not in self._ids:
            return False
        key = system.get("channel"), system["provider"], system.get("event_source_name"), event_id
        accepted = self._accepted.get(key)
        if accepted is None:
            if len(self._accepted) > _MOST_NAMES:
                self._accepted.clear()
            accepted = self._query.accepts(*key)
            if all(len(name or "") <= _LONGEST_NAME for name in key[:3]):
                self._accepted[key] = accepted
        if not accepted or not self._filters:
            return accepted
        return self._query.admits(system.get("level"), system.get("time"), system.get("record_id"))


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
            self._order = Order(islice(reader(source, preview), _SAMPLE))
        except OSError as error:
            raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
        self._books.in_order = self._order.known
        if not self._order.sampled and preview.warnings:
            first = preview.warnings[0]
            raise EvidenceError(f"{source.name}: no event in it can be read; {first.message}")

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """What could not be read; complete when the iteration has ended."""
        return self._books.warnings

    @property
    def summary(self) -> LogSummary:
        """What was read, selected or not; complete when the iteration has ended."""
        return self._books.summary(self._format)

    def __iter__(self) -> Iterator[Event]:
        books, order, takes = self._books, self._order, self._selection.takes
        name = self._source.name
        for place, record in enumerate(self._reader(self._source, books)):
            series, number = record.number()
            sequence = order.sequence(series, number, place)
            books.count(record, series, number, sequence)
            if not takes(record.system):
                continue
            content = record.content()
            if content.flaw:
                message = f"of this record only a part could be read: {content.flaw}"
                books.warn("bad_record", message, offset=record.offset, line=record.line)
            yield Event(
                location=Location(source=name, offset=record.offset, record=number, line=record.line),
                sequence=sequence,
                data=content.data,
                message=content.message,
                unreadable=content.unreadable,
                **record.system,
            )
        books.close()


def unsaid(system: System) -> frozenset[str]:
    """The fields of System that a record does not say, by the names that rules use."""
    lost = frozenset(name for attribute, name in FIELDS.items() if system.get(attribute) is None)
    return lost | USER_FIELDS if lost & USER_FIELDS else lost


def _short(name: str | None) -> str | None:
    return name if name is None or len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME]


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
