"""The findings of a run → what has become of those of the last one."""

from collections import Counter
from collections.abc import Mapping

from evtscan.model import NOT_SEEN, HostReport, Verdict


class FindingIndex:
    """Sees the hosts of a report and keeps the verdict of each finding, by its id; of the rest it keeps nothing."""

    def __init__(self) -> None:
        self.verdicts: dict[str, str] = {}

    def noted(self, host: HostReport) -> HostReport:
        """Note the findings of a host, as often as it is looked at."""
        for finding in host.findings:
            if Verdict(finding.verdict) not in NOT_SEEN:
                self.verdicts[finding.finding_id] = finding.verdict
        return host

    def since(self, earlier: Mapping[str, str]) -> str:
        """How many findings are new, gone, better and worse than those of an earlier run, in words."""
        counts = Counter(
            _change(earlier.get(finding), self.verdicts.get(finding)) for finding in {*earlier, *self.verdicts}
        )
        return ", ".join(f"{counts[word]:,} {word}" for word in ("new", "gone", "better", "worse"))


def _change(before: str | None, now: str | None) -> str:
    if before is None:
        return "new"
    if now is None:
        return "gone"
    difference = Verdict(now).rank - Verdict(before).rank
    return "same" if difference == 0 else "better" if difference > 0 else "worse"
