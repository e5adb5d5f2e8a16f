"""The hosts of a report, one by one → the little that an overview of all of them needs."""

from collections import Counter

from evtscan.base.model.finding import NOT_SEEN, Verdict
from evtscan.reporters.digest.blindspots import blind_spots
from evtscan.reporters.digest.needs import Needs
from evtscan.reporters.digest.remedies import Remedies
from evtscan.reporters.digest.summary import HostSummary, ReportedFinding

_Severity = tuple[int, int, str]


def findings_shown(summary: HostSummary, *, show_all: bool) -> list[ReportedFinding]:
    """The findings of a host, without ``show_all`` only what was found."""
    return [item for item in summary.findings if show_all or item.verdict not in NOT_SEEN]


class Digest:
    """Takes the hosts of a report in order, and keeps of them little more than figures.

    ``counts`` has the findings by verdict, ``statuses`` those that were found by status, and ``blind`` the hosts by
    kind of blind spot. ``with_findings`` counts hosts on which something was found.
    """

    def __init__(self) -> None:
        self.hosts = 0
        self.with_findings = 0
        self.counts: Counter[Verdict] = Counter()
        self.statuses: Counter[str] = Counter()
        self.blind: Counter[str] = Counter()
        self.remedies = Remedies()
        self.needs = Needs()
        self._order: list[tuple[_Severity, int, bool]] = []

    def add(self, summary: HostSummary) -> None:
        """Take the next host."""
        found = findings_shown(summary, show_all=False)
        self._order.append((summary.severity, self.hosts, bool(found)))
        self.hosts += 1
        self.with_findings += bool(found)
        self.counts.update(summary.counts)
        self.statuses.update(item.finding.status for item in found)
        self.blind.update({spot.kind for spot in blind_spots(summary.host)})
        for item in found:
            self.remedies.add(item)
            self.needs.add(item)

    def close(self) -> None:
        """Nothing is left to do behind the last host."""

    def order(self, *, show_all: bool) -> list[int]:
        """The places of the hosts, worst first; without ``show_all`` only of those on which something was found."""
        return [place for _, place, found in sorted(self._order) if show_all or found]
