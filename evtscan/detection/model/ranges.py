"""Comparisons in a rule's text, such as ``>=5.0, <5.0.2195``: of versions, of days and times, of numbers.

An operand in braces is a reference: ``>{file.ntoskrnl.exe.version}`` refers to a fact, ``={event.Data1}`` to a field of
the event. The caller replaces references by their values before the comparison.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evtscan.base.versions import version_key
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.model.condition import Operator, Test
from evtscan.detection.model.values import instant_of, number_of

EVENT: Final = "event."
"""What the name of a field of the event begins with, among the facts of a host."""

_DAY_TICKS = 86_400 * TICKS_PER_SECOND
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_PART = re.compile(r'\s*(<=|>=|!=|<|>|=)\s*("(?:[^"\\]|\\.)*"|[^,]*?)\s*(,|\Z)', re.DOTALL)
_REFERENCE = re.compile(r"\{([^{}\s][^{}]*)\}\Z")
_HOLDS: Final[Mapping[str, Callable[[Any, Any, Any], bool]]] = {
    "<": lambda value, low, high: value < low,
    "<=": lambda value, low, high: value <= high,
    ">": lambda value, low, high: value > high,
    ">=": lambda value, low, high: value >= low,
    "=": lambda value, low, high: low <= value <= high,
    "!=": lambda value, low, high: not low <= value <= high,
}
"""What each sign says of a value and an operand that reaches from ``low`` to ``high``, as a day does."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator and its operand: a version, a day or time, a number, or (``filled``) any text."""

    sign: str
    operand: str
    filled: bool = False

    @property
    def reference(self) -> str:
        """Return the name of the fact or field that the operand refers to, or an empty text."""
        match = None if self.filled else _REFERENCE.match(self.operand)
        return match[1] if match else ""

    @property
    def is_time(self) -> bool:
        """Whether it compares with a day or a time."""
        return instant_of(self.operand) is not None


def is_range(literal: Any) -> bool:
    """Whether a value begins with a comparison."""
    return isinstance(literal, str) and _PART.match(literal) is not None


def parse_range(literal: str, *, numbers: bool = False) -> tuple[Comparison, ...]:
    """Split a range such as ``>=5.0, <5.0.2195``. ``numbers`` also allows negative and hexadecimal numbers.

    Raises:
        ValueError: if the text is not a list of comparisons; the message says what is wrong.
    """
    comparisons = []
    end, more = 0, True
    while more:
        match = _PART.match(literal, end)
        if match is None:
            raise ValueError(f"{_up_to_comma(literal, end)!r} in {literal!r} has no comparison (<, <=, >, >=, =, !=)")
        end, more = match.end(), match[3] == ","
        part = _comparison(match[1], match[2])
        comparisons.append(part)
        if not part.reference and not part.filled and not list(_readings(part, numbers)):
            kinds = "number, dotted version" if numbers else "dotted version"
            raise ValueError(f"{match[2]!r} in {literal!r} is neither a {kinds} nor a date (YYYY-MM-DD)")
    return tuple(comparisons)


def _up_to_comma(literal: str, start: int) -> str:
    return literal[start:].partition(",")[0].strip()


def _comparison(sign: str, operand: str) -> Comparison:
    if operand.startswith('"'):
        try:
            return Comparison(sign, str(json.loads(operand)), filled=True)
        except ValueError:
            pass
    return Comparison(sign, operand)


# ------------------------------------------------------------------------------------------------- comparing

_Reading = tuple[Callable[[str], Any], Any, Any]
"""How to read a value, and the first and the last reading that the operand stands for."""


def within(literal: str, *, numbers: bool = False) -> Callable[[str], bool]:
    """Return a predicate for values in a range; a value that cannot be compared with an operand is outside.

    With ``numbers``, two numbers are compared as numbers and not as versions (as a version, 5.9 is less than 5.10).

    Raises:
        ValueError: as ``parse_range``.
    """
    parts = [(_HOLDS[part.sign], list(_readings(part, numbers))) for part in parse_range(literal, numbers=numbers)]

    def lies_within(value: str) -> bool:
        return all(_compares(sign, readings, value) for sign, readings in parts)

    return lies_within


def _compares(holds: Callable[[Any, Any, Any], bool], readings: list[_Reading], value: str) -> bool:
    for read, low, high in readings:
        found = read(value)
        if found is not None:
            return holds(found, low, high)
    return False


def _readings(comparison: Comparison, numbers: bool) -> Iterator[_Reading]:
    """The ways in which a value can be compared with an operand, most specific first."""
    operand = comparison.operand
    time = _ticks(operand)
    if time is not None:
        yield _ticks, time, time + _DAY_TICKS - 1 if _DAY.match(operand) else time
    number = number_of(operand) if numbers else None
    if number is not None:
        yield number_of, number, number
    version = version_key(operand)
    if version is not None:
        yield version_key, version, version
    if comparison.filled and comparison.sign in ("=", "!="):
        yield str.casefold, operand.casefold(), operand.casefold()


def _ticks(text: str) -> int | None:
    time = instant_of(text)
    return None if time is None else time.ticks


# ------------------------------------------------------------------------------------------------ references


def references_in(test: Test) -> tuple[str, ...]:
    """Return the names in braces that a test compares with, without duplicates."""
    if test.operator is not Operator.IN_RANGE:
        return ()
    ranges = (parse_range(str(literal), numbers=True) for literal in test.values)
    names = (part.reference for comparisons in ranges for part in comparisons)
    return tuple(dict.fromkeys(name for name in names if name))


def filled(literal: str, values: Mapping[str, str]) -> str:
    """A range with each reference replaced by a value, which may be any text."""
    return ", ".join(_written(part, values) for part in parse_range(literal, numbers=True))


def _written(part: Comparison, values: Mapping[str, str]) -> str:
    name = part.reference
    if not name and not part.filled:
        return f"{part.sign}{part.operand}"
    return f"{part.sign}{json.dumps(values[name] if name else part.operand)}"


def facts_in(test: Test) -> tuple[str, ...]:
    """Return the facts of a host that a test needs: its field, if that is a fact, and the facts in braces."""
    return tuple(name for name in _names_in(test) if not name.startswith(EVENT))


def event_fields_in(test: Test) -> tuple[str, ...]:
    """The fields of the event that a condition on the host needs, without the ``event.`` before them."""
    return tuple(name.removeprefix(EVENT) for name in _names_in(test) if name.startswith(EVENT))


def _names_in(test: Test) -> tuple[str, ...]:
    return tuple(dict.fromkeys((test.field, *references_in(test))))
