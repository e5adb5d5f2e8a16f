"""One event → the fields of a row that Timesketch imports (its guide "Import data from JSON or CSV").

``message``, ``datetime`` and ``timestamp_desc`` are required; the columns of a dump follow. If the time of an event is
not known in UTC, the row has the time 1970-01-01 and states this.
"""

from collections.abc import Callable, Mapping
from typing import Any

from evtscan.base.jsontext import json_text
from evtscan.base.model.event import Event
from evtscan.base.wintypes import Instant, format_filetime, parse_time
from evtscan.dump.columns import COLUMNS as DUMP_COLUMNS

LOGGED, UNKNOWN = "Event Logged", "Time Unknown"
_EPOCH = parse_time("1970-01-01").ticks
_FIRST, _END = parse_time("1678-01-01").ticks, parse_time("2262-01-01").ticks  # years that an index can hold
_LONGEST = 500  # characters of the data in a message


def _known(event: Event) -> bool:
    return event.time is not None and not event.time.local and _FIRST <= event.time.ticks < _END


def _ticks(event: Event) -> int:
    return event.time.ticks if event.time is not None and _known(event) else _EPOCH


def _message(event: Event) -> str:
    shown = event.message or "; ".join(f"{name}: {value}" for name, value in event.data.items())
    text = f"{event.provider} {event.event_id}: {shown[:_LONGEST]}"
    if _known(event):
        return text
    logged = f"logged as {event.time}" if isinstance(event.time, Instant) else "no time was logged"
    return f"TIME UNKNOWN ({logged}; not in UTC): {text}"


_OWN: Mapping[str, Callable[[Event], Any]] = {
    "message": _message,
    "datetime": lambda event: format_filetime(_ticks(event) // 10 * 10, 6).removesuffix("Z") + "+00:00",
    "timestamp": lambda event: (_ticks(event) - _EPOCH) // 10,
    "timestamp_desc": lambda event: LOGGED if _known(event) else UNKNOWN,
}
COLUMNS: Mapping[str, Callable[[Event], Any]] = {
    **_OWN,
    **{name: read for name, read in DUMP_COLUMNS.items() if name not in ("TimeCreated", "Message")},
    "Data": lambda event: json_text(event.data),
}
