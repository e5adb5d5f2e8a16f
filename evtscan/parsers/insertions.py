"""What Windows prints where it has no message for an event → the insertion strings that stand in it.

Without the message file a viewer prints "The description for Event ID ( 1008 ) in Source ( Dhcp ) could not be found.
It contains the following insertion string(s): …" (KB 165959; NT), "… The following information is part of the event: …"
(2000, XP, 2003), or "… The following information was included with the event:" and a line for each string (Vista
and later). The first two put a comma and a space between strings, and a full stop behind the last; Get-EventLog prints
the second with each string in single quotation marks, and no full stop.
"""

import re
from collections.abc import Sequence

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
"""How the last paragraph of Vista's sentence begins, which says what was missing."""


def insertion_strings(message: str) -> tuple[str, ...] | None:
    """The strings that stand in the sentence, or None if the message is another.

    A string that holds what stands between strings itself comes out as two.
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
    """The data that a printed message holds, and the fields that it leaves open.

    One string is exact. Several may be fewer, for what stands between strings may stand within one; what is beyond
    them counts as unknown.
    """
    strings = insertion_strings(message)
    if strings is None:
        return {}, ANY_DATA
    return numbered(strings), _BINARY if len(strings) == 1 else ANY_DATA


def numbered(strings: Sequence[str]) -> dict[str, str]:
    """Insertion strings as data fields."""
    return {f"Data{place}": text for place, text in enumerate(strings, 1)}
