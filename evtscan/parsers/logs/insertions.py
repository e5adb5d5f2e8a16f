"""The text that Windows prints if it has no message for an event → the insertion strings in it.

Without the message file a viewer prints "The description for Event ID ( 1008 ) in Source ( Dhcp ) could not be found.
It contains the following insertion string(s): …" (KB 165959; NT), "… The following information is part of the event: …"
(2000, XP, 2003), or "… The following information was included with the event:" and a line for each string (Vista and
later). The first two separate strings by a comma and a space, with a full stop after the last; Get-EventLog prints the
second with each string in single quotation marks, and no full stop.

From Vista on most data has names. A program that uses the old interface of NT reads only the values.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ANY_DATA = frozenset({"Data"})
"""In ``Event.unreadable``: no data field can be read."""

_BINARY = frozenset({"Binary"})
_START = "The description for Event ID"
_COMMAS = re.compile(
    r"could not be found\.\s+It\s+contains\s+the\s+following\s+insertions?\s+string\(s\)\s*:\s*(.*)\Z"
    r"|The following information is part of the event:\s*(.*)\Z",
    re.DOTALL,
)
_LINES = re.compile(r"The following information was included with the event:[ \t]*\n\s*(.*)\Z", re.DOTALL)
_REASONS = ("The message resource is", "The locale specific resource", "The specified")
"""Beginnings of the last paragraph of Vista's text, which states what was missing."""


def insertion_strings(message: str) -> tuple[str, ...] | None:
    """Return the insertion strings in such a text; None if the message is not such a text.

    A string that contains the separator is split into two.
    """
    if not message.startswith(_START):
        return None
    if found := _COMMAS.search(message):
        text = (found[1] if found[1] is not None else found[2]).rstrip()
        if len(text) > 1 and text[0] == text[-1] == "'":
            return tuple(text[1:-1].split("', '"))
        text = text.removesuffix(".")
        return tuple(text.split(", ")) if text else ()
    if found := _LINES.search(message):
        text = found[1].rstrip()
        before, _, last = text.rpartition("\n\n")
        if last.startswith(_REASONS):
            text = before.rstrip()
        return tuple(line.rstrip() for line in text.split("\n")) if text else ()
    return None


def data_of_message(message: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the data in a printed message, and the fields that remain unknown.

    A single string printed by Windows NT to 2003 is exact. Several strings may be fewer in fact, because a string may
    contain the separator, and from Vista on they may have names; so other data fields are unknown.
    """
    strings = insertion_strings(message)
    if strings is None:
        return {}, ANY_DATA
    exact = len(strings) == 1 and _LINES.search(message) is None
    return numbered(strings), _BINARY if exact else ANY_DATA


@dataclass(slots=True)
class LostNames:
    """Records whether the data of a log may have lost its names: a program for NT has read a log of Vista or later."""

    lost: bool = False

    def look_at(self, provider: str) -> None:
        """Check the source of the next event: only Vista and later have sources named ``Microsoft-Windows-…``."""
        self.lost = self.lost or provider[:18].casefold() == "microsoft-windows-"

    def of_content(self) -> frozenset[str]:
        """Return the fields that are unknown because names are lost."""
        return ANY_DATA if self.lost else frozenset()

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield the warning about lost names for the whole file."""
        if self.lost:
            yield (
                "names",
                "the log is of Vista or later, whose data has names, and this program printed the values alone: rules "
                "on named data stay unknown; export the log with wevtutil epl, or as XML, to decide them",
            )


def numbered(strings: Sequence[str]) -> dict[str, str]:
    """Return insertion strings as data fields ``Data1``, ``Data2`` …"""
    return {f"Data{number}": text for number, text in enumerate(strings, 1)}
