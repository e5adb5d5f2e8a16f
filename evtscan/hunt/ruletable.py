"""The rules of a run by position: those that report detections, and those that only serve correlations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from evtscan.base.model.query import Query
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.model.rule import Rule


@dataclass(frozen=True)
class RuleTable:
    """Rules by position. The first ``chosen`` of them were asked for; the rest are members of correlations."""

    rules: tuple[Rule, ...]
    chosen: int

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleTable":
        """The table of these rules, with the members of correlations that are not among them."""
        asked_for = tuple(rules)
        known = {rule.info.id for rule in asked_for}
        members = {
            member.info.id: member for rule in asked_for for member in _members(rule) if member.info.id not in known
        }
        return cls((*asked_for, *members.values()), len(asked_for))

    @cached_property
    def infos(self) -> tuple[RuleInfo, ...]:
        """What outputs say about each rule."""
        return tuple(rule.info for rule in self.rules)

    def reports(self, position: int) -> bool:
        """Whether the matches of a rule are detections."""
        return position < self.chosen and not self.rules[position].silent

    @cached_property
    def reported(self) -> frozenset[int]:
        """The positions of the rules whose matches of single events are detections."""
        return frozenset(
            position for position, rule in enumerate(self.rules) if self.reports(position) and rule.correlation is None
        )

    def query(self) -> Query:
        """The records that the rules can match."""
        return Query.union(rule.query() for rule in self.rules[: self.chosen])


def _members(rule: Rule) -> Iterator[Rule]:
    """The rules that a correlation names, with those that they name."""
    for member in rule.correlation.members if rule.correlation is not None else ():
        yield member
        yield from _members(member)
