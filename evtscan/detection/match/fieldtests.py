"""Evaluate all tests that rules make of one field, together for one value.

Each test is compiled to literals. Equal literals are found in a dictionary; prefixes, suffixes and substrings in one
Aho-Corasick pass over the value in lower case. Wildcards and regular expressions are tried only if a literal that they
need was found. So the cost of a value hardly depends on the number of tests. The results are equal to the results of
``modifiers.holds``, which defines the meaning of a test.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, Final

from ahocorasick_rs import BytesAhoCorasick

from evtscan.detection.match.fields import TIMES
from evtscan.detection.match.literals import literal_of_wildcards, literals_of_regex
from evtscan.detection.model.condition import FIELD_OPERATORS, Literal, Operator, Test
from evtscan.detection.model.modifiers import (
    Predicate,
    addresses_of,
    holds,
    literal_predicate,
    parts_of,
)
from evtscan.detection.model.values import number_of, text_of

MIN_SEARCHED: Final = 3
"""Characters of a literal that the automaton searches for; shorter ones would be found at nearly every character."""

WINDOW: Final = 1 << 16
"""Bytes of a value that are searched at once: each occurrence of a literal takes memory."""

MAX_WHOLE: Final = 10**18
"""Whole numbers up to here are tested as text, which means the same; larger ones, and fractions, by the definition."""

Numbers = frozenset[int]
"""Numbers of tests."""

_NONE: Final[Numbers] = frozenset()


def is_indexable(test: Test) -> bool:
    """Whether a test depends only on the value of its own field, so that ``FieldTests`` can evaluate it."""
    return (
        test.operator not in FIELD_OPERATORS
        and test.operator is not Operator.IN_RANGE
        and test.part is None
        and test.field not in TIMES
    )


@dataclass(slots=True)
class _Literal:
    """The tests that are true if a literal occurs: anywhere, at the start, at the end, or if a predicate agrees."""

    anywhere: set[int] = field(default_factory=set)
    at_start: set[int] = field(default_factory=set)
    at_end: set[int] = field(default_factory=set)
    perhaps: list[tuple[int, Predicate]] = field(default_factory=list)


class FieldTests:
    """Evaluates all tests of one field. A test is identified by its index in ``tests``; all tests must be indexable."""

    def __init__(self, tests: Sequence[Test]) -> None:
        self._tests = tests
        self.absent: Numbers = frozenset(number for number, test in enumerate(tests) if holds(test, None))
        """The tests that hold where the field is absent."""
        self._present: set[int] = set()
        self._equal: defaultdict[str, set[int]] = defaultdict(set)
        self._perhaps_equal: defaultdict[str, list[tuple[int, Predicate]]] = defaultdict(list)
        self._numbers: defaultdict[int | float, set[int]] = defaultdict(set)
        self._networks: defaultdict[IPv4Network | IPv6Network, set[int]] = defaultdict(set)
        self._always: list[tuple[int, Predicate]] = []
        self._literals: defaultdict[str, _Literal] = defaultdict(_Literal)
        for number, test in enumerate(tests):
            self._compile(number, test)
        self._base: Numbers = frozenset(self._present)
        self._short = [(text, entry) for text, entry in self._literals.items() if len(text) < MIN_SEARCHED]
        searched = [(text, entry) for text, entry in self._literals.items() if len(text) >= MIN_SEARCHED]
        self._searched = [entry for _, entry in searched]
        self._overlap = 0
        self._find: Callable[[bytes], list[tuple[int, int, int]]] | None = None
        if searched:
            self._overlap = max(len(_encoded(text)) for text, _ in searched) - 1
            automaton = BytesAhoCorasick([_encoded(text) for text, _ in searched])
            self._find = lambda data: automaton.find_matches_as_indexes(data, overlapping=True)

    # ------------------------------------------------------------------------------------------- compiling

    def _compile(self, number: int, test: Test) -> None:
        for literal in test.values:
            match test.operator:
                case Operator.EXISTS:
                    if literal is True:
                        self._present.add(number)
                case Operator.IS:
                    self._compile_equality(number, test, literal)
                case Operator.MATCHES:
                    self._add_perhaps(number, literals_of_regex(str(literal)), literal_predicate(test, literal))
                case Operator.IN_NETWORK:
                    self._networks[ip_network(str(literal))].add(number)
                case _:
                    self._always.append((number, literal_predicate(test, literal)))

    def _compile_equality(self, number: int, test: Test, literal: Literal) -> None:
        if isinstance(literal, str):
            self._compile_pattern(number, test, literal)
        elif isinstance(literal, bool):
            self._perhaps_equal[text_of(literal)].append((number, literal_predicate(test, literal)))
        elif literal is not None:
            self._numbers[literal].add(number)

    def _compile_pattern(self, number: int, test: Test, pattern: str) -> None:
        parts = parts_of(pattern)
        folded = [part.casefold() for part in parts]
        if parts == ("", "*", ""):
            self._present.add(number)
        elif len(parts) == 1 and test.cased:
            self._perhaps_equal[folded[0]].append((number, literal_predicate(test, pattern)))
        elif test.cased:
            literal = max(parts[::2], key=len).casefold()
            found = (literal,) if literal and "?" not in literal else None
            self._add_perhaps(number, found, literal_predicate(test, pattern))
        else:
            match folded:
                case [whole]:
                    self._equal[whole].add(number)
                case [start, "*", ""]:
                    self._literals[start].at_start.add(number)
                case ["", "*", end]:
                    self._literals[end].at_end.add(number)
                case ["", "*", inner, "*", ""]:
                    self._literals[inner].anywhere.add(number)
                case _:
                    needed = literal_of_wildcards(parts[::2])
                    self._add_perhaps(number, None if needed is None else (needed,), literal_predicate(test, pattern))

    def _add_perhaps(self, number: int, literals: Iterable[str] | None, predicate: Predicate) -> None:
        if literals is None:
            self._always.append((number, predicate))
        else:
            for literal in literals:
                self._literals[literal].perhaps.append((number, predicate))

    # ------------------------------------------------------------------------------------------- answering

    @property
    def needs_letters(self) -> bool:
        """Whether no test can be true for a value of digits and punctuation only, such as a number or a time."""
        if self._base or self._always or self._numbers or self._networks:
            return False
        texts = (*self._equal, *self._perhaps_equal, *self._literals)
        return all(set(text) - _IN_NUMBERS for text in texts)

    def of_text(self, text: str) -> Numbers:
        """Return the tests that are true for a text."""
        folded = text.casefold()
        found: set[int] = set(self._base)
        if folded in self._equal:
            found |= self._equal[folded]
        if folded.endswith(" ") and (trimmed := folded.rstrip(" ")) in self._equal:
            found |= self._equal[trimmed]
        if folded in self._perhaps_equal:
            _try(self._perhaps_equal[folded], text, found)
        if self._numbers and (spelled := number_of(text)) is not None and spelled in self._numbers:
            found |= self._numbers[spelled]
        if self._networks:
            addresses = addresses_of(text)
            if addresses:
                found |= self._in_networks(addresses)
        for literal, entry in self._short:
            if literal in folded:
                found |= entry.anywhere
                if entry.at_start and folded.startswith(literal):
                    found |= entry.at_start
                if entry.at_end and folded.endswith(literal):
                    found |= entry.at_end
                _try(entry.perhaps, text, found)
        if self._find is not None:
            self._search(text, folded, found)
        _try(self._always, text, found)
        return frozenset(found)

    def _search(self, text: str, folded: str, found: set[int]) -> None:
        assert self._find is not None, "looked for above"
        data = _encoded(folded)
        size = len(data)
        perhaps: set[int] = set()
        for offset in range(0, size, WINDOW):
            window = data if size <= WINDOW else data[offset : offset + WINDOW + self._overlap]
            for index, start, end in self._find(window):
                entry = self._searched[index]
                found |= entry.anywhere
                if offset + start == 0:
                    found |= entry.at_start
                if offset + end == size:
                    found |= entry.at_end
                if entry.perhaps:
                    perhaps.add(index)
        for index in perhaps:
            _try(self._searched[index].perhaps, text, found)

    def _in_networks(self, addresses: Iterable[IPv4Address | IPv6Address]) -> set[int]:
        return {
            number
            for network, numbers in self._networks.items()
            if any(address in network for address in addresses)
            for number in numbers
        }

    def of_scalar(self, value: Any) -> Numbers:
        """Return the tests that are true for a single value that is not a text."""
        if isinstance(value, bool) or (isinstance(value, int) and abs(value) < MAX_WHOLE):
            return self.of_text(text_of(value))
        return frozenset(number for number, test in enumerate(self._tests) if holds(test, value))


_IN_NUMBERS: Final = frozenset("0123456789-:.tzx")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # records may have lone surrogates, and are compared with them


def _try(candidates: Iterable[tuple[int, Predicate]], text: str, found: set[int]) -> None:
    for number, predicate in candidates:
        if number not in found and predicate(text):
            found.add(number)
