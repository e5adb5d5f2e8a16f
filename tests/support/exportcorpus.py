"""Real logs as another program exports them: the Rust decoder's XML and JSON, and what is equal in spite of it.

That decoder has habits of its own (see docs/decoder-differences.md): six digits of a second, GUIDs without braces,
empty elements where a value is null, numbers for irregular booleans. ``leaves`` takes those out of both sides.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from peers import rust_evtx

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx import read_log

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{0,6})\d*)?Z\Z")
_GUID = re.compile(r"\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?\Z")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd-\uffff]")
_SYSTEM = (
    "event_id",
    "provider",
    "provider_guid",
    "event_source_name",
    "qualifiers",
    "version",
    "level",
    "task",
    "opcode",
    "keywords",
    "time",
    "record_id",
    "activity_id",
    "related_activity_id",
    "process_id",
    "thread_id",
    "channel",
    "computer",
    "user_id",
)


def as_xml(path: Path) -> Iterator[str]:
    """Each record as an Event element, laid out over many lines."""
    for record in _readable(rust_evtx().PyEvtxParser(str(path)).records()):
        yield record["data"].partition("?>")[2]


def as_json(path: Path) -> Iterator[str]:
    """Each record as one line of JSON."""
    for record in _readable(rust_evtx().PyEvtxParser(str(path)).records_json()):
        yield record["data"].replace("\n", "")


def _readable(records: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            yield next(records)
        except StopIteration:
            return
        except RuntimeError:  # one record that it cannot read
            continue


def leaves(event: Event) -> dict[str, str]:
    """What an event says, by paths, without what the two sides may spell differently; empty values are left out."""
    found = {name: _common(str(getattr(event, name))) for name in _SYSTEM if getattr(event, name) is not None}
    found.update(_leaves(event.data, ""))
    return {path: text for path, text in found.items() if text}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}/{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}/{place}")
    else:
        yield path, _common(value)


def _common(text: str) -> str:
    if found := _TIME.match(text):
        return f"{found[1]}.{(found[2] or '').ljust(6, '0')}"
    if found := _GUID.match(text):
        return found[1].upper()
    return _NO_XML.sub("", text).replace("\r\n", "\n").strip()


IRREGULAR = {"/IsMachine", "/IsAsyncProcessing", "/IsBackgroundProcessing"}
"""Booleans of one file that are neither 0 nor 1, which that decoder shows as numbers."""


def differences(exported: dict[str, str], binary: list[dict[str, str]]) -> list[tuple[str, str | None, str | None]]:
    """Path, value in the log and value in the export, where they differ; of records alike in their key the nearest."""
    found = [
        [(path, log.get(path), exported.get(path)) for path in log | exported if log.get(path) != exported.get(path)]
        for log in binary
    ]
    return [row for row in min(found, key=len) if row[0] not in IRREGULAR]


def key_of(event: Event) -> tuple[object, ...]:
    """What tells the records of one log apart in a damaged file too."""
    return event.record_id, event.event_id, event.provider, str(event.time)[:19]


def binary_leaves(path: Path) -> dict[tuple[object, ...], list[dict[str, str]]]:
    """The records of a binary log."""
    found: dict[tuple[object, ...], list[dict[str, str]]] = {}
    for event in read_log(Source(path, path.name), EVERYTHING):
        found.setdefault(key_of(event), []).append(leaves(event))
    return found
