"""Report → JSON Lines that Timesketch imports as a timeline: an object for each match.

Timesketch requires ``message``, ``datetime`` (ISO 8601 with offset) and ``timestamp_desc``, and accepts ``timestamp``
(microseconds since 1970) and any other fields (its guide "Import data from JSON or CSV"). The other fields are the
columns of ``events.csv``. A field without a value is omitted, because the index takes its type from the first value.

A match without a UTC time that an index can hold (a local time of unknown zone, a damaged time) has the time 1970-01-01
and the description ``Time Unknown``; its message contains the logged time. So such a match is kept but has no real
place in the timeline.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from evtscan.base.safetext import prose
from evtscan.base.wintypes import parse_time
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import HostSummary, rules_by_id
from evtscan.reporters.json.jsonl import line
from evtscan.reporters.tables.columns import EVENTS, Matched, matched

LOGGED = "Event Logged"
UNKNOWN = "Time Unknown"

FIRST_YEAR, LAST_YEAR = 1678, 2261
"""Years that a count of nanoseconds in 64 bits holds in full: what reads the file counts like that."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_TICKS = parse_time("1970-01-01").ticks
_TICKS_PER_MICROSECOND = 10


class TimesketchSink:
    """Writes the matches of hosts."""

    def __init__(self, report: Report, stream: BinaryIO) -> None:
        self._rules = rules_by_id(report)
        self._stream = stream

    def add(self, summary: HostSummary) -> None:
        """Write the matches of one host."""
        for item in matched(summary, self._rules):
            self._stream.write(line(_event(item)))

    def close(self) -> None:
        """Do nothing: no work is left after the last host."""


def sink(report: Report, stream: BinaryIO) -> TimesketchSink:
    """Return a sink that writes a report."""
    return TimesketchSink(report, stream)


def microseconds(text: str) -> int | None:
    """Return a report's time in microseconds since 1970; None if it is not in UTC or out of range for an index."""
    if not text.endswith("Z"):
        return None
    try:
        ticks = parse_time(text).ticks
    except (ValueError, OverflowError):
        return None
    found = (ticks - _EPOCH_TICKS) // _TICKS_PER_MICROSECOND
    return found if FIRST_YEAR <= (_EPOCH + timedelta(microseconds=found)).year <= LAST_YEAR else None


def _event(item: Matched) -> dict[str, Any]:
    row, rule = item.row, item.rule
    what = prose(f"{rule.article} {rule.title or rule.id}")
    message = f"{row.verdict}: {what}: {prose(f'{row.provider} {row.event_id} {row.message or row.details}')}"
    time = microseconds(row.timestamp)
    if time is None:
        logged = f"logged as {prose(row.timestamp)}" if row.timestamp else "no time was logged"
        message = f"TIME UNKNOWN ({logged}; not in UTC): {message}"
    values = EVENTS.values(item)
    values.pop("Timestamp")  # it is “datetime”, and an index would take it for one
    return {
        "message": message,
        "datetime": (_EPOCH + timedelta(microseconds=time or 0)).isoformat(timespec="microseconds"),
        "timestamp": time or 0,
        "timestamp_desc": LOGGED if time is not None else UNKNOWN,
        **{name: value for name, value in values.items() if value not in (None, "")},
    }
