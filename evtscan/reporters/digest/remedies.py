"""Findings → what to do first: each remedy once, with the hosts that need it, most urgent first."""

from collections import Counter
from dataclasses import dataclass, field

from evtscan.base.model.finding import Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.reporters.digest.summary import ReportedFinding, urgency


@dataclass(slots=True)
class Remedy:
    """The steps that solve some findings of one rule.

    ``findings`` are the indexes of these findings among all findings of the report, counted from 0. ``urgency`` is that
    of the most urgent finding. ``is_quiet``: no finding was seen recently. ``followers`` is the number of findings of
    other rules that are consequences of these.
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
        """Add a finding that these steps solve."""
        self._verdicts[item.verdict] += 1
        self.findings.append(place)
        self.urgency = max(self.urgency, urgency(item.verdict, item.rule.level))
        self.is_quiet = self.is_quiet and item.finding.activity == "quiet"
        self._hosts[item.host.host] = None

    @property
    def verdicts(self) -> dict[Verdict, int]:
        """Return the number of findings by verdict, worst verdict first."""
        return dict(sorted(self._verdicts.items(), key=lambda item: item[0].rank))

    @property
    def worst(self) -> Verdict:
        """Return the worst verdict of these findings."""
        return next(iter(self.verdicts))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that need the remedy, without duplicates."""
        return tuple(self._hosts)

    @property
    def rank(self) -> tuple[bool, int, int, str, str, tuple[str, ...]]:
        """Sort key: active problems first, then the most urgent, then the most hosts."""
        return self.is_quiet, -self.urgency, -len(self._hosts), self.rule.article, self.rule.id, self.steps


class Remedies:
    """Collects the remedies of findings, which it receives one by one."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[str, ...]], Remedy] = {}
        self._followers: Counter[str] = Counter()
        self._seen = 0

    def add(self, item: ReportedFinding) -> None:
        """Add a finding; one that calls for no action, or has no known remedy, only advances the index.

        A finding that is a consequence of another one counts for the rule of its cause: that remedy must be applied
        first.
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
