"""Derive necessary tests from a condition: tests that must hold, and tests that must not hold, for it to be true.

A *clause* is a set of tests: if the condition is true (or unknown), at least one of them is true (or unknown). A *veto*
is a test that makes the condition false if the test is true. Both are necessary conditions that can be checked for all
rules at once. Evaluating the remaining rules then decides which of them match.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from evtscan.detection.model.condition import All, Any, Condition, Not, Operator, Test
from evtscan.detection.model.modifiers import parts_of

Clause = frozenset[Test]

MAX_TESTS: Final = 400
"""Tests of one clause; a longer one is of no use, since it nearly always holds."""

MAX_ALTERNATIVES: Final = 4
"""Clauses that are made of one list of alternatives."""


def clauses_of(condition: Condition, is_indexed: Callable[[Test], bool]) -> list[Clause]:
    """Return the clauses of a condition, most selective first; empty if indexed tests cannot exclude the condition."""
    return sorted(dict.fromkeys(_clauses(condition, is_indexed)), key=_frequency)


def vetoes_of(condition: Condition, is_indexed: Callable[[Test], bool]) -> frozenset[Test]:
    """Return the indexed tests each of which makes the condition false if it is true."""
    return frozenset(_vetoes(condition, is_indexed))


def _clauses(condition: Condition, is_indexed: Callable[[Test], bool]) -> Iterator[Clause]:
    match condition:
        case Test():
            if is_indexed(condition) and _share_of(condition) < 1:
                yield frozenset({condition})
        case All(children):
            for child in children:
                yield from _clauses(child, is_indexed)
        case Any(children) if children:
            found = [clauses_of(child, is_indexed) for child in children]
            if all(found):
                for number in range(min(max(map(len, found)), MAX_ALTERNATIVES)):
                    joined = frozenset[Test]().union(*(one[min(number, len(one) - 1)] for one in found))
                    if len(joined) <= MAX_TESTS:
                        yield joined


def _vetoes(condition: Condition, is_indexed: Callable[[Test], bool]) -> Iterator[Test]:
    match condition:
        case All(children):
            for child in children:
                yield from _vetoes(child, is_indexed)
        case Not(child):
            yield from _sufficient(child, is_indexed)


def _sufficient(condition: Condition, is_indexed: Callable[[Test], bool]) -> Iterator[Test]:
    """Yield tests each of which makes the condition true if it is true."""
    match condition:
        case Test():
            if is_indexed(condition):
                yield condition
        case Any(children):
            for child in children:
                yield from _sufficient(child, is_indexed)
        case All((child,)):
            yield from _sufficient(child, is_indexed)


def _frequency(clause: Clause) -> tuple[float, int]:
    return sum(map(_share_of, clause)), len(clause)


@lru_cache(maxsize=1 << 15)
def _share_of(test: Test) -> float:
    """Estimate the share of events for which a test is true, for ranking; 1 means "always"."""
    match test.operator:
        case Operator.IS:
            return min(1.0, sum(map(_share_of_literal, test.values)))
        case Operator.MATCHES | Operator.IN_NETWORK:
            return 0.3
        case _:
            return 1


def _share_of_literal(literal: object) -> float:
    if not isinstance(literal, str):
        return 0.05
    parts = parts_of(literal)
    length = max(map(len, parts[::2]))
    if length == 0:
        return 1
    anchored = bool(parts[0]) or bool(parts[-1])
    return max(0.001, 0.6**length) if not anchored else 0.02
