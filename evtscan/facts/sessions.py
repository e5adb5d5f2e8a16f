"""Boot events → starts and boot sessions, in record order: clocks jump, record numbers do not."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evtscan.facts.stretches import Stretch
from evtscan.model import ClockStep, Event, Selector
from evtscan.parsers.timechanges import KERNEL_GENERAL, TIME_CHANGED
from evtscan.wintypes import TICKS_PER_SECOND, Instant

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

    ``first``…``last`` are sequences, both included, ``events`` the selected records among them. ``begins`` is the time
    of its first record, ``ends`` that of the next session's first or of its own latest known one, whichever is later;
    None is open. ``start`` is None for what stands before the first start of a log, and ``start_is_whole`` says that
    nothing of it can be missing. ``whole``: both its start and the next one are in the log, and nothing of the log is
    lost or filtered out. ``clock_steps`` are those at its records, ``spans`` the times that the clock showed, from and
    to, where it was set in between.
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
    neighbours; the nearest Kernel-General 12 within 50 records joins them, and one without such a group is a start of
    its own.
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
    """Which Kernel-General 12 (by place) each group (by index) gets: the closest pairs first, each once.

    No other group may stand between the two.
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


def divide(stretch: Stretch) -> list[Session]:
    """Divide records into boot sessions: one before the first start, if anything is there, and one from each start."""
    starts = find_starts(stretch.events)
    edges: list[tuple[int, Instant | None, Start | None]] = [
        (start.first, start.events[0].time, start) for start in starts
    ]
    if not starts or starts[0].first > stretch.first:
        edges.insert(0, (stretch.first, stretch.first_time, None))
    sequences = [event.sequence for event in stretch.events]
    sessions = []
    for index, (first, begins, start) in enumerate(edges):
        following = edges[index + 1] if index + 1 < len(edges) else None
        last = following[0] - 1 if following else stretch.last
        events = stretch.events[bisect_left(sequences, first) : bisect_right(sequences, last)]
        sessions.append(
            Session(
                first=first,
                last=last,
                begins=begins,
                ends=_latest([following[1] if following else stretch.last_time, *(event.time for event in events)]),
                start=start,
                start_is_whole=start is not None and stretch.whole and first - stretch.first > _RECORDS_BETWEEN,
                whole=start is not None and following is not None and stretch.whole,
                clock_steps=tuple(step for step in stretch.clock_steps if first <= step.sequence <= last),
                spans=_spans(stretch, first, last, begins, following[1] if following else stretch.last_time, events),
                events=events,
            )
        )
    return sessions


def _spans(
    stretch: Stretch, first: int, last: int, begins: Instant | None, ends: Instant | None, events: Iterable[Event]
) -> tuple[tuple[Instant | None, Instant | None], ...]:
    """The times that the clock showed from one record to another, in pieces between the steps that it took."""
    spans = []
    since = first
    for step in stretch.clock_steps:
        if step.until is None and first < step.sequence <= last:
            spans.append((begins, step.before))
            begins, since = step.after, step.sequence
        elif step.until is None and step.sequence == last + 1:
            ends = step.before
    return (*spans, (begins, _latest([ends, *(event.time for event in events if event.sequence >= since)])))


def _latest(times: Iterable[Instant | None]) -> Instant | None:
    return max((time for time in times if time is not None), default=None)


class Clock:
    """Which boot session a time falls in, for what has a time and no place in record order.

    Where the clock of the host was set back, sessions overlap, and a time in several of them belongs to none.
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._edges: list[float] = []
        self._covering: list[int | None] = []
        changes: dict[float, list[int]] = {}
        for index, session in enumerate(sessions):
            for begins, ends in _without_overlaps(session):
                if index + 1 == len(sessions):
                    ends += DAY  # the host ran on after the last record, at least until the log was copied
                if begins < ends:
                    changes.setdefault(begins, []).append(index)
                    changes.setdefault(ends, []).append(~index)
        open_ones: set[int] = set()
        for edge in sorted(changes):
            for index in changes[edge]:
                open_ones.symmetric_difference_update({index if index >= 0 else ~index})
            self._edges.append(edge)
            self._covering.append(next(iter(open_ones)) if len(open_ones) == 1 else None)
        self._begun = sorted(
            (session.begins.ticks, index) for index, session in enumerate(sessions) if session.begins is not None
        )

    def covering(self, time: Instant) -> int | None:
        """The session that covers a time, if exactly one does."""
        at = bisect_right(self._edges, time.ticks)
        return self._covering[at - 1] if at else None

    def begun_by(self, time: Instant) -> int | None:
        """The session that had begun last at a time."""
        at = bisect_right(self._begun, time.ticks, key=lambda item: item[0])
        return self._begun[at - 1][1] if at else None


def _without_overlaps(session: Session) -> list[tuple[float, float]]:
    """The times that the clock showed in a session, each once, as ticks."""
    joined: list[tuple[float, float]] = []
    for begins, ends in sorted(map(_ticks, session.spans or ((session.begins, session.ends),))):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


def _ticks(span: tuple[Instant | None, Instant | None]) -> tuple[float, float]:
    begins, ends = span
    return (float("-inf") if begins is None else begins.ticks, float("inf") if ends is None else ends.ticks)


class Places:
    """Where in the record order of one session a time falls, among the events at hand."""

    def __init__(self, session: Session) -> None:
        timed = [(event.sequence, event.time.ticks) for event in session.events if event.time is not None]
        self._sequences = [sequence for sequence, _ in timed]
        self._earliest_from: list[int] = []  # rises, whatever the clock did: the earliest time from an event on
        for _, ticks in reversed(timed):
            later = self._earliest_from[-1] if self._earliest_from else ticks
            self._earliest_from.append(min(ticks, later))
        self._earliest_from.reverse()
        self._before = session.first - 1

    def of(self, time: Instant) -> int:
        """The sequence of the last event that was logged at a time or before it; one less than the first if none."""
        at = bisect_right(self._earliest_from, time.ticks)
        return self._sequences[at - 1] if at else self._before
