"""Worker processes of a dump: when they are worth starting, and starting them before the command line is parsed.

A worker loads for longer than it takes to parse the command line; ``start_ahead`` starts workers by what the command
line looks like.
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
    """The workers of a dump; those that were started ahead are used first."""

    def __init__(self, count: int) -> None:
        super().__init__(count, MODULES, _ahead)


def start_ahead(words: Sequence[str]) -> None:
    """Start the workers that a command line of ``dump`` seems to be worth: the next ``Helpers`` use them.

    Unused ones end with this process, which holds the other end of their pipes.
    """
    if looks_worth_it(words):
        _ahead.extend(Worker(MODULES) for _ in range((os.cpu_count() or 1) - 1))


def looks_worth_it(words: Sequence[str]) -> bool:
    """Whether these words select a few events in large files, as far as that shows without parsing the options."""
    if not any(word.startswith(_SELECTING) for word in words):
        return False
    return sum(map(_size, set(words))) >= WORTH_HELPERS_SELECTING


def _size(word: str) -> int:
    """The size in bytes of the file with this name, 0 if there is none; any word is allowed."""
    try:
        state = Path(word).stat()
    except (OSError, ValueError):
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0
