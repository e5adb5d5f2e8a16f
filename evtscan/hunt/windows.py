"""Members of one group in order of time → the windows that meet a correlation, in memory that the rule bounds.

The result equals that of ``evtscan.detection.match.correlation.groups_of`` for members that are all certain. There a
group is a list in memory; here a window is its first and last member and a count. The state of a window is limited to
the data that the threshold needs: a count, the latest values, or the latest rules.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Final, Generic, TypeVar

from evtscan.base.logic import Truth, truth
from evtscan.detection.model.condition import Condition, Not, truth_of
from evtscan.detection.model.rule import Comparison, Correlation, CorrelationType, Threshold

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Member(Generic[T]):
    """One match: its time in ticks, the index of its rule among the references, and the counted value."""

    ticks: int
    place: int
    item: T
    value: Hashable = ()


@dataclass(frozen=True, slots=True)
class Window(Generic[T]):
    """A group that meets the correlation: its first and last item and the number of its members."""

    first: T
    last: T
    count: int


_RISING: Final = (Comparison.MORE, Comparison.AT_LEAST)


def windows(correlation: Correlation, members: Iterable[Member[T]], again: Iterable[Member[T]]) -> Iterator[Window[T]]:
    """Return the windows of one group; ``again`` is a second, independent iterator over the same members."""
    if not _rises(correlation):
        return _with_an_end(correlation, members)
    if correlation.type is CorrelationType.TEMPORAL_ORDERED:
        return _joined(_ordered(correlation, members))
    return _joined(_sliding(correlation, members, iter(again)))


def _rises(correlation: Correlation) -> bool:
    """Return whether additional members can make the condition true, but never false."""
    if correlation.condition is not None:
        return not _has_not(correlation.condition)
    threshold = correlation.threshold
    return threshold is None or all(part.comparison in _RISING for part in threshold.parts())


def _has_not(condition: Condition) -> bool:
    return isinstance(condition, Not) or any(map(_has_not, getattr(condition, "children", ())))


# ------------------------------------------------------------------------------------------------ any window


@dataclass(frozen=True, slots=True)
class _Numbered(Generic[T]):
    """A member with its index in the group, from 0."""

    number: int
    member: Member[T]


def _joined(found: Iterable[tuple[_Numbered[T], _Numbered[T]]]) -> Iterator[Window[T]]:
    """Merge windows, given as first and last member, that share a member."""
    begin: _Numbered[T] | None = None
    end: _Numbered[T] | None = None
    for first, last in found:
        if begin is None or end is None or first.number > end.number:
            if begin is not None and end is not None:
                yield _window(begin, end)
            begin = first
        end = last
    if begin is not None and end is not None:
        yield _window(begin, end)


def _window(first: _Numbered[T], last: _Numbered[T]) -> Window[T]:
    return Window(first.member.item, last.member.item, last.number - first.number + 1)


def _sliding(
    correlation: Correlation, members: Iterable[Member[T]], again: Iterator[Member[T]]
) -> Iterator[tuple[_Numbered[T], _Numbered[T]]]:
    """Yield, for each member, the window of the timespan that ends with it, if the window meets the condition."""
    seen = _Seen(correlation)
    first: _Numbered[T] | None = None
    for number, member in enumerate(members):
        seen.add(member)
        if first is None:
            first = _Numbered(0, next(again))
        while member.ticks - first.member.ticks > correlation.timespan:
            first = _Numbered(first.number + 1, next(again))
        if seen.meets(member.ticks, number - first.number + 1):
            yield first, _Numbered(number, member)


class _Seen:
    """The distinct values or rules of the latest members, each with its latest time; their number is limited."""

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self._needed = _needed(correlation)
        self._most = self._needed if correlation.type is CorrelationType.VALUE_COUNT else len(correlation.references)
        self._latest: OrderedDict[Hashable, int] = OrderedDict()

    def add(self, member: Member[T]) -> None:
        """Add the next member."""
        if self._correlation.type is CorrelationType.EVENT_COUNT:
            return
        kind = (member.value,) if self._correlation.type is CorrelationType.VALUE_COUNT else member.place
        self._latest[kind] = member.ticks
        self._latest.move_to_end(kind)
        if len(self._latest) > max(self._most, 1):
            self._latest.popitem(last=False)

    def meets(self, ticks: int, count: int) -> bool:
        """Return whether the window that ends at this time and has this number of members meets the condition."""
        correlation = self._correlation
        if correlation.type is CorrelationType.EVENT_COUNT:
            return count >= self._needed
        inside = {kind for kind, latest in self._latest.items() if ticks - latest <= correlation.timespan}
        if correlation.condition is None:
            return len(inside) >= self._needed
        return _condition_holds(correlation, inside)


def _needed(correlation: Correlation) -> int:
    """Return the smallest number that meets a threshold without an upper limit."""
    if correlation.threshold is None:
        return 1
    limits = (
        floor(part.number) + 1 if part.comparison is Comparison.MORE else ceil(part.number)
        for part in correlation.threshold.parts()
    )
    return max(1, *limits)


def _condition_holds(correlation: Correlation, places: Iterable[Hashable]) -> bool:
    matched = {correlation.references[place] for place in places if isinstance(place, int)}
    assert correlation.condition is not None, "asked of correlations with a condition"
    return truth_of(correlation.condition, lambda test: truth(test.field in matched)) is Truth.TRUE


def _ordered(correlation: Correlation, members: Iterable[Member[T]]) -> Iterator[tuple[_Numbered[T], _Numbered[T]]]:
    """Yield, for each member of the last rule, the shortest window that ends with it and has all rules in order."""
    begun: list[_Numbered[T] | None] = [None] * len(correlation.references)
    for number, member in enumerate(members):
        this = _Numbered(number, member)
        first = this if member.place == 0 else begun[member.place - 1]
        if first is None or member.ticks - first.member.ticks > correlation.timespan:
            continue
        begun[member.place] = first
        if member.place == len(begun) - 1:
            yield first, this


# ---------------------------------------------------------------------------------------- windows with an end


def _with_an_end(correlation: Correlation, members: Iterable[Member[T]]) -> Iterator[Window[T]]:
    """Yield windows that start with a member and last for the timespan; the next later member starts a new one."""
    open_window: _Tumbling[T] | None = None
    for member in members:
        if open_window is None or member.ticks - open_window.first.ticks > correlation.timespan:
            if open_window is not None and open_window.holds():
                yield open_window.window()
            open_window = _Tumbling(correlation, member)
        else:
            open_window.add(member)
    if open_window is not None and open_window.holds():
        yield open_window.window()


class _Tumbling(Generic[T]):
    """The content so far of a window of fixed length. The number of stored values is limited by the threshold."""

    def __init__(self, correlation: Correlation, first: Member[T]) -> None:
        self._correlation = correlation
        self.first = self._last = first
        self._count = 0
        self._kinds: set[Hashable] = set()
        self._most = _most(correlation.threshold)
        self.add(first)

    def add(self, member: Member[T]) -> None:
        self._last = member
        self._count += 1
        if len(self._kinds) < self._most:
            counts_values = self._correlation.type is CorrelationType.VALUE_COUNT
            self._kinds.add((member.value,) if counts_values else member.place)

    def holds(self) -> bool:
        if self._correlation.condition is not None:
            return _condition_holds(self._correlation, self._kinds)
        assert self._correlation.threshold is not None, "one of the two is stated"
        counts_events = self._correlation.type is CorrelationType.EVENT_COUNT
        return self._correlation.threshold.met_by(self._count if counts_events else len(self._kinds))

    def window(self) -> Window[T]:
        return Window(self.first.item, self._last.item, self._count)


def _most(threshold: Threshold | None) -> float:
    """Return the number of values above which the result of a threshold no longer changes."""
    return inf if threshold is None else max(ceil(part.number) for part in threshold.parts()) + 1
