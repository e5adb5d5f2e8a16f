"""Records of one structure → JSON Lines, all at once if the reader supports this.

``lines.JsonLines`` writes the same lines value by value. It is used for all other records, and as the reference in
tests.
"""

from collections.abc import Sequence
from functools import cache

from evtscan.base.jsontext import json_text
from evtscan.base.model.log import EventBatch, LineLayout
from evtscan.dump.blocks import FIELDS, of_batch
from evtscan.dump.columns import COLUMNS
from evtscan.dump.lines import JsonLines

_NAMES = FIELDS | {
    "TimeCreated": "ticks",
    "Provider": "provider",
    "Data": "data",
    "Offset": "offset",
    "HeaderID": "header_id",
    "Recovered": "recovered",
}


@cache
def _value_by_value() -> JsonLines:
    return JsonLines()


@cache
def _layout(source_name: str) -> LineLayout:
    """Return the layout of a line of JSON for a dump of one file."""
    layout: list[tuple[bytes, str]] = []
    before = "{"
    for name in COLUMNS:
        before += f'"{name}":'
        if name in _NAMES:
            layout.append((before.encode("utf-8", "replace"), _NAMES[name]))
            before = ""
        else:
            before += json_text(source_name if name == "SourceFile" else None)
        before += ","
    return (*layout, (f"{before.removesuffix(',')}}}\n".encode("utf-8", "replace"), ""))


def json_lines(part: EventBatch, source_name: str) -> Sequence[bytes | memoryview]:
    """Return the lines of records, which should have one structure, each with its line break."""
    lines = part.json_lines(_layout(source_name))
    if lines is None:
        texts = _value_by_value().lines(of_batch(part, source_name))
        return [text.encode("utf-8", "replace") for text in texts]
    return lines
