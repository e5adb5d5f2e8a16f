"""The data model of a rule: its detection, and for a known issue its conditions on hosts, doubts and cases."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import product
from typing import Any as AnyValue

from evtscan.base.model.fact import FactEntry
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.rule import RuleInfo
from evtscan.base.wintypes import Instant
from evtscan.base.yamltext import EntryPath
from evtscan.detection.model.condition import All, Any, Condition, Operator, Test, disjunction, tests_in
from evtscan.detection.model.consequence import Consequence
from evtscan.detection.model.context import Around, Beside, ClearedBy
from evtscan.detection.model.derive import Derived
from evtscan.detection.model.modifiers import plain_text
from evtscan.detection.model.ranges import facts_in
from evtscan.detection.model.values import number_of

MAX_SELECTORS = 1000
"""A rule that would need more selectors than this is asked for by its cheaper half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logsource:
    """The log source of a rule: ``channels`` of its service or category; if empty, all channels."""

    product: str = ""
    service: str = ""
    category: str = ""
    channels: tuple[str, ...] = ()

    def fits(self, channel: str | None) -> bool:
        """Whether the log source includes events of this channel; an unknown channel satisfies any service."""
        return not self.channels or channel is None or channel.casefold() in map(str.casefold, self.channels)

    def includes(self, other: "Logsource") -> bool:
        """Whether each part that this log source specifies is equal in another log source."""
        parts = ((self.product, other.product), (self.service, other.service), (self.category, other.category))
        return all(not own or own.lower() == theirs.lower() for own, theirs in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A condition on events of a log source, with the fields that are derived before it is evaluated.

    A channel in the condition itself takes precedence over the log source.
    """

    condition: Condition
    logsource: Logsource = Logsource()
    derive: tuple[Derived, ...] = ()

    @property
    def elsewhere(self) -> Condition | None:
        """The condition on events of channels outside the log source; None if the condition names no channel."""
        return _naming_channels(self.condition)

    def selectors(self) -> frozenset[Selector]:
        """Selectors for all records that can match."""
        channels = self.logsource.channels or (None,)
        return frozenset(
            Selector(channel, selector.provider, selector.event_id)
            for selector in _selectors(self.condition)
            for channel in ((selector.channel,) if selector.channel else channels)
        ) | (frozenset() if self.elsewhere is None else _selectors(self.elsewhere))

    def channels(self) -> tuple[str, ...]:
        """The channels of such events; empty if not all are named."""
        named = {selector.channel for selector in self.selectors()}
        return () if None in named else tuple(sorted(channel for channel in named if channel is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A doubt about a fact: while ``when`` is known to be true, the fact ``about`` counts as unknown."""

    when: Condition
    about: str
    reason: str
    missing: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One event of a case: its fields by their names in rules, and its time if the case specifies one."""

    fields: Mapping[str, AnyValue]
    at: Instant | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The expected ``verdict`` (one of the five, or ``none``) for these events on a host with these facts.

    The events are one complete log in record order. A fact without ``since`` is a snapshot taken with the last event.
    """

    events: tuple[CaseEvent, ...]
    facts: tuple[FactEntry, ...]
    verdict: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssue:
    """The part of a rule that judges matches by the facts of the host.

    ``when`` is the condition on the host. It includes the conditions that no evidence can show (``unobservable``) and
    those that only the evidence of another host can show (``elsewhere``). ``derive`` are the fields that the rule
    derives from an event, also for its detection. ``entity`` are the fields that identify the subject of a finding (a
    disk, an account). ``context`` are the required conditions around a match, and ``supported_by`` events near a match
    that are mentioned if they exist. ``cleared_by`` is the event which states that the problem is over. ``precedence``
    lists the ids, articles or titles of the rules that this one silences on an event that both match.
    ``consequence_of`` names the rules whose problem may cause this one's. ``says`` is a sentence with the values of the
    event (``detection.model.saying``).
    """

    when: Condition
    entity: tuple[str, ...] = ()
    context: tuple[Around, ...] = ()
    supported_by: tuple[Beside, ...] = ()
    cleared_by: ClearedBy | None = None
    derive: tuple[Derived, ...] = ()
    unobservable: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    report_exposed: bool = False
    report_excluded: bool = False
    doubts: tuple[Doubt, ...] = ()
    cases: tuple[Case, ...] = ()
    precedence: tuple[str, ...] = ()
    consequence_of: tuple[Consequence, ...] = ()
    says: str = ""

    @property
    def around(self) -> tuple[Around, ...]:
        """Return all conditions on events around a match: the required ones, then the supporting ones."""
        return (*self.context, *self.supported_by)


class CorrelationType(Enum):
    """The type of a correlation; the value is its name in Sigma."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"


class Comparison(Enum):
    """The comparison of a count with a number; the value is its name in Sigma."""

    EQUAL = "eq"
    OTHER = "neq"
    MORE = "gt"
    AT_LEAST = "gte"
    LESS = "lt"
    AT_MOST = "lte"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A limit on the number of events, values or rules in a group; for a range, ``also`` is its other end."""

    comparison: Comparison
    number: int | float
    also: "Threshold | None" = None

    def met_by(self, count: int) -> bool:
        """Whether a count meets the limit."""
        return all(_COMPARE[part.comparison](count, part.number) for part in self.parts())

    def parts(self) -> Iterator["Threshold"]:
        """Each single comparison; all of them must hold."""
        part: Threshold | None = self
        while part is not None:
            yield part
            part = part.also


_COMPARE: Mapping[Comparison, Callable[[int | float, int | float], bool]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.OTHER: operator.ne,
    Comparison.MORE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A correlation of matches of other rules (Sigma specification 2.1, "Correlation rules").

    ``references`` are names or ids of rules in their order, ``members`` the rules themselves, once they are resolved.
    ``timespan`` is in ticks. ``threshold`` limits the number of events, of distinct values of ``fields``, or of
    distinct rules. An extended condition is in ``condition`` instead: a test of the field X holds if rule X matched.
    ``aliases`` map an alias and a reference to the field that the alias means there.
    """

    type: CorrelationType
    references: tuple[str, ...]
    timespan: int
    threshold: Threshold | None = None
    condition: Condition | None = None
    fields: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    generate: bool = False
    members: tuple["Rule", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One Sigma document, ready to match. ``lines`` maps the paths of its keys to lines of ``file``, from 1.

    ``name`` is the name by which correlations refer to it. ``selections`` are the selections that its ``known_issue``
    names: its own or, in a correlation, other rules; a correlation matches no event by itself. ``silent``: the rule is
    used by correlations only and gives no findings itself.
    """

    info: RuleInfo
    detection: Condition
    logsource: Logsource
    known_issue: KnownIssue | None = None
    name: str = ""
    selections: Mapping[str, Selection] = field(default_factory=dict)
    correlation: Correlation | None = None
    silent: bool = False
    file: str = ""
    lines: Mapping[EntryPath, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def derived(self) -> tuple[Derived, ...]:
        """The fields that the rule derives from an event."""
        return self.known_issue.derive if self.known_issue is not None else ()

    @property
    def asks(self) -> tuple[str, ...]:
        """The facts that the conditions and doubts test, each once."""
        issue = self.known_issue
        conditions = (issue.when, *(doubt.when for doubt in issue.doubts)) if issue is not None else ()
        tests = (test for condition in conditions for test in tests_in(condition))
        return tuple(dict.fromkeys(fact for test in tests for fact in facts_in(test)))

    @property
    def speaks_unseen(self) -> bool:
        """Whether the rule can give findings without a match."""
        return self.known_issue is not None and self.known_issue.report_exposed

    @property
    def selection(self) -> Selection:
        """The selection that an event must meet to match."""
        return Selection(condition=self.detection, logsource=self.logsource, derive=self.derived)

    def bases(self) -> Iterator["Rule"]:
        """Return the rules about single events in a correlation, including nested ones; else the rule itself."""
        if self.correlation is None:
            yield self
        else:
            for member in self.correlation.members:
                yield from member.bases()

    def channels(self) -> tuple[str, ...]:
        """The channels in which its events are logged, in lower case; empty for any channel."""
        of_bases = [base.selection.channels() for base in self.bases()]
        named = {channel.casefold() for channels in of_bases for channel in channels}
        return tuple(sorted(named)) if all(of_bases) else ()

    def query(self) -> Query:
        """Return the records that this rule can use. It may select more records than necessary, but never too few."""
        asked = [*(base.selection for base in self.bases()), *self.selections.values()]
        return Query(frozenset[Selector]().union(*(selection.selectors() for selection in asked)))

    def as_member(self) -> "Rule":
        """The rule reduced to what a correlation needs of its members."""
        issue = KnownIssue(when=All(()), derive=self.derived) if self.derived else None
        return replace(self, known_issue=issue, selections={}, lines={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A Sigma filter: an additional condition on events that match some rules.

    ``rules`` are names or ids of rules, None for all. The filter applies only to those whose log source is included in
    its own.
    """

    condition: Condition
    logsource: Logsource
    rules: tuple[str, ...] | None
    file: str = ""

    def applies_to(self, rule: Rule) -> bool:
        """Whether the filter narrows a rule; it never narrows a correlation."""
        if rule.correlation is not None or not self.logsource.includes(rule.logsource):
            return False
        return self.rules is None or rule.name in self.rules or rule.info.id in map(str.lower, self.rules)

    def narrowed(self, rule: Rule) -> Rule:
        """The rule with the condition of this filter."""
        return replace(rule, detection=All((rule.detection, self.condition)))


def asked_by(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """Return the facts that the conditions and doubts of rules test, with the articles or titles of these rules."""
    asked: dict[str, dict[str, None]] = {}
    for rule in rules:
        for fact in rule.asks:
            asked.setdefault(fact, {})[rule.info.article or rule.info.title] = None
    return {fact: tuple(names) for fact, names in asked.items()}


def _naming_channels(condition: Condition) -> Condition | None:
    """Return the part of a condition that itself names the channel of an event; None if no part does.

    Its size depends on the size and depth of the condition, not on the number of parts that name a channel.
    """
    match condition:
        case Test():
            return condition if condition.field == "Channel" else None
        case Any(children):
            parts = tuple(part for child in children if (part := _naming_channels(child)) is not None)
            if len(parts) == len(children) and all(map(operator.is_, parts, children)):
                return condition
            return Any(parts) if parts else None
        case All(children):
            named = [(child, part) for child in children if (part := _naming_channels(child)) is not None]
            if any(part is child for child, part in named):
                return condition
            return All((*children, disjunction(*(part for _, part in named)))) if named else None
        case _:
            return None


_ANYTHING = frozenset({Selector()})


def _selectors(condition: Condition) -> frozenset[Selector]:
    """Selectors for all events that can make a condition true."""
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
    """Selectors for records that all sides accept; none if two sides contradict each other."""
    result = _ANYTHING
    for side in sorted(dict.fromkeys(sides), key=len):
        if not result:
            break
        if len(result) * len(side) > MAX_SELECTORS:
            continue
        joined = (_joined(one, other) for one, other in product(result, side))
        result = frozenset(selector for selector in joined if selector is not None)
    return result


def _joined(one: Selector, other: Selector) -> Selector | None:
    """Return one selector for both, or None if their event ids differ (a record can have two provider names)."""
    if None not in (one.event_id, other.event_id) and one.event_id != other.event_id:
        return None
    event_id = other.event_id if one.event_id is None else one.event_id
    return Selector(one.channel or other.channel, one.provider or other.provider, event_id)
