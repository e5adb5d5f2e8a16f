"""System logs of a host → stretches: records without a gap in their numbers, from any number of files.

The System log of a host may be one file, archives that continue each other, copies that repeat each other, or logs that
restart because somebody cleared them. Files that number the same records alike are joined where they touch. If a file
repeats records under other numbers (a converted copy), the larger file is used.

A printed log may have local times of unknown zone. It joins a log in UTC only if both contain the same records, and
never replaces it: a log that may overlap it in any zone has no position in the order of time.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.event import Event
from evtscan.base.model.log import STEP_TICKS, ClockStep, Log
from evtscan.base.wintypes import Instant
from evtscan.evidence.copies import is_copy

_UNDATED = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Records ``first`` to ``last`` of one log without a gap between files, and the files that contain them.

    ``events`` are the selected ones, in record order, each once. ``whole``: nothing in it is lost or filtered out, so
    an event that is not in it was not logged. ``clock_steps`` are in record order.
    """

    sources: frozenset[str]
    events: tuple[Event, ...]
    first: int
    last: int
    first_time: Instant | None
    last_time: Instant | None
    whole: bool
    clock_steps: tuple[ClockStep, ...] = ()


def _is_same_record(one: Event, other: Event) -> bool:
    """Whether events of two files are copies of one record, in any format."""
    if any(event.time is not None and event.time.local for event in (one, other)):
        return is_copy(one, other)
    return _identity(one) == _identity(other)


def _identity(event: Event) -> tuple[object, ...]:
    computer = None if event.computer is None else event.computer.casefold()
    return (event.record_id, event.time, event.provider.casefold(), event.event_id, computer)


def join(logs: Iterable[Log]) -> list[Stretch]:
    """Join logs where their record numbers touch; the stretches come in order of time and do not overlap in it.

    A log that may overlap others and joins none of them is left out.
    """
    parts = sorted(map(_Joining.of, logs), key=lambda item: (item.first_time, item.first, -item.last))
    found = _joined(one for one in parts if not one.local)
    alone = [one for one in parts if one.local and not _joins(one, found)]
    return [item.stretch() for item in _without_overlaps([*found, *_joined(alone)])]


def _joins(one: "_Joining", found: Sequence["_Joining"]) -> bool:
    """Whether a log of local times joins the log with the same records, which requires that no other log may overlap
    it.
    """
    same = [item for item in found if item.repeats(one)]
    partner = next((item for item in same if item.holds(one)), None)
    if partner is None and len(same) == 1 and not any(_may_overlap(one, item) for item in found if item is not same[0]):
        partner = same[0]
        partner.take_local(one)
    if partner is not None:
        partner.sources |= one.sources
    return partner is not None


def _joined(parts: Iterable["_Joining"]) -> list["_Joining"]:
    """Logs joined that come in order of time."""
    finished: list[_Joining] = []
    by_end: dict[int, _Joining] = {}
    running: list[_Joining] = []
    for one in parts:
        running = [item for item in running if item.last_time >= one.first_time]
        before = by_end.get(one.first - 1)
        candidates = [*running, before] if before is not None else running
        partner = next((item for item in candidates if item.continues_in(one)), None)
        if partner is not None:
            partner.take(one)
        else:
            finished.append(one)
            partner = one
        if partner not in running:
            running.append(partner)
        by_end[partner.last] = partner
    return finished


@dataclass(slots=True, eq=False)
class _Joining:
    """A stretch while files are still being added to it."""

    sources: set[str]
    first: int
    last: int
    first_time: Instant
    last_time: Instant
    whole: bool
    local: bool = False
    events: list[Event] = field(default_factory=list)
    clock_steps: dict[int, ClockStep] = field(default_factory=dict)

    @classmethod
    def of(cls, log: Log) -> "_Joining":
        summary = log.summary
        first, last = summary.first_sequence or 0, summary.last_sequence or 0
        return cls(
            sources={log.source.name},
            first=first,
            last=last,
            first_time=summary.first_time or _UNDATED,
            last_time=summary.last_time or summary.first_time or _UNDATED,
            whole=not (summary.filtered or summary.holes or summary.lost),
            local=any(time is not None and time.local for time in (summary.first_time, summary.last_time)),
            events=[event for event in log.events if not event.recovered],
            clock_steps={step.sequence: step for step in summary.clock_steps},
        )

    def continues_in(self, other: "_Joining") -> bool:
        """Whether the numbers of two files touch and, as far as they show, belong to the same records."""
        low, high = max(self.first, other.first), min(self.last, other.last)
        if low > high:
            return other.first == self.last + 1
        mine, theirs = _between(self.events, low, high), _between(other.events, low, high)
        if mine or theirs:
            return _are_copies(mine, theirs)
        return other.first_time <= self.last_time and self.first_time <= other.last_time

    def repeats(self, other: "_Joining") -> bool:
        """Whether another file contains records of this one under the same numbers, and none that contradict."""
        low, high = max(self.first, other.first), min(self.last, other.last)
        return _are_copies(_between(self.events, low, high), _between(other.events, low, high))

    def holds(self, other: "_Joining") -> bool:
        """Whether another file has no record outside of this one."""
        return self.first <= other.first and other.last <= self.last

    def take(self, other: "_Joining") -> None:
        """Add the records of another file that this one lacks."""
        at = bisect_left(self.events, other.first, key=_sequence)
        tail = {event.sequence: event for event in [*other.events, *self.events[at:]]}
        self.events[at:] = [tail[sequence] for sequence in sorted(tail)]
        if other.first == self.last + 1 and other.first_time.ticks < self.last_time.ticks - STEP_TICKS:
            step = ClockStep(sequence=other.first, before=self.last_time, after=other.first_time)
            self.clock_steps[other.first] = step
        self.clock_steps |= other.clock_steps
        if other.last >= self.last:
            self.last, self.last_time = other.last, other.last_time
        if other.first < self.first:
            self.first, self.first_time = other.first, other.first_time
        self.sources |= other.sources
        self.whole = self.whole and other.whole

    def take_local(self, other: "_Joining") -> None:
        """Add the records of a file of local times that this one lacks; records that both have are kept as they are
        here.
        """
        beyond = [event for event in other.events if not self.first <= event.sequence <= self.last]
        self.events = sorted([*self.events, *beyond], key=_sequence)
        self.clock_steps = other.clock_steps | self.clock_steps
        if other.last > self.last:
            self.last, self.last_time = other.last, other.last_time
        if other.first < self.first:
            self.first, self.first_time = other.first, other.first_time
        self.whole = self.whole and other.whole

    def stretch(self) -> Stretch:
        return Stretch(
            sources=frozenset(self.sources),
            events=tuple(self.events),
            first=self.first,
            last=self.last,
            first_time=None if self.first_time == _UNDATED else self.first_time,
            last_time=None if self.last_time == _UNDATED else self.last_time,
            whole=self.whole,
            clock_steps=tuple(self.clock_steps[sequence] for sequence in sorted(self.clock_steps)),
        )


def _are_copies(some: Iterable[Event], others: Iterable[Event]) -> bool:
    """Whether two files share record numbers, and all shared records are the same."""
    known = {event.sequence: event for event in some}
    shared = [_is_same_record(event, known[event.sequence]) for event in others if event.sequence in known]
    return bool(shared) and all(shared)


def _sequence(event: Event) -> int:
    return event.sequence


def _between(events: Sequence[Event], low: int, high: int) -> Sequence[Event]:
    return events[bisect_left(events, low, key=_sequence) : bisect_right(events, high, key=_sequence)]


def _without_overlaps(found: Iterable[_Joining]) -> list[_Joining]:
    """The largest logs that do not overlap in time, in order of time; a log that may overlap one in UTC is left out."""
    kept: list[_Joining] = []

    def begins(item: _Joining) -> tuple[Instant, Instant]:
        return (item.first_time, item.last_time)

    for one in sorted(found, key=lambda item: (item.local, item.first - item.last, item.first_time, min(item.sources))):
        at = bisect_right(kept, begins(one), key=begins)
        if not any(_may_overlap(one, other) for other in kept[max(at - 1, 0) : at + 1]):
            insort(kept, one, key=begins)
    return kept


def _may_overlap(one: _Joining, other: _Joining) -> bool:
    """Whether two logs may overlap in time; two logs of local times are assumed to be of one zone, that of the host."""
    if one.local and other.local:
        return one.first_time < other.last_time and other.first_time < one.last_time
    return one.first_time.earliest < other.last_time.latest and other.first_time.earliest < one.last_time.latest
