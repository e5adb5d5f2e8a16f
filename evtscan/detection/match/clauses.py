"""Condition → necessary tests: those that must hold, and those that must not, for it to be true.

A *clause* is a set of tests at least one of which holds (or is unknown) wherever the condition holds (or is unknown).
A *veto* is a test that makes the condition false where it holds. Both are necessary conditions, made to be checked for
all rules at once; which rules really match is decided by evaluating them.
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
    """The clauses of a condition, the most selective first; empty if it may hold whatever the indexed tests say."""
    return sorted(dict.fromkeys(_clauses(condition, is_indexed)), key=_frequency)


def vetoes_of(condition: Condition, is_indexed: Callable[[Test], bool]) -> frozenset[Test]:
    """The indexed tests each of which makes a condition false."""
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
    """Tests each of which makes a condition true."""
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
    """A guess at the share of events for which a test holds, for ranking; 1 means "always"."""
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
