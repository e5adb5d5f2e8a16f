"""Evaluate one test for one event: its truth, and the leaf of an explanation."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from evtscan.base.logic import Truth, truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.detection.match.fields import ABSENT, ALL_DATA, TIMES, UNREADABLE, all_values, field_value, is_unnamed
from evtscan.detection.model.condition import FIELD_OPERATORS, Operator, Test
from evtscan.detection.model.modifiers import holds, with_field_value
from evtscan.detection.model.values import number_shown

MAX_SHOWN = 120
"""Characters of a value that an explanation quotes."""

EXPORT_WHOLE: Final = "export the log in its own format (.evt or .evtx), which carries every field of the event"
"""How to get what a text export leaves out."""

_ZONE_STEP = 15 * 60 * TICKS_PER_SECOND
"""Every zone of Windows differs from UTC by a multiple of a quarter of an hour."""


def truth_in(event: Event, test: Test, field: str | None = None) -> Truth:
    """Return the truth of a test for an event: unknown if the evidence cannot contain the field.

    ``field`` is the event's name of the field, if it differs from the name in the test.
    """
    name = test.field if field is None else field
    time = _time_asked(event, test, name)
    if time is not None and time.local:
        return _agreement(holds(test, str(moment)) for moment in _in_every_zone(time))
    value = _value(event, name)
    if value is UNREADABLE:
        return Truth.UNKNOWN
    if test.operator in FIELD_OPERATORS:
        other = field_value(event, str(test.values[0]))
        if other is UNREADABLE:
            return Truth.UNKNOWN
        test = with_field_value(test, None if other is ABSENT else other)
    result = truth(holds(test, None if value is ABSENT else value))
    return Truth.UNKNOWN if result is Truth.FALSE and _may_lack_values(event, name) else result


def explain_in(event: Event, test: Test, field: str | None = None) -> Explanation:
    """Return the truth of a test, as ``truth_in``, with the value of the event and its location."""
    name = test.field if field is None else field
    result = truth_in(event, test, name)
    unknown = result is Truth.UNKNOWN
    return Explanation(
        text=test.text,
        truth=result,
        says=_says(event, test, name, result),
        basis="" if unknown else "stated",
        fact=test.field,
        locations=(event.location,),
        how_to_get=_way(event, test, name) if unknown else "",
    )


def shown(value: Any) -> str:
    """Return a value in the form in which explanations quote it."""
    if type(value) is int:  # only fields of System and those that a rule derives are numbers
        return number_shown(value)
    text = " and ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def say_field(event: Event, field: str) -> str:
    """Describe the value of a field of an event."""
    value = field_value(event, field)
    if value is UNREADABLE:
        return f"{field} is not in this evidence, which cannot carry it"
    return f"the event has no {field}" if value is ABSENT else f"{field} is {shown(value)}"


# ---------------------------------------------------------------------------------------------------- values


def _may_lack_values(event: Event, field: str) -> bool:
    """Whether a field with several values, or the keywords, may have values that this evidence cannot contain."""
    if not event.unreadable:
        return False
    return not field or (field == ALL_DATA and any(map(is_unnamed, event.unreadable)))


def _value(event: Event, field: str) -> Any:
    return field_value(event, field) if field else all_values(event)


def _says(event: Event, test: Test, field: str, result: Truth) -> str:
    if not field:
        if result is Truth.UNKNOWN:
            return "the text of the event is not in this evidence, which cannot carry it"
        return test.text if result is Truth.TRUE else f"not so: {test.text}"
    time = _time_asked(event, test, field)
    if result is Truth.UNKNOWN and time is not None:
        return f"{field} is {time}, the local time of a zone that is not known"
    if result is Truth.UNKNOWN and test.operator in FIELD_OPERATORS and _value(event, field) is not UNREADABLE:
        return say_field(event, str(test.values[0]))
    return say_field(event, field)


def _way(event: Event, test: Test, field: str) -> str:
    if _time_asked(event, test, field) is not None:
        return "name the zone of the log's times with --source-timezone"
    return EXPORT_WHOLE


# ----------------------------------------------------------------------------------------------------- times


def _time_asked(event: Event, test: Test, field: str) -> Instant | None:
    """Return the time of the event if the test compares the field as a time, not as text, else None."""
    compares = test.operator is Operator.IN_RANGE or test.part is not None
    return TIMES[field](event) if compares and field in TIMES else None


def _in_every_zone(time: Instant) -> Iterator[Instant]:
    """Yield the possible true times of a local time of an unknown zone, one for each possible zone offset."""
    for ticks in range(time.earliest, time.latest + 1, _ZONE_STEP):
        yield Instant(ticks, time.digits)


def _agreement(answers: Iterable[bool]) -> Truth:
    first: bool | None = None
    for answer in answers:
        if first is None:
            first = answer
        elif answer is not first:
            return Truth.UNKNOWN
    return truth(first)
