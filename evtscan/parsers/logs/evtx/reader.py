"""One pass over an EVTX file: the selected events in record order, warnings, and the summary of the log."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import (
    BatchReader,
    FilteringReader,
    HealthReader,
    LogSummary,
    ProblemReader,
    TextColumns,
)
from evtscan.base.model.problems import ProblemCounts
from evtscan.base.model.query import Query
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers.logs.clocksteps import ClockSteps
from evtscan.parsers.logs.evtx.columns import Decoder
from evtscan.parsers.logs.evtx.converted import was_converted
from evtscan.parsers.logs.evtx.file import Layout, Segment, read_layout, read_segments
from evtscan.parsers.logs.evtx.problems import SegmentProblems
from evtscan.parsers.logs.evtx.record import DecodedRecord, RecordError
from evtscan.parsers.logs.evtx.records import Records, find_records
from evtscan.parsers.logs.evtx.selection import DecoderName, Kept, RecordBatch, Selection, Singly, select
from evtscan.parsers.logs.evtx.wanted import WantedIds

if TYPE_CHECKING:
    from evtscan.parsers.logs.evtx.health import Health

_CLEARED_IDS = frozenset({104, 1102})
_CLEARED_BY = "microsoft-windows-eventlog"
_FORWARDED = "forwardedevents"
_MOST_COMPUTERS = 1000
MOST_WARNINGS = 10_000
"""Warnings of one reading: a crafted log has a cause for one in every 28 bytes."""


def open_layout(source: Source) -> Layout:
    """Find the chunks of a file.

    Raises:
        EvidenceError: if the file cannot be read, or contains no part of an EVTX log.
    """
    try:
        with source.path.open("rb", buffering=0) as stream:
            layout = read_layout(stream, source.name)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if not layout.chunks and not layout.header.intact:
        raise EvidenceError(f"{source.name}: neither the header nor any chunk of an EVTX log can be read")
    return layout


class _Learned(threading.local):
    """Cached templates and values of a thread, shared by all files, since the logs of most hosts use equal ones."""

    def __init__(self) -> None:
        self.decoder = Decoder()


_learned = _Learned()


@dataclass(frozen=True, slots=True)
class _Opened:
    """The state that the readers of one file's chunk ranges share: the list of chunks, and cached templates."""

    layout: Layout
    decoder: Decoder = field(default_factory=lambda: _learned.decoder)


def _opened(source: Source) -> _Opened:
    try:
        state = source.path.stat()
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    return _opened_as(source, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)
def _opened_as(source: Source, size: int, modified: int) -> _Opened:
    return _Opened(open_layout(source))


def chunk_count(source: Source) -> int:
    """Return the number of chunks, which is the upper limit of ``chunk_range``.

    Raises:
        EvidenceError: if no part of the file can be read.
    """
    return len(_opened(source).layout.chunks)


def chunk_at(source: Source, offset: int) -> int | None:
    """Return the index of the chunk that contains the byte at a file offset, or None.

    Raises:
        EvidenceError: if no part of the file can be read.
    """
    chunks = _opened(source).layout.chunks
    return next((number for number, chunk in enumerate(chunks) if 0 <= offset - chunk.offset < chunk.size), None)


@dataclass(slots=True)
class Tally:
    """Statistics of a log while it is read, about all records, selected or not.

    ``first`` and ``last`` are the numbers of the oldest and the newest record. ``first_ticks`` and ``last_ticks`` come
    from the oldest and the newest record header with a time: if a record was being written, the time in its header is
    zero.
    """

    layout: Layout
    records: int = 0
    lost: int = 0
    holes: int = 0
    first: int | None = None
    last: int | None = None
    first_ticks: int | None = None
    last_ticks: int | None = None
    oldest: DecodedRecord | None = None
    newest: DecodedRecord | None = None
    computers: dict[str, None] = field(default_factory=dict)
    whole_seconds: bool = True
    clock: ClockSteps = field(default_factory=ClockSteps)

    def count(self, records: Records) -> None:
        """Add the records of the next segment."""
        number, ticks = records.number, records.ticks
        if records.recovered.any():
            number, ticks = number[~records.recovered], ticks[~records.recovered]
        if not len(number):
            return
        if self.first is None:
            self.first = int(number[0])
        elif self.last is not None and int(number[0]) > self.last + 1:
            self.holes += 1
        self.holes += int(np.count_nonzero(np.diff(number.view(np.int64)) > 1))
        self.last = int(number[-1])
        self.records += len(number)
        if not ticks.all():
            number, ticks = number[ticks > 0], ticks[ticks > 0]
            if not len(ticks):
                return
        self.first_ticks = int(ticks[0]) if self.first_ticks is None else self.first_ticks
        self.last_ticks = int(ticks[-1])
        self.whole_seconds = self.whole_seconds and not (ticks % TICKS_PER_SECOND).any()
        self.clock.add(ticks.view(np.int64), lambda index: int(number[index]))

    def name(self, computers: Iterable[str | None]) -> None:
        """Add computer names in record order; if a log has very many names, only the first are kept."""
        if len(self.computers) < _MOST_COMPUTERS:
            self.computers.update(dict.fromkeys(filter(None, computers)))

    def summary(self) -> LogSummary:
        """Return the statistics as the summary of the log."""
        oldest, newest = self.oldest, self.newest
        header = self.layout.header
        ends = [None if record is None else record.computer for record in (oldest, newest)]
        return LogSummary(
            format="evtx",
            channel=None if oldest is None else oldest.channel,
            computers=tuple(filter(None, dict.fromkeys((ends[0], *self.computers, ends[1])))),
            newest_computer=ends[1],
            records=self.records,
            lost=self.lost,
            first_sequence=self.first,
            last_sequence=self.last,
            first_time=_time(self.first_ticks, oldest),
            last_time=_time(self.last_ticks, newest),
            holes=self.holes,
            dirty=header.dirty,
            wrapped=self.first is not None and self.first > 1,
            cleared=self._cleared(),
            filtered=oldest is not None and newest is not None and self._filtered(oldest, newest),
            clock_steps=self.clock.found,
            converted=self._converted(),
        )

    def _converted(self) -> bool:
        if self.oldest is None or self.newest is None or self.first_ticks is None or self.last_ticks is None:
            return False
        return was_converted(((self.oldest, self.first_ticks), (self.newest, self.last_ticks)), self.whole_seconds)

    def _cleared(self) -> bool:
        """Whether the log was cleared: its first event states this, or it is empty but had records by its counter."""
        if self.oldest is not None:
            return self.oldest.event_id in _CLEARED_IDS and self.oldest.provider.casefold() == _CLEARED_BY
        return self.first is None and self.layout.header.intact and self.layout.header.next_record > 1

    def _filtered(self, oldest: DecodedRecord, newest: DecodedRecord) -> bool:
        """Whether the log is a filtered export: record numbers without gaps, but EventRecordIDs with gaps.

        Windows assigns new record numbers to an export, and keeps the EventRecordIDs.
        """
        if (
            self.first is None
            or self.last is None
            or self.holes
            or oldest.record_id is None
            or newest.record_id is None
        ):
            return False
        if (oldest.channel or "").casefold() == _FORWARDED:
            return False
        return newest.record_id - oldest.record_id > self.last - self.first


def _time(ticks: int | None, record: DecodedRecord | None) -> Instant | None:
    """Return the time from a record header; if no header has one, the time of the event."""
    if ticks is None and record is not None:
        ticks = record.ticks
    return None if ticks is None else Instant(ticks)


class EvtxLog(BatchReader, FilteringReader, HealthReader, ProblemReader):
    """One pass over one file (see ``LogReader``).

    ``warnings`` and ``summary`` are complete when the iteration has ended.
    """

    def __init__(
        self,
        source: Source,
        query: Query,
        *,
        recover: bool = False,
        decoder: DecoderName = "columns",
        chunk_range: tuple[int, int] | None = None,
    ) -> None:
        self._source, self._query = source, query
        self._recover, self._decoder = recover, decoder
        # a file that is read by ranges is read by many of them, one after the other
        opened = _Opened(open_layout(source)) if chunk_range is None else _opened(source)
        self._layout, self._learned = opened.layout, opened.decoder
        first, last = chunk_range or (0, len(self._layout.chunks))
        self._places = self._layout.chunks[first:last]
        self.warnings: list[ExtractionWarning] = list(self._layout.warnings) if first == 0 else []
        self._problems: SegmentProblems | None = None
        self._tally = Tally(self._layout)
        self._tally.lost = sum(warning.records_lost for warning in self.warnings)

    def count_problems(self) -> ProblemCounts:
        """Count errors and warnings in the next pass."""
        counts = ProblemCounts()
        self._problems = SegmentProblems(counts)
        return counts

    @property
    def summary(self) -> LogSummary:
        """The summary of all records, selected or not."""
        return self._tally.summary()

    def __iter__(self) -> Iterator[Event]:
        """Yield the selected events in record order."""
        for selection in self._selections():
            events = selection.events()
            self._warn(selection.late_warnings)
            self._tally.name(event.computer for event in events)
            yield from events

    def events_where(self, choose: Callable[[TextColumns], Sequence[int]]) -> Iterator[Event]:
        """Yield the selected events that ``choose`` keeps, in record order (see ``FilteringReader``)."""
        for selection in self._selections():
            self._tally.name(RecordBatch(selection).column("computer"))
            selection.keep_where(choose)
            events = selection.events()
            self._warn(selection.late_warnings)
            yield from events

    def batches(self) -> Iterator[RecordBatch]:
        """Yield the selected records as columns, segment by segment; each batch is valid until the next is
        requested.
        """
        for selection in self._selections():
            batch = RecordBatch(selection)
            self._tally.name(selection.computers())
            yield batch
            self._warn(selection.late_warnings)

    def health(self) -> "Health":
        """Verify every checksum of the file, which normal reading does not do.

        Raises:
            EvidenceError: if no part of the file can be read.
        """
        from evtscan.parsers.logs.evtx.health import examine

        return examine(self._source)

    def _selections(self) -> Iterator[Selection]:
        wanted, ends = WantedIds(self._query), _Ends()
        with self._source.path.open("rb", buffering=0) as stream:
            for segment in read_segments(stream, self._places):
                records = self._records(segment)
                singly = Singly(segment, records, self._source.name, self._decoder)
                ends.look(singly)
                columns = None if self._decoder == "reference" else self._learned.open(segment, records)
                if self._problems is not None:
                    self._problems.add(singly, columns)
                selection = select(singly, columns, self._query, wanted)
                self._tally.records -= selection.unreadable
                self._warn(selection.warnings)
                yield selection
        self._tally.oldest, self._tally.newest = ends.oldest, ends.newest()

    def _records(self, segment: Segment) -> Records:
        records, warnings = find_records(
            segment, self._source.name, checksums=self._layout.header.checksums, recover=self._recover
        )
        self._warn(warnings)
        self._tally.count(records)
        return records

    def _warn(self, warnings: list[ExtractionWarning]) -> None:
        room = MOST_WARNINGS - len(self.warnings)
        self.warnings += warnings[: max(room, 0)]
        self._tally.lost += sum(warning.records_lost for warning in warnings)
        if 0 <= room < len(warnings):
            message = f"after {MOST_WARNINGS:,} warnings lost records are only counted"
            location = Location(source=self._source.name, offset=warnings[room].location.offset)
            self.warnings.append(ExtractionWarning(location=location, kind="bad_record", message=message))


@dataclass(slots=True)
class _Ends:
    """The oldest and the newest decodable record of the log, whether selected or not.

    While a log is read, it is not known which segment is the last one with such a record, and decoding one record takes
    as long as testing some thousand. So the newest records of the last segments are kept as bytes, and decoded at the
    end.
    """

    oldest: DecodedRecord | None = None
    _last: deque[list[Kept]] = field(default_factory=lambda: deque(maxlen=_LAST_SEGMENTS))

    def look(self, singly: Singly) -> None:
        """Decode the first record of the log, and keep the last records of a segment."""
        live = np.flatnonzero(~singly.records.recovered)
        if self.oldest is None:
            self.oldest = _first_decoded(singly.kept(row) for row in live[:_TRIES].tolist())
        if len(live):
            self._last.append([singly.kept(row) for row in reversed(live[-_TRIES:].tolist())])

    def newest(self) -> DecodedRecord | None:
        """Decode the newest of the kept records."""
        return _first_decoded(kept for segment in reversed(self._last) for kept in segment)


_TRIES = 8  # records at either end of a segment, to find one that can be decoded
_LAST_SEGMENTS = 16


def _first_decoded(records: Iterable[Kept]) -> DecodedRecord | None:
    for record in records:
        try:
            return record.decode()
        except RecordError:
            continue
    return None
