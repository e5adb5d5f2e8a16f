"""Logs of several hosts or channels, and their parts."""

import pytest
from host_builder import at, event, log

from evtscan.evidence.forwarded import is_forwarded, split_log


def log_of(*records, source="Some.evtx", channel="System", **more):
    """A log of (computer, channel) records."""
    events = [event(n, computer=name, channel=where, source=source) for n, (name, where) in enumerate(records, 1)]
    return log(*events, source=source, channel=channel, **more)


def turns(names, channel="System"):
    return [(name, channel) for name in names]


FORWARDED = {
    "by the name of the file": (log_of(("A", "System"), source="x/ForwardedEvents.evtx"), True),
    "by its channel": (log_of(("A", "ForwardedEvents")), True),
    "by the channel of an empty log": (log(source="x", channel="ForwardedEvents"), True),
    "several computers with channels of their own": (log_of(("A", "System"), ("B", "Security")), True),
    "computers that take turns": (log_of(*turns("ABAB")), True),
    "a host that was renamed": (log_of(*turns("AABB")), False),
    "renamed, and back": (log_of(*turns("AABBA")), False),
    "renamed twice": (log_of(*turns("ABC")), False),
    "short and long names in turn": (log_of(*turns(["A", "a.x.org", "A", "A.x.org", "a"])), False),
    "several channels of one host": (log_of(("A", "System"), ("A", "Security")), False),
}


@pytest.mark.parametrize(("one", "expected"), FORWARDED.values(), ids=FORWARDED)
def test_whether_a_log_is_a_collectors(one, expected):
    assert is_forwarded(one) is expected


def told(parts):
    return [
        (part.summary.channel, part.summary.computers, [item.sequence for item in part.events], part.forwarded)
        for part in parts
    ]


def test_a_collectors_log_is_divided_by_computer_and_channel():
    one = log_of(("A", "System"), ("B.x", "System"), ("A.x", "Security"), ("a", "System"), ("b", "System"))
    assert told(split_log(one)) == [
        ("System", ("A", "a"), [1, 4], True),
        ("System", ("B.x", "b"), [2, 5], True),
        ("Security", ("A.x",), [3], True),
    ]


def test_a_part_speaks_of_its_own_events_only():
    one = log_of(*turns("ABAB"), records=900, clock_steps=(object(),))
    summary = split_log(one)[1].summary
    assert (summary.records, summary.first_sequence, summary.last_sequence) == (2, 2, 4)
    assert (summary.first_time, summary.last_time) == (at(2), at(4))
    assert (summary.completeness, summary.clock_steps, summary.newest_computer) == ("filtered", (), "B")


def test_of_a_collectors_log_in_which_nothing_is_wanted_nothing_is_left():
    assert split_log(log(source="ForwardedEvents.evtx", channel="ForwardedEvents")) == []


def test_an_ordinary_log_stays_as_it_is():
    one = log_of(*turns("AABB"))
    assert split_log(one) == [one]


def test_a_view_of_several_channels_is_divided_by_channel():
    one = log_of(("A", "System"), ("A", "Security"), ("A", "System"), ("A", "Security"), ("A", None))
    assert told(split_log(one)) == [
        ("System", ("NTBOX",), [1, 3, 5], False),
        ("Security", ("NTBOX",), [2, 4], False),
    ]
    assert [part.summary.filtered for part in split_log(one)] == [True, True]


@pytest.mark.parametrize("channel", ["Sysuem", "Microsoft\0\x01", "x" * 300, None])
def test_one_damaged_channel_makes_no_other_log(channel):
    one = log_of(("A", "System"), ("A", channel), ("A", "System"))
    assert split_log(one) == [one]
