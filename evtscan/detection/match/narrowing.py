"""Reduce conditions for one kind of event (event id, provider, channel), and compile them to functions.

All events with one id, source and channel have the same results for tests of these fields. So most tests of a rule are
evaluated once for all events of a kind, and often no test remains. The remaining condition is compiled to a function,
because it may be called a million times for one log.
"""

from collections.abc import Callable, Iterable
from typing import Final

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.match.fields import TIMES, field_value
from evtscan.detection.model.condition import (
    FIELD_OPERATORS,
    All,
    Any,
    Condition,
    Not,
    Operator,
    Test,
    Unobservable,
    conjunction,
    disjunction,
)
from evtscan.detection.model.modifiers import predicate_of

ALWAYS: Final = All(())
NEVER: Final = Any(())


def narrowed(condition: Condition, event: Event) -> Condition:
    """Return the part of a condition that event id, provider and channel do not decide; or ``ALWAYS``, or ``NEVER``."""
    match condition:
        case Test():
            settled = tests_kind(condition) and (condition.field != "Channel" or event.channel is not None)
            return _settled(condition, event) if settled else condition
        case All(children):
            return _joined((narrowed(child, event) for child in children), conjunction, ALWAYS, NEVER)
        case Any(children):
            return _joined((narrowed(child, event) for child in children), disjunction, NEVER, ALWAYS)
        case Not(child):
            inner = narrowed(child, event)
            return NEVER if inner == ALWAYS else ALWAYS if inner == NEVER else Not(inner)
        case _:
            return condition


def tests_kind(test: Test) -> bool:
    """Whether a test has one result for all events of an event id, source and channel, if the channel is known."""
    return test.field in ("EventID", "Provider_Name", "Channel") and test.operator not in FIELD_OPERATORS


def _settled(test: Test, event: Event) -> Condition:
    match truth_in(event, test):
        case Truth.TRUE:
            return ALWAYS
        case Truth.FALSE:
            return NEVER
    return test


def _joined(
    parts: Iterable[Condition], join: Callable[..., Condition], neutral: Condition, decisive: Condition
) -> Condition:
    """Join the undecided parts; a ``decisive`` part decides the whole, a ``neutral`` part is dropped."""
    left = []
    for part in parts:
        if part == decisive:
            return decisive
        if part != neutral:
            left.append(part)
    return join(*left) if left else neutral


# ------------------------------------------------------------------------------------------------------ asking

Answer = Callable[[Event], Truth]
"""What an event says to a condition."""


def answering(condition: Condition) -> Answer:
    """Compile a condition to a function of events with the same result as ``truth_of`` with ``truth_in``."""
    match condition:
        case Test():
            return _answering_test(condition)
        case All(children):
            return _all(tuple(map(answering, children)), Truth.FALSE)
        case Any(children):
            return _all(tuple(map(answering, children)), Truth.TRUE)
        case Not(child):
            inner = answering(child)
            return lambda event: ~inner(event)
        case Unobservable():
            return lambda event: Truth.UNKNOWN


def _all(parts: tuple[Answer, ...], decisive: Truth) -> Answer:
    """Return the conjunction of the parts if ``decisive`` is FALSE, the disjunction if it is TRUE."""

    def answer(event: Event) -> Truth:
        result = ~decisive
        for part in parts:
            truth = part(event)
            if truth is decisive:
                return truth
            if truth is Truth.UNKNOWN:
                result = truth
        return result

    return answer


def _answering_test(test: Test) -> Answer:
    field = test.field
    if not field or test.operator in FIELD_OPERATORS or test.operator is Operator.EXISTS or field in TIMES:
        return lambda event: truth_in(event, test)
    accepts = predicate_of(test)

    def answer(event: Event) -> Truth:
        value = field_value(event, field)
        if type(value) is str:  # nearly all values of data are
            return Truth.TRUE if accepts(value) else Truth.FALSE
        return truth_in(event, test)

    return answer
