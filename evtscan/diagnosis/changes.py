"""A surveyed host → what changed on it before each finding: between the last boot session without it and its start.

The logs are read a second time for the events that record changes, and only if the host has findings to explain.
Changes of facts come from the history of the host.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evtscan.base.model.diagnosis import Change, ChangeKind, ChangesBefore
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Verdict
from evtscan.base.model.query import Query, ReadOptions, Selector
from evtscan.base.model.rule import QUIET_KINDS
from evtscan.base.model.source import Location, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.base.wording import lasting, shortened
from evtscan.detection.match.fields import field_value
from evtscan.evidence.reading import read
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.collectors import applications, hotfixes, services
from evtscan.facts.history.sessions import UNCLEAN, is_from
from evtscan.facts.history.statement import Listing, Statement, Undecided
from evtscan.facts.history.timeline import Placed
from evtscan.facts.host import Host
from evtscan.survey.host import Survey
from evtscan.verdicts.finding import Judged, shown_value
from evtscan.verdicts.outcomes import Outcome

MOST_FINDINGS = 100
"""Findings of one host whose changes are listed, in the order of the outcomes."""

MOST_CHANGES = 10
"""Changes that are listed for a finding, nearest first."""

LONGEST_WINDOW = 90 * 86_400 * TICKS_PER_SECOND
"""No change is looked for longer before the first match, in ticks."""

_DAY = 86_400 * TICKS_PER_SECOND
_OWN_START = 5 * 60 * TICKS_PER_SECOND
"""What is logged so soon after a start belongs to the start: that is no change before it."""
_EXPLAINED = frozenset({Verdict.CONFIRMED, Verdict.POSSIBLE, Verdict.DETECTED})
_USER_PNP = "Microsoft-Windows-UserPnp"
_DEVICE_INSTALLED, _SERVICE_ADDED = 20001, 20003
_LONGEST_NAME = 120

SELECTORS = (
    hotfixes.SELECTORS
    | applications.SELECTORS
    | services.SELECTORS
    | {Selector("System", _USER_PNP, number) for number in (_DEVICE_INSTALLED, _SERVICE_ADDED)}
)
"""The events that record changes."""

_CHANNELS = frozenset({channel.casefold() for selector in SELECTORS if (channel := selector.channel)})

_SYSTEM = ("os.version", "os.build", "os.ubr", "os.service_pack", "host.role", "host.name")


@dataclass(frozen=True, slots=True)
class _Window:
    """The time before the first match of a finding in which a change may have led to it, in ticks."""

    finding_id: str
    begins: int
    ends: int
    session: int | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Placed:
    """A change with its place in time; ``session`` is the boot session, None if unknown."""

    kind: ChangeKind
    subject: str
    text: str
    time: Instant
    session: int | None
    location: Location | None


def changes_before(survey: Survey, options: ReadOptions) -> dict[str, ChangesBefore]:
    """Return the changes before each finding of a problem, by finding id.

    Findings without matches, and of kinds that report something harmless, have no changes.
    """
    host = survey.host
    windows = [
        window
        for outcome in [item for item in survey.outcomes if _deserves(item)][:MOST_FINDINGS]
        if (window := _window(host, outcome)) is not None
    ]
    if not windows:
        return {}
    begins, ends = min(window.begins for window in windows), max(window.ends for window in windows)
    sources = {log.source.name: log.source for log in survey.reading.logs if _may_record_changes(log.summary.channel)}
    events = _events(sources, begins, ends, options)
    changes = sorted((*_of_events(host, events), *_of_host(host)), key=lambda item: item.time.ticks)
    return {window.finding_id: _in(window, changes) for window in windows}


def _deserves(outcome: Outcome) -> bool:
    if Verdict(outcome.finding.verdict) not in _EXPLAINED or not outcome.matches:
        return False
    return all(item.match.rule.info.kind not in QUIET_KINDS for item in outcome.matches)


def _may_record_changes(channel: str | None) -> bool:
    return channel is None or channel.casefold() in _CHANNELS


# ------------------------------------------------------------------------------------------------ windows


def _window(host: Host, outcome: Outcome) -> _Window | None:
    """The time from the last whole boot session without the symptom, else from the first record, to the first match."""
    seen = [item for item in outcome.matches if item.verdict in _EXPLAINED and item.event.time is not None]
    if not seen:
        return None
    first = min(seen, key=lambda item: item.order)
    time = first.event.time
    assert time is not None, "matches without a time are left out"
    session, found = first.point.session, None
    for index in range((session or 0) - 1, -1, -1):
        if host.sessions[index].whole and host.sessions[index].begins is not None:
            found = host.sessions[index].begins
            break
    begins = found.ticks if found is not None else _first_record(host, first)
    is_open = found is None and time.ticks - begins < _DAY
    begins = max(min(begins, time.ticks), time.ticks - LONGEST_WINDOW)
    return _Window(outcome.finding.finding_id, begins, time.ticks, session, is_open)


def _first_record(host: Host, item: Judged) -> int:
    """The time of the oldest record of the log with a match."""
    times = [log.summary.first_time for log in host.evidence.logs if log.source.name == item.event.location.source]
    known = [time.ticks for time in times if time is not None]
    return min(known, default=0 if item.event.time is None else item.event.time.ticks)


def _in(window: _Window, changes: Sequence[_Placed]) -> ChangesBefore:
    """Return the changes in a window, latest first; of equal changes only the last one."""
    found: dict[tuple[str, str], Change] = {}
    for item in reversed(changes):
        is_own_start = item.kind is ChangeKind.RESTART and item.time.ticks > window.ends - _OWN_START
        if window.begins <= item.time.ticks < window.ends and not item.time.local and not is_own_start:
            found.setdefault((item.kind.value, item.text), _change(item, window))
    listed = list(found.values())
    return ChangesBefore(
        since=str(Instant(window.begins, 0)),
        until=str(Instant(window.ends, 0)),
        is_open=window.is_open,
        changes=tuple(listed[:MOST_CHANGES]),
        more=max(len(listed) - MOST_CHANGES, 0),
    )


def _change(item: _Placed, window: _Window) -> Change:
    known = item.session is not None and window.session is not None
    return Change(
        kind=item.kind,
        subject=item.subject,
        text=item.text,
        time=str(item.time),
        seconds_before=(window.ends - item.time.ticks) // TICKS_PER_SECOND,
        restarts=max((window.session or 0) - (item.session or 0), 0) if known else None,
        location=item.location,
    )


# ------------------------------------------------------------------------------------- recorded in events


def _events(sources: Mapping[str, Source], begins: int, ends: int, options: ReadOptions) -> list[Event]:
    """The events that record changes between two times, each once."""
    bounded = Query(SELECTORS, start=Instant(begins), end=Instant(ends + 1))
    reading = read(sources.values(), bounded, ReadOptions(reference=options.reference, zone=options.zone))
    found = {event.location: event for log in reading.logs for event in log.events}
    return [event for event in found.values() if event.time is not None]


def _of_events(host: Host, events: Sequence[Event]) -> Iterator[_Placed]:
    own = [event for event in events if not host.is_from_image(event)]
    yield from _of_sets(host, hotfixes.collect(own), ChangeKind.UPDATE, "update")
    yield from _of_sets(host, applications.collect(own), ChangeKind.PROGRAM, "program")
    for event in own:
        for kind, subject, text in _worded(event):
            yield _placed(host, event, kind, subject, text)


_BECAME: Mapping[Listing, str] = {Listing.ADDED: "installed", Listing.REMOVED: "removed"}


def _of_sets(host: Host, statements: Iterable[Statement], kind: ChangeKind, noun: str) -> Iterator[_Placed]:
    """Yield the names that events state as installed or removed."""
    for statement in statements:
        became = _BECAME.get(statement.listing)
        if became is None or statement.event is None or not isinstance(statement.value, tuple):
            continue
        for name in statement.value:
            subject = shortened(name, _LONGEST_NAME)
            yield _placed(host, statement.event, kind, subject, f"{noun} {subject} was {became}")


def _worded(event: Event) -> Iterator[tuple[ChangeKind, str, str]]:
    """Return the text for an event about a service or a driver."""
    if is_from(event, services.CONTROL_MANAGER):
        yield from _of_service(event)
    elif event.event_id == _DEVICE_INSTALLED and is_from(event, _USER_PNP):
        driver, device = _text(event, "DriverName"), _text(event, "DeviceInstanceID")
        if driver and _text(event, "InstallStatus") in ("", "0", "0x0", "0x00000000"):
            yield ChangeKind.DRIVER, driver, f"driver {driver} was installed for {device or 'a device'}"
    elif event.event_id == _SERVICE_ADDED and is_from(event, _USER_PNP):
        service = _text(event, "ServiceName")
        if service:
            yield ChangeKind.DRIVER, service, f"driver service {service} was added"


def _of_service(event: Event) -> Iterator[tuple[ChangeKind, str, str]]:
    if event.event_id == services.INSTALLED:
        name, type_ = _text(event, "ServiceName", "Data1"), _text(event, "ServiceType", "Data3")
        is_driver = "driver" in type_.casefold()
        if name:
            noun, kind = ("driver", ChangeKind.DRIVER) if is_driver else ("service", ChangeKind.SERVICE)
            yield kind, name, f"{noun} {name} was installed"
    elif event.event_id == services.START_CHANGED and services.whose_start(event):
        name = _text(event, "param1", "Data1")
        before, after = _text(event, "param2", "Data2"), _text(event, "param3", "Data3")
        yield ChangeKind.SERVICE, name, f"start type of service {name} was changed from {before} to {after}"


def _text(event: Event, *fields: str) -> str:
    for field in fields:
        value = field_value(event, field)
        if isinstance(value, str):
            return shortened(value.strip(), _LONGEST_NAME)
    return ""


def _placed(host: Host, event: Event, kind: ChangeKind, subject: str, text: str) -> _Placed:
    assert event.time is not None, "events without a time are left out"
    return _Placed(kind, subject, text, event.time, host.point_of_record(event).session, event.location)


# -------------------------------------------------------------------------------- in the history of the host


def _of_host(host: Host) -> Iterator[_Placed]:
    for name in _SYSTEM:
        kind = ChangeKind.NAME if name == "host.name" else ChangeKind.ROLE if name == "host.role" else ChangeKind.SYSTEM
        yield from _of_fact(host, name, kind, lambda item: True)
    for name in host.fact_names:
        if name not in _SYSTEM:
            yield from _of_fact(host, name, ChangeKind.VALUE, lambda item: item.is_snapshot and not item.assumed)
    for index, session in enumerate(host.sessions):
        for step in session.clock_steps:
            if step.until is None:
                moved = step.after.ticks - step.before.ticks
                way = "forward" if moved > 0 else "back"
                text = f"the clock was set {way} by {lasting(abs(moved))}"
                yield _Placed(ChangeKind.CLOCK, "clock", text, step.after, index, None)
        if session.start is not None and (time := session.start.events[0].time) is not None:
            unclean = session.start.announces(UNCLEAN)
            text = "the host started after a stop without shutdown" if unclean else "the host was restarted"
            yield _Placed(ChangeKind.RESTART, "restart", text, time, index, session.start.events[0].location)


def _of_fact(host: Host, name: str, kind: ChangeKind, counts: Callable[[Placed], bool]) -> Iterator[_Placed]:
    """Yield each statement of a fact whose value differs from the previous one; values of sets are not compared."""
    before: object = None
    for item in host.timeline(name).placed:
        value, time = item.statement.value, _time_of(item)
        if isinstance(value, (tuple, Undecided)) or time is None or not counts(item):
            continue
        shown = _comparable(name, value)
        if before is not None and shown != before:
            text = f"{catalogue.say(name, value)}, before: {before}"
            yield _Placed(kind, name, shortened(text, 2 * _LONGEST_NAME), time, item.session, item.statement.location)
        before = shown


def _comparable(name: str, value: object) -> str:
    text = shown_value(value)  # type: ignore[arg-type]
    return text.partition(".")[0].casefold() if name == "host.name" else text


def _time_of(item: Placed) -> Instant | None:
    event = item.statement.event
    return event.time if event is not None else item.statement.taken
