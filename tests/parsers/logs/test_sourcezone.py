from datetime import timedelta

import pytest

from evtscan.base.errors import UsageError
from evtscan.base.wintypes import parse_time
from evtscan.parsers.logs.sourcezone import source_zone


def hours_at(zone: str, local: str) -> float:
    found = source_zone(zone)
    assert found is not None
    offset = found.offset_at(parse_time(local).ticks)
    assert offset is not None
    return offset / timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("+02:00", 2, 2),
        ("-0330", -3.5, -3.5),
        ("+1", 1, 1),
        ("UTC", 0, 0),
        ("Z", 0, 0),
        ("Europe/Berlin", 1, 2),
        ("America/New_York", -5, -4),
        ("Asia/Tokyo", 9, 9),
        # KB 158588: all events have the offset of the day of the export
        ("Europe/Berlin@2001-01-15", 1, 1),
        ("Europe/Berlin@2001-07-15", 2, 2),
        ("America/New_York@2001-07-15", -4, -4),
    ],
)
def test_offsets(zone: str, winter: float, summer: float) -> None:
    assert hours_at(zone, "2001-01-10T12:00:00") == winter
    assert hours_at(zone, "2001-07-10T12:00:00") == summer


def test_no_zone() -> None:
    assert source_zone("") is None
    assert source_zone("  ") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+15:00", "14 hours"),
        ("Europe/Atlantis", "no zone of this name"),
        ("../../etc/passwd", "no zone of this name"),
        ("Europe", "no zone of this name"),
        ("Europe/Berlin@15.7.2001", "is not a date"),
        ("Europe/Berlin@", "is not a date"),
        ("+02:00@2001-07-15", "no zone of this name"),
    ],
)
def test_what_is_no_zone(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        source_zone(text)


@pytest.mark.parametrize(
    ("local", "double"),
    [
        ("2001-03-25T01:59:59", False),
        ("2001-03-25T02:30:00", True),  # never shown
        ("2001-03-25T03:00:00", False),
        ("2001-10-28T02:30:00", True),  # shown twice
        ("2001-10-28T03:00:00", False),
    ],
)
def test_hours_that_clocks_showed_twice_or_never(local: str, double: bool) -> None:
    zone, fixed = source_zone("Europe/Berlin"), source_zone("+01:00")
    assert zone is not None
    assert fixed is not None
    assert zone.is_double(parse_time(local).ticks) is double
    assert fixed.is_double(parse_time(local).ticks) is False


def test_zones_without_summer_time_are_steady() -> None:
    day = parse_time("2001-03-14").ticks // 864_000_000_000
    berlin, tokyo, fixed, moscow = (
        source_zone(name) for name in ("Europe/Berlin", "Asia/Tokyo", "+9", "Europe/Moscow")
    )
    assert berlin is not None
    assert tokyo is not None
    assert fixed is not None
    assert moscow is not None
    assert not berlin.is_steady(day, day)
    assert tokyo.is_steady(day, day)
    assert fixed.is_steady(day, day)
    later = day + 14 * 365
    assert moscow.is_steady(later, later)
    assert not moscow.is_steady(day, later)
    assert not tokyo.is_steady(0, 3_000_000)


def test_the_end_of_time_has_no_offset() -> None:
    zone = source_zone("Europe/Berlin")
    assert zone is not None
    assert zone.offset_at(1 << 62) is None
    assert zone.is_double(1 << 62)
