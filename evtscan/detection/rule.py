"""The nouns of a rule: what it detects, and for a known issue on which hosts it matters, with its doubts and cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any as AnyValue

from evtscan.detection.condition import All, Any, Condition, Operator, Test, tests_in
from evtscan.detection.modifiers import number_of, plain_text
from evtscan.model import FactEntry, Query, RuleInfo, Selector
from evtscan.parsers.yamltext import Path
from evtscan.wintypes import Instant

MAX_SELECTORS = 1000
"""A rule that would need more selectors than this is asked for by its cheaper half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logsource:
    """Where a rule looks. ``channels`` are those that the service stands for; without any, every channel will do."""

    product: str = ""
    service: str = ""
    channels: tuple[str, ...] = ()

    def fits(self, channel: str | None) -> bool:
        """Whether events of this channel are meant; an unknown channel satisfies any service."""
        return not self.channels or channel is None or channel.casefold() in map(str.casefold, self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What makes a fact untrustworthy: while ``when`` is known to be true, the fact ``about`` counts as unknown."""

    when: Condition
    about: str
    reason: str
    missing: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One event of a case: its fields under the names that rules use, and its time if the case gives one."""

    fields: Mapping[str, AnyValue]
    at: Instant | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a rule must say (``verdict``, one of the five, or ``none``) of these events on a host with these facts.

    The events are one whole log in record order. A fact without ``since`` is a snapshot taken with the last event.
    """

    events: tuple[CaseEvent, ...]
    facts: tuple[FactEntry, ...]
    verdict: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssue:
    """The part of a rule that judges matches by what is known of the host.

    ``when`` holds the conditions on the host, those that nothing can show (``unobservable``) among them. ``entity`` is
    the field that names what a finding is about (a disk, an account), or empty. ``precedence`` lists the ids or
    articles of the rules that this one silences on an event that both match.
    """

    when: Condition
    entity: str = ""
    unobservable: tuple[str, ...] = ()
    report_exposed: bool = False
    report_excluded: bool = False
    doubts: tuple[Doubt, ...] = ()
    cases: tuple[Case, ...] = ()
    precedence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One Sigma document, ready to match. ``lines`` maps the paths of its keys to lines of ``file``, from 1."""

    info: RuleInfo
    detection: Condition
    logsource: Logsource
    known_issue: KnownIssue | None = None
    file: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict, compare=False, repr=False)

    def query(self) -> Query:
        """The records that can match: all of those and perhaps more, but never fewer."""
        channels = self.logsource.channels or (None,)
        return Query(
            frozenset(
                Selector(channel, selector.provider, selector.event_id)
                for selector in _selectors(self.detection)
                for channel in ((selector.channel,) if selector.channel else channels)
            )
        )


def asked_by(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """The facts that the conditions and doubts of rules test, each with the rules that do, by article or title."""
    asked: dict[str, dict[str, None]] = {}
    for rule in rules:
        issue = rule.known_issue
        if issue is None:
            continue
        for condition in (issue.when, *(doubt.when for doubt in issue.doubts)):
            for test in tests_in(condition):
                asked.setdefault(test.field, {})[rule.info.article or rule.info.title] = None
    return {fact: tuple(names) for fact, names in asked.items()}


_ANYTHING = frozenset({Selector()})


def _selectors(condition: Condition) -> frozenset[Selector]:
    """What an event must be to make a condition true, as far as selectors can say it."""
    match condition:
        case Test():
            return _selectors_of_test(condition)
        case Any(children):
            return frozenset[Selector]().union(*map(_selectors, children))
        case All(children):
            return _common_selectors([_selectors(child) for child in children])
        case _:
            return _ANYTHING


def _selectors_of_test(test: Test) -> frozenset[Selector]:
    if test.operator is not Operator.IS or test.field not in ("EventID", "Provider_Name", "Channel"):
        return _ANYTHING
    exact = [plain_text(value) if isinstance(value, str) else value for value in test.values]
    if test.field == "EventID":
        exact = [number_of(value) for value in exact]
    if None in exact:
        return _ANYTHING
    if test.field == "EventID":
        return frozenset(Selector(event_id=int(value)) for value in exact if value is not None)
    as_channel = test.field == "Channel"
    return frozenset(Selector(channel=str(name)) if as_channel else Selector(provider=str(name)) for name in exact)


def _common_selectors(sides: list[frozenset[Selector]]) -> frozenset[Selector]:
    """Selectors for what fits every side; where two sides contradict each other, nothing does."""
    result = _ANYTHING
    for side in sorted(sides, key=len):
        if len(result) * len(side) > MAX_SELECTORS:
            continue
        joined = (_joined(one, other) for one, other in product(result, side))
        result = frozenset(selector for selector in joined if selector is not None)
    return result


def _joined(one: Selector, other: Selector) -> Selector | None:
    """One selector for both, or None if no record has both event ids (it may well have two names of its provider)."""
    if None not in (one.event_id, other.event_id) and one.event_id != other.event_id:
        return None
    event_id = other.event_id if one.event_id is None else one.event_id
    return Selector(one.channel or other.channel, one.provider or other.provider, event_id)
