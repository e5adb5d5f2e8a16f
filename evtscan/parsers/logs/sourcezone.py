"""``--source-timezone`` → conversion of an export's local times to UTC.

The event viewers of Windows NT, 2000 and XP print every event with the UTC offset of the day on which they print it,
not of the day of the event (KB 158588): times of the other half of the year are wrong by an hour, and only an offset,
or a zone together with the day of the export, can correct that. Vista and later print each event with the offset of its
own day.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from evtscan.base.errors import UsageError
from evtscan.base.wintypes import TICKS_PER_SECOND

_FIRST = datetime(1601, 1, 1)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?([0-5]\d))?\Z")
_FURTHEST = timedelta(hours=14)
_MOST_MONTHS = 3000
_HELP = (
    "give an offset (+02:00), a zone (Europe/Berlin), or, for exports of Windows NT, 2000 and XP, "
    "a zone and the day of the export (Europe/Berlin@2001-07-15)"
)


@dataclass(frozen=True, slots=True)
class SourceZone:
    """The zone of printed times: one ``offset`` for all times, or an offset by ``rules`` for the day of each time."""

    offset: timedelta | None = None
    rules: tzinfo | None = None

    def offset_at(self, ticks: int) -> timedelta | None:
        """Return the offset of a local time in ticks since 1601; None if it is out of range for the zone's rules."""
        if self.offset is not None:
            return self.offset
        try:
            return (_FIRST + timedelta(seconds=ticks // TICKS_PER_SECOND)).replace(tzinfo=self.rules).utcoffset()
        except OverflowError:
            return None

    def is_double(self, ticks: int) -> bool:
        """Return whether this local time occurred twice or never at a clock change, so that its offset is a guess."""
        if self.offset is not None:
            return False
        try:
            moment = (_FIRST + timedelta(seconds=ticks // TICKS_PER_SECOND)).replace(tzinfo=self.rules)
        except OverflowError:
            return True
        return moment.utcoffset() != moment.replace(fold=1).utcoffset()

    def is_steady(self, first: int, last: int) -> bool:
        """Return whether the offset is constant from day ``first`` to a year after day ``last`` (days since 1601)."""
        if self.offset is not None:
            return True
        days = range(first, last + 366, 30)
        if len(days) > _MOST_MONTHS:
            return False
        return len({self.offset_at(day * 86_400 * TICKS_PER_SECOND) for day in days}) == 1


def source_zone(text: str) -> SourceZone | None:
    """Parse a value of ``--source-timezone``; None if it is empty.

    Raises:
        UsageError: if it is neither an offset nor a known zone, or its day is not a date.
    """
    text = text.strip()
    if not text:
        return None
    name, at, day = text.partition("@")
    match = _OFFSET.match(name)
    if match is not None and not at:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset > _FURTHEST:
            raise UsageError(f"--source-timezone {text}: no zone is more than 14 hours from UTC; {_HELP}")
        return SourceZone(offset=offset if match[1] == "+" else -offset)
    rules = _rules(name.strip(), text)
    if not at:
        return SourceZone(rules=rules)
    try:
        noon = datetime.combine(date.fromisoformat(day.strip()), datetime.min.time(), rules).replace(hour=12)
    except ValueError as error:
        raise UsageError(f"--source-timezone {text}: {day!r} is not a date such as 2001-07-15") from error
    return SourceZone(offset=noon.utcoffset())


def _rules(name: str, text: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo("UTC" if name.upper() == "Z" else name)
    except (KeyError, ValueError, OSError) as error:  # unknown, not a name of a zone, or the name of a folder of zones
        raise UsageError(f"--source-timezone {text}: no zone of this name is known; {_HELP}") from error
