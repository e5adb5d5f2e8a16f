"""Statements and boot sessions → what is known of a fact at a record: stated, carried, bounded or unknown."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from math import inf

from evtscan.base.model.fact import Basis, Bound, FactValue, Known, Limit
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant
from evtscan.facts.catalogue.names import find
from evtscan.facts.history.statement import Statement, Undecided

AFTER_EVERYTHING = inf

Place = tuple[float, float]
"""Where in a session: a sequence, and for what was placed between two records by its time, the ticks of that time."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment in the time line: a boot session (None: unknown which) and a place in it."""

    session: int | None
    sequence: float
    ticks: float = 0

    @property
    def place(self) -> Place:
        """The place in the session, in order."""
        return (self.sequence, self.ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A statement with its position: its session, and its place in the session.

    ``assumed``: the evidence does not state when it was taken, so its place is after the last record of the log; or its
    local time fits several sessions, so its place is after the last record of the last of them.
    """

    statement: Statement
    session: int
    sequence: float
    ticks: float = 0
    assumed: bool = False

    @property
    def place(self) -> Place:
        """The place in the session, in order."""
        return (self.sequence, self.ticks)

    @property
    def is_snapshot(self) -> bool:
        """Whether it comes from a snapshot, not from a record of the log."""
        return self.statement.event is None

    @property
    def is_vague(self) -> bool:
        """Whether its session is assumed because its local time fits several."""
        return self.assumed and self.statement.taken is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBound:
    """A bound on a fact in one session, from how the host started or stopped, and the records that show it."""

    bound: Bound
    basis: Basis
    locations: tuple[Location, ...]
    why: str


class FactTimeline:
    """All statements of one fact, in order.

    ``placed`` contains every statement, ``conflicts`` the groups of snapshots that contradict each other.
    """

    def __init__(self, name: str, placed: Iterable[Placed], bounds: Mapping[int, SessionBound] | None = None) -> None:
        kind = find(name)
        self.name = name
        self.across_restart = kind is not None and kind.across_restart
        self.rises = kind is not None and kind.rises
        self.placed = sorted(placed, key=lambda item: (item.session, item.place))
        self.conflicts: list[tuple[Placed, ...]] = []
        self._stated: dict[int, list[Placed]] = {}
        outdated = _outdated(self.placed)
        for item in self.placed:
            if item.assumed and outdated and _comparable(item.statement.value) in outdated:
                continue
            self._stated.setdefault(item.session, []).append(item)
        for session, items in self._stated.items():
            self._stated[session] = self._settled(items)
        self._stating = list(self._stated)
        self._bounds = dict(sorted((bounds or {}).items()))
        self._bounded = list(self._bounds)
        self._ends = dict(self._endings())
        self._known_at: dict[tuple[int | None, int], Known] = {}

    def at(self, point: Point) -> Known:
        """What is known of the fact at a point; the same object for all points between two statements."""
        items = self._stated.get(point.session, ()) if point.session is not None else ()
        key = (point.session, bisect_right(items, point.place, key=lambda item: item.place))
        if key not in self._known_at:
            self._known_at[key] = self._find(point)
        return self._known_at[key]

    def _find(self, point: Point) -> Known:
        session = point.session
        if session is None:
            return self._anywhere()
        limit = self._limit(session)
        stated = self._stated_at(session, point.place)
        if stated is not None:
            return self._known(stated, Basis.STATED, session, limit)
        index = bisect_left(self._stating, session) - 1
        ended = None
        if index >= 0:
            source = self._stating[index]
            ended = self._ends.get(source)
            if ended is None or ended > session:
                return self._known(self._stated[source][-1], Basis.CARRIED_FORWARD, session, limit)
        later = self._next(session)
        if later is not None and (limit is None or _admits(limit.bound, later)):
            return self._known(later, Basis.CARRIED_BACK, session, limit)
        why = "nothing collected states it"
        if ended is not None:
            # what ended it is the limit of this session, or one that a later start narrowed again
            why = f"an earlier value, {_shown(self._stated[source][-1].statement.value)}, was over by then"
        elif later is not None:
            why = "the value that is stated later cannot have held then"
        elif self._stating and self._stating[-1] >= session:
            why = "a record says that it began later, and nothing says what was before"
        return Known(name=self.name, basis=Basis.UNKNOWN, limit=limit, why=why)

    @property
    def bounds(self) -> Mapping[int, SessionBound]:
        """The bounds on the fact by session, in order."""
        return self._bounds

    def warnings(self) -> Iterator[ExtractionWarning]:
        """Warnings about snapshots that contradict each other."""
        for rivals in self.conflicts:
            yield ExtractionWarning(
                location=rivals[0].statement.location,
                kind="conflict",
                message=(
                    f"{self.name} is stated as {_told(rivals)}, and which is newer is not known: it counts as unknown. "
                    "Remove what is outdated, or say in a facts.yaml from when on each value held (from:)"
                ),
            )

    # -------------------------------------------------------------------------------------- in one session

    def _settled(self, items: Sequence[Placed]) -> list[Placed]:
        """The statements of one session that count, in order.

        Undecided statements yield to decided ones, unless a record states that the value began there; a snapshot whose
        session is assumed yields to a record. Contradicting snapshots become one undecided statement, unless their
        times show which is later.
        """
        decided = [
            item for item in items if item.statement.since or not isinstance(item.statement.value, Undecided)
        ] or list(items)
        if not all(item.is_snapshot for item in decided):
            decided = [item for item in decided if not item.is_vague]
        settled = [item for item in decided if not item.is_snapshot]
        for group in _without_order([item for item in decided if item.is_snapshot]):
            first_of_each: dict[FactValue | Undecided, Placed] = {}
            for item in group:
                first_of_each.setdefault(_comparable(item.statement.value), item)
            rivals = tuple(first_of_each.values())
            if len(rivals) > 1:
                self.conflicts.append(rivals)
                why = f"it is stated as {_told(rivals)}, and which is newer is not known"
                settled.append(replace(group[-1], statement=replace(group[-1].statement, value=Undecided(why))))
            else:
                settled.extend(group)
        return sorted(settled, key=lambda item: item.place)

    def _stated_at(self, session: int, place: Place) -> Placed | None:
        """The statement that holds at a place of a session, by the statements of that session.

        A value that needs a restart to change holds for the whole session, unless the start of the session contradicts
        it: then a restart was not logged, or a snapshot without time was taken later than the log, and the value holds
        from its place on. For other facts a snapshot also holds before its place, unless a record in between states
        otherwise, or that something began with it.
        """
        items = self._stated.get(session)
        if not items:
            return None
        at = bisect_right(items, place, key=lambda item: item.place)
        if at:
            return items[at - 1]
        first = items[0]
        if first.statement.since:
            return None
        if self.across_restart:
            bound = self._bounds.get(session)
            return first if bound is None or _admits(bound.bound, first) else None
        agreeing = takewhile(lambda item: not item.statement.since and _is_alike(item, first), items)
        return next((item for item in agreeing if item.is_snapshot), None)

    def _next(self, session: int) -> Placed | None:
        """The first statement from a session on, for a place at which no statement of that session holds yet.

        None if it is a record which states that something began.
        """
        at = bisect_left(self._stating, session)
        first = self._stated[self._stating[at]][0] if at < len(self._stating) else None
        return None if first is None or _begins(first) else first

    # ------------------------------------------------------------------------------------- across sessions

    def _endings(self) -> Iterator[tuple[int, int]]:
        """For each session with a stated value, the first later session whose bound contradicts that value."""
        for place, source in enumerate(self._stating):
            first = bisect_right(self._bounded, source)
            end = bisect_right(self._bounded, self._stating[place + 1]) if place + 1 < len(self._stating) else None
            last = self._stated[source][-1]
            for session in islice(self._bounded, first, end):
                if not _admits(self._bounds[session].bound, last):
                    yield source, session
                    break

    def _limit(self, session: int) -> Limit | None:
        """The bound of a session, or the last earlier bound that no later statement replaces."""
        at = bisect_right(self._bounded, session) - 1
        if at < 0:
            return None
        source = self._bounded[at]
        bound = self._bounds[source]
        if source == session:
            return Limit(bound=bound.bound, basis=bound.basis, locations=bound.locations, why=bound.why)
        stated = bisect_left(self._stating, session) - 1
        if stated >= 0 and self._stating[stated] >= source:
            return None
        why = f"{bound.why}, {restarts(session - source)} before"
        return Limit(bound=bound.bound, basis=Basis.CARRIED_FORWARD, locations=bound.locations, why=why)

    def _anywhere(self) -> Known:
        """Return the value for a record of unknown session.

        A value counts only if no statement contradicts it, and none states that it began.
        """
        values = {_comparable(item.statement.value) for item in self.placed}
        agreed = len(values) == 1 and all(_admits(bound.bound, self.placed[0]) for bound in self._bounds.values())
        if not agreed or any(map(_begins, self.placed)):
            return Known(name=self.name, basis=Basis.UNKNOWN, why="the boot session of the record is not known")
        known = self._known(self.placed[0], Basis.CARRIED_BACK, self.placed[0].session, None)
        return replace(known, at_most=False, why="the boot session of the record is not known")

    def _known(self, placed: Placed, basis: Basis, session: int, limit: Limit | None) -> Known:
        statement = placed.statement
        if isinstance(statement.value, Undecided):
            why = statement.value.why
            return Known(name=self.name, basis=Basis.UNKNOWN, limit=limit, why=why, locations=(statement.location,))
        return Known(
            name=self.name,
            basis=basis,
            value=statement.value,
            at_most=basis is Basis.CARRIED_BACK and self.rises and statement.value is not None,
            limit=limit,
            locations=(statement.location,),
            restarts=abs(placed.session - session),
            why=statement.note,
        )


def _is_alike(one: Placed, other: Placed) -> bool:
    return _comparable(one.statement.value) == _comparable(other.statement.value)


def _begins(placed: Placed) -> bool:
    """Whether a record states that something began with it, so the time before is not covered."""
    return placed.statement.since and not placed.is_snapshot


def _admits(bound: Bound, placed: Placed) -> bool:
    value = placed.statement.value
    return isinstance(value, Undecided) or bound.admits(value)


def _comparable(value: FactValue | Undecided) -> FactValue | Undecided:
    return value.casefold() if isinstance(value, str) else value


def _outdated(placed: Iterable[Placed]) -> set[FactValue | Undecided]:
    """The values that ended before the newest one began, by a person who states since when each held.

    A snapshot without time that has one of them is history.
    """
    began = [item.statement.value for item in placed if item.is_snapshot and item.statement.since]
    return {_comparable(value) for value in began} - {_comparable(value) for value in began[-1:]}


def _without_order(snapshots: Sequence[Placed]) -> list[list[Placed]]:
    """Groups of snapshots of one session whose order is unknown.

    These are snapshots of one time, and snapshots whose local times overlap, unless one source, and so one zone, has
    them all. If the time of one is assumed, all are one group.
    """
    if not snapshots or any(item.assumed for item in snapshots):
        return [list(snapshots)] if snapshots else []
    one_zone = len({item.statement.location.source for item in snapshots}) == 1
    spans = [(*_taken(item.statement.taken, one_zone), item) for item in snapshots]
    groups: list[list[Placed]] = []
    until = -inf
    for earliest, latest, item in sorted(spans, key=lambda span: span[0]):
        if groups and earliest <= until:
            groups[-1].append(item)
        else:
            groups.append([item])
        until = max(until, latest)
    return groups


def _taken(taken: Instant | None, one_zone: bool) -> tuple[float, float]:
    """The first and the last moment that a time can be."""
    if taken is None:
        return inf, inf
    return (taken.ticks, taken.ticks) if one_zone else (taken.earliest, taken.latest)


def restarts(number: int) -> str:
    """``1 restart``, ``2 restarts``."""
    return f"{number} restart{'' if number == 1 else 's'}"


def _told(rivals: Sequence[Placed]) -> str:
    return " and ".join(f"{_shown(item.statement.value)} ({item.statement.location})" for item in rivals)


def _shown(value: FactValue | Undecided) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "undecided" if isinstance(value, Undecided) else "absent" if value is None else str(value)
