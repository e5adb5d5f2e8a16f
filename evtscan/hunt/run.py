"""Run a hunt: logs and rules → rows for every output, and the counts."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from typing import Protocol

import msgspec

from evtscan.base.model.source import ExtractionWarning, SkippedFile, Source
from evtscan.detection.model.rule import Rule
from evtscan.dump.newest import newest
from evtscan.dump.order import by_time
from evtscan.dump.run import Task
from evtscan.hunt.correlating import Correlating
from evtscan.hunt.detection import Detection, Hit
from evtscan.hunt.fieldmap import Mapped, mapped
from evtscan.hunt.logons import Logons
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.ruletable import RuleTable
from evtscan.hunt.summary import Summary
from evtscan.hunt.tuning import Suppression
from evtscan.hunt.work import Setup, Share, execute, plan, workers_for
from evtscan.intake.archives import opened


class Sink(Protocol):
    """Receives the rows of the time line in order."""

    def add(self, row: Detection) -> None:
        """Process the next row."""
        ...

    def close(self, hunted: "Hunted") -> None:
        """Finish, after the last row."""
        ...


class Notes(Protocol):
    """Receives the number of records read from each file, and the files and records that could not be read."""

    def read(self, name: str, records: int = 0, lost: int = 0) -> None:
        """Record how many records of a log were read and lost."""
        ...

    def skip(self, items: Iterable[SkippedFile]) -> None:
        """Record files that were skipped."""
        ...

    def skip_rest(self, sources: Iterable[Source]) -> None:
        """Record which of these files are not logs."""
        ...

    def warn(self, warning: ExtractionWarning) -> None:
        """Record a warning about data that could not be read."""
        ...


@dataclass(slots=True)
class Hunted:
    """The result of a hunt: the counts, the number of rows, and the undecided events.

    ``mapped`` contains the rules, and how many rules about Sysmon's events also match events of the Security log.
    ``unknown`` counts, by rule id, the events for which the log's format cannot decide whether the rule matches.
    ``suppressed`` counts the detections that ``suppressions`` removed.
    """

    table: RuleTable
    mapped: Mapped = field(default_factory=Mapped)
    summary: Summary = field(default_factory=Summary)
    rows: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    suppressed: int = 0
    logons: Logons = field(default_factory=Logons)


class _NoNotes:
    """Notes that discard everything."""

    def read(self, name: str, records: int = 0, lost: int = 0) -> None: ...

    def skip(self, items: Iterable[SkippedFile]) -> None: ...

    def skip_rest(self, sources: Iterable[Source]) -> None: ...

    def warn(self, warning: ExtractionWarning) -> None: ...


def hunt(
    sources: Iterable[Source],
    rules: Iterable[Rule],
    options: HuntOptions | None = None,
    *,
    suppressions: Iterable[Suppression] = (),
    sinks: Sequence[Sink] = (),
    notes: Notes | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Hunted:
    """Match rules against every event of the logs, and pass each detection to every sink.

    ``sources`` are files and archives of any number of computers. ``suppressions`` remove detections. Rows come in the
    order of files and records, or by time; the number of processes does not change the order. Memory depends neither on
    the size of the logs nor on the number of rows. Nothing is printed: ``notes`` receives the numbers of records and
    files that were read, skipped and lost; ``progress`` receives the number of finished tasks and the number of all
    tasks.

    Raises:
        OutputError: if there is no room for temporary files, or a sink cannot write.
    """
    options, notes = options or HuntOptions(), notes or _NoNotes()
    applied = mapped(rules) if options.map_fields else Mapped(tuple(rules))
    hunted = Hunted(RuleTable.of(applied.rules), applied)
    setup = Setup.of(hunted.table, options, suppressions)
    with opened(sources) as files, tempfile.TemporaryDirectory(prefix="evtscan-", ignore_cleanup_errors=True) as folder:
        tasks, warnings = plan(files.sources)
        for task in tasks:
            notes.read(task.source.name)
        for warning in (*files.warnings, *warnings):
            notes.warn(warning)
        notes.skip(files.skipped)
        notes.skip_rest(files.sources)
        if options.newest is not None:
            tasks = list(newest(tasks, options.newest, options.query.start, options.read))
        for hit in _hits(tasks, setup, hunted, notes, Path(folder), progress):
            row = Detection(hit, [hunted.table.infos[position] for position in hit.rules])
            hunted.summary.add(row)
            hunted.rows += 1
            for sink in sinks:
                sink.add(row)
        for sink in sinks:
            sink.close(hunted)
    return hunted


def _hits(
    tasks: Sequence[Task],
    setup: Setup,
    hunted: Hunted,
    notes: Notes,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Hit]:
    members = folder / "members"
    shares = execute(tasks, setup, folder, workers_for(tasks, setup.options.jobs))
    if progress is not None:
        shares = _counted(shares, len(tasks), progress)
    lines = chain(_lines(shares, hunted, notes, members), _correlated(setup, members, folder))
    decode = msgspec.json.Decoder(Hit).decode
    texts: Iterable[str] = by_time(lines) if setup.options.by_time else (line for _, line in lines)
    return map(decode, texts)


def _counted(shares: Iterable[Share], number: int, progress: Callable[[int, int], None]) -> Iterator[Share]:
    for done, share in enumerate(shares, 1):
        progress(done, number)
        yield share


def _lines(shares: Iterable[Share], hunted: Hunted, notes: Notes, members: Path) -> Iterator[tuple[int, str]]:
    """Yield the hits of each share as time and JSON text.

    The hits for correlations are appended to the file ``members``.
    """
    infos = hunted.table.infos
    with members.open("wb") as for_correlations:
        for share in shares:
            notes.read(share.task.source.name, share.records, share.lost)
            for warning in share.warnings:
                notes.warn(warning)
            hunted.suppressed += share.suppressed
            hunted.logons.merge(share.logons)
            for position, count in share.unknown.items():
                hunted.unknown[infos[position].id] += count
            yield from _read(share.hits)
            with share.members.open("rb") as stream:
                copyfileobj(stream, for_correlations)
            share.members.unlink()


def _correlated(setup: Setup, members: Path, folder: Path) -> Iterator[tuple[int, str]]:
    """Yield the matches of correlations; this must run after all logs have been read."""
    yield from _read(Correlating(setup.table).run([members], folder))


def _read(hits: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file of hits as time and JSON text; the file is deleted after the last line."""
    with hits.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            ticks, _, text = line.partition("\t")
            yield int(ticks), text
    hits.unlink()
