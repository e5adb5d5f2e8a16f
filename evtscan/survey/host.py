"""Read evidence of one host + rules → its survey: name, facts, boot sessions, and the outcome of each rule."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis
from evtscan.base.model.source import SkippedFile, Source
from evtscan.detection.match.engine import Engine
from evtscan.detection.model.rule import Rule, asked_by
from evtscan.evidence.copies import Distinct, each_once
from evtscan.evidence.reading import Reading, read
from evtscan.facts.host import Host
from evtscan.intake.archives import opened
from evtscan.survey.options import ScanOptions
from evtscan.survey.recordfilter import RecordFilter
from evtscan.verdicts.conditions import Conditions
from evtscan.verdicts.judging import judge
from evtscan.verdicts.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One host: its name in the report, the evidence read, the host with its facts, and the outcome of each rule.

    ``copies`` are pairs of files of which one repeats events of the other.
    """

    name: str
    reading: Reading
    host: Host
    outcomes: tuple[Outcome, ...]
    copies: frozenset[tuple[str, str]] = frozenset()


@contextmanager
def read_evidence(
    sources: Iterable[Source], engine: Engine, skipped: Iterable[SkippedFile], options: ScanOptions
) -> Iterator[Reading]:
    """Read what rules and facts can use; files extracted from archives exist until the context ends.

    The engine remembers its answers for the events that are kept, for ``survey_host``.
    """
    with opened(sources, hashed=options.read.hashed) as files:
        records = RecordFilter(engine, files.sources, every_fact=options.every_fact)
        read_options = replace(options.read, problems=bool(engine.rules) and not options.filters_events)
        reading = read(
            files.sources, records.query, read_options, used_rows=records.used_rows, is_unused=records.is_unused
        )
        for item in skipped:
            reading.skipped.append(item)
            if item.unreadable:
                reading.warn(item.source_file, "unreadable", item.reason)
        reading.skipped.extend(files.skipped)
        reading.warnings.extend(files.warnings)
        reading.rows.extend(files.rows)
        yield reading


def survey_host(
    reading: Reading, engine: Engine, options: ScanOptions, *, name: str = "", default_name: str = "host"
) -> Survey:
    """Judge the host that the evidence was collected from.

    Its name is ``name``, else the newest name in the evidence, else ``default_name``.
    """
    host = Host(reading.evidence, asked_by(engine.rules))
    host_name = name or next(iter(host.names), default_name)
    distinct = each_once(host.evidence.logs)
    _warn_of_copies(reading, distinct)
    outcomes = judge_events(host, host_name, engine, options, distinct.events)
    return Survey(
        name=host_name, reading=reading, host=host, outcomes=tuple(outcomes), copies=frozenset(distinct.copies)
    )


def judge_events(host: Host, name: str, engine: Engine, options: ScanOptions, events: Iterable[Event]) -> list[Outcome]:
    """Judge the matches of rules among events; records of an installation image are left out.

    An event that the options exclude cannot match, but counts as context of a match.
    """
    own = (event for event in events if not host.is_from_image(event)) if host.image_ends else events
    log_ends = {log.source.name: log.summary.last_time for log in host.evidence.logs}
    return judge(
        host,
        name,
        engine.rules,
        engine.detect(own),
        strict_facts=options.strict_facts,
        admits=lambda event: options.includes(event, log_ends.get(event.location.source)),
        unseen=options.show_all or bool(options.verdicts),
    )


def unknown_facts(survey: Survey, rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """The facts that rules ask for and that are unknown now, each with the names of these rules.

    First the facts that open findings lack, then by the number of rules. A rule whose conditions are known to be false
    on the host asks for nothing.
    """
    host = survey.host
    asked = asked_by([rule for rule in rules if rule.known_issue and not _is_ruled_out(rule, host)])
    lacking = Counter(fact for outcome in survey.outcomes for fact in outcome.finding.missing_facts)
    unknown = [(fact, names) for fact, names in asked.items() if host.known(fact, host.now).basis is Basis.UNKNOWN]
    unknown.sort(key=lambda entry: (-lacking[entry[0]], -len(entry[1])))
    return dict(unknown)


def _is_ruled_out(rule: Rule, host: Host) -> bool:
    issue = rule.known_issue
    return issue is not None and Conditions(issue, host).at(host.now).truth is Truth.FALSE


def _warn_of_copies(reading: Reading, distinct: Distinct) -> None:
    """Warn of each file that repeats another one; only the selected events are compared."""
    for (source, other), count in distinct.copies.items():
        events = "1 of the selected events is" if count == 1 else f"{count:,} of the selected events are"
        reading.warn(source, "copies", f"{events} also in {other}; duplicates are counted once")
