"""The counts of a hunt as text for a terminal: by level, rule, computer, day and tactic."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from evtscan.base.safetext import prose
from evtscan.hunt.run import Hunted
from evtscan.hunt.summary import Tally, most_first

if TYPE_CHECKING:
    from rich.console import Console

RULES_SHOWN = 25
NAMES_SHOWN = 10

STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "informational": ""}


def render(hunted: Hunted, console: "Console") -> None:
    """Print the counts; a long list ends with the number of omitted entries."""
    from rich.text import Text

    summary = hunted.summary
    if not summary.total.count:
        console.print("No rule matches.")
        return
    line = Text(f"{_count(summary.total.count, 'detection')} by {_count(len(summary.rules), 'rule')}")
    line.append(f" on {_count(len(summary.computers), 'computer')}, {_span(summary.total)}")
    console.print(line, soft_wrap=True)
    levels = Text("  ")
    for position, (level, tally) in enumerate(summary.by_level()):
        levels.append(", " if position else "")
        levels.append(f"{tally.count:,} {level}", STYLES[level] if tally.count else "")
    console.print(levels, soft_wrap=True)
    rules = [
        (rule.level, f"{tally.count:,}", tally.first[1][:19], tally.last[1][:19], rule.title)
        for rule, tally in summary.by_rule()
    ]
    _table(console, ("Level", "Count", "First", "Last", "Rule"), rules, RULES_SHOWN)
    _names(console, "Computer", most_first(summary.computers))
    _names(console, "Day", most_first(summary.days))
    _names(console, "Tactic", most_first(summary.tactics))


def _names(console: "Console", heading: str, tallies: Iterable[tuple[str, Tally]]) -> None:
    rows = [(f"{tally.count:,}", tally.first[1][:19], tally.last[1][:19], name or "-") for name, tally in tallies]
    if rows:
        _table(console, ("Count", "First", "Last", heading), rows, NAMES_SHOWN)


def _table(console: "Console", headings: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, title_justify="left")
    for heading in headings:
        right = heading == "Count"
        table.add_column(
            heading, justify="right" if right else "left", overflow="fold", no_wrap=heading != headings[-1]
        )
    for row in rows[:most]:
        table.add_row(*(Text(prose(cell), STYLES.get(cell, "")) for cell in row))
    console.print()
    console.print(table)
    if len(rows) > most:
        console.print(f"and {len(rows) - most:,} more")


def _span(tally: Tally) -> str:
    if not tally.first[0]:
        return "without times"
    first, last = tally.first[1][:19], tally.last[1][:19]
    return first if first == last else f"{first} to {last}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
