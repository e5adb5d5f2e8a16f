"""Common code of all structured exports of logs: the order of their records, and one pass over them.

An export has no record headers. Its records are ordered by EventRecordID, which increases by one within a log. If it is
missing, or if several logs or hosts alternate in one file, they are ordered by their position in the file, in reverse
if the newest comes first (as in the output of Event Viewer and ``wevtutil /rd:true``).
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogSummary
from evtscan.base.model.problems import PROBLEM_LEVELS, ProblemCounts, ProblemKind
from evtscan.base.model.query import Query
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.parsers.logs.exportrecords import LONGEST_NAME, Record, Series, System, shortened
from evtscan.parsers.logs.exporttally import MOST_NAMES, ExportTally

_SAMPLE = 256
"""Records at the beginning of a file that show the order of its records."""
_SERIES_STRIDE = 1 << 64
"""Greater than every record number, so that the sequences of different series do not overlap."""
_NEWEST_FIRST = 1 << 48
"""Greater than every record position; sequences count down from it if the newest record comes first."""


class _Order:
    """Assigns each record its ``sequence``: by its number, or by its position in the file."""

    def __init__(self, sample: Iterable[Record]) -> None:
        numbers: list[int | None] = []
        times: list[int] = []
        series, computers = set(), set()
        for record in sample:
            of, number = record.number()
            numbers.append(number)
            series.add(of)
            computers.add(shortened(record.system.get("computer")))
            time = record.system.get("time")
            times += [] if time is None else [time.ticks]
        self.sampled = len(numbers)
        in_order = len(computers) == 1 or _steps(numbers) in ({1}, {-1})
        self.by_number = len(series) == 1 and None not in numbers and in_order
        self.newest_first = _newest_first(times)
        self.known = self.by_number or not _turns_often(times)
        self._series: dict[Series, int] = {}

    def sequence(self, series: Series, number: int | None, index: int) -> int:
        """Return the sequence of the record with this index in the file, counted from 0."""
        if not self.by_number or number is None:
            return _NEWEST_FIRST - index if self.newest_first else index
        rank = self._series.get(series)
        if rank is None:
            if len(self._series) == MOST_NAMES:
                self._series.clear()  # no export has so many logs; memory must stay bounded
            rank = self._series[series] = len(self._series)
        return rank * _SERIES_STRIDE + number


def _steps(values: Iterable[int | None]) -> set[int]:
    """Return the signs of the differences between successive values."""
    known = [value for value in values if value is not None]
    return {(later > earlier) - (later < earlier) for earlier, later in pairwise(known)}


def _newest_first(times: Iterable[int]) -> bool:
    """Return whether times decrease more often than they increase."""
    return sum((later > earlier) - (later < earlier) for earlier, later in pairwise(times)) < 0


def _turns_often(times: Iterable[int]) -> bool:
    """Return whether the order of the records does not depend on time, for instance if they are sorted by source."""
    moves = [later > earlier for earlier, later in pairwise(times) if later != earlier]
    return 4 * min(moves.count(True), moves.count(False)) > len(moves)


class RecordFilter:
    """Selects the records that a query can use, by their System fields."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._ids = query.event_ids()
        self._filters = query.filters
        self._accepted: dict[tuple[str | None, str, str | None, int], bool] = {}

    def takes(self, system: System) -> bool:
        """Return whether the query selects this record."""
        event_id = system["event_id"]
        if self._ids is not None and event_id not in self._ids:
            return False
        key = system.get("channel"), system["provider"], system.get("event_source_name"), event_id
        accepted = self._accepted.get(key)
        if accepted is None:
            if len(self._accepted) > MOST_NAMES:
                self._accepted.clear()
            accepted = self._query.accepts(*key)
            if all(len(name or "") <= LONGEST_NAME for name in key[:3]):
                self._accepted[key] = accepted
        if not accepted or not self._filters:
            return accepted
        return self._query.admits(system.get("level"), system.get("time"), system.get("record_id"))


def count_problem(counts: ProblemCounts, source_name: str, record: Record, number: int | None) -> None:
    """Count a record if it is an error or a warning."""
    system = record.system
    level = system.get("level")
    if level not in PROBLEM_LEVELS:
        return
    names = (system.get("computer") or "", system.get("channel") or "", system["provider"])
    time, location = system.get("time"), Location(source_name, record.offset, number, line=record.line)
    kind = ProblemKind(*names, system["event_id"], level)
    counts.add(kind, time, time, location, system.get("record_id"), lambda: record.content().data)


Reader = Callable[[Source, ExportTally], Iterator[Record]]
"""Function of a format that yields the records of a file, and warns about data that it cannot read."""


class ExportLog:
    """One pass over one export (see ``LogReader``).

    Raises:
        EvidenceError: if the file cannot be read, or has content but no readable event.
    """

    def __init__(self, source: Source, query: Query, format_name: str, reader: Reader) -> None:
        self._source, self._format, self._reader = source, format_name, reader
        self._wanted = RecordFilter(query)
        self._tally = ExportTally(source)
        self._problems: ProblemCounts | None = None
        preview = ExportTally(source)
        try:
            self._order = _Order(islice(reader(source, preview), _SAMPLE))
        except OSError as error:
            raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
        self._tally.in_order = self._order.known
        if not self._order.sampled and preview.warnings:
            first = preview.warnings[0]
            raise EvidenceError(f"{source.name}: no event in it can be read; {first.message}")

    def count_problems(self) -> ProblemCounts:
        """Count errors and warnings during the next pass."""
        self._problems = ProblemCounts()
        return self._problems

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """Warnings about data that could not be read; complete after the iteration."""
        return self._tally.warnings

    @property
    def summary(self) -> LogSummary:
        """The numbers of records that were read, selected or not; complete after the iteration."""
        return self._tally.summary(self._format)

    def __iter__(self) -> Iterator[Event]:
        tally, order, takes = self._tally, self._order, self._wanted.takes
        name = self._source.name
        for index, record in enumerate(self._reader(self._source, tally)):
            series, number = record.number()
            sequence = order.sequence(series, number, index)
            tally.count(record, series, number, sequence)
            if self._problems is not None:
                count_problem(self._problems, name, record, number)
            if not takes(record.system):
                continue
            content = record.content()
            if content.flaw:
                message = f"of this record only a part could be read: {content.flaw}"
                tally.warn("bad_record", message, offset=record.offset, line=record.line)
            yield Event(
                location=Location(source=name, offset=record.offset, record=number, line=record.line),
                sequence=sequence,
                data=content.data,
                message=content.message,
                unreadable=content.unreadable,
                **record.system,
            )
        tally.close()
