"""Logs → files of hits: one task is a log or a range of its chunks, processed in this process or in a worker.

A worker receives the path of a file with the rules and settings of the run, which it loads once. It writes the hits of
each task to a separate file. So neither the rules nor the hits go through a pipe, and memory does not grow with the
number of hits.
"""

import os
import pickle
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from evtscan.base.errors import EvidenceError, why_unreadable
from evtscan.base.model.event import Event
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.outfiles import naming
from evtscan.base.processes import WorkerLostError, Workers, error_of
from evtscan.dump.run import Task
from evtscan.hunt.correlating import Correlating, fields_of
from evtscan.hunt.detection import Hit
from evtscan.hunt.logons import RULE as LOGON_RULE
from evtscan.hunt.logons import Logons
from evtscan.hunt.matching import Matched, Matching
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.ruletable import RuleTable
from evtscan.hunt.tuning import Suppression
from evtscan.parsers import Kind, format_named, read_log, recognise
from evtscan.report.details import fields_tested, ordered, whole_text

if TYPE_CHECKING:
    from concurrent.futures import Future

MODULES = ("evtscan.hunt.work", "evtscan.parsers.logs.evtx")
"""Modules that a worker imports while it waits for its first call."""

SHARED_FROM = 8 << 20
"""Size in bytes from which an EVTX log is divided among several workers."""

WORTH_WORKERS = 32 << 20
"""Size of logs in bytes from which workers are used: each needs about a second to start and compile the rules."""

TASK_CHUNKS = 64
"""Chunks of a shared log in one task: 4 MiB."""

MOST_WARNINGS = 1000
"""Maximum number of warnings of one task that are reported."""

_CHUNK = 1 << 16
_WAITING = 2  # finished tasks per worker that may wait for their turn


@dataclass(frozen=True, slots=True)
class Setup:
    """The data that every task of a run needs; ``query`` selects the records that can match."""

    table: RuleTable
    options: HuntOptions
    suppressions: tuple[Suppression, ...]
    query: Query

    @classmethod
    def of(cls, table: RuleTable, options: HuntOptions, suppressions: Iterable[Suppression]) -> "Setup":
        """Return the setup of a run."""
        query = table.query()
        if options.logons:
            query |= LOGON_RULE.query()
        selectors = _common(query.selectors, options.query.selectors)
        return cls(table, options, tuple(suppressions), replace(options.query, selectors=selectors))


@dataclass(slots=True, kw_only=True)
class Share:
    """The result of one task; ``hits`` is the file with the hits, ``members`` the file with the hits for correlations.

    ``unknown`` counts, by rule position, the events for which the log cannot decide whether the rule matches;
    ``suppressed`` counts the detections that tuning files remove.
    """

    task: Task
    hits: Path
    records: int = 0
    lost: int = 0
    warnings: list[ExtractionWarning] = field(default_factory=list)
    unknown: Counter[int] = field(default_factory=Counter)
    suppressed: int = 0
    logons: Logons = field(default_factory=Logons)

    @property
    def members(self) -> Path:
        """The file with the matches of rules that correlations reference."""
        return self.hits.with_suffix(".members")


# --------------------------------------------------------------------------------------------------- planning


def plan(sources: Iterable[Source]) -> tuple[list[Task], list[ExtractionWarning]]:
    """Return the tasks for these files, in order.

    Files that are not logs are skipped; unreadable files give a warning.
    """
    tasks: list[Task] = []
    warnings: list[ExtractionWarning] = []
    for source in sources:
        try:
            row = recognise(source)
            if row is not None and row.kind is Kind.LOG:
                tasks.extend(_tasks_of(source, row.name))
        except (EvidenceError, OSError) as error:
            warnings.append(_unreadable(source, error))
    return tasks, warnings


def _tasks_of(source: Source, format_name: str) -> Iterator[Task]:
    size = source.path.stat().st_size
    if format_name != "evtx" or size < SHARED_FROM:
        yield Task(source=source, format=format_name)
        return
    for first in range(0, 1 + size // _CHUNK, TASK_CHUNKS):
        yield Task(source=source, format=format_name, chunks=(first, first + TASK_CHUNKS))


def workers_for(tasks: Sequence[Task], jobs: int) -> int:
    """Return the number of worker processes for these tasks; 0 if this process does the work."""
    size = sum(path.stat().st_size for path in {task.source.path for task in tasks})
    wanted = jobs or ((os.cpu_count() or 1) if size >= WORTH_WORKERS else 1)
    processes = min(wanted, len(tasks))
    return processes if processes > 1 else 0


# ---------------------------------------------------------------------------------------------------- running


def execute(tasks: Sequence[Task], setup: Setup, folder: Path, workers: int) -> Iterator[Share]:
    """Run the tasks and yield their shares in order.

    Files are written to ``folder``; the receiver deletes those of a share.
    """
    if not workers:
        runner = _Runner(setup)
        for number, task in enumerate(tasks):
            yield runner.run(task, folder / str(number))
        return
    instead = cache(lambda: _Runner(setup))
    place = folder / "setup"
    place.write_bytes(pickle.dumps(setup))
    waiting: deque[tuple[Task, Path, Future[Share]]] = deque()
    with Workers(workers, MODULES) as pool:
        for number, task in enumerate(tasks):
            hits = folder / str(number)
            waiting.append((task, hits, pool.submit(run_in_worker, str(place), task, hits)))
            if len(waiting) >= workers * _WAITING + 1:
                yield _answer(*waiting.popleft(), instead)
        while waiting:
            yield _answer(*waiting.popleft(), instead)


def _answer(task: Task, hits: Path, future: "Future[Share]", instead: "Callable[[], _Runner]") -> Share:
    """Return the share of a task; ``instead`` returns the runner for tasks whose worker was lost."""
    if isinstance(error_of(future), WorkerLostError):
        return instead().run(task, hits)
    return future.result()


def run_in_worker(setup: str, task: Task, hits: Path) -> Share:
    """Run one task with the rules and settings in the file ``setup``."""
    return _runner(setup).run(task, hits)


@lru_cache(maxsize=1)
def _runner(setup: str) -> "_Runner":
    return _Runner(pickle.loads(Path(setup).read_bytes()))


class _Runner:
    """Matches logs, one task at a time."""

    def __init__(self, setup: Setup) -> None:
        self._table, self._options, self._suppressions = setup.table, setup.options, setup.suppressions
        self._query = setup.query
        self._matching = Matching([*setup.table.rules, *([LOGON_RULE] if setup.options.logons else [])])
        self._of_logons = len(setup.table.rules)
        self._members = Correlating(setup.table).members
        self._fields: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._encode = msgspec.json.Encoder().encode

    def run(self, task: Task, hits: Path) -> Share:
        """Match a log, or a range of its chunks."""
        share = Share(task=task, hits=hits)
        with naming("the folder for temporary files"), hits.open("wb") as stream, share.members.open("wb") as members:
            for matched in self._matched(task, share):
                if self._of_logons in matched.rules:
                    matched.rules.remove(self._of_logons)
                    share.logons.add(matched.event)
                positions = self._kept(matched, share)
                for hit in self._hits(matched.event, positions):
                    stream.write(b"%d\t%s\n" % (hit.ticks, self._encoded(hit)))
                for position in positions:
                    if position in self._members:
                        values = fields_of(matched.event, self._members[position])
                        members.write(self._encoded(_hit(matched.event, (position,), values)) + b"\n")
        return share

    def _matched(self, task: Task, share: Share) -> Iterator[Matched]:
        """Yield the records that rules match; add the counts of records and the warnings to the share."""
        query = self._query if task.start is None else replace(self._query, start=task.start)
        try:
            reader = read_log(format_named(task.format), task.source, query, self._options.read, chunks=task.chunks)
            for matched in self._matching.of(reader):
                if self._options.includes(matched.event):
                    yield matched
        except (EvidenceError, OSError) as error:
            share.warnings.append(_unreadable(task.source, error))
        else:
            share.records, share.lost = reader.summary.records, reader.summary.lost
            share.warnings += reader.warnings[:MOST_WARNINGS]

    def _encoded(self, hit: Hit) -> bytes:
        try:
            return self._encode(hit)
        except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot carry
            return self._encode(whole_text(msgspec.structs.astuple(hit)))

    def _kept(self, matched: Matched, share: Share) -> list[int]:
        """Return the positions of the rules that match a record, without suppressed detections."""
        share.unknown.update(matched.unknown)
        if not self._suppressions:
            return matched.rules
        kept = [position for position in matched.rules if not self._is_suppressed(position, matched.event)]
        share.suppressed += len(matched.rules) - len(kept)
        return kept

    def _hits(self, event: Event, positions: Sequence[int]) -> Iterator[Hit]:
        """Yield the rows of a record."""
        shown = tuple(position for position in positions if position in self._table.reported)
        for rules in [shown] * bool(shown) if self._options.group_record else ((position,) for position in shown):
            yield _hit(event, rules, ordered(event.data, self._tested(rules)), event.message or "")

    def _is_suppressed(self, position: int, event: Event) -> bool:
        rule_id = self._table.rules[position].info.id
        return any(suppression.includes(rule_id, event) for suppression in self._suppressions)

    def _tested(self, rules: tuple[int, ...]) -> tuple[str, ...]:
        found = self._fields.get(rules)
        if found is None:
            if len(self._fields) > _MOST_FIELDS:
                self._fields.clear()
            found = self._fields[rules] = fields_tested(self._table.rules[position] for position in rules)
        return found


_MOST_FIELDS = 10_000


def _common(one: frozenset[Selector] | None, other: frozenset[Selector] | None) -> frozenset[Selector] | None:
    """Return selectors for the records that both arguments select.

    They may select more records, since a record can have two provider names.
    """
    if one is None or other is None:
        return other if one is None else one
    pairs = ((mine, its) for mine in one for its in other)
    return frozenset(
        Selector(
            mine.channel or its.channel,
            mine.provider or its.provider,
            its.event_id if mine.event_id is None else mine.event_id,
        )
        for mine, its in pairs
        if None in (mine.channel, its.channel) or str(mine.channel).casefold() == str(its.channel).casefold()
    )


def _hit(event: Event, rules: tuple[int, ...], data: dict[str, Any], message: str = "") -> Hit:
    time = event.time
    return Hit(
        ticks=time.ticks if time else 0,
        time=str(time or ""),
        computer=event.computer or "",
        channel=event.channel or "",
        provider=event.provider,
        event_id=event.event_id,
        record_id=event.record_id,
        source=event.location.source,
        offset=event.location.offset,
        data=data,
        message=message,
        rules=rules,
    )


def _unreadable(source: Source, error: EvidenceError | OSError) -> ExtractionWarning:
    where, why = Location(source=source.name), why_unreadable(error, source.name)
    return ExtractionWarning(location=where, kind="unreadable", message=why)
