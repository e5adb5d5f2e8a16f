"""Worker processes of a dump: decide how many are useful, and start them before the command line is parsed.

Starting a worker takes longer than parsing the command line; ``start_ahead`` therefore starts workers by the look of
the command line.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from evtscan.base.processes import Worker, Workers

WORTH_HELPERS = 48 << 20
"""Bytes of logs from which starting workers pays off, if everything is written."""
WORTH_HELPERS_SELECTING = 256 << 20
"""The same for a few events: in smaller logs they are found while a worker starts."""

MODULES = ("evtscan.dump.run", "evtscan.parsers.logs.evtx")
"""Modules that a worker imports while it waits for its first call."""

_SELECTING = ("--include-eid", "--provider", "--channel")

_ahead: list[Worker] = []


class Helpers(Workers):
    """The workers of a dump; workers that ``start_ahead`` started are used first."""

    def __init__(self, count: int) -> None:
        super().__init__(count, MODULES, _ahead)


def start_ahead(words: Sequence[str]) -> None:
    """Start the workers that a ``dump`` command line will probably need; the next ``Helpers`` use them.

    Unused workers end with this process, because it holds the other end of their pipes.
    """
    if looks_worth_it(words):
        _ahead.extend(Worker(MODULES) for _ in range((os.cpu_count() or 1) - 1))


def looks_worth_it(words: Sequence[str]) -> bool:
    """Whether the command line selects a few events in large files, judged without parsing the options."""
    if not any(word.startswith(_SELECTING) for word in words):
        return False
    return sum(map(_size, set(words))) >= WORTH_HELPERS_SELECTING


def _size(word: str) -> int:
    """Return the size in bytes of the file with this name, or 0 if there is none; any text is allowed."""
    try:
        state = Path(word).stat()
    except (OSError, ValueError):
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0
