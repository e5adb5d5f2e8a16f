"""One map of a rule file, read entry by entry; problems are collected instead of raised."""

import pathlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from evtscan.base.errors import Problem
from evtscan.base.yamltext import Document, EntryPath


@dataclass(frozen=True, slots=True)
class Problems:
    """The problems of one document of a rule file in ``folder``: errors that refuse it, and ``warnings``."""

    file: str
    document: Document
    found: list[Problem] = field(default_factory=list)
    folder: pathlib.Path | None = None
    warnings: list[Problem] = field(default_factory=list)

    def add(self, path: EntryPath, message: str) -> None:
        """Add an error in the entry at ``path``; it refuses the document."""
        self.found.append(self._problem(path, message))

    def warn(self, path: EntryPath, message: str) -> None:
        """Add a warning about the entry at ``path``; it does not refuse the document."""
        self.warnings.append(self._problem(path, message))

    def _problem(self, path: EntryPath, message: str) -> Problem:
        return Problem(file=self.file, line=self.document.line(path), key=key_of(path), message=message)


def key_of(path: EntryPath) -> str:
    """A path in the notation of messages: ``known_issue.cases[2].verdict``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint at the most similar known word, to append to a message; empty if none is similar."""
    close = get_close_matches(word, tuple(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


@dataclass(frozen=True, slots=True)
class Section:
    """A map at ``path`` in a rule file, with readers for its entries.

    For an invalid value, a reader adds a problem and returns a default. ``lenient``: the map is metadata, whose
    problems are only warnings.
    """

    data: Mapping[Any, Any]
    path: EntryPath
    problems: Problems
    lenient: bool = False

    def problem(self, message: str, *steps: Any) -> None:
        """Add a problem of this map, or of an entry below it."""
        (self.problems.warn if self.lenient else self.problems.add)((*self.path, *steps), message)

    def only(self, known: Iterable[str]) -> None:
        """Add a problem for every unknown key, so that misspelt keys are always found."""
        names = tuple(known)
        for key in self.data:
            if key not in names:
                meant = did_you_mean(str(key), names)
                self.problem(f"there is no key {key!r} here{meant}; known: {', '.join(names)}", key)

    def text(self, key: str) -> str:
        """A text, or a number as text; empty if it is missing."""
        value = self.data.get(key)
        return "" if value is None else self._text(value, key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; a single text becomes a list of one."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            return (self._text(value, key),)
        return tuple(self._text(item, key, place) for place, item in enumerate(value))

    def flag(self, key: str) -> bool:
        """A boolean; false if it is missing."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.problem("must be true or false", key)
        return value is True

    def section(self, key: str) -> "Section":
        """The map under a key; empty if it is missing."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.problem("must be a map (key: value)", key)
        return Section(value if isinstance(value, Mapping) else {}, (*self.path, key), self.problems)

    def sections(self, key: str) -> Iterator["Section"]:
        """The maps in the list under a key."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, list):
            self.problem("must be a list of maps", key)
            return
        for place, item in enumerate(value or ()):
            if isinstance(item, Mapping):
                yield Section(item, (*self.path, key, place), self.problems)
            else:
                self.problem("must be a map (key: value)", key, place)

    def _text(self, value: Any, *steps: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int, float, date)):
            self.problem("must be text", *steps)
            return ""
        return str(value)
