"""Rules × events → matches: an index finds the few rules that an event concerns, and only a hit is explained."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evtscan.detection.condition import Operator, Test, evaluate, truth_of
from evtscan.detection.fields import ABSENT, UNREADABLE, all_values, field_value
from evtscan.detection.modifiers import holds, with_field_value
from evtscan.detection.rule import Rule
from evtscan.logic import Truth, truth
from evtscan.model import Event, Explanation, Selector

MAX_SHOWN = 120
"""Characters of a value that an explanation quotes."""


@dataclass(frozen=True, slots=True)
class Match:
    """An event that a rule's detection accepts (TRUE), or may accept: a candidate (UNKNOWN)."""

    rule: Rule
    event: Event
    truth: Truth
    explanation: Explanation


def match(rules: Sequence[Rule], events: Iterable[Event]) -> Iterator[Match]:
    """Every match of every event, in the order of events, then of rules."""
    index = RuleIndex(rules)
    for event in events:
        yield from index.matches(event)


class RuleIndex:
    """Rules by the event ids and providers that they can match, so that a rule costs nothing on other events."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._places: defaultdict[tuple[int | None, str | None], set[int]] = defaultdict(set)
        for place, rule in enumerate(self._rules):
            for selector in rule.query().selectors or {Selector()}:
                provider = selector.provider.casefold() if selector.provider is not None else None
                self._places[selector.event_id, provider].add(place)

    def matches(self, event: Event) -> Iterator[Match]:
        """The matches of one event, in the order of the rules."""
        for place in sorted(self._candidates(event)):
            rule = self._rules[place]
            if not rule.logsource.fits(event.channel):
                continue
            result = truth_of(rule.detection, lambda test: _truth(test, event))
            if result is not Truth.FALSE:
                yield Match(rule, event, result, explain(rule, event))

    def _candidates(self, event: Event) -> set[int]:
        providers = {None, event.provider.casefold(), (event.event_source_name or event.provider).casefold()}
        keys = ((number, provider) for number in (event.event_id, None) for provider in providers)
        return set().union(*(self._places[key] for key in keys if key in self._places))


def explain(rule: Rule, event: Event) -> Explanation:
    """Why an event is a match of a rule's detection, or not: every test with what the event says."""
    return evaluate(rule.detection, lambda test, positive: _explain_test(test, event))


def _value(test: Test, event: Event) -> Any:
    return field_value(event, test.field) if test.field else all_values(event)


def _truth(test: Test, event: Event) -> Truth:
    value = _value(test, event)
    if value is UNREADABLE:
        return Truth.UNKNOWN
    if test.operator is Operator.SAME_AS_FIELD:
        other = field_value(event, str(test.values[0]))
        if other is UNREADABLE:
            return Truth.UNKNOWN
        test = with_field_value(test, None if other is ABSENT else other)
    result = truth(holds(test, None if value is ABSENT else value))
    if not test.field and event.unreadable and result is Truth.FALSE:
        return Truth.UNKNOWN  # the keyword may stand in what this evidence does not carry
    return result


def _explain_test(test: Test, event: Event) -> Explanation:
    result = _truth(test, event)
    return Explanation(
        text=test.text,
        truth=result,
        says=_says(test, event, result),
        basis="" if result is Truth.UNKNOWN else "stated",
        fact=test.field,
        locations=(event.location,),
    )


def _says(test: Test, event: Event, result: Truth) -> str:
    name = test.field or "the text of the event"
    if result is Truth.UNKNOWN:
        return f"{name} is not in this evidence, which cannot carry it"
    if not test.field:
        return test.text if result is Truth.TRUE else f"not so: {test.text}"
    value = _value(test, event)
    return f"the event has no {name}" if value is ABSENT else f"{name} is {_shown(value)}"


def _shown(value: Any) -> str:
    text = " and ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
