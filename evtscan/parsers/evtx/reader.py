"""One pass over an EVTX file: the selected events in record order, warnings, and the summary of the log."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal

import numpy as np

from evtscan.errors import EvidenceError
from evtscan.model import Event, ExtractionWarning, Location, LogSummary, Query, Source
from evtscan.parsers.evtx.columns import Decoder, Group, SegmentColumns, WantedIds
from evtscan.parsers.evtx.document import READ_FIELD, decode_record
from evtscan.parsers.evtx.file import CHUNK_SIZE, Layout, Segment, read_layout, read_segments
from evtscan.parsers.evtx.record import DecodedRecord, RecordError, build_all, to_event
from evtscan.parsers.evtx.records import HEADER_SIZE, Records, find_records
from evtscan.wintypes import Instant

DecoderName = Literal["columns", "reference"]

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
        decoder: DecoderName = "columns",
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
        decoder, wanted = Decoder(), WantedIds(self._query)
        ends = _Ends()
        with self._source.path.open("rb", buffering=0) as stream:
            for segment in read_segments(stream, self._places):
                records = self._records(segment)
                one_by_one = _OneByOne(segment, records, self._source.name, self._decoder)
                ends.look(one_by_one, records)
                if self._decoder == "reference":
                    events = self._decoded(one_by_one, range(len(records)))
                else:
                    events = self._selected(decoder.open(segment, records), segment, records, wanted, one_by_one)
                for _, event in sorted(events, key=lambda pair: pair[0]):
                    if event.computer:
                        self._tally.computers.setdefault(event.computer)
                    yield event
        self._tally.oldest, self._tally.newest = ends.oldest, ends.newest

    def _records(self, segment: Segment) -> Records:
        records, warnings = find_records(
            segment, self._source.name, checksums=self._layout.header.checksums, recover=self._recover
        )
        self._warn(warnings)
        self._tally.count(records)
        return records

    def _warn(self, warnings: Iterable[ExtractionWarning]) -> None:
        warnings = list(warnings)
        self.warnings += warnings
        self._tally.lost += sum(warning.records_lost for warning in warnings)

    def _decoded(self, one_by_one: "_OneByOne", rows: Iterable[int]) -> Iterator[tuple[int, Event]]:
        """Decode some rows one at a time, and keep those that the query accepts."""
        for row in rows:
            event, warnings = one_by_one.event(row)
            if event is None:
                self._tally.records -= not one_by_one.records.recovered[row]
            elif not self._accepts(event):
                continue
            self._warn(warnings)
            if event is not None:
                yield row, event

    def _accepts(self, event: Event) -> bool:
        query = self._query
        return query.accepts(
            event.channel, event.provider, event.event_source_name, event.event_id
        ) and query.admits(event.level, event.time, event.record_id)

    def _selected(
        self, columns: SegmentColumns, segment: Segment, records: Records, wanted: WantedIds, one_by_one: "_OneByOne"
    ) -> Iterator[tuple[int, Event]]:
        """Decode what the query selects, by columns where that is possible."""
        groups, declined = columns.groups(columns.candidates(wanted))
        for group in groups:
            try:
                yield from self._events(columns, segment, records, group)
            except ValueError:  # a value that cannot be written as text, in one of these rows
                yield from self._decoded(one_by_one, group.rows.tolist())
        yield from self._decoded(one_by_one, [*np.flatnonzero(columns.declined).tolist(), *declined.tolist()])

    def _events(
        self, columns: SegmentColumns, segment: Segment, records: Records, group: Group
    ) -> list[tuple[int, Event]]:
        """The events of one group that the query accepts (ValueError if a value cannot be written as text)."""
        names = ("channel", "provider", "event_source_name", "event_id")
        query = self._query
        accepted = {key: query.accepts(*key) for key in set(zip(*(columns.system(group, name) for name in names), strict=True))}
        if not all(accepted.values()):
            keys = zip(*(columns.system(group, name) for name in names), strict=True)
            group = group.take(np.array([accepted[key] for key in keys], np.bool_))
        if query.filters:
            keys = zip(columns.system(group, "level"), columns.times(group), columns.system(group, "record_id"), strict=True)
            group = group.take(np.array([query.admits(*key) for key in keys], np.bool_))
        if not len(group.rows):
            return []
        return list(zip(group.rows.tolist(), self._build(columns, segment, records, group), strict=True))

    def _build(self, columns: SegmentColumns, segment: Segment, records: Records, group: Group) -> list[Event]:
        """The same as ``to_event`` for each row."""
        rows, count = group.rows, len(group.rows)
        start, number = records.start[rows], records.number[rows].tolist()
        place = {
            "source": repeat(self._source.name),
            "offset": (segment.offsets[start // CHUNK_SIZE] + start % CHUNK_SIZE).tolist(),
            "record": number,
        }
        system = {name: columns.system(group, name) for name in READ_FIELD}
        written = records.ticks[rows].tolist()
        ticks = [later if own is None else own for own, later in zip(system.pop("ticks"), written, strict=True)]
        fields: dict[str, Iterable[Any]] = {
            "location": build_all(Location, count, place),
            "sequence": number,
            "header_id": number,
            "time": build_all(Instant, count, {"ticks": ticks}),
            "recovered": records.recovered[rows].tolist(),
            "data": columns.data(group),
        }
        return build_all(Event, count, fields | system)


@dataclass(slots=True)
class _Ends:
    """The oldest and the newest record of the log that can be decoded, whatever is selected."""

    oldest: DecodedRecord | None = None
    newest: DecodedRecord | None = None

    def look(self, one_by_one: "_OneByOne", records: Records) -> None:
        """Decode the first record if it is the log's, and the last one of a segment."""
        live = np.flatnonzero(~records.recovered).tolist()
        if self.oldest is None:
            self.oldest = next(filter(None, map(one_by_one.peek, live[:_TRIES])), None)
        self.newest = next(filter(None, map(one_by_one.peek, reversed(live[-_TRIES:]))), self.newest)


_TRIES = 8  # records at either end of a segment, to find one that can be decoded


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """Records of a segment, decoded one at a time: those that the columnar decoder declines, or all of them."""

    segment: Segment
    records: Records
    source: str
    decoder: DecoderName

    def event(self, row: int) -> tuple[Event | None, list[ExtractionWarning]]:
        """The event of a row, or None, and what there is to say about it."""
        records = self.records
        start, number = int(records.start[row]), int(records.number[row])
        recovered = bool(records.recovered[row])
        location = Location(source=self.source, offset=self.segment.file_offset(start), record=number)
        try:
            decoded = self._decode(row)
        except RecordError as error:
            return None, [_unreadable(location, error, recovered)]
        event = to_event(
            decoded,
            source_name=self.source,
            offset=self.segment.file_offset(start),
            header_id=number,
            header_ticks=int(records.ticks[row]),
            recovered=recovered,
        )
        return event, [ExtractionWarning(location=location, kind="odd_value", message=note) for note in decoded.notes]

    def peek(self, row: int) -> DecodedRecord | None:
        """The record of a row, or None if it cannot be decoded."""
        try:
            return self._decode(row)
        except RecordError:
            return None

    def _decode(self, row: int) -> DecodedRecord:
        start, end = int(self.records.start[row]), int(self.records.end[row])
        slot, within = divmod(start, CHUNK_SIZE)
        chunk = bytes(self.segment.chunk(slot))
        if self.decoder == "reference":
            return reference(chunk, within)
        try:
            return decode_record(chunk, within + HEADER_SIZE, within + end - start)
        except RecordError as error:
            try:
                return reference(chunk, within)
            except RecordError:
                raise error from None


def reference(chunk: bytes, offset: int) -> DecodedRecord:
    """The record at an offset in a chunk by python-evtx, which is imported when it is first needed."""
    from evtscan.parsers.evtx.reference import decode

    return decode(chunk, offset)


def _unreadable(location: Location, error: RecordError, recovered: bool) -> ExtractionWarning:
    if recovered:
        return ExtractionWarning(location=location, kind="bad_slack", message=f"not recovered: {error}")
    return ExtractionWarning(location=location, kind="bad_record", message=f"not decoded: {error}", records_lost=1)
