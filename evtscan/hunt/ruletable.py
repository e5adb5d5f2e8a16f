"""The rules of a run by position: those that report detections, and those that only serve correlations."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
        members = {base.info.id: base for rule in asked_for for base in rule.bases() if base.info.id not in known}
        return cls((*asked_for, *members.values()), len(asked_for))

    @cached_property
    def infos(self) -> tuple[RuleInfo, ...]:
        """What outputs say about each rule."""
        return tuple(rule.info for rule in self.rules)

    @cached_property
    def reported(self) -> frozenset[int]:
        """The positions of the rules whose matches of single events are detections."""
        return frozenset(
            position
            for position, rule in enumerate(self.rules[: self.chosen])
            if not rule.silent and not rule.correlation
        )

    def query(self) -> Query:
        """The records that the rules can match."""
        return Query.union(rule.query() for rule in self.rules[: self.chosen])

    def with_infos(self, infos: Iterable[RuleInfo]) -> "RuleTable":
        """The same rules with other texts or levels."""
        changed = tuple(replace(rule, info=info) for rule, info in zip(self.rules, infos, strict=True))
        return RuleTable(changed, self.chosen)
