"""Dates and times that reports print in the host's regional format, without zone → points in time and days."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers.shared.localtime import DateOrder, PrintedTime, TimeSurvey, read_time, ticks_of

_FIRST_DAY = date(1601, 1, 1)
_TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
_SHORT_HALF = re.compile(r"(\d)([ap])\Z", re.IGNORECASE)


@lru_cache(maxsize=4096)
def printed_time(text: str) -> PrintedTime | None:
    """Parse a printed time, also in the forms of reports: ``12:00a``, ``3/14/01 - 9:26 AM``, ``3/14/01 @ 9:26``."""
    if len(text) > 64:
        return None
    text = text.strip()
    if text[-1:].lower() in ("a", "p"):
        text = _SHORT_HALF.sub(r"\1 \2m", text)
    return read_time(text.replace(" @ ", " ").replace(" - ", " "))


def printed_date(text: str) -> PrintedTime | None:
    """Parse a printed date without time of day."""
    return read_time(f"{text.strip()} 0:00") if len(text) < 32 else None


@dataclass(frozen=True, slots=True)
class Survey:
    """The possible date orders of a list; ``assumed`` is the order to use if several are possible.

    ``undecided``: several orders are possible, none is assumed, and at least one date depends on the order.
    """

    orders: tuple[DateOrder, ...]
    assumed: DateOrder | None
    undecided: bool


def survey_of(times: Iterable[PrintedTime]) -> Survey:
    """Determine the order of day, month and year from all dates of a list, which is not sorted by time."""
    seen = set(times)
    survey = TimeSurvey()
    for time in seen:
        survey.begin_section()
        survey.add(time)
    orders, assumed = survey.orders, survey.assumed
    undecided = assumed is None and any(ticks_of(time, orders) is None for time in seen)
    return Survey(orders, assumed, undecided)


def orders_of(times: Iterable[PrintedTime], default: DateOrder | None = None) -> Sequence[DateOrder]:
    """Return the possible date orders.

    ``default`` is the usual order of the program; it is used unless the dates contradict it.
    """
    survey = survey_of(times)
    if survey.assumed is not None:
        return (survey.assumed,)
    return (default,) if default is not None and default in survey.orders else survey.orders


def instant(time: PrintedTime, orders: Iterable[DateOrder]) -> Instant | None:
    """Return the point in time; None if the day is ambiguous.

    A time without an offset in its text is local time of an unknown zone.
    """
    ticks = ticks_of(time, orders)
    if ticks is None:
        return None
    if time.offset is not None:
        return Instant(ticks - time.offset * TICKS_PER_SECOND, time.digits)
    return Instant(ticks, time.digits, local=True)


def day(time: PrintedTime, orders: Iterable[DateOrder]) -> str | None:
    """Return the date as YYYY-MM-DD; None if the day is ambiguous."""
    ticks = ticks_of(time, orders)
    return None if ticks is None else (_FIRST_DAY + timedelta(days=ticks // _TICKS_PER_DAY)).isoformat()


def lone_time(text: str) -> Instant | None:
    """Parse the only time in a report; None if it is invalid or ambiguous."""
    time = printed_time(text)
    return None if time is None else instant(time, orders_of([time]))
