"""The files of one host → its evidence, with a row for each file, and what could not be read and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evtscan.errors import EvidenceError
from evtscan.model import (
    Event,
    Evidence,
    EvidenceRow,
    ExtractionWarning,
    FactsFile,
    Location,
    Log,
    LogSummary,
    Query,
    Registry,
    SkippedFile,
    Source,
)
from evtscan.parsers import Format, Kind, read_facts, read_log, read_registry, recognise

_LOG_NAMES = (".evt", ".evtx")
_CLEARED_IDS = {"system": {104}, "security": {1102, 517}}


@dataclass(slots=True)
class Reading:
    """What the files of one host came to."""

    logs: list[Log] = field(default_factory=list)
    registries: list[Registry] = field(default_factory=list)
    facts_files: list[FactsFile] = field(default_factory=list)
    rows: list[EvidenceRow] = field(default_factory=list)
    warnings: list[ExtractionWarning] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)

    @property
    def evidence(self) -> Evidence:
        """The evidence that was read."""
        return Evidence(logs=tuple(self.logs), registries=tuple(self.registries), facts_files=tuple(self.facts_files))


def read(sources: Iterable[Source], query: Query) -> Reading:
    """Read every file that is evidence, each log for what the query selects; no file ends the reading of the others."""
    reading = Reading()
    for source in sources:
        try:
            row = recognise(source)
            if row is None:
                _skip(reading, source)
            else:
                _READ[row.kind](reading, row, source, query)
        except (EvidenceError, OSError) as error:
            message = (
                str(error) if isinstance(error, EvidenceError) else f"{source.name}: cannot be read ({error.strerror})"
            )
            reading.skipped.append(
                SkippedFile(source_file=source.name, reason=message.removeprefix(f"{source.name}: "))
            )
            reading.warnings.append(
                ExtractionWarning(location=Location(source=source.name), kind="unreadable", message=message)
            )
    return reading


def _skip(reading: Reading, source: Source) -> None:
    size = source.path.stat().st_size
    reason = "no evidence that evtscan reads" if size else "empty"
    reading.skipped.append(SkippedFile(source_file=source.name, reason=reason))
    if source.name.lower().endswith(_LOG_NAMES):
        what = "its content is not that of an event log" if size else "it is empty"
        message = f"{source.name} is named like an event log, but {what}: export or copy the log again"
        reading.warnings.append(
            ExtractionWarning(location=Location(source=source.name), kind="not_a_log", message=message)
        )


def _read_log(reading: Reading, row: Format, source: Source, query: Query) -> None:
    reader = read_log(row, source, query)
    events = tuple(sorted(reader, key=lambda event: event.sequence))
    summary = reader.summary
    log = Log(source=source, summary=summary, events=events)
    reading.logs.append(log)
    reading.warnings.extend(reader.warnings)
    reading.rows.append(
        EvidenceRow(
            source_file=source.name,
            size=source.path.stat().st_size,
            format=row.name,
            computer=summary.computers[-1] if summary.computers else "",
            first_time=str(summary.first_time or ""),
            last_time=str(summary.last_time or ""),
            records=summary.records,
            lost=summary.lost,
            holes=summary.holes,
            dirty=summary.dirty,
            wrapped=summary.wrapped,
            cleared=summary.cleared or _says_cleared(summary, events),
            filtered=summary.filtered,
            time_zone="UTC",
            note=f"channel {summary.channel}" if summary.channel else "channel not known",
        )
    )


def _says_cleared(summary: LogSummary, events: Iterable[Event]) -> bool:
    ids = _CLEARED_IDS.get((summary.channel or "").casefold(), set())
    return any(event.event_id in ids for event in events)


def _read_registry(reading: Reading, row: Format, source: Source, query: Query) -> None:
    registry = read_registry(row, source)
    reading.registries.append(registry)
    reading.warnings.extend(registry.warnings)
    taken = str(registry.taken) if registry.taken else ""
    reading.rows.append(
        EvidenceRow(
            source_file=source.name,
            size=source.path.stat().st_size,
            format=row.name,
            last_time=taken,
            time_zone="UTC" if taken else "",
            note=f"written last at {taken}" if taken else "does not say when it was taken",
        )
    )


def _read_facts(reading: Reading, row: Format, source: Source, query: Query) -> None:
    facts = read_facts(row, source)
    reading.facts_files.append(facts)
    reading.warnings.extend(facts.warnings)
    size = source.path.stat().st_size
    note = f"{len(facts.entries)} facts"
    reading.rows.append(EvidenceRow(source_file=source.name, size=size, format=row.name, note=note))


_READ = {Kind.LOG: _read_log, Kind.REGISTRY: _read_registry, Kind.FACTS: _read_facts}
