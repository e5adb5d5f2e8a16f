"""System logs of a host → stretches: records without a gap in their numbers, however many files hold them.

A host's System log comes as one file, as archives that continue each other, as copies that repeat each other, or as
logs that begin anew because somebody cleared them. Files that number the same records alike are joined where they
touch; what a file repeats under other numbers (a converted copy) is left to the larger one.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evtscan.model import ClockStep, Event, Log
from evtscan.parsers.timechanges import STEP_TICKS
from evtscan.wintypes import Instant

_UNDATED = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Records ``first``…``last`` of one log without a gap between files, and the files that hold them.

    ``events`` are those that were selected, in record order, each once. ``whole``: nothing in it is lost or filtered
    out, so that what is not in it was not logged. ``clock_steps`` are in record order.
    """

    sources: frozenset[str]
    events: tuple[Event, ...]
    first: int
    last: int
    first_time: Instant | None
    last_time: Instant | None
    whole: bool
    clock_steps: tuple[ClockStep, ...] = ()


def identity(event: Event) -> tuple[object, ...]:
    """What two copies of one record have in common, in whatever file and format."""
    computer = None if event.computer is None else event.computer.casefold()
    return (event.record_id, event.time, event.provider.casefold(), event.event_id, computer)


def join(logs: Iterable[Log]) -> list[Stretch]:
    """Join logs where their record numbers touch; the stretches come in order of time and do not overlap in it."""
    finished: list[_Joining] = []
    by_end: dict[int, _Joining] = {}
    running: list[_Joining] = []
    for one in sorted(map(_Joining.of, logs), key=lambda item: (item.first_time, item.first, -item.last)):
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
    return [item.stretch() for item in _without_overlaps(finished)]


@dataclass(slots=True, eq=False)
class _Joining:
    """A stretch while files are still being added to it."""

    sources: set[str]
    first: int
    last: int
    first_time: Instant
    last_time: Instant
    whole: bool
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
            events=[event for event in log.events if not event.recovered],
            clock_steps={step.sequence: step for step in summary.clock_steps},
        )

    def continues_in(self, other: "_Joining") -> bool:
        """Whether the numbers of two files touch and speak, as far as they tell, of the same records."""
        low, high = max(self.first, other.first), min(self.last, other.last)
        if low > high:
            return other.first == self.last + 1
        mine, theirs = _between(self.events, low, high), _between(other.events, low, high)
        known = {event.sequence: identity(event) for event in mine}
        shared = [identity(event) == known[event.sequence] for event in theirs if event.sequence in known]
        if shared or mine or theirs:
            return bool(shared) and all(shared)
        return other.first_time <= self.last_time and self.first_time <= other.last_time

    def take(self, other: "_Joining") -> None:
        """Add what another file has beyond this one."""
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


def _sequence(event: Event) -> int:
    return event.sequence


def _between(events: Sequence[Event], low: int, high: int) -> Sequence[Event]:
    return events[bisect_left(events, low, key=_sequence) : bisect_right(events, high, key=_sequence)]


def _without_overlaps(found: Iterable[_Joining]) -> list[_Joining]:
    """The largest ones that do not overlap in time, in order of time."""
    kept: list[_Joining] = []

    def begins(item: _Joining) -> tuple[Instant, Instant]:
        return (item.first_time, item.last_time)

    for one in sorted(found, key=lambda item: (item.first - item.last, item.first_time, min(item.sources))):
        at = bisect_right(kept, begins(one), key=begins)
        neighbours = kept[max(at - 1, 0) : at + 1]
        if not any(one.first_time < other.last_time and other.first_time < one.last_time for other in neighbours):
            insort(kept, one, key=begins)
    return kept
