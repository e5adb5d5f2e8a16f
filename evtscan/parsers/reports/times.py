"""Dates and times that reports print in the manner of the host, without zone → points in time and days."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from evtscan.parsers.localtime import DateOrder, PrintedTime, TimeSurvey, read_time, ticks_of
from evtscan.wintypes import TICKS_PER_SECOND, Instant

_FIRST_DAY = date(1601, 1, 1)
_TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
_SHORT_HALF = re.compile(r"(\d)([ap])\Z", re.IGNORECASE)


@lru_cache(maxsize=4096)
def printed_time(text: str) -> PrintedTime | None:
    """Take a printed time apart, also in forms of reports: ``12:00a``, ``3/14/01 - 9:26 AM``, ``3/14/01 @ 9:26``."""
    if len(text) > 64:
        return None
    text = text.strip()
    if text[-1:].lower() in ("a", "p"):
        text = _SHORT_HALF.sub(r"\1 \2m", text)
    return read_time(text.replace(" @ ", " ").replace(" - ", " "))


def printed_date(text: str) -> PrintedTime | None:
    """Take a printed date without time of day apart."""
    return read_time(f"{text.strip()} 0:00") if len(text) < 32 else None


def orders_of(times: Iterable[PrintedTime], default: DateOrder | None = None) -> Sequence[DateOrder]:
    """How the dates of a file are to be read: those readings that nothing in it speaks against.

    ``default`` is how the program prints them on most hosts; it decides where it is among several.
    """
    survey = TimeSurvey()
    for time in times:
        survey.begin_section()  # listings stand in no order of time
        survey.add(time)
    orders = survey.orders
    if survey.assumed is not None:
        return (survey.assumed,)
    return (default,) if default is not None and default in orders else orders


def instant(time: PrintedTime, orders: Iterable[DateOrder]) -> Instant | None:
    """The point in time, local to a zone that is not known unless the text names one; None if the day is open."""
    ticks = ticks_of(time, orders)
    if ticks is None:
        return None
    if time.offset is not None:
        return Instant(ticks - time.offset * TICKS_PER_SECOND, time.digits)
    return Instant(ticks, time.digits, local=True)


def day(time: PrintedTime, orders: Iterable[DateOrder]) -> str | None:
    """The date as YYYY-MM-DD, or None if the day is open."""
    ticks = ticks_of(time, orders)
    return None if ticks is None else (_FIRST_DAY + timedelta(days=ticks // _TICKS_PER_DAY)).isoformat()


def lone_time(text: str) -> Instant | None:
    """The only time that a report prints; None if it cannot be read, or could be two days."""
    time = printed_time(text)
    return None if time is None else instant(time, orders_of([time]))
