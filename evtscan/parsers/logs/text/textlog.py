"""Common code of all text exports of logs: two passes over the file, and times whose format the first pass determines.

The first pass determines how the file prints its times and in which order its records are; the second pass yields the
events. A format is a ``Dialect``: it only splits the lines of a file into entries.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader, LogSummary
from evtscan.base.model.problems import ProblemCounts
from evtscan.base.model.query import Query, ReadOptions
from evtscan.base.model.source import Location, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers.logs.exports import RecordFilter, count_problem
from evtscan.parsers.logs.exporttally import ExportTally
from evtscan.parsers.logs.sourcezone import SourceZone, source_zone
from evtscan.parsers.logs.text.textrecords import Entry, Flaw, NextOutput, Part
from evtscan.parsers.shared.localtime import MOST_SECTIONS, DateOrder, TimeSurvey, read_time, ticks_of
from evtscan.parsers.shared.textlines import TextLines


class Dialect(Protocol):
    """One text format, for one file.

    ``entries`` is called twice; the second call may use results of the first. ``newest_first`` is the default record
    order of the program. ``one_offset`` means that the program prints all times with the UTC offset of the day of the
    export.
    """

    format: str
    newest_first: bool
    one_offset: bool

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split the lines of a file into parts."""
        ...

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield warnings about the whole file, after it was read: kind and text."""
        ...


def open_log(source: Source, dialect: Dialect, query: Query, options: ReadOptions) -> LogReader:
    """Open a text export for one pass.

    Raises:
        EvidenceError: if the file cannot be read, or has content but no readable record.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    zone = source_zone(options.zone)
    lines = TextLines(source)
    try:
        survey = _survey(dialect, lines)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if not survey.records and survey.flaw is not None:
        message = f"no event in it can be read; line {survey.flaw.line}: {survey.flaw.message}"
        raise EvidenceError(f"{source.name}: {message}")
    return TextLog(source, dialect, query, lines, survey, zone)


@dataclass(slots=True)
class _Survey:
    """The results of the first pass: records per section, times, and whether record numbers rise or fall."""

    times: TimeSurvey = field(default_factory=TimeSurvey)
    sections: list[int] = field(default_factory=lambda: [0])
    unread_times: int = 0
    unread_example: str = ""
    flaw: Flaw | None = None
    rising: bool = True
    falling: bool = True
    last_number: int | None = None

    @property
    def records(self) -> int:
        return sum(self.sections)

    @property
    def numbered(self) -> bool:
        """Whether record numbers determine the order of records."""
        return self.last_number is not None and (self.rising or self.falling)

    def begin_section(self) -> None:
        if self.sections[-1] and len(self.sections) < MOST_SECTIONS:
            self.sections.append(0)
            self.times.begin_section()

    def add(self, entry: Entry) -> None:
        _, number = entry.number()
        if self.records and (number is None or self.last_number is None):
            self.rising = self.falling = False
        elif number is not None and self.last_number is not None:
            self.rising = self.rising and number > self.last_number
            self.falling = self.falling and number < self.last_number
        self.last_number = number
        self.sections[-1] += 1
        time = read_time(entry.time) if entry.time else None
        if time is None:
            self.unread_times += 1
            self.unread_example = self.unread_example or entry.time
        else:
            self.times.add(time)


def _survey(dialect: Dialect, lines: TextLines) -> _Survey:
    survey = _Survey()
    for part in dialect.entries(lines):
        if isinstance(part, Entry):
            survey.add(part)
        elif isinstance(part, NextOutput):
            survey.begin_section()
        elif survey.flaw is None:
            survey.flaw = part
    return survey


class TextLog:
    """One pass over one text export (see ``LogReader``).

    ``Event.sequence`` is the record number if the format prints it and the file is in that order, else the position of
    the record in the file, counted so that it rises with time.
    """

    def __init__(
        self,
        source: Source,
        dialect: Dialect,
        query: Query,
        lines: TextLines,
        survey: _Survey,
        zone: SourceZone | None,
    ) -> None:
        self._source, self._dialect, self._lines, self._survey = source, dialect, lines, survey
        self._tally = ExportTally(source)
        self.warnings = self._tally.warnings
        self._problems: ProblemCounts | None = None
        self._wanted = RecordFilter(query)
        self._by_level = query.levels is not None
        self._places = _Places(survey, dialect.newest_first)
        self._clock = _Clock(survey, zone, dialect.one_offset)
        self._tally.in_order = len(survey.sections) == 1 and (survey.numbered or not survey.times.disordered)

    def count_problems(self) -> ProblemCounts:
        """Count errors and warnings during the next pass."""
        self._problems = ProblemCounts()
        return self._problems

    @property
    def summary(self) -> LogSummary:
        """The numbers of records that were read, selected or not; complete after the iteration."""
        self._tally.on_a_wall = self._clock.on_a_wall
        return self._tally.summary(self._dialect.format)

    def __iter__(self) -> Iterator[Event]:
        tally, places, clock = self._tally, self._places, self._clock
        if doubt := self._lines.doubt:
            tally.warn("encoding", doubt)
        for part in self._dialect.entries(self._lines):
            if isinstance(part, NextOutput):
                places.begin_section()
            elif isinstance(part, Flaw):
                tally.warn(part.kind, part.message, line=part.line, lost=part.lost)
            else:
                part.system["time"] = clock.instant(part.time, utc=part.utc)
                series, number = part.number()
                sequence = places.next(number)
                tally.count(part, series, number, sequence)
                if self._by_level or self._problems is not None:
                    part.content()
                if self._problems is not None:
                    count_problem(self._problems, self._source.name, part, number)
                if self._wanted.takes(part.system):
                    yield self._event(part, number, sequence)
        for kind, message in (*clock.notes(), *places.notes(), *self._dialect.notes()):
            tally.warn(kind, message)
        tally.close()

    def _event(self, entry: Entry, number: int | None, sequence: int) -> Event:
        content = entry.content()
        if content.flaw:
            self._tally.warn("bad_record", f"of this record only a part could be read: {content.flaw}", line=entry.line)
        if entry.time_written:
            entry.system["time_written"] = self._clock.instant(entry.time_written, utc=entry.utc)
        return Event(
            location=Location(source=self._source.name, record=number, line=entry.line),
            sequence=sequence,
            data=content.data,
            message=content.message,
            unreadable=content.unreadable,
            **entry.system,
        )


class _Places:
    """Assigns each record its position in record order."""

    def __init__(self, survey: _Survey, newest_first: bool) -> None:
        self._survey = survey
        self._reversed = survey.times.newest_first(newest_first)
        self._section = self._in_section = self._before = 0

    def begin_section(self) -> None:
        if self._in_section and self._section + 1 < len(self._survey.sections):
            self._before += self._survey.sections[self._section]
            self._section += 1
            self._in_section = 0

    def next(self, number: int | None) -> int:
        """Return the sequence of the next record of the file; ``number`` is its printed record number."""
        self._in_section += 1
        if self._survey.numbered and number is not None:
            return number
        if self._reversed[self._section]:
            return self._before + self._survey.sections[self._section] - self._in_section
        return self._before + self._in_section - 1

    def notes(self) -> Iterator[tuple[str, str]]:
        if not self._survey.numbered and self._survey.times.disordered:
            yield (
                "record_order",
                "the records stand in no order of time (sorted by another column?): what came before what is not "
                "known; export the list again, sorted by date and time",
            )


class _Clock:
    """Printed times → points in time, using the results of the first pass and the user's zone.

    ``on_a_wall``: some times were local times, for which one hour occurs twice in autumn.
    """

    def __init__(self, survey: _Survey, zone: SourceZone | None, one_offset: bool) -> None:
        times = survey.times
        self._survey = survey
        self._possible = times.orders
        self._assumed = times.assumed
        self._orders: tuple[DateOrder, ...] = self._possible if self._assumed is None else (self._assumed,)
        span = times.span
        self._refused = zone is not None and one_offset and span is not None and not zone.is_steady(*span)
        self._zone = None if self._refused else zone
        self._undecided = self._misfits = self._double = self._local = 0
        self.on_a_wall = False

    def instant(self, text: str, *, utc: bool) -> Instant | None:
        """Convert a printed time to a point in time: local if no zone is known, None if it cannot be parsed."""
        time = read_time(text) if text else None
        if time is None:
            return None
        ticks = ticks_of(time, self._orders)
        if ticks is None:
            self._undecided += len(self._orders) > 1
            self._misfits += len(self._orders) == 1
            return None
        if utc:
            return Instant(ticks, time.digits)
        if time.offset is not None:
            return Instant(max(ticks - time.offset * TICKS_PER_SECOND, 0), time.digits)
        self.on_a_wall = True
        offset = self._offset(ticks)
        if offset is None:
            self._local += 1
            return Instant(ticks, time.digits, local=True)
        return Instant(max(ticks - offset * TICKS_PER_SECOND, 0), time.digits)

    def _offset(self, ticks: int) -> int | None:
        """Return the offset in seconds east of UTC at a local time; None without the user's zone."""
        if self._zone is None:
            return None
        offset = self._zone.offset_at(ticks)
        if offset is None:
            return None
        self._double += self._zone.is_double(ticks)
        return int(offset.total_seconds())

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield warnings about the times of the file, after all were converted."""
        survey = self._survey
        if self._assumed is not None:
            yield (
                "date_order",
                "nothing in the file shows whether the day or the month comes first in its dates; they were read month "
                "first, as in the United States, because of AM and PM. If that is wrong, export the log again in "
                "another format, or export more of it",
            )
        if self._undecided:
            yield (
                "date_order",
                f"{self._undecided} times were not read: nothing in the file shows how their dates are to be read "
                "(day, month or year first). A longer export, one in ISO format, or the .evt itself would tell",
            )
        if survey.unread_times:
            example = f" (first: {survey.unread_example[:40]!r})" if survey.unread_example else ""
            yield "bad_time", f"{survey.unread_times} records have no time that can be read{example}"
        if self._misfits:
            yield "bad_time", f"{self._misfits} times are no dates in the manner in which the others are printed"
        if self._refused and self._local:
            yield (
                "local_time",
                "the times stay local: this program prints all of them with the offset of the day of the export "
                "(KB 158588), and the zone has summer time. Give --source-timezone an offset, or the zone with that "
                "day (Europe/Berlin@2001-07-15)",
            )
        elif self._local:
            yield (
                "local_time",
                "the times are local times of a zone that the file does not name: give it with --source-timezone",
            )
        if self._double:
            yield (
                "local_time",
                f"{self._double} times lie in an hour that the clocks showed twice or skipped: they may be off by the "
                "step of the clocks",
            )
