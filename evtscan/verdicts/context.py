"""``known_issue.context`` × the matches of a rule on a host → what holds around each match, and why.

An entry is true, false or unknown. What was logged is known whatever the logs cover; that something was not is known
only where they do.
"""

from collections.abc import Mapping, Sequence

from evtscan.base.logic import Truth, truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation
from evtscan.base.model.source import Location
from evtscan.base.wording import lasting, listing
from evtscan.detection.match.eventtests import EXPORT_WHOLE
from evtscan.detection.match.fields import UNREADABLE, field_value
from evtscan.detection.match.matcher import Match, Sighting
from evtscan.detection.model.condition import Operator, tests_in
from evtscan.detection.model.context import Around, Beside, Boots, ClearedBy, Every, SameBoot, SinceBoot
from evtscan.detection.model.rule import Rule, Selection
from evtscan.verdicts.boots import in_boots, in_one_boot, matched_boots, since_boot
from evtscan.verdicts.chronology import Chronology, Line
from evtscan.verdicts.coverage import Coverage, Uncovered, Window
from evtscan.verdicts.leaves import BY_HAND, known, undecided
from evtscan.verdicts.periods import Periods
from evtscan.verdicts.sought import Sought
from evtscan.verdicts.wording import listed, moment, to_ask, unknown

Sightings = Mapping[tuple[str, str], Sequence[Sighting]]
"""Events that fit a selection, by the rule that names it and its name."""


class Context:
    """The context that one rule requires around its matches, on one host; ``matches`` are all of them, with their
    entities.
    """

    def __init__(
        self, rule: Rule, chronology: Chronology, sightings: Sightings, matches: Sequence[tuple[Match, str]]
    ) -> None:
        issue = rule.known_issue
        self._rule, self._chronology, self._coverage = rule, chronology, Coverage(chronology)
        self._sightings = sightings
        self._entries = issue.context if issue is not None else ()
        self._support = issue.supported_by if issue is not None else ()
        self._cleared_by = issue.cleared_by if issue is not None else None
        self._sought: dict[Beside, Sought] = {}
        self._channels = {
            entry.name: rule.selections[entry.name].channels()
            for entry in (*self._entries, *self._support)
            if isinstance(entry, Beside)
        }
        self._entity = {_key(match): entity for match, entity in matches}
        self._matched = matched_boots(matches, chronology) if self._asks(Boots) else {}
        self._periods = {
            (entry, entity): Periods(entry, (match for match, of in matches if of == entity), chronology)
            for entry in self._entries
            if isinstance(entry, Every)
            for entity in dict.fromkeys(self._entity.values())
        }

    def around(self, match: Match) -> tuple[Explanation, ...]:
        """Each entry of the context, as it is around a match."""
        return tuple(self._explained(entry, match) for entry in self._entries)

    def supporting(self, match: Match) -> tuple[Explanation, ...]:
        """The events near a match that support it, as far as they are known."""
        return tuple(leaf for entry in self._support if (leaf := self._beside(entry, match)).truth is Truth.TRUE)

    def clearing(self, match: Match) -> Event | None:
        """The event after a match that states that the problem is over, or None."""
        if self._cleared_by is None:
            return None
        found = self._search(_behind(self._cleared_by)).seek(match.event)
        return found.sighting.event if found.truth is Truth.TRUE and found.sighting is not None else None

    def _asks(self, kind: type[Around]) -> bool:
        return any(isinstance(entry, kind) for entry in self._entries)

    def _explained(self, entry: Around, match: Match) -> Explanation:
        match entry:
            case Beside():
                return self._beside(entry, match)
            case SinceBoot():
                return since_boot(entry, match, self._chronology)
            case Boots():
                entity = self._entity.get(_key(match), "")
                return in_boots(entry, match, self._matched.get(entity, {}), self._chronology)
            case Every():
                entity = self._entity.get(_key(match), "")
                return self._periods[entry, entity].at(match, self._coverage)
            case SameBoot():
                return in_one_boot(entry, match, self._chronology)

    # ----------------------------------------------------------------------------------- another event beside

    def _search(self, entry: Beside) -> Sought:
        if entry not in self._sought:
            sightings = self._sightings.get((self._rule.info.id, entry.name), ())
            self._sought[entry] = Sought(entry, sightings, self._chronology)
        return self._sought[entry]

    def _beside(self, entry: Beside, match: Match) -> Explanation:
        event = match.events[-1] if entry.after else match.events[0]
        verb = "followed" if entry.after else "preceded it"
        found = self._search(entry).seek(event)
        if found.truth is Truth.TRUE and found.sighting is not None:
            other = found.sighting.event
            says = f"{other.provider} {other.event_id} {verb} at {moment(other.time)}"
            return known(entry, truth(entry.wanted), says, other.location)
        asked = f"{_called(self._rule.selections[entry.name], entry.name)} {verb}{_span(entry)}"
        if found.truth is Truth.UNKNOWN:
            return _perhaps(entry, event, found.sighting, asked)
        window = Window(
            event=event,
            after=entry.after,
            channels=self._channels[entry.name],
            within=entry.within,
            same_boot=entry.same_boot,
        )
        covered = self._coverage.of(window)
        if isinstance(covered, Uncovered):
            return undecided(entry, f"whether {asked} is not known: {covered.says}", covered.how_to_get, event.location)
        says = f"no {asked}, in {listing(line.name for line in covered)}"
        return known(entry, truth(not entry.wanted), says, *(_end(line, entry.after) for line in covered))


def _key(match: Match) -> tuple[Location, tuple[str, ...]]:
    """A key that distinguishes the matches of one rule: for groups that end with the same event, the values of their
    group-by fields.
    """
    return match.event.location, tuple(match.group.values())


def _perhaps(entry: Beside, event: Event, sighting: Sighting | None, asked: str) -> Explanation:
    """A candidate: an event that may be the required one, or may be at the required position."""
    says = f"whether {asked} is not known"
    if sighting is None:
        return undecided(entry, f"{says}: too many events may be it", BY_HAND, event.location)
    place = sighting.event.location
    if sighting.truth is Truth.UNKNOWN:
        why = sighting.explanation
        return undecided(entry, f"{says}: {unknown(why)}", listed(to_ask(why)), place)
    pairs = ((own, _is_unreadable(event, own) or _is_unreadable(sighting.event, other)) for own, other in entry.same)
    unreadable = [own for own, missing in pairs if missing]
    if unreadable:
        return undecided(entry, f"{says}: {listing(unreadable)} is not in this evidence", EXPORT_WHOLE, place)
    return undecided(entry, f"{says}: the time between it and {place} is not certain", BY_HAND, place)


def _is_unreadable(event: Event, name: str) -> bool:
    return field_value(event, name) is UNREADABLE


def _behind(clearing: ClearedBy) -> Beside:
    return Beside(name=clearing.name, after=True, text=clearing.text, same=clearing.same)


def _called(selection: Selection, name: str) -> str:
    """The name of a selection in words: provider and event id if it has one of each, else its own name."""
    named: dict[str, list[object]] = {"Provider_Name": [], "EventID": []}
    for test in tests_in(selection.condition):
        if test.field in named and test.operator is Operator.IS:
            named[test.field] += test.values
    if len(named["EventID"]) != 1 or not named["Provider_Name"]:
        return f"“{name}”"
    return f"{named['Provider_Name'][0]} {named['EventID'][0]}"


def _span(entry: Beside) -> str:
    within = "" if entry.within is None else f" within {lasting(entry.within)}"
    boot = " in the same boot session" if entry.same_boot else ""
    same = f" with the same {listing(own for own, _ in entry.same)}" if entry.same else ""
    return f"{same}{within}{boot}"


def _end(line: Line, after: bool) -> Location:
    """The record up to which a log was looked through."""
    sequence = line.stretch.last if after else line.stretch.first
    return Location(source=line.name, record=sequence)
