"""Rules × events → matches: the engine that scans, audits and hunts use.

An engine is built from compiled rules and answers for one event at a time which rules match it (``Truth.TRUE``) or may
match it (``Truth.UNKNOWN``: the evidence cannot carry a field that the rule tests).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.query import Query, Selector
from evtscan.detection.match.matcher import Detected, Match, Sighting
from evtscan.detection.match.narrowing import NEVER, Answer, answering, narrowed
from evtscan.detection.model.condition import Condition
from evtscan.detection.model.derive import with_derived
from evtscan.detection.model.rule import Rule, Selection

_MAX_KINDS = 4096
"""Kinds of events (event id, provider, channel) whose rules the engine keeps ready."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one rule asks of single events: its detection, or (``name``) a selection that its known issue names."""

    rule: Rule
    name: str | None
    selection: Selection
    elsewhere: Condition | None

    def condition_in(self, channel: str | None) -> Condition | None:
        """The condition for events of a channel; None if the rule excludes that channel."""
        return self.selection.condition if self.selection.logsource.fits(channel) else self.elsewhere


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that meets a target (TRUE), or may meet it (UNKNOWN). The event has the fields that the rule derives."""

    target: Target
    event: Event
    truth: Truth


class Engine:
    """Matches events against rules.

    Rules keep their order in every answer. A correlation matches no single event: the engine answers for the rules
    that it names instead, and ``Match.rule`` is then one of these; such a rule may be ``silent``, which means that its
    own matches are not reported. Build correlated groups from these matches with ``correlation.groups_of``.

    An engine is not safe for use by several threads at once. It may be used for any number of logs.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_id = {rule.info.id: rule for rule in self._rules}
        self._indexes: defaultdict[tuple[int | None, str | None], set[int]] = defaultdict(set)
        for index, rule in enumerate(self._rules):
            selectors = rule.query().selectors
            for selector in (Selector(),) if selectors is None else selectors:
                provider = selector.provider.casefold() if selector.provider is not None else None
                self._indexes[selector.event_id, provider].add(index)
        self._targets: dict[int, tuple[Target, ...]] = {}
        self._bases: dict[str, int] = {}
        self._of_kind: dict[tuple[int, str, str | None, str | None], tuple[tuple[Target, Answer], ...]] = {}

    @property
    def concerned(self) -> Iterator[str]:
        """Ids of the rules that could match at least one event so far, by its event id and provider."""
        return (self._rules[index].info.id for index in self._targets)

    def query(self) -> Query:
        """The records that the rules can use: all of those and perhaps more, but never fewer."""
        return Query.union(rule.query() for rule in self._rules)

    def match(self, event: Event) -> Sequence[Match]:
        """The rules that match an event, or may match it, in the order of the rules; a rule appears at most once."""
        return [Match(hit.target.rule, (hit.event,), hit.truth) for hit in self.hits(event) if hit.target.name is None]

    def match_log(self, log: Iterable[Event]) -> Iterator[Match]:
        """The matches of every event of a log, in record order.

        ``log`` is an open log reader, or any iterable of events. Where the reader has its records as columns, events
        are built for matches only.
        """
        for event in log:
            yield from self.match(event)

    def hits(self, event: Event) -> Sequence[Hit]:
        """The targets that an event meets, or may meet: detections, and the selections that known issues name."""
        return list(self._hits(event))

    def detect(self, events: Iterable[Event]) -> Detected:
        """Everything that the rules find in events, in the order of the events.

        What correlations and known issues make of it depends on the host, and is judged later.
        """
        found = Detected()
        for event in events:
            for hit in self.hits(event):
                target = hit.target
                if target.name is None:
                    found.matches[target.rule.info.id].append(Match(target.rule, (hit.event,), hit.truth))
                else:
                    sighting = Sighting(target.selection, hit.event, hit.truth)
                    found.sightings[target.rule.info.id, target.name].append(sighting)
        found.concerned.update(self.concerned)
        return found

    def may_match(self, event: Event) -> bool:
        """Whether ``hits`` returns anything for an event."""
        for target, answer in self._concerned(event):
            derive = target.selection.derive
            if answer(with_derived(event, derive) if derive else event) is not Truth.FALSE:
                return True
        return False

    def _hits(self, event: Event) -> Iterator[Hit]:
        for target, answer in self._concerned(event):
            seen = with_derived(event, target.selection.derive)
            result = answer(seen)
            if result is not Truth.FALSE:
                yield Hit(target, seen, result)

    def _concerned(self, event: Event) -> tuple[tuple[Target, Answer], ...]:
        """The targets that can concern events of this id, source and channel, each as a function of the event."""
        kind = (event.event_id, event.provider, event.event_source_name, event.channel)
        found = self._of_kind.get(kind)
        if found is None:
            if len(self._of_kind) >= _MAX_KINDS:
                self._of_kind.clear()
            found = self._of_kind[kind] = tuple(self._open(event))
        return found

    def _open(self, event: Event) -> Iterator[tuple[Target, Answer]]:
        for index in sorted(self._candidates(event)):
            for target in self._targets_of(index):
                condition = target.condition_in(event.channel)
                left = NEVER if condition is None else narrowed(condition, event)
                if left != NEVER:
                    yield target, answering(left)

    def _candidates(self, event: Event) -> set[int]:
        providers = {None, event.provider.casefold(), (event.event_source_name or event.provider).casefold()}
        keys = ((number, provider) for number in (event.event_id, None) for provider in providers)
        return set().union(*(self._indexes[key] for key in keys if key in self._indexes))

    def _targets_of(self, index: int) -> tuple[Target, ...]:
        if index not in self._targets:
            self._targets[index] = tuple(self._make_targets(self._rules[index], index))
        return self._targets[index]

    def _make_targets(self, rule: Rule, index: int) -> Iterator[Target]:
        if rule.silent:
            return
        for base in rule.bases():
            if self._is_due(base, index):
                yield Target(base, None, base.selection, base.selection.elsewhere)
        for name, selection in rule.selections.items():
            yield Target(rule, name, selection, selection.elsewhere)

    def _is_due(self, base: Rule, index: int) -> bool:
        """Whether a rule is matched on behalf of this one: once, and on its own behalf if it reports anything."""
        own = self._by_id.get(base.info.id)
        if own is not None and own is not self._rules[index] and not own.silent:
            return False
        return self._bases.setdefault(base.info.id, index) == index


def detect(rules: Sequence[Rule], events: Iterable[Event]) -> Detected:
    """Everything that rules find in events (see ``Engine.detect``)."""
    return Engine(rules).detect(events)
