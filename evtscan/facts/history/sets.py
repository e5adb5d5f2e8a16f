"""Statements about a set (``hotfix``) → what is known of each member: present, absent, or unknown.

Lists and events describe a set in different ways. A complete list states for every name whether it is in the set; an
incomplete list does so only for the names that it contains. An event states that one name was added or removed, and
nothing about others. So each member has its own time line, and all names that are never mentioned share one.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from evtscan.base.model.fact import Basis, FactValue, Known
from evtscan.base.model.source import ExtractionWarning
from evtscan.facts.catalogue.names import FactType, find
from evtscan.facts.history.statement import Listing, Undecided
from evtscan.facts.history.timeline import FactTimeline, Place, Placed, Point, SessionBound

_FIRMEST_FIRST = (Basis.STATED, Basis.CARRIED_FORWARD, Basis.CARRIED_BACK, Basis.UNKNOWN)
_NAMES_SHOWN = 10
_NEITHER = Undecided("its packages are neither installed nor absent: superseded, pending, or installed in part")


def timeline_of(name: str, placed: Iterable[Placed], bounds: Mapping[int, SessionBound] | None = None) -> FactTimeline:
    """Return the timeline of a fact: of its value, or for a set of its members."""
    kind = find(name)
    if kind is not None and kind.type is FactType.SET:
        return SetTimeline(name, placed)
    return FactTimeline(name, placed, bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet(Known):
    """What is known of a set at one moment.

    ``value`` contains the names that are known to be in it. ``members`` states for each mentioned name whether it is in
    the set, ``others`` for all other names together: false after a complete list, else unknown.
    """

    members: Mapping[str, Known] = field(default_factory=dict)
    others: Known

    def about(self, passes: Callable[[FactValue], bool], names: Collection[str] | None = None) -> Known:
        """What is known of the set with regard to a test; ``passes`` applies the test to a set.

        A name that passes and is in the set decides the test. That no such name is in the set is known only if each
        name that passes, mentioned or not, is known to be absent. ``names`` are the only names that can pass, if they
        are known.
        """
        wanted = {name: known for name, known in self.members.items() if passes((name,))}
        present = {name: known for name, known in wanted.items() if _is_in(known)}
        if present:
            name = min(present, key=lambda name: _rank(present[name]))
            return replace(present[name], value=(name,))
        if passes(()) and self.value:
            return self._as(self.basis, self.value)
        spelled_out = {name.casefold() for name in names or ()}
        mentioned = {name.casefold() for name in wanted}
        deciding: list[Known] = list(wanted.values())
        if not spelled_out or not spelled_out <= mentioned:
            deciding.append(self.others)
        weakest = max(deciding, key=_rank)
        if weakest.basis is Basis.UNKNOWN:
            return next(known for known in deciding if known.basis is Basis.UNKNOWN)
        return replace(weakest, value=self.value)

    def _as(self, basis: Basis, value: FactValue) -> Known:
        return Known(name=self.name, basis=basis, value=value, locations=self.locations, why=self.why)


class SetTimeline(FactTimeline):
    """All statements about a set, in order; ``at`` returns a ``KnownSet``.

    An added name stays until a record or a later list revokes it. For hotfixes, only a list revokes a name that an
    earlier list contained: a list without an update does not, because an update of another kind, or one that a service
    pack contains, is not in every list (Q300039). The time before an addition is unknown, because an update may be
    installed again.
    """

    def __init__(self, name: str, placed: Iterable[Placed]) -> None:
        super().__init__(name, ())
        self.placed = _in_order(_with_lists_joined(placed))
        self._spellings = _spellings(self.placed)
        lists = [item for item in self.placed if item.statement.listing is Listing.WHOLE]
        self._others = FactTimeline(name, [_with_value(item, False) for item in lists])
        changes = _changes(self.placed)
        kind = find(name)
        unlisted = kind is not None and kind.unlisted
        self._members = {
            key: FactTimeline(name, _of_member(_in_order([*lists, *changes.get(key, ())]), key, unlisted))
            for key in self._spellings
        }
        self._places: dict[int, list[Place]] = {}
        for item in self.placed:
            self._places.setdefault(item.session, []).append(item.place)
        self._sets: dict[tuple[int | None, int], KnownSet] = {}
        self._disputed = {key: timeline.conflicts for key, timeline in self._members.items() if timeline.conflicts}
        self.conflicts = [rivals for conflicts in self._disputed.values() for rivals in conflicts]

    def at(self, point: Point) -> KnownSet:
        """What is known of the set at a point; the same object for all points between two statements."""
        places = self._places.get(point.session, []) if point.session is not None else []
        key = (point.session, bisect_right(places, point.place))
        if key not in self._sets:
            self._sets[key] = self._set_at(point)
        return self._sets[key]

    def _set_at(self, point: Point) -> KnownSet:
        members = {self._spellings[key]: timeline.at(point) for key, timeline in self._members.items()}
        present = {name: known for name, known in members.items() if _is_in(known)}
        others = self._others.at(point)
        if others.basis is Basis.UNKNOWN:
            others = replace(others, why="no complete list was collected")
            shown, why = list(present.values()), "at least these: no complete list was collected"
        else:
            shown, why = [others, *present.values()], ""
        weakest = max(shown, key=_rank, default=others)
        return KnownSet(
            name=self.name,
            basis=weakest.basis,
            value=tuple(sorted(present)),
            locations=shown[0].locations if shown else (),
            restarts=weakest.restarts,
            why=why if shown else others.why,
            members=members,
            others=others,
        )

    def warnings(self) -> Iterator[ExtractionWarning]:
        """One warning for all lists that contradict each other, whatever the number of names."""
        if not self.conflicts:
            return
        names = [self._spellings[key] for key in self._disputed]
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        sources = dict.fromkeys(item.statement.location.source for rivals in self.conflicts for item in rivals)
        yield ExtractionWarning(
            location=self.conflicts[0][0].statement.location,
            kind="conflict",
            message=(
                f"{' and '.join(sources)} disagree on {self.name} {', '.join(names[:_NAMES_SHOWN])}{more}, and which "
                "is newer is not known: it counts as unknown. Remove what is outdated"
            ),
        )


def _is_in(known: Known) -> bool:
    return known.basis is not Basis.UNKNOWN and known.value is True


def _rank(known: Known) -> int:
    return _FIRMEST_FIRST.index(known.basis)


def _in_order(placed: Iterable[Placed]) -> list[Placed]:
    return sorted(placed, key=lambda item: (item.session, item.place))


def _names(item: Placed) -> tuple[str, ...]:
    value = item.statement.value
    return value if isinstance(value, tuple) else ()


def _spellings(placed: Sequence[Placed]) -> dict[str, str]:
    """Every name that is mentioned, by its lower case, as it is first spelled."""
    spellings: dict[str, str] = {}
    for item in placed:
        for name in (*_names(item), *item.statement.unsettled):
            spellings.setdefault(name.casefold(), name)
    return spellings


def _changes(placed: Iterable[Placed]) -> dict[str, list[Placed]]:
    """The statements that something is in the set, came into it or left it, by the lower case of its name."""
    changes: dict[str, list[Placed]] = {}
    for item in placed:
        if item.statement.listing is not Listing.WHOLE:
            for key in {name.casefold() for name in _names(item)}:
                changes.setdefault(key, []).append(item)
    return changes


def _with_lists_joined(placed: Iterable[Placed]) -> Iterator[Placed]:
    """The statements, with the single entries of one list in a ``facts.yaml`` joined to one statement."""
    lists: dict[tuple[object, ...], Placed] = {}
    for item in placed:
        statement = item.statement
        if statement.listing is not Listing.WHOLE or statement.event is not None:
            yield item
            continue
        key = (statement.location.source, statement.taken, statement.since, item.session, item.place)
        known = lists.get(key)
        names = _names(item) if known is None else (*_names(known), *_names(item))
        lists[key] = replace(known or item, statement=replace((known or item).statement, value=names))
    yield from lists.values()


def _with_value(item: Placed, value: bool | Undecided, *, since: bool | None = None) -> Placed:
    since = item.statement.since if since is None else since
    return replace(item, statement=replace(item.statement, value=value, since=since))


def _of_member(placed: Sequence[Placed], key: str, unlisted: bool) -> Iterator[Placed]:
    """Return the statements about one name: from complete lists and from its changes.

    Complete lists may lack added names (``unlisted``).
    """
    state: bool | None = None
    added = False
    for _, together in groupby(placed, key=lambda item: (item.session, item.place)):
        was_added = added  # of lists of one time none is the later one
        for item in together:
            listing = item.statement.listing
            if listing in (Listing.WHOLE, Listing.PART):
                named = any(name.casefold() == key for name in _names(item))
                if not named and any(name.casefold() == key for name in item.statement.unsettled):
                    if not was_added:
                        yield _with_value(item, _NEITHER)
                        state = None
                elif named or not (unlisted and was_added):
                    yield _with_value(item, named)
                    state, added = named, False
            else:
                added = was_added = listing is Listing.ADDED
                if state is None and not added:
                    yield replace(_with_value(item, True), sequence=-1, ticks=0)  # what was removed had been there
                yield _with_value(item, added, since=added)
                state = added
