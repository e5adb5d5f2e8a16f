"""The records of one segment that a query selects: as events, or as columns for output formats that write columns."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.event import Event
from evtscan.base.model.log import LineLayout, Same, TextColumns
from evtscan.base.model.query import Query
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.evtx.binxml import Definitions
from evtscan.parsers.logs.evtx.columns import Group, SegmentColumns
from evtscan.parsers.logs.evtx.decode import decode_record
from evtscan.parsers.logs.evtx.document import Hole
from evtscan.parsers.logs.evtx.eventfields import READ_FIELD
from evtscan.parsers.logs.evtx.file import CHUNK_SIZE, Segment
from evtscan.parsers.logs.evtx.record import DecodedRecord, EndlessRecordError, RecordError, build_events, to_event
from evtscan.parsers.logs.evtx.records import HEADER_SIZE, Records
from evtscan.parsers.logs.evtx.shapes import has_texts_only
from evtscan.parsers.logs.evtx.wanted import WantedIds

T = TypeVar("T")
DecoderName = Literal["columns", "reference"]

_MOST_CHUNKS = 8  # whose templates are kept parsed: records come chunk by chunk
_JUDGED = ("channel", "provider", "event_source_name", "event_id")


@dataclass(frozen=True, slots=True)
class Singly:
    """Decodes single records of a segment: the records that the columnar decoder declines, or all if it is not used."""

    segment: Segment
    records: Records
    source: str
    decoder: DecoderName
    _chunks: dict[int, tuple[bytes, Definitions]] = field(default_factory=dict)

    def event(self, row: int) -> tuple[Event | None, list[ExtractionWarning]]:
        """Return the event of a row and its warnings; the event is None if the record cannot be read."""
        records = self.records
        start, number = int(records.start[row]), int(records.number[row])
        recovered = bool(records.recovered[row])
        offset = self.segment.file_offset(start)
        location = Location(source=self.source, offset=offset, record=number)
        try:
            decoded = self.decode(row)
        except RecordError as error:
            return None, [_unreadable(location, error, recovered)]
        event = to_event(
            decoded,
            source_name=self.source,
            offset=offset,
            header_id=number,
            header_ticks=int(records.ticks[row]),
            recovered=recovered,
        )
        return event, [ExtractionWarning(location=location, kind="odd_value", message=note) for note in decoded.notes]

    def decode(self, row: int) -> DecodedRecord:
        """Decode the record of a row.

        Raises:
            RecordError: if the record cannot be read.
        """
        return self.kept(row).decode()

    def kept(self, row: int) -> "Kept":
        """Return the record of a row with a copy of its chunk, so that it can be decoded at any later time."""
        start, end = int(self.records.start[row]), int(self.records.end[row])
        slot, within = divmod(start, CHUNK_SIZE)
        if slot not in self._chunks:
            if len(self._chunks) >= _MOST_CHUNKS:
                self._chunks.clear()
            data = bytes(self.segment.chunk(slot))
            self._chunks[slot] = data, Definitions(data)
        chunk, definitions = self._chunks[slot]
        return Kept(chunk, within, end - start + 4, self.decoder, definitions)


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with a copy of its chunk, so that it can be decoded after its segment was replaced by the next one.

    ``offset`` is the record's offset in the chunk, ``size`` the size of the record.
    """

    chunk: bytes
    offset: int
    size: int
    decoder: DecoderName
    definitions: Definitions

    def decode(self) -> DecodedRecord:
        """Decode the record.

        Raises:
            RecordError: if the record cannot be read.
        """
        if self.decoder == "reference":
            return _by_reference(self.chunk, self.offset, self.size)
        try:
            end = self.offset + self.size - 4
            return decode_record(self.chunk, self.offset + HEADER_SIZE, end, self.definitions)
        except EndlessRecordError:
            raise
        except RecordError as error:
            try:
                return _by_reference(self.chunk, self.offset, self.size)
            except RecordError:
                raise error from None


def _by_reference(chunk: bytes, offset: int, size: int) -> DecodedRecord:
    try:  # python-evtx takes long to import and is seldom needed
        from evtscan.parsers.logs.evtx.reference import decode
    except ImportError as error:
        raise RecordError(
            f"python-evtx cannot be imported ({error}). If the package evtx is installed too, both use one folder on "
            "Windows and macOS: uninstall evtx and python-evtx, then install python-evtx"
        ) from error

    stated = chunk[offset + 4 : offset + 8]
    found = size.to_bytes(4, "little")
    return decode(chunk if stated == found else chunk[: offset + 4] + found + chunk[offset + 8 :], offset)


def _unreadable(location: Location, error: RecordError, recovered: bool) -> ExtractionWarning:
    if recovered:
        return ExtractionWarning(location=location, kind="bad_slack", message=f"not recovered: {error}")
    return ExtractionWarning(location=location, kind="bad_record", message=f"not decoded: {error}", records_lost=1)


@dataclass(slots=True)
class Selection:
    """The records of one segment that a query selects: groups of columns, and events that were decoded singly, by row.

    ``unreadable`` counts the records of the log that could not be decoded. ``late_warnings`` are warnings that occur
    when values are converted to text.
    """

    singly: Singly
    columns: SegmentColumns | None
    groups: list[Group] = field(default_factory=list)
    singles: dict[int, Event] = field(default_factory=dict)
    warnings: list[ExtractionWarning] = field(default_factory=list)
    late_warnings: list[ExtractionWarning] = field(default_factory=list)
    unreadable: int = 0

    def take_singly(self, rows: Iterable[int], query: Query) -> None:
        """Decode rows one at a time and keep the events that match the query."""
        for row in rows:
            event, warnings = self.singly.event(row)
            if event is None:
                self.unreadable += not self.singly.records.recovered[row]
                self.warnings += warnings
            elif _accepts(query, event):
                self.singles[row] = event
                self.warnings += warnings

    def take_group(self, group: Group, query: Query) -> None:
        """Keep the rows of a group that match the query (ValueError if a value cannot be written as text).

        The caller has already tested the event ids of all rows.
        """
        assert self.columns is not None
        if not query.names and not query.filters:
            self.groups.append(group)
            return
        judged = [self.columns.system(group, name) for name in _JUDGED]
        if all(column.count(column[0]) == len(column) for column in judged):  # as a rule: a key for each row takes long
            if not query.accepts(*(column[0] for column in judged)):
                return
        else:
            keys = list(zip(*judged, strict=True))
            accepted = {key: query.accepts(*key) for key in set(keys)}
            if not all(accepted.values()):
                group = group.take(np.array([accepted[key] for key in keys], np.bool_))
        if query.filters and len(group.rows):
            group = group.take(np.array([query.admits(*key) for key in self._filtered(group)], np.bool_))
        if len(group.rows):
            self.groups.append(group)

    def _filtered(self, group: Group) -> Iterator[tuple[int | None, Instant, int | None]]:
        assert self.columns is not None
        times = map(Instant, self.columns.ticks(group))
        return zip(self.columns.system(group, "level"), times, self.columns.system(group, "record_id"), strict=True)

    def events(self) -> list[Event]:
        """Return the events in record order."""
        events = dict(self.singles)
        for group in self.groups:
            rows = group.rows.tolist()
            try:
                events.update(zip(rows, self._build(group), strict=True))
            except ValueError:  # in one of these rows is a value that cannot be written as text
                for row in rows:
                    event, warnings = self.singly.event(row)
                    self.late_warnings += warnings
                    if event is not None:
                        events[row] = event
        return [events[row] for row in sorted(events)]

    def keep_where(self, choose: Callable[[TextColumns], Sequence[int]]) -> None:
        """Discard the records of groups that ``choose`` does not return (see ``FilteringReader``)."""
        assert self.columns is not None or not self.groups, "groups come from columns"
        groups = []
        for group in self.groups:
            assert self.columns is not None
            if not has_texts_only(group.shape):
                groups.append(group)
                continue
            try:
                kept = choose(GroupTexts(self.columns, group))
            except ValueError:  # in one of these rows is a value that cannot be written as text
                groups.append(group)
                continue
            if len(kept) == len(group.rows):
                groups.append(group)
            elif len(kept):
                mask = np.zeros(len(group.rows), np.bool_)
                mask[kept] = True
                groups.append(group.take(mask))
        self.groups = groups

    def _build(self, group: Group) -> list[Event]:
        """Build the events of a group; the result is equal to the result of ``to_event``."""
        assert self.columns is not None
        columns, count = self.columns, len(group.rows)
        number = self.singly.records.number[group.rows].tolist()
        places = map(Location, repeat(self.singly.source, count), self.offsets(group.rows), number)
        fields: dict[str, Iterable[Any]] = {
            "location": places,
            "sequence": number,
            "header_id": number,
            "time": map(Instant, columns.ticks(group)),
            "recovered": self.singly.records.recovered[group.rows].tolist(),
            "data": columns.data(group),
        }
        system = {name: columns.system(group, name) for name in READ_FIELD if name != "ticks"}
        return build_events(fields | system)

    def offsets(self, rows: Any) -> list[int]:
        """Return the file offsets of some rows."""
        offsets: list[int] = self.offsets_of(rows).tolist()
        return offsets

    def offsets_of(self, rows: Any) -> NDArray[np.int64]:
        """Return the file offsets of some rows as an array."""
        start = self.singly.records.start[rows]
        offsets: NDArray[np.int64] = self.singly.segment.offsets[start // CHUNK_SIZE] + start % CHUNK_SIZE
        return offsets

    def computers(self) -> Iterator[str | None]:
        """Iterate over the distinct computer names, in order of first appearance."""
        found: dict[str | None, int] = {}
        for group in self.groups if self.columns else ():
            assert self.columns is not None
            for name, index in self.columns.distinct(group, "computer"):
                found[name] = min(found.get(name, index), index)
        for row, event in self.singles.items():
            found[event.computer] = min(found.get(event.computer, row), row)
        return iter(sorted(found, key=found.__getitem__))


def select(singly: Singly, columns: SegmentColumns | None, query: Query, wanted: WantedIds) -> Selection:
    """Find the records of a segment that a query selects; without ``columns`` every record is decoded."""
    selection = Selection(singly, columns)
    if columns is None:
        selection.take_singly(range(len(singly.records)), query)
        return selection
    groups, declined = columns.groups(columns.candidates(wanted))
    for group in groups:
        try:
            selection.take_group(group, query)
        except ValueError:  # in one of these rows is a value that cannot be written as text
            selection.take_singly(group.rows.tolist(), query)
    selection.take_singly(sorted([*np.flatnonzero(columns.declined).tolist(), *declined.tolist()]), query)
    selection.singles = dict(sorted(selection.singles.items()))
    return selection


def _accepts(query: Query, event: Event) -> bool:
    known = query.accepts(event.channel, event.provider, event.event_source_name, event.event_id)
    return known and query.admits(event.level, event.time, event.record_id)


@dataclass(frozen=True, slots=True)
class GroupTexts:
    """The records of a group as columns (see ``TextColumns``)."""

    columns: SegmentColumns
    group: Group

    def __len__(self) -> int:
        return len(self.group.rows)

    @property
    def data_names(self) -> Sequence[str]:
        """The names of the data fields."""
        return tuple(self.group.shape.data)

    def column(self, name: str) -> list[Any]:
        """Return a field of System."""
        return self.columns.system(self.group, name)

    def data_texts(self, name: str) -> Iterable[str]:
        """Return the texts of a data field."""
        return self.columns.data_texts(self.group, name)


class RecordBatch:
    """The selected records of one segment as columns, in record order; each column is created when it is requested.

    A batch is valid until the next batch of its log is requested.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._arrange()

    def _arrange(self) -> None:
        """Compute the record order of the rows, which are stored by group."""
        selection = self._selection
        singles = np.fromiter(selection.singles, np.int64, len(selection.singles))
        rows = np.concatenate([*(group.rows for group in selection.groups), singles])
        order = np.argsort(rows, kind="stable")
        self._rows = rows[order]
        self._order: list[int] = [] if (order[1:] > order[:-1]).all() else order.tolist()

    def __len__(self) -> int:
        return len(self._rows)

    def parts(self) -> "list[RecordBatch]":
        """Return the records grouped by shape, so that many columns of a part are constant; see ``in_order``."""
        whole = self._selection
        whole.groups = [part for group in whole.groups for part in group.narrow()]
        self._arrange()
        parts = [Selection(whole.singly, whole.columns, [group]) for group in whole.groups]
        parts += [Selection(whole.singly, whole.columns, singles=whole.singles)] if whole.singles else []
        for part in parts:
            part.late_warnings = whole.late_warnings
        return [RecordBatch(part) for part in parts]

    def in_order(self, values: Iterable[Sequence[T]]) -> list[T]:
        """Bring the results for the parts (one list for each part, in the order of the parts) into record order."""
        joined = list(chain.from_iterable(values))
        return list(itemgetter(*self._order)(joined)) if self._order else joined

    @property
    def offset(self) -> list[int]:
        """The records' offsets in the file, in bytes."""
        return self._selection.offsets(self._rows)

    @property
    def header_id(self) -> list[int]:
        """The record identifiers in the record headers."""
        number: list[int] = self._selection.singly.records.number[self._rows].tolist()
        return number

    @property
    def recovered(self) -> list[bool]:
        """Whether each record comes from slack space."""
        recovered: list[bool] = self._selection.singly.records.recovered[self._rows].tolist()
        return recovered

    def column(self, name: str) -> list[Any]:
        """Return a field of System by its name in ``DecodedRecord``; ``ticks`` defaults to the record header's time."""
        if name == "ticks":
            return self._joined(SegmentColumns.ticks, lambda event: None if event.time is None else event.time.ticks)
        return self._joined(lambda columns, group: columns.system(group, name), attrgetter(name))

    def values(self, name: str) -> Same | NDArray[Any] | list[Any]:
        """Return a field of System in the cheapest form (see ``EventBatch``)."""
        selection = self._selection
        if name == "offset":
            return selection.offsets_of(self._rows)
        if name == "header_id":
            numbers: NDArray[Any] = selection.singly.records.number[self._rows]
            return numbers
        if selection.columns is not None and len(selection.groups) == 1 and not selection.singles:
            found = selection.columns.values(selection.groups[0], name)
            if found is not None:
                return found
        return self.column(name)

    def json_lines(self, layout: LineLayout) -> Sequence[bytes | memoryview] | None:
        """Return a line for each record, or None if the lines must be written value by value (see ``EventBatch``)."""
        selection = self._selection
        if selection.columns is None or selection.singles or len(selection.groups) != 1:
            return None
        (group,) = selection.groups
        try:
            return selection.columns.json_lines(group, layout, selection.offsets_of(group.rows))
        except ValueError:  # a value that cannot be written as text: its record is decoded by itself
            return None

    def data_json(self) -> list[str]:
        """Return the data of each record as the text of a JSON object, its members in log order."""
        return self._joined(SegmentColumns.data_json, lambda event: _to_json(event.data))

    def data(self) -> list[dict[str, Any]]:
        """Return the data of each record."""
        return self._joined(SegmentColumns.data, attrgetter("data"))

    def data_types(self) -> dict[str, int]:
        """Return the value types of the data fields that are exactly one value in every record (see ``EventBatch``)."""
        if self._selection.singles or len(self._selection.groups) != 1:
            return {}
        shape = self._selection.groups[0].shape
        return {name: shape.types[hole.path] for name, hole in shape.data.items() if isinstance(hole, Hole)}

    def _joined(
        self, of_group: Callable[[SegmentColumns, Group], list[Any]], of_event: Callable[[Event], Any]
    ) -> list[Any]:
        """Return a column in record order: ``of_group`` creates it for groups, ``of_event`` for singly decoded
        records.
        """
        made = list(self._made(of_group, of_event))
        return made[0] if len(made) == 1 else self.in_order(made)

    def _made(
        self, of_group: Callable[[SegmentColumns, Group], list[Any]], of_event: Callable[[Event], Any]
    ) -> Iterator[list[Any]]:
        columns = self._selection.columns
        for group in self._selection.groups if columns else ():
            assert columns is not None
            try:
                yield of_group(columns, group)
            except ValueError:  # in one of these rows is a value that cannot be written as text
                yield [of_event(event) for event in self._singly(group)]
        if self._selection.singles:
            yield list(map(of_event, self._selection.singles.values()))

    def _singly(self, group: Group) -> Iterator[Event]:
        for row in group.rows.tolist():
            event, warnings = self._selection.singly.event(row)
            self._selection.late_warnings += [w for w in warnings if w not in self._selection.late_warnings]
            assert event is not None, "the columns of this record could be read"
            yield event


def _to_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
