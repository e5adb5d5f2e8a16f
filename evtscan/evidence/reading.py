"""The files of one host → its evidence, with a row, a reason for skipping it, or a warning for each file."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from sys import getsizeof
from typing import Any

from evtscan.base.errors import EvidenceError, NotEvidenceError, raise_unless_about_file
from evtscan.base.model.event import Event
from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.log import FilteringReader, Log, ProblemReader, TextColumns
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.evidence.forwarded import is_forwarded, label_of, split_log
from evtscan.evidence.imagenames import image_end, is_image_name
from evtscan.evidence.timechanges import with_told
from evtscan.parsers import Format, Kind, read_facts, read_inventory, read_log, read_registry, recognise

logger = logging.getLogger(__name__)

_MOST_MEMORY = 32
"""Bytes of memory for each byte of a log; the data of all events of a sound log takes up to 3.5."""
_SMALL = 64 << 20
"""Bytes of memory that every log may take."""
_LOG_NAMES = (".evt", ".evtx")
_UNDATED = "does not say when it was taken: assumed to be as old as the last record"
_LOG_CLEARED = 104
_EVENT_LOG_SERVICE = "microsoft-windows-eventlog"
_NAMES_TOLD = 5
CONVERTED = "converted from .evt: says nothing about the product"


@dataclass(slots=True)
class Reading:
    """The evidence read from the files of one host, and the outcome for each file."""

    logs: list[Log] = field(default_factory=list)
    registries: list[Registry] = field(default_factory=list)
    inventories: list[Inventory] = field(default_factory=list)
    facts_files: list[FactsFile] = field(default_factory=list)
    rows: list[EvidenceRow] = field(default_factory=list)
    warnings: list[ExtractionWarning] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)

    @property
    def evidence(self) -> Evidence:
        """The evidence that was read."""
        return Evidence(
            logs=tuple(self.logs),
            registries=(*self.registries, *(one for item in self.inventories for one in item.registries)),
            inventories=tuple(self.inventories),
            facts_files=tuple(self.facts_files),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be read; an archive that cannot be unpacked has a row, and is skipped all the same."""
        skipped = {item.source_file for item in self.skipped}
        return all(row.source_file in skipped for row in self.rows)

    def add_stated(self, files: Iterable[FactsFile]) -> None:
        """Add facts that were stated elsewhere than in a file of the host."""
        for facts in files:
            self.facts_files.append(facts)
            self.warnings.extend(facts.warnings)
            count = f"{len(facts.entries)} fact{'' if len(facts.entries) == 1 else 's'}"
            note = f"{count} from the inventory; assumed to speak of the last record"
            self.rows.append(EvidenceRow(source_file=facts.source, size=0, format="inventory", note=note))

    def warn(self, source_name: str, kind: str, message: str) -> None:
        """Add a warning about a file as a whole."""
        self.warnings.append(ExtractionWarning(location=Location(source=source_name), kind=kind, message=message))


def log_formats(sources: Iterable[Source]) -> set[str]:
    """The formats of the logs among these files."""
    found = set()
    for source in sources:
        try:
            row = recognise(source)
        except Exception as error:
            raise_unless_about_file(error)  # the warning comes when the file is read
            continue
        if row is not None and row.kind is Kind.LOG:
            found.add(row.name)
    return found


def read(
    sources: Iterable[Source],
    query: Query,
    options: ReadOptions = PLAIN,
    *,
    used_rows: Callable[[TextColumns], Sequence[int]] | None = None,
    is_unused: Callable[[Event], bool] = lambda event: False,
) -> Reading:
    """Read every file that is evidence, and of each log the events that the query selects.

    A file that cannot be read gives a warning, and the others are read.

    ``is_unused`` is called with each selected event: one for which it is true is discarded. Before that, ``used_rows``
    chooses among records by their columns, where the reader can do that (see ``FilteringReader``).
    """
    reading = Reading()
    for source in sources:
        try:
            size = source.path.stat().st_size
            row = recognise(source)
            logger.info("%s: %s, %d bytes", source.name, row.title if row else "no evidence", size)
            if row is None:
                _skip(reading, source, size)
            else:
                digest = source.sha256() if options.hashed else ""
                _READ[row.kind](_Task(reading, row, source, size, query, options, used_rows, is_unused, digest))
        except Exception as error:
            warning = ExtractionWarning.unreadable(error, source.name)
            reading.skipped.append(SkippedFile(source_file=source.name, reason=warning.message))
            if not isinstance(error, NotEvidenceError):
                reading.warnings.append(warning)
    _mark_cleared(reading)
    return reading


@dataclass(frozen=True, slots=True)
class _Task:
    """One file to read, and the ``Reading`` to add its content to."""

    reading: Reading
    row: Format
    source: Source
    size: int
    query: Query
    options: ReadOptions
    used_rows: Callable[[TextColumns], Sequence[int]] | None
    is_unused: Callable[[Event], bool]
    sha256: str = ""

    def add_row(self, **known: Any) -> None:
        """Add the file's row of ``evidence.csv``."""
        row = EvidenceRow(
            source_file=self.source.name, size=self.size, sha256=self.sha256, format=self.row.name, **known
        )
        self.reading.rows.append(row)


def _skip(reading: Reading, source: Source, size: int) -> None:
    reason = "unsupported file type" if size else "empty"
    reading.skipped.append(SkippedFile(source_file=source.name, reason=reason))
    if source.name.lower().endswith(_LOG_NAMES):
        what = "its content is not that of an event log" if size else "it is empty"
        message = f"named like an event log, but {what}: export or copy the log again"
        reading.warn(source.name, "not_a_log", message)


def _read_log(task: _Task) -> None:
    reader = read_log(task.row, task.source, task.query, task.options)
    problems = reader.count_problems() if task.options.problems and isinstance(reader, ProblemReader) else None
    chosen: Iterable[Event] = reader
    if task.used_rows is not None and isinstance(reader, FilteringReader):
        chosen = reader.events_where(task.used_rows)
    events = tuple(sorted(_kept(chosen, task), key=lambda event: event.sequence))
    if problems is not None:
        problems.decode_examples()
    summary = reader.summary
    summary = replace(summary, clock_steps=with_told(summary.clock_steps, events))
    log = Log(source=task.source, summary=summary, events=events, problems=problems)
    logs = split_log(log)
    task.add_row(
        computer=newest_name(log),
        first_time=str(summary.first_time or ""),
        last_time=str(summary.last_time or ""),
        records=summary.records,
        lost=summary.lost,
        holes=summary.holes,
        dirty=summary.dirty,
        wrapped=summary.wrapped,
        cleared=summary.cleared,
        filtered=summary.filtered or logs != [log],
        clock_steps=0 if is_forwarded(log) else len(summary.clock_steps),
        time_zone=_zone_of(summary.first_time, summary.last_time),
        note="; ".join(_notes(log, logs)),
        channels=tuple(dict.fromkeys(part.summary.channel for part in logs if part.summary.channel)),
    )
    task.reading.logs.extend(logs)
    task.reading.warnings.extend(reader.warnings)


def _kept(events: Iterable[Event], task: _Task) -> Iterator[Event]:
    """The events that a rule or fact uses.

    Raises:
        EvidenceError: if their data takes far more memory than the file has bytes.
    """
    room = max(_SMALL, _MOST_MEMORY * task.size)
    for event in events:
        if task.is_unused(event):
            continue
        room -= _memory_of(event.data)
        if room < 0:
            raise EvidenceError(
                f"{task.source.name}: not used: the data of its events takes {_MOST_MEMORY} times as much memory as "
                "the file has bytes; no log of Windows does that, so the file was made to exhaust memory"
            )
        yield event


def _memory_of(value: Mapping[str, Any] | list[Any]) -> int:
    """The bytes of memory that data takes, without the names of its fields, which events share."""
    values = value.values() if isinstance(value, Mapping) else value
    size = sum(map(getsizeof, values))
    return size + sum(_memory_of(item) for item in values if isinstance(item, dict | list))


def _zone_of(*times: Instant | None) -> str:
    return "not known" if any(time is not None and time.local for time in times) else "UTC"


def newest_name(log: Log) -> str:
    """The computer in the newest record of a log, or an empty text if no record has one."""
    summary = log.summary
    return summary.newest_computer or (summary.computers[-1] if summary.computers else "")


def _notes(log: Log, parts: Sequence[Log]) -> Iterator[str]:
    """Remarks on a log for ``evidence.csv``: its channels, and which of its records are not of the host."""
    if is_forwarded(log):
        labels = {label_of(name).casefold(): label_of(name) for part in parts for name in part.summary.computers}
        yield f"forwarded events of {shortened(list(labels.values())) or 'other hosts, none of them wanted'}"
        return
    channels = [part.summary.channel for part in parts if part.summary.channel]
    yield f"channel{'s' if len(channels) > 1 else ''} {', '.join(channels)}" if channels else "channel not known"
    if log.summary.converted:
        yield CONVERTED
    if image_end(log.events) is not None:
        yield f"the oldest records come from an installation image ({log.summary.computers[0]}) and are not judged"
    own = {label_of(name).casefold(): label_of(name) for name in log.summary.computers if not is_image_name(name)}
    if len(own) > 1:
        yield f"one host that was renamed: {', then '.join(own.values())}"


def shortened(names: Sequence[str]) -> str:
    """Some of many names, and how many more there are: ``A, B and 12 more``."""
    more = len(names) - _NAMES_TOLD
    return ", ".join(names[:_NAMES_TOLD]) + (f" and {more:,} more" if more > 0 else "")


def _read_registry(task: _Task) -> None:
    registry = read_registry(task.row, task.source)
    taken = str(registry.taken) if registry.taken else ""
    task.add_row(
        last_time=taken,
        time_zone=_zone_of(registry.taken) if registry.taken else "",
        note=f"last written to at {taken}" if taken else _UNDATED,
    )
    task.reading.registries.append(registry)
    task.reading.warnings.extend(registry.warnings)


def _read_inventory(task: _Task) -> None:
    inventories = read_inventory(task.row, task.source)
    times = sorted(inventory.taken for inventory in inventories if inventory.taken is not None)
    task.add_row(
        computer=next((item.computer for item in reversed(inventories) if item.computer), ""),
        first_time=str(times[0]) if times else "",
        last_time=str(times[-1]) if times else "",
        note="" if times else _UNDATED,
    )
    task.reading.inventories.extend(inventories)
    for inventory in inventories:
        task.reading.warnings.extend(inventory.warnings)


def _read_facts(task: _Task) -> None:
    facts = read_facts(task.row, task.source)
    task.reading.facts_files.append(facts)
    task.reading.warnings.extend(facts.warnings)
    count = f"{len(facts.entries)} fact{'' if len(facts.entries) == 1 else 's'}"
    undated = any(entry.since is None for entry in facts.entries)
    task.add_row(note=f"{count}; where it gives no time: assumed to speak of the last record" if undated else count)


_READ = {
    Kind.LOG: _read_log,
    Kind.REGISTRY: _read_registry,
    Kind.INVENTORY: _read_inventory,
    Kind.FACTS: _read_facts,
}


def _mark_cleared(reading: Reading) -> None:
    """Mark the logs that were cleared according to an event 104 of the System log."""
    told: dict[str, list[tuple[str, Instant]]] = {}
    for log in reading.logs:
        for event in log.events:
            if event.event_id == _LOG_CLEARED and event.provider.casefold() == _EVENT_LOG_SERVICE and event.time:
                computer = label_of(event.computer or "").casefold()
                told.setdefault(_channel_cleared(event), []).append((computer, event.time))
    for index, log in enumerate(reading.logs):
        first = log.summary.first_time
        labels = {label_of(name).casefold() for name in log.summary.computers}
        cleared = told.get((log.summary.channel or "").casefold(), [])
        times = [time for computer, time in cleared if computer in labels or not labels]
        if not log.summary.cleared and first is not None and any(_follows(first, time) for time in times):
            reading.logs[index] = replace(log, summary=replace(log.summary, cleared=True))
            reading.rows = [
                replace(row, cleared=True) if row.source_file == log.source.name else row for row in reading.rows
            ]


def _channel_cleared(event: Event) -> str:
    """The channel that an event 104 names in its UserData (LogFileCleared/Channel), in lower case."""
    for value in event.data.values():
        if isinstance(value, dict) and isinstance(channel := value.get("Channel"), str):
            return channel.casefold()
    return str(event.data.get("Channel", "")).casefold()


def _follows(first: Instant, cleared: Instant) -> bool:
    """Whether a log can have begun when it was cleared, by the time of its oldest record (the 104 comes just after).

    A local time follows only if it does so in every zone.
    """
    return first.earliest >= cleared.latest - TICKS_PER_SECOND
