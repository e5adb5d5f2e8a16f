"""Logs → figures: records, time span, counts by channel, provider and event id, gaps in the record ids, health."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from evtscan.errors import EvidenceError
from evtscan.model import EVERYTHING, PLAIN, Event, ExtractionWarning, Location, ReadOptions, Source
from evtscan.parsers import Format, Kind, read_log, recognise

GAPS_KEPT = 20
"""How many of the largest gaps are listed."""
_BATCH = 4096

Key = tuple[str, str, int]
"""Channel, provider, event id."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gap:
    """Record ids that a log does not have, though it has one before and one after: from ``first`` to ``last``."""

    missing: int
    first: int
    last: int


@dataclass(slots=True, kw_only=True)
class LogMetrics:
    """The figures of one log. ``first_time`` and ``last_time`` are those of the oldest and the newest record."""

    source_file: str
    format: str
    size: int
    records: int = 0
    lost: int = 0
    first_time: str = ""
    last_time: str = ""
    completeness: str = ""
    health: str = ""
    counts: Counter[Key] = field(default_factory=Counter)
    gaps: int = 0
    missing: int = 0
    largest_gaps: list[Gap] = field(default_factory=list)


def measure(
    sources: Iterable[Source], options: ReadOptions = PLAIN
) -> tuple[list[LogMetrics], list[ExtractionWarning]]:
    """The figures of every log among these files, and what could not be read; other files are passed over."""
    logs: list[LogMetrics] = []
    warnings: list[ExtractionWarning] = []
    for source in sources:
        try:
            row = recognise(source)
            if row is not None and row.kind is Kind.LOG:
                logs.append(_measure(source, row, options, warnings))
        except (EvidenceError, OSError) as error:
            message = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            message = message.removeprefix(f"{source.name}: ")
            warnings.append(
                ExtractionWarning(location=Location(source=source.name), kind="unreadable", message=message)
            )
    return logs, warnings


def _measure(source: Source, row: Format, options: ReadOptions, warnings: list[ExtractionWarning]) -> LogMetrics:
    log = LogMetrics(source_file=source.name, format=row.name, size=source.path.stat().st_size)
    reader = read_log(row, source, EVERYTHING, options)
    gaps = _Gaps(log)
    for keys, record_ids, newest_first in _columns(reader):
        log.counts.update(keys)
        gaps.look(record_ids, newest_first)
    summary = reader.summary
    warnings += reader.warnings
    log.records, log.lost = summary.records, summary.lost
    log.first_time, log.last_time = str(summary.first_time or ""), str(summary.last_time or "")
    log.completeness = summary.completeness
    log.health = _health(source, row, summary.dirty)
    log.largest_gaps.sort(reverse=True)
    return log


def _columns(reader: Any) -> Iterator[tuple[Iterable[Key], list[int | None], bool]]:
    """Keys and record ids of all records, a batch at a time, and whether the newest stand first."""
    if hasattr(reader, "batches"):
        for batch in reader.batches():
            channels = [channel or "" for channel in batch.column("channel")]
            keys = zip(channels, batch.column("provider"), batch.column("event_id"), strict=True)
            yield keys, batch.column("record_id"), False
        return
    events = iter(reader)
    batch = list(islice(events, _BATCH))
    newest_first = len(batch) > 1 and batch[1].sequence < batch[0].sequence
    while batch:
        yield *_of_events(batch), newest_first
        batch = list(islice(events, _BATCH))


def _of_events(events: list[Event]) -> tuple[list[Key], list[int | None]]:
    keys = [(event.channel or "", event.provider, event.event_id) for event in events]
    return keys, [event.record_id for event in events]


def _health(source: Source, row: Format, dirty: bool) -> str:
    if row.name == "evtx":
        from evtscan.parsers.evtx.health import examine

        return str(examine(source))
    return "dirty" if dirty else "clean"


class _Gaps:
    """Notes where record ids do not rise by one; a fall (another log's records, a counter's end) is no gap.

    Where the newest record stands first, they do not fall by one, and it is a rise that is no gap.
    """

    def __init__(self, log: LogMetrics) -> None:
        self._log = log
        self._last: int | None = None

    def look(self, record_ids: Iterable[int | None], newest_first: bool) -> None:
        """Take in the next record ids, as they stand in the file."""
        last = self._last
        for number in record_ids:
            if number is None:
                continue
            if last is not None:
                older, newer = (number, last) if newest_first else (last, number)
                if newer > older + 1:
                    self._note(Gap(missing=newer - older - 1, first=older + 1, last=newer - 1))
            last = number
        self._last = last

    def _note(self, gap: Gap) -> None:
        log = self._log
        log.gaps += 1
        log.missing += gap.missing
        log.largest_gaps.append(gap)
        if len(log.largest_gaps) > 2 * GAPS_KEPT:
            log.largest_gaps.sort(reverse=True)
            del log.largest_gaps[GAPS_KEPT:]
