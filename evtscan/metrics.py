"""Statistics of logs: records, time span, counts by channel, provider and event id, gaps in the record ids, health."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from evtscan.base.model.log import BatchReader, HealthReader, LogReader
from evtscan.base.model.query import EVERYTHING, PLAIN, ReadOptions
from evtscan.base.model.source import ExtractionWarning, Source
from evtscan.parsers import Format, Kind, read_log, recognise

GAPS_KEPT = 20
"""How many of the largest gaps are listed."""
MOST_KINDS = 100_000
"""Kinds of events of one log that are counted apart."""
_OTHERS = ("(others)", "(others)")
_BATCH = 4096

Key = tuple[str, str, int]
"""Channel, provider, event id."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gap:
    """A range of record ids, ``first`` to ``last``, that is missing between two existing record ids of a log."""

    missing: int
    first: int
    last: int


@dataclass(slots=True, kw_only=True)
class LogMetrics:
    """The statistics of one log.

    ``recovered`` counts the records from slack space: ``counts`` includes them, ``records`` and the gaps do not.
    ``first_time`` and ``last_time`` are the times of the oldest and the newest record. ``structures`` has the state of
    the log's header and checksums as numbers, ``health`` has this state in words. ``computers`` lists the computer
    names in order of first appearance.
    """

    source_file: str
    format: str
    size: int
    records: int = 0
    lost: int = 0
    recovered: int = 0
    first_time: str = ""
    last_time: str = ""
    computers: tuple[str, ...] = ()
    completeness: str = ""
    health: str = ""
    structures: dict[str, object] = field(default_factory=dict)
    counts: Counter[Key] = field(default_factory=Counter)
    gaps: int = 0
    missing: int = 0
    largest_gaps: list[Gap] = field(default_factory=list)


def measure(
    sources: Iterable[Source], options: ReadOptions = PLAIN
) -> tuple[list[LogMetrics], list[ExtractionWarning]]:
    """Return the statistics of every log among these files, and warnings; files that are not logs are skipped."""
    logs: list[LogMetrics] = []
    warnings: list[ExtractionWarning] = []
    for source in sources:
        try:
            row = recognise(source)
            if row is not None and row.kind is Kind.LOG:
                logs.append(_measure(source, row, options, warnings))
        except Exception as error:
            warnings.append(ExtractionWarning.unreadable(error, source.name))
    return logs, warnings


def _measure(source: Source, row: Format, options: ReadOptions, warnings: list[ExtractionWarning]) -> LogMetrics:
    log = LogMetrics(source_file=source.name, format=row.name, size=source.path.stat().st_size)
    reader = read_log(row, source, EVERYTHING, options)
    gaps = _Gaps(log)
    for keys, record_ids, recovered, newest_first in _columns(reader):
        log.counts.update(keys)
        log.recovered += recovered
        _fold(log.counts)
        gaps.look(record_ids, newest_first)
    summary = reader.summary
    warnings += reader.warnings
    log.records, log.lost = summary.records, summary.lost
    log.first_time, log.last_time = str(summary.first_time or ""), str(summary.last_time or "")
    log.computers = summary.computers
    log.completeness = summary.completeness
    _examine(log, reader)
    log.largest_gaps.sort(reverse=True)
    return log


def _fold(counts: Counter[Key]) -> None:
    """If there are more than ``MOST_KINDS`` kinds, as in crafted logs, count the last ones by event id only."""
    for key in list(counts)[MOST_KINDS:] if len(counts) > MOST_KINDS else ():
        if key[:2] != _OTHERS:
            counts[(*_OTHERS, key[2])] += counts.pop(key)


def _columns(reader: LogReader) -> Iterator[tuple[Iterable[Key], list[int | None], int, bool]]:
    """Yield the records in batches: their keys, record ids, number of recovered records, and whether newest come first.

    The record ids do not include the ids of recovered records.
    """
    if isinstance(reader, BatchReader):
        for batch in reader.batches():
            channels = [channel or "" for channel in batch.column("channel")]
            keys = zip(channels, batch.column("provider"), batch.column("event_id"), strict=True)
            yield keys, *_own(batch.column("record_id"), batch.recovered), False
        return
    events = iter(reader)
    chunk = list(islice(events, _BATCH))
    newest_first = len(chunk) > 1 and chunk[1].sequence < chunk[0].sequence
    while chunk:
        kinds = [(event.channel or "", event.provider, event.event_id) for event in chunk]
        ids = [event.record_id for event in chunk]
        yield kinds, *_own(ids, [event.recovered for event in chunk]), newest_first
        chunk = list(islice(events, _BATCH))


def _own(record_ids: list[int | None], recovered: list[bool]) -> tuple[list[int | None], int]:
    """Return the ids without the ids of recovered records, and the number of recovered records."""
    count = sum(recovered)
    return [number for number, slack in zip(record_ids, recovered, strict=True) if not slack], count


def _examine(log: LogMetrics, reader: LogReader) -> None:
    dirty = reader.summary.dirty
    log.health = "dirty" if dirty else "clean"
    log.structures = {"Dirty": dirty}
    if isinstance(reader, HealthReader):
        health = reader.health()
        log.health, log.structures = str(health), health.figures()


class _Gaps:
    """Finds gaps, where record ids rise by more than one. A fall (another log's records, a counter reset) is no gap.

    If the newest record comes first, record ids fall by more than one at a gap, and a rise is no gap.
    """

    def __init__(self, log: LogMetrics) -> None:
        self._log = log
        self._last: int | None = None

    def look(self, record_ids: Iterable[int | None], newest_first: bool) -> None:
        """Add the next record ids, in the order of the file."""
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
