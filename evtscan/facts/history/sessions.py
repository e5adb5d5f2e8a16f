"""Boot events → starts and boot sessions, in record order: clocks jump, record numbers do not."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from evtscan.base.model.event import Event
from evtscan.base.model.log import ClockStep
from evtscan.base.model.query import Selector
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.evidence.timechanges import KERNEL_GENERAL, TIME_CHANGED
from evtscan.facts.history.stretches import Stretch

STARTED, STOPPED, UNCLEAN, BOOTED = 6005, 6006, 6008, 6009
"""EventLog: the service started, it stopped, the last stop was unexpected, what was booted (Q196452)."""
KERNEL_STARTED = 12
EVENT_LOG = "EventLog"
DAY = 86_400 * TICKS_PER_SECOND
_GROUP = frozenset({STARTED, UNCLEAN, BOOTED})
_RECORDS_BETWEEN = 2
_KERNEL_DISTANCE = 50

SELECTORS = frozenset(
    {
        *(Selector("System", EVENT_LOG, number) for number in (STARTED, STOPPED, UNCLEAN, BOOTED)),
        Selector("System", KERNEL_GENERAL, KERNEL_STARTED),
        Selector("System", KERNEL_GENERAL, TIME_CHANGED),
    }
)


def is_from(event: Event, provider: str) -> bool:
    """Whether an event comes from a provider, by its name or its EventSourceName."""
    wanted = provider.casefold()
    return any(name is not None and name.casefold() == wanted for name in (event.provider, event.event_source_name))


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the host: the records that announce it, in record order."""

    events: tuple[Event, ...]

    @property
    def first(self) -> int:
        """Sequence of its first record."""
        return self.events[0].sequence

    def announces(self, event_id: int) -> bool:
        """Whether EventLog wrote this id at the start."""
        return any(event.event_id == event_id and is_from(event, EVENT_LOG) for event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The records of one log from one start of the host to the next.

    ``first`` to ``last`` are sequences, both included; ``events`` are the selected records among them. ``begins`` is
    the time of its first record, ``ends`` that of the first record of the next session, or its own latest known time if
    that is later; None is open. ``start`` is None for records before the first start of a log; ``start_is_whole`` means
    that no record of the start can be missing. ``whole``: its start and the next one are in the log, and no record is
    lost or filtered out. ``clock_steps`` are those at its records, ``spans`` the times that the clock showed, in pieces
    between its steps.
    """

    first: int
    last: int
    begins: Instant | None
    ends: Instant | None
    start: Start | None = None
    start_is_whole: bool = False
    whole: bool = False
    clock_steps: tuple[ClockStep, ...] = ()
    spans: tuple[tuple[Instant | None, Instant | None], ...] = ()
    events: tuple[Event, ...] = ()


# --------------------------------------------------------------------------------------------------- starts


def find_starts(events: Iterable[Event]) -> list[Start]:
    """Group boot events, given in record order, into starts.

    EventLog 6008, 6009 and 6005 belong together in any order, each once, with at most two other records between
    neighbours; the nearest Kernel-General 12 within 50 records joins them. A Kernel-General 12 without such a group is
    a start of its own.
    """
    groups: list[list[Event]] = []
    kernel: list[Event] = []
    for event in events:
        if event.event_id == KERNEL_STARTED and is_from(event, KERNEL_GENERAL):
            kernel.append(event)
        elif event.event_id in _GROUP and is_from(event, EVENT_LOG):
            if groups and _continues(groups[-1], event):
                groups[-1].append(event)
            else:
                groups.append([event])
    partners = _nearest(groups, kernel)
    for index, place in partners.items():
        groups[index].append(kernel[place])
    joined = set(partners.values())
    lonely = [[event] for place, event in enumerate(kernel) if place not in joined]
    starts = [Start(tuple(sorted(group, key=lambda item: item.sequence))) for group in [*groups, *lonely]]
    return sorted(starts, key=lambda start: start.first)


def _continues(group: Sequence[Event], event: Event) -> bool:
    between = event.sequence - group[-1].sequence - 1
    return between <= _RECORDS_BETWEEN and event.event_id not in {member.event_id for member in group}


def _nearest(groups: Sequence[Sequence[Event]], kernel: Sequence[Event]) -> dict[int, int]:
    """Assign Kernel-General 12 events (by position) to groups (by index), the closest pairs first.

    Each event and each group is used once. No other group may be between the two.
    """
    firsts = [group[0].sequence for group in groups]
    pairs = []
    for place, event in enumerate(kernel):
        after = bisect_right(firsts, event.sequence)
        for index in range(max(after - 1, 0), min(after + 1, len(groups))):
            distance = max(firsts[index] - event.sequence, event.sequence - groups[index][-1].sequence)
            if distance <= _KERNEL_DISTANCE:
                pairs.append((distance, index, place))
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for _, index, place in sorted(pairs):
        if index not in partners and place not in taken:
            partners[index] = place
            taken.add(place)
    return partners


# ------------------------------------------------------------------------------------------------- sessions


def boot_sessions(stretch: Stretch) -> list[Session]:
    """Divide records into boot sessions: one before the first start, if there are records, and one from each start.

    A record that an export contains several times counts once; of several starts at one record, one counts.
    """
    once = {(event.sequence, event.event_id): event for event in stretch.events}
    starts = list({start.first: start for start in find_starts(once.values())}.values())
    edges: list[tuple[int, Instant | None, Start | None]] = [
        (start.first, start.events[0].time, start) for start in starts
    ]
    if not starts or starts[0].first > stretch.first:
        edges.insert(0, (stretch.first, stretch.first_time, None))
    sequences = [event.sequence for event in stretch.events]
    stepped = [step.sequence for step in stretch.clock_steps]
    sessions = []
    for index, (first, begins, start) in enumerate(edges):
        following = edges[index + 1] if index + 1 < len(edges) else None
        last = following[0] - 1 if following else stretch.last
        events = stretch.events[bisect_left(sequences, first) : bisect_right(sequences, last)]
        steps = stretch.clock_steps[bisect_left(stepped, first) : bisect_right(stepped, last + 1)]
        sessions.append(
            Session(
                first=first,
                last=last,
                begins=begins,
                ends=_latest([following[1] if following else stretch.last_time, *(event.time for event in events)]),
                start=start,
                start_is_whole=start is not None and stretch.whole and first - stretch.first > _RECORDS_BETWEEN,
                whole=start is not None and following is not None and stretch.whole,
                clock_steps=tuple(step for step in steps if step.sequence <= last),
                spans=_spans(steps, first, last, begins, following[1] if following else stretch.last_time, events),
                events=events,
            )
        )
    return sessions


def _spans(
    steps: Iterable[ClockStep],
    first: int,
    last: int,
    begins: Instant | None,
    ends: Instant | None,
    events: Iterable[Event],
) -> tuple[tuple[Instant | None, Instant | None], ...]:
    """The times that the clock showed from one record to another, in pieces between its steps."""
    spans = []
    since = first
    for step in steps:
        if step.until is None and first < step.sequence <= last:
            spans.append((begins, step.before))
            begins, since = step.after, step.sequence
        elif step.until is None and step.sequence == last + 1:
            ends = step.before
    return (*spans, (begins, _latest([ends, *(event.time for event in events if event.sequence >= since)])))


def _latest(times: Iterable[Instant | None]) -> Instant | None:
    return max((time for time in times if time is not None), key=lambda time: time.latest, default=None)


class Clock:
    """The boot session of a time, for events without a position in record order.

    If the clock of the host was set back, sessions overlap, and a time in several of them belongs to none. A local
    time, or the bounds of a session in local time, may be up to 14 hours away; a time that then fits several sessions,
    or one session and the time outside of all, belongs to none either. ``runs_on``: the host ran for a day after its
    last record, at least until the log was copied.
    """

    def __init__(self, sessions: Sequence[Session], *, runs_on: bool = True) -> None:
        last = len(sessions) - 1 if runs_on else -1
        more = [DAY if index == last else 0 for index in range(len(sessions))]
        possible = [_shown(session, ticks, certain=False) for session, ticks in zip(sessions, more, strict=True)]
        certain = [_shown(session, ticks, certain=True) for session, ticks in zip(sessions, more, strict=True)]
        self._layers = [_Layer(possible)] if possible == certain else [_Layer(possible), _Layer(certain)]
        begun = [(session.begins, index) for index, session in enumerate(sessions) if session.begins is not None]
        begun.sort(key=lambda item: (item[0].ticks, item[1]))
        self._begun = [index for _, index in begun]
        self._may_begin_from = _least_from([begins.earliest for begins, _ in begun])
        self._have_begun_from = _least_from([begins.latest for begins, _ in begun])

    def covering(self, time: Instant) -> int | None:
        """The session that covers a time, if exactly one is known to."""
        found = {layer.of(time.earliest, time.latest) for layer in self._layers}
        return found.pop() if len(found) == 1 else None

    def begun_by(self, time: Instant) -> tuple[int, int]:
        """Return the session that had begun last at a time, twice: at its earliest and at its latest possible moment.

        -1 means that no session had begun.
        """
        known = bisect_right(self._have_begun_from, time.earliest)
        possible = bisect_right(self._may_begin_from, time.latest)
        first, last = (self._begun[at - 1] if at else -1 for at in (known, possible))
        return first, last


class _Layer:
    """The parts of time that exactly one of several sessions covers, in ticks.

    Each session is given as the times that its clock showed.
    """

    def __init__(self, sessions: Iterable[Iterable[tuple[float, float]]]) -> None:
        self._edges: list[float] = []
        self._alone: list[int | None] = []
        changes: dict[float, list[int]] = {}
        for index, spans in enumerate(sessions):
            for begins, ends in spans:
                changes.setdefault(begins, []).append(index)
                changes.setdefault(ends, []).append(index)
        open_ones: set[int] = set()
        for edge in sorted(changes):
            for index in changes[edge]:
                open_ones.symmetric_difference_update({index})
            self._edges.append(edge)
            self._alone.append(next(iter(open_ones)) if len(open_ones) == 1 else None)

    def of(self, first: int, last: int) -> int | None:
        """The session that alone covers all moments from one to another."""
        begin, end = bisect_right(self._edges, first), bisect_right(self._edges, last)
        found = set(self._alone[begin - 1 : end]) if begin else {None}
        return found.pop() if len(found) == 1 else None


def _shown(session: Session, more: int, *, certain: bool) -> list[tuple[float, float]]:
    """The times that the clock showed in a session, in ticks, without overlaps, extended by ``more`` ticks.

    ``certain`` selects the times that it is known to have shown, else all that it may have shown.
    """
    joined: list[tuple[float, float]] = []
    spans = session.spans or ((session.begins, session.ends),)
    for begins, ends in sorted(_ticks(begins, ends, certain) for begins, ends in spans):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return [(begins, ends + more) for begins, ends in joined if begins < ends + more]


def _ticks(begins: Instant | None, ends: Instant | None, certain: bool) -> tuple[float, float]:
    low, high = float("-inf"), float("inf")
    if begins is not None:
        low = begins.latest if certain else begins.earliest
    if ends is not None:
        high = ends.earliest if certain else ends.latest
    return low, high


def _least_from(ticks: Sequence[int]) -> list[int]:
    """Return, for each number, the minimum of it and all later ones; this sequence never decreases."""
    return list(accumulate(reversed(ticks), min))[::-1]


class Places:
    """The position of a time in the record order of one session, among its selected events."""

    def __init__(self, session: Session) -> None:
        timed = [(event.sequence, event.time.ticks) for event in session.events if event.time is not None]
        self._sequences = [sequence for sequence, _ in timed]
        self._earliest_from = _least_from([ticks for _, ticks in timed])
        self._before = session.first - 1

    def of(self, time: Instant) -> int:
        """The sequence of the last event at or before a time; one less than the first if there is none."""
        at = bisect_right(self._earliest_from, time.ticks)
        return self._sequences[at - 1] if at else self._before
