"""Matches of a rule in the order of time → whether they recur after a period, or after multiples of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evtscan.base.logic import Truth, all_of, truth
from evtscan.base.model.finding import Explanation
from evtscan.base.model.source import Location
from evtscan.base.wording import lasting, listing
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.context import Every
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.coverage import Coverage, Uncovered, Window
from evtscan.verdicts.leaves import BY_HAND, known, undecided
from evtscan.verdicts.wording import listed


@dataclass(frozen=True, slots=True)
class _Beat:
    """Matches within the tolerance of each other; ``matches`` are in order."""

    matches: tuple[Match, ...]

    @property
    def truth(self) -> Truth:
        """TRUE if one of the matches is certain."""
        certain = any(match.truth is Truth.TRUE for match in self.matches)
        return Truth.TRUE if certain else Truth.UNKNOWN

    @property
    def first(self) -> Match:
        return self.matches[0]


class Periods:
    """The matches of one rule and entity, and the distance of each to the previous and the next ones."""

    def __init__(self, entry: Every, matches: Iterable[Match], chronology: Chronology) -> None:
        self._entry, self._chronology = entry, chronology
        self._beats: list[_Beat] = []
        self._place: dict[Location, int] = {}
        ordered = sorted(matches, key=lambda match: chronology.order(match.event))
        for beat in self._divided(ordered):
            self._place.update((match.event.location, len(self._beats)) for match in beat)
            self._beats.append(_Beat(tuple(beat)))

    def _divided(self, ordered: Sequence[Match]) -> Iterable[list[Match]]:
        beat: list[Match] = []
        for match in ordered:
            apart = self._apart(beat[-1], match) if beat else None
            if beat and (apart is None or apart > self._entry.tolerance):
                yield beat
                beat = []
            beat.append(match)
        if beat:
            yield beat

    def at(self, match: Match, coverage: Coverage) -> Explanation:
        """Whether the matches before and after one are at multiples of the period."""
        entry, place = self._entry, self._place[match.event.location]
        pairs = [
            (self._beats[at], self._beats[at + 1]) for at in (place - 1, place) if at >= 0 and at + 1 < len(self._beats)
        ]
        if not pairs:
            return self._alone(match, coverage)
        periodic = all_of(self._is_multiple(*pair) for pair in pairs)
        apart = listing(dict.fromkeys(self._shown(*pair) for pair in pairs))
        beside = [beat for pair in pairs for beat in pair if beat is not self._beats[place]]
        places = [beat.first.event.location for beat in beside]
        if periodic is Truth.UNKNOWN:
            return undecided(entry, f"how far the next ones are away is not certain ({apart})", BY_HAND, *places)
        return known(entry, periodic if entry.wanted else ~periodic, f"the next ones are {apart} away", *places)

    def _apart(self, one: Match, other: Match) -> int | None:
        """The ticks from one match to a later one; None if unknown."""
        elapsed = self._chronology.elapsed(one.event, other.event)
        return elapsed.low if elapsed.low is not None and elapsed.low == elapsed.high else None

    def _is_multiple(self, one: _Beat, other: _Beat) -> Truth:
        apart = self._apart(one.first, other.first)
        if apart is None or Truth.UNKNOWN in (one.truth, other.truth):
            return Truth.UNKNOWN
        times = max(round(apart / self._entry.period), 1)
        return truth(abs(apart - times * self._entry.period) <= self._entry.tolerance)

    def _shown(self, one: _Beat, other: _Beat) -> str:
        apart = self._apart(one.first, other.first)
        return "an unknown time" if apart is None else lasting(abs(apart))

    def _alone(self, match: Match, coverage: Coverage) -> Explanation:
        """A single match has no period if its log reaches one period further on one side."""
        entry, gaps = self._entry, []
        for after in (True, False):
            event = match.events[-1] if after else match.events[0]
            found = coverage.of(Window(event=event, after=after, within=entry.period + entry.tolerance))
            if not isinstance(found, Uncovered):
                says = f"none {'follows' if after else 'stands before it'} within {lasting(entry.period)}"
                return known(entry, truth(not entry.wanted), says, match.event.location)
            gaps.append(found)
        says = f"there is no other match, and {listed(gap.says for gap in gaps)}"
        return undecided(entry, says, listed(gap.how_to_get for gap in gaps), match.event.location)
