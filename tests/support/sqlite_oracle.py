"""pySigma's SQLite backend as an oracle: which of some events a Sigma detection selects, by way of SQL.

Events become rows as Zircolite makes them: a column for each field, absent is NULL. Columns compare without regard to
case and have numeric affinity, so that numbers compare as numbers. Keywords search all values of a row.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.yamltext import load
from evtscan.detection.load.sigma import detection_of, selections_of
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.match.fields import ABSENT, field_value
from evtscan.detection.model.condition import Condition, truth_of
from evtscan.detection.model.section import Problems, Section

ALL_TEXT = "all_text"
BETWEEN_VALUES = "\x1f"


def selected_by_sqlite(detection: dict, events: Sequence[Event], fields: Sequence[str]) -> list[int]:
    """The places of the events that the SQL of pySigma's backend selects."""
    rule = {"title": "A rule", "logsource": {"product": "windows"}, "detection": detection}
    (query,) = sqliteBackend(collate_nocase=False, fulltext_field=ALL_TEXT).convert(SigmaCollection.from_dicts([rule]))
    with closing(sqlite3.connect(":memory:")) as database:
        database.create_function("REGEXP", 2, _search, deterministic=True)
        columns = ", ".join(f'"{name}" NUMERIC COLLATE NOCASE' for name in fields)
        database.execute(f'CREATE TABLE logs (place INTEGER, "{ALL_TEXT}" TEXT COLLATE NOCASE, {columns})')
        marks = ", ".join("?" * (len(fields) + 2))
        database.executemany(
            f"INSERT INTO logs VALUES ({marks})", (_row(n, event, fields) for n, event in enumerate(events))
        )
        found = database.execute(query.replace("SELECT *", "SELECT place", 1)).fetchall()
    return sorted(place for (place,) in found)


def selected_here(detection: dict, events: Sequence[Event]) -> list[int]:
    """The places of the events that this detection selects, as it is evaluated here."""
    condition = parsed(detection)
    answers = [truth_of(condition, lambda test, event=event: truth_in(event, test)) for event in events]
    return [place for place, answer in enumerate(answers) if answer is Truth.TRUE]


def parsed(detection: dict) -> Condition:
    """The condition of a detection."""
    document = load(json.dumps({"detection": detection}))
    problems = Problems("rule.yml", document)
    rule = Section(document.data, (), problems)
    condition = detection_of(rule, selections_of(rule))
    assert problems.found == []
    return condition


def _search(pattern: str, value: object) -> bool:
    return value is not None and re.search(pattern, str(value)) is not None


def _row(place: int, event: Event, fields: Sequence[str]) -> list[object]:
    values = [field_value(event, name) for name in fields]
    present = [None if value is ABSENT else value for value in values]
    return [place, BETWEEN_VALUES.join(str(value) for value in present if value is not None), *present]
