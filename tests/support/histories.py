"""Histories of which all is known, and the logs that are collected of them: a test can compare the two."""

from host_builder import at, event, log
from hypothesis import strategies as st

from evtscan.base.model.log import ClockStep

WINDOW = 30


@st.composite
def histories(draw):
    """What was logged in two logs, by true minutes; by how much the clock was set back when; what was collected."""
    times = sorted(draw(st.sets(st.integers(1, 300), min_size=3, max_size=10)))
    logged = [(time, draw(st.booleans()), draw(st.sampled_from([1, 2]))) for time in times]
    set_back = sorted(draw(st.dictionaries(st.integers(20, 280), st.integers(6, 90), max_size=2)).items())
    ends = st.tuples(st.sampled_from([0, 40, 100]), st.sampled_from([300, 260, 200]))
    return logged, set_back, {in_system: draw(ends) for in_system in (True, False)}


def clock_at(time, set_back):
    return time - sum(by for when, by in set_back if when <= time)


def collected(logged, set_back, kept, in_system):
    """One log as collected: a record a minute, whose times are those of the clock, and the steps that it shows."""
    first, last = kept
    source, channel = ("System.evt", "System") if in_system else ("App.evt", "Application")
    events = [
        event(time, event_id=number, source=source, channel=channel, minute=clock_at(time, set_back))
        for time, of_system, number in logged
        if of_system is in_system and first <= time <= last
    ]
    steps = [
        ClockStep(sequence=when, before=at(clock_at(when - 1, set_back)), after=at(clock_at(when, set_back)))
        for when, _ in set_back
        if first < when <= last
    ]
    times = {"first_time": at(clock_at(first, set_back)), "last_time": at(clock_at(last, set_back))}
    return log(*events, source=source, channel=channel, first=first, last=last, clock_steps=tuple(steps), **times)
