"""Matches of rules on a host × its chronology → the matches of each rule, including those of correlations.

Groups are of one host. Members are ordered by record within a log, and by boot session and time across logs; the time
between two members is the counted time, without clock steps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from heapq import merge
from math import inf

from evtscan.base.logic import Truth, truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation
from evtscan.base.wording import lasting, listing, times
from evtscan.detection.match.correlation import Group, Member, groups_of
from evtscan.detection.match.eventtests import EXPORT_WHOLE
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.match.matcher import Detected, Match
from evtscan.detection.model.derive import with_derived
from evtscan.detection.model.rule import Correlation, CorrelationType, Rule
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.coverage import Coverage, Uncovered, Window
from evtscan.verdicts.leaves import BY_HAND
from evtscan.verdicts.wording import moment

_CANDIDATES_EXPLAINED = 3
"""Of how many members an explanation says why they are candidates."""


_MOST_SHARED = 1_000_000
"""Of how many members, over all groups, it is asked whether they may be of a group; of more it would take too long."""


class Matches:
    """The matches of rules on one host, single events and groups; those of each correlation are computed once."""

    def __init__(self, detected: Detected, chronology: Chronology) -> None:
        self._detected, self._chronology = detected, chronology
        self._coverage = Coverage(chronology)
        self._correlated: dict[str, list[Match]] = {}

    def of(self, rule: Rule) -> Sequence[Match]:
        """Return the matches of a rule, in no particular order."""
        if rule.correlation is None:
            return self._detected.matches.get(rule.info.id, ())
        if rule.info.id not in self._correlated:
            self._correlated[rule.info.id] = list(self._correlate(rule, rule.correlation))
        return self._correlated[rule.info.id]

    def _correlate(self, rule: Rule, correlation: Correlation) -> Iterator[Match]:
        timing = _Timing(rule, correlation, self._chronology, self._coverage)
        for shown, members in self._grouped(correlation):
            for group in groups_of(correlation, self._in_order(correlation, members), timing):
                if shown and not any(member.belongs for member in group.members):
                    continue  # they are looked at as a group of their own
                events = _events(group.members)
                yield Match(
                    rule,
                    tuple(with_derived(event, rule.derived) for event in events),
                    group.truth,
                    group=shown,
                    why=partial(_explain, correlation, group),
                )

    # ------------------------------------------------------------------------------------------------ groups

    def _grouped(self, correlation: Correlation) -> Iterator[tuple[Mapping[str, str], list[Member]]]:
        """Return the matches of the rules by the values of ``group-by``.

        Each group includes the members whose values cannot be read. Such members may belong to any group, and they form
        a group of their own, without values. A member that lacks one of the fields belongs to no group.
        """
        groups: dict[tuple[str, ...], tuple[dict[str, str], list[Member]]] = {}
        unreadable: list[Member] = []
        for place, rule in enumerate(correlation.members):
            fields = _names(correlation, correlation.group_by, place)
            for match in self.of(rule):
                values = [field_value(match.event, name) for name in fields]
                member = _member(correlation, match, place)
                if ABSENT in values or member is None:
                    continue
                if UNREADABLE in values:
                    unreadable.append(replace(member, belongs=False))
                else:
                    key = tuple(str(value).casefold() for value in values)
                    shown = dict(zip(correlation.group_by, map(str, values), strict=True))
                    groups.setdefault(key, (shown, []))[1].append(member)
        shared = unreadable if len(groups) * len(unreadable) <= _MOST_SHARED else []
        for shown, members in groups.values():
            yield shown, [*members, *shared]
        if unreadable:
            yield {}, unreadable

    # ------------------------------------------------------------------------------------------------- order

    def _in_order(self, correlation: Correlation, members: Iterable[Member]) -> list[Member]:
        """The members in order, each with the time since the previous one."""
        logs: dict[object, list[Member]] = {}
        for member in members:
            logs.setdefault(self._chronology.log_of(member.match.event), []).append(member)
        rows = (sorted(row, key=lambda member: member.match.event.sequence) for row in logs.values())
        keyed = [self._keyed(row, by_session=self._knows_sessions(logs)) for row in rows]
        found: list[Member] = []
        for _, member in merge(*keyed, key=lambda item: item[0]):
            found.append(self._behind(correlation, found[-1], member) if found else member)
        return found

    def _knows_sessions(self, logs: Mapping[object, Sequence[Member]]) -> bool:
        """Whether the boot sessions of all members are known, so that sessions can order members of several logs.

        The clock alone would give a wrong order after it was set.
        """
        members = (member for row in logs.values() for member in row)
        return len(logs) > 1 and all(self._chronology.session_of(item.match.event) is not None for item in members)

    def _keyed(self, row: Iterable[Member], *, by_session: bool) -> Iterator[tuple[tuple[float, float, int], Member]]:
        """The members of one log in record order, each with a sort key among other logs that never decreases."""
        latest = (-inf, -inf)
        for member in row:
            event = member.match.event
            session = self._chronology.session_of(event) if by_session else None
            ticks = -inf if event.time is None else event.time.ticks
            latest = max(latest, (-inf if session is None else session, ticks))
            yield (*latest, member.place), member

    def _behind(self, correlation: Correlation, before: Member, member: Member) -> Member:
        """A member with the time since the previous one."""
        one, other = before.match.event, member.match.event
        elapsed = self._chronology.elapsed(one, other)
        least = max(elapsed.low or 0, 0)
        certain = elapsed.low is not None and elapsed.low == elapsed.high
        ordered = True
        if correlation.type is CorrelationType.TEMPORAL_ORDERED and before.place != member.place:
            ordered = self._chronology.follows(one, other) is Truth.TRUE
        return replace(member, since=least, certain=certain, ordered=ordered)


class _Timing:
    """The time between members of a correlation and after them, as far as chronology and logs of a host show it."""

    def __init__(self, rule: Rule, correlation: Correlation, chronology: Chronology, coverage: Coverage) -> None:
        self._chronology, self._coverage = chronology, coverage
        self._timespan = correlation.timespan
        self._channels = frozenset(base.selection.channels() for base in rule.bases())

    def least(self, one: Member, other: Member) -> int:
        """The lower limit of the time between two members, in ticks, whatever their order."""
        elapsed = self._chronology.elapsed(one.match.event, other.match.event)
        return max(elapsed.low or 0, -(elapsed.high or 0), 0)

    def is_covered(self, member: Member) -> bool:
        """Whether the logs contain every match of the rules in the timespan after a member."""
        windows = (
            Window(event=member.match.event, after=True, channels=channels, within=self._timespan)
            for channels in self._channels
        )
        return not any(isinstance(self._coverage.of(window), Uncovered) for window in windows)


def _names(correlation: Correlation, fields: Iterable[str], place: int) -> list[str]:
    """The names of group-by fields in the events of one of the correlation's rules."""
    reference = correlation.references[place]
    return [correlation.aliases.get(name, {}).get(reference, name) for name in fields]


def _member(correlation: Correlation, match: Match, place: int) -> Member | None:
    """Return a match as a member; None if it lacks one of the values that are counted."""
    if correlation.type is not CorrelationType.VALUE_COUNT:
        return Member(match, place)
    values = [field_value(match.event, name) for name in _names(correlation, correlation.fields, place)]
    if ABSENT in values:
        return None
    value = None if UNREADABLE in values else tuple(str(item).casefold() for item in values)
    return Member(match, place, value=value)


def _events(members: Iterable[Member]) -> list[Event]:
    """The events of members in order, each once."""
    return list({event.location: event for member in members for event in member.match.events}.values())


# ---------------------------------------------------------------------------------------------- explanations


def _explain(correlation: Correlation, group: Group) -> Explanation:
    """Why a group is a match: the matches of each rule, and what is open about them."""
    parts = [_of_rule(correlation, group, place) for place in range(len(correlation.references))]
    candidates = [member for member in group.members if member.match.truth is not Truth.TRUE]
    parts += [member.match.explanation for member in candidates[:_CANDIDATES_EXPLAINED]]
    strays = [member for member in group.members if not member.belongs]
    if strays:
        parts.append(_ungrouped(correlation, strays))
    if group.truth is Truth.UNKNOWN and not candidates and not strays:
        parts.append(_uncertain(correlation, group))
    return Explanation(
        text=f"{correlation.type.value} within {lasting(correlation.timespan)}",
        truth=group.truth,
        basis="stated" if group.truth is Truth.TRUE else "",
        children=tuple(part for part in parts if part is not None),
    )


def _ungrouped(correlation: Correlation, strays: Sequence[Member]) -> Explanation:
    """Return why it is unknown whether some members belong to a group."""
    fields = _names(correlation, correlation.group_by, strays[0].place)
    names = [name for name in fields if field_value(strays[0].match.event, name) is UNREADABLE]
    return Explanation(
        text=f"with the same {listing(correlation.group_by)}",
        truth=Truth.UNKNOWN,
        says=f"{listing(names)} of {strays[0].match.event.location} is not in this evidence, which cannot carry it",
        locations=tuple(member.match.event.location for member in strays[:_CANDIDATES_EXPLAINED]),
        how_to_get=EXPORT_WHOLE,
    )


def _uncertain(correlation: Correlation, group: Group) -> Explanation:
    """Return why a group is not certain although all its matches are."""
    first, last = group.members[0].match.event, group.members[-1].match.event
    unsteady = not all(member.certain for member in group.members[1:])
    ends = f"the logs do not show all of the {lasting(correlation.timespan)} from {moment(first.time)} on"
    return Explanation(
        text=f"within {lasting(correlation.timespan)}",
        truth=Truth.UNKNOWN,
        says="the time between the events, or their order, is not certain" if unsteady else ends,
        locations=(first.location, last.location),
        how_to_get=BY_HAND if unsteady else "collect the logs again, or what follows in them",
    )


def _of_rule(correlation: Correlation, group: Group, place: int) -> Explanation:
    """How often one of the rules matched in a group, and where."""
    events = _events(member for member in group.members if member.place == place)
    around = (group.members[0].match.event, group.members[-1].match.event)
    return Explanation(
        text=correlation.references[place],
        truth=truth(bool(events)),
        says=f"matched {times(len(events))}" if events else "did not match",
        basis="stated",
        locations=tuple(event.location for event in events or around),
    )
