"""Correlation: matches of several rules, in order → groups that meet a condition; each event is in at most one group.

There are two kinds of conditions. More events can only make the first kind true (``gte``, ``gt``, ``temporal`` without
``not``). Such a condition is tested for every window of the timespan: a group is a window that meets it, and windows
that share an event are one group. Another event can make the second kind false (``lt``, ``lte``, ``eq``, ``neq``,
``not``). Such a condition needs windows with an end: a window begins with an event and lasts for the timespan, and the
next event after it begins the next window.

Unknown results remain unknown. A group is a candidate if it meets the condition only with candidates, or only on the
assumption that no more time passed than the clock shows.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from evtscan.base.logic import Truth, any_of, truth
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.condition import Condition, Not, truth_of
from evtscan.detection.model.rule import Comparison, Correlation, CorrelationType, Threshold

_RISING = (Comparison.MORE, Comparison.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Member:
    """One match that may belong to a group, in order.

    ``place`` is the index of its rule in the correlation. ``since`` is the minimum time in ticks since the previous
    member; ``certain`` means that it is the exact time, and ``ordered`` that this member came after the previous one.
    ``value`` is the value that is counted, None if the evidence cannot contain it. ``belongs``: the member certainly
    belongs to the current group.
    """

    match: Match
    place: int
    since: int = 0
    certain: bool = True
    ordered: bool = True
    value: Hashable = ()
    belongs: bool = True

    @property
    def is_certain_event(self) -> bool:
        """Whether the match is certain and belongs to the group, whatever its value."""
        return self.match.truth is Truth.TRUE and self.belongs

    @property
    def is_candidate(self) -> bool:
        """Whether the member may not belong to the group, or its value is unknown."""
        return not self.is_certain_event or self.value is None


@dataclass(frozen=True, slots=True)
class Group:
    """Members that together meet the condition (TRUE), or may meet it (UNKNOWN)."""

    members: tuple[Member, ...]
    truth: Truth


class Timing(Protocol):
    """The times between members on a host, and the coverage of its logs after them."""

    def least(self, one: Member, other: Member) -> int:
        """Return the minimum time between two members in ticks, in either order."""
        ...

    def is_covered(self, member: Member) -> bool:
        """Whether the logs are complete for the timespan after a member."""
        ...


def groups_of(correlation: Correlation, members: Sequence[Member], timing: Timing) -> Iterator[Group]:
    """Yield the groups that meet a correlation, or may meet it; ``members`` have one ``group-by`` value, in order."""
    times = list(accumulate(member.since for member in members))
    breaks = list(accumulate(not (member.certain and member.ordered) for member in members))
    line = _Line(correlation, members, times, breaks, timing)
    if _rises(correlation):
        yield from _in_any_window(line)
    else:
        yield from _in_windows_with_an_end(line)


def _rises(correlation: Correlation) -> bool:
    """Whether more events can only make the condition true."""
    if correlation.condition is not None:
        return not _has_not(correlation.condition)
    threshold = correlation.threshold
    return threshold is None or all(part.comparison in _RISING for part in threshold.parts())


def _has_not(condition: Condition) -> bool:
    match condition:
        case Not():
            return True
        case _:
            return any(map(_has_not, getattr(condition, "children", ())))


@dataclass(frozen=True, slots=True)
class _Line:
    """Members with the minimum time since the first one, and the number of uncertain times or orders up to each."""

    correlation: Correlation
    members: Sequence[Member]
    times: Sequence[int]
    breaks: Sequence[int]
    timing: Timing

    def spans(self, first: int, last: int, *, certain: bool) -> bool:
        """Whether two members are within the timespan; without ``certain``, whether they may be."""
        if self.breaks[last] == self.breaks[first]:
            return self.times[last] - self.times[first] <= self.correlation.timespan
        least = self.timing.least
        return not certain and least(self.members[first], self.members[last]) <= self.correlation.timespan


# ---------------------------------------------------------------------------------------------- any window


def _in_any_window(line: _Line) -> Iterator[Group]:
    sure = [place for place, member in enumerate(line.members) if not member.is_candidate]
    certain = [[sure[at] for at in range(*run)] for run in _runs(line, sure, certain=True)]
    found = [(group, Truth.TRUE) for group in certain]
    if len(sure) < len(line.members) or (line.breaks and line.breaks[-1]):
        taken = {place for group in certain for place in group}
        rest = [place for place in range(len(line.members)) if place not in taken]
        found += [([rest[at] for at in range(*run)], Truth.UNKNOWN) for run in _runs(line, rest, certain=False)]
    for group, holds in sorted(found, key=lambda item: item[0][0]):
        yield Group(tuple(line.members[place] for place in group), holds)


def _runs(line: _Line, places: Sequence[int], *, certain: bool) -> Iterator[tuple[int, int]]:
    """Yield ranges of ``places`` in which windows meet the condition; windows that share a member are joined."""
    windows = _ordered_windows if line.correlation.type is CorrelationType.TEMPORAL_ORDERED else _windows
    begin = end = -1
    for first, last in windows(line, places, certain):
        if first > end:
            if end >= 0:
                yield begin, end + 1
            begin = first
        end = last
    if end >= 0:
        yield begin, end + 1


def _windows(line: _Line, places: Sequence[int], certain: bool) -> Iterator[tuple[int, int]]:
    """Yield for each member the window that ends with it, if it meets the condition."""
    counted = _Counted(line.correlation)
    first = 0
    for last, place in enumerate(places):
        counted.add(line.members[place])
        while not line.spans(places[first], place, certain=certain):
            counted.remove(line.members[places[first]])
            first += 1
        if counted.meets():
            yield first, last


class _Counted:
    """The content of a sliding window, updated as members enter and leave."""

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self._events = 0
        self._kinds: Counter[Hashable] = Counter()

    def add(self, member: Member) -> None:
        self._events += 1
        self._kinds[self._kind(member)] += 1

    def remove(self, member: Member) -> None:
        self._events -= 1
        kind = self._kind(member)
        self._kinds[kind] -= 1
        if not self._kinds[kind]:
            del self._kinds[kind]

    def meets(self) -> bool:
        """Whether the current members meet the condition."""
        correlation = self._correlation
        if correlation.condition is not None:
            matched = {correlation.references[place] for place in self._kinds if isinstance(place, int)}
            return truth_of(correlation.condition, lambda test: truth(test.field in matched)) is Truth.TRUE
        assert correlation.threshold is not None, "one of the two is stated"
        counts_events = correlation.type is CorrelationType.EVENT_COUNT
        return correlation.threshold.met_by(self._events if counts_events else len(self._kinds))

    def _kind(self, member: Member) -> Hashable:
        """Return the key that is counted: the member's value (unique if unreadable), or its rule."""
        if self._correlation.type is CorrelationType.VALUE_COUNT:
            return id(member) if member.value is None else (member.value,)
        return member.place


def _ordered_windows(line: _Line, places: Sequence[int], certain: bool) -> Iterator[tuple[int, int]]:
    """Yield for each member of the last rule the shortest window that ends with it and has all rules in order."""
    rules = len(line.correlation.references)
    begun: list[int | None] = [None] * rules  # where the latest chain begins that has come up to each rule
    for run in _runs_without_order(line, places) if not certain else ([at] for at in range(len(places))):
        for at in sorted(run, key=lambda at: line.members[places[at]].place):
            rule = line.members[places[at]].place
            first = at if rule == 0 else begun[rule - 1]
            if first is None or not line.spans(places[first], places[at], certain=certain):
                continue
            begun[rule] = first
            if rule == rules - 1:
                yield min(first, run[0]), run[-1]


def _runs_without_order(line: _Line, places: Sequence[int]) -> Iterator[list[int]]:
    """Yield runs of members in ``places`` whose order is unknown; a member with a known order starts a new run."""
    run: list[int] = []
    for at, place in enumerate(places):
        if run and line.members[place].ordered:
            yield run
            run = []
        run.append(at)
    if run:
        yield run


# ---------------------------------------------------------------------------------------- windows with an end


def _in_windows_with_an_end(line: _Line) -> Iterator[Group]:
    """Yield groups for a condition that another event can make false.

    If the content of a window is uncertain, it may contain more events than are visible. If a window begins with a
    candidate, its true beginning is uncertain, and so are the beginnings of the following windows, until no event was
    logged for the timespan. None of these windows certainly meets the condition.
    """
    first, number = 0, len(line.members)
    begins = True
    while first < number:
        begins = begins or not line.spans(first - 1, first, certain=False)
        begins = begins and line.members[first].is_certain_event
        last = first
        while last + 1 < number and line.spans(first, last + 1, certain=False):
            last += 1
        window = line.members[first : last + 1]
        sure = [
            member
            for place, member in enumerate(window, first)
            if not member.is_candidate and line.breaks[place] == line.breaks[first]
        ]
        is_uncertain = line.breaks[first] != line.breaks[min(last + 1, number - 1)]
        is_open = is_uncertain or not line.timing.is_covered(window[0])
        holds = _holds(line.correlation, sure, window, is_open=is_open)
        if holds is not Truth.FALSE:
            yield Group(tuple(window), holds if begins else Truth.UNKNOWN)
        begins = begins and not is_uncertain
        first = last + 1


def _holds(correlation: Correlation, sure: Sequence[Member], window: Sequence[Member], *, is_open: bool) -> Truth:
    """Whether a window meets the condition.

    It contains at least the members ``sure``, and at most all members of ``window``, or more if ``is_open``.
    """
    if correlation.condition is not None:
        certain = {correlation.references[member.place] for member in sure}
        possible = set(correlation.references) if is_open else {correlation.references[item.place] for item in window}

        def matched(name: str) -> Truth:
            return Truth.TRUE if name in certain else truth(None if name in possible else False)

        return truth_of(correlation.condition, lambda test: matched(test.field))
    assert correlation.threshold is not None, "one of the two is stated"
    low, high = _count(correlation, sure), _count(correlation, window)
    return _met_between(correlation.threshold, low, high, is_open=is_open)


def _count(correlation: Correlation, members: Sequence[Member]) -> int:
    match correlation.type:
        case CorrelationType.EVENT_COUNT:
            return len(members)
        case CorrelationType.VALUE_COUNT:
            unreadable = sum(1 for member in members if member.value is None)
            return len({member.value for member in members} - {None}) + unreadable
        case _:
            return len({member.place for member in members})


def _met_between(threshold: Threshold, low: int, high: int, *, is_open: bool) -> Truth:
    """Whether a threshold is met by all numbers from ``low`` to ``high`` (TRUE), by some (UNKNOWN), or by none (FALSE).

    If ``is_open``, all larger numbers are included.
    """
    limits = [int(part.number) for part in threshold.parts()]
    near = {limit + step for limit in limits for step in (-1, 0, 1, 2)}
    numbers = {low, high, *(other for other in near if low <= other <= high)}
    if is_open:
        numbers |= {other for other in near if other > high} | {max(high, *limits) + 2}
    answers = {threshold.met_by(count) for count in numbers}
    if len(answers) == 2:
        return Truth.UNKNOWN
    return any_of(truth(answer) for answer in answers)
