"""Statements and boot sessions → what is known of a fact at a record: stated, carried, bounded or unknown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from evtscan.facts.catalogue import find
from evtscan.facts.statement import Statement, Undecided
from evtscan.model import Basis, Bound, ExtractionWarning, FactValue, Known, Location

AFTER_EVERYTHING = inf


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the time line: a boot session (None: unknown which) and a place in its record order."""

    session: int | None
    sequence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A statement with its place: the session it speaks of, and where in it.

    ``assumed``: the evidence does not say when it was taken, so the place is that of the log's last record.
    """

    statement: Statement
    session: int
    sequence: float
    assumed: bool = False

    @property
    def is_snapshot(self) -> bool:
        """Whether it comes from a snapshot, not from a record of the log."""
        return self.statement.event is None


@dataclass(frozen=True, slots=True)
class SessionBound:
    """A bound on a fact in one session, from how the host started or stopped there, and the records that show it."""

    bound: Bound
    locations: tuple[Location, ...]
    why: str


class FactTimeline:
    """All that is stated of one fact, in order."""

    def __init__(self, name: str, placed: Iterable[Placed], bounds: dict[int, SessionBound] | None = None) -> None:
        kind = find(name)
        self.name = name
        self.across_restart = kind is not None and kind.across_restart
        self.rises = kind is not None and kind.rises
        self.bounds = bounds or {}
        self.placed = sorted(placed, key=lambda item: (item.session, item.sequence))
        self._by_session: dict[int, list[Placed]] = {}
        for item in self.placed:
            self._by_session.setdefault(item.session, []).append(item)

    def at(self, point: Point) -> Known:
        """What is known of the fact at a point."""
        if point.session is None:
            return self._in_any_session()
        stated = self._stated(point.session, point.sequence)
        if stated is not None:
            return self._known(stated, Basis.STATED, 0)
        forward, ended = self._carried_forward(point)
        if forward is not None:
            return forward
        back = self._carried_back(point)
        return back if back is not None else self._unknown(point.session, ended)

    def conflicts(self) -> list[ExtractionWarning]:
        """Snapshots that contradict each other and whose order is not known."""
        warnings = []
        for items in self._by_session.values():
            rivals = _contradictions(items)
            if rivals:
                told = "; ".join(f"{item.statement.value} ({item.statement.location})" for item in rivals)
                warnings.append(
                    ExtractionWarning(
                        location=rivals[0].statement.location,
                        kind="conflict",
                        message=(
                            f"{self.name} is stated differently: {told}. It counts as unknown; remove the outdated "
                            "evidence, or give its time in a facts.yaml (from:)"
                        ),
                    )
                )
        return warnings

    def _stated(self, session: int, sequence: float) -> Placed | Undecided | None:
        items = self._by_session.get(session)
        if not items:
            return None
        rivals = _contradictions(items)
        if rivals:
            return _told_differently(rivals)
        earlier = [item for item in items if item.sequence <= sequence]
        if earlier:
            return earlier[-1]
        if self.across_restart:
            return items[0]
        return next((item for item in items if item.is_snapshot), None)

    def _carried_forward(self, point: Point) -> tuple[Known | None, str]:
        """The last earlier statement, unless a start since then speaks against it (then the reason in words)."""
        assert point.session is not None
        sessions = [session for session in self._by_session if session < point.session]
        if not sessions:
            return None, ""
        source = max(sessions)
        last = self._stated(source, AFTER_EVERYTHING)
        if isinstance(last, Placed):
            for session in range(source + 1, point.session + 1):
                bound = self.bounds.get(session)
                if bound is not None and not _admits(bound.bound, last.statement.value):
                    return None, f"an earlier {last.statement.value} ended: {bound.why}"
        return self._known(last, Basis.CARRIED_FORWARD, point.session - source), ""

    def _carried_back(self, point: Point) -> Known | None:
        assert point.session is not None
        later = [
            item
            for item in self.placed
            if item.session > point.session or (item.session == point.session and item.sequence > point.sequence)
        ]
        if not later:
            return None
        session = later[0].session
        rivals = [] if session == point.session else _contradictions(self._by_session[session])
        if rivals:
            return self._known(_told_differently(rivals), Basis.CARRIED_BACK, session - point.session)
        first = later[0]
        own = self.bounds.get(point.session)
        if own is not None and not _admits(own.bound, first.statement.value):
            return None
        return self._known(first, Basis.CARRIED_BACK, session - point.session, own)

    def _in_any_session(self) -> Known:
        """At a record whose session is unknown, a value counts only if nothing ever said otherwise."""
        why = "the record belongs to no known boot session"
        values = {item.statement.value for item in self.placed}
        if len(values) != 1 or self.bounds:
            return Known(name=self.name, basis=Basis.UNKNOWN, why=why)
        return self._known(self.placed[0], Basis.CARRIED_BACK, 0)

    def _known(
        self, placed: Placed | Undecided | None, basis: Basis, restarts: int, own: SessionBound | None = None
    ) -> Known:
        if not isinstance(placed, Placed):
            return Known(name=self.name, basis=Basis.UNKNOWN, why=placed.why if placed else "")
        value = placed.statement.value
        if isinstance(value, Undecided):
            return Known(name=self.name, basis=Basis.UNKNOWN, why=value.why, locations=(placed.statement.location,))
        bound, upper_version = None, None
        if basis is Basis.CARRIED_BACK and self.rises:
            if isinstance(value, int) and not isinstance(value, bool):
                bound = Bound(own.bound.low if own else None, value)
            elif isinstance(value, str):
                upper_version = value
        notes = [placed.statement.note, _assumption(placed, basis)]
        return Known(
            name=self.name,
            basis=basis,
            value=value,
            bound=bound,
            bound_basis=basis if bound else Basis.UNKNOWN,
            upper_version=upper_version,
            locations=(placed.statement.location,),
            restarts=restarts,
            why="; ".join(note for note in notes if note),
        )

    def _unknown(self, session: int, why: str) -> Known:
        own = self.bounds.get(session)
        if own is None:
            return Known(name=self.name, basis=Basis.UNKNOWN, why=why or "nothing collected states it")
        return Known(
            name=self.name,
            basis=Basis.UNKNOWN,
            bound=own.bound,
            bound_basis=Basis.STATED,
            locations=own.locations,
            why=own.why,
        )


def _assumption(placed: Placed, basis: Basis) -> str:
    if placed.assumed and basis is not Basis.STATED:
        return f"{placed.statement.location.source} does not say when it was taken: assumed with the last record"
    return ""


def _admits(bound: Bound, value: FactValue | Undecided) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return True
    return (bound.low is None or bound.low <= value) and (bound.high is None or value <= bound.high)


def _told_differently(rivals: Sequence[Placed]) -> Undecided:
    told = " and ".join(f"{item.statement.value} by {item.statement.location.source}" for item in rivals)
    return Undecided(f"it is stated as {told}, and which is newer is not known")


def _contradictions(items: Sequence[Placed]) -> list[Placed]:
    """Snapshots of one session that state different values while the time of one of them is not known."""
    snapshots = [item for item in items if item.is_snapshot and not isinstance(item.statement.value, Undecided)]
    values = {item.statement.value for item in snapshots}
    if len(values) < 2 or not any(item.assumed for item in snapshots):
        return []
    first_of_each: dict[FactValue | Undecided, Placed] = {}
    for item in snapshots:
        first_of_each.setdefault(item.statement.value, item)
    return list(first_of_each.values())
