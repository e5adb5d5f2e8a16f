"""Text → lines on a terminal of any width."""

import re

from rich.console import Console
from rich.text import Text

MARGIN = 2
"""Columns by which what belongs to a heading is set in."""

WIDEST = 100
"""Longer lines are hard to read."""

NARROWEST = 16
"""Paragraphs of fewer columns are too."""


def paragraph(console: Console, indent: int, text: Text, first: Text | None = None) -> None:
    """Print a paragraph wrapped at words, indented by ``indent`` columns; ``first`` is printed in the indent of line 1.

    If the terminal is too narrow for the indent, ``first`` gets its own line.
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
    room = max(width - indent, 2)
    for line in _broken_at_backslashes(text, room).wrap(console, room):
        line.rstrip()
        console.print(prefix + line, soft_wrap=True)
        prefix = Text(" " * indent)


_WORD = re.compile(r"\S+")


def _broken_at_backslashes(text: Text, room: int) -> Text:
    """Return the text with line breaks in words longer than a line, such as registry keys.

    The breaks are after backslashes if possible, because a name that continues on the next line is hard to read.
    """
    breaks: list[int] = []
    for word in _WORD.finditer(text.plain):
        start = word.start()
        while word.end() - start > room:
            place = text.plain.rfind("\\", start, start + room) + 1
            if not place:
                break
            breaks.append(place)
            start = place
    return Text("\n").join(text.divide(breaks)) if breaks else text


def cut_line(console: Console, indent: int, text: Text, end: str = "") -> None:
    """Print one line, cut to the width of the terminal; ``end`` is always printed."""
    width = min(console.width, WIDEST)
    indent = indent if width - indent >= NARROWEST else min(MARGIN, width - 2)
    room = width - indent - len(end)
    if room < NARROWEST:
        room, end = width - indent, ""
    text.truncate(room, overflow="ellipsis")
    console.print(Text(" " * indent).append_text(text).append(end), soft_wrap=True)
