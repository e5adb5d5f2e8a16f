"""Statements about a set (``hotfix``) → what is known of each of its members: there, not there, or unknown.

Lists and events speak of a set in different ways. A complete list says of every name whether it is in the set; one that
may lack some only says so of the names that it has. An event says of one name that it came or went, and nothing of the
others. So each member has a time line of its own, and the names that nothing ever mentions share one.
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
    """The time line of a fact: of its value, or for a set of its members."""
    kind = find(name)
    if kind is not None and kind.type is FactType.SET:
        return SetTimeline(name, placed)
    return FactTimeline(name, placed, bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet(Known):
    """What is known of a set at one moment.

    ``value`` holds the names that are known to be in it. ``members`` says of each name that is ever mentioned whether
    it is, ``others`` of all other names together: false where a complete list is known, else unknown.
    """

    members: Mapping[str, Known] = field(default_factory=dict)
    others: Known

    def about(self, passes: Callable[[FactValue], bool], names: Collection[str] | None = None) -> Known:
        """What is known of the set as far as a test of it goes; ``passes`` applies the test to a set.

        A name that passes and is in the set settles it. That none is in it is known only if each such name, also one
        that nothing mentions, is known not to be there. ``names`` are the only ones that can pass, if they are known.
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
    """All that is stated of a set, in order; ``at`` answers with a ``KnownSet``.

    What a record says was added stays until a record or a later list says otherwise. Of hotfixes only a list that has
    had it does: one that lacks it takes nothing back, because an update of another kind, or one that a service pack
    contains, is not in every list (Q300039). Of the time before an addition nothing is known, because an update may be
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
        """What is known of the set at a point; the same object for points between which nothing is stated."""
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
        """What a report says of lists that contradict each other: one warning, whatever the number of names."""
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
    """The statements with the entries of one list, which a ``facts.yaml`` gives one by one, as one."""
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
    """What complete lists, which may lack what was added (``unlisted``), and the changes of one name say of it."""
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
