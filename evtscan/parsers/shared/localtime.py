"""Printed dates and times without a zone → points in time, using the whole file to determine their format.

Viewers and export tools print times in the regional format of the exporting machine, and state neither the format nor
the zone. ``read_time`` parses one printed time; a ``TimeSurvey`` collects all times of a file and determines whether
the day or the month comes first:

- a field over 12 is a day, and a field of four digits or over 31 is a year;
- dots (``14.3.01``) separate day, month and year, in this order (Bulgarian adds ``г.``);
- records are in order of time, oldest or newest first: a date order that contradicts this is wrong;
- a year of two digits comes last if that is possible;
- if the order is still ambiguous and times have AM and PM, the American format is assumed, with a warning.

Otherwise ambiguous dates are not read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import lru_cache

from evtscan.base.wintypes import TICKS_PER_SECOND

SECONDS_PER_DAY = 86_400
_FIRST_DAY = date(1601, 1, 1).toordinal()
MOST_SECTIONS = 4096
"""Maximum number of outputs in one file that are distinguished; later outputs count as part of the last one."""


class DateOrder(IntEnum):
    """The part of a date that is printed first."""

    YEAR_FIRST = 0
    DAY_FIRST = 1
    MONTH_FIRST = 2


@dataclass(frozen=True, slots=True)
class PrintedTime:
    """A date and time of day as printed.

    ``days`` contains, for each ``DateOrder``, the day under that order, in days since 1601-01-01, or None if it is not
    a valid date. ``ticks`` is the time of day in units of 100 nanoseconds, ``digits`` the number of printed fractional
    digits of the second. ``offset`` is in seconds east of UTC, if the text has one. ``halved``: it is a 12-hour clock.
    """

    days: tuple[int | None, int | None, int | None]
    ticks: int
    digits: int = 0
    offset: int | None = None
    halved: bool = False


_TIME = re.compile(
    r"(\d{1,4})([./-]) ?(\d{1,2}|[A-Za-z]{3,9})\2 ?(\d{1,4})(?:\. ?| г\.? ?|(?=[ T,]))"  # date
    r"([^\d]{0,16})"  # half of the day, in some languages
    r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,9}))?)?"  # time of day
    r"(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)|([^\d]{0,16}))\Z",  # zone, or half of the day
    re.IGNORECASE,
)
_SPACES = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200e": None, "\u200f": None, "\t": " "})
_HALVES = {
    "": None,
    **dict.fromkeys(("am", "πμ", "上午", "午前", "오전", "de", "fm", "pd", "dop", "sa"), 0),
    **dict.fromkeys(("pm", "μμ", "下午", "午後", "오후", "du", "em", "md", "odp", "ch"), 12),
}
"""Words for the halves of the day, without dots and spaces, in the languages that Windows printed them in."""

_BUDDHIST_ERA = 543
"""Years by which the calendar of Thai Windows is ahead."""
_FIRST_BUDDHIST_YEAR = 1970 + _BUDDHIST_ERA

_NO_HALF = ("", " ", "T", "t", ", ", ",")

_MONTHS = {
    name: str(number)
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


def read_time(text: str) -> PrintedTime | None:
    """Parse a printed date and time; None if the text is not one.

    >>> read_time("12/31/1601 1:00:00 PM").days
    (None, None, 364)
    """
    if not text.isascii() or "\t" in text:
        text = text.translate(_SPACES)
    found = _TIME.match(text.strip())
    if found is None:
        return None
    first, separator, second, third, before, hours, minutes, seconds, fraction, zone, after = found.groups("")
    days = _days(first, separator, second, third)
    hour, minute, second_of = int(hours), int(minutes), int(seconds or 0)
    halved = False
    if before not in _NO_HALF or after:
        half = (before.strip(" ,").removeprefix("T") + after).replace(".", "").replace(" ", "").lower()
        if half not in _HALVES:
            return None
        shift = _HALVES[half]
        if shift is not None and hour <= 12:
            hour = hour % 12 + shift
        halved = shift is not None
    if days is None or hour > 23 or minute > 59 or second_of > 59:
        return None
    ticks = ((hour * 60 + minute) * 60 + second_of) * TICKS_PER_SECOND
    if fraction:
        ticks += int(fraction[:7].ljust(7, "0"))
    return PrintedTime(days, ticks, min(len(fraction), 7), _offset(zone) if zone else None, halved)


def _offset(zone: str) -> int:
    if zone[0] not in "+-":
        return 0
    seconds = (int(zone[1:3]) * 60 + int(zone[-2:])) * 60
    return seconds if zone[0] == "+" else -seconds


@lru_cache(maxsize=4096)
def _days(first: str, separator: str, second: str, third: str) -> tuple[int | None, int | None, int | None] | None:
    """Return the day for each date order; None if the date is invalid in all of them."""
    named = second.isalpha()
    if named:
        second = _MONTHS.get(second[:3].lower(), "0")
    year_first = day_first = month_first = None
    if len(first) in (2, 4) and len(third) <= 2:
        year_first = _day(_year(first), int(second), int(third))
    if len(first) <= 2 and len(third) in (2, 4):
        day_first = _day(_year(third), int(second), int(first))
        if not named and (separator != "." or day_first is None):
            month_first = _day(_year(third), int(first), int(second))
    days = (year_first, day_first, month_first)
    return None if days == (None, None, None) else days


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year - _BUDDHIST_ERA if year >= _FIRST_BUDDHIST_YEAR else year
    return year + (1900 if year >= 70 else 2000)


def _day(year: int, month: int, day: int) -> int | None:
    try:
        number = date(year, month, day).toordinal() - _FIRST_DAY
    except ValueError:
        return None
    return number if number >= 0 else None


@dataclass(slots=True)
class _Steps:
    """The number of forward and backward time steps between successive records of a section, for one date order.

    ``telling_forward`` and ``telling_backward`` count only the steps that have another direction in another date order.
    """

    forward: int = 0
    backward: int = 0
    telling_forward: int = 0
    telling_backward: int = 0

    def add(self, direction: int, telling: bool) -> None:
        if direction > 0:
            self.forward += 1
            self.telling_forward += telling
        elif direction < 0:
            self.backward += 1
            self.telling_backward += telling

    @property
    def against(self) -> int:
        """The telling steps against the prevailing direction; all telling steps if neither direction prevails."""
        if self.forward == self.backward:
            return self.telling_forward + self.telling_backward
        return self.telling_backward if self.forward > self.backward else self.telling_forward


@dataclass(slots=True)
class _Section:
    """One of several outputs in a file: its time steps for each date order, and its last time."""

    steps: tuple[_Steps, _Steps, _Steps] = field(default_factory=lambda: (_Steps(), _Steps(), _Steps()))
    last: PrintedTime | None = None


class TimeSurvey:
    """Determines the date order and the record order of a file from all of its printed times.

    A file may contain several outputs in sequence; ``begin_section`` marks the beginning of the next one.
    """

    def __init__(self) -> None:
        self._sections = [_Section()]
        self._misfits = [0, 0, 0]
        self._spans: list[tuple[int, int] | None] = [None, None, None]
        self._halved = False

    def begin_section(self) -> None:
        """Begin a section: the next time belongs to another output."""
        if len(self._sections) < MOST_SECTIONS:
            self._sections.append(_Section())

    def add(self, time: PrintedTime) -> None:
        """Add the next time, in the order of the file."""
        self._halved = self._halved or time.halved
        section = self._sections[-1]
        last, section.last = section.last, time
        for order, day in enumerate(time.days):
            if day is None:
                self._misfits[order] += 1
                continue
            span = self._spans[order]
            if span is None:
                self._spans[order] = (day, day)
            elif not span[0] <= day <= span[1]:
                self._spans[order] = (min(span[0], day), max(span[1], day))
        if last is not None and (last.ticks != time.ticks or last.days != time.days):
            directions = _directions(last, time)
            known = [direction for direction in directions if direction is not None]
            telling = len(set(known)) > 1
            for steps, direction in zip(section.steps, directions, strict=True):
                if direction is not None:
                    steps.add(direction, telling)

    @property
    def orders(self) -> tuple[DateOrder, ...]:
        """The date orders that the dates of the file contradict least; if there is only one, the order is certain."""
        fewest = min(self._misfits)
        left = [order for order in DateOrder if self._misfits[order] == fewest]
        against = {order: sum(section.steps[order].against for section in self._sections) for order in left}
        left = [order for order in left if against[order] <= 4 * min(against.values())]
        if len(left) > 1 and DateOrder.YEAR_FIRST in left:
            left.remove(DateOrder.YEAR_FIRST)  # a year of four digits leaves no other reading
        return tuple(left)

    @property
    def assumed(self) -> DateOrder | None:
        """The date order to assume, with a warning, if several are possible: month first for a 12-hour clock."""
        orders = self.orders
        return DateOrder.MONTH_FIRST if self._halved and len(orders) > 1 and DateOrder.MONTH_FIRST in orders else None

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last day of the file, in days since 1601-01-01."""
        return self._spans[self.assumed or self.orders[0]]

    @property
    def disordered(self) -> bool:
        """Whether the records are sorted by something other than time, such as the source."""
        steps = [section.steps[self.orders[0]] for section in self._sections]
        turns = sum(min(section.forward, section.backward) for section in steps)
        return turns * 4 > sum(section.forward + section.backward for section in steps)

    def newest_first(self, default: bool) -> list[bool]:
        """Return for each section whether its newest record comes first; ``default`` if its times do not show it."""
        order = self.orders[0]
        steps = (section.steps[order] for section in self._sections)
        return [default if one.forward == one.backward else one.backward > one.forward for one in steps]


def _directions(before: PrintedTime, after: PrintedTime) -> list[int | None]:
    """Return for each date order 1 if time goes forward, -1 if backward, or None if one of the dates is invalid."""
    return [
        None if old is None or new is None else ((new, after.ticks) > (old, before.ticks)) * 2 - 1
        for old, new in zip(before.days, after.days, strict=True)
    ]


def ticks_of(time: PrintedTime, orders: Iterable[DateOrder]) -> int | None:
    """Return local ticks since 1601-01-01; None if the date orders result in different days."""
    days = {time.days[order] for order in orders}
    day = days.pop() if len(days) == 1 else None
    return None if day is None else day * SECONDS_PER_DAY * TICKS_PER_SECOND + time.ticks
