"""Filters of a scan: ids, providers, channels, times, distance from the end of the log."""

import pytest

from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time
from evtscan.survey.options import ScanOptions


def event(**fields) -> Event:
    values = {"provider": "Dhcp", "event_id": 1008, "channel": "System", "time": parse_time("1998-03-01T01:00:00Z")}
    return Event(location=Location(source="SysEvent.Evt", record=1), sequence=1, **(values | fields))


@pytest.mark.parametrize(
    ("options", "included"),
    [
        ({}, True),
        ({"exclude_ids": frozenset({1008})}, False),
        ({"include_ids": frozenset({1008})}, True),
        ({"include_ids": frozenset()}, False),
        ({"providers": frozenset({"dhcp"})}, True),
        ({"providers": frozenset({"tcpip"})}, False),
        ({"channels": frozenset({"application"})}, False),
        ({"since": parse_time("1998-03-01T01:00:00Z")}, True),
        ({"until": parse_time("1998-03-01T01:00:00Z")}, False),
    ],
)
def test_filters(options, included):
    assert ScanOptions(**options).includes(event()) is included


def test_an_event_of_unknown_channel_passes_a_channel_filter():
    assert ScanOptions(channels=frozenset({"application"})).includes(event(channel=None))


def test_an_event_without_time_passes_only_without_bounds_on_time():
    assert ScanOptions().includes(event(time=None))
    assert not ScanOptions(newest=1).includes(event(time=None), parse_time("1998-03-01T01:00:00Z"))


def test_newest_is_the_largest_distance_from_the_end_of_the_log():
    end = parse_time("1998-03-01T01:01:00Z")
    assert ScanOptions(newest=60 * TICKS_PER_SECOND).includes(event(), end)
    assert not ScanOptions(newest=60 * TICKS_PER_SECOND - 1).includes(event(), end)
    assert ScanOptions(newest=1).includes(event(time=Instant(end.ticks)), end)


def test_a_filter_on_events_or_verdicts_narrows_the_report():
    assert not ScanOptions(show_all=True, strict_facts=True).narrows
    assert ScanOptions(verdicts=frozenset({"confirmed"})).narrows
    assert ScanOptions(newest=0).narrows
