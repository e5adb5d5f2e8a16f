"""Times in UTC → the same times in another zone, wherever they occur in a text."""

import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, TypeVar

from evtscan.base.errors import UsageError
from evtscan.report.model import HostReport

_TIME = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z")
_NAMES = frozenset({"host", "computer", "entity", "source", "source_file", "source_files"})
"""Fields that name something, which keeps its name."""

_DEEPEST = 60
"""How deep conditions may nest for their times to be converted; a saved report may nest as deep as it likes."""

_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)\Z")

T = TypeVar("T")


def zone_of(text: str) -> tzinfo:
    """Read a zone: an offset such as ``+02:00``, or a name such as ``Europe/Berlin``.

    Raises:
        UsageError: if it is neither.
    """
    from zoneinfo import ZoneInfo

    match = _OFFSET.match(text)
    try:
        if match is None:
            return ZoneInfo(text)
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    except (KeyError, ValueError, OSError) as error:  # unknown, no name of a zone, or the name of a folder of zones
        raise UsageError(
            f"--timezone {text}: no such zone is known; give an offset (+02:00) or a zone (Europe/Berlin)"
        ) from error


def in_zone(host: HostReport, zone: tzinfo) -> HostReport:
    """Return a host whose findings and logs have their times in a zone; local times of unknown zone are unchanged."""
    return replace(host, findings=_converted(host.findings, zone), evidence=_converted(host.evidence, zone))


def text_in_zone(text: str, zone: tzinfo) -> str:
    """Return a text with its UTC times converted to a zone, each with its offset.

    >>> text_in_zone("at 1997-03-05T06:31:42.50Z", timezone(timedelta(hours=1)))
    'at 1997-03-05T07:31:42.50+01:00'
    """

    def converted(match: re.Match[str]) -> str:
        try:
            moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC).astimezone(zone).isoformat()
        except (ValueError, OverflowError):  # no such day, or one that no zone reaches
            return match[0]
        return f"{moment[:19]}{match[2] or ''}{moment[19:]}"

    return _TIME.sub(converted, text)


_FRACTION = re.compile(r"(\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+(?=Z|[+-]\d\d:\d\d|\b)")


def to_seconds(text: str) -> str:
    """Return a text with its times cut to whole seconds.

    >>> to_seconds("at 2024-05-03T18:08:01.1234567Z")
    'at 2024-05-03T18:08:01Z'
    """
    return _FRACTION.sub(r"\1", text)


def _converted(value: T, zone: tzinfo, depth: int = _DEEPEST) -> T:
    found: Any = value
    if isinstance(value, str):
        found = text_in_zone(value, zone)
    elif isinstance(value, tuple) and depth:
        found = tuple(_converted(item, zone, depth - 1) for item in value)
    elif is_dataclass(value) and not isinstance(value, type) and depth:
        names = (item.name for item in fields(value) if item.name not in _NAMES)
        found = replace(value, **{name: _converted(getattr(value, name), zone, depth - 1) for name in names})
    result: T = found
    return result
