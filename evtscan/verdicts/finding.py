"""The fields of a finding besides its verdict: times, records, counts, completeness of the logs, stable identity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis, FactValue, Known
from evtscan.base.model.finding import Explanation, Finding, Verdict
from evtscan.base.model.log import Log
from evtscan.base.versions import os_name
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.rule import Rule
from evtscan.facts.history.timeline import Point
from evtscan.facts.host import Host

ACTIVE_SESSIONS = 3
ACTIVE_TICKS = 7 * 86_400 * TICKS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One match, judged in its own boot session; ``explanation`` is that of the conditions there.

    ``explained_by`` are the rules that explain the events better, by article or title; ``cleared_by`` is the later
    event which states that the problem is over. ``support`` are supporting events.
    """

    match: Match
    point: Point
    verdict: Verdict
    explanation: Explanation | None = None
    explained_by: tuple[str, ...] = ()
    cleared_by: Event | None = None
    support: tuple[Explanation, ...] = ()

    @property
    def event(self) -> Event:
        """The event that matched."""
        return self.match.event

    @property
    def basis(self) -> str:
        """Whether the verdict rests on stated or on carried values."""
        return self.explanation.basis if self.explanation else ""

    @property
    def order(self) -> tuple[int, float, float, str, int]:
        """Its place in the time line of the host; what belongs to no known session comes first."""
        session = -2 if self.point.session is None else self.point.session
        return (session, *self.point.place, self.event.location.source, self.event.sequence)


def describe(host: Host, host_name: str, rule: Rule, verdict: Verdict, shown: Sequence[Judged], entity: str) -> Finding:
    """A finding with everything but its reason, explanation and remedy; ``shown`` are the matches that it counts."""
    events = events_of(shown)
    times = sorted(event.time for event in events if event.time is not None)
    logs = covering(host, rule)
    spans = [time for log in logs for time in (log.summary.first_time, log.summary.last_time) if time is not None]
    return Finding(
        finding_id=_identity(host_name, rule.info.article or rule.info.id, entity),
        host=host_name,
        computer=next(iter(host.names), ""),
        verdict=verdict.value,
        rule_id=rule.info.id,
        activity=_activity(host, logs, shown),
        entity=entity,
        first_seen=str(times[0]) if times else "",
        last_seen=str(times[-1]) if times else "",
        count=len(events),
        channels=_each(event.channel for event in events),
        providers=_each(event.provider for event in events),
        event_ids=tuple(sorted({event.event_id for event in events})),
        record_ids=tuple(event.record_id for event in events if event.record_id is not None),
        os=system_of(host),
        service_pack=known_now(host, "os.service_pack"),
        coverage_from=str(min(spans)) if spans else "",
        coverage_to=str(max(spans)) if spans else "",
        complete="; ".join(_each(log.summary.completeness for log in logs)),
        source_files=_each(event.location.source for event in events) or tuple(log.source.name for log in logs),
    )


def _identity(host_name: str, subject: str, entity: str) -> str:
    """The stable identity of a finding across runs.

    ``subject`` is the article, because the rules of one article give one finding, and the rule with the most severe
    verdict may change; for a rule without an article it is the rule id.
    """
    return sha256("\0".join((host_name, subject, entity)).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def system_of(host: Host) -> str:
    """The system of a host now, in words: its product, else the product name of its version; empty if neither is
    known.
    """
    version = host.known("os.version", host.now).value
    return known_now(host, "os.product") or (os_name(version) if isinstance(version, str) else "")


def _activity(host: Host, logs: Sequence[Log], shown: Sequence[Judged]) -> str:
    """``active`` if seen in the last three boot sessions or the last seven days of the log, else ``quiet``.

    If no log shows a start, the number of sessions is unknown, and only the days count. Local times count only if the
    result is the same in every zone, unless all are of one log, and so of one zone.
    """
    if not shown:
        return "unknown"
    oldest_active = len(host.sessions) - ACTIVE_SESSIONS
    shows_starts = any(session.start is not None for session in host.sessions)
    if shows_starts and any(item.point.session is not None and item.point.session >= oldest_active for item in shown):
        return "active"
    times = [item.event.time for item in shown if item.event.time is not None]
    ends = [log.summary.last_time for log in logs if log.summary.last_time is not None]
    if not times or not ends:
        return "unknown"
    if len({*(log.source.name for log in logs), *(item.event.location.source for item in shown)}) == 1:
        return "active" if max(times).ticks >= max(ends).ticks - ACTIVE_TICKS else "quiet"
    if max(time.earliest for time in times) >= max(end.latest for end in ends) - ACTIVE_TICKS:
        return "active"
    return (
        "quiet" if max(time.latest for time in times) < max(end.earliest for end in ends) - ACTIVE_TICKS else "unknown"
    )


def covering(host: Host, rule: Rule) -> list[Log]:
    """The logs that would contain events of the rule."""
    channels = rule.channels()
    logs = host.evidence.logs
    return [log for log in logs if not channels or (log.summary.channel or "").casefold() in {*channels, ""}]


def would_show(host: Host, rule: Rule) -> bool:
    """Whether a log covers a span in which an event of the rule would be visible."""
    return any(log.summary.records and not log.summary.filtered for log in covering(host, rule))


def known_now(host: Host, fact: str) -> str:
    """The present value of a fact as text: its value, else its bound (``0…3``), else empty."""
    known = host.known(fact, host.now)
    return "" if known.basis is not Basis.UNKNOWN and known.value is None else text_of(known)


def text_of(known: Known) -> str:
    """A known value as text: a value or a limit (``3 at most``), else a bound (``0…3``), else empty."""
    if known.basis is not Basis.UNKNOWN:
        return f"{shown_value(known.value)} at most" if known.at_most else shown_value(known.value)
    return str(known.limit.bound) if known.limit else ""


def shown_value(value: FactValue) -> str:
    """A value of a fact as a report prints it."""
    if value is None:
        return "absent"
    if isinstance(value, tuple):
        return "; ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def events_of(judged: Iterable[Judged]) -> list[Event]:
    """The events of judged matches, in their order, each once."""
    return list({event.location: event for item in judged for event in item.match.events}.values())


def _each(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
