"""The rows of ``report.html``: arrays, and the names of their elements.

Ten thousand hosts have half a million rows, and repeated element names would be most of the file. So the page has each
name once, in ``SHAPES``.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

Row = list[Any]
"""One row, in the order of its shape."""

_FROM_MODEL: Mapping[str, tuple[str, ...]] = {
    "rule": ("id", "title", "article", "level", "kind", "status"),
    "ruleText": (
        "description",
        "cause",
        "remedy",
        "workaround",
        "fixed_in",
        "lookalikes",
        "references",
        "tags",
        "file",
    ),
    "refused": ("file", "line", "key", "message"),
    "event": (
        "timestamp",
        "computer",
        "verdict",
        "channel",
        "provider",
        "event_id",
        "event_level",
        "record_id",
        "details",
        "message",
        "source_file",
        "session",
        "sequence",
    ),
    "nearby": (
        "distance",
        "timestamp",
        "computer",
        "channel",
        "provider",
        "event_id",
        "event_level",
        "record_id",
        "details",
    ),
    "evidence": (
        "source_file",
        "size",
        "format",
        "sha256",
        "computer",
        "first_time",
        "last_time",
        "records",
        "lost",
        "dirty",
        "wrapped",
        "cleared",
        "filtered",
        "holes",
        "clock_steps",
        "time_zone",
        "note",
    ),
    "session": ("session", "begins", "ends", "first", "last", "started", "whole"),
    "skipped": ("source_file", "reason"),
}
"""Rows that are a selection of what a class of the model holds."""

ROW_OF: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    name: attrgetter(*fields) for name, fields in _FROM_MODEL.items()
}
"""Such a row of an object of the model."""

SHAPES: Mapping[str, tuple[str, ...]] = {
    **_FROM_MODEL,
    "rule": (*_FROM_MODEL["rule"], "quiet", "text"),
    "host": (
        "key",
        "name",
        "computer",
        "os",
        "service_pack",
        "role",
        "worst",
        "worst_level",
        "first_event",
        "last_event",
        "records",
        "logs",
        "warnings",
        "skipped",
        "findings",
        "judged",
    ),
    "unexplained": ("provider", "event_id", "level", "hosts", "count", "last_seen", "example"),
    "finding": (
        "key",
        "rule",
        "verdict",
        "activity",
        "status",
        "entity",
        "first_seen",
        "last_seen",
        "count",
        "basis",
        "action",
    ),
    "remedy": ("rule", "steps", "findings", "factors"),
    "need": ("fact", "noun", "ways", "alone", "findings"),
    "blindKind": ("kind", "title", "text"),
    "blindSpot": ("host", "kind", "source_file", "text"),
    "hostDetail": (
        "other_names",
        "version",
        "build",
        "ubr",
        "update_date",
        "components",
        "snapshot_time",
        "facts",
        "evidence",
        "warnings",
        "skipped",
        "sessions",
        "timeline",
        "findings",
    ),
    "fact": ("name", "value", "basis", "note", "place", "across_restart", "statements"),
    "statement": ("value", "time", "session", "sequence", "note", "place"),
    "warning": ("place", "kind", "message", "records_lost"),
    "timeline": ("session", "sequence", "time", "kind", "text", "place"),
    "findingDetail": (
        "reason",
        "channels",
        "providers",
        "event_ids",
        "missing_facts",
        "how_to_get",
        "changes",
        "remedy",
        "coverage_from",
        "coverage_to",
        "complete",
        "source_files",
        "explanation",
        "matches",
        "events",
        "marks",
        "surroundings",
    ),
    "condition": ("depth", "truth", "text", "says", "basis", "fact", "places", "more"),
    "mark": ("session", "sequence", "verdict"),
}
"""Every kind of row with the names of its members, in order."""
