"""The values of options: text → numbers, times, time spans, time zones, paths."""

import re
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial

from evtscan.base.errors import UsageError
from evtscan.base.model.system import LEVEL_NAMES
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time
from evtscan.intake.patterns import NO_FILE as NO_FILE
from evtscan.intake.patterns import expand as expand
from evtscan.intake.patterns import expand_existing as expand_existing

_SPAN = re.compile(r"\s*(\d{1,6})\s*([hdw])\s*\Z", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?\Z")


def ranges(text: str | None, option: str, digits: int = 5) -> tuple[range, ...] | None:
    """Parse a list of numbers and ranges, such as ``1008,4190-4199``; None stays None.

    Raises:
        UsageError: if the text is no such list.
    """
    if text is None:
        return None
    found = []
    for part in text.split(","):
        match = _RANGE.match(part)
        if match is None or any(len(number) > digits for number in match.groups("")):
            raise UsageError(f"{option} {text}: give numbers and ranges, such as 1008 or 1000-1009,4199")
        if int(match[2] or match[1]) < int(match[1]):
            raise UsageError(f"{option} {text}: the range {part.strip()} ends before it begins")
        found.append(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(found)


def numbers(text: str | None, option: str) -> frozenset[int] | None:
    """Parse a list of numbers and ranges into a set; None stays None.

    Raises:
        UsageError: if the text is no such list.
    """
    found = ranges(text, option)
    return None if found is None else frozenset(number for part in found for number in part)


def levels(text: str | None, option: str) -> frozenset[int] | None:
    """Parse a list of event levels, each a name, a number or a range of numbers; None stays None.

    Raises:
        UsageError: if the text is no such list.
    """
    if text is None:
        return None
    found: set[int] = set()
    for part in text.split(","):
        number = LEVEL_NAMES.get(part.strip().casefold())
        if number is None and part.strip()[:1].isalpha():
            raise UsageError(
                f"{option} {part.strip()}: no such level; use {', '.join(LEVEL_NAMES)} or numbers such as 1-3"
            )
        found |= numbers(part, option) or frozenset() if number is None else {number}
    return frozenset(found)


def time(text: str | None, option: str) -> Instant | None:
    """Parse a time; None stays None.

    Raises:
        UsageError: if the text is no time.
    """
    try:
        return None if text is None else parse_time(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def period(since: str | None, until: str | None) -> tuple[Instant | None, Instant | None]:
    """Parse ``--from`` (inclusive) and ``--to`` (exclusive); None stays None.

    Raises:
        UsageError: if a text is not a time, or the range is empty.
    """
    first, end = time(since, "--from"), time(until, "--to")
    if first is not None and end is not None and first.ticks >= end.ticks:
        raise UsageError(f"--from {since} --to {until}: empty range: --to is exclusive and must be later than --from")
    return first, end


def span(text: str | None, option: str) -> int | None:
    """Parse a time span, such as ``30d``, into ticks; None stays None.

    Raises:
        UsageError: if the text is no time span.
    """
    if text is None:
        return None
    match = _SPAN.match(text)
    if match is None:
        raise UsageError(f"{option} {text}: give hours, days or weeks, such as 12h, 30d or 2w")
    return int(match[1]) * _HOURS[match[2].lower()] * 3600 * TICKS_PER_SECOND


def names(texts: Sequence[str] | None) -> frozenset[str]:
    """Return case-folded names, for comparison without regard to case."""
    return frozenset(text.casefold() for text in texts or ())


def display_zone(text: str) -> tzinfo | None:
    """Return the time zone of printed times; None (UTC) for an empty text.

    Raises:
        UsageError: if the zone is unknown.
    """
    from evtscan.reporters.text.zonedtimes import zone_of

    return zone_of(text) if text else None


def shown_in(zone: tzinfo | None) -> Callable[[str], str]:
    """Return the function that converts the UTC times of a text to this zone."""
    if zone is None:
        return str
    from evtscan.reporters.text.zonedtimes import text_in_zone

    return partial(text_in_zone, zone=zone)
