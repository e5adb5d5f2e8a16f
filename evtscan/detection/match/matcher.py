"""Rules × events → matches: an index finds the few rules that an event concerns; only what is asked is explained."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation
from evtscan.base.model.query import Selector
from evtscan.detection.match.eventtests import explain_in
from evtscan.detection.match.narrowing import NEVER, Answer, answering, narrowed
from evtscan.detection.model.condition import Condition, evaluate
from evtscan.detection.model.derive import with_derived
from evtscan.detection.model.rule import Rule, Selection

_MOST_KINDS = 4096
"""Of how many kinds of events (id, source, channel) the index remembers which rules they concern."""


@dataclass(frozen=True, slots=True)
class Match:
    """An event, or a correlated group of events in their order, that a rule accepts (TRUE), or may accept: a candidate.

    The events have the fields that the rule derives. ``group`` holds what a correlation groups them by, and ``why``
    explains what correlates them.
    """

    rule: Rule
    events: tuple[Event, ...]
    truth: Truth
    group: Mapping[str, str] = field(default_factory=dict)
    why: Callable[[], Explanation] | None = None

    @property
    def event(self) -> Event:
        """The event that stands for the match: the last one."""
        return self.events[-1]

    @property
    def explanation(self) -> Explanation:
        """Why it is a match: every test with what the event says."""
        return self.why() if self.why is not None else _explained(self.rule.selection, self.event)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event that fits a selection which a rule asks for around its matches (TRUE), or may fit it."""

    selection: Selection
    event: Event
    truth: Truth

    @property
    def explanation(self) -> Explanation:
        """Why it fits, or may fit."""
        return _explained(self.selection, self.event)


@dataclass(frozen=True, slots=True)
class Detected:
    """What rules find in events, in the order of the events.

    ``matches`` are those of single events by the id of their rule, ``sightings`` those of the selections that a rule
    asks for around its matches, by its id and their name. ``concerned`` are the rules that can have found something.
    """

    matches: dict[str, list[Match]] = field(default_factory=lambda: defaultdict(list))
    sightings: dict[tuple[str, str], list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    concerned: set[str] = field(default_factory=set)


def detect(rules: Sequence[Rule], events: Iterable[Event]) -> Detected:
    """All that rules find in events; what correlations and known issues make of it depends on the host."""
    index, found = RuleIndex(rules), Detected()
    for event in events:
        for asked, seen, truth in index.hits(event):
            if asked.name is None:
                found.matches[asked.rule.info.id].append(Match(asked.rule, (seen,), truth))
            else:
                sighting = Sighting(asked.selection, seen, truth)
                found.sightings[asked.rule.info.id, asked.name].append(sighting)
    found.concerned.update(index.concerned)
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one rule asks of events: its detection, or a selection that it names (``name``)."""

    rule: Rule
    name: str | None
    selection: Selection
    elsewhere: Condition | None

    def of(self, channel: str | None) -> Condition | None:
        """What must hold of an event in a channel; None if no such event is meant."""
        return self.selection.condition if self.selection.logsource.fits(channel) else self.elsewhere


class RuleIndex:
    """Rules by the event ids and providers that they can match, so that a rule costs nothing on other events.

    Nothing but its query is asked of a rule before an event concerns it.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_id = {rule.info.id: rule for rule in self._rules}
        self._places: defaultdict[tuple[int | None, str | None], set[int]] = defaultdict(set)
        for place, rule in enumerate(self._rules):
            selectors = rule.query().selectors
            for selector in (Selector(),) if selectors is None else selectors:
                provider = selector.provider.casefold() if selector.provider is not None else None
                self._places[selector.event_id, provider].add(place)
        self._asked: dict[int, tuple[_Asked, ...]] = {}
        self._bases: dict[str, int] = {}
        self._of_kind: dict[tuple[int, str, str | None, str | None], tuple[tuple[_Asked, Answer], ...]] = {}

    @property
    def concerned(self) -> Iterator[str]:
        """The ids of the rules that events of some kind concerned so far."""
        return (self._rules[place].info.id for place in self._asked)

    def hits(self, event: Event) -> Iterator[tuple[_Asked, Event, Truth]]:
        """What fits an event or may fit it, in the order of the rules, with the event as that rule sees it."""
        for asked, answer in self._concerned(event):
            seen = with_derived(event, asked.selection.derive)
            result = answer(seen)
            if result is not Truth.FALSE:
                yield asked, seen, result

    def concerns(self, event: Event) -> bool:
        """Whether anything fits an event, or may fit it."""
        for asked, answer in self._concerned(event):  # no generator: a scan asks of every event that it reads
            derive = asked.selection.derive
            if answer(with_derived(event, derive) if derive else event) is not Truth.FALSE:
                return True
        return False

    def _concerned(self, event: Event) -> tuple[tuple[_Asked, Answer], ...]:
        """What rules ask of events of this id, source and channel, and what such an event answers."""
        kind = (event.event_id, event.provider, event.event_source_name, event.channel)
        found = self._of_kind.get(kind)
        if found is None:
            if len(self._of_kind) >= _MOST_KINDS:
                self._of_kind.clear()
            found = self._of_kind[kind] = tuple(self._open(event))
        return found

    def _open(self, event: Event) -> Iterator[tuple[_Asked, Answer]]:
        for place in sorted(self._candidates(event)):
            for asked in self._asked_by(place):
                condition = asked.of(event.channel)
                left = NEVER if condition is None else narrowed(condition, event)
                if left != NEVER:
                    yield asked, answering(left)

    def _candidates(self, event: Event) -> set[int]:
        providers = {None, event.provider.casefold(), (event.event_source_name or event.provider).casefold()}
        keys = ((number, provider) for number in (event.event_id, None) for provider in providers)
        return set().union(*(self._places[key] for key in keys if key in self._places))

    def _asked_by(self, place: int) -> tuple[_Asked, ...]:
        if place not in self._asked:
            self._asked[place] = tuple(self._asks(self._rules[place], place))
        return self._asked[place]

    def _asks(self, rule: Rule, place: int) -> Iterator[_Asked]:
        if rule.silent:
            return
        for base in rule.bases():
            if self._is_due(base, place):
                yield _Asked(base, None, base.selection, base.selection.elsewhere)
        for name, selection in rule.selections.items():
            yield _Asked(rule, name, selection, selection.elsewhere)

    def _is_due(self, base: Rule, place: int) -> bool:
        """Whether a rule is looked for on behalf of this one: once, on its own behalf if it reports anything itself."""
        own = self._by_id.get(base.info.id)
        if own is not None and own is not self._rules[place] and not own.silent:
            return False
        return self._bases.setdefault(base.info.id, place) == place


def _explained(selection: Selection, event: Event) -> Explanation:
    return evaluate(selection.condition, lambda test, positive: explain_in(event, test))
