"""The condition tree of detections and host conditions, its truth, and its explanation.

A condition does not define where values come from: the caller passes a function that answers one ``Test``. The
matcher answers from the fields of an event, the verdicts from the facts of a host.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Union

from evtscan.base.logic import Truth, all_of, any_of
from evtscan.base.model.finding import Explanation, NodeKind

Literal = str | int | float | bool | None
"""A value as a rule states it. Text is a Sigma string where the operator is ``IS``: ``*``, ``?``, backslash escapes."""


class Operator(Enum):
    """The way in which a test compares a value with its literals."""

    IS = "is"
    MATCHES = "matches"
    IN_NETWORK = "lies in"
    LESS = "is less than"
    AT_MOST = "is at most"
    MORE = "is more than"
    AT_LEAST = "is at least"
    EXISTS = "exists"
    SAME_AS_FIELD = "is the same as"
    STARTS_WITH_FIELD = "starts with the value of"
    ENDS_WITH_FIELD = "ends with the value of"
    CONTAINS_FIELD = "contains the value of"
    IN_RANGE = "is in the range"

    __hash__ = object.__hash__  # members are singletons; Enum's own hash runs in Python, for each test of each rule


FIELD_OPERATORS = frozenset(
    {Operator.SAME_AS_FIELD, Operator.STARTS_WITH_FIELD, Operator.ENDS_WITH_FIELD, Operator.CONTAINS_FIELD}
)
"""Operators whose literal is the name of another field."""


class TimePart(Enum):
    """The part of a time that a test compares (Sigma specification 2.1, "Time-based modifiers"); all UTC."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One comparison: it holds if the value of ``field`` matches any of ``values``.

    ``field`` names a field of an event or a fact of a host; if it is empty, the test is a keyword that any value may
    contain. The type of ``values`` depends on the operator: Sigma strings, numbers, booleans or None (absent) for
    ``IS``; RE2 patterns for ``MATCHES``; networks in CIDR form for ``IN_NETWORK``; numbers for the four orders; one
    boolean for ``EXISTS``; the name of another field for ``SAME_AS_FIELD`` and the other operators on fields; texts
    such as ``>=5.0, <5.0.2195`` for ``IN_RANGE``. With a ``part``, the value is a time, and that part of it is
    compared. ``text`` is the test in readable form.
    """

    __test__ = False  # not a test of pytest's

    field: str
    values: tuple[Literal, ...]
    text: str
    operator: Operator = Operator.IS
    cased: bool = False
    part: TimePart | None = None


@dataclass(frozen=True, slots=True)
class Unobservable:
    """A condition that no evidence of the host can show. It is always unknown, and its text is the question to ask.

    ``elsewhere``: the evidence of another host can show it, and the text names what to look for there. ``{FIELD}`` in
    the text is replaced by a field of the event.
    """

    text: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Holds if every child does; without children it holds."""

    children: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Holds if a child does; without children it does not."""

    children: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds if its child does not."""

    child: "Condition"


Condition = Union[All, Any, Not, Test, Unobservable]  # noqa: UP007 - the classes name the union in text


def conjunction(*children: Condition) -> Condition:
    """Return the conjunction of conditions; a single condition is returned unchanged."""
    return children[0] if len(children) == 1 else All(children)


def disjunction(*children: Condition) -> Condition:
    """Return the disjunction of conditions; a single condition is returned unchanged."""
    return children[0] if len(children) == 1 else Any(children)


def tests_in(condition: Condition) -> Iterator[Test]:
    """Every test of a condition, in the order in which the rule states them."""
    match condition:
        case Test():
            yield condition
        case All(children) | Any(children):
            for child in children:
                yield from tests_in(child)
        case Not(child):
            yield from tests_in(child)


def unobservables_in(condition: Condition) -> Iterator[Unobservable]:
    """The unobservable parts of a condition."""
    match condition:
        case Unobservable():
            yield condition
        case All(children) | Any(children):
            for child in children:
                yield from unobservables_in(child)
        case Not(child):
            yield from unobservables_in(child)


def truth_of(condition: Condition, leaf: Callable[[Test], Truth]) -> Truth:
    """The truth of a condition; evaluation stops as soon as the result is certain."""
    match condition:
        case Test():
            return leaf(condition)
        case All(children):
            return all_of(truth_of(child, leaf) for child in children)
        case Any(children):
            return any_of(truth_of(child, leaf) for child in children)
        case Not(child):
            return ~truth_of(child, leaf)
        case Unobservable():
            return Truth.UNKNOWN


def explain_unobservable(condition: Unobservable) -> Explanation:
    """The explanation of an unobservable condition, with how to find out."""
    text = condition.text
    way = f"look at {text}" if condition.elsewhere else f"ask whether this is so: {text}"
    return Explanation(text=text, truth=Truth.UNKNOWN, how_to_get=way)


def evaluate(
    condition: Condition,
    leaf: Callable[[Test, bool], Explanation],
    positive: bool = True,
    unobservable: Callable[[Unobservable], Explanation] = explain_unobservable,
) -> Explanation:
    """Return the truth of a condition with all reasons: every test is evaluated, even after the result is certain.

    ``leaf`` evaluates one test. Its second argument is True if the test is under an even number of negations (or none),
    and False under an odd number, so that a leaf can refuse an assumption that would favour one of the outcomes.
    ``unobservable`` returns the explanation of an unobservable condition.
    """
    match condition:
        case Test():
            return leaf(condition, positive)
        case All(children):
            parts = tuple(evaluate(child, leaf, positive, unobservable) for child in children)
            return _joined(NodeKind.ALL, parts, all_of, Truth.FALSE)
        case Any(children):
            parts = tuple(evaluate(child, leaf, positive, unobservable) for child in children)
            return _joined(NodeKind.ANY, parts, any_of, Truth.TRUE)
        case Not(child):
            inner = evaluate(child, leaf, not positive, unobservable)
            return Explanation(text="not", truth=~inner.truth, kind=NodeKind.NOT, basis=inner.basis, children=(inner,))
        case Unobservable():
            return unobservable(condition)


def _joined(
    kind: NodeKind, children: tuple[Explanation, ...], join: Callable[[Iterator[Truth]], Truth], decisive: Truth
) -> Explanation:
    """Return a node over its children; one child with the ``decisive`` truth decides the result."""
    truth = join(child.truth for child in children)
    basis = _basis(truth, children, truth is decisive)
    return Explanation(text=f"{kind.value} of", truth=truth, kind=kind, basis=basis, children=children)


def _basis(truth: Truth, children: tuple[Explanation, ...], one_suffices: bool) -> str:
    """The basis of a result: ``carried`` unless children with stated facts are enough to decide it."""
    if truth is Truth.UNKNOWN:
        return ""
    carried = [child.basis == "carried" for child in children if child.truth is truth]
    assumed = all(carried) if one_suffices else any(carried)
    return "carried" if assumed else "stated"
