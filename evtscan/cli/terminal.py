"""The console for people: apart from what commands with rules share, which takes long to load."""

import os

from rich.console import Console


def console(*, no_color: bool = False, stderr: bool = False) -> Console:
    """A console that styles text only for a terminal, and not where NO_COLOR or ``--no-color`` says so."""
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, color_system=None if plain else "auto", highlight=False, markup=False, emoji=False)
