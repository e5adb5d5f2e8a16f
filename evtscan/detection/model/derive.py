r"""Fields that a rule derives from an event: words and text in its raw data, captures, differences, sizes.

``known_issue.derive`` names them::

    derive:
        Status: {of: Binary, dword: 0x14}
        Percent: {of: Data2, capture: '(\d+) percent'}
        Step: {difference: [NewTime, OldTime]}

They are then used like any other field of the event. A field that cannot be derived is absent. A field derived from an
unreadable field is itself unreadable.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Any, Final

from msgspec.structs import replace

from evtscan.base.model.event import Absent, Event
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.detection.match.fields import ABSENT, SYSTEM_FIELDS, TIMES, UNREADABLE, Unreadable, field_value
from evtscan.detection.model.modifiers import compiled, encodable
from evtscan.detection.model.section import Section
from evtscan.detection.model.values import instant_of, number_of, scalars_of, text_of

MAX_OFFSET = 0xFFFF
"""The last byte of an event's raw data that can be asked for: a record has no more."""

_NAME = re.compile(r"[A-Za-z_]\w{0,63}\Z", re.ASCII)


class How(Enum):
    """The computation of a derived field; the value is the key in a rule."""

    DWORD = "dword"
    WORD = "word"
    BYTE = "byte"
    UTF16 = "utf16"
    CAPTURE = "capture"
    SIZE = "size"
    DIFFERENCE = "difference"
    SUM = "sum"
    RATIO = "ratio"


_WIDTHS: Final = {How.DWORD: 4, How.WORD: 2, How.BYTE: 1}
_IN_BYTES: Final = frozenset({*_WIDTHS, How.UTF16})
_ARITHMETIC: Final = frozenset({How.DIFFERENCE, How.SUM, How.RATIO})
_KEYS: Final = ("of", *(how.value for how in How))


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """One derived field: its inputs and its computation.

    ``of`` are names of fields, and for arithmetic also literal numbers. ``offset`` counts bytes of raw data.
    ``pattern`` is the regular expression (RE2) of a capture.
    """

    name: str
    how: How
    of: tuple[str | int | float, ...]
    offset: int = 0
    pattern: str = ""


# ------------------------------------------------------------------------------------------------ from a rule


def derived_fields(issue: Section) -> tuple[Derived, ...]:
    """Read ``derive`` of a ``known_issue`` section. An entry may use the entries before it."""
    entries = issue.section("derive")
    return tuple(found for name in entries.data if (found := _entry(entries, name)) is not None)


def _entry(entries: Section, name: Any) -> Derived | None:
    if not isinstance(name, str) or not _NAME.match(name) or name in SYSTEM_FIELDS:
        entries.problem("the name of a derived field must be a word that no field of every event has", name)
        return None
    before = len(entries.problems.found)
    entry = entries.section(name)
    entry.only(_KEYS)
    chosen = [how for how in How if how.value in entry.data]
    if len(chosen) != 1:
        entries.problem(f"needs exactly one of {', '.join(how.value for how in How)}", name)
        return None
    (how,) = chosen
    found = _read(entry, name, how)
    return found if len(entries.problems.found) == before else None


def _read(entry: Section, name: str, how: How) -> Derived:
    raw = entry.data[how.value]
    if how in _ARITHMETIC:
        _refuse_of(entry, how)
        return Derived(name=name, how=how, of=_operands(entry, how))
    if how is How.SIZE:
        _refuse_of(entry, how)
        return Derived(name=name, how=how, of=(entry.text(how.value),))
    if not isinstance(entry.data.get("of"), str):
        entry.problem("must be the name of a field, such as Binary or Data2", "of")
    of = (str(entry.data.get("of")),)
    if how is How.CAPTURE:
        return Derived(name=name, how=how, of=of, pattern=_capture(entry))
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MAX_OFFSET:
        entry.problem(f"must be an offset in bytes, from 0 to 0x{MAX_OFFSET:x}", how.value)
        raw = 0
    return Derived(name=name, how=how, of=of, offset=raw)


def _refuse_of(entry: Section, how: How) -> None:
    if "of" in entry.data:
        entry.problem(f"{how.value} names its fields itself: leave this out", "of")


def _operands(entry: Section, how: How) -> tuple[str | int | float, ...]:
    raw = entry.data[how.value]
    operands = tuple(raw) if isinstance(raw, list) else ()
    fits = all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in operands)
    enough = len(operands) >= 2 if how is How.SUM else len(operands) == 2
    if not fits or not enough or not any(isinstance(part, str) for part in operands):
        number = "at least two" if how is How.SUM else "two"
        entry.problem(f"must be a list of {number} fields or numbers, such as [NewTime, OldTime]", how.value)
        return ()
    return operands


def _capture(entry: Section) -> str:
    pattern = entry.text(How.CAPTURE.value)
    try:
        groups = compiled(pattern).groups
    except ValueError as error:
        entry.problem(f"is no regular expression: {error}", How.CAPTURE.value)
        return pattern
    if groups < 1:
        entry.problem("needs a group, whose text is the value: '(\\d+) percent'", How.CAPTURE.value)
    return pattern


# ------------------------------------------------------------------------------------------------ of an event

Value = str | int | float | Absent | Unreadable


def with_derived(event: Event, derived: tuple[Derived, ...]) -> Event:
    """A copy of the event with the derived fields in its data; the event itself if there are none."""
    if not derived:
        return event
    found: dict[str, Value] = {}
    for field in derived:
        found[field.name] = _work_out(event, field, found)
    data = {name: value for name, value in event.data.items() if name not in found}
    data.update((name, value) for name, value in found.items() if value not in (ABSENT, UNREADABLE))
    unreadable = event.unreadable | {name for name, value in found.items() if value is UNREADABLE}
    return replace(event, data=data, unreadable=unreadable)


def _work_out(event: Event, field: Derived, known: Mapping[str, Value]) -> Value:
    inputs = [_input(event, part, known) for part in field.of]
    if UNREADABLE in inputs:
        return UNREADABLE
    if ABSENT in inputs:
        return ABSENT
    if field.how in _ARITHMETIC:
        return _arithmetic(field, inputs)
    if field.how in _IN_BYTES:
        return _in_bytes(field, inputs[0])
    return _captured(field, inputs[0]) if field.how is How.CAPTURE else _size(field.of[0], inputs[0])


def _input(event: Event, part: str | int | float, known: Mapping[str, Value]) -> Any:
    if not isinstance(part, str):
        return part
    if part in known:
        return known[part]
    return (TIMES[part](event) or ABSENT) if part in TIMES else field_value(event, part)


def _in_bytes(field: Derived, value: Any) -> Value:
    """A little-endian number or a text in raw data, which an event holds as hexadecimal text."""
    try:
        raw = bytes.fromhex(value)
    except (TypeError, ValueError):
        return ABSENT
    if field.how is How.UTF16:
        text = raw[field.offset :].decode("utf-16-le", "replace").partition("\0")[0]
        return text if field.offset < len(raw) else ABSENT
    end = field.offset + _WIDTHS[field.how]
    return int.from_bytes(raw[field.offset : end], "little") if end <= len(raw) else ABSENT


def _captured(field: Derived, value: Any) -> Value:
    expression = compiled(field.pattern)
    matches = (expression.search(encodable(text_of(scalar))) for scalar in scalars_of(value))
    found = (match[1] for match in matches if match is not None and match[1] is not None)
    return next(found, ABSENT)


def _size(field: str | int | float, value: Any) -> Value:
    """Members of a list, bytes of raw data, characters of a text."""
    if isinstance(value, (list, Mapping)):
        return len(value)
    return len(str(value)) // 2 if field == "Binary" else len(text_of(value))


_OPERATIONS: Final[Mapping[How, Callable[[Any, Any], Any]]] = {
    How.DIFFERENCE: operator.sub,
    How.SUM: operator.add,
    How.RATIO: operator.truediv,
}


def _arithmetic(field: Derived, values: list[Any]) -> Value:
    numbers = [number for value in values if (number := number_of(value)) is not None]
    if len(numbers) == len(values):
        try:
            return _whole_if_it_is(reduce(_OPERATIONS[field.how], numbers))
        except (ZeroDivisionError, OverflowError):
            return ABSENT
    times = [value if isinstance(value, Instant) else instant_of(value) for value in values]
    if field.how is not How.DIFFERENCE or None in times:
        return ABSENT
    new, old = times
    assert new is not None, "looked for above"
    assert old is not None, "looked for above"
    if new.local is not old.local:
        return UNREADABLE  # one of them is the time of a zone that nobody told
    return _whole_if_it_is((new.ticks - old.ticks) / TICKS_PER_SECOND)


def _whole_if_it_is(number: int | float) -> int | float:
    return int(number) if isinstance(number, float) and number.is_integer() else number
