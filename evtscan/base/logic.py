"""Three-valued truth and its operators (Kleene's strong logic of indeterminacy)."""

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """The truth of a statement. ``UNKNOWN`` is neither true nor false."""

    FALSE = "false"
    UNKNOWN = "unknown"
    TRUE = "true"

    def __invert__(self) -> "Truth":
        return _NEGATED[self]

    def __bool__(self) -> bool:
        raise TypeError("a Truth has three values: compare it with Truth.TRUE, FALSE or UNKNOWN")


_NEGATED = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


def truth(value: bool | None) -> Truth:
    """Turn a bool, or None for unknown, into a Truth."""
    return Truth.UNKNOWN if value is None else Truth.TRUE if value else Truth.FALSE


def all_of(truths: Iterable[Truth]) -> Truth:
    """Conjunction: false if any is false, else unknown if any is unknown, else true (also for none at all)."""
    result = Truth.TRUE
    for item in truths:
        if item is Truth.FALSE:
            return Truth.FALSE
        if item is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Disjunction: true if any is true, else unknown if any is unknown, else false (also for none at all)."""
    return ~all_of(~item for item in truths)
