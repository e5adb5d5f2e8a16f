"""Steps of the clock in the logs of a host → how much time lies between two of its records, as far as it is known.

Tests of a window of time ask this before they compare two times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from evtscan.facts.logs import LogIndex
from evtscan.model import MOST_CLOCK_STEPS, ClockStep, Event, Log


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The time from one event to another in ticks, negative where the other came first; None is open."""

    low: int | None
    high: int | None


class SteppedClock:
    """The clock of one host, as all of its logs show it."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._index = LogIndex(logs)
        self._own = [_StepsOfLog(log.summary.clock_steps) for log in logs]
        self._stepping = {number for number, own in enumerate(self._own) if own.lasting}
        self._all = _StepsByReading((step, number) for number, own in enumerate(self._own) for step in own.lasting)

    def elapsed(self, one: Event, other: Event) -> Elapsed:
        """How much time passed from one event to another.

        Across a step it is at least what the clock counted before and behind it, and has no upper limit: how long the
        host was silent around the step, no record tells. In one log, what stands later came later. Of a step that
        another log shows, only the times tell: those between the two readings of the clock may be of either side.
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
        seen_elsewhere = list(self._spanning(begin, end, log))
        if own.part(one.sequence, other.sequence):
            least = own.counted(one.sequence, other.sequence, counted)
            return Elapsed(max(0, least - _moved(seen_elsewhere)), None)
        least = max(0, counted - _moved(seen_elsewhere))
        return Elapsed(least, None if seen_elsewhere else max(0, counted))

    def _across_logs(self, one: Event, other: Event) -> Elapsed:
        if one.time is None or other.time is None:
            return Elapsed(None, None)
        if self._is_late(self._index.of(one), one) or self._is_late(self._index.of(other), other):
            return Elapsed(None, None)
        if one.time.local and other.time.local:  # one host, one zone
            low = high = other.time.ticks - one.time.ticks
        else:
            low, high = other.time.earliest - one.time.latest, other.time.latest - one.time.earliest
        begin = min(one.time.earliest, other.time.earliest)
        steps = list(self._spanning(begin, max(one.time.latest, other.time.latest), None))
        if not steps:
            return Elapsed(low, high)
        moved = _moved(steps)
        return Elapsed(low - moved if low > moved else None, high + moved if high < -moved else None)

    def _is_late(self, log: int | None, event: Event) -> bool:
        """Whether an event was logged out of the order of time."""
        return log is not None and self._own[log].is_late(event.sequence)

    def _spanning(self, begin: int, end: int, own: int | None) -> Iterator[tuple[ClockStep, int]]:
        """The steps, each with its log, that a span of time meets; of those that a log shows too, it knows better."""
        if own is not None and self._stepping <= {own}:
            return  # all that it would find are its own, of which a broken log shows hundreds at every event
        for step, log in self._all.meeting(begin, end):
            if own is None or (log != own and not any(of == own for _, of in self._all.meeting(*_doubtful(step)))):
                yield step, log


class _StepsOfLog:
    """The steps that one log shows, by its records."""

    def __init__(self, steps: Sequence[ClockStep]) -> None:
        self.lasting = sorted((step for step in steps if step.until is None), key=lambda step: step.sequence)
        self._late = sorted((step.sequence, step.until) for step in steps if step.until is not None)
        self._sequences = [step.sequence for step in self.lasting]
        self._moved = list(accumulate((step.after.ticks - step.before.ticks for step in self.lasting), initial=0))
        self._known_up_to = steps[-1].sequence if len(steps) >= MOST_CLOCK_STEPS else None

    def part(self, one: int, other: int) -> bool:
        """Whether a step lies between two records; of a log that has too many, nobody knows."""
        if self._is_beyond(max(one, other)) or self._steps_by(one) != self._steps_by(other):
            return True
        return self._late_run(one) != self._late_run(other)

    def counted(self, one: int, other: int, nominal: int) -> int:
        """What the clock counted between two records without what it was moved by; at least, and 0 if nobody knows."""
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
        """Which run of late records a record is one of."""
        at = bisect_right(self._late, sequence, key=lambda run: run[0]) - 1
        return at if at >= 0 and sequence < self._late[at][1] else None


class _StepsByReading:
    """Steps of all logs by the two readings of the clock, to find those that a span of time meets."""

    def __init__(self, steps: Iterable[tuple[ClockStep, int]]) -> None:
        self._steps = sorted(steps, key=lambda item: _doubtful(item[0]))
        self._lows = [_doubtful(step)[0] for step, _ in self._steps]
        self._highest_up_to = list(accumulate((_doubtful(step)[1] for step, _ in self._steps), max))

    def meeting(self, begin: int, end: int) -> Iterator[tuple[ClockStep, int]]:
        """The steps that have a moment between their readings in common with a span."""
        at = bisect_left(self._lows, end) - 1
        while at >= 0 and self._highest_up_to[at] > begin:
            if _doubtful(self._steps[at][0])[1] > begin:
                yield self._steps[at]
            at -= 1


def _readings(step: ClockStep) -> tuple[int, int]:
    low, high = sorted((step.before.ticks, step.after.ticks))
    return low, high


def _doubtful(step: ClockStep) -> tuple[int, int]:
    """The times, both excluded, that can be of either side of a step: a clock set back shows both readings again."""
    low, high = _readings(step)
    return (low - 1, high + 1) if step.after < step.before else (low, high)


def _moved(steps: Iterable[tuple[ClockStep, int]]) -> int:
    """By how much the clock was moved at most, by steps of several logs: those that overlap are taken for one step."""
    by_log: dict[int, list[ClockStep]] = {}
    for step, log in steps:
        by_log.setdefault(log, []).append(step)
    counted: list[ClockStep] = []
    for group in sorted(by_log.values(), key=len, reverse=True):
        counted += [step for step in group if not any(_overlap(step, other) for other in counted if other not in group)]
    return sum(high - low for low, high in map(_readings, counted))


def _overlap(one: ClockStep, other: ClockStep) -> bool:
    (low, high), (begin, end) = _readings(one), _readings(other)
    return low < end and begin < high
