"""The console for people: apart from what commands with rules share, which takes long to load."""

import os
import sys

from rich.console import Console
from rich.text import Text


def console(*, no_color: bool = False, stderr: bool = False) -> Console:
    """A console that styles text only for a terminal, and not where NO_COLOR or ``--no-color`` says so."""
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, color_system=None if plain else "auto", highlight=False, markup=False, emoji=False)


_NARROWEST = 28
"""Columns below which text beside a head is not squeezed."""


def print_hanging(console: Console, head: str, text: Text) -> None:
    """Print a line whose continuation stands below its text; what goes to no terminal stays one line."""
    if not console.is_terminal:
        console.file.write(f"{head}{text.plain}\n")  # a list of a hundred thousand files would take rich minutes
        return
    for part in text.wrap(console, max(console.width - len(head), _NARROWEST)):
        part.rstrip()
        console.print(Text(head).append(part), soft_wrap=True)
        head = " " * len(head)


def is_dumb() -> bool:
    """Whether stderr is no terminal that can show a progress bar."""
    return not sys.stderr.isatty() or os.environ.get("TERM") == "dumb"
