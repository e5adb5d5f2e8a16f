"""A span of time around an event × the logs of a host → whether an event that was logged in it would be there.

That nothing was logged is known only inside the span of a log that is whole there, and only as far as the clock counted
the time evenly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.wintypes import Instant
from evtscan.base.wording import lasting, listing
from evtscan.verdicts.chronology import Chronology, Line
from evtscan.verdicts.wording import moment

_BY_HAND = "compare the records around it by hand: the clock was set there"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Why it is unknown whether an event was logged, and how to get the evidence that would decide it."""

    says: str
    how_to_get: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time to search from an event on: after it (``after``) or before it, for ``within`` ticks.

    If ``within`` is None, the search goes to the end of the log. ``same_boot`` limits it to the boot session of the
    event. ``channels`` are the channels that would contain the required event; if empty, the log of the event itself
    would.
    """

    event: Event
    after: bool
    channels: tuple[str, ...] = ()
    within: int | None = None
    same_boot: bool = False


class Coverage:
    """Which spans the logs of one host cover."""

    def __init__(self, chronology: Chronology) -> None:
        self._chronology = chronology

    def of(self, window: Window) -> tuple[Line, ...] | Uncovered:
        """Return the logs that cover a window, so that they prove that an event was not logged; else the missing
        part.
        """
        own = self._chronology.line_of(window.event)
        names = {channel.casefold(): channel for channel in window.channels}
        groups = [group for name in names if (group := self._lines_of(name))]
        if own is not None and (own.channel.casefold() in names if own.channel and names else not groups):
            return self._own(window, own) or (own,)
        if not names:
            return Uncovered("its log overlaps others that do not hold it", "collect each log of this host once")
        if not groups:
            channel = " or ".join(f"“{name}”" for name in names.values())
            return Uncovered(f"no log {channel} was collected", f"collect the log {channel} of this host")
        covering: list[Line] = []
        for group in groups:
            found = self._beside(window, group)
            if isinstance(found, Uncovered):
                return found
            covering.append(found)
        return tuple(covering)

    def _lines_of(self, channel: str) -> list[Line]:
        return [line for line in self._chronology.lines if (line.channel or "").casefold() == channel]

    # --------------------------------------------------------------------------------------- in the same log

    def _own(self, window: Window, line: Line) -> Uncovered | None:
        """Return the part of the window that the event's own log lacks; None if it lacks nothing.

        Record order gives the position of the window.
        """
        event = window.event
        if not line.stretch.whole:
            return _not_whole(line)
        if window.same_boot and self._boot_ends_inside(window, line):
            return None
        end = self._end(window)
        if end is None and window.within is None:
            return self._beyond(window, line)
        if end is None or line.is_late(event):
            return Uncovered("the time of the event is not certain", _BY_HAND)
        if (step := self._step_beside(window, line)) is not None:
            if _reaches(step, end, window.after):
                return None
            return Uncovered(f"the clock was set in between, at {step}", _BY_HAND)
        if not self._chronology.is_steady(event, end, own_log=True):
            return Uncovered("the clock was set in between, as another log shows", _BY_HAND)
        edge = line.last_time if window.after else line.first_time
        if edge is not None and _reaches(edge, end, window.after):
            return None
        return self._short(window, line, edge, end)

    def _boot_ends_inside(self, window: Window, line: Line) -> bool:
        """Whether the boot session of the event ends, or begins, at a record of its own log."""
        session = self._chronology.session_of(window.event)
        if session is None or not self._chronology.divides(window.event):
            return False
        found = self._chronology.host.sessions[session]
        return found.last < line.stretch.last if window.after else found.start is not None

    def _step_beside(self, window: Window, line: Line) -> Instant | None:
        """Return the last clock reading before the next step after the event.

        If the window is before the event, it is the first reading after the previous step.
        """
        steps = line.steps()
        if window.after:
            return next((step.before for step in steps if step.sequence > window.event.sequence), None)
        return next((step.after for step in reversed(steps) if step.sequence <= window.event.sequence), None)

    def _beyond(self, window: Window, line: Line) -> Uncovered | None:
        """Return the gap between the log and another part of it, for a window up to its end, or from its beginning."""
        rest = [other for other in self._lines_of((line.channel or "").casefold()) if other is not line]
        others = [other for other in rest if _is_later(line, other) is window.after]
        if line.channel is None or not others:
            return None
        if (others[0] if window.after else line).cleared:
            return Uncovered("the log was cleared in between", _archive(line))
        return Uncovered(
            f"records are missing between {line.name} and {listing(other.name for other in others)}", _archive(line)
        )

    # --------------------------------------------------------------------------------------- in another log

    def _beside(self, window: Window, lines: Sequence[Line]) -> Line | Uncovered:
        """The part of another log that covers the window by its times, else what is missing."""
        event, end = window.event, self._end(window)
        if event.time is None:
            return Uncovered("the time of the event is not known", "export the log in a format that has times")
        line = next((line for line in lines if _covers(line, event.time)), None)
        if line is None:
            return _outside(lines, event.time)
        if not line.stretch.whole:
            return _not_whole(line)
        if end is None:
            return self._beyond(window, line) or line
        if not self._chronology.is_steady(event, end, own_log=False):
            return Uncovered("the clock was set in between", _BY_HAND)
        edge = line.last_time if window.after else line.first_time
        if edge is not None and _reaches(edge, end, window.after):
            return line
        return self._short(window, line, edge, end)

    # ------------------------------------------------------------------------------------------------- ends

    def _end(self, window: Window) -> Instant | None:
        """The end (or beginning) of the window as a time; None if it is the end of the log."""
        time = window.event.time
        ends = []
        if window.within is not None and time is not None:
            ends.append(
                Instant(time.ticks + (window.within if window.after else -window.within), time.digits, time.local)
            )
        if window.same_boot and (of_boot := self._end_of_boot(window)) is not None:
            ends.append(of_boot)
        if len({end.local for end in ends}) > 1:
            return ends[0]  # which of them comes first is not known
        return (min if window.after else max)(ends, default=None)

    def _end_of_boot(self, window: Window) -> Instant | None:
        session = self._chronology.session_of(window.event)
        if session is None:
            return None
        if not window.after:
            found = self._chronology.host.sessions[session]
            return found.begins if found.start is not None else None
        following = self._chronology.following_session(session)
        return following.begins if following is not None else None

    def _short(self, window: Window, line: Line, edge: Instant | None, end: Instant) -> Uncovered:
        """Return why a log does not cover the window: it ends or begins too early or too late, or it was cleared."""
        later = [other for other in self._lines_of((line.channel or "").casefold()) if _is_later(line, other)]
        if (window.after and later and later[0].cleared) or (not window.after and line.cleared):
            return Uncovered(
                f"the log was cleared {'after' if window.after else 'before'} {edge or 'it'}", _archive(line)
            )
        apart = _apart(window.event.time, edge)
        log = f"the log “{line.channel}”" if line.channel else "the log"
        if window.after:
            return Uncovered(f"{line.name} ends {apart} it", f"collect {log} again, or what follows, up to {end}")
        return Uncovered(f"{line.name} begins {apart} it", f"find an older copy of {log}, back to {end}")


def _not_whole(line: Line) -> Uncovered:
    channel = f"“{line.channel}” " if line.channel else ""
    return Uncovered(
        f"{line.name} does not hold every record ({line.flaw or 'incomplete'})",
        f"collect the log {channel}as a whole, in its own format (.evt or .evtx)",
    )


def _archive(line: Line) -> str:
    return f"find an archive of {f'the log “{line.channel}”' if line.channel else 'the log'} from before it was cleared"


def _reaches(edge: Instant, end: Instant, after: bool) -> bool:
    """Whether a log that ends, or begins, at a time covers everything up to another time, in every time zone."""
    if edge.local == end.local:
        return edge.ticks >= end.ticks if after else edge.ticks <= end.ticks
    return edge.earliest >= end.latest if after else edge.latest <= end.earliest


def _covers(line: Line, time: Instant) -> bool:
    if line.first_time is None or line.last_time is None:
        return False
    return _reaches(line.first_time, time, after=False) and _reaches(line.last_time, time, after=True)


def _outside(lines: Sequence[Line], time: Instant) -> Uncovered:
    """Logs none of which covers a time."""
    log = f"the log “{lines[0].channel}”" if lines[0].channel else "the log"
    before = [(line.last_time, line) for line in lines if line.last_time is not None and line.last_time < time]
    behind = [(line.first_time, line) for line in lines if line.first_time is not None and line.first_time > time]
    when = moment(time)
    if before and not behind:
        edge, line = max(before, key=lambda item: item[0])
        return Uncovered(
            f"{line.name} ends {_apart(time, edge)} it", f"collect {log} again, or what follows, from {when} on"
        )
    if behind and not before:
        edge, line = min(behind, key=lambda item: item[0])
        return Uncovered(f"{line.name} begins {_apart(time, edge)} it", f"find an older copy of {log}, back to {when}")
    names = listing(line.name for line in lines)
    return Uncovered(f"{names} may not reach to it", f"find {log} of {when}")


def _is_later(line: Line, other: Line) -> bool:
    first, second = line.first_time, other.first_time
    return first is not None and second is not None and (second, other.stretch.first) > (first, line.stretch.first)


def _apart(event: Instant | None, edge: Instant | None) -> str:
    """The distance of the edge of a log from an event: ``2 hours after``, ``right after``, ``3 days before``."""
    if event is None or edge is None:
        return "not known how far from"
    ticks = edge.ticks - event.ticks
    if not ticks:
        return "together with"
    return f"{lasting(abs(ticks))} {'after' if ticks > 0 else 'before'}"
