"""Sightings of a required event × a match → the first sighting at the required position before or after it, if any.

The search follows record order within a log, and times in other logs, so it ends where all further sightings are too
far away.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from evtscan.base.logic import Truth, all_of
from evtscan.base.model.event import Event
from evtscan.base.wintypes import FURTHEST_ZONE
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.match.matcher import Sighting
from evtscan.detection.model.context import Beside
from evtscan.verdicts.chronology import Chronology

MOST_TRIED: Final = 1000
"""How many sightings of one log a search looks at before it gives up: then nothing is known."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: TRUE with the sighting, UNKNOWN with a candidate (or none: too many), or FALSE."""

    truth: Truth
    sighting: Sighting | None = None


_NOTHING: Final = Found(Truth.FALSE)


class Sought:
    """The sightings of one context entry, in the order of their logs."""

    def __init__(self, entry: Beside, sightings: Iterable[Sighting], chronology: Chronology) -> None:
        self._entry = entry
        self._chronology = chronology
        self._by_key: dict[Key, _Shelf] = {}
        self._unreadable = _Shelf()
        for sighting in sightings:
            key = _values(sighting.event, (other for _, other in entry.same))
            log = chronology.log_of(sighting.event)
            if isinstance(key, tuple):
                self._by_key.setdefault(key, _Shelf()).add(log, sighting)
            elif key is UNREADABLE:
                self._unreadable.add(log, sighting)

    def seek(self, event: Event) -> Found:
        """The first sighting at the required position relative to an event."""
        key = _values(event, (own for own, _ in self._entry.same))
        if key is ABSENT:
            return _NOTHING
        alike = self._by_key.get(key) if isinstance(key, tuple) else None
        found = _NOTHING if alike is None else self._seek_on(alike, event)
        if found.truth is Truth.TRUE:
            return found
        perhaps = [self._unreadable] if isinstance(key, tuple) else [self._unreadable, *self._by_key.values()]
        for shelf in perhaps:
            if found.truth is Truth.FALSE:
                other = self._seek_on(shelf, event)
                found = found if other.truth is Truth.FALSE else Found(Truth.UNKNOWN, other.sighting)
        return found

    def _seek_on(self, shelf: "_Shelf", event: Event) -> Found:
        best, own = _NOTHING, self._chronology.log_of(event)
        for log, row in shelf.rows.items():
            in_own = log is not None and log == own
            candidates = row.beside(event, self._entry.after) if in_own else self._elsewhere(row, event)
            found = self._first(event, candidates)
            if found.truth is Truth.TRUE:
                return found
            best = best if found.truth is Truth.FALSE else found
        return best

    def _first(self, event: Event, candidates: Iterator[Sighting]) -> Found:
        best = _NOTHING
        for number, sighting in enumerate(candidates):
            if number >= MOST_TRIED:
                return best if best.sighting else Found(Truth.UNKNOWN)
            truth, is_beyond = self._fits(event, sighting)
            if truth is Truth.TRUE:
                return Found(truth, sighting)
            if is_beyond:
                break
            if truth is Truth.UNKNOWN and best.sighting is None:
                best = Found(truth, sighting)
        return best

    def _fits(self, event: Event, sighting: Sighting) -> tuple[Truth, bool]:
        """Whether a sighting is at the required position, and whether all further ones are too far away."""
        entry, chronology = self._entry, self._chronology
        first, second = (event, sighting.event) if entry.after else (sighting.event, event)
        truths, is_beyond = [sighting.truth, chronology.follows(first, second)], False
        if entry.within is not None:
            elapsed = chronology.elapsed(first, second)
            if elapsed.low is not None and elapsed.low > entry.within:
                truths.append(Truth.FALSE)
                is_beyond = True
            elif elapsed.high is None or elapsed.high > entry.within:
                truths.append(Truth.UNKNOWN)
        if entry.same_boot:
            truths.append(chronology.same_boot(event, sighting.event))
            is_beyond = is_beyond or (truths[-1] is Truth.FALSE and truths[1] is Truth.TRUE)
        return all_of(truths), is_beyond

    def _elsewhere(self, row: "_Row", event: Event) -> Iterator[Sighting]:
        """The sightings of another log that may be on the required side of an event."""
        if event.time is None:
            return iter(row.sightings)
        low, high = self._chronology.doubtful(event.time)
        more = 2 * FURTHEST_ZONE if row.has_local else 0
        return row.from_time(low - more) if self._entry.after else row.up_to_time(high + more)


@dataclass(slots=True)
class _Row:
    """The sightings in one log, in record order."""

    sightings: list[Sighting] = field(default_factory=list)
    has_local: bool = False
    _sequences: list[int] = field(default_factory=list)
    _by_time: list[tuple[int, int]] | None = None

    def add(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        time = sighting.event.time
        self.has_local = self.has_local or (time is not None and time.local)

    def beside(self, event: Event, after: bool) -> Iterator[Sighting]:
        """The sightings after (or before) an event of the same log, nearest first."""
        if len(self._sequences) < len(self.sightings):
            self.sightings.sort(key=lambda sighting: sighting.event.sequence)
            self._sequences = [sighting.event.sequence for sighting in self.sightings]
        if after:
            places: Iterable[int] = range(bisect_right(self._sequences, event.sequence), len(self.sightings))
        else:
            places = range(bisect_left(self._sequences, event.sequence) - 1, -1, -1)
        return (self.sightings[place] for place in places)

    def from_time(self, ticks: int) -> Iterator[Sighting]:
        """Sightings without a time, then those from a time on."""
        yield from self._undated()
        timed = self._timed()
        for at in range(bisect_left(timed, (ticks, 0)), len(timed)):
            yield self.sightings[timed[at][1]]

    def up_to_time(self, ticks: int) -> Iterator[Sighting]:
        """Sightings without a time, then those up to a time, the last first."""
        yield from self._undated()
        timed = self._timed()
        for at in range(bisect_left(timed, (ticks + 1, 0)) - 1, -1, -1):
            yield self.sightings[timed[at][1]]

    def _undated(self) -> Sequence[Sighting]:
        return next(([sighting] for sighting in self.sightings if sighting.event.time is None), [])

    def _timed(self) -> list[tuple[int, int]]:
        if self._by_time is None:
            times = ((sighting.event.time, place) for place, sighting in enumerate(self.sightings))
            self._by_time = sorted((time.ticks, place) for time, place in times if time is not None)
        return self._by_time


@dataclass(slots=True)
class _Shelf:
    """Sightings by log."""

    rows: dict[object, _Row] = field(default_factory=dict)

    def add(self, log: object, sighting: Sighting) -> None:
        self.rows.setdefault(log, _Row()).add(sighting)


def _values(event: Event, fields: Iterable[str]) -> Key | object:
    """The values of some fields of an event for comparison; ABSENT if one is absent, UNREADABLE if one may be
    present.
    """
    values = [field_value(event, name) for name in fields]
    if ABSENT in values:
        return ABSENT
    if UNREADABLE in values:
        return UNREADABLE
    return tuple(str(value).casefold() for value in values)
