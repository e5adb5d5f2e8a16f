"""The rules of a run by position: rules that report detections, and rules that only correlations use."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from evtscan.base.model.query import Query
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.model.rule import Rule


@dataclass(frozen=True)
class RuleTable:
    """Rules by position. The first ``chosen`` rules were requested; the rest are members of correlations."""

    rules: tuple[Rule, ...]
    chosen: int

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleTable":
        """Return the table of these rules, extended by missing members of correlations."""
        asked_for = tuple(rules)
        known = {rule.info.id for rule in asked_for}
        members = {
            member.info.id: member for rule in asked_for for member in _members(rule) if member.info.id not in known
        }
        return cls((*asked_for, *members.values()), len(asked_for))

    @cached_property
    def infos(self) -> tuple[RuleInfo, ...]:
        """The descriptions of the rules, for the outputs."""
        return tuple(rule.info for rule in self.rules)

    def reports(self, position: int) -> bool:
        """Return whether the matches of a rule are detections."""
        return position < self.chosen and not self.rules[position].silent

    @cached_property
    def reported(self) -> frozenset[int]:
        """The positions of the rules whose matches of single events are detections."""
        return frozenset(
            position for position, rule in enumerate(self.rules) if self.reports(position) and rule.correlation is None
        )

    def query(self) -> Query:
        """Return the query for the records that the requested rules can match."""
        return Query.union(rule.query() for rule in self.rules[: self.chosen])


def _members(rule: Rule) -> Iterator[Rule]:
    """Yield the rules that a correlation references, directly or through other correlations."""
    for member in rule.correlation.members if rule.correlation is not None else ():
        yield member
        yield from _members(member)
