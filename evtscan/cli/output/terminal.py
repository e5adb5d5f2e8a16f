"""The console for people, in its own module because the modules for rules take long to import."""

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from evtscan.cli.output.runlog import ledger_end, note


def console(*, no_color: bool = False, stderr: bool = False) -> Console:
    """Return a console that uses styles only on a terminal, unless NO_COLOR or ``--no-color`` disables them."""
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, color_system=None if plain else "auto", highlight=False, markup=False, emoji=False)


_NARROWEST = 28
"""Columns below which text beside a head is not squeezed."""


def print_hanging(console: Console, head: str, text: Text) -> None:
    """Print a line; on a terminal, continuation lines are indented to the start of its text."""
    if not console.is_terminal:
        console.file.write(f"{head}{text.plain}\n")  # a list of a hundred thousand files would take rich minutes
        return
    for part in text.wrap(console, max(console.width - len(head), _NARROWEST)):
        part.rstrip()
        console.print(Text(head).append(part), soft_wrap=True)
        head = " " * len(head)


def print_ledger(lines: Sequence[str]) -> None:
    """Print lines on stderr; on a terminal, long ones are wrapped between words and indented below their text."""
    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else 0
    for line in (*lines, *ledger_end()):
        note(line)
        if width < _NARROWEST or len(line) <= width:
            print(line, file=sys.stderr)
            continue
        wrapped = textwrap.wrap(line, width, subsequent_indent=" " * 10, break_long_words=False, break_on_hyphens=False)
        print("\n".join(wrapped), file=sys.stderr)


def is_dumb() -> bool:
    """Whether stderr is not a terminal that can show a progress bar."""
    return not sys.stderr.isatty() or os.environ.get("TERM") == "dumb"
