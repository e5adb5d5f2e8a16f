"""A host, what was read of it and what it came to → its part of the report."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from evtscan.facts.host import Host
from evtscan.facts.statement import Undecided
from evtscan.facts.timeline import Placed, Point
from evtscan.model import (
    Basis,
    Event,
    FactRow,
    FactValue,
    HostReport,
    Known,
    MatchRow,
)
from evtscan.parsers.evidence import Reading
from evtscan.verdicts.finding import Judged, known_now, shown_value, text_of
from evtscan.verdicts.judging import SHOWN_ONLY_WITH_ALL, Outcome
from evtscan.versions import os_name

MAX_DETAIL = 500
"""Characters of an event's data, and of its message, in a row of ``events.csv``."""


def assemble(
    host_name: str,
    host: Host,
    reading: Reading,
    outcomes: Sequence[Outcome],
    *,
    show_all: bool = False,
    message_of: Callable[[Event], str | None] = lambda event: event.message,
) -> HostReport:
    """Put together what a report says of one host; without ``show_all`` only what was found.

    ``message_of`` gives the message of an event that matched, if there is one.
    """
    shown = [outcome for outcome in outcomes if show_all or outcome.finding.verdict not in SHOWN_ONLY_WITH_ALL]
    names = host.names
    version = host.known("os.version", host.now).value
    product = known_now(host, "os.product")
    return HostReport(
        host=host_name,
        computer=next(iter(names), ""),
        other_names=tuple(names[1:]),
        os=product or (os_name(version) if isinstance(version, str) else ""),
        version=known_now(host, "os.version"),
        build=known_now(host, "os.build"),
        ubr=known_now(host, "os.ubr"),
        service_pack=known_now(host, "os.service_pack"),
        update_date=known_now(host, "os.update_date"),
        role=known_now(host, "host.role"),
        components=tuple(_components(host)),
        snapshot_time="; ".join(sorted({str(item.taken) for item in reading.registries if item.taken})),
        findings=tuple(outcome.finding for outcome in shown),
        matches=tuple(_match_rows(shown, message_of)),
        facts=tuple(fact_rows(host)),
        evidence=tuple(reading.rows),
        warnings=(*reading.warnings, *host.warnings),
        skipped=tuple(sorted(reading.skipped, key=lambda item: item.source_file)),
    )


def fact_rows(host: Host) -> Iterator[FactRow]:
    """Each fact of which something is stated: what is known now, then the statements in order of time."""
    for name in host.fact_names:
        timeline = host.timeline(name)
        yield _row(host.known(name, host.now), "now")
        for item in _changes(timeline.placed):
            yield _row_of_statement(name, item)


def fact_rows_at(host: Host, point: Point, when: str) -> Iterator[FactRow]:
    """What is known at one point of each fact of which something is stated; ``when`` is how to print the time."""
    for name in host.fact_names:
        yield _row(host.known(name, point), when)


def _changes(placed: Sequence[Placed]) -> Iterator[Placed]:
    """Statements without those that only repeat, in the same kind of evidence, what was stated before."""
    last: dict[str, FactValue | Undecided] = {}
    for item in placed:
        key = item.statement.location.source
        if key not in last or last[key] != item.statement.value:
            last[key] = item.statement.value
            yield item


def _row(known: Known, when: str) -> FactRow:
    limit = known.limit if known.basis is Basis.UNKNOWN else None
    locations = limit.locations if limit else known.locations
    return FactRow(
        name=known.name,
        value=text_of(known) or "unknown",
        basis=known.basis.value,
        time=when,
        location=locations[0] if locations else None,
        note="; ".join(part for part in (known.why, limit.why if limit else "") if part),
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
    )


def _components(host: Host) -> Iterator[str]:
    for name in host.fact_names:
        component = name.removeprefix("component.")
        if component != name and "." not in component and host.known(name, host.now).value is True:
            yield component


def _match_rows(outcomes: Iterable[Outcome], message_of: Callable[[Event], str | None]) -> Iterator[MatchRow]:
    rows = [(item, outcome) for outcome in outcomes for item in outcome.matches]
    rows.sort(key=lambda row: (row[0].event.location.source, row[0].event.sequence, row[0].match.rule.info.id))
    for item, outcome in rows:
        yield _match_row(item, outcome, message_of(item.event) or "")


def _match_row(item: Judged, outcome: Outcome, message: str) -> MatchRow:
    event = item.event
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
        details=_details(event),
        basis=item.basis,
        source_file=event.location.source,
        offset=event.location.offset,
        message=_cut(message),
    )


def _details(event: Event) -> str:
    """The data of an event on one line: ``Data1=…; Data2=…``, cut where it grows long."""
    text = "; ".join(f"{name}={_flat(value)}" for name, value in event.data.items())
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flat(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(_flat(item) for item in value)
    return str(value)
