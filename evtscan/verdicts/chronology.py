"""Two events of a host → their order, the time between them, and whether the host ran without a restart.

Within one log, in any number of files, the order is that of the records. Across logs it is that of boot sessions, then
of time, as far as clocks and zones leave it known.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from evtscan.base.logic import Truth, truth
from evtscan.base.model.event import Event
from evtscan.base.model.log import ClockStep, Log
from evtscan.base.model.source import Location
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.facts.history.logs import LogIndex
from evtscan.facts.history.sessions import Session
from evtscan.facts.history.steppedclock import Elapsed
from evtscan.facts.history.stretches import Stretch, join
from evtscan.facts.host import Host

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One log of a host in record order, joined from its files; ``flaw`` is the reason why records may be missing."""

    stretch: Stretch
    channel: str | None
    flaw: str = ""
    cleared: bool = False

    @property
    def name(self) -> str:
        """The name of its file or files."""
        return " and ".join(sorted(self.stretch.sources))

    @property
    def first_time(self) -> Instant | None:
        """The time of its oldest record."""
        return self.stretch.first_time

    @property
    def last_time(self) -> Instant | None:
        """The time of its newest record."""
        return self.stretch.last_time

    def steps(self) -> list[ClockStep]:
        """The steps of its clock that were not taken back."""
        return [step for step in self.stretch.clock_steps if step.until is None]

    def is_late(self, event: Event) -> bool:
        """Whether a record was logged out of the order of time."""
        return any(step.until is not None and step.holds(event.sequence) for step in self.stretch.clock_steps)


class Chronology:
    """The order of one host's events, by all of its logs."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._index = LogIndex(host.evidence.logs)

    # ------------------------------------------------------------------------------------------------- logs

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The logs of the host, those of one channel in the order of time."""
        return tuple(line for line, _ in self._joined)

    @cached_property
    def _joined(self) -> tuple[tuple[Line, tuple[int, ...]], ...]:
        """Return the logs, each with the numbers of the files that it was joined from."""
        groups: dict[object, list[int]] = {}
        for number, log in enumerate(self.host.evidence.logs):
            if log.summary.records:
                key = number if log.summary.channel is None else log.summary.channel.casefold()
                groups.setdefault(key, []).append(number)
        return tuple(joined for numbers in groups.values() for joined in self._join(numbers))

    def _join(self, numbers: Sequence[int]) -> Iterator[tuple[Line, tuple[int, ...]]]:
        logs = self.host.evidence.logs
        for stretch in join(logs[number] for number in numbers):
            own = tuple(number for number in numbers if logs[number].source.name in stretch.sources)
            yield _line(stretch, [logs[number] for number in own]), own

    @cached_property
    def _line_of_log(self) -> dict[int, int]:
        return {number: place for place, (_, numbers) in enumerate(self._joined) for number in numbers}

    def line_of(self, event: Event) -> Line | None:
        """The log of an event; None if the log has no position in the order of others of its channel."""
        log = self.log_of(event)
        return self.lines[log[1]] if log is not None and log[0] else None

    def log_of(self, event: Event) -> tuple[bool, int] | None:
        """A key of the log of an event: events of the same log are in record order."""
        log = self._index.of(event)
        if log is None:
            return None
        place = self._line_of_log.get(log)
        return (False, log) if place is None else (True, place)

    def in_one_log(self, one: Event, other: Event) -> bool:
        """Whether record order decides which of two events came first."""
        log = self.log_of(one)
        return log is not None and log == self.log_of(other)

    # ------------------------------------------------------------------------------------------------ order

    def follows(self, one: Event, other: Event) -> Truth:
        """Whether the second event came after the first."""
        if self.in_one_log(one, other):
            return truth(other.sequence > one.sequence)
        before, behind = self.session_of(one), self.session_of(other)
        if before is not None and behind is not None and before != behind:
            return truth(behind > before)
        if one.time is None or other.time is None:
            return Truth.UNKNOWN
        elapsed = self.host.elapsed(one, other)
        if elapsed.low is not None and elapsed.low >= _resolution(one.time):
            return Truth.TRUE
        if elapsed.high is not None and -elapsed.high >= _resolution(other.time):
            return Truth.FALSE
        return Truth.UNKNOWN

    def order(self, event: Event) -> tuple[int, float, float, str, int]:
        """Return the position of an event in the timeline; events without a known boot session come first."""
        point = self.host.point_of(event)
        session = -2 if point.session is None else point.session
        return (session, *point.place, event.location.source, event.sequence)

    def elapsed(self, one: Event, other: Event) -> Elapsed:
        """The time that passed from one event to another; None if the other is later in the same log."""
        found = self.host.elapsed(one, other)
        if self.in_one_log(one, other) and other.sequence >= one.sequence:
            return Elapsed(max(found.low or 0, 0), None if found.high is None else max(found.high, 0))
        return found

    def doubtful(self, time: Instant) -> tuple[int, int]:
        """Return the range of clock readings, in ticks, that may be before or after a time because of clock steps.

        Without a clock step near it, the range is the time itself.
        """
        low, high = time.earliest, time.latest + _resolution(time)
        at = bisect_right(self._unsteady, (high, high)) - 1
        if at >= 0 and self._unsteady[at][1] >= low:
            low, high = min(low, self._unsteady[at][0]), max(high, self._unsteady[at][1])
        return low, high

    @cached_property
    def _unsteady(self) -> list[tuple[int, int]]:
        """The time spans between the two clock readings of each step, in ticks; overlapping spans are joined."""
        steps = (step for log in self.host.evidence.logs for step in log.summary.clock_steps if step.until is None)
        joined: list[tuple[int, int]] = []
        for low, high in sorted(tuple(sorted((step.before.ticks, step.after.ticks))) for step in steps):
            if joined and low <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        return joined

    def is_steady(self, event: Event, time: Instant, *, own_log: bool) -> bool:
        """Whether there is no clock step between an event and a time.

        With ``own_log``, steps in the log of the event are ignored. For steps of its own log, record order shows on
        which side of them the event is.
        """
        other = replace(event, time=time)
        if not own_log:
            other = replace(other, location=Location(source=""), channel="")
        elapsed = self.host.elapsed(event, other)
        return elapsed.low is not None and elapsed.high is not None

    # ------------------------------------------------------------------------------------------------- boots

    def session_of(self, event: Event) -> int | None:
        """The boot session of an event, if it is known."""
        return self.host.point_of(event).session

    def shows_starts(self, session: int) -> bool:
        """Whether no start of the host can be missing around a session: its log is a whole System log."""
        stretch = self._stretch_of(session)
        if stretch is None or not stretch.whole:
            return False
        own = self.host.sessions_of[self.host.stretches.index(stretch)]
        if any(self.host.sessions[index].start is not None for index in own):
            return True
        logs = (log for log in self.host.evidence.logs if log.source.name in stretch.sources)
        return any((log.summary.channel or "").casefold() == SYSTEM for log in logs)

    def same_boot(self, one: Event, other: Event) -> Truth:
        """Whether two events are in one boot session; unknown if a start between them can be missing."""
        session = self.session_of(one)
        if session is None or (of_other := self.session_of(other)) is None:
            return Truth.UNKNOWN
        if session != of_other:
            return Truth.FALSE
        return Truth.TRUE if self.shows_starts(session) else Truth.UNKNOWN

    def following_session(self, session: int) -> Session | None:
        """The next boot session in the same log."""
        return self.host.sessions[session + 1] if session + 1 in self.sessions_beside(session) else None

    def divides(self, event: Event) -> bool:
        """Whether the boot sessions are defined by records of the event's own log."""
        return self.host.has_own_sessions(event)

    def _stretch_of(self, session: int) -> Stretch | None:
        pairs = zip(self.host.stretches, self.host.sessions_of, strict=True)
        return next((stretch for stretch, numbers in pairs if session in numbers), None)

    def sessions_beside(self, session: int) -> range:
        """The boot sessions of the log that contains this one."""
        alone = range(session, session + 1)
        return next((numbers for numbers in self.host.sessions_of if session in numbers), alone)


def _line(stretch: Stretch, logs: Sequence[Log]) -> Line:
    flaws = (word for log in logs for word in log.summary.flaws if word in _LACKING)
    return Line(
        stretch=stretch,
        channel=logs[0].summary.channel,
        flaw="" if stretch.whole else ", ".join(dict.fromkeys(flaws)),
        cleared=any(log.summary.cleared and log.summary.first_sequence == stretch.first for log in logs),
    )


_LACKING = frozenset({"filtered", "holes", "damaged"})
"""What keeps a log from holding all that was logged between its first and its last record."""


def _resolution(time: Instant) -> int:
    """The duration of a moment in ticks, by the digits of its time."""
    return int(TICKS_PER_SECOND // 10**time.digits) or 1
