"""Counts of a hunt: detections by level, rule, computer, day, tactic and technique, with the first and last time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from evtscan.base.model.rule import Level, RuleInfo
from evtscan.hunt.attack import places_of, tactics_of, techniques_of
from evtscan.hunt.detection import Detection, rank

MOST_NAMES = 10_000
"""Maximum number of computers or days that are counted separately: a crafted log can contain any number of names."""

OTHERS = "(others)"
"""The name for all others, which are counted together."""


@dataclass(slots=True)
class Tally:
    """The number of detections, with the earliest and the latest time as (FILETIME, text); FILETIME 0 means no time."""

    count: int = 0
    first: tuple[int, str] = (0, "")
    last: tuple[int, str] = (0, "")

    def add(self, moment: tuple[int, str]) -> None:
        """Count one detection."""
        self.count += 1
        ticks = moment[0]
        if ticks and (not self.first[0] or ticks < self.first[0]):
            self.first = moment
        if ticks > self.last[0]:
            self.last = moment

    def merge(self, other: "Tally") -> None:
        """Add the counts of another tally."""
        self.count += other.count
        if other.first[0]:
            self.first = min(self.first, other.first) if self.first[0] else other.first
            self.last = max(self.last, other.last)


@dataclass(slots=True)
class Summary:
    """The counts of one run.

    The keys are: rule ids for ``rules``; the names of levels, tactics and techniques for ``levels``, ``tactics`` and
    ``techniques``; pairs of a tactic and a technique without sub-techniques, as in the ATT&CK matrix, for ``cells``.
    ``infos`` are the rules that matched.
    """

    total: Tally = field(default_factory=Tally)
    levels: dict[str, Tally] = field(default_factory=dict)
    rules: dict[str, Tally] = field(default_factory=dict)
    computers: dict[str, Tally] = field(default_factory=dict)
    days: dict[str, Tally] = field(default_factory=dict)
    tactics: dict[str, Tally] = field(default_factory=dict)
    techniques: dict[str, Tally] = field(default_factory=dict)
    cells: dict[tuple[str, str], Tally] = field(default_factory=dict)
    infos: dict[str, RuleInfo] = field(default_factory=dict)
    _of_rule: dict[str, list[Tally]] = field(default_factory=dict, compare=False, repr=False)

    def add(self, row: Detection) -> None:
        """Count a row: each of its rules counts as one detection."""
        hit = row.hit
        moment = (hit.ticks, hit.time)
        for rule in row.rules:
            for tally in self._of_rule.get(rule.id) or self._begin(rule):
                tally.add(moment)
            _tally(self.computers, hit.computer).add(moment)
            _tally(self.days, hit.time[:10]).add(moment)

    def _begin(self, rule: RuleInfo) -> list[Tally]:
        """Create and return the tallies that count the detections of a rule."""
        self.infos[rule.id] = rule
        found = self._of_rule[rule.id] = [self.total, *self._tallies(rule)]
        return found

    def _tallies(self, rule: RuleInfo) -> Iterator[Tally]:
        yield self.levels.setdefault(rule.level, Tally())
        yield self.rules.setdefault(rule.id, Tally())
        techniques = tuple(techniques_of(rule.tags))
        tactics = dict.fromkeys(tactics_of(rule.tags))
        cells = {(tactic, name.partition(".")[0]) for name in techniques for tactic in places_of(name, rule.tags)}
        yield from (self.tactics.setdefault(tactic, Tally()) for tactic in tactics)
        yield from (self.techniques.setdefault(technique, Tally()) for technique in techniques)
        yield from (self.cells.setdefault(cell, Tally()) for cell in sorted(cells))

    def by_level(self) -> list[tuple[str, Tally]]:
        """Return every level with its count, the highest level first."""
        return [(level.word, self.levels.get(level.word, Tally())) for level in reversed(Level)]

    def by_rule(self) -> list[tuple[RuleInfo, Tally]]:
        """Return the rules that matched: the highest level first, then the most frequent."""
        found = [(self.infos[rule_id], tally) for rule_id, tally in self.rules.items()]
        return sorted(found, key=lambda item: (-rank(item[0].level), -item[1].count, item[0].title, item[0].id))


def most_first(counts: dict[str, Tally]) -> list[tuple[str, Tally]]:
    """Return the entries, the highest count first."""
    return sorted(counts.items(), key=lambda item: (-item[1].count, item[0]))


def _tally(counts: dict[str, Tally], name: str) -> Tally:
    found = counts.get(name)
    if found is None:
        found = counts.setdefault(name if len(counts) < MOST_NAMES else OTHERS, Tally())
    return found
