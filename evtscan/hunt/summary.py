"""Counts of a hunt: detections by level, rule, computer, day, tactic and technique, with the first and last time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from evtscan.base.model.rule import Level, RuleInfo
from evtscan.hunt.attack import tactics_of, techniques_of
from evtscan.hunt.detection import Detection

MOST_NAMES = 10_000
"""Computers and days that are counted singly: names come from the logs, and a crafted log has any number of them."""

OTHERS = "(others)"
"""The name under which the rest is counted."""


@dataclass(slots=True)
class Tally:
    """How often something was detected, with the earliest and the latest time (FILETIME, text); 0 is no time."""

    count: int = 0
    first: tuple[int, str] = (0, "")
    last: tuple[int, str] = (0, "")

    def add(self, ticks: int, time: str) -> None:
        """Count one detection."""
        self.count += 1
        if ticks:
            moment = (ticks, time)
            self.first = min(self.first, moment) if self.first[0] else moment
            self.last = max(self.last, moment)


@dataclass(slots=True)
class Summary:
    """The counts of one run. ``rules`` goes by rule id; ``levels``, ``tactics`` and ``techniques`` by Sigma's words."""

    total: Tally = field(default_factory=Tally)
    levels: dict[str, Tally] = field(default_factory=dict)
    rules: dict[str, Tally] = field(default_factory=dict)
    computers: dict[str, Tally] = field(default_factory=dict)
    days: dict[str, Tally] = field(default_factory=dict)
    tactics: dict[str, Tally] = field(default_factory=dict)
    techniques: dict[str, Tally] = field(default_factory=dict)
    infos: dict[str, RuleInfo] = field(default_factory=dict)

    def add(self, row: Detection) -> None:
        """Count a row: each of its rules is a detection, and once in all for computer and day."""
        hit = row.hit
        moment = (hit.ticks, hit.time)
        for rule in row.rules:
            self.infos.setdefault(rule.id, rule)
            self.total.add(*moment)
            for counts, name in self._places(rule, hit.computer, hit.time[:10]):
                _tally(counts, name).add(*moment)

    def _places(self, rule: RuleInfo, computer: str, day: str) -> Iterator[tuple[dict[str, Tally], str]]:
        yield self.levels, rule.level
        yield self.rules, rule.id
        yield self.computers, computer
        yield self.days, day
        for tactic in tactics_of(rule.tags):
            yield self.tactics, tactic
        for technique in techniques_of(rule.tags):
            yield self.techniques, technique

    def by_level(self) -> list[tuple[str, Tally]]:
        """Every level with its count, the highest first."""
        return [(level.word, self.levels.get(level.word, Tally())) for level in reversed(Level)]

    def by_rule(self) -> list[tuple[RuleInfo, Tally]]:
        """The rules that matched: the highest level first, then the most frequent."""
        found = [(self.infos[rule_id], tally) for rule_id, tally in self.rules.items()]
        return sorted(
            found, key=lambda item: (-Level[item[0].level.upper()], -item[1].count, item[0].title, item[0].id)
        )


def most_first(counts: dict[str, Tally]) -> list[tuple[str, Tally]]:
    """The entries with the highest counts first."""
    return sorted(counts.items(), key=lambda item: (-item[1].count, item[0]))


def _tally(counts: dict[str, Tally], name: str) -> Tally:
    if name not in counts and len(counts) >= MOST_NAMES:
        name = OTHERS
    return counts.setdefault(name, Tally())
