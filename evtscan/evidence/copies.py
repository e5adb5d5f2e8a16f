"""The logs of a host → their events, each once, however many files hold it.

One record reaches an analyst as ``.evt``, as ``.evtx`` converted from it, and as a list that somebody printed. Records
of two files are copies of one event if they agree in everything of its identity that both files carry:

* event id and source (by name or EventSourceName), which every format carries;
* time, as exactly as the coarser of the two prints it; a local time of unknown zone agrees with one that lies whole
  quarters of an hour, at most 14 hours, away: no zone is in between;
* record number;
* computer, by its first label;
* insertion strings, without what separates them: formats put commas, bars, blanks or nothing there. Named data is not
  compared, since formats differ in how they write its values; whatever carries names carries record numbers too.

The channel is no part of it: formats take it from the name of the file, and a conversion assigns another one. Time or
record number must be there in both. One file is never searched for copies of its own: what it holds twice was logged
twice, and each of its records is a copy of at most one event.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.event import Event
from evtscan.base.model.log import Log
from evtscan.base.wintypes import FURTHEST_ZONE, TICKS_PER_SECOND, Instant
from evtscan.parsers.logs.exportrecords import ALL_DATA

_QUARTER = 900 * TICKS_PER_SECOND
"""Zones differ from UTC by whole quarters of an hour."""
_DAY = 86_400 * TICKS_PER_SECOND
_MOST_COMPARED = 64
"""Events of one moment that a record is compared with."""
_POSITION = re.compile(r"Data\d{1,5}\Z")
_BETWEEN_STRINGS = re.compile(r"[\s|]+")


@dataclass(frozen=True, slots=True)
class Distinct:
    """The distinct events of several logs, and the number of events that each file shares with another file."""

    events: tuple[Event, ...]
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By the file that repeats and the file that came before it."""


def each_once(logs: Sequence[Log]) -> Distinct:
    """Every event of the logs once, in the order of the files: of several copies, the one with the most fields."""
    if len(logs) < 2:
        return Distinct(tuple(event for log in logs for event in log.events))
    shelf = _Shelf(any(event.time is not None and event.time.local for log in logs for event in log.events))
    copies: Counter[tuple[str, str]] = Counter()
    for log in logs:
        name = log.source.name
        for event in log.events:
            held = shelf.find(event, name)
            if held is None:
                shelf.add(event, name)
            else:
                copies[name, held.sources[0]] += 1
                held.take(event, name)
    return Distinct(tuple(held.event for held in shelf.all), copies)


@dataclass(slots=True, eq=False)
class _Held:
    """One event: its most complete copy, and the files that contain it."""

    event: Event
    sources: list[str]

    def take(self, copy: Event, source: str) -> None:
        self.sources.append(source)
        if _fullness(copy) > _fullness(self.event):
            self.event = copy


def _fullness(event: Event) -> tuple[bool, bool, bool, int]:
    """The completeness of a copy: a record of the log itself, its data, its time, its other fields."""
    dated = event.time is not None and not event.time.local
    return (not event.recovered, ALL_DATA not in event.unreadable, dated, -len(event.unreadable))


Key = tuple[int, ...]
"""What copies have in common that can be looked up: event id with day and second of the quarter, or with number."""


class _Shelf:
    """The events so far, indexed by the fields that copies share.

    Thousands of events may have one time. For a record with a number, only those with the same number or without any
    are compared, and each index entry remembers the progress of a file, so that the work does not grow with the square
    of their number.
    """

    def __init__(self, any_local: bool) -> None:
        self.all: list[_Held] = []
        self._days = (0, -1, 1) if any_local else (0,)
        self._places: dict[Key, _Bucket] = {}
        self._numbered: dict[Key, _Bucket] = {}
        self._unnumbered: dict[Key, _Bucket] = {}
        self._undated = False

    def add(self, event: Event, source: str) -> None:
        held = _Held(event, [source])
        self.all.append(held)
        self._undated = self._undated or event.time is None
        for key in _moments(event, (0,)):
            self._places.setdefault(key, _Bucket()).held.append(held)
            if event.record_id is None:
                self._unnumbered.setdefault(key, _Bucket()).held.append(held)
            else:
                self._numbered.setdefault((*key, event.record_id), _Bucket()).held.append(held)
        for key in _numbers(event):
            self._places.setdefault(key, _Bucket()).held.append(held)

    def find(self, event: Event, source: str) -> _Held | None:
        """The event of another file that this is a copy of, unless its own file already has a copy of that event."""
        for place in self._near(event):
            for held in place.open_to(source):
                if source not in held.sources and is_copy(event, held.event):
                    return held
        return None

    def _near(self, event: Event) -> Iterator["_Bucket"]:
        found: list[_Bucket | None] = []
        for key in _moments(event, self._days):
            if event.record_id is None:
                found.append(self._places.get(key))
            else:
                found += [self._numbered.get((*key, event.record_id)), self._unnumbered.get(key)]
        if event.time is None or self._undated:
            found += [self._places.get(key) for key in _numbers(event)]
        return filter(None, found)


@dataclass(slots=True, eq=False)
class _Bucket:
    """The events with one index key, in the order in which they were added."""

    held: list[_Held] = field(default_factory=list)
    _ends: dict[str, tuple[int, int]] = field(default_factory=dict)

    def open_to(self, source: str) -> Sequence[_Held]:
        """The events that a record of this file may be a copy of, including taken ones; of many, only the outermost.

        Files list events in the same or in reverse order, so copies are found at one of the ends.
        """
        if len(self.held) <= _MOST_COMPARED:
            return self.held
        first, last = self._ends.get(source, (0, len(self.held)))
        while first < last and source in self.held[first].sources:
            first += 1
        while first < last and source in self.held[last - 1].sources:
            last -= 1
        self._ends[source] = first, last
        if last - first <= _MOST_COMPARED:
            return self.held[first:last]
        half = _MOST_COMPARED // 2
        return self.held[first : first + half] + self.held[last - half : last]


def _moments(event: Event, days: Iterable[int]) -> Iterator[Key]:
    if event.time is not None:
        day, second = event.time.ticks // _DAY, event.time.ticks % _QUARTER // TICKS_PER_SECOND
        for step in days:
            yield event.event_id, day + step, second


def _numbers(event: Event) -> Iterator[Key]:
    if event.record_id is not None:
        yield event.event_id, event.record_id


def is_copy(one: Event, other: Event) -> bool:
    """Whether two records of different files agree in every field that both have."""
    if one.event_id != other.event_id or _names(one).isdisjoint(_names(other)):
        return False
    anchored = _both(one.time, other.time) or _both(one.record_id, other.record_id)
    return (
        anchored
        and (not _both(one.record_id, other.record_id) or one.record_id == other.record_id)
        and (one.time is None or other.time is None or _times_agree(one.time, other.time))
        and (not (one.computer and other.computer) or _label(one.computer) == _label(other.computer))
        and _strings_agree(one, other)
    )


def _both(one: object, other: object) -> bool:
    return one is not None and other is not None


def _names(event: Event) -> set[str]:
    return {name.casefold() for name in (event.provider, event.event_source_name) if name}


def _label(computer: str) -> str:
    return computer.partition(".")[0].casefold()


def _times_agree(one: Instant, other: Instant) -> bool:
    apart = abs(one.ticks - other.ticks)
    if one.local or other.local:
        if apart > FURTHEST_ZONE:
            return False
        apart = min(apart % _QUARTER, -apart % _QUARTER)
    return apart < int(10 ** (7 - min(one.digits, other.digits)))


def _strings_agree(one: Event, other: Event) -> bool:
    texts = (_strings(one), _strings(other))
    return None in texts or texts[0] == texts[1]


def _strings(event: Event) -> str | None:
    """The insertion strings as one text, or None if the evidence lacks them, or has named data."""
    names = [name for name in event.data if name != "Binary"]
    if ALL_DATA in event.unreadable or not all(map(_POSITION.match, names)):
        return None
    return _BETWEEN_STRINGS.sub("", "".join(str(event.data[name]) for name in names))
