"""Results of matching: matches, sightings, and both together. Explanations are made on request."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation
from evtscan.detection.match.eventtests import explain_in
from evtscan.detection.model.condition import evaluate
from evtscan.detection.model.rule import Rule, Selection

_MOST_KINDS = 4096
"""Of how many kinds of events (id, source, channel) the index remembers which rules they concern."""


@dataclass(frozen=True, slots=True)
class Match:
    """An event, or a correlated group of events in order, that matches a rule (TRUE), or may match it (UNKNOWN).

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
        """The event that represents the match: the last one."""
        return self.events[-1]

    @property
    def explanation(self) -> Explanation:
        """Why it is a match: every test with the value of the event."""
        return self.why() if self.why is not None else _explained(self.rule.selection, self.event)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event that meets a selection for the context of a rule's matches (TRUE), or may meet it (UNKNOWN)."""

    selection: Selection
    event: Event
    truth: Truth

    @property
    def explanation(self) -> Explanation:
        """Why it fits, or may fit."""
        return _explained(self.selection, self.event)


@dataclass(frozen=True, slots=True)
class Detected:
    """Matches and sightings, in the order of the events.

    ``matches`` are those of single events by the id of their rule, ``sightings`` those of the selections that a rule
    asks for around its matches, by its id and their name. ``concerned`` are the rules that can have found something.
    """

    matches: dict[str, list[Match]] = field(default_factory=lambda: defaultdict(list))
    sightings: dict[tuple[str, str], list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    concerned: set[str] = field(default_factory=set)


def _explained(selection: Selection, event: Event) -> Explanation:
    return evaluate(selection.condition, lambda test, positive: explain_in(event, test))
