"""Paths with ``*``, ``?`` and ``**`` → the paths that exist."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from evtscan.base.errors import UsageError


def expand(texts: Sequence[str]) -> list[Path]:
    """Expand ``*``, ``?`` and ``**`` in paths: the shells of Windows leave that to the program.

    Raises:
        UsageError: if a path does not exist, or no file matches a pattern.
    """
    paths: list[Path] = []
    for text in texts:
        found = _matching(text)
        if not found:
            raise UsageError(f"{text}: {'no file matches this pattern' if _is_pattern(text) else NO_FILE}")
        paths.extend(found)
    return paths


def expand_existing(paths: list[Path] | None) -> list[Path] | None:
    """Expand patterns in paths; a path that does not exist stays, for the code that opens it to report."""
    return None if paths is None else [file for path in paths for file in (_matching(str(path)) or [path])]


NO_FILE = "no such file or folder"


def _matching(text: str) -> list[Path]:
    """The existing path with this name, else the paths that match the pattern, sorted."""
    if os.path.exists(text):  # noqa: PTH110 - Path.exists raises where a name is too long
        return [Path(text)]
    if not _is_pattern(text):
        return []
    # brackets are first taken as part of a name: log[1]*.evtx
    found = glob.glob(text.replace("[", "[[]"), recursive=True) or glob.glob(text, recursive=True)  # noqa: PTH207
    return [Path(item) for item in sorted(found)]


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")
