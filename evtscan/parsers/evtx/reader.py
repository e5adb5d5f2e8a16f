"""One pass over an EVTX file: the selected events in record order, warnings, and the summary of the log."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from evtscan.errors import EvidenceError
from evtscan.model import Event, ExtractionWarning, Location, LogSummary, Query, Source
from evtscan.parsers.evtx.document import decode_record
from evtscan.parsers.evtx.file import CHUNK_SIZE, Layout, Segment, read_layout, read_segments
from evtscan.parsers.evtx.record import DecodedRecord, RecordError, to_event
from evtscan.parsers.evtx.records import HEADER_SIZE, Records, find_records
from evtscan.wintypes import Instant

Decoder = Literal["columns", "reference"]

_CLEARED_IDS = frozenset({104, 1102})
_CLEARED_BY = "microsoft-windows-eventlog"
_FORWARDED = "forwardedevents"


def open_layout(source: Source) -> Layout:
    """Find the chunks of a file.

    Raises:
        EvidenceError: if the file cannot be read, or holds nothing of an EVTX log.
    """
    try:
        with source.path.open("rb", buffering=0) as stream:
            layout = read_layout(stream, source.name)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if not layout.chunks and not layout.header.intact:
        raise EvidenceError(f"{source.name}: neither the header nor any chunk of an EVTX log can be read")
    return layout


@dataclass(slots=True)
class Tally:
    """What is counted while a log is read, selected or not."""

    layout: Layout
    records: int = 0
    lost: int = 0
    holes: int = 0
    first: tuple[int, int] | None = None  # number, ticks
    last: tuple[int, int] | None = None
    oldest: DecodedRecord | None = None
    newest: DecodedRecord | None = None
    computers: dict[str, None] = field(default_factory=dict)

    def count(self, records: Records) -> None:
        """Take in the records of one segment, which follow those counted before."""
        live = ~records.recovered
        number = records.number[live]
        if not len(number):
            return
        ticks = records.ticks[live]
        if self.first is None:
            self.first = int(number[0]), int(ticks[0])
        elif self.last is not None and int(number[0]) > self.last[0] + 1:
            self.holes += 1
        self.holes += int(np.count_nonzero((number[1:] > number[:-1]) & (number[1:] - number[:-1] > 1)))
        self.last = int(number[-1]), int(ticks[-1])
        self.records += len(number)

    def summary(self) -> LogSummary:
        """All of it, as the log's summary."""
        oldest, newest = self.oldest, self.newest
        header = self.layout.header
        first_number = None if self.first is None else self.first[0]
        return LogSummary(
            format="evtx",
            channel=None if oldest is None else oldest.channel,
            computers=tuple(self.computers),
            records=self.records,
            lost=self.lost,
            first_sequence=first_number,
            last_sequence=None if self.last is None else self.last[0],
            first_time=None if self.first is None else Instant(self.first[1]),
            last_time=None if self.last is None else Instant(self.last[1]),
            holes=self.holes,
            dirty=header.dirty,
            wrapped=first_number is not None and first_number > 1,
            cleared=self._cleared(),
            filtered=oldest is not None and newest is not None and self._filtered(oldest, newest),
        )

    def _cleared(self) -> bool:
        """A log that is cleared begins with the event that says so; or it is empty, and its counter is not."""
        if self.oldest is not None:
            return self.oldest.event_id in _CLEARED_IDS and self.oldest.provider.casefold() == _CLEARED_BY
        return self.first is None and self.layout.header.intact and self.layout.header.next_record > 1

    def _filtered(self, oldest: DecodedRecord, newest: DecodedRecord) -> bool:
        """An export numbers its records afresh, without gaps, and keeps the EventRecordIDs, whose gaps show."""
        if self.first is None or self.last is None or self.holes or oldest.record_id is None or newest.record_id is None:
            return False
        if (oldest.channel or "").casefold() == _FORWARDED or oldest.computer != newest.computer:
            return False
        return newest.record_id - oldest.record_id > self.last[0] - self.first[0]


class EvtxLog:
    """One pass over one file (see ``LogReader``).

    ``warnings`` and ``summary`` are complete when the iteration has ended.
    """

    def __init__(
        self,
        source: Source,
        query: Query,
        *,
        recover: bool = False,
        decoder: Decoder = "columns",
        chunk_range: tuple[int, int] | None = None,
    ) -> None:
        self._source, self._query = source, query
        self._recover, self._decoder = recover, decoder
        self._layout = open_layout(source)
        first, last = chunk_range or (0, len(self._layout.chunks))
        self._places = self._layout.chunks[first:last]
        self.warnings: list[ExtractionWarning] = list(self._layout.warnings) if first == 0 else []
        self._tally = Tally(self._layout)
        self._tally.lost = sum(warning.records_lost for warning in self.warnings)

    @property
    def summary(self) -> LogSummary:
        """What was read, selected or not."""
        return self._tally.summary()

    def __iter__(self) -> Iterator[Event]:
        with self._source.path.open("rb", buffering=0) as stream:
            for segment in read_segments(stream, self._places):
                records = self._records(segment)
                yield from self._select(segment, records)

    def _records(self, segment: Segment) -> Records:
        records, warnings = find_records(
            segment, self._source.name, checksums=self._layout.header.checksums, recover=self._recover
        )
        self._warn(warnings)
        self._tally.count(records)
        return records

    def _warn(self, warnings: list[ExtractionWarning]) -> None:
        self.warnings += warnings
        self._tally.lost += sum(warning.records_lost for warning in warnings)

    def _select(self, segment: Segment, records: Records) -> Iterator[Event]:
        for row in range(len(records)):
            event = self._event(segment, records, row)
            if event is None:
                continue
            wanted = self._query.accepts(event.channel, event.provider, event.event_source_name, event.event_id)
            if wanted and self._query.admits(event.level, event.time, event.record_id):
                if event.computer:
                    self._tally.computers.setdefault(event.computer)
                yield event

    def _event(self, segment: Segment, records: Records, row: int) -> Event | None:
        start, end = int(records.start[row]), int(records.end[row])
        slot, within = divmod(start, CHUNK_SIZE)
        number, recovered = int(records.number[row]), bool(records.recovered[row])
        location = Location(source=self._source.name, offset=segment.file_offset(start), record=number)
        try:
            decoded = decode_record(bytes(segment.chunk(slot)), within + HEADER_SIZE, within + end - start)
        except RecordError as error:
            self._warn([_unreadable(location, error, recovered)])
            self._tally.records -= not recovered
            return None
        self._warn([ExtractionWarning(location=location, kind="odd_value", message=note) for note in decoded.notes])
        if not recovered:
            self._tally.oldest = self._tally.oldest or decoded
            self._tally.newest = decoded
        return to_event(
            decoded,
            source_name=self._source.name,
            offset=segment.file_offset(start),
            header_id=number,
            header_ticks=int(records.ticks[row]),
            recovered=recovered,
        )


def _unreadable(location: Location, error: RecordError, recovered: bool) -> ExtractionWarning:
    if recovered:
        return ExtractionWarning(location=location, kind="bad_slack", message=f"not recovered: {error}")
    return ExtractionWarning(location=location, kind="bad_record", message=f"not decoded: {error}", records_lost=1)
