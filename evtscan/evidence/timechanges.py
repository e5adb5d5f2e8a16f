"""Events about a change of the clock → steps of the clock, backwards and forwards."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from evtscan.base.model.event import Event
from evtscan.base.model.log import MOST_CLOCK_STEPS, STEP_TICKS, ClockStep
from evtscan.base.wintypes import Instant, parse_time

KERNEL_GENERAL = "Microsoft-Windows-Kernel-General"
TIME_CHANGED = 1
"""Kernel-General: the clock was set from OldTime to NewTime; from Windows 8 on with a Reason."""

_KERNEL_GENERAL = KERNEL_GENERAL.casefold()
_BY_HARDWARE_CLOCK = "2"
_KERNEL_PROCESS = 4
_ALIKE_RECORDS = 50


def with_told(found: Iterable[ClockStep], events: Iterable[Event]) -> tuple[ClockStep, ...]:
    """Return the clock steps of a log in record order: those its records show, and those only its events state."""
    shown = sorted(found, key=_sequence)
    steps = shown + [step for step in told(events) if not any(_are_alike(step, other) for other in _near(step, shown))]
    return tuple(sorted(steps, key=_sequence)[:MOST_CLOCK_STEPS])


def told(events: Iterable[Event]) -> Iterator[ClockStep]:
    """The steps that Kernel-General 1 states."""
    return (step for event in events if tells_of_setting(event) and (step := step_of(event)) is not None)


def tells_of_setting(event: Event) -> bool:
    """Whether an event states that the clock was set."""
    return event.event_id == TIME_CHANGED and event.provider.casefold() == _KERNEL_GENERAL


def step_of(event: Event) -> ClockStep | None:
    """The step that such an event states, or None if it is too small.

    A time that the kernel took from the hardware clock is no step: the host was asleep, and time has passed.
    """
    before, after = _time(event, "OldTime"), _time(event, "NewTime")
    if before is None or after is None or abs(after.ticks - before.ticks) <= STEP_TICKS or _is_waking(event):
        return None
    return ClockStep(sequence=event.sequence, before=before, after=after)


def _is_waking(event: Event) -> bool:
    reason = event.data.get("Reason")
    return event.process_id == _KERNEL_PROCESS if reason is None else reason == _BY_HARDWARE_CLOCK


def _time(event: Event, field: str) -> Instant | None:
    text = event.data.get(field)
    try:
        return parse_time(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _near(step: ClockStep, shown: Sequence[ClockStep]) -> Sequence[ClockStep]:
    """The steps at records near the record of this one."""
    first = bisect_left(shown, step.sequence - _ALIKE_RECORDS, key=_sequence)
    last = bisect_right(shown, step.sequence + _ALIKE_RECORDS, key=_sequence)
    return shown[first:last]


def _sequence(step: ClockStep) -> int:
    return step.sequence


def _are_alike(one: ClockStep, other: ClockStep) -> bool:
    """Whether an event states the same step as the records near it."""
    by = (one.after.ticks - one.before.ticks) - (other.after.ticks - other.before.ticks)
    return abs(by) <= STEP_TICKS
