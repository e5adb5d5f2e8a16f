"""Results of matching: matches, sightings, and both together. Explanations are created on request."""

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

    The events include the fields that the rule derives. ``group`` contains the values by which a correlation groups the
    events, and ``why`` explains the correlation.
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
        """The reason for the match: every test with the value of the event."""
        return self.why() if self.why is not None else _explained(self.rule.selection, self.event)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event that meets a selection for the context of a rule's matches (TRUE), or may meet it (UNKNOWN)."""

    selection: Selection
    event: Event
    truth: Truth

    @property
    def explanation(self) -> Explanation:
        """The reason why the event meets the selection, or may meet it."""
        return _explained(self.selection, self.event)


@dataclass(frozen=True, slots=True)
class Detected:
    """Matches and sightings, in the order of the events.

    ``matches`` are matches of single events by the id of their rule. ``sightings`` are events of the selections that a
    rule needs around its matches, by the rule's id and the selection's name. ``concerned`` are the rules that may have
    found something, by their ids.
    """

    matches: dict[str, list[Match]] = field(default_factory=lambda: defaultdict(list))
    sightings: dict[tuple[str, str], list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    concerned: set[str] = field(default_factory=set)


def _explained(selection: Selection, event: Event) -> Explanation:
    return evaluate(selection.condition, lambda test, positive: explain_in(event, test))
