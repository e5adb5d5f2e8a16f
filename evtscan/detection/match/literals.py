r"""Find literal text that a value must contain if a wildcard pattern or a regular expression matches it.

Searching for a literal is much cheaper than matching a pattern, so the pattern is tried only if its literal was found.
Literals are in lower case (``str.casefold``), and the searched text must be too. Literals contain no ``?``, because
``encodable`` converts a lone surrogate to ``?``: a pattern may match it although the text does not contain one.
"""

import re
from collections.abc import Iterable
from typing import Final

MIN_LENGTH: Final = 3
"""Shorter literals are found nearly everywhere: searching for them saves nothing."""

MAX_ALTERNATIVES: Final = 32
MAX_NESTING: Final = 20


def literal_of_wildcards(parts: Iterable[str]) -> str | None:
    """Return the longest literal of a Sigma pattern, given its plain parts; None if all of them are too short."""
    pieces = (piece for part in parts for piece in part.casefold().split("?"))
    longest = max(pieces, key=len, default="")
    return longest if len(longest) >= MIN_LENGTH else None


def literals_of_regex(pattern: str) -> tuple[str, ...] | None:
    r"""Return literals of which every match of an RE2 pattern contains at least one; None if there are none.

    >>> literals_of_regex(r"(?i)\\(net|net1)\.exe\s+user")
    ('.exe',)
    >>> literals_of_regex(r"(mimikatz|sekurlsa).*")
    ('mimikatz', 'sekurlsa')
    """
    try:
        found = _Reader(pattern).read()
    except _UnknownSyntaxError:
        return None
    return None if found is None or _shortest(found) < MIN_LENGTH else tuple(sorted(found))


class _UnknownSyntaxError(ValueError):
    """The pattern has a construct that this reader does not support, so its literals are unknown."""


Literals = frozenset[str]

_REPEAT: Final = re.compile(r"\{(\d+)(?:,\d*)?\}")
_GROUP: Final = re.compile(r"\?(?:P?<\w+>|[imsU-]*:)")
_FLAGS: Final = re.compile(r"\?[imsU-]+\)")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPED_CODE: Final = re.compile(r"x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]+\})|[pP](?:\{\^?\w+\}|\w)")
_CLASSES_AND_POSITIONS: Final = frozenset("dDwWsSbBAzntrfavC")


def _shortest(literals: Literals) -> int:
    return min(map(len, literals))


class _Reader:
    """Reads a pattern from left to right; an optional or repeated atom ends a literal."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._position = pattern, 0

    def read(self) -> Literals | None:
        found = self._alternatives(0)
        if self._position < len(self._pattern):
            raise _UnknownSyntaxError
        return found

    def _alternatives(self, depth: int) -> Literals | None:
        """Read up to the end of a group: one literal of each alternative, or None if an alternative has none."""
        if depth > MAX_NESTING:
            raise _UnknownSyntaxError
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self._position += 1
            found.append(self._sequence(depth))
        known = [literals for literals in found if literals is not None]
        joined = frozenset[str]().union(*known)
        return joined if len(known) == len(found) and len(joined) <= MAX_ALTERNATIVES else None

    def _sequence(self, depth: int) -> Literals | None:
        """Read one alternative: the best of the literals that it must contain."""
        found: list[Literals] = []
        run = ""
        while self._peek() not in ("", "|", ")"):
            character, group = self._atom(depth)
            least, repeated = self._quantifier()
            if character and least and not repeated:
                run += character
                continue
            if character and least:
                run += character
            elif group is not None and least:
                found.append(group)
            if run:
                found.append(frozenset({run}))
            run = ""
        if run:
            found.append(frozenset({run}))
        return max(found, key=_shortest, default=None)

    def _atom(self, depth: int) -> tuple[str, Literals | None]:
        """Read one atom: a literal character, or the literals of a group, or neither."""
        character = self._next()
        match character:
            case "(":
                return "", self._group(depth)
            case "[":
                found = _CLASS.match(self._pattern, self._position - 1)
                if found is None:
                    raise _UnknownSyntaxError
                self._position = found.end()
                return "", None
            case "\\":
                return self._escape(), None
            case "." | "^" | "$" | "?":
                return "", None
            case "*" | "+":
                raise _UnknownSyntaxError
        return character.casefold() if character.isascii() else "", None

    def _group(self, depth: int) -> Literals | None:
        if flags := _FLAGS.match(self._pattern, self._position):
            self._position = flags.end()
            return None
        if self._peek() == "?":
            opening = _GROUP.match(self._pattern, self._position)
            if opening is None:
                raise _UnknownSyntaxError
            self._position = opening.end()
        found = self._alternatives(depth + 1)
        if self._next() != ")":
            raise _UnknownSyntaxError
        return found

    def _escape(self) -> str:
        """Read an escape after its backslash: return the literal character, or empty text for any other escape."""
        if code := _ESCAPED_CODE.match(self._pattern, self._position):
            self._position = code.end()
            return ""
        character = self._next()
        if character.isascii() and not character.isalnum() and character:
            return "" if character == "?" else character
        if character in _CLASSES_AND_POSITIONS and character:
            return ""
        raise _UnknownSyntaxError

    def _quantifier(self) -> tuple[int, bool]:
        """Read the quantifier of an atom: the minimum number of occurrences, and whether the number can vary."""
        least, varies = 1, False
        while True:
            repeat = _REPEAT.match(self._pattern, self._position)
            if repeat is not None:
                self._position = repeat.end()
                least, varies = min(least, int(repeat[1])), True
            elif self._peek() in ("*", "?", "+") and self._peek():
                least = least if varies and self._peek() == "?" else min(least, int(self._peek() == "+"))
                varies = True
                self._position += 1
            else:
                return least, varies

    def _peek(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._peek()
        self._position += 1
        return character
