"""Boot events of a log → its boot sessions, in record order (clocks jump, record numbers do not)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evtscan.model import Event, Log, Selector
from evtscan.wintypes import Instant

STARTED, STOPPED, UNCLEAN, BOOTED = 6005, 6006, 6008, 6009
"""EventLog: the service started, it stopped, the last stop was unexpected, what was booted (Q196452)."""
KERNEL_STARTED = 12
KERNEL_GENERAL = "Microsoft-Windows-Kernel-General"
EVENT_LOG = "EventLog"
_GROUP = frozenset({STARTED, UNCLEAN, BOOTED})
_RECORDS_BETWEEN = 2
_KERNEL_DISTANCE = 50

SELECTORS = frozenset(
    {
        *(Selector("System", EVENT_LOG, number) for number in (STARTED, STOPPED, UNCLEAN, BOOTED)),
        Selector("System", KERNEL_GENERAL, KERNEL_STARTED),
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

    ``first``…``last`` are sequences, both included. ``begins`` is the time of the first record known of the session,
    ``ends`` the time at which the next begins, or of the log's last record. ``start`` is None for what stands before
    the first start of a log. ``whole``: its start and the next one are both in the log.
    """

    source: str
    first: int
    last: int
    begins: Instant | None
    ends: Instant | None
    start: Start | None
    whole: bool


def find_starts(events: Iterable[Event]) -> list[Start]:
    """Group boot events into starts.

    EventLog 6008, 6009 and 6005 belong together in any order, each once, with at most two other records between
    neighbours; the nearest Kernel-General 12 within 50 records joins them, and one without such a group is a start of
    its own.
    """
    groups: list[list[Event]] = []
    kernel: list[Event] = []
    for event in sorted(events, key=lambda item: item.sequence):
        if event.event_id == KERNEL_STARTED and is_from(event, KERNEL_GENERAL):
            kernel.append(event)
        elif event.event_id in _GROUP and is_from(event, EVENT_LOG):
            if groups and _continues(groups[-1], event):
                groups[-1].append(event)
            else:
                groups.append([event])
    lonely = _join_nearest(groups, kernel)
    starts = [Start(tuple(sorted(group, key=lambda item: item.sequence))) for group in [*groups, *lonely]]
    return sorted(starts, key=lambda start: start.first)


def _continues(group: Sequence[Event], event: Event) -> bool:
    between = event.sequence - group[-1].sequence - 1
    return between <= _RECORDS_BETWEEN and event.event_id not in {member.event_id for member in group}


def _join_nearest(groups: list[list[Event]], kernel: Iterable[Event]) -> list[list[Event]]:
    """Give each group the Kernel-General 12 nearest to it; return those that are left, each as a group of its own."""
    spans = [(group[0].sequence, group[-1].sequence) for group in groups]
    lonely = []
    nearest: dict[int, tuple[int, Event]] = {}
    position = 0
    for event in kernel:
        while position + 1 < len(spans) and spans[position + 1][0] <= event.sequence:
            position += 1
        candidates = [
            (max(spans[index][0] - event.sequence, event.sequence - spans[index][1], 0), index)
            for index in (position, position + 1)
            if index < len(spans)
        ]
        distance, index = min(candidates, default=(_KERNEL_DISTANCE + 1, -1))
        if distance > _KERNEL_DISTANCE:
            lonely.append([event])
            continue
        rival = nearest.get(index)
        if rival is None or distance < rival[0]:
            nearest[index] = (distance, event)
            if rival is not None:
                lonely.append([rival[1]])
        else:
            lonely.append([event])
    for index, (_, event) in nearest.items():
        groups[index].append(event)
    return lonely


def divide(log: Log) -> list[Session]:
    """Divide one log into boot sessions; a log without a start is one session, one without records is none."""
    summary = log.summary
    if summary.first_sequence is None or summary.last_sequence is None:
        return []
    starts = find_starts(log.events)
    edges: list[tuple[int, Start | None, Instant | None]] = [
        (start.first, start, start.events[0].time) for start in starts
    ]
    if not starts or starts[0].first > summary.first_sequence:
        edges.insert(0, (summary.first_sequence, None, summary.first_time))
    sessions = []
    for index, (first, start, begins) in enumerate(edges):
        is_last = index + 1 == len(edges)
        last, ends = (
            (summary.last_sequence, summary.last_time) if is_last else (edges[index + 1][0] - 1, edges[index + 1][2])
        )
        sessions.append(
            Session(
                source=log.source.name,
                first=first,
                last=last,
                begins=begins,
                ends=ends,
                start=start,
                whole=start is not None and not is_last,
            )
        )
    return sessions
