"""The summary of a hunt as one page: counts, the ATT&CK matrix and the time line; it needs no network.

The page contains the data as base64 of deflated JSON, so that no text from the evidence is part of the markup. A
content security policy allows only the page's own script and style sheet, by their digests. The shared scripts (text,
elements, lists) and the style come from ``evtscan.reporters.html``.
"""

import zlib
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, BinaryIO

import msgspec

from evtscan.hunt.attack import TACTICS, name_of, tactics_of, techniques_of
from evtscan.hunt.detection import Detection, rank
from evtscan.hunt.run import Hunted
from evtscan.hunt.summary import Summary, Tally, most_first
from evtscan.report.details import details_of
from evtscan.reporters.tables.csv import Dialect

MOST_ROWS = 20_000
"""Maximum number of rows in the page; rows of the highest levels are preferred."""

LONGEST = 1000
"""Maximum number of characters of ``Details`` in the page."""

MOST_LISTED = 1000
"""Maximum number of entries in a list of computers or days."""

_SHARED = ("text", "dom", "data", "table")
_LEVELS = 5


class HtmlSink:
    """Keep a bounded number of rows, and write the page at the end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._rows: list[list[list[Any]]] = [[] for _ in range(_LEVELS)]
        self._kept = self._number = 0

    def add(self, row: Detection) -> None:
        """Keep a row.

        At the limit it replaces a row of the lowest level, or is discarded if its own level is not higher.
        """
        self._number += 1
        level = rank(row.level)
        if self._kept >= MOST_ROWS:
            lowest = next(other for other, rows in enumerate(self._rows) if rows)
            if level <= lowest:
                return
            self._rows[lowest].pop()
            self._kept -= 1
        self._kept += 1
        self._rows[level].append([self._number, *_cells(row)])

    def close(self, hunted: Hunted) -> None:
        """Write the page."""
        rows = sorted(row for of_level in self._rows for row in of_level)
        for piece in _page(_content(hunted, rows)):
            self._stream.write(piece.encode("utf-8"))


def sink(stream: BinaryIO, dialect: Dialect) -> HtmlSink:
    """Return a sink that writes the page."""
    return HtmlSink(stream)


def _cells(row: Detection) -> list[Any]:
    hit = row.hit
    details = details_of(hit.data, hit.message)
    return [
        hit.time,
        hit.computer,
        [rule.id for rule in row.rules],
        hit.channel,
        hit.provider,
        hit.event_id,
        hit.record_id,
        details if len(details) <= LONGEST else details[: LONGEST - 1] + "…",
        hit.source,
    ]


def _content(hunted: Hunted, rows: list[list[Any]]) -> dict[str, Any]:
    summary = hunted.summary
    rules = summary.by_rule()
    position = {rule.id: index for index, (rule, _) in enumerate(rules)}
    for row in rows:
        row[3] = [position[rule_id] for rule_id in row[3]]
    return {
        "total": summary.total.count,
        "number": hunted.rows,
        "span": [summary.total.first[1], summary.total.last[1]],
        "levels": [[level, tally.count] for level, tally in summary.by_level()],
        "rules": [
            [rule.title, rule.level, rule.id, rule.file, list(rule.tags), *_tactics(rule.tags), *_figures(tally)]
            for rule, tally in rules
        ],
        "computers": _listed(most_first(summary.computers)),
        "days": _listed(sorted(summary.days.items())),
        "matrix": _matrix(summary),
        "rows": rows,
    }


def _tactics(tags: tuple[str, ...]) -> tuple[list[str], list[str]]:
    techniques = list(techniques_of(tags))
    parents = [technique.partition(".")[0] for technique in techniques]
    return list(dict.fromkeys(tactics_of(tags))), list(dict.fromkeys([*parents, *techniques]))


def _figures(tally: Tally) -> list[Any]:
    return [tally.count, tally.first[1], tally.last[1]]


def _listed(entries: list[tuple[str, Tally]]) -> list[list[Any]]:
    return [[name, *_figures(tally)] for name, tally in entries[:MOST_LISTED]]


def _matrix(summary: Summary) -> list[list[Any]]:
    """Return the columns of the matrix: tactic, count, and its techniques with name and count, most frequent first."""
    tactics = dict.fromkeys([*TACTICS, *summary.tactics, *(tactic for tactic, _ in summary.cells)])
    columns = []
    for tactic in tactics:
        cells = {technique: tally for (column, technique), tally in summary.cells.items() if column == tactic}
        if tactic in summary.tactics or cells:
            count = summary.tactics.get(tactic, Tally()).count
            techniques = [[name, name_of(name), tally.count] for name, tally in most_first(cells)]
            columns.append([tactic, count, techniques])
    return columns


# --------------------------------------------------------------------------------------------------------- page


def _page(content: dict[str, Any]) -> Iterator[str]:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__name__, "static"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    style, script = _style(), _script()
    return environment.get_template("page.html").generate(
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        index=b64encode(zlib.compress(msgspec.json.encode(content), 6)).decode("ascii"),
    )


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _style() -> str:
    return _shared("style.css") + _own("hunt.css")


@cache
def _script() -> str:
    parts = "\n".join([*(_shared(f"{name}.js") for name in _SHARED), _own("hunt.js")])
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _own(name: str) -> str:
    return files(__name__).joinpath("static", name).read_text("utf-8")


def _shared(name: str) -> str:
    return files("evtscan.reporters.html").joinpath("static", name).read_text("utf-8")
