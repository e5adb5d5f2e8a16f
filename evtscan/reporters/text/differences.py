"""The comparison of two reports → text for people, CSV, JSON, or Markdown for a ticket."""

from collections.abc import Callable, Mapping
from io import TextIOWrapper
from typing import BinaryIO

from rich.console import Console
from rich.text import Text

from evtscan.base.safetext import prose
from evtscan.report.comparison import Change, Comparison, Difference
from evtscan.reporters.json.jsonl import line as json_line
from evtscan.reporters.tables import csv
from evtscan.reporters.tables.columns import Cell, Table
from evtscan.reporters.text.markdown import escaped
from evtscan.reporters.text.paragraphs import MARGIN, paragraph
from evtscan.reporters.text.phrases import count, word

WIDTH = 80
"""Columns of text that goes into a file."""

LINES_SHOWN = 12
"""How many differences of a kind the console lists before it counts the rest."""

HEADINGS: Mapping[Change, str] = {
    Change.NEW: "New",
    Change.WORSE: "Worse",
    Change.BETTER: "Better",
    Change.GONE: "Gone",
    Change.HOST_CAME: "Hosts that came",
    Change.HOST_WENT: "Hosts that went, or of which nothing was read",
}

_STYLES: Mapping[Change, str] = {Change.NEW: "bold red", Change.WORSE: "bold red", Change.BETTER: "green"}

_COLUMNS: Mapping[str, Callable[[Difference], Cell]] = {
    "Change": lambda item: item.change.value,
    "Host": lambda item: item.host,
    "OldVerdict": lambda item: item.old.value if item.old else None,
    "NewVerdict": lambda item: item.new.value if item.new else None,
    "Status": lambda item: item.status,
    "Kind": lambda item: item.rule.kind if item.rule else None,
    "Level": lambda item: item.rule.level if item.rule else None,
    "Article": lambda item: item.rule.article if item.rule else None,
    "RuleTitle": lambda item: item.rule.title if item.rule else None,
    "RuleID": lambda item: item.rule.id if item.rule else None,
    "Entity": lambda item: item.entity,
    "Reason": lambda item: item.reason,
    "FindingID": lambda item: item.finding_id,
}


def table(comparison: Comparison) -> Table:
    """Return a table with one row per difference."""
    rows = tuple(tuple(value(item) for value in _COLUMNS.values()) for item in comparison.differences)
    return Table("differences", tuple(_COLUMNS), rows)


def write_csv(comparison: Comparison, stream: BinaryIO, dialect: csv.Dialect = csv.SAFE) -> None:
    """Write the differences as a table."""
    csv.write(table(comparison), stream, dialect)


def write_json(comparison: Comparison, stream: BinaryIO, dialect: csv.Dialect = csv.SAFE) -> None:
    """Write the differences as one object: counts, and rows with the columns of the table as keys."""
    made = table(comparison)
    rows = [dict(zip(made.columns, row, strict=True)) for row in made.rows]
    counts = {change.value: len(comparison.of(change)) for change in Change}
    figures = {"hosts": comparison.hosts, "same": comparison.same, "unasked": comparison.unasked}
    stream.write(json_line({**figures, **counts, "differences": rows}))


def write_markdown(comparison: Comparison, stream: BinaryIO, dialect: csv.Dialect = csv.SAFE) -> None:
    """Write the differences for a ticket; new and worse findings are a check list."""
    lines = ["# Windows event logs: what has changed", "", escaped(summary(comparison)), ""]
    for change, heading in HEADINGS.items():
        found = comparison.of(change)
        if found:
            box = "[ ] " if change.calls_for_attention else ""
            lines += [f"## {heading}", "", *(f"- {box}{escaped(_described(item))}" for item in found), ""]
    stream.write("\n".join(lines).encode("utf-8"))


def write_console(comparison: Comparison, stream: BinaryIO, dialect: csv.Dialect = csv.SAFE) -> None:
    """Write the differences as text without colour."""
    text = TextIOWrapper(stream, encoding="utf-8", newline="\n")
    try:
        render(comparison, Console(file=text, width=WIDTH, height=25, color_system=None, legacy_windows=False))
        text.flush()
    finally:
        text.detach()


WRITERS: Mapping[str, Callable[[Comparison, BinaryIO, csv.Dialect], None]] = {
    "console": write_console,
    "csv": write_csv,
    "json": write_json,
    "markdown": write_markdown,
}
"""The formats of a comparison, named as those of a report; the dialect is that of CSV."""


def render(comparison: Comparison, console: Console, *, show_all: bool = False) -> None:
    """Print the differences, the ones that need attention first; without ``show_all`` only some of each kind."""
    paragraph(console, 0, Text(summary(comparison)))
    for change, heading in HEADINGS.items():
        found = comparison.of(change)
        if not found:
            continue
        shown = found if show_all else found[:LINES_SHOWN]
        console.print()
        paragraph(console, 0, Text(f"{heading} ({len(found):,})", _STYLES.get(change, "bold")))
        if change in (Change.HOST_CAME, Change.HOST_WENT):
            paragraph(console, MARGIN, Text(", ".join(map(_described, shown))))
        else:
            for item in shown:
                paragraph(console, 2 * MARGIN, Text(_described(item)), Text(f"{'-':>{MARGIN + 1}} "))
        if len(found) > len(shown):
            paragraph(console, MARGIN, Text(f"and {len(found) - len(shown):,} more: --all shows them, -o saves", "dim"))


def summary(comparison: Comparison) -> str:
    """Return the numbers of differences in words."""
    counts = [f"{len(comparison.of(change)):,} {change.value}" for change in list(Change)[:4]]
    hosts = [
        f"{count(len(found), 'host')} {said}"
        for change, said in ((Change.HOST_CAME, "came"), (Change.HOST_WENT, "went"))
        if (found := comparison.of(change))
    ]
    if comparison.unasked:
        why = "their rules took no part, or the newer run left out events or verdicts"
        hosts.append(f"{count(comparison.unasked, 'finding')} not looked for again: {why}")
    compared = f"{count(comparison.hosts, 'host')} in both"
    return f"{compared}: {', '.join(counts)}, {comparison.same:,} as before{''.join(f'; {part}' for part in hosts)}"


def _described(item: Difference) -> str:
    if item.rule is None:
        return prose(item.host)
    verdicts = " → ".join(word(verdict) for verdict in (item.old, item.new) if verdict is not None)
    status = f" ({item.status})" if item.status == "accepted" else ""
    what = ", ".join(part for part in (item.rule.article, item.rule.title or item.rule.id, item.entity) if part)
    return prose(f"{item.host}: {verdicts}{status}: {what}")
