r"""Rules about Sysmon's events → the same rules extended to events of Windows' own auditing.

The table ``fieldmap.yaml`` lists the events of the Security log that correspond to a Sigma category, and their names
for Sigma's fields. A rule of such a category gets a second condition for these events: its tests with Windows' field
names, and its literals in the form that Windows logs. So the engine needs only rules, and events are read unchanged.

A test of a field without counterpart is unknown for these events. The second condition is true exactly when it is true
for every possible result of the unknown tests: an unknown test is replaced by false, and by true under a negation. A
rule whose second condition can never be true gets no second condition.

A path in Sysmon's ``TargetObject`` is matched by the key and the name of the value: the last backslash divides them
(names of values that contain a backslash are not matched).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any as AnyValue
from typing import Final

from evtscan.base.yamltext import load
from evtscan.detection.model.condition import (
    FIELD_OPERATORS,
    All,
    Any,
    Condition,
    Literal,
    Not,
    Operator,
    Test,
    Unobservable,
    conjunction,
    disjunction,
)
from evtscan.detection.model.modifiers import escaped, parts_of, plain_text
from evtscan.detection.model.rule import Rule

TABLE = "fieldmap.yaml"

_FIELDS_SHOWN = 5

_NEVER: Final = Any(())
_ALWAYS: Final = All(())
_OWN_FIELDS: Final = frozenset(
    {"Computer", "TimeCreated", "TimeCreated_SystemTime", "EventRecordID", "Level", "Keywords"}
)
"""Fields of System that mean the same in every event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """A row of the table: events that correspond to ``categories`` if their fields have the values in ``when``."""

    categories: tuple[str, ...]
    channel: str
    provider: str
    event_ids: tuple[int, ...]
    fields: Mapping[str, AnyValue]
    when: Mapping[str, tuple[str, ...]]
    source: str

    @property
    def name(self) -> str:
        """The channel and event ids as text, such as ``Security 4688``."""
        return f"{self.channel} {'/'.join(map(str, self.event_ids))}"


@cache
def event_kinds() -> tuple[EventKind, ...]:
    """The rows of the table, in its order."""
    rows = load((files("evtscan.hunt") / TABLE).read_text("utf-8")).data
    return tuple(
        EventKind(
            categories=tuple(row["categories"]),
            channel=row["channel"],
            provider=row["provider"],
            event_ids=tuple(row["event_ids"]),
            fields=row["fields"],
            when={name: tuple(values) for name, values in row.get("when", {}).items()},
            source=row["source"],
        )
        for row in rows
    )


@dataclass(slots=True)
class Mapped:
    """Rules with the table applied.

    By kind of event, ``applied`` counts the rules that also match it and ``refused`` the rules that cannot match it.
    ``lacking`` counts, by kind and field, the rules that cannot match because that field (and perhaps others) is
    missing.
    """

    rules: tuple[Rule, ...] = ()
    applied: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    lacking: dict[str, dict[str, int]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind of event with the number of rules that match it and of those that cannot."""
        for name in dict.fromkeys([*self.applied, *self.refused]):
            text = f"{name}: {self.applied.get(name, 0):,} rules match it too"
            if refused := self.refused.get(name, 0):
                fields = sorted(self.lacking[name].items(), key=lambda item: (-item[1], item[0]))
                shown = ", ".join(f"{field} {count:,}" for field, count in fields[:_FIELDS_SHOWN])
                more = ", …" if len(fields) > _FIELDS_SHOWN else ""
                text += f"; {refused:,} need fields that it does not have ({shown}{more})"
            yield text


def mapped(rules: Iterable[Rule]) -> Mapped:
    """Apply the table to rules; rules of other categories are unchanged."""
    result = Mapped()
    result.rules = tuple(_with_members(rule, result) for rule in rules)
    return result


def _with_members(rule: Rule, result: Mapped) -> Rule:
    if rule.correlation is None:
        return _mapped_rule(rule, result)
    members = tuple(_with_members(member, Mapped()) for member in rule.correlation.members)
    return replace(rule, correlation=replace(rule.correlation, members=members))


def _mapped_rule(rule: Rule, result: Mapped) -> Rule:
    own = _own_condition(rule)
    kinds = [kind for kind in event_kinds() if rule.logsource.category in kind.categories]
    if own is None or not kinds:
        return rule
    conditions: list[Condition] = [rule.detection]
    channels = list(rule.logsource.channels)
    for kind in kinds:
        translation = _Translation(kind)
        condition = _sure(translation.of(own), _NEVER)
        if condition == _NEVER:
            result.refused[kind.name] = result.refused.get(kind.name, 0) + 1
            lacking = result.lacking.setdefault(kind.name, {})
            for name in translation.lacking:
                lacking[name] = lacking.get(name, 0) + 1
            continue
        result.applied[kind.name] = result.applied.get(kind.name, 0) + 1
        conditions.append(conjunction(*_tests_of(kind), condition) if condition != _ALWAYS else All(_tests_of(kind)))
        channels.append(kind.channel)
    if len(conditions) == 1:
        return rule
    logsource = replace(rule.logsource, channels=tuple(dict.fromkeys(channels)))
    return replace(rule, detection=disjunction(*conditions), logsource=logsource)


def _own_condition(rule: Rule) -> Condition | None:
    """Return the condition of a rule without its category tests; None unless its log source is only a category."""
    mark = f"(category {rule.logsource.category})"
    if not rule.logsource.category or rule.logsource.service or not isinstance(rule.detection, All):
        return None
    rest = [
        child
        for child in rule.detection.children
        if not (isinstance(child, Test) and child.text.casefold().endswith(mark.casefold()))
    ]
    return conjunction(*rest) if 0 < len(rest) < len(rule.detection.children) else None


def _tests_of(kind: EventKind) -> tuple[Test, ...]:
    asked: dict[str, tuple[Literal, ...]] = {"Provider_Name": (kind.provider,), "EventID": kind.event_ids, **kind.when}
    return tuple(
        Test(field=name, values=values, text=f"{name} is {' or '.join(map(str, values))} ({kind.name})")
        for name, values in asked.items()
    )


# --------------------------------------------------------------------------------------------------- conditions


_UNKNOWN: Final = Unobservable("a field without counterpart")


def _sure(condition: Condition, unknown: Condition) -> Condition:
    """Return the condition with ``unknown`` in place of unobservable tests; under a negation, with the opposite."""
    match condition:
        case Unobservable():
            return unknown
        case All(children):
            return _joined((_sure(child, unknown) for child in children), conjunction, _ALWAYS, _NEVER)
        case Any(children):
            return _joined((_sure(child, unknown) for child in children), disjunction, _NEVER, _ALWAYS)
        case Not(child):
            inner = _sure(child, _ALWAYS if unknown == _NEVER else _NEVER)
            return _NEVER if inner == _ALWAYS else _ALWAYS if inner == _NEVER else Not(inner)
        case _:
            return condition


def _joined(
    parts: Iterable[Condition], join: Callable[..., Condition], neutral: Condition, decisive: Condition
) -> Condition:
    """Join the undecided parts; return ``decisive`` if one part equals it, and skip parts that equal ``neutral``."""
    left = []
    for part in parts:
        if part == decisive:
            return decisive
        if part != neutral:
            left.append(part)
    return join(*left) if left else neutral


class _Translation:
    """Conditions of rules → conditions on events of one kind. ``lacking`` contains the fields without counterpart."""

    def __init__(self, kind: EventKind) -> None:
        self._kind = kind
        self.lacking: dict[str, None] = {}

    def of(self, condition: Condition) -> Condition:
        """Return the condition with Windows' field names; a test without counterpart becomes unobservable."""
        match condition:
            case Test():
                return self._test(condition)
            case All(children):
                return All(tuple(map(self.of, children)))
            case Any(children):
                return Any(tuple(map(self.of, children)))
            case Not(child):
                return Not(self.of(child))
        return condition

    def _test(self, test: Test) -> Condition:
        if not test.field or test.field in _OWN_FIELDS:
            return test
        entry = self._kind.fields.get(test.field)
        if test.operator in FIELD_OPERATORS:
            other = self._kind.fields.get(str(test.values[0]))
            if isinstance(entry, str) and isinstance(other, str):
                return replace(test, field=entry, values=(other,))
        elif isinstance(entry, str):
            return replace(test, field=entry)
        elif isinstance(entry, Mapping) and "key" in entry:
            return _path_test(test, str(entry["key"]), str(entry["value"]))
        elif isinstance(entry, Mapping):
            return _converted(test, str(entry["field"]), entry["values"])
        self.lacking[test.field] = None
        return _UNKNOWN


def _converted(test: Test, name: str, values: AnyValue) -> Condition:
    """Return a test with its literals as Windows logs them; it is unknown for literals that cannot be converted."""
    if test.operator is not Operator.IS:
        return replace(test, field=name) if test.operator in _OF_NUMBERS else _UNKNOWN
    convert = _CONVERSIONS[values] if isinstance(values, str) else _by_words(values)
    literals = [convert(value) for value in test.values]
    known = tuple(value for value in literals if value is not _OPEN)
    parts: list[Condition] = [replace(test, field=name, values=known)] if known else []
    return disjunction(*parts, *([_UNKNOWN] if len(known) < len(literals) else []))


_OF_NUMBERS: Final = frozenset({Operator.EXISTS, Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST})
_OPEN: Final = object()
"""Marks a literal that cannot be converted to the form that Windows logs."""


def _hexadecimal(literal: Literal) -> AnyValue:
    """Convert decimal text to hexadecimal text; other literals are unchanged (a number matches both spellings)."""
    if not isinstance(literal, str):
        return literal
    text = plain_text(literal)
    if text is None:
        return _OPEN
    return f"0x{int(text):x}" if text.isascii() and text.isdecimal() else literal


_NUMBER = re.compile(r"[DQ]WORD \(0x([0-9a-f]{8,16})(?:-0x([0-9a-f]{8}))?\)\Z", re.IGNORECASE)


def _number(literal: Literal) -> AnyValue:
    """Convert ``DWORD (0x00000001)``, as Sysmon writes it, to a number; part of such a text has no counterpart."""
    text = plain_text(literal) if isinstance(literal, str) else ""
    if text is None:
        return _OPEN if "WORD" in str(literal).upper() else literal
    match = _NUMBER.match(text)
    return int(match[1] + (match[2] or ""), 16) if match else literal


_DRIVE = re.compile(r"[a-z]:(?=\\|\Z)", re.IGNORECASE)


def _volume(literal: Literal) -> AnyValue:
    r"""``C:\Windows\*`` becomes ``\device\harddiskvolume*\Windows\*``: the log does not contain drive letters."""
    if not isinstance(literal, str) or not _DRIVE.match(parts_of(literal)[0]):
        return literal
    return escaped("\\device\\harddiskvolume") + "*" + literal[2:]


_CONVERSIONS: Final[Mapping[str, Callable[[Literal], AnyValue]]] = {
    "hexadecimal": _hexadecimal,
    "number": _number,
    "volume": _volume,
}


def _by_words(words: Mapping[str, str]) -> Callable[[Literal], AnyValue]:
    folded = {str(word).casefold(): escaped(value) for word, value in words.items()}

    def convert(literal: Literal) -> AnyValue:
        text = plain_text(literal) if isinstance(literal, str) else str(literal).casefold()
        return _OPEN if text is None or literal is None else folded.get(text.casefold(), literal)

    return convert


# --------------------------------------------------------------------------------------------- paths of values

_ROOTS: Final = (
    ("HKLM\\", "\\REGISTRY\\MACHINE\\"),
    ("HKU\\", "\\REGISTRY\\USER\\"),
    ("HKCR\\", "\\REGISTRY\\MACHINE\\SOFTWARE\\Classes\\"),
)
_CONTROL_SET = re.compile("CurrentControlSet", re.IGNORECASE)
_Tokens = tuple[tuple[str, bool], ...]
"""A pattern character by character; True for a wildcard."""


def _path_test(test: Test, key: str, value: str) -> Condition:
    """Split a test of a path into tests of the key and of the value name, which the last backslash divides."""
    if test.operator is Operator.EXISTS:
        return replace(test, field=key)
    if test.operator is not Operator.IS or not all(isinstance(literal, str) for literal in test.values):
        return _UNKNOWN
    keys: list[str] = []
    values: list[str] = []
    pairs: list[Condition] = []
    for literal in test.values:
        for left, right in _divided(_tokens(str(literal))):
            if right == "*":
                keys.append(left)
            elif left == "*":
                values.append(right)
            else:
                parts = (replace(test, field=key, values=(left,)), replace(test, field=value, values=(right,)))
                pairs.append(All(parts))
    alone = [(key, tuple(dict.fromkeys(keys))), (value, tuple(dict.fromkeys(values)))]
    return disjunction(*(replace(test, field=name, values=found) for name, found in alone if found), *pairs)


def _tokens(pattern: str) -> _Tokens:
    """Return the characters of a pattern, with the root key and the control set as Windows logs them."""
    parts = list(parts_of(pattern))
    for root, logged in _ROOTS:
        if parts[0].upper().startswith(root):
            parts[0] = logged + parts[0][len(root) :]
            break
    tokens: list[tuple[str, bool]] = []
    for place, part in enumerate(parts):
        if place % 2:
            tokens.append((part, True))
            continue
        pieces = _CONTROL_SET.split(part)
        for number, piece in enumerate(pieces):
            tokens += [(character, False) for character in piece]
            if number < len(pieces) - 1:
                tokens += [*((character, False) for character in "ControlSet"), *([("?", True)] * 3)]
    return tuple(tokens)


def _divided(tokens: _Tokens) -> Iterator[tuple[str, str]]:
    """Yield each way to split a pattern into a pattern for the key and a pattern for the value name."""
    last = max((place for place, token in enumerate(tokens) if token == ("\\", False)), default=-1)
    if last >= 0:
        yield _pattern(tokens[:last]), _pattern(tokens[last + 1 :])
    for place in range(last + 1, len(tokens)):
        character, is_wildcard = tokens[place]
        if is_wildcard:
            rest = (tokens[place],) if character == "*" else ()
            yield _pattern((*tokens[:place], *rest)), _pattern((*rest, *tokens[place + 1 :]))


def _pattern(tokens: Sequence[tuple[str, bool]]) -> str:
    text = "".join(character if is_wildcard else escaped(character) for character, is_wildcard in tokens)
    return re.sub(r"(?<!\\)\*\*+", "*", text)
