"""Short summaries of a report's hosts: counts of verdicts, the worst verdict, the amount of evidence read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from operator import attrgetter
from types import MappingProxyType
from typing import Protocol

from evtscan.base.model.finding import ACCEPTED, NOT_SEEN, Finding, Verdict
from evtscan.base.model.rule import QUIET_KINDS, Level, RuleInfo
from evtscan.base.model.source import EvidenceRow
from evtscan.base.wording import short_entity
from evtscan.diagnosis.chains import roots
from evtscan.report.model import HostReport, Report


class HostState(Enum):
    """The overall state of a host in a report."""

    PROBLEM = "with problems"
    OTHER = "with other findings only"
    CLEAN = "without findings"
    NOT_JUDGED = "could not be judged"


ACTIONABLE = frozenset({Verdict.CONFIRMED, Verdict.POSSIBLE, Verdict.EXPOSED})
"""Verdicts on a problem that is present, may be present, or can occur."""

_HOST_FAILED = frozenset({"host_failed", "host_timeout"})
_CERTAINTY = {Verdict.CONFIRMED: 1, Verdict.EXPOSED: -1}


def urgency(verdict: Verdict, level: str) -> int:
    """Return the urgency of a finding: the level precedes the verdict, so possible-high precedes confirmed-medium."""
    return 2 * level_rank(level) + _CERTAINTY.get(verdict, 0)


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding together with its host and its rule.

    ``consequence_of`` names the findings that caused this one, by article or title, with their entities. ``causes`` are
    the rules of those causes that call for action: their remedy also solves this finding.
    """

    host: HostReport
    finding: Finding
    rule: RuleInfo
    consequence_of: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Return the finding's verdict."""
        return Verdict(self.finding.verdict)

    @property
    def changes_before(self) -> tuple[str, ...]:
        """Return the changes before the first match, latest first, each with its time."""
        changes = self.finding.changes
        return () if changes is None else tuple(f"{item.time} {item.text}".strip() for item in changes.changes)

    @property
    def counts_as_worst(self) -> bool:
        """Whether this finding may decide the worst verdict of its host."""
        is_quiet = self.rule.kind in QUIET_KINDS or self.finding.status == ACCEPTED
        return not is_quiet and self.verdict not in NOT_SEEN

    @property
    def calls_for_action(self) -> bool:
        """Whether a person has to act: a problem is present, may be present or can occur, and is not accepted."""
        return self.counts_as_worst and self.verdict in ACTIONABLE

    @property
    def is_notice(self) -> bool:
        """Whether the finding is only a notice: something harmless, or a success."""
        return self.rule.kind in QUIET_KINDS and self.verdict not in NOT_SEEN

    @property
    def reading_order(self) -> tuple[bool, bool, int, int, int, str, str, str, str]:
        """Sort key for readers: findings that need action first, then active before quiet, then the most urgent."""
        finding, rule = self.finding, self.rule
        is_past = not self.calls_for_action
        return (
            is_past,
            finding.activity == "quiet" and not is_past,
            self.verdict.rank if is_past else 0,
            -urgency(self.verdict, rule.level),
            self.verdict.rank,
            rule.article,
            rule.id,
            finding.entity,
            finding.finding_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSummary:
    """The figures of one host.

    ``worst_verdict`` is None if no finding counts. ``worst_level`` is the highest level among the findings with that
    verdict. ``counts`` includes all findings, also those of quiet kinds. ``first_event`` and ``last_event`` are the
    earliest and the latest time at which a log begins or ends. ``records``, ``logs``, ``cleared`` and ``gaps`` are
    figures of logs only.
    """

    host: HostReport
    worst_verdict: Verdict | None
    worst_level: str
    findings: tuple[ReportedFinding, ...]
    counts: Mapping[Verdict, int]
    first_event: str
    last_event: str
    records: int
    logs: int
    cleared: int
    gaps: int
    clock_steps: int

    @property
    def judged(self) -> int:
        """Return the number of rules with a finding of a present, possible or past problem, without quiet kinds."""
        return len({item.rule.id for item in self.findings if item.counts_as_worst})

    @property
    def notes(self) -> int:
        """Return the number of rules with findings of quiet kinds, which report something harmless or successful."""
        return len({item.rule.id for item in self.findings if item.rule.kind in QUIET_KINDS})

    @property
    def is_judged(self) -> bool:
        """Whether the evidence allows the statement that a host has no problem: it has a System log that was read."""
        if not self.logs or any(warning.kind in _HOST_FAILED for warning in self.host.warnings):
            return False
        logs = [row for row in self.host.evidence if row.records is not None]
        return any(not row.channels or "System" in row.channels for row in logs)

    @property
    def state(self) -> HostState:
        """Return the overall state of the host."""
        if any(item.calls_for_action for item in self.findings):
            return HostState.PROBLEM
        if not self.is_judged:
            return HostState.NOT_JUDGED
        return HostState.OTHER if any(item.verdict not in NOT_SEEN for item in self.findings) else HostState.CLEAN

    @property
    def severity(self) -> tuple[int, int, str]:
        """Sort key: worst first, then by name."""
        rank = len(Verdict) if self.worst_verdict is None else self.worst_verdict.rank
        return rank, -level_rank(self.worst_level), self.host.host


class Sink(Protocol):
    """Receives the hosts of a report one by one, in order of their names, and keeps none of them.

    A report may be too large for memory, so several sinks process it together in one pass.
    """

    def add(self, summary: HostSummary) -> None:
        """Process the next host."""
        ...

    def close(self) -> None:
        """Finish after the last host."""
        ...


def feed(report: Report, sinks: Sequence[Sink]) -> None:
    """Pass the hosts of a report to every sink, and close them."""
    for summary in summaries(report):
        for sink in sinks:
            sink.add(summary)
    for sink in sinks:
        sink.close()


def in_order(hosts: Sequence[HostReport]) -> Sequence[HostReport]:
    """The hosts in order of their names."""
    return sorted(hosts, key=attrgetter("host")) if isinstance(hosts, tuple | list) else hosts


def level_rank(level: str) -> int:
    """Return the rank of a rule's level, 4 for critical; -1 if the rule has no level."""
    return Level[level.upper()] if level.upper() in Level.__members__ else -1


def rules_by_id(report: Report) -> dict[str, RuleInfo]:
    """The report's rules by their id."""
    return {rule.id: rule for rule in report.rules}


def rule_of(rules: Mapping[str, RuleInfo], rule_id: str) -> RuleInfo:
    """Return the rule with this id; a rule without details if the report does not describe it."""
    return rules.get(rule_id) or RuleInfo(id=rule_id, title="", level="")


def summaries(report: Report) -> Iterator[HostSummary]:
    """Yield the summary of each host of a report, in order of their names."""
    rules = rules_by_id(report)
    return (summary_of(host, rules) for host in in_order(report.hosts))


def summary_of(host: HostReport, rules: Mapping[str, RuleInfo]) -> HostSummary:
    """Return the summary of one host."""
    by_id = {finding.finding_id: finding for finding in host.findings}
    findings = sorted((_reported(host, finding, rules, by_id) for finding in host.findings), key=_order)
    worst = min((item.verdict for item in findings if item.counts_as_worst), key=lambda v: v.rank, default=None)
    levels = [item.rule.level for item in findings if item.counts_as_worst and item.verdict is worst]
    logs = [row for row in host.evidence if row.records is not None]
    times = sorted((time for row in logs for time in _times(row)), key=_time_key)
    return HostSummary(
        host=host,
        worst_verdict=worst,
        worst_level=max(levels, key=level_rank, default=""),
        findings=tuple(findings),
        counts=MappingProxyType(dict(Counter(item.verdict for item in findings))),
        first_event=times[0] if times else "",
        last_event=times[-1] if times else "",
        records=sum(row.records or 0 for row in logs),
        logs=len(logs),
        cleared=sum(row.cleared for row in logs),
        gaps=sum(row.holes for row in logs),
        clock_steps=host.clock_steps,
    )


def _reported(
    host: HostReport, finding: Finding, rules: Mapping[str, RuleInfo], by_id: Mapping[str, Finding]
) -> ReportedFinding:
    plain = ReportedFinding(host, finding, rule_of(rules, finding.rule_id))
    if not finding.consequence_of:
        return plain
    direct = [by_id[cause] for cause in finding.consequence_of if cause in by_id]
    chain = {number: one.consequence_of for number, one in by_id.items()}
    ends = [by_id[root] for root in roots(chain, finding.finding_id) if root in by_id and root != finding.finding_id]
    causes = (ReportedFinding(host, one, rule_of(rules, one.rule_id)) for one in ends if one.remedy)
    return replace(
        plain,
        consequence_of=tuple(dict.fromkeys(_name_of(one, rules) for one in direct)),
        causes=tuple(dict.fromkeys(one.rule.id for one in causes if one.calls_for_action)),
    )


def _name_of(finding: Finding, rules: Mapping[str, RuleInfo]) -> str:
    rule = rule_of(rules, finding.rule_id)
    name = rule.article or rule.title or rule.id
    return f"{name} ({short_entity(finding.entity)})" if finding.entity else name


def _order(item: ReportedFinding) -> tuple[int, int, str, str, str, str]:
    finding, rule = item.finding, item.rule
    return item.verdict.rank, -level_rank(rule.level), rule.article, rule.id, finding.entity, finding.finding_id


def _times(row: EvidenceRow) -> list[str]:
    # A FILETIME past the year 9999 is written in hexadecimal and orders with nothing.
    return [time for time in (row.first_time, row.last_time) if "T" in time]


def _time_key(time: str) -> str:
    # Without its Z, a time in whole seconds sorts before the same second with a fraction.
    return time.removesuffix("Z")
