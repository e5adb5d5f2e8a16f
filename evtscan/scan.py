"""The story on one screen: the evidence of one host + rules → everything found on it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

from evtscan import facts
from evtscan.archives import opened
from evtscan.detection.matcher import match
from evtscan.detection.rule import KnownIssue, Rule, asked_by
from evtscan.facts.host import Host
from evtscan.facts.stretches import identity
from evtscan.logic import Truth
from evtscan.model import PLAIN, Basis, Event, HostReport, Log, Query, ReadOptions, SkippedFile, Source
from evtscan.parsers.evidence import Reading, read
from evtscan.parsers.machines import divide, mixed
from evtscan.verdicts.conditions import Conditions
from evtscan.verdicts.hostreport import assemble
from evtscan.verdicts.judging import Outcome, judge
from evtscan.wintypes import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """What a run may vary; the filters say which events may match, and take nothing away from facts and coverage.

    ``since`` is inclusive, ``until`` exclusive. ``verdicts``: report only these (none: all that were found).
    """

    since: Instant | None = None
    until: Instant | None = None
    include_ids: frozenset[int] | None = None
    exclude_ids: frozenset[int] = frozenset()
    verdicts: frozenset[str] = frozenset()
    show_all: bool = False
    read: ReadOptions = PLAIN
    strict_facts: bool = False

    def admits(self, event: Event) -> bool:
        """Whether an event may match."""
        if event.event_id in self.exclude_ids:
            return False
        if self.include_ids is not None and event.event_id not in self.include_ids:
            return False
        if event.time is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= event.time) and (self.until is None or event.time < self.until)


def scan(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    host_name: str = "",
    default_name: str = "host",
    skipped: Iterable[SkippedFile] = (),
) -> HostReport:
    """Judge one host by the files collected from it.

    Its name is ``host_name``, else the one that the evidence gives, else ``default_name``.
    """
    with _reading(sources, rules, skipped) as reading:
        if names := mixed(reading):
            message = (
                f"the logs come from {' and '.join(names)} at the same time and are judged as one host: scan each apart"
            )
            reading.warn(reading.logs[0].source.name, "identity_mismatch", message)
        host = Host(reading.evidence)
        return _report(reading, host, host_name or next(iter(host.names), default_name), rules, options)


def scan_machines(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    folder: str,
    skipped: Iterable[SkippedFile] = (),
) -> tuple[HostReport, ...]:
    """Judge the host of one folder of an audit, or each of several machines whose logs were mixed up in it."""
    with _reading(sources, rules, skipped) as reading:
        return tuple(
            _report(
                machine.reading,
                Host(machine.reading.evidence),
                f"{folder}/{machine.label}" if machine.label else folder,
                rules,
                options,
            )
            for machine in divide(reading)
        )


@contextmanager
def _reading(sources: Iterable[Source], rules: Sequence[Rule], skipped: Iterable[SkippedFile]) -> Iterator[Reading]:
    """What the files come to; those out of archives last as long as the context does."""
    with opened(sources) as files:
        reading = read(files.sources, query_of(rules))
        reading.skipped.extend((*skipped, *files.skipped))
        reading.warnings.extend(files.warnings)
        yield reading


def _report(reading: Reading, host: Host, name: str, rules: Sequence[Rule], options: ScanOptions) -> HostReport:
    outcomes = judge_events(host, name, rules, options)
    wanted = [outcome for outcome in outcomes if not options.verdicts or outcome.finding.verdict in options.verdicts]
    return assemble(name, host, reading, wanted, show_all=options.show_all or bool(options.verdicts))


def judge_events(host: Host, name: str, rules: Sequence[Rule], options: ScanOptions) -> list[Outcome]:
    """Match every event that the options admit, and judge what matches."""
    events = (event for event in each_once(host.evidence.logs) if options.admits(event))
    return judge(host, name, rules, match(rules, events), strict_facts=options.strict_facts)


def each_once(logs: Iterable[Log]) -> Iterator[Event]:
    """The events of all logs; one that stands in several files of a host comes once, from the first of them."""
    seen: dict[tuple[object, ...], str] = {}
    for log in logs:
        for event in log.events:
            first = seen.setdefault(identity(event), log.source.name) if event.record_id is not None else ""
            if first in ("", log.source.name):
                yield event


def unanswered(
    sources: Iterable[Source], rules: Sequence[Rule], *, default_name: str = "host"
) -> tuple[str, dict[str, tuple[str, ...]]]:
    """A host's name, and the facts that rules ask for and nothing is known of now, each with these rules.

    A rule whose conditions are known to be false on the host asks for nothing.
    """
    with _reading(sources, (), ()) as reading:
        host = Host(reading.evidence)
        asking = [rule for rule in rules if rule.known_issue and not _is_ruled_out(rule.known_issue, host)]
        asked = asked_by(asking).items()
        unknown = {fact: names for fact, names in asked if host.known(fact, host.now).basis is Basis.UNKNOWN}
        return next(iter(host.names), default_name), unknown


def _is_ruled_out(issue: KnownIssue, host: Host) -> bool:
    return Conditions(issue, host).at(host.now).truth is Truth.FALSE


def query_of(rules: Sequence[Rule]) -> Query:
    """What the rules, and the facts of a host, can use of a log."""
    return reduce(Query.__or__, (rule.query() for rule in rules), facts.query())
