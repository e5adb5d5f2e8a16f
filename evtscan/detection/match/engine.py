"""The engine that matches rules against events, for scans, audits and hunts.

An engine is built from compiled rules. For one event at a time it returns the rules that match (``Truth.TRUE``) or may
match (``Truth.UNKNOWN``: the evidence cannot contain a field that the rule tests).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final

from evtscan.base.logic import Truth, truth
from evtscan.base.model.event import Event
from evtscan.base.model.log import FilteringReader, TextColumns
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Location
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.match.kind import Asked, KindMatcher
from evtscan.detection.match.matcher import Detected, Match, Sighting
from evtscan.detection.match.narrowing import NEVER, narrowed, tests_kind
from evtscan.detection.model.condition import Condition, Test, tests_in
from evtscan.detection.model.derive import with_derived
from evtscan.detection.model.rule import Rule, Selection

_MAX_KINDS = 4096
"""Kinds of events (event id, provider, channel) whose rules the engine keeps ready."""


@dataclass(frozen=True, slots=True)
class Target:
    """A selection of a rule that is matched: its detection, or (``name``) a selection that its known issue names."""

    rule: Rule
    name: str | None
    selection: Selection
    elsewhere: Condition | None

    def condition_in(self, channel: str | None) -> Condition | None:
        """Return the condition for events of a channel; None if the rule excludes the channel."""
        return self.selection.condition if self.selection.logsource.fits(channel) else self.elsewhere


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that meets a target (TRUE), or may meet it (UNKNOWN). The event has the fields that the rule derives."""

    target: Target
    event: Event
    truth: Truth


class Engine:
    """Matches events against rules.

    All results are in the order of the rules. A correlation matches no single event: the engine matches the rules that
    the correlation names, and ``Match.rule`` is one of these. Such a rule may be ``silent``, which means that its own
    matches are not reported. ``correlation.groups_of`` builds correlated groups from the matches.

    Rules are compiled at the first event that they can match, all rules for a kind of event (event id, provider,
    channel) together: see ``kind.KindMatcher``. An engine caches results for values, up to a limit. It is not
    thread-safe, and can be used for any number of logs.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_id = {rule.info.id: rule for rule in self.rules}
        self._index = _RuleIndex(self.rules)
        self._targets: dict[int, tuple[_Openable, ...]] = {}
        self._bases: dict[str, int] = {}
        self._kinds: dict[_KindKey, _Kind] = {}
        self._compiled: dict[tuple[tuple[int, int], ...], _Kind] = {}
        self._openables: list[_Openable] = []
        self._remembered: dict[int, tuple[Event, Sequence[Hit]]] = {}

    def query(self) -> Query:
        """The query for the records that the rules can use: it matches all of them, and perhaps others."""
        return Query.union(rule.query() for rule in self.rules)

    def match(self, event: Event) -> Sequence[Match]:
        """Return the matches of an event, certain or possible, in the order of the rules; at most one for each rule."""
        return [Match(hit.target.rule, (hit.event,), hit.truth) for hit in self.hits(event) if hit.target.name is None]

    def match_log(self, log: Iterable[Event]) -> Iterator[Match]:
        """Yield the matches of every event of a log, in record order.

        ``log`` is an open log reader, or any iterable of events. If the reader has its records as columns, events are
        built only for possible matches.
        """
        events = log.events_where(self.rows_that_may_match) if isinstance(log, FilteringReader) else log
        for event in events:
            yield from self.match(event)

    def rows_that_may_match(self, columns: TextColumns) -> list[int]:
        """Return the positions of all records for which ``hits`` may return a result, and perhaps of others."""
        names = [columns.column(name) for name in ("event_id", "provider", "event_source_name", "channel")]
        kinds = list(dict.fromkeys(zip(*names, strict=True)))
        if len(kinds) != 1:
            return list(range(len(columns)))
        kind = self._kinds.get(kinds[0])
        if kind is None:
            event_id, provider, event_source_name, channel = kinds[0]
            kind = self._open(
                Event(
                    location=Location(source=""),
                    sequence=0,
                    event_id=event_id,
                    provider=provider,
                    event_source_name=event_source_name,
                    channel=channel,
                )
            )
        return kind.matcher.rows_that_may_meet(columns) if kind.targets else []

    def hits(self, event: Event) -> Sequence[Hit]:
        """Return the targets that an event meets, or may meet: detections, and selections that known issues name."""
        kind = self._kinds.get((event.event_id, event.provider, event.event_source_name, event.channel))
        if kind is None:
            kind = self._open(event)
        targets = kind.targets
        if not targets:
            return ()
        return [
            Hit(targets[place], with_derived(event, targets[place].selection.derive), truth)
            for place, truth in kind.matcher.met_by(event)
        ]

    def may_match(self, event: Event) -> bool:
        """Whether ``hits`` returns a result for an event."""
        kind = self._kinds.get((event.event_id, event.provider, event.event_source_name, event.channel))
        if kind is None:
            kind = self._open(event)
        return bool(kind.targets) and kind.matcher.may_meet(event)

    def remember(self, event: Event) -> bool:
        """Whether ``hits`` returns a result for an event; the result is kept until ``detect`` receives this event.

        This avoids matching an event twice: while a log is read, to decide whether to keep the event, and in
        ``detect``.
        """
        hits = self.hits(event)
        if hits:
            self._remembered[id(event)] = event, hits
        return bool(hits)

    def detect(self, events: Iterable[Event]) -> Detected:
        """Return all matches and sightings of the rules in events, in the order of the events.

        The results of correlations and known issues depend on the host, and are computed later.
        """
        found, kinds = Detected(), set[_KindKey]()
        for event in events:
            kinds.add((event.event_id, event.provider, event.event_source_name, event.channel))
            remembered = self._remembered.pop(id(event), None)
            is_known = remembered is not None and remembered[0] is event
            for hit in remembered[1] if remembered is not None and is_known else self.hits(event):
                target = hit.target
                if target.name is None:
                    found.matches[target.rule.info.id].append(Match(target.rule, (hit.event,), hit.truth))
                else:
                    sighting = Sighting(target.selection, hit.event, hit.truth)
                    found.sightings[target.rule.info.id, target.name].append(sighting)
        found.concerned.update(self.rules[index].info.id for kind in kinds for index in self._index.candidates(*kind))
        return found

    # ------------------------------------------------------------------------------------------------- kinds

    def _open(self, event: Event) -> "_Kind":
        """Compile the rules for events of this id, provider and channel; kinds with equal conditions share them."""
        opened = []
        answers_of_kind = cache(partial(truth_in, event))
        key_of_kind = event.event_id, event.provider, event.event_source_name, event.channel
        for index in self._index.candidates(*key_of_kind):
            for openable in self._targets_of(index):
                variant = openable.variant(event, answers_of_kind)
                if variant is not None:
                    opened.append((openable.number, variant))
        key = tuple(opened)
        if len(self._kinds) >= _MAX_KINDS:
            self._kinds.clear()
            self._compiled.clear()
        kind = self._compiled.get(key)
        if kind is None:
            kind = self._compiled[key] = self._compile(key) if key else _NO_KIND
        self._kinds[key_of_kind] = kind
        return kind

    def _compile(self, opened: Sequence[tuple[int, int]]) -> "_Kind":
        asked = [(self._openables[number], variant) for number, variant in opened]
        return _Kind(
            tuple(openable.target for openable, _ in asked),
            KindMatcher([Asked(one.variants[variant], one.target.selection.derive) for one, variant in asked]),
        )

    # ----------------------------------------------------------------------------------------------- targets

    def _targets_of(self, index: int) -> "tuple[_Openable, ...]":
        found = self._targets.get(index)
        if found is None:
            targets = self._make_targets(self.rules[index], index)
            found = tuple(_Openable(number, target) for number, target in enumerate(targets, len(self._openables)))
            self._openables += found
            self._targets[index] = found
        return found

    def _make_targets(self, rule: Rule, index: int) -> Iterator[Target]:
        if rule.silent:
            return
        for base in rule.bases():
            if self._is_due(base, index):
                yield Target(base, None, base.selection, base.selection.elsewhere)
        for name, selection in rule.selections.items():
            yield Target(rule, name, selection, selection.elsewhere)

    def _is_due(self, base: Rule, index: int) -> bool:
        """Whether the rule at ``index`` has to match ``base``.

        Each base is matched for one rule only, and not at all if it is a loaded rule that reports its own matches.
        """
        own = self._by_id.get(base.info.id)
        if own is not None and own is not self.rules[index] and not own.silent:
            return False
        return self._bases.setdefault(base.info.id, index) == index


# --------------------------------------------------------------------------------------------------- kinds

_KindKey = tuple[int, str, str | None, str | None]
"""Event id, provider, EventSourceName and channel."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """The targets for a kind of event, and their matcher."""

    targets: tuple[Target, ...]
    matcher: KindMatcher


_NO_KIND: Final = _Kind((), KindMatcher(()))
"""A kind of event that no rule can match."""


class _RuleIndex:
    """Rules by the event ids, providers and channels that they can match, taken from their queries."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_names: dict[_IndexKey, list[int]] = defaultdict(list)
        self._channels: dict[tuple[int | None, str | None], set[str | None]] = defaultdict(set)
        for index, rule in enumerate(rules):
            selectors = rule.query().selectors
            for selector in (Selector(),) if selectors is None else selectors:
                provider = selector.provider.casefold() if selector.provider is not None else None
                channel = selector.channel.casefold() if selector.channel is not None else None
                self._by_names[selector.event_id, provider, channel].append(index)
                self._channels[selector.event_id, provider].add(channel)

    def candidates(self, event_id: int, provider: str, event_source_name: str | None, channel: str | None) -> list[int]:
        """Return the indexes of all rules that can match an event with these names, in order; channel None is
        unknown.
        """
        providers = {None, provider.casefold(), (event_source_name or provider).casefold()}
        found: set[int] = set()
        for number in (event_id, None):
            for name in providers:
                channels = self._channels.get((number, name), ())
                for wanted in channels if channel is None else (None, channel.casefold()):
                    if wanted in channels:
                        found.update(self._by_names[number, name, wanted])
        return sorted(found)


_IndexKey = tuple[int | None, str | None, str | None]


@dataclass(slots=True)
class _Openable:
    """A target, and its conditions reduced for kinds of events by the results of tests of id, provider and channel.

    ``variants`` are the different reduced conditions so far.
    """

    number: int
    target: Target
    variants: list[Condition] = field(default_factory=list)
    _known: dict[tuple[Truth, ...], int | None] = field(default_factory=dict)
    _asked: dict[bool, tuple[Test, ...]] = field(default_factory=dict)

    def variant(self, event: Event, answers_of_kind: Callable[[Test], Truth]) -> int | None:
        """Return the index of the reduced condition for events of this kind; None if no such event can meet the target.

        ``answers_of_kind`` returns the results of tests of event id, provider and channel.
        """
        target = self.target
        within = target.selection.logsource.fits(event.channel)
        condition = target.selection.condition if within else target.elsewhere
        if condition is None:
            return None
        if within not in self._asked:
            self._asked[within] = tuple(test for test in tests_in(condition) if tests_kind(test))
        answers = (truth(within), *(answers_of_kind(test) for test in self._asked[within]))
        if answers not in self._known:
            left = narrowed(condition, event)
            self._known[answers] = None if left == NEVER else len(self.variants)
            if left != NEVER:
                self.variants.append(left)
        return self._known[answers]


def detect(rules: Sequence[Rule], events: Iterable[Event]) -> Detected:
    """Return all matches and sightings of rules in events (see ``Engine.detect``)."""
    return Engine(rules).detect(events)
