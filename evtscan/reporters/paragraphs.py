"""Text → lines on a terminal of any width."""

from rich.console import Console
from rich.text import Text

MARGIN = 2
"""Columns by which what belongs to a heading is set in."""

WIDEST = 100
"""Longer lines are hard to read."""

NARROWEST = 16
"""Paragraphs of fewer columns are too."""


def paragraph(console: Console, indent: int, text: Text, first: Text | None = None) -> None:
    """Print a paragraph wrapped on words, ``indent`` columns in; ``first`` stands in the indent of its first line.

    Where the terminal is too narrow for the indent, ``first`` gets a line of its own.
    """
    prefix = first or Text(" " * indent)
    width = min(console.width, WIDEST)
    if width - indent < NARROWEST:
        indent = MARGIN
        if prefix.plain.strip():
            alone = prefix.copy()
            alone.rstrip()
            console.print(alone, overflow="fold")
        prefix = Text(" " * indent)
    for line in text.wrap(console, max(width - indent, 2)):
        line.rstrip()
        console.print(prefix + line, soft_wrap=True)
        prefix = Text(" " * indent)


def cut_line(console: Console, indent: int, text: Text, end: str = "") -> None:
    """Print one line, cut off where the terminal ends; ``end`` stays."""
    width = min(console.width, WIDEST)
    indent = indent if width - indent >= NARROWEST else min(MARGIN, width - 2)
    room = width - indent - len(end)
    if room < NARROWEST:
        room, end = width - indent, ""
    text.truncate(room, overflow="ellipsis")
    console.print(Text(" " * indent).append_text(text).append(end), soft_wrap=True)
