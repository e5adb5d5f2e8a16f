"""The values of options: text → numbers, times, time spans, time zones, paths."""

import glob
import os
import re
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path

from evtscan.base.errors import UsageError
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time

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


_LEVELS = {"critical": 1, "error": 2, "warning": 3, "information": 4, "informational": 4, "info": 4, "verbose": 5}


def levels(text: str | None, option: str) -> frozenset[int] | None:
    """Parse a list of event levels, each a name, a number or a range of numbers; None stays None.

    Raises:
        UsageError: if the text is no such list.
    """
    if text is None:
        return None
    found: set[int] = set()
    for part in text.split(","):
        number = _LEVELS.get(part.strip().casefold())
        if number is None and part.strip()[:1].isalpha():
            raise UsageError(f"{option} {part.strip()}: no such level; use {', '.join(_LEVELS)} or numbers such as 1-3")
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
        UsageError: if one is no time, or the range is empty.
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
    """Names in the form that is compared without regard to case."""
    return frozenset(text.casefold() for text in texts or ())


def display_zone(text: str) -> tzinfo | None:
    """The time zone of printed times; None (UTC) for an empty text.

    Raises:
        UsageError: if there is no such zone.
    """
    from evtscan.reporters.text.zonedtimes import zone_of

    return zone_of(text) if text else None


def shown_in(zone: tzinfo | None) -> Callable[[str], str]:
    """Return the function that converts the UTC times of a text to this zone."""
    if zone is None:
        return str
    from evtscan.reporters.text.zonedtimes import text_in_zone

    return partial(text_in_zone, zone=zone)


def expand(texts: Sequence[str]) -> list[Path]:
    """Expand ``*``, ``?`` and ``**`` in paths: the shells of Windows leave that to the program.

    Raises:
        UsageError: if a path does not exist, or no file matches a pattern.
    """
    paths: list[Path] = []
    for text in texts:
        found = _matching(text)
        if not found:
            raise UsageError(f"{text}: {'no file matches this pattern' if _is_pattern(text) else NO_FILE}")
        paths.extend(found)
    return paths


def expand_existing(paths: list[Path] | None) -> list[Path] | None:
    """Expand patterns in paths; a path that does not exist stays, for the code that opens it to report."""
    return None if paths is None else [file for path in paths for file in (_matching(str(path)) or [path])]


NO_FILE = "no such file or folder"


def _matching(text: str) -> list[Path]:
    """The existing path with this name, else the paths that match the pattern, sorted."""
    if os.path.exists(text):  # noqa: PTH110 - Path.exists raises where a name is too long
        return [Path(text)]
    if not _is_pattern(text):
        return []
    # brackets are first taken as part of a name: log[1]*.evtx
    found = glob.glob(text.replace("[", "[[]"), recursive=True) or glob.glob(text, recursive=True)  # noqa: PTH207
    return [Path(item) for item in sorted(found)]


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")
