"""One pass over a ``.evt`` file: the selected events in record order, and the counts of all records."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import MOST_CLOCK_STEPS, LogSummary, ProblemReader
from evtscan.base.model.problems import PROBLEM_LEVELS, ProblemCounts, ProblemKind
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.channels import channel_of
from evtscan.parsers.logs.eventtypes import of_record
from evtscan.parsers.logs.evt.continuity import Continuity, Gap, GapPlace
from evtscan.parsers.logs.evt.decode import computer_name, decode, source_name
from evtscan.parsers.logs.evt.layout import MOST_LOGS, StoredLog, find_logs
from evtscan.parsers.logs.evt.names import Computers
from evtscan.parsers.logs.evt.records import Batch, ExtentReader, find_records
from evtscan.parsers.logs.evt.selection import Selection

_LARGEST_FILE = 1 << 32
_MOST_WARNINGS = 1000
_AUDIT_LOG_CLEARED = 517
_LOG_STRIDE = 1 << 33
"""Above every unwrapped record number, and a multiple of 2^32: keeps logs of one file apart and in order."""


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> "EvtLog":
    """Open a ``.evt`` file for one pass; the option ``recover`` adds remains of deleted records, marked as recovered.

    Raises:
        EvidenceError: if the file cannot be read, is larger than the format allows, or has no log and no record.
    """
    try:
        with source.open() as stream:
            size = stream.seek(0, 2)
            if size > _LARGEST_FILE:
                message = "is larger than 4 GiB, which no .evt can be: if logs were appended to each other, split it"
                raise EvidenceError(f"{source.name}: {message}")
            logs = find_logs(stream, size)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if not any(log.header or log.reference is not None for log in logs):
        raise EvidenceError(f"{source.name}: holds neither the header of an event log nor a record: copy the log again")
    return EvtLog(source, logs, query, options.recover)


class EvtLog(ProblemReader):
    """One pass over one file (see ``LogReader``). Logs that were appended to each other are read one after the other.

    ``Event.sequence`` is the unwrapped record number; in a later log of the file it is increased by a multiple of 2^32.
    Recovered events come before the log that they were deleted from, and do not count as its records.
    """

    def __init__(self, source: Source, logs: list[StoredLog], query: Query, recover: bool) -> None:
        self.warnings: list[ExtractionWarning] = []
        self._source = source
        self._logs = [Continuity(log, place * _LOG_STRIDE) for place, log in enumerate(logs)]
        self._recover = recover
        self._channel = channel_of(source.name)
        self._selection = Selection(query, self._channel)
        self._computers = Computers()
        self._problems: ProblemCounts | None = None
        self._audit_log_cleared = False
        self._untold = self._untold_lost = 0

    def __iter__(self) -> Iterator[Event]:
        self._warn_of_layout()
        with self._source.open() as stream:
            for log in self._logs:
                if self._recover:
                    slack = ExtentReader(stream, log.log.slack)
                    for batch in find_records(slack):
                        yield from self._events(batch, slack, log, recovered=True)
                reader = ExtentReader(stream, log.log.extents)
                for batch in find_records(reader):
                    self._warn_of_gaps(log.add(batch, reader), reader)
                    self._computers.add(batch)
                    self._look_for_clearing(batch)
                    self._count_problems(batch, reader)
                    yield from self._events(batch, reader, log, recovered=False)
                self._warn_of_gaps(log.close(reader), reader)
        self._warn_of_untold()

    def count_problems(self) -> ProblemCounts:
        """Count errors and warnings in the next pass."""
        self._problems = ProblemCounts()
        return self._problems

    @property
    def summary(self) -> LogSummary:
        """The summary of all records, selected or not; complete when the iteration has ended."""
        oldest = next((log for log in self._logs if log.records), self._logs[0])
        newest = next((log for log in reversed(self._logs) if log.records), self._logs[-1])
        return LogSummary(
            format="evt",
            channel=self._channel,
            computers=self._computers.names,
            newest_computer=self._computers.newest,
            records=sum(log.records for log in self._logs),
            lost=sum(log.lost for log in self._logs),
            first_sequence=oldest.first_sequence,
            last_sequence=newest.last_sequence,
            first_time=oldest.first_time,
            last_time=newest.last_time,
            holes=sum(log.holes for log in self._logs),
            dirty=any(log.dirty for log in self._logs),
            wrapped=any(log.wrapped for log in self._logs),
            cleared=self._audit_log_cleared or any(log.cleared for log in self._logs),
            clock_steps=tuple(step for log in self._logs for step in log.clock.found)[:MOST_CLOCK_STEPS],
        )

    def _events(self, batch: Batch, reader: ExtentReader, log: Continuity, *, recovered: bool) -> Iterator[Event]:
        for index in self._selection.candidates(batch).tolist():
            record = batch.record(index)
            if not self._selection.accepts(int(batch.ids[index]), source_name(record)):
                continue
            number = int(batch.rows["number"][index])
            offset = reader.offset_of(batch.address + int(batch.starts[index]))
            location = Location(source=self._source.name, offset=offset, record=number)
            event, flaws = decode(record, location, log.sequence(number), self._channel, recovered=recovered)
            if flaws:
                self._warn("bad_record", location, f"of this record only a part could be read: {'; '.join(flaws)}")
            yield event

    def _count_problems(self, batch: Batch, reader: ExtentReader) -> None:
        """Count the errors and warnings of a batch, by the event types in the fixed parts of its records."""
        if self._problems is None:
            return
        types = batch.rows["event_type"]
        problems = [kind for kind in np.unique(types).tolist() if of_record(kind).level in PROBLEM_LEVELS]
        for index in np.flatnonzero(np.isin(types, problems)).tolist() if problems else ():
            record, row = batch.record(index), batch.rows[index]
            provider, computer = source_name(record), computer_name(record)
            level = of_record(int(row["event_type"])).level or 0
            kind = ProblemKind(computer, self._channel or "", provider, int(batch.ids[index]), level)
            time, number = Instant.from_unix(int(row["time_generated"])), int(row["number"])
            offset = reader.offset_of(batch.address + int(batch.starts[index]))
            location = Location(source=self._source.name, offset=offset, record=number)
            self._problems.add(kind, time, time, location, number, partial(_data, record, location))

    def _look_for_clearing(self, batch: Batch) -> None:
        if self._audit_log_cleared or not batch.rows.size:
            return
        suspects = np.flatnonzero(batch.ids == _AUDIT_LOG_CLEARED).tolist()
        self._audit_log_cleared = any(source_name(batch.record(index)).lower() == "security" for index in suspects)

    def _warn_of_layout(self) -> None:
        if len(self._logs) == MOST_LOGS:
            message = f"the file holds {MOST_LOGS} logs or more; what follows the last of them is not read: split it"
            self._warn("several_logs", self._place(self._logs[-1].log.offset), message)
        for place, log in enumerate(self._logs):
            here = self._place(log.log.offset)
            if place:
                message = (
                    "another log begins here; its records are read too, after those of the one before: "
                    "if they are logs of different kinds or hosts, split the file"
                )
                self._warn("several_logs", here, message)
            if log.log.header is None:
                message = (
                    "the header is damaged: the log is read from its other records alone; copy it again if you can"
                )
                self._warn("bad_header", here, message)
            if log.log.end is None:
                short = f" ({log.log.missing} bytes are lacking by its header)" if log.log.missing else ""
                message = (
                    f"no EOF record says where this log ends{short}: all records are read, in the order of their "
                    "numbers, and deleted ones may be among them; copy the log again if you can"
                )
                self._warn("no_eof_record", here, message)

    def _warn_of_gaps(self, gaps: list[Gap], reader: ExtentReader) -> None:
        for gap in gaps:
            kind, message = _GAPS[gap.place] if gap.lost or not gap.size else _FOREIGN
            offset = reader.offset_of(gap.address)
            records = "1 record" if gap.lost == 1 else f"{gap.lost} records"
            self._warn(
                kind, self._place(offset), message.format(size=gap.size, lost=gap.lost, records=records), gap.lost
            )

    def _place(self, offset: int) -> Location:
        return Location(source=self._source.name, offset=offset)

    def _warn(self, kind: str, location: Location, message: str, lost: int = 0) -> None:
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(ExtractionWarning(location=location, kind=kind, message=message, records_lost=lost))
        else:
            self._untold += 1
            self._untold_lost += lost

    def _warn_of_untold(self) -> None:
        if self._untold:
            message = f"{self._untold} more warnings are left out: the file is badly damaged, copy it again if you can"
            location = Location(source=self._source.name)
            self.warnings.append(
                ExtractionWarning(
                    location=location, kind="more_warnings", message=message, records_lost=self._untold_lost
                )
            )


def _data(record: bytes, location: Location) -> Mapping[str, Any]:
    return decode(record, location, 0, None)[0].data


_FOREIGN = ("foreign_bytes", "{size} bytes between the records are none; by the record numbers nothing is missing")
_GAPS = {
    GapPlace.NOWHERE: (
        "bad_number",
        "the number of this record does not follow on that of the one before, and no bytes lie between them: "
        "records were removed from the file, or a number was changed",
    ),
    GapPlace.BEFORE: (
        "overwritten",
        "of the oldest records {lost} cannot be read: their {size} bytes are damaged or overwritten",
    ),
    GapPlace.BETWEEN: (
        "bad_record",
        "{records} cannot be read: length or signature in these {size} bytes is damaged; copy the log again if you can",
    ),
    GapPlace.BEHIND: (
        "bad_record",
        "of the newest records {lost} cannot be read: length or signature in these {size} bytes is damaged; "
        "copy the log again if you can",
    ),
    GapPlace.CUT: (
        "truncated",
        "the file was cut here, and lacks at least {records}: copy the log again",
    ),
}
