"""The story on one screen: the evidence of one host + rules → everything found on it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from evtscan import facts
from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis, FactsFile
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import SkippedFile, Source
from evtscan.base.wintypes import Instant
from evtscan.detection.match.matcher import RuleIndex, detect
from evtscan.detection.model.rule import KnownIssue, Rule, asked_by
from evtscan.evidence.copies import Distinct, each_once
from evtscan.evidence.machines import machines_in, single_out
from evtscan.evidence.neighbours import around
from evtscan.evidence.reading import Reading, log_formats, read
from evtscan.facts.host import Host
from evtscan.intake.archives import opened
from evtscan.messages import MessagesFrom
from evtscan.report.assembling import assemble
from evtscan.report.hostmessages import HostMessages, message_tables
from evtscan.report.model import HostReport
from evtscan.verdicts.conditions import Conditions
from evtscan.verdicts.judging import judge
from evtscan.verdicts.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """What a run may vary; the filters say which events may match, and take nothing away from facts and coverage.

    ``since`` is inclusive, ``until`` exclusive; a local time of unknown zone is let in if it can lie between them: to
    leave out what may belong there would be a silent loss. ``newest`` is how many ticks before the end of its log an
    event may lie at most. ``providers`` and ``channels`` are names in lower case, none for any; an unknown channel may
    be any of them. ``verdicts``: report only these (none: all that were found).
    ``every_fact``: also look for what no rule asks for, such as each update and the start type of each service.
    """

    since: Instant | None = None
    until: Instant | None = None
    include_ids: frozenset[int] | None = None
    exclude_ids: frozenset[int] = frozenset()
    newest: int | None = None
    providers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    verdicts: frozenset[str] = frozenset()
    show_all: bool = False
    read: ReadOptions = PLAIN
    every_fact: bool = False
    messages: MessagesFrom | None = None
    strict_facts: bool = False

    @property
    def narrows(self) -> bool:
        """Whether some of what is there to be found is left out."""
        bounds = (self.since, self.until, self.newest, self.include_ids)
        return any(bound is not None for bound in bounds) or bool(
            self.exclude_ids or self.providers or self.channels or self.verdicts
        )

    def admits(self, event: Event, end: Instant | None = None) -> bool:
        """Whether an event may match; ``end`` is the time of the last record of its log."""
        if event.event_id in self.exclude_ids:
            return False
        if self.include_ids is not None and event.event_id not in self.include_ids:
            return False
        if self.providers and not self.providers & _names(event):
            return False
        if self.channels and event.channel and event.channel.casefold() not in self.channels:
            return False
        if event.time is None:
            return self.since is None and self.until is None and self.newest is None
        if self.newest is not None and end is not None and event.time.latest < end.earliest - self.newest:
            return False
        return event.time.may_lie_in(self.since, self.until)


def _names(event: Event) -> set[str]:
    return {name.casefold() for name in (event.provider, event.event_source_name) if name}


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

    Its name is ``host_name``, else the one that the evidence gives, else ``default_name``. Of evidence of several
    machines only that of one counts: the one called ``host_name``, else the one that most of it is about.
    """
    with surveyed(sources, rules, options, host_name=host_name, default_name=default_name, skipped=skipped) as survey:
        return _report(survey, options)


def scan_machines(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    folder: str,
    skipped: Iterable[SkippedFile] = (),
    stated: Iterable[FactsFile] = (),
) -> tuple[HostReport, ...]:
    """Judge the host of one folder of an audit, or each of several machines whose logs were mixed up in it.

    ``stated`` is what somebody knows of the host, and no file in its folder says.
    """
    with _reading(sources, rules, skipped, options) as reading:
        reading.add_stated(stated)
        machines = machines_in(reading)
        names = [f"{folder}/{machine.label}" if machine.label else folder for machine in machines]
        surveys = (
            _survey(machine.reading, name, "", rules, options) for machine, name in zip(machines, names, strict=True)
        )
        return tuple(_report(survey, options) for survey in surveys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One host: its name in a report, what was read of it, what is known of it, and what the rules come to on it."""

    name: str
    reading: Reading
    host: Host
    outcomes: tuple[Outcome, ...]


@contextmanager
def surveyed(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    host_name: str = "",
    default_name: str = "host",
    skipped: Iterable[SkippedFile] = (),
) -> Iterator[Survey]:
    """Judge one host as ``scan`` does, for those who ask for more than a report; files last as long as the context."""
    with _reading(sources, rules, skipped, options) as everything:
        yield _survey(single_out(everything, host_name), host_name, default_name, rules, options)


def records(sources: Iterable[Source], number: int, options: ReadOptions = PLAIN) -> list[Event]:
    """Every record with this number (EventRecordID) in any log."""
    with opened(sources) as files:
        reading = read(files.sources, Query(record_ids=(range(number, number + 1),)), options)
        events = (event for log in reading.logs for event in log.events)
        return [event for event in events if event.record_id == number]


@contextmanager
def _reading(
    sources: Iterable[Source], rules: Sequence[Rule], skipped: Iterable[SkippedFile], options: ScanOptions
) -> Iterator[Reading]:
    """What the files come to; those out of archives last as long as the context does."""
    wanted = facts.Wanted(None if options.every_fact else asked_by(rules))
    with opened(sources, hashed=options.read.hashed) as files:
        is_idle = _idle(rules, wanted, are_alike=log_formats(files.sources) in _FULL_FORMATS)
        reading = read(files.sources, query_of(rules) | wanted.query, options.read, is_idle=is_idle)
        for item in skipped:
            reading.skipped.append(item)
            if item.unreadable:
                reading.warn(item.source_file, "unreadable", item.reason)
        reading.skipped.extend(files.skipped)
        reading.warnings.extend(files.warnings)
        reading.rows.extend(files.rows)
        yield reading


_FULL_FORMATS = ({"evtx"}, {"evt"})
"""Formats of the logs of a host that are all binary and alike."""


def _idle(rules: Sequence[Rule], wanted: facts.Wanted, *, are_alike: bool) -> Callable[[Event], bool]:
    """Which of the events that were asked for a scan lets go, since neither rules nor facts can use them.

    What a record does not fit, its copies in logs of the same format do not fit either. But a list of it that leaves
    that open needs the record beside it: where logs are not alike, all that rules ask for stays.
    """
    index, of_rules = RuleIndex(rules), query_of(rules)

    def is_idle(event: Event) -> bool:
        if wanted.tells(event):
            return False
        if are_alike:
            return not index.concerns(event)
        return not of_rules.accepts(event.channel, event.provider, event.event_source_name, event.event_id)

    return is_idle


def _survey(reading: Reading, name: str, default_name: str, rules: Sequence[Rule], options: ScanOptions) -> Survey:
    host = Host(reading.evidence)
    host_name = name or next(iter(host.names), default_name)
    distinct = each_once(host.evidence.logs)
    _note_copies(reading, distinct)
    outcomes = judge_events(host, host_name, rules, options, distinct.events)
    return Survey(name=host_name, reading=reading, host=host, outcomes=tuple(outcomes))


def _report(survey: Survey, options: ScanOptions) -> HostReport:
    verdicts = options.verdicts
    wanted = [outcome for outcome in survey.outcomes if not verdicts or outcome.finding.verdict in verdicts]
    show_all = options.show_all or bool(verdicts)
    near = partial(around, {log.source.name: log.source for log in survey.reading.logs}, options=options.read)
    put_together = partial(
        assemble, survey.name, survey.host, survey.reading, wanted, show_all=show_all, neighbours=near
    )
    if options.messages is None:
        return put_together()
    messages = HostMessages(survey.host, message_tables(options.messages))
    report = put_together(message_of=messages.text)
    return replace(report, warnings=(*report.warnings, *messages.warnings))


def _note_copies(reading: Reading, distinct: Distinct) -> None:
    """Say which file repeats another one; of what it holds, only the events that were selected are compared."""
    for (source, other), count in distinct.copies.items():
        what, verb = ("1 event", "stands") if count == 1 else (f"{count:,} events", "stand")
        message = f"{what} that rules or facts ask for {verb} in {other} too: what stands in both counts once"
        reading.warn(source, "copies", message)


def judge_events(
    host: Host, name: str, rules: Sequence[Rule], options: ScanOptions, events: Iterable[Event]
) -> list[Outcome]:
    """Judge what rules find in events, of which an installation image's tell of no host.

    The options say which events may match; what is not admitted still counts for what stands around a match.
    """
    own = (event for event in events if not host.is_from_image(event)) if host.image_ends else events
    ends = {log.source.name: log.summary.last_time for log in host.evidence.logs}
    return judge(
        host,
        name,
        rules,
        detect(rules, own),
        strict_facts=options.strict_facts,
        admits=lambda event: options.admits(event, ends.get(event.location.source)),
        unseen=options.show_all or bool(options.verdicts),
    )


def unanswered(
    sources: Iterable[Source], rules: Sequence[Rule], read_options: ReadOptions = PLAIN, *, default_name: str = "host"
) -> tuple[str, dict[str, tuple[str, ...]]]:
    """A host's name, and the facts that rules ask for and nothing is known of now, each with these rules.

    First those that open findings lack, then by the number of rules. A rule whose conditions are known to be false on
    the host asks for nothing.
    """
    options = ScanOptions(every_fact=True, read=read_options)
    with surveyed(sources, rules, options, default_name=default_name) as survey:
        host = survey.host
        asking = [rule for rule in rules if rule.known_issue and not _is_ruled_out(rule.known_issue, host)]
        asked = asked_by(asking).items()
        lacking = Counter(fact for outcome in survey.outcomes for fact in outcome.finding.missing_facts)
        unknown = [(fact, names) for fact, names in asked if host.known(fact, host.now).basis is Basis.UNKNOWN]
        unknown.sort(key=lambda entry: (-lacking[entry[0]], -len(entry[1])))
        return survey.name, dict(unknown)


def _is_ruled_out(issue: KnownIssue, host: Host) -> bool:
    return Conditions(issue, host).at(host.now).truth is Truth.FALSE


def query_of(rules: Sequence[Rule]) -> Query:
    """What the detections of rules can use of a log."""
    return Query.union(rule.query() for rule in rules)
