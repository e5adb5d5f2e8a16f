"""Clock steps in the logs of a host → the elapsed time between two of its records, as far as it is known.

Tests of a time window use this before they compare two times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from evtscan.base.model.event import Event
from evtscan.base.model.log import MOST_CLOCK_STEPS, ClockStep, Log
from evtscan.facts.history.logs import LogIndex


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The bounds of the time from one event to another, in ticks; None is unbounded.

    A value is negative if the other event came first.
    """

    low: int | None
    high: int | None


class SteppedClock:
    """The clock of one host, as all of its logs show it."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._index = LogIndex(logs)
        self._own = [_StepsOfLog(log.summary.clock_steps) for log in logs]
        self._steps = [(step, number) for number, own in enumerate(self._own) for step in own.lasting]
        self._elsewhere: dict[int | None, _StepsByReading] = {}

    def elapsed(self, one: Event, other: Event) -> Elapsed:
        """The time that passed from one event to another.

        Across a step the lower limit is the time that the clock counted before and after it, and there is no upper
        limit: no record shows how long the host was off. In one log, later records came later. A step that another log
        shows can only be compared by its times: an event between the two clock readings may be on either side.
        """
        log = self._index.of(one)
        if log is None or log != self._index.of(other):
            return self._across_logs(one, other)
        if one.sequence > other.sequence:
            back = self.elapsed(other, one)
            return Elapsed(None if back.high is None else -back.high, None if back.low is None else -back.low)
        if one.time is None or other.time is None or one.time.local != other.time.local:
            return Elapsed(0, None)
        own = self._own[log]
        counted = other.time.ticks - one.time.ticks
        begin, end = sorted((one.time.ticks, other.time.ticks))
        elsewhere = self._shown_beside(log)
        moved = elsewhere.moved(begin, end)
        if own.part(one.sequence, other.sequence):
            return Elapsed(max(0, own.counted(one.sequence, other.sequence, counted) - moved), None)
        return Elapsed(max(0, counted - moved), None if elsewhere.meet(begin, end) else max(0, counted))

    def _across_logs(self, one: Event, other: Event) -> Elapsed:
        if one.time is None or other.time is None:
            return Elapsed(None, None)
        if self._is_late(self._index.of(one), one) or self._is_late(self._index.of(other), other):
            return Elapsed(None, None)
        if one.time.local and other.time.local:  # one host, one zone
            low = high = other.time.ticks - one.time.ticks
        else:
            low, high = other.time.earliest - one.time.latest, other.time.latest - one.time.earliest
        begin, end = min(one.time.earliest, other.time.earliest), max(one.time.latest, other.time.latest)
        every = self._shown_beside(None)
        if not every.meet(begin, end):
            return Elapsed(low, high)
        moved = every.moved(begin, end)
        return Elapsed(low - moved if low > moved else None, high + moved if high < -moved else None)

    def _is_late(self, log: int | None, event: Event) -> bool:
        """Whether an event was logged out of the order of time."""
        return log is not None and self._own[log].is_late(event.sequence)

    def _shown_beside(self, own: int | None) -> "_StepsByReading":
        """Return the steps of all logs except those that the given log shows itself: its own records are more
        precise.
        """
        if own not in self._elsewhere:
            steps = self._steps
            if own is not None:
                of_own = _StepsByReading((step, own) for step in self._own[own].lasting)
                steps = [(step, log) for step, log in steps if log != own and not of_own.meet(*_doubtful(step))]
            self._elsewhere[own] = _StepsByReading(steps)
        return self._elsewhere[own]


class _StepsOfLog:
    """The steps that one log shows by its records."""

    def __init__(self, steps: Sequence[ClockStep]) -> None:
        self.lasting = sorted((step for step in steps if step.until is None), key=lambda step: step.sequence)
        self._late = sorted((step.sequence, step.until) for step in steps if step.until is not None)
        self._sequences = [step.sequence for step in self.lasting]
        self._moved = list(accumulate((step.after.ticks - step.before.ticks for step in self.lasting), initial=0))
        self._known_up_to = steps[-1].sequence if len(steps) >= MOST_CLOCK_STEPS else None

    def part(self, one: int, other: int) -> bool:
        """Whether a step is between two records; unknown for a log with too many steps."""
        if self._is_beyond(max(one, other)) or self._steps_by(one) != self._steps_by(other):
            return True
        return self._late_run(one) != self._late_run(other)

    def counted(self, one: int, other: int, nominal: int) -> int:
        """The lower limit of the time that the clock counted between two records, without its steps; 0 if unknown."""
        if self._is_beyond(other) or self._late_run(one) != self._late_run(other):
            return 0
        return nominal - (self._moved[self._steps_by(other)] - self._moved[self._steps_by(one)])

    def is_late(self, sequence: int) -> bool:
        """Whether a record was logged out of the order of time."""
        return self._late_run(sequence) is not None

    def _is_beyond(self, sequence: int) -> bool:
        return self._known_up_to is not None and sequence > self._known_up_to

    def _steps_by(self, sequence: int) -> int:
        return bisect_right(self._sequences, sequence)

    def _late_run(self, sequence: int) -> int | None:
        """The index of the run of late records that contains a record."""
        at = bisect_right(self._late, sequence, key=lambda run: run[0]) - 1
        return at if at >= 0 and sequence < self._late[at][1] else None


class _StepsByReading:
    """Steps of several logs by the readings of the clock: which time spans they overlap, and by how much they moved it.

    Steps whose doubtful times overlap form a cluster: a log with few records shows one step where another shows two. A
    span that overlaps one step of a cluster is charged with the whole cluster, so each query takes two searches,
    however many steps a broken or hostile log shows.
    """

    def __init__(self, steps: Iterable[tuple[ClockStep, int]]) -> None:
        clusters = list(_clusters(steps))
        self._lows = [min(_doubtful(step)[0] for step, _ in cluster) for cluster in clusters]
        self._highs = [max(_doubtful(step)[1] for step, _ in cluster) for cluster in clusters]
        self._moved = list(accumulate(map(_moved, clusters), initial=0))

    def meet(self, begin: int, end: int) -> bool:
        """Whether a step has a moment between its readings in common with a span."""
        first, beyond = self._met(begin, end)
        return first < beyond

    def moved(self, begin: int, end: int) -> int:
        """By how much the clock was moved at most by the steps that a span meets, and others of their clusters."""
        first, beyond = self._met(begin, end)
        return self._moved[beyond] - self._moved[first] if first < beyond else 0

    def _met(self, begin: int, end: int) -> tuple[int, int]:
        """The clusters that a span overlaps; clusters do not overlap each other, so these are neighbours."""
        return bisect_right(self._highs, begin), bisect_left(self._lows, end)


def _clusters(steps: Iterable[tuple[ClockStep, int]]) -> Iterator[list[tuple[ClockStep, int]]]:
    cluster: list[tuple[ClockStep, int]] = []
    up_to = 0
    for step, log in sorted(steps, key=lambda item: _doubtful(item[0])):
        low, high = _doubtful(step)
        if cluster and low >= up_to:
            yield cluster
            cluster = []
        up_to = max(up_to, high) if cluster else high
        cluster.append((step, log))
    if cluster:
        yield cluster


def _readings(step: ClockStep) -> tuple[int, int]:
    low, high = sorted((step.before.ticks, step.after.ticks))
    return low, high


def _doubtful(step: ClockStep) -> tuple[int, int]:
    """Return the times (exclusive) that can be on either side of a step: a clock set back shows them twice."""
    low, high = _readings(step)
    return (low - 1, high + 1) if step.after < step.before else (low, high)


def _moved(steps: Iterable[tuple[ClockStep, int]]) -> int:
    """The largest amount by which steps of several logs moved the clock; overlapping steps count as one.

    The log with the most steps is first; the others add steps that do not overlap them.
    """
    by_log: dict[int, list[tuple[int, int]]] = {}
    for step, log in steps:
        by_log.setdefault(log, []).append(_readings(step))
    moved = 0
    seen = _Spans()
    for log in sorted(by_log, key=lambda log: (-len(by_log[log]), log)):
        apart = [(low, high) for low, high in by_log[log] if not seen.meet(low, high)]
        for low, high in apart:
            moved += high - low
            seen.add(low, high)
    return moved


class _Spans:
    """Time spans in order; spans that overlap or touch are joined."""

    def __init__(self) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []

    def meet(self, begin: int, end: int) -> bool:
        """Whether a span shares more than an end point with one of these."""
        return bisect_right(self._highs, begin) < bisect_left(self._lows, end)

    def add(self, low: int, high: int) -> None:
        first, beyond = bisect_left(self._highs, low), bisect_right(self._lows, high)
        if first < beyond:
            low, high = min(low, self._lows[first]), max(high, self._highs[beyond - 1])
        self._lows[first:beyond] = [low]
        self._highs[first:beyond] = [high]
