"""Rows of ``evtscan dump``, as JSON Lines or CSV → events, and the fields that were missing in the dumped evidence."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.exportrecords import ALL_DATA, Content, System, unsaid, whole_number
from evtscan.parsers.logs.json.values import (
    MOST_DEPTH,
    Members,
    RecordParts,
    Shape,
    ShapeError,
    decoded,
    object_of,
    scalar_of,
    text_of,
    time_of,
)

_READ_APART = ("event_id", "provider", "time")
DUMP_NUMBERS = {
    field.column: field.name for field in SYSTEM_FIELDS if field.kind == "number" and field.name not in _READ_APART
} | {"HeaderID": "header_id"}
DUMP_TEXTS = {
    field.column: field.name for field in SYSTEM_FIELDS if field.kind != "number" and field.name not in _READ_APART
} | {"EventType": "event_type"}


_LOCAL_DUMP = (
    "dumped with local times of a zone that was not told (they end without Z): dump the export again with "
    "--source-timezone"
)


def _read_dump(top: Members) -> RecordParts:
    said = {name: decoded(raw) for name, raw in top.items() if name not in ("Data", "Message")}
    return dump_row(said, lambda: decoded(top.get("Data")), lambda: decoded(top.get("Message")))


def dump_row(said: Mapping[str, Any], data: Callable[[], Any], message: Callable[[], Any]) -> RecordParts:
    """Interpret a row of ``evtscan dump``; ``data`` and ``message`` return the values of these columns.

    Raises:
        ShapeError: if the row has no event id.
    """
    number = whole_number(said.get("EventID"))
    if number is None:
        raise ShapeError("the row has no EventID")
    fields: dict[str, Any] = {field: whole_number(said.get(column)) for column, field in DUMP_NUMBERS.items()}
    fields |= {field: scalar_of(said.get(column)) for column, field in DUMP_TEXTS.items()}
    system = cast(
        System,
        fields
        | {
            "event_id": number,
            "provider": scalar_of(said.get("Provider")) or "",
            "time": _dumped_time(said.get("TimeCreated")),
            "time_written": _dumped_time(said.get("TimeWritten")),
            "recovered": str(said.get("Recovered")).casefold() == "true",
        },
    )

    def content() -> Content:
        fields = object_of(_typed(data()))
        return Content(fields, scalar_of(message()), _lost_before_dump(system, fields))

    return system, content, scalar_of(said.get("SourceFile")) or ""


def _lost_before_dump(system: System, data: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that the event may have had before the export that was dumped.

    A row with a header id, a record number and keywords was dumped from a log and has lost nothing. Other rows were
    dumped from an export: their empty fields are unknown. All of their data is unknown too, unless the row has a record
    number and keywords, and data that is named or from a classic source.
    """
    numbered = system.get("record_id") is not None and system.get("keywords") is not None
    if numbered and system.get("header_id") is not None:
        return frozenset()
    classic = system.get("provider_guid") is None
    whole = numbered and data and "Strings" not in data and (classic or "Data1" not in data)
    return unsaid(system) if whole else unsaid(system) | {ALL_DATA}


def _dumped_time(value: Any) -> Instant | None:
    """Parse a time as ``dump`` prints it; a time without ``Z`` is local, of an unknown zone.

    With ``--excel``, times in UTC have neither ``Z`` nor ``T``.
    """
    time = time_of(value)
    if time is None or str(value).endswith("Z") or str(value)[10:11] == " ":
        return time
    return Instant(time.ticks, time.digits, local=True)


def dump_losses(system: System) -> str:
    """Return the warning for a file with such a row; empty if there is nothing to report."""
    time = system.get("time")
    return _LOCAL_DUMP if time is not None and time.local else ""


def _typed(value: Any, depth: int = 0) -> Any:
    """Return data with all leaves as text, as ``dump`` writes it."""
    if depth > MOST_DEPTH:
        raise ShapeError(f"more than {MOST_DEPTH} elements inside each other")
    if isinstance(value, list):
        return [_typed(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {name: _typed(item, depth + 1) for name, item in value.items()}
    return value if isinstance(value, str) else text_of(value)


DUMP = Shape(lambda top: "EventLevel" in top and "Provider" in top, _read_dump, lambda system, top: dump_losses(system))
