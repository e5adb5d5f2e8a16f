"""A host, its evidence and its outcomes → its part of the report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis, FactValue, Known
from evtscan.base.model.finding import NOT_SEEN, Finding, NearbyRow, Surroundings, Verdict
from evtscan.base.model.query import ReadOptions
from evtscan.base.model.source import Location, Source
from evtscan.base.wording import data_text, shortened
from evtscan.diagnosis.chains import consequences
from evtscan.diagnosis.changes import changes_before
from evtscan.diagnosis.unexplained import EXPLAINING, unexplained
from evtscan.evidence.neighbours import around
from evtscan.evidence.reading import Reading
from evtscan.facts.history.clockcount import count_steps
from evtscan.facts.history.sets import KnownSet
from evtscan.facts.history.statement import Listing, Undecided
from evtscan.facts.history.timeline import Placed, Point, restarts
from evtscan.facts.host import Host
from evtscan.report.details import details_of, fields_tested, ordered
from evtscan.report.hostmessages import HostMessages, message_tables
from evtscan.report.model import FactRow, HostReport, MatchRow
from evtscan.report.timeline import row_sequence, rows_of_logs, session_rows
from evtscan.survey.host import Survey
from evtscan.survey.options import ScanOptions
from evtscan.verdicts.finding import Judged, known_now, shown_value, system_of, text_of
from evtscan.verdicts.outcomes import Outcome

NOW = "now"
"""The time of a row that says what is known of a fact now."""

MAX_MESSAGE = 500
"""Characters of an event's message in a row of ``events.csv``; its data are whole."""

MAX_NEARBY_DETAIL = 160
"""Characters of the data of a record that stands near a match."""

MAX_SESSIONS = 200
"""How many boot sessions, the newest, a report lists."""

MAX_TIMELINE = 400
"""How many gaps, starts, stops and clock steps, the newest, a report lists."""

MAX_SURROUNDINGS = 20
"""How many matches of a host are shown with the records around them, those of the most severe findings first."""

Neighbours = Callable[[Sequence[Event]], Mapping[Location, Sequence[Event]]]
"""Some events → the records around each, itself among them; what cannot be read again is left out."""


@dataclass(frozen=True, slots=True)
class NearbyRecords:
    """Reads the records around events again, from the logs that hold them (``sources``, by name)."""

    sources: Mapping[str, Source]
    options: ReadOptions

    def __call__(self, events: Sequence[Event]) -> Mapping[Location, Sequence[Event]]:
        """Return the records around each event, by the location of the event."""
        return around(self.sources, events, self.options)


def _alone(events: Sequence[Event]) -> Mapping[Location, Sequence[Event]]:
    return {}


def report_of(survey: Survey, options: ScanOptions) -> HostReport:
    """Return the report of a surveyed host: findings with the verdicts in ``options``, and messages of events."""
    verdicts = options.verdicts
    outcomes = [outcome for outcome in survey.outcomes if not verdicts or outcome.finding.verdict in verdicts]
    messages = None if options.messages is None else HostMessages(survey.host, message_tables(options.messages))
    report = assemble(
        survey.name,
        survey.host,
        survey.reading,
        outcomes,
        show_all=options.show_all or bool(verdicts),
        message_of=own_message if messages is None else messages.text,
        neighbours=NearbyRecords({log.source.name: log.source for log in survey.reading.logs}, options.read),
    )
    causes, changes = consequences(survey.outcomes), changes_before(survey, options.read)
    left = unexplained(survey.host.evidence.logs, _explained(survey.outcomes), survey.copies, survey.host.image_ends)
    return replace(
        report,
        warnings=report.warnings if messages is None else (*report.warnings, *messages.warnings),
        findings=tuple(
            replace(item, consequence_of=causes.get(item.finding_id, ()), changes=changes.get(item.finding_id))
            for item in report.findings
        ),
        rules_seen=tuple(sorted(_rules_seen(survey.outcomes))),
        tally=left.tally,
        unexplained=left.rows,
    )


def _explained(outcomes: Iterable[Outcome]) -> Iterator[Event]:
    """Yield the events that rules explain on the host."""
    for outcome in outcomes:
        for item in outcome.matches:
            if item.verdict in EXPLAINING:
                yield from item.match.events


def _rules_seen(outcomes: Iterable[Outcome]) -> set[str]:
    """Return the ids of rules with a match on the host, whatever the match's verdict."""
    return {item.match.rule.info.id for outcome in outcomes for item in outcome.matches}


def own_message(event: Event) -> str | None:
    """Return the message that the log itself contains for an event."""
    return event.message


def assemble(
    host_name: str,
    host: Host,
    reading: Reading,
    outcomes: Sequence[Outcome],
    *,
    show_all: bool = False,
    message_of: Callable[[Event], str | None] = own_message,
    neighbours: Neighbours = _alone,
) -> HostReport:
    """Return the report of one host; without ``show_all`` it contains only findings that were found.

    ``message_of`` returns the message of a matched event, or None. ``neighbours`` returns the records around it.
    """
    shown = [outcome for outcome in outcomes if show_all or Verdict(outcome.finding.verdict) not in NOT_SEEN]
    names = host.names
    return HostReport(
        host=host_name,
        computer=next(iter(names), ""),
        other_names=tuple(names[1:]),
        os=system_of(host),
        version=known_now(host, "os.version"),
        build=known_now(host, "os.build"),
        ubr=known_now(host, "os.ubr"),
        service_pack=known_now(host, "os.service_pack"),
        update_date=known_now(host, "os.update_date"),
        role=known_now(host, "host.role"),
        components=tuple(_components(host)),
        clock_steps=count_steps(host.evidence.logs),
        snapshot_time="; ".join(sorted({str(item.taken) for item in reading.registries if item.taken})),
        findings=tuple(_with_surroundings(shown, neighbours)),
        matches=tuple(_match_rows(host, shown, message_of)),
        facts=tuple(fact_rows(host)),
        evidence=tuple(reading.rows),
        warnings=(*reading.warnings, *host.warnings),
        skipped=tuple(sorted(reading.skipped, key=lambda item: item.source_file)),
        sessions=tuple(session_rows(host, MAX_SESSIONS)),
        timeline=tuple(rows_of_logs(host, MAX_SESSIONS, MAX_TIMELINE)),
    )


def fact_rows(host: Host, also: Iterable[str] = ()) -> Iterator[FactRow]:
    """Each stated fact: what is known now, then the statements in order of time.

    ``also`` are facts that are read on request only.
    """
    for name in (*host.fact_names, *also):
        timeline = host.timeline(name)
        yield _row(host.known(name, host.now), NOW)
        for item in _changes(timeline.placed):
            yield _row_of_statement(name, item)


def fact_rows_at(host: Host, point: Point, when: str) -> Iterator[FactRow]:
    """Yield the value of each stated fact at one point; ``when`` is the printed time."""
    for name in (*host.fact_names, *host.fact_names_on_request):
        yield _row(host.known(name, point), when)


def _changes(placed: Sequence[Placed]) -> Iterator[Placed]:
    """Yield the statements, without those that repeat the previous one in the same kind of evidence."""
    last: dict[str, tuple[FactValue | Undecided, Listing]] = {}
    for item in placed:
        key = item.statement.location.source
        said = (item.statement.value, item.statement.listing)
        if last.get(key) != said:
            last[key] = said
            yield item


def _row(known: Known, when: str) -> FactRow:
    limit = known.limit if known.basis is Basis.UNKNOWN else None
    locations = limit.locations if limit else known.locations
    over = f"over {restarts(known.restarts)}" if known.basis.carried and known.restarts else ""
    return FactRow(
        name=known.name,
        value=text_of(known) or "unknown",
        basis=known.basis.value,
        time=when,
        location=locations[0] if locations else None,
        note="; ".join(part for part in (over, known.why, limit.why if limit else "") if part),
        is_set=isinstance(known, KnownSet),
        members=known.value if isinstance(known, KnownSet) and isinstance(known.value, tuple) else (),
        complete=isinstance(known, KnownSet) and known.others.basis is not Basis.UNKNOWN,
    )


def _row_of_statement(name: str, item: Placed) -> FactRow:
    statement = item.statement
    if isinstance(statement.value, Undecided):
        value, note = "undecided", statement.value.why
    else:
        value, note = shown_value(statement.value), statement.note
    if statement.event is not None:
        time = str(statement.event.time or "")
    elif item.is_vague:
        time = f"{statement.taken} (local time: the boot session is assumed)"
    else:
        time = "with the last record (assumed)" if item.assumed else str(statement.taken)
    return FactRow(
        name=name,
        value=value,
        basis=Basis.STATED.value,
        time=time,
        session=item.session,
        location=statement.location,
        note=note,
        history=True,
        sequence=row_sequence(item.sequence),
    )


def _components(host: Host) -> Iterator[str]:
    for name in host.fact_names:
        component = name.removeprefix("component.")
        if component != name and "." not in component and host.known(name, host.now).value is True:
            yield component


def _match_rows(
    host: Host, outcomes: Iterable[Outcome], message_of: Callable[[Event], str | None]
) -> Iterator[MatchRow]:
    """Yield a row for each event of each match; an event in two matches of a rule has one row."""
    found: dict[tuple[str, int, str, Location], tuple[Event, Judged, Outcome]] = {}
    for outcome in outcomes:
        for item in outcome.matches:
            for event in item.match.events:
                key = (event.location.source, event.sequence, item.match.rule.info.id, event.location)
                found.setdefault(key, (event, item, outcome))
    tested: dict[str, tuple[str, ...]] = {}
    for _, (event, item, outcome) in sorted(found.items(), key=lambda entry: entry[0][:3]):
        point = item.point if event is item.event else host.point_of(event)
        rule = item.match.rule
        if rule.info.id not in tested:
            tested[rule.info.id] = fields_tested(rule.bases())
        details = details_of(ordered(event.data, tested[rule.info.id]))
        yield _match_row(event, point, item, outcome, details, message_of(event) or "")


def _match_row(event: Event, point: Point, item: Judged, outcome: Outcome, details: str, message: str) -> MatchRow:
    return MatchRow(
        timestamp=str(event.time or ""),
        computer=event.computer or "",
        verdict=item.verdict.value,
        rule_id=item.match.rule.info.id,
        entity=outcome.finding.entity,
        channel=event.channel or "",
        provider=event.provider,
        event_id=event.event_id,
        event_level=event.level,
        record_id=event.record_id,
        details=details,
        basis=item.basis,
        source_file=event.location.source,
        offset=event.location.offset,
        message=shortened(message, MAX_MESSAGE),
        session=point.session,
        sequence=row_sequence(point.sequence),
    )


def _with_surroundings(outcomes: Iterable[Outcome], neighbours: Neighbours) -> Iterator[Finding]:
    """Yield the findings, each with the records around its first and its last match."""
    outcomes = list(outcomes)
    worst_first = sorted(outcomes, key=lambda outcome: Verdict(outcome.finding.verdict).rank)
    ends = [event for outcome in worst_first for event in _ends(outcome)]
    found = neighbours(list({event.location: event for event in ends}.values())[:MAX_SURROUNDINGS])
    for outcome in outcomes:
        surroundings = (
            _surroundings(event, found[event.location]) for event in _ends(outcome) if event.location in found
        )
        yield replace(outcome.finding, surroundings=tuple(surroundings))


def _ends(outcome: Outcome) -> list[Event]:
    """Return the first and the last match that the verdict is based on."""
    verdict = outcome.finding.verdict
    if not outcome.matches or Verdict(verdict) in NOT_SEEN:
        return []
    matches = [item for item in outcome.matches if item.verdict.value == verdict] or outcome.matches
    in_order = sorted(matches, key=lambda item: item.order)
    return list({item.event.location: item.event for item in (in_order[0], in_order[-1])}.values())


def _surroundings(match: Event, events: Iterable[Event]) -> Surroundings:
    return Surroundings(
        source_file=match.location.source,
        rows=tuple(
            NearbyRow(
                distance=event.sequence - match.sequence,
                timestamp=str(event.time or ""),
                computer=event.computer or "",
                channel=event.channel or "",
                provider=event.provider,
                event_id=event.event_id,
                event_level=event.level,
                record_id=event.record_id,
                details=data_text(event.data, MAX_NEARBY_DETAIL),
                offset=event.location.offset,
            )
            for event in events
        ),
    )
