"""Matches of single events on disk → the matches of correlations, in bounded memory.

Workers write each match of a rule that a correlation references as a hit that contains only the fields that
correlations use. A sort on disk groups these hits by correlation and group, in order of time, and one pass over them
finds the windows that meet the correlation. Correlations of correlations are processed afterwards, one level at a time.

A match without a time, or without one of the fields of ``group-by`` or one of the counted fields, belongs to no group.
Groups include the events of all computers, unless ``group-by`` contains the field ``Computer``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from evtscan.base.model.event import Event
from evtscan.base.outfiles import naming
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.model.rule import Correlation, Rule
from evtscan.dump.order import by_key
from evtscan.hunt.detection import Hit
from evtscan.hunt.ruletable import RuleTable
from evtscan.hunt.windows import Member, Window, windows

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Hit).decode


@dataclass(frozen=True, slots=True)
class _Role:
    """The role of a rule in a correlation: its index among the references, and the fields for grouping and counting."""

    correlation: int
    place: int
    group_by: tuple[str, ...]
    counted: tuple[str, ...]


class Correlating:
    """The correlations of a rule table: the rules that they reference and the fields that they use."""

    def __init__(self, table: RuleTable) -> None:
        self._table = table
        position = {rule.info.id: index for index, rule in enumerate(table.rules)}
        self._level = {index: _depth(rule) for index, rule in enumerate(table.rules) if rule.correlation is not None}
        self._roles: dict[int, list[_Role]] = {}
        self._fields: dict[int, tuple[str, ...]] = {}
        for index, rule in enumerate(table.rules):
            if rule.correlation is None:
                continue
            for place, member in enumerate(rule.correlation.members):
                role = _role(rule.correlation, index, place)
                self._roles.setdefault(position[member.info.id], []).append(role)
        for index, rule in enumerate(table.rules):
            self._need(index, rule, (), position)

    @property
    def members(self) -> Mapping[int, tuple[str, ...]]:
        """The positions of single-event rules that correlations reference, with the fields that these use."""
        return {index: self._fields.get(index, ()) for index in self._roles if index not in self._level}

    def _need(self, index: int, rule: Rule, names: tuple[str, ...], position: Mapping[str, int]) -> None:
        """Record the fields that correlations use from a rule's matches; a correlation passes them to its members."""
        if rule.correlation is None:
            known = self._fields.get(index, ())
            self._fields[index] = tuple(dict.fromkeys([*known, *names]))
            return
        for place, member in enumerate(rule.correlation.members):
            role = _role(rule.correlation, index, place)
            self._need(position[member.info.id], member, (*names, *role.group_by, *role.counted), position)

    # ------------------------------------------------------------------------------------------------- running

    def run(self, members: Iterable[Path], folder: Path) -> Path:
        """Correlate the hits in these files and write the matches to a file of hits in ``folder``; return its path."""
        with naming("the folder for temporary files"):
            result = folder / "correlated"
            files = list(members)
            with result.open("wb") as stream:
                for level in sorted(set(self._level.values())):
                    own = [index for index, depth in self._level.items() if depth == level]
                    inner = folder / f"correlated-{level}"
                    with inner.open("wb") as for_outer:
                        for hit, shown in self._correlated(own, files, folder):
                            (index,) = hit.rules
                            if self._table.reports(index):
                                stream.write(b"%d\t%s\n" % (shown.ticks, _encode(shown)))
                            if index in self._roles:
                                for_outer.write(_encode(hit) + b"\n")
                    files.append(inner)
            return result

    def _correlated(self, own: Sequence[int], files: Iterable[Path], folder: Path) -> Iterator[tuple[Hit, Hit]]:
        """Yield the matches of these correlations as pairs of hits: for outer correlations and for the time line."""
        in_order = folder / "in order"
        with in_order.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(by_key(self._keyed(frozenset(own), files)))
        with (
            in_order.open(encoding="utf-8", newline="\n") as leading,
            in_order.open(encoding="utf-8", newline="\n") as trailing,
        ):
            behind = groupby(map(_parsed, trailing), itemgetter(0))
            for (key, group), (_, again) in zip(groupby(map(_parsed, leading), itemgetter(0)), behind, strict=True):
                index, values = key
                correlation = self._table.rules[index].correlation
                assert correlation is not None, "keys name correlations"
                found = windows(correlation, map(itemgetter(1), group), map(itemgetter(1), again))
                for window in found:
                    yield self._match(index, correlation, values, window)

    def _keyed(self, own: frozenset[int], files: Iterable[Path]) -> Iterator[tuple[str, str]]:
        """Yield each hit once for each of its roles in these correlations, with the sort key that groups them."""
        for number, line in enumerate(_lines(files)):
            hit = _decode(line)
            for role in self._roles.get(hit.rules[0], ()):
                if role.correlation not in own or not hit.ticks:
                    continue
                names = (*role.group_by, *role.counted)
                if any(name not in hit.data for name in names):
                    continue
                group = _encode([str(hit.data[name]).casefold() for name in role.group_by]).decode()
                counted = [str(hit.data[name]).casefold() for name in role.counted]
                shown = [str(hit.data[name]) for name in role.group_by]
                content = _encode((role.correlation, role.place, group, counted, shown, hit)).decode()
                key = f"{role.correlation:06} {group} {hit.ticks:020} {number:012} {role.place:03}"
                yield key, f"{content}\n"

    def _match(self, index: int, correlation: Correlation, values: str, window: "Window[_Item]") -> tuple[Hit, Hit]:
        first, last = window.first, window.last
        for_others = msgspec.structs.replace(last.hit, rules=(index,))
        data = dict(zip(correlation.group_by, last.shown, strict=True))
        data |= {"Count": str(window.count), "First": first.hit.time, "Last": last.hit.time}
        return for_others, msgspec.structs.replace(for_others, data=data, message="")


@dataclass(frozen=True, slots=True)
class _Item:
    hit: Hit
    shown: list[str]


_Line = tuple[int, int, str, list[str], list[str], Hit]
_decode_line = msgspec.json.Decoder(_Line).decode


def _parsed(line: str) -> tuple[tuple[int, str], Member[_Item]]:
    correlation, place, group, counted, shown, hit = _decode_line(line)
    return (correlation, group), Member(hit.ticks, place, _Item(hit, shown), tuple(counted))


def _lines(files: Iterable[Path]) -> Iterator[bytes]:
    for file in files:
        with file.open("rb") as stream:
            yield from stream


def _role(correlation: Correlation, index: int, place: int) -> _Role:
    reference = correlation.references[place]

    def called(name: str) -> str:
        return correlation.aliases.get(name, {}).get(reference, name)

    return _Role(index, place, tuple(map(called, correlation.group_by)), tuple(map(called, correlation.fields)))


def _depth(rule: Rule) -> int:
    """Return the nesting depth of a correlation, itself included; 0 for a rule of single events."""
    members = rule.correlation.members if rule.correlation is not None else ()
    return 0 if rule.correlation is None else 1 + max(map(_depth, members), default=0)


def fields_of(event: Event, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of these fields, without fields that the event lacks or that its format cannot contain."""
    values = {name: field_value(event, name) for name in names}
    return {name: value for name, value in values.items() if value is not ABSENT and value is not UNREADABLE}
