"""The model of a report → the published JSON Schema of ``report.json``."""

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from evtscan.base.model.finding import STATUSES, Verdict
from evtscan.report.model import Report

_TITLE = "report.json of evtscan"

_WORDS: Mapping[tuple[str, str], list[str]] = {
    ("Finding", "verdict"): [verdict.value for verdict in Verdict],
    ("MatchRow", "verdict"): [verdict.value for verdict in Verdict],
    ("Finding", "status"): list(STATUSES),
}
"""The texts of which there are only some, by the class and the field that hold them."""


def report_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12); it allows unknown fields, since a later form may add some."""
    made = msgspec.json.schema(Report)
    definitions = {name: _described(made["$defs"][name]) for name in sorted(made["$defs"])}
    for (name, field), words in _WORDS.items():
        definitions[name]["properties"][field]["enum"] = words
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": _TITLE, "$ref": made["$ref"], "$defs": definitions}


def _described(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition whose description is in lines as Python would print it."""
    text = definition.get("description")
    return {**definition, "description": inspect.cleandoc(text)} if text else definition
