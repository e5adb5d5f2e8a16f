"""The findings of a run → how they changed since the last run, and the findings to compare the next run with."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evtscan.base.model.finding import NOT_SEEN, Verdict
from evtscan.report.comparison import kinds_of_problems
from evtscan.report.model import HostReport
from evtscan.reporters.digest.files import NOT_READ


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """The stored part of a finding: its verdict and the id of its rule."""

    verdict: str
    rule: str


Known = Mapping[str, Mapping[str, KnownFinding]]
"""By host: its findings, by finding id."""


def verdicts(known: Known) -> dict[str, str]:
    """Return the verdict of each finding, by finding id."""
    return {key: finding.verdict for findings in known.values() for key, finding in findings.items()}


@dataclass(slots=True)
class FindingIndex:
    """Collects verdict and rule of each finding while the hosts of a report pass through ``noted``.

    ``earlier`` are the findings up to the last run. ``looked_for`` is true for the ids of the rules that this run
    applied in full. A finding is gone only if its rule was applied and its host was read; others stay known.
    """

    earlier: Known = field(default_factory=dict)
    looked_for: Callable[[str], bool] = lambda rule: True
    _hosts: dict[str, dict[str, KnownFinding]] = field(default_factory=dict)
    _problems: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def noted(self, host: HostReport) -> HostReport:
        """Note the findings of a host and return the host; repeated calls for one host replace each other."""
        was_read = bool(host.evidence) and not any(warning.kind in NOT_READ for warning in host.warnings)
        before = self.earlier.get(host.host, {})
        kept = {key: item for key, item in before.items() if not (was_read and self.looked_for(item.rule))}
        found = (item for item in host.findings if Verdict(item.verdict) not in NOT_SEEN)
        now = {item.finding_id: KnownFinding(item.verdict, item.rule_id) for item in found}
        self._hosts[host.host] = {**kept, **now}
        if was_read:
            self._problems[host.host] = kinds_of_problems(host)
        return host

    @property
    def known(self) -> Known:
        """All findings up to this run, including those of hosts that it did not read."""
        return {**self.earlier, **self._hosts}

    @property
    def problems(self) -> dict[str, tuple[str, ...]]:
        """The kinds of unexplained errors and warnings of each host that this run has read."""
        return self._problems

    def since(self) -> str:
        """Return the numbers of findings that are new, gone, better and worse than before, as text."""
        counts = Counter(
            _change(before.get(finding), now.get(finding))
            for host, now in self._hosts.items()
            for before in (self.earlier.get(host, {}),)
            for finding in {*before, *now}
        )
        said = ", ".join(f"{counts[word]:,} {word}" for word in ("new", "gone", "better", "worse"))
        others = len(self.earlier.keys() - self._hosts.keys())
        return f"{said}; {others:,} of its hosts not read" if others else said


def _change(before: KnownFinding | None, now: KnownFinding | None) -> str:
    if before is None:
        return "new"
    if now is None:
        return "gone"
    difference = Verdict(now.verdict).rank - Verdict(before.verdict).rank
    return "same" if difference == 0 else "better" if difference > 0 else "worse"
