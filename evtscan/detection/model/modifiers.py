"""The meaning of a test for a value: Sigma's comparisons, orders of versions and dates, and bounds of values.

Sigma compares text without regard to case; ``*`` matches any text, ``?`` one character, and a backslash escapes ``*``,
``?``, and a backslash before one of them (Sigma specification 2.1, "Escaping"). A field with several values passes a
test if one of them does. A number in a rule also matches text that spells it, in decimal or in Windows' hexadecimal.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import chain, islice, product
from typing import Any, Final

import re2

from evtscan.base.logic import Truth
from evtscan.base.model.fact import Bound
from evtscan.base.versions import version_key
from evtscan.base.wintypes import TICKS_PER_SECOND, format_filetime
from evtscan.detection.model.condition import FIELD_OPERATORS, Literal, Operator, Test, TimePart
from evtscan.detection.model.ranges import EVENT, filled, parse_range, references_in, within
from evtscan.detection.model.values import instant_of, number_of, scalars_of, text_of

Predicate = Callable[[Any], bool]
"""Answers for one present scalar value."""

MAX_ENUMERATED = 64
"""A bound with at most this many values is decided by trying each of them."""

MAX_FILLED = 64
"""How many ways to fill in the references of a test are tried at most, where fields have several values."""

_DAY_TICKS: Final = 86_400 * TICKS_PER_SECOND

_ORDERS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


# ------------------------------------------------------------------------------------------------- values


def holds(test: Test, value: Any) -> bool:
    """Whether a value passes a test; None means that the field or fact is known to be absent.

    ``value`` is text, a number, a boolean, or a list, tuple or map of such values; these pass if one value in them
    does.
    """
    scalars = list(scalars_of(value))
    if test.operator is Operator.EXISTS:
        return bool(scalars) is test.values[0]
    if not scalars:
        return test.operator is Operator.IS and None in test.values
    predicate = predicate_of(test)
    return any(map(predicate, scalars))


def check(test: Test) -> None:
    """Compile a test, so that invalid values are found when the rule is loaded.

    Raises:
        ValueError: if a value is not a valid pattern, network or range; the text says what is wrong.
    """
    if test.operator is not Operator.EXISTS and test.operator not in FIELD_OPERATORS:
        predicate_of(test)


_AROUND_FIELD: Final[Mapping[Operator, tuple[str, str]]] = {
    Operator.SAME_AS_FIELD: ("", ""),
    Operator.STARTS_WITH_FIELD: ("", "*"),
    Operator.ENDS_WITH_FIELD: ("*", ""),
    Operator.CONTAINS_FIELD: ("*", "*"),
}


def with_field_value(test: Test, other: Any) -> Test:
    """Replace the field that a test of ``FIELD_OPERATORS`` names by its value, as plain text."""
    before, after = _AROUND_FIELD[test.operator]
    values = tuple(f"{before}{escaped(text_of(scalar))}{after}" for scalar in scalars_of(other))
    return replace(test, values=values, operator=Operator.IS)


def with_references(test: Test, values: Mapping[str, Any]) -> Test:
    """Return a test with each fact or field in a range replaced by its value; an absent value matches nothing."""
    names = references_in(test)
    choices = product(*(scalars_of(values[name]) for name in names))
    texts = [dict(zip(names, map(text_of, choice), strict=True)) for choice in islice(choices, MAX_FILLED)]
    return replace(test, values=tuple(filled(str(literal), text) for literal in test.values for text in texts))


def predicate_of(test: Test) -> Predicate:
    """Return the predicate of a test for one present scalar value; the test must not compare with another field.

    Raises:
        ValueError: if a value of the test is not a valid pattern, network or range.
    """
    return _compiled_once(test, tuple(map(type, test.values)))


@lru_cache(maxsize=65536)
def _compiled_once(test: Test, types: tuple[type, ...]) -> Predicate:
    """Compile a test; ``types`` is part of the cache key because 1 and True are equal in Python."""
    predicates = [literal_predicate(test, literal) for literal in test.values]
    if test.part is not None:
        return _of_part(test.part, predicates)
    if len(predicates) == 1:
        return predicates[0]
    return lambda value: any(predicate(value) for predicate in predicates)


def literal_predicate(test: Test, literal: Literal) -> Predicate:
    """Return a predicate that compares one present scalar value with one literal of a test.

    Raises:
        ValueError: if the literal is not a valid pattern, network or range, or the test compares with another field.
    """
    match test.operator:
        case Operator.IS:
            return _equality(literal, test.cased)
        case Operator.MATCHES:
            return _expression(str(literal))
        case Operator.IN_NETWORK:
            return _network(str(literal))
        case Operator.IN_RANGE:
            lies_within = within(str(literal), numbers=test.field.startswith(EVENT))
            return lambda value: lies_within(text_of(value))
        case Operator.LESS | Operator.AT_MOST | Operator.MORE | Operator.AT_LEAST:
            return _order(_ORDERS[test.operator], literal)
    raise ValueError(f"{test.operator} has no predicate of its own")


def _equality(literal: Literal, cased: bool) -> Predicate:
    if isinstance(literal, str):
        return _text_pattern(literal, cased)
    if literal is None:
        return lambda value: False
    if isinstance(literal, bool):
        wanted = text_of(literal)
        return lambda value: isinstance(value, (bool, str)) and text_of(value).lower() == wanted
    return lambda value: number_of(value) == literal


def _order(compare: Callable[[Any, Any], bool], literal: Literal) -> Predicate:
    def in_order(value: Any) -> bool:
        number = number_of(value)
        return number is not None and compare(number, literal)

    return in_order


def _network(literal: str) -> Predicate:
    network = ip_network(literal)

    return lambda value: any(address in network for address in addresses_of(text_of(value)))


def addresses_of(text: str) -> tuple[IPv4Address | IPv6Address, ...]:
    """The IP address that a text spells; an IPv4 address in IPv6 form counts as both; empty if it is no address.

    Windows logs ``::ffff:192.0.2.1`` for an IPv4 address on a socket that serves both.
    """
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ()
    mapped = getattr(address, "ipv4_mapped", None)
    return (address,) if mapped is None else (address, mapped)


_FIRST_MOMENT = datetime(1601, 1, 1)
_READ_PART: Final[Mapping[TimePart, Callable[[datetime], int]]] = {
    TimePart.MINUTE: lambda moment: moment.minute,
    TimePart.HOUR: lambda moment: moment.hour,
    TimePart.DAY: lambda moment: moment.day,
    TimePart.WEEK: lambda moment: moment.isocalendar().week,
    TimePart.MONTH: lambda moment: moment.month,
    TimePart.YEAR: lambda moment: moment.year,
}


def _of_part(part: TimePart, predicates: Iterable[Predicate]) -> Predicate:
    """A test of a part of a time, in UTC, with weeks of ISO 8601. A value that is no time fails it."""
    read, wanted = _READ_PART[part], list(predicates)

    def fits(value: Any) -> bool:
        time = instant_of(value)
        if time is None:
            return False
        number = read(_FIRST_MOMENT + timedelta(seconds=time.ticks // TICKS_PER_SECOND))
        return any(predicate(number) for predicate in wanted)

    return fits


# ------------------------------------------------------------------------------------------ text with wildcards

_SPECIAL = re.compile(r"\\[*?\\]|[*?]")


@lru_cache(maxsize=1 << 14)
def parts_of(pattern: str) -> tuple[str, ...]:
    r"""Split a Sigma string: plain text at even indexes, the wildcards ``*`` or ``?`` at odd ones.

    >>> parts_of(r"C:\temp\*.ex?")
    ('C:\\temp*.ex', '?', '')
    """
    parts = [""]
    end = 0
    for match in _SPECIAL.finditer(pattern):
        parts[-1] += pattern[end : match.start()]
        end = match.end()
        if len(match[0]) == 2:
            parts[-1] += match[0][1]
        else:
            parts += [match[0], ""]
    parts[-1] += pattern[end:]
    return tuple(parts)


def plain_text(pattern: str) -> str | None:
    """The text of a Sigma string without wildcards; None if it has any."""
    parts = parts_of(pattern)
    return parts[0] if len(parts) == 1 else None


def escaped(text: str) -> str:
    """The Sigma string that matches exactly this text."""
    return re.sub(r"[*?\\]", r"\\\g<0>", text)


def _text_pattern(pattern: str, cased: bool) -> Predicate:
    fold = str if cased else str.casefold
    match [fold(part) for part in parts_of(pattern)]:
        case [whole]:
            return _equal_text(whole, cased)
        case ["", "*", ""]:
            return lambda value: True
        case [start, "*", ""]:
            return lambda value: fold(text_of(value)).startswith(start)
        case ["", "*", end]:
            return lambda value: fold(text_of(value)).endswith(end)
        case ["", "*", inner, "*", ""]:
            return lambda value: inner in fold(text_of(value))
        case parts:
            wildcards = {"*": ".*", "?": "."}
            expression = "".join(wildcards[part] if i % 2 else re2.escape(part) for i, part in enumerate(parts))
            matches = compiled(f"(?s){expression}").fullmatch
            return lambda value: matches(encodable(fold(text_of(value)))) is not None


def _equal_text(whole: str, cased: bool) -> Predicate:
    """Equality; unless ``cased``, blanks at the end of a value do not count: Windows pads some names."""
    if cased:
        return lambda value: text_of(value) == whole

    def equals(value: Any) -> bool:
        folded = text_of(value).casefold()
        return folded == whole or folded.rstrip(" ") == whole

    return equals


def _expression(pattern: str) -> Predicate:
    search = compiled(pattern).search
    return lambda value: search(encodable(text_of(value))) is not None


def compiled(pattern: str) -> Any:
    """Compile an RE2 pattern; matching takes linear time and bounded memory, and RE2 prints no messages.

    Raises:
        ValueError: if RE2 does not accept it; the text says why.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        raise ValueError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from error


def encodable(text: str) -> str:
    """Replace lone surrogates, which damaged records may contain and which RE2 rejects, because it works on UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


# ------------------------------------------------------------------------------------------------------ bounds


def critical_values(test: Test) -> tuple[int, ...] | None:
    """The integers around which the truth of a test can change: each literal and its neighbours, in order.

    Between two of them, and beyond the outermost, the truth is the same for every integer. None if no such list
    exists (wildcards, regular expressions, networks, parts of times).
    """
    if test.operator in (Operator.MATCHES, Operator.IN_NETWORK, *FIELD_OPERATORS) or test.part is not None:
        return None
    if test.operator is Operator.EXISTS:
        return ()
    if test.operator is Operator.IS and any(isinstance(v, str) and plain_text(v) is None for v in test.values):
        return None
    numbers = chain.from_iterable(_numbers_in(test.operator, literal) for literal in test.values)
    near = {whole + step for number in numbers for whole in _whole(number) for step in (-1, 0, 1)}
    return tuple(sorted(near))


def _numbers_in(kind: Operator, literal: Literal) -> Iterator[int | float]:
    if kind is Operator.IN_RANGE:
        for comparison in parse_range(str(literal)):
            yield from (version_key(comparison.operand) or ())[:1]
    else:
        number = number_of(plain_text(literal) if isinstance(literal, str) else literal)
        if number is not None:
            yield number


def _whole(number: int | float) -> tuple[int, ...]:
    return (math.floor(number), math.ceil(number))


def holds_within(test: Test, bound: Bound) -> Truth:
    """Whether a test holds for an integer with a known bound: unknown unless all possible integers give one answer."""
    samples = _integers_in(bound, critical_values(test))
    return Truth.UNKNOWN if samples is None else _agreement(test, samples)


def _integers_in(bound: Bound, critical: tuple[int, ...] | None) -> Iterable[int] | None:
    if bound.low is not None and bound.high is not None and bound.high - bound.low < MAX_ENUMERATED:
        return range(bound.low, bound.high + 1)
    if critical is None:
        return None
    ends = [end for end in (bound.low, bound.high) if end is not None]
    inside = [
        value
        for value in critical
        if (bound.low is None or bound.low <= value) and (bound.high is None or value <= bound.high)
    ]
    return ends + inside or (0,)


def holds_up_to(test: Test, upper: str) -> Truth:
    """Whether a test holds for a version or a day with a known upper limit (inclusive), as ``holds_within``."""
    order = next((order for order in _ORDERED_TEXTS if order.key(upper) is not None), None)
    if order is None or test.part is not None or test.operator not in (Operator.IS, Operator.IN_RANGE):
        return Truth.UNKNOWN
    operands = list(chain.from_iterable(_operands_in(test.operator, literal) for literal in test.values))
    if any(operand is None or order.key(operand) is None for operand in operands):
        return Truth.UNKNOWN
    limit = order.key(upper)
    near = [text for operand in operands for text in order.around(str(operand))]
    return _agreement(test, [order.first, upper, *(text for text in near if order.key(text) <= limit)])


@dataclass(frozen=True, slots=True)
class _OrderedTexts:
    """An order of texts: its first text, the sort key of a text (None: not comparable), and its neighbours."""

    first: str
    key: Callable[[str], Any]
    around: Callable[[str], tuple[str, ...]]


def _day(text: str) -> int | None:
    time = instant_of(text)
    return None if time is None else time.ticks // _DAY_TICKS


def _days_around(text: str) -> tuple[str, ...]:
    day = _day(text)
    assert day is not None, "whoever asks has looked"
    return tuple(format_filetime((day + step) * _DAY_TICKS, 0)[:10] for step in (-1, 0, 1) if day + step >= 0)


_ORDERED_TEXTS: Final = (
    _OrderedTexts("1601-01-01", _day, _days_around),
    _OrderedTexts("0", version_key, lambda version: (version, f"{version}.0.0.1")),
)


def _operands_in(kind: Operator, literal: Literal) -> Iterator[str | None]:
    """Yield the operands of a literal; None for an operand without an order."""
    if kind is Operator.IN_RANGE:
        yield from (comparison.operand for comparison in parse_range(str(literal)))
    else:
        yield plain_text(literal) if isinstance(literal, str) else None


def _agreement(test: Test, samples: Iterable[Any]) -> Truth:
    answers = {holds(test, sample) for sample in samples}
    if len(answers) != 1:
        return Truth.UNKNOWN
    return Truth.TRUE if answers.pop() else Truth.FALSE
