"""Findings → what to do first: each remedy once, with the hosts that need it, most urgent first."""

from collections import Counter
from dataclasses import dataclass, field

from evtscan.base.model.finding import Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.reporters.digest.summary import ReportedFinding, urgency


@dataclass(slots=True)
class Remedy:
    """The steps that settle some findings of one rule.

    ``findings`` are the positions of these findings among all findings of the report, counted from 0. ``urgency`` is
    that of the most urgent finding; ``is_quiet``: none of them was seen lately. ``followers`` counts the findings of
    other rules that follow from these.
    """

    rule: RuleInfo
    steps: tuple[str, ...]
    findings: list[int] = field(default_factory=list)
    urgency: int = -10
    is_quiet: bool = True
    followers: int = 0
    _verdicts: Counter[Verdict] = field(default_factory=Counter)
    _hosts: dict[str, None] = field(default_factory=dict)

    def add(self, item: ReportedFinding, place: int) -> None:
        """Take a finding that these steps settle."""
        self._verdicts[item.verdict] += 1
        self.findings.append(place)
        self.urgency = max(self.urgency, urgency(item.verdict, item.rule.level))
        self.is_quiet = self.is_quiet and item.finding.activity == "quiet"
        self._hosts[item.host.host] = None

    @property
    def verdicts(self) -> dict[Verdict, int]:
        """How many of the findings have which verdict, the worst first."""
        return dict(sorted(self._verdicts.items(), key=lambda item: item[0].rank))

    @property
    def worst(self) -> Verdict:
        """The worst of these verdicts."""
        return next(iter(self.verdicts))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that need it, each once."""
        return tuple(self._hosts)

    @property
    def rank(self) -> tuple[bool, int, int, str, str, tuple[str, ...]]:
        """Sort key: active problems first, then the most urgent, then the most hosts."""
        return self.is_quiet, -self.urgency, -len(self._hosts), self.rule.article, self.rule.id, self.steps


class Remedies:
    """Takes findings one by one, and keeps of them what ``ranked`` tells."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[str, ...]], Remedy] = {}
        self._followers: Counter[str] = Counter()
        self._seen = 0

    def add(self, item: ReportedFinding) -> None:
        """Take the next finding; those that call for nothing, or for which no remedy is known, only count.

        A finding that follows from another one counts for the rule of that one: its remedy is the one to apply first.
        """
        steps, place = item.finding.remedy, self._seen
        self._seen += 1
        if item.calls_for_action and item.causes:
            self._followers.update(item.causes)
        elif steps and item.calls_for_action:
            self._found.setdefault((item.rule.id, steps), Remedy(item.rule, steps)).add(item, place)

    def ranked(self) -> list[Remedy]:
        """The remedies, most urgent first."""
        for remedy in self._found.values():
            remedy.followers = self._followers[remedy.rule.id]
        return sorted(self._found.values(), key=lambda remedy: remedy.rank)
