"""Dates and times as programs print them, without zone → points in time, once a whole file tells how to read them.

Viewers and export tools print times in the manner that the exporting machine was set to, and say neither which manner
that was nor in which zone. ``read_time`` takes one printed time apart; a ``TimeSurvey`` gathers all those of a file,
and from them it knows whether the day or the month comes first:

* a field over 12 is a day, and one of four digits or over 31 a year;
* dots (``14.3.01``) stand between day, month and year, in this order;
* records stand in order of time, oldest or newest first: a reading under which they do not is wrong;
* a year of two digits comes last where that is possible at all;
* what is still open then, and is printed with AM and PM, is taken for the American manner, with a warning.

Otherwise the dates that could be two days are left unread.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import lru_cache

from evtscan.wintypes import TICKS_PER_SECOND

SECONDS_PER_DAY = 86_400
_FIRST_DAY = date(1601, 1, 1).toordinal()
_MOST_SECTIONS = 4096


class DateOrder(IntEnum):
    """Which part of a date is printed first."""

    YEAR_FIRST = 0
    DAY_FIRST = 1
    MONTH_FIRST = 2


@dataclass(frozen=True, slots=True)
class PrintedTime:
    """A date and time of day as printed.

    ``days`` holds, for each ``DateOrder``, the day that it means if read so, in days since 1601-01-01, or None if it
    is no date then. ``ticks`` is the time of day in units of 100 nanoseconds, ``digits`` how many digits of the second
    are printed. ``offset`` is in seconds east of UTC, where the text has one. ``halved``: the clock has twelve hours.
    """

    days: tuple[int | None, int | None, int | None]
    ticks: int
    digits: int = 0
    offset: int | None = None
    halved: bool = False


_TIME = re.compile(
    r"(\d{1,4})([./-]) ?(\d{1,2}|[A-Za-z]{3,9})\2 ?(\d{1,4})(?:\. ?|(?=[ T,]))"  # date
    r"([^\d]{0,16})"  # half of the day, in some languages
    r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,9}))?)?"  # time of day
    r"(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)|([^\d]{0,16}))\Z",  # zone, or half of the day
    re.IGNORECASE,
)
_SPACES = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200e": None, "\u200f": None, "\t": " "})
_HALVES = {
    "": None,
    **dict.fromkeys(("am", "πμ", "上午", "午前", "오전", "de", "fm", "pd", "dop"), 0),
    **dict.fromkeys(("pm", "μμ", "下午", "午後", "오후", "du", "em", "md", "odp"), 12),
}
"""Words for the halves of the day, without dots and spaces, in the languages that Windows printed them in."""

_NO_HALF = ("", " ", "T", "t", ", ", ",")

_MONTHS = {
    name: str(number)
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


def read_time(text: str) -> PrintedTime | None:
    """Take a printed date and time apart, or None if the text is not one.

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
    """The day in each order, or None if it is a date in none of them."""
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
        return year
    return year + (1900 if year >= 70 else 2000)


def _day(year: int, month: int, day: int) -> int | None:
    try:
        number = date(year, month, day).toordinal() - _FIRST_DAY
    except ValueError:
        return None
    return number if number >= 0 else None


@dataclass(slots=True)
class _Steps:
    """How often, from one record of a stretch to the next, time goes forward and back under one reading."""

    forward: int = 0
    backward: int = 0

    @property
    def turns(self) -> int:
        return min(self.forward, self.backward)


@dataclass(slots=True)
class _Section:
    steps: tuple[_Steps, _Steps, _Steps] = field(default_factory=lambda: (_Steps(), _Steps(), _Steps()))
    last: PrintedTime | None = None


class TimeSurvey:
    """What all printed times of a file say of how they are to be read, and of the order in which the records stand.

    A file may hold several outputs one after the other; ``begin_section`` says that the next begins.
    """

    def __init__(self) -> None:
        self._sections = [_Section()]
        self._misfits = [0, 0, 0]
        self._spans: list[tuple[int, int] | None] = [None, None, None]
        self._halved = False

    def begin_section(self) -> None:
        """Say that the next time stands in another output; at most 4096 are told apart."""
        if len(self._sections) < _MOST_SECTIONS:
            self._sections.append(_Section())
        else:
            self._sections[-1].last = None

    def add(self, time: PrintedTime) -> None:
        """Take the next time, in the order of the file."""
        self._halved = self._halved or time.halved
        section = self._sections[-1]
        last = section.last
        section.last = time
        for order in (0, 1, 2):
            day = time.days[order]
            if day is None:
                self._misfits[order] += 1
                continue
            span = self._spans[order]
            self._spans[order] = (day, day) if span is None else (min(span[0], day), max(span[1], day))
            if last is not None and (before := last.days[order]) is not None:
                if (day, time.ticks) > (before, last.ticks):
                    section.steps[order].forward += 1
                elif (day, time.ticks) < (before, last.ticks):
                    section.steps[order].backward += 1

    @property
    def orders(self) -> tuple[DateOrder, ...]:
        """The readings that nothing speaks against; with one, the file says how its dates are to be read."""
        fewest = min(self._misfits)
        left = [order for order in DateOrder if self._misfits[order] == fewest]
        smoothest = min(self._turns(order) for order in left)
        left = [order for order in left if self._turns(order) <= 4 * smoothest]
        if len(left) > 1 and DateOrder.YEAR_FIRST in left:
            left.remove(DateOrder.YEAR_FIRST)  # a year of four digits leaves no other reading
        return tuple(left)

    @property
    def assumed(self) -> DateOrder | None:
        """The reading to take, with a warning, where several are left: American if the clock has twelve hours."""
        orders = self.orders
        return DateOrder.MONTH_FIRST if self._halved and len(orders) > 1 and DateOrder.MONTH_FIRST in orders else None

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last day of the file, in days since 1601-01-01."""
        return self._spans[self.assumed or self.orders[0]]

    @property
    def disordered(self) -> bool:
        """Whether the records stand in an order that has nothing to do with time: sorted by source, say."""
        order = self.orders[0]
        forward = sum(section.steps[order].forward for section in self._sections)
        backward = sum(section.steps[order].backward for section in self._sections)
        return self._turns(order) * 4 > forward + backward

    def newest_first(self, section: int, default: bool) -> bool:
        """Whether the newest record of a section stands at its top; ``default`` is for what its times leave open."""
        order = self.orders[0]
        steps = self._sections[min(section, _MOST_SECTIONS - 1)].steps[order]
        return default if steps.forward == steps.backward else steps.backward > steps.forward

    def _turns(self, order: DateOrder) -> int:
        return sum(section.steps[order].turns for section in self._sections)


def ticks_of(time: PrintedTime, orders: Iterable[DateOrder]) -> int | None:
    """Local ticks since 1601-01-01, or None if ``orders`` do not agree on the day."""
    days = {time.days[order] for order in orders}
    day = days.pop() if len(days) == 1 else None
    return None if day is None else day * SECONDS_PER_DAY * TICKS_PER_SECOND + time.ticks
