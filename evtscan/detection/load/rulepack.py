"""Compiled rules ↔ bytes: plain data, never code, with the fields of the dataclasses.

A loaded rule unpacks itself on first access, because a run needs only the query and the report texts of most rules.
Lines and cases are not packed; only a check of the rule files needs them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, get_args, get_type_hints

import msgspec

from evtscan.base.errors import Problem
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.load.loader import RuleSet
from evtscan.detection.model.rule import KnownIssue, Rule


class UnpackableError(TypeError):
    """A rule contains a value that is not plain data, or a class that is not in the type hints of its fields."""


# ---------------------------------------------------------------------------------------------- whole rule sets


@dataclass(frozen=True, slots=True)
class _Row:
    """One rule: the values that every run needs, and the other fields, packed until they are needed."""

    info: RuleInfo
    selectors: frozenset[Selector] | None
    asks: tuple[str, ...]
    silent: bool
    speaks_unseen: bool
    rest: bytes


@dataclass(frozen=True, slots=True)
class _Pack:
    rows: tuple[_Row, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def pack(rules: RuleSet) -> bytes:
    """Encode rules, and the problems of refused rules.

    Raises:
        UnpackableError: if a rule contains a value that cannot be packed.
    """
    try:
        return msgspec.msgpack.encode(_Pack(tuple(map(_row, rules.rules)), rules.problems, rules.warnings))
    except (OverflowError, UnicodeEncodeError) as error:  # numbers beyond 64 bits, half of a surrogate pair
        raise UnpackableError(str(error)) from error


def unpack(data: bytes) -> RuleSet:
    """Decode the result of ``pack``.

    Raises:
        ValueError: if the bytes are not packed rules.
    """
    try:
        loaded = msgspec.msgpack.decode(data, type=_Pack)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no packed rules: {error}") from error
    return RuleSet(tuple(map(PackedRule.of, loaded.rows)), loaded.problems, loaded.warnings)


# -------------------------------------------------------------------------------------------------- single rules


def _row(rule: Rule) -> _Row:
    return _Row(
        info=rule.info,
        selectors=rule.query().selectors,
        asks=rule.asks,
        silent=rule.silent,
        speaks_unseen=rule.speaks_unseen,
        rest=msgspec.msgpack.encode(_plain(tuple(getattr(rule, name) for name in _FIELDS))),
    )


class PackedRule(Rule):
    """A rule that unpacks itself at the first access of a field. A changed copy (``replace``) is an ordinary rule."""

    __slots__ = ("_query", "_row")
    _query: Query | None
    _row: _Row

    @classmethod
    def of(cls, row: _Row) -> "PackedRule":
        """Return the rule of a row."""
        rule = object.__new__(cls)
        known = {"_row": row, "_query": None, "info": row.info, "silent": row.silent, "lines": _NO_LINES}
        for name, value in known.items():
            object.__setattr__(rule, name, value)
        return rule

    def __new__(cls, **values: Any) -> Rule:  # type: ignore[misc]
        """Return an ordinary rule, because ``replace`` calls this constructor."""
        return Rule(**values)

    def __getattr__(self, name: str) -> Any:
        """Unpack all fields on the first access to a field that is not set yet."""
        if name not in _FIELDS:
            raise AttributeError(name)
        values = _value(msgspec.msgpack.decode(self._row.rest))
        for field, value in zip(_FIELDS, values, strict=True):
            object.__setattr__(self, field, value)
        return object.__getattribute__(self, name)

    def query(self) -> Query:
        """Return the records that this rule can use, as stored when it was packed; so do the next two properties."""
        query = self._query
        if query is None:
            query = Query(self._row.selectors)
            object.__setattr__(self, "_query", query)
        return query

    @property
    def asks(self) -> tuple[str, ...]:
        """The facts that its conditions and doubts test."""
        return self._row.asks

    @property
    def speaks_unseen(self) -> bool:
        """Whether the rule can give findings without a match."""
        return self._row.speaks_unseen

    def __reduce__(self) -> tuple[Callable[[_Row], "PackedRule"], tuple[_Row]]:
        return PackedRule.of, (self._row,)


_NO_LINES: Final[Mapping[Any, int]] = {}

_LEFT_BEHIND: Final[Mapping[type, frozenset[str]]] = {Rule: frozenset({"lines"}), KnownIssue: frozenset({"cases"})}
"""Fields that are not packed; their defaults come back."""

_FIELDS: Final = tuple(field.name for field in fields(Rule) if field.name not in ("info", "silent", "lines"))
"""The fields of a rule that are unpacked on request, all of them at once."""


# ---------------------------------------------------------------------------------------------------- values

# A value that is more than a scalar becomes a list of a number, which says what it is, and its parts.
_TUPLE, _LIST, _SET, _MAP, _FIRST_CLASS = range(5)


def _plain(value: Any) -> Any:
    """Convert a value to scalars and lists.

    Raises:
        UnpackableError: if no rule can contain such a value.
    """
    match value:
        case Enum():
            return [_number_of(type(value)), value.name]
        case None | bool() | int() | float() | str() | bytes():
            return value
        case tuple():
            return [_TUPLE, *map(_plain, value)]
        case list():
            return [_LIST, *map(_plain, value)]
        case frozenset():
            return [_SET, *sorted(map(_plain, value))]
        case Mapping():
            return [_MAP, *(_plain(part) for item in value.items() for part in item)]
    number = _number_of(type(value))
    return [number, *(_plain(getattr(value, name)) for name in _packed_fields()[type(value)])]


@cache
def _packed_fields() -> Mapping[type, tuple[str, ...]]:
    return {
        kind: tuple(field.name for field in fields(kind) if field.name not in _LEFT_BEHIND.get(kind, ()))
        for kind in _classes()
        if is_dataclass(kind)
    }


def _number_of(kind: type) -> int:
    try:
        return _FIRST_CLASS + _classes().index(kind)
    except ValueError:
        raise UnpackableError(f"a rule cannot hold a {kind.__name__}") from None


def _value(plain: Any) -> Any:
    """Convert the result of ``_plain`` back to the value."""
    if type(plain) is not list:
        return plain
    return _makers()[plain[0]]([_value(part) for part in plain[1:]])


@cache
def _makers() -> tuple[Callable[[list[Any]], Any], ...]:
    """The constructor of each class, by its number in packed values."""
    return (tuple, list, frozenset, _map, *map(_maker, _classes()))


def _map(parts: list[Any]) -> dict[Any, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _maker(kind: Any) -> Callable[[list[Any]], Any]:
    if issubclass(kind, Enum):
        return lambda parts: kind[parts[0]]
    names = _packed_fields()[kind]
    return lambda parts: kind(**dict(zip(names, parts, strict=True)))


@cache
def _classes() -> tuple[type, ...]:
    """The dataclasses and enumerations that the type hints of a rule's fields name."""
    found: dict[type, None] = {}
    waiting: list[Any] = [Rule]
    while waiting:
        hint = waiting.pop()
        waiting.extend(get_args(hint))
        if isinstance(hint, type) and hint not in found and (is_dataclass(hint) or issubclass(hint, Enum)):
            found[hint] = None
            waiting.extend(get_type_hints(hint).values() if is_dataclass(hint) else ())
    return tuple(found)
