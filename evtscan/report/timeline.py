"""One host and the matches on it → its history as rows, in record order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import inf

from evtscan.base.model.event import Event
from evtscan.base.model.fact import FactValue
from evtscan.base.model.finding import Verdict
from evtscan.base.model.log import ClockStep
from evtscan.base.model.source import Location
from evtscan.base.wording import lasting
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.history.sessions import BOOTED, EVENT_LOG, STARTED, STOPPED, UNCLEAN, Session, Start, is_from
from evtscan.facts.history.statement import Listing, Undecided
from evtscan.facts.history.stretches import Stretch
from evtscan.facts.history.timeline import Placed, SessionBound
from evtscan.facts.host import Host
from evtscan.report.model import SessionRow, TimelineRow
from evtscan.verdicts.finding import Judged
from evtscan.verdicts.outcomes import Outcome

GAP, START, STOP, CLOCK_STEP, FACT, MATCH = "gap", "start", "stop", "clock step", "fact", "match"
KINDS = (GAP, START, STOP, CLOCK_STEP, FACT, MATCH)
"""What a row can be, in the order in which rows of one record stand."""

_NAME = "host.name"


def rows_of(host: Host, outcomes: Iterable[Outcome] = ()) -> list[TimelineRow]:
    """Return the history of a host: starts and stops, gaps in its logs, clock steps, statements of facts, and matches.

    Rows without a known boot session are at the end, in order of time.
    """
    rows = [
        *_of_logs(host, first=0),
        *(row for name in host.fact_names for row in _facts(host, name)),
        *(_match(item) for outcome in outcomes for item in outcome.matches),
    ]
    return sorted(rows, key=_order)


def session_rows(host: Host, most: int) -> list[SessionRow]:
    """Return the newest boot sessions of a host, at most ``most`` of them."""
    first = max(len(host.sessions) - most, 0)
    return [
        SessionRow(
            session=index,
            begins=str(session.begins or ""),
            ends=str(session.ends or ""),
            first=session.first,
            last=session.last,
            started=_how(session.start),
            whole=session.whole,
        )
        for index, session in enumerate(host.sessions[first:], first)
    ]


def rows_of_logs(host: Host, sessions: int, most: int) -> list[TimelineRow]:
    """Return the newest gaps, starts, stops and clock steps in the newest boot sessions, at most ``most`` of them."""
    rows = sorted(_of_logs(host, first=max(len(host.sessions) - sessions, 0)), key=_order)
    return rows[-most:]


def _of_logs(host: Host, first: int) -> Iterator[TimelineRow]:
    """Yield the gaps, starts, stops and clock steps of the logs, from a boot session on."""
    yield from (row for row in _gaps(host) if row.session is None or row.session >= first)
    for index, session in enumerate(host.sessions[first:], first):
        yield from _of_session(index, session)
    yield from (row for row in _clock_steps(host) if row.session is None or row.session >= first)


def _how(start: Start | None) -> str:
    if start is None:
        return ""
    return "unclean" if start.announces(UNCLEAN) else "in order"


def _order(row: TimelineRow) -> tuple[float, float, str, int]:
    if row.session is None:
        return (inf, 0, row.time, KINDS.index(row.kind))
    if row.sequence is None:
        return (row.session, inf, row.time, KINDS.index(row.kind))
    return (row.session, row.sequence, "", KINDS.index(row.kind))


def row_sequence(sequence: float) -> int | None:
    """Return a position in record order as a row has it: a number, or None after the last record."""
    return None if sequence == inf else int(sequence)


# ---------------------------------------------------------------------------------------- starts and stops


def _of_session(index: int, session: Session) -> Iterator[TimelineRow]:
    if session.start is not None:
        first = session.start.events[0]
        yield _of_event(index, first, START, _start(session.start))
    for event in session.events:
        if event.event_id == STOPPED and is_from(event, EVENT_LOG):
            yield _of_event(index, event, STOP, "stopped in order (EventLog 6006)")


def _start(start: Start) -> str:
    told = [number for number in (UNCLEAN, BOOTED, STARTED) if start.announces(number)]
    by = f"EventLog {', '.join(map(str, told))}" if told else "Kernel-General 12"
    return f"started, after it had stopped without being shut down ({by})" if UNCLEAN in told else f"started ({by})"


def _clock_steps(host: Host) -> Iterator[TimelineRow]:
    for stretch, sessions in zip(host.stretches, host.sessions_of, strict=True):
        source = min(stretch.sources) if len(stretch.sources) == 1 else None
        for index in sessions:
            for step in host.sessions[index].clock_steps:
                yield TimelineRow(
                    session=index,
                    sequence=step.sequence,
                    time=str(step.after),
                    kind=CLOCK_STEP,
                    text=_step(step),
                    location=Location(source=source, record=step.sequence) if source else None,
                )


def _step(step: ClockStep) -> str:
    moved = step.after.ticks - step.before.ticks
    by = lasting(abs(moved))
    if step.until is not None:
        records = step.until - step.sequence
        count = "1 record bears a time" if records == 1 else f"{records:,} records bear times"
        return f"{count} {by} earlier than {step.before} before and after: logged late, or by a clock soon corrected"
    return f"the clock was set {'forward' if moved > 0 else 'back'} by {by}, from {step.before}"


def _of_event(index: int | None, event: Event, kind: str, text: str) -> TimelineRow:
    return TimelineRow(
        session=index,
        sequence=event.sequence,
        time=str(event.time or ""),
        kind=kind,
        text=text,
        location=event.location,
    )


# ------------------------------------------------------------------------------------------------- gaps


def _gaps(host: Host) -> Iterator[TimelineRow]:
    """Yield the beginning of each log, its flaws, and the gap or change of log before it."""
    flaws = {log.source.name: log.summary.completeness for log in host.evidence.logs}
    before: Stretch | None = None
    for stretch, sessions in zip(host.stretches, host.sessions_of, strict=True):
        names = sorted(stretch.sources)
        texts = [_beginning(before, stretch, {name: flaws[name] for name in names})]
        if not stretch.sources.isdisjoint(host.image_ends):
            texts.append("its oldest records come from an installation image, as their name shows, and are not judged")
        for text in texts:
            yield TimelineRow(
                session=sessions[0],
                sequence=stretch.first,
                time=str(stretch.first_time or ""),
                kind=GAP,
                text=text,
                location=Location(source=names[0], record=stretch.first),
            )
        before = stretch


def _beginning(before: Stretch | None, stretch: Stretch, flaws: Mapping[str, str]) -> str:
    lacking = "; ".join(f"{name}: {flaw}" for name, flaw in flaws.items() if flaw != "whole")
    text = f"the log begins at record {stretch.first}" if before is None else _between(before, stretch)
    return f"{text} ({lacking})" if lacking else text


def _between(before: Stretch, stretch: Stretch) -> str:
    missing = stretch.first - before.last - 1
    if missing > 0 and _is_later(before, stretch):
        return f"{missing:,} records are missing: the log goes on at record {stretch.first}"
    return f"another log begins, at record {stretch.first}"


def _is_later(before: Stretch, stretch: Stretch) -> bool:
    return before.last_time is not None and stretch.first_time is not None and before.last_time <= stretch.first_time


# ------------------------------------------------------------------------------------------------- facts


def _facts(host: Host, name: str) -> Iterator[TimelineRow]:
    """Yield the statements of a fact whose value differs from the previous one, and the bounds on the fact."""
    timeline = host.timeline(name)
    before: object = None
    for item, following in zip_longest(timeline.placed, timeline.placed[1:]):
        if following is not None and item.statement.event and item.statement.event is following.statement.event:
            continue  # what the record says was before it
        same = (_comparable(name, item.statement.value), item.statement.listing)
        if same != before:
            yield _fact(item, _said(name, item))
        before = same
    yield from _bounds(host, name, timeline.bounds)


def _comparable(name: str, value: FactValue | Undecided) -> FactValue | Undecided:
    """Return a value in the form for comparison: lower case, and of a computer name the first label."""
    if not isinstance(value, str):
        return value
    return value.partition(".")[0].casefold() if name == _NAME else value.casefold()


def _said(name: str, item: Placed) -> str:
    value = item.statement.value
    if isinstance(value, Undecided):
        return f"{catalogue.noun(name)} is undecided: {value.why}"
    listing = item.statement.listing
    if listing is not Listing.WHOLE and isinstance(value, tuple):
        return f"{name} {', '.join(value)} {_WHAT_BECAME[listing]}"
    return catalogue.say(name, value)


_WHAT_BECAME = {Listing.ADDED: "came", Listing.REMOVED: "went", Listing.PART: "there"}


def _fact(item: Placed, said: str) -> TimelineRow:
    statement = item.statement
    time = statement.event.time if statement.event is not None else statement.taken
    return TimelineRow(
        session=item.session,
        sequence=row_sequence(item.sequence),
        time="" if time is None else str(time),
        kind=FACT,
        text=f"{said}{_assumed(item)}",
        location=statement.location,
    )


def _assumed(item: Placed) -> str:
    if item.is_vague:
        return " (in this boot session or an earlier one: dated in local time)"
    return " (assumed: not dated)" if item.assumed else ""


def _bounds(host: Host, name: str, bounds: Mapping[int, SessionBound]) -> Iterator[TimelineRow]:
    before = None
    for index, found in bounds.items():
        if found.bound != before:
            yield TimelineRow(
                session=index,
                sequence=host.sessions[index].first,
                time=str(host.sessions[index].begins or ""),
                kind=FACT,
                text=f"{catalogue.noun(name)} is {found.bound}: {found.why}",
                location=found.locations[0] if found.locations else None,
            )
        before = found.bound


# ------------------------------------------------------------------------------------------------- matches


def _match(item: Judged) -> TimelineRow:
    event, info = item.event, item.match.rule.info
    title = f"{info.article}: {info.title}" if info.article else info.title
    group = f", the last of {len(item.match.events)} events" if len(item.match.events) > 1 else ""
    return TimelineRow(
        session=item.point.session,
        sequence=row_sequence(item.point.sequence),
        time=str(event.time or ""),
        kind=MATCH,
        text=f"{event.provider} {event.event_id}{group}, {item.verdict.value} ({title})",
        verdict=item.verdict.value,
        rule_id=info.id,
        location=event.location,
    )


# -------------------------------------------------------------------------------------------------- a picture


@dataclass(frozen=True, slots=True)
class SessionBar:
    """A boot session as a line of characters, one for each equal share of its records, and its duration in words."""

    session: int
    begins: str
    bar: str
    lasts: str


MARKS: Mapping[str, str] = {MATCH: "!", CLOCK_STEP: "~", STOP: "]", START: "[", FACT: "f", GAP: "#"}
"""What stands for each kind of row in a bar; of several at one place the first in this table is shown."""
_RECORDS = "-"
_NOTHING_JUDGED = frozenset({Verdict.NOT_APPLICABLE.value, Verdict.EXCLUDED.value})


def bars(host: Host, rows: Sequence[TimelineRow], width: int) -> list[SessionBar]:
    """Return a bar of ``width`` characters for each boot session; a mark shows each row in the session."""
    by_session: dict[int, list[TimelineRow]] = {}
    for row in rows:
        if row.session is not None and row.verdict not in _NOTHING_JUDGED:
            by_session.setdefault(row.session, []).append(row)
    return [
        SessionBar(
            session=index,
            begins=str(session.begins or ""),
            bar=_bar(session, by_session.get(index, []), width),
            lasts=_lasts(session),
        )
        for index, session in enumerate(host.sessions)
    ]


def _bar(session: Session, rows: Iterable[TimelineRow], width: int) -> str:
    cells = [_RECORDS] * width
    ranks = {mark: rank for rank, mark in enumerate((*MARKS.values(), _RECORDS))}
    records = session.last - session.first + 1
    for row in rows:
        share = 1.0 if row.sequence is None else (row.sequence - session.first) / records
        cell = max(0, min(int(share * width), width - 1))
        cells[cell] = min(cells[cell], MARKS[row.kind], key=lambda mark: ranks[mark])
    return "".join(cells)


def _lasts(session: Session) -> str:
    records = session.last - session.first + 1
    count = "1 record" if records == 1 else f"{records:,} records"
    if session.begins is None or session.ends is None or session.clock_steps:
        return count
    return f"{count}, {lasting(max(session.ends.ticks - session.begins.ticks, 0))}"
