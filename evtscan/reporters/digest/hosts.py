"""The hosts of a report, one by one → the figures for an overview of all hosts."""

from collections import Counter
from collections.abc import Iterable

from evtscan.base.model.diagnosis import EventTally
from evtscan.base.model.finding import NOT_SEEN, Verdict
from evtscan.reporters.digest.blindspots import blind_spots
from evtscan.reporters.digest.needs import Needs
from evtscan.reporters.digest.remedies import Remedies
from evtscan.reporters.digest.summary import HostState, HostSummary, ReportedFinding
from evtscan.reporters.digest.unexplainedkinds import UnexplainedKinds

GENERATIONS = ("nt4", "2000", "modern")
"""The generations of Windows that ``evtscan collect`` writes scripts for."""


def generation_of(version: str) -> str:
    """The generation of a version of Windows: ``nt4``, ``2000`` (to Server 2003) or ``modern``."""
    major = version.partition(".")[0]
    return {"3": "nt4", "4": "nt4", "5": "2000"}.get(major, "modern")


def folded(items: Iterable[ReportedFinding]) -> list[list[ReportedFinding]]:
    """Group findings that have the same rule and verdict and differ only in their entity.

    The groups are in the order of their first findings.
    """
    groups: dict[tuple[object, ...], list[ReportedFinding]] = {}
    for item in items:
        finding = item.finding
        is_foldable = bool(finding.entity)
        own = () if is_foldable else (finding.finding_id,)
        key = (item.rule.id, item.verdict, finding.status, finding.activity, finding.remedy, *own)
        groups.setdefault(key, []).append(item)
    return list(groups.values())


_Severity = tuple[int, int, str]


def findings_shown(summary: HostSummary, *, show_all: bool) -> list[ReportedFinding]:
    """Return the findings of a host to show; without ``show_all`` only problems and notices that were found."""
    return [item for item in summary.findings if show_all or item.verdict not in NOT_SEEN]


class Digest:
    """Collects the figures for an overview; it receives the hosts of a report in order and does not keep them.

    ``counts`` is the number of findings by verdict. ``statuses`` is the number of findings by status, without those
    that were not seen. ``blind`` is the number of hosts by kind of blind spot. ``with_findings`` is the number of hosts
    on which something was found.
    """

    def __init__(self) -> None:
        self.hosts = 0
        self.with_findings = 0
        self.counts: Counter[Verdict] = Counter()
        self.statuses: Counter[str] = Counter()
        self.blind: Counter[str] = Counter()
        self.states: Counter[HostState] = Counter()
        self.tally = EventTally()
        self._versions: dict[str, None] = {}
        self.without_system: list[str] = []
        self.remedies = Remedies()
        self.needs = Needs()
        self.unexplained = UnexplainedKinds()
        self._order: list[tuple[_Severity, int, bool]] = []

    def add(self, summary: HostSummary) -> None:
        """Add a host."""
        found = findings_shown(summary, show_all=False)
        self._order.append((summary.severity, self.hosts, bool(found)))
        self.hosts += 1
        self.states[summary.state] += 1
        self.tally += summary.host.tally
        if any(item.finding.missing and item.calls_for_action for item in found):
            self._versions[summary.host.version] = None
        self.with_findings += bool(found)
        self.counts.update(summary.counts)
        self.statuses.update(item.finding.status for item in found)
        self.unexplained.add(summary.host)
        kinds = {spot.kind for spot in blind_spots(summary.host)}
        self.blind.update(kinds)
        if kinds & {"no log", "no System log"}:
            self.without_system.append(summary.host.host)
            self._versions[summary.host.version] = None
        for item in found:
            self.remedies.add(item)
            self.needs.add(item)

    def close(self) -> None:
        """Do nothing: no work is left after the last host."""

    @property
    def generations(self) -> tuple[str, ...]:
        """Return the values of ``collect --for`` for the hosts that lack facts; empty if no version is known."""
        found = {generation_of(version) for version in self._versions if version}
        return tuple(name for name in GENERATIONS if name in found)

    def order(self, *, show_all: bool) -> list[int]:
        """Return the indexes of the hosts, worst first; without ``show_all`` only hosts with something found."""
        return [place for _, place, found in sorted(self._order) if show_all or found]
