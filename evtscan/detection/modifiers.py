"""What a test says of a value: Sigma's comparisons, orders of versions and dates, and bounds instead of values.

Sigma compares text without regard to case; ``*`` stands for any text, ``?`` for one character, and a backslash takes
the meaning from ``*``, ``?`` and from a backslash before one of them (Sigma specification 2.1, "Escaping"). A field
with several values passes a test if one of them does. A number in a rule also fits text that spells it, in decimal or
in Windows' hexadecimal.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Any, Final

import re2

from evtscan.detection.condition import Literal, Operator, Test
from evtscan.logic import Truth
from evtscan.model import Bound
from evtscan.versions import version_key

Predicate = Callable[[Any], bool]
"""Answers for one present scalar value."""

MAX_ENUMERATED = 64
"""A bound with at most this many values is decided by trying each of them."""

_ORDERS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


# ------------------------------------------------------------------------------------------------- values


def holds(test: Test, value: Any) -> bool:
    """Whether a value passes a test; None says that the field or fact is known to be absent.

    ``value`` is text, a number, a boolean, or a list, tuple or map of such: those pass if one value in them does.
    """
    scalars = list(scalars_of(value))
    if test.operator is Operator.EXISTS:
        return bool(scalars) is test.values[0]
    if not scalars:
        return test.operator is Operator.IS and None in test.values
    predicate = _predicate(test)
    return any(map(predicate, scalars))


def check(test: Test) -> None:
    """Compile a test, so that what is wrong with its values shows when the rule is loaded.

    Raises:
        ValueError: if a value is not a pattern, network or range; the text says what is wrong.
    """
    if test.operator not in (Operator.EXISTS, Operator.SAME_AS_FIELD):
        _predicate(test)


def scalars_of(value: Any) -> Iterator[str | int | float | bool]:
    """The single values in a value, nested ones included; None stands for no value at all."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple)):
            waiting.extend(reversed(item))
        elif item is not None:
            yield item


def with_field_value(test: Test, other: Any) -> Test:
    """Put the value of the field that a ``SAME_AS_FIELD`` test names in its place, as plain text."""
    values = tuple(escaped(_text(scalar)) for scalar in scalars_of(other))
    return Test(field=test.field, values=values, text=test.text, cased=test.cased)


def _predicate(test: Test) -> Predicate:
    return _compiled_once(test, tuple(map(type, test.values)))


@lru_cache(maxsize=65536)
def _compiled_once(test: Test, types: tuple[type, ...]) -> Predicate:
    """Compile a test; ``types`` tells 1 from True in the key of the cache, which are equal in Python."""
    predicates = [_literal_predicate(test, literal) for literal in test.values]
    if len(predicates) == 1:
        return predicates[0]
    return lambda value: any(predicate(value) for predicate in predicates)


def _literal_predicate(test: Test, literal: Literal) -> Predicate:
    match test.operator:
        case Operator.IS:
            return _equality(literal, test.cased)
        case Operator.MATCHES:
            return _expression(str(literal))
        case Operator.IN_NETWORK:
            return _network(str(literal))
        case Operator.IN_RANGE:
            return _range_predicate(str(literal))
        case Operator.LESS | Operator.AT_MOST | Operator.MORE | Operator.AT_LEAST:
            return _order(_ORDERS[test.operator], literal)
    raise ValueError(f"{test.operator} has no predicate of its own")


def _equality(literal: Literal, cased: bool) -> Predicate:
    if isinstance(literal, str):
        return _text_pattern(literal, cased)
    if literal is None:
        return lambda value: False
    if isinstance(literal, bool):
        wanted = _text(literal)
        return lambda value: isinstance(value, (bool, str)) and _text(value).lower() == wanted
    return lambda value: number_of(value) == literal


def _order(compare: Callable[[Any, Any], bool], literal: Literal) -> Predicate:
    def in_order(value: Any) -> bool:
        number = number_of(value)
        return number is not None and compare(number, literal)

    return in_order


def _network(literal: str) -> Predicate:
    network = ip_network(literal)

    def contains(value: Any) -> bool:
        try:
            address = ip_address(_text(value).strip())
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)  # Windows logs ::ffff:192.0.2.1 for IPv4 on a dual-stack socket
        return address in network or (mapped is not None and mapped in network)

    return contains


_NUMBER = re.compile(r"\s*(?:(-?\d{1,30})|(0x[0-9a-f]{1,16})|(-?\d{1,30}\.\d{1,30}))\s*\Z", re.IGNORECASE)


def number_of(value: Any) -> int | float | None:
    """The number that a value is or spells (decimal, or hexadecimal with ``0x``), else None; a boolean is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    match = _NUMBER.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    if match[1]:
        return int(match[1])
    return int(match[2], 16) if match[2] else float(match[3])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# ------------------------------------------------------------------------------------------ text with wildcards

_SPECIAL = re.compile(r"\\[*?\\]|[*?]")


def parts_of(pattern: str) -> tuple[str, ...]:
    r"""Split a Sigma string into plain parts and wildcards: text at even places, ``*`` or ``?`` at odd ones.

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
    """What a Sigma string without wildcards stands for; None if it has any."""
    parts = parts_of(pattern)
    return parts[0] if len(parts) == 1 else None


def escaped(text: str) -> str:
    """The Sigma string that stands for exactly this text."""
    return re.sub(r"[*?\\]", r"\\\g<0>", text)


def _text_pattern(pattern: str, cased: bool) -> Predicate:
    fold = str if cased else str.casefold
    match [fold(part) for part in parts_of(pattern)]:
        case [whole]:
            return lambda value: fold(_text(value)) == whole
        case ["", "*", ""]:
            return lambda value: True
        case [start, "*", ""]:
            return lambda value: fold(_text(value)).startswith(start)
        case ["", "*", end]:
            return lambda value: fold(_text(value)).endswith(end)
        case ["", "*", inner, "*", ""]:
            return lambda value: inner in fold(_text(value))
        case parts:
            wildcards = {"*": ".*", "?": "."}
            expression = "".join(wildcards[part] if i % 2 else re2.escape(part) for i, part in enumerate(parts))
            matches = compiled(f"(?s){expression}").fullmatch
            return lambda value: matches(_encodable(fold(_text(value)))) is not None


def _expression(pattern: str) -> Predicate:
    search = compiled(pattern).search
    return lambda value: search(_encodable(_text(value))) is not None


def compiled(pattern: str) -> Any:
    """Compile an RE2 pattern: linear time, bounded memory, silent.

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


def _encodable(text: str) -> str:
    """RE2 works on UTF-8, which has no lone surrogates; a damaged record may."""
    return text.encode("utf-8", "replace").decode("utf-8")


# --------------------------------------------------------------------------------------- versions, dates, ranges

_COMPARISON = re.compile(r"\s*(<=|>=|!=|<|>|=)\s*(.*?)\s*\Z", re.DOTALL)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?\Z", re.DOTALL)
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def is_range(literal: Literal) -> bool:
    """Whether a value of a host condition begins with a comparison, so that it is an order of versions or dates."""
    return isinstance(literal, str) and _COMPARISON.match(literal) is not None


def parse_range(literal: str) -> tuple[tuple[str, str], ...]:
    """Split ``>=5.0, <5.0.2195`` into comparisons and operands, each a dotted version or a date (YYYY-MM-DD).

    Raises:
        ValueError: if it is not one; the text says what is wrong.
    """
    comparisons = []
    for part in literal.split(","):
        match = _COMPARISON.match(part)
        if match is None:
            raise ValueError(f"{part.strip()!r} in {literal!r} has no comparison (<, <=, >, >=, =, !=)")
        if _comparable(match[2], match[2]) is None:
            raise ValueError(f"{match[2]!r} in {literal!r} is neither a dotted version nor a date (YYYY-MM-DD)")
        comparisons.append((match[1], match[2]))
    return tuple(comparisons)


def _range_predicate(literal: str) -> Predicate:
    comparisons = parse_range(literal)

    def within(value: Any) -> bool:
        pairs = ((sign, _comparable(_text(value), operand)) for sign, operand in comparisons)
        return all(pair is not None and _COMPARE[sign](*pair) for sign, pair in pairs)

    return within


def _comparable(value: str, operand: str) -> tuple[Any, Any] | None:
    """Value and operand as things that have an order: days where the operand is one, else versions."""
    day = _DATE.match(operand)
    if day is not None:
        other = _DATE.match(value)
        return (other[1], day[1]) if other is not None else None
    left, right = version_key(value), version_key(operand)
    return (left, right) if left is not None and right is not None else None


# ------------------------------------------------------------------------------------------------------ bounds


def critical_values(test: Test) -> tuple[int, ...] | None:
    """The integers around which the truth of a test can change: each literal and its neighbours, in order.

    Between two of them, and beyond the outermost, the truth is the same for every integer. None if no such list
    exists (wildcards, regular expressions, networks).
    """
    if test.operator in (Operator.MATCHES, Operator.IN_NETWORK, Operator.SAME_AS_FIELD):
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
        for _, operand in parse_range(str(literal)):
            yield from (version_key(operand) or ())[:1]
    else:
        number = number_of(plain_text(literal) if isinstance(literal, str) else literal)
        if number is not None:
            yield number


def _whole(number: int | float) -> tuple[int, ...]:
    return (math.floor(number), math.ceil(number))


def holds_within(test: Test, bound: Bound) -> Truth:
    """Whether a test holds for an integer of which only a bound is known: unknown unless all of them agree."""
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
    """Whether a test holds for a version of which only an upper limit (itself included) is known."""
    limit = version_key(upper)
    if limit is None or test.operator not in (Operator.IS, Operator.IN_RANGE):
        return Truth.UNKNOWN
    operands = list(chain.from_iterable(_versions_in(test.operator, literal) for literal in test.values))
    if None in operands:
        return Truth.UNKNOWN
    near = [version for operand in operands for version in (operand, f"{operand}.0.0.1")]
    inside = [version for version in near if (key := version_key(str(version))) is not None and key <= limit]
    return _agreement(test, ["0", upper, *inside])


def _versions_in(kind: Operator, literal: Literal) -> Iterator[str | None]:
    """The versions in a literal; None for something that has no place in their order."""
    if kind is Operator.IN_RANGE:
        for _, operand in parse_range(str(literal)):
            yield operand if version_key(operand) is not None else None
    else:
        plain = plain_text(literal) if isinstance(literal, str) else None
        yield plain if plain is not None and version_key(plain) is not None else None


def _agreement(test: Test, samples: Iterable[Any]) -> Truth:
    answers = {holds(test, sample) for sample in samples}
    if len(answers) != 1:
        return Truth.UNKNOWN
    return Truth.TRUE if answers.pop() else Truth.FALSE
