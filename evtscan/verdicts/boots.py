"""Matches × the boot sessions of a host → the time since the start, and the sessions in which a rule matched.

The number of sessions is known only if no start can be missing: in a whole System log.
"""

from collections.abc import Iterable, Mapping

from evtscan.base.logic import Truth, all_of, truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation
from evtscan.base.model.source import Location
from evtscan.base.wording import lasting
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.context import Boots, SameBoot, SinceBoot
from evtscan.facts.history.sessions import Start
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.leaves import BY_HAND, COLLECT_OLDER, COLLECT_SYSTEM, known, undecided

_NOT_KNOWN = "which records belong to one boot session is not known"

Matched = Mapping[int | None, tuple[Truth, Location]]
"""The boot sessions in which a rule matched, for sure or perhaps, each with one of its matches; None: nobody knows."""


def since_boot(entry: SinceBoot, match: Match, chronology: Chronology) -> Explanation:
    """Whether the first and the last event of a match meet the limits on the time since the start."""
    parts = []
    if entry.at_most is not None:
        parts.append(_passed(entry, match.events[-1], entry.at_most, chronology, at_least=False))
    if entry.at_least is not None:
        parts.append(_passed(entry, match.events[0], entry.at_least, chronology, at_least=True))
    together = all_of(part.truth for part in parts)
    return next(part for part in parts if part.truth is together)


def _passed(entry: SinceBoot, event: Event, limit: int, chronology: Chronology, *, at_least: bool) -> Explanation:
    """Return whether at least (``at_least``), or else at most, ``limit`` ticks have passed since the start.

    If a start is missing in the log, the true time may be shorter. If the log begins after the start, it is longer.
    """
    session = chronology.session_of(event)
    if session is None:
        return undecided(entry, "the boot session of the event is not known", COLLECT_SYSTEM, event.location)
    start = chronology.host.sessions[session].start
    if start is None:
        return _passed_in_part(entry, event, limit, chronology, at_least=at_least)
    record, least, most = _time_since_start(event, start, chronology)
    if not chronology.shows_starts(session):
        least = 0
    if least == most:
        says = f"{lasting(least)} after the start"
    else:
        says = f"at least {lasting(least)} after the start" if least else "after the start"
    if least >= limit if at_least else (most is not None and most <= limit):
        return known(entry, Truth.TRUE, says, record.location)
    if (most is not None and most < limit) if at_least else least > limit:
        return known(entry, Truth.FALSE, says, record.location)
    if most is None:
        return undecided(entry, "the clock was set between the start and the event", BY_HAND, record.location)
    return undecided(entry, f"{lasting(most)} after the start, or another one may be missing", COLLECT_SYSTEM)


def _time_since_start(event: Event, start: Start, chronology: Chronology) -> tuple[Event, int, int | None]:
    """Return a record of the start, and the lower and upper limit of the time since it.

    A record without a clock step after it is preferred.
    """
    spans = [(record, chronology.elapsed(record, event)) for record in start.events]
    record, elapsed = max(spans, key=lambda item: (item[1].high is not None, max(item[1].low or 0, 0)))
    return record, max(elapsed.low or 0, 0), elapsed.high


def _passed_in_part(
    entry: SinceBoot, event: Event, limit: int, chronology: Chronology, *, at_least: bool
) -> Explanation:
    """Return the result of ``_passed`` for a session whose start is not in the log.

    The time since the first record of the session is a lower limit.
    """
    session = chronology.session_of(event)
    says, how = "the log begins after the start", "find an older copy of the System log, back to the start of the host"
    line = chronology.line_of(event)
    begins = None if session is None else chronology.host.sessions[session].begins
    if session is None or begins is None or event.time is None or line is None or begins.local != event.time.local:
        return undecided(entry, says, how, event.location)
    ticks = max(event.time.ticks - begins.ticks, 0)
    steady = not any(step.sequence <= event.sequence for step in line.steps()) and not line.is_late(event)
    steady = steady and chronology.is_steady(event, begins, own_log=True)
    if steady and chronology.shows_starts(session) and (ticks >= limit if at_least else ticks > limit):
        return known(entry, truth(at_least), f"more than {lasting(ticks)} after the start", event.location)
    return undecided(entry, says, how, event.location)


# ---------------------------------------------------------------------------------------- number of sessions


def matched_boots(matches: Iterable[tuple[Match, str]], chronology: Chronology) -> dict[str, Matched]:
    """The boot sessions in which a rule matched, by the entity of its matches."""
    found: dict[str, dict[int | None, tuple[Truth, Location]]] = {}
    for match, entity in matches:
        session = chronology.session_of(match.event)
        sessions = found.setdefault(entity, {})
        if session not in sessions or match.truth is Truth.TRUE:
            sessions[session] = (match.truth, match.event.location)
    return dict(found)


def in_boots(entry: Boots, match: Match, matched: Matched, chronology: Chronology) -> Explanation:
    """Whether the rule matched in enough of the last boot sessions, up to that of a match."""
    session = chronology.session_of(match.event)
    if session is None or not chronology.shows_starts(session):
        return undecided(entry, _NOT_KNOWN, COLLECT_SYSTEM, match.event.location)
    shown = chronology.sessions_beside(session)
    last = range(max(session - entry.of_last + 1, shown.start), session + 1)
    certain = [number for number in last if number in matched and matched[number][0] is Truth.TRUE]
    silent = [number for number in last if number not in matched and _is_silent(number, match, chronology)]
    least, most = len(certain), entry.of_last - (0 if None in matched else len(silent))
    places = [matched[number][1] for number in certain]
    says = f"in {least} of the last {entry.of_last} boot sessions"
    if least >= entry.at_least:
        return known(entry, Truth.TRUE, says, *places)
    if most < entry.at_least:
        return known(entry, Truth.FALSE, f"{says}, not more than {most}", *places)
    return undecided(entry, f"{says} at least; the logs do not show all of them", COLLECT_OLDER, *places)


def _is_silent(session: int, match: Match, chronology: Chronology) -> bool:
    """Whether the log that would contain a match covers the whole boot session."""
    found, line = chronology.host.sessions[session], chronology.line_of(match.event)
    if found.start is None or line is None or not line.stretch.whole:
        return False
    if chronology.divides(match.event):
        return found.whole
    times = (line.first_time, found.begins, found.ends, line.last_time)
    ticks = [time.ticks for time in times if time is not None and not time.local]
    return len(ticks) == len(times) and ticks == sorted(ticks)


def in_one_boot(entry: SameBoot, match: Match, chronology: Chronology) -> Explanation:
    """Whether all events of a match are in one boot session."""
    pairs = zip(match.events, match.events[1:], strict=False)
    together = all_of(chronology.same_boot(one, other) for one, other in pairs)
    places = (match.events[0].location, match.events[-1].location)
    if together is Truth.UNKNOWN:
        return undecided(entry, _NOT_KNOWN, COLLECT_SYSTEM, *places)
    says = "all in one boot session" if together is Truth.TRUE else "the host was restarted in between"
    return known(entry, together, says, *places)
