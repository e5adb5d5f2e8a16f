"""Two audits of the same hosts → new, gone, better and worse findings; and the status of each finding.

The status states whether a finding is new since an earlier audit, known, or accepted.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from evtscan.base.model.diagnosis import UnexplainedRow
from evtscan.base.model.finding import ACCEPTED, KNOWN, NEW, NOT_SEEN, Finding, Verdict
from evtscan.base.model.rule import Level, RuleInfo
from evtscan.report.acceptance import NOTHING, Accepted
from evtscan.report.model import HostReport, MatchRow, Report


class Change(Enum):
    """The change of a finding or a host, in the order in which a comparison lists them."""

    NEW = "new"
    WORSE = "worse"
    BETTER = "better"
    GONE = "gone"
    HOST_CAME = "host_came"
    HOST_WENT = "host_went"

    @property
    def calls_for_attention(self) -> bool:
        """Return whether the state of a host has become worse."""
        return self in (Change.NEW, Change.WORSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: a finding with its old and its new verdict, or a host that is in one report only.

    For a host, ``rule`` is None and the texts of the finding are empty. ``status`` and ``reason`` are from the newer
    finding, or from the older one if there is no newer one.
    """

    change: Change
    host: str
    rule: RuleInfo | None = None
    entity: str = ""
    old: Verdict | None = None
    new: Verdict | None = None
    status: str = ""
    reason: str = ""
    remedy: tuple[str, ...] = ()
    finding_id: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """Return the new verdict, or the old one if there is no new one."""
        return self.new or self.old


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The differences between two reports, sorted by kind of change, host and severity.

    ``hosts`` is the number of hosts in both reports, ``same`` the number of unchanged findings. ``unasked`` is the
    number of findings in the older report that the newer run did not check, because it was narrowed or did not use
    their rule.
    """

    differences: tuple[Difference, ...]
    hosts: int
    same: int
    unasked: int = 0

    def of(self, change: Change) -> list[Difference]:
        """Return the differences of one kind."""
        return [item for item in self.differences if item.change is change]


def compare(old: Report, new: Report) -> Comparison:
    """Compare two reports by host and finding.

    A finding is gone only if evidence of its host was read in both runs, the newer run was not narrowed, and that run
    used the rule. A host that was read in one run only is reported as a host that came or went: all findings on a new
    host are new, and no finding of a missing host counts as gone.
    """
    before, after = _Side(old), _Side(new)
    found: list[Difference] = []
    hosts = same = unasked = 0
    for old_host, new_host in _paired(before.hosts(), after.hosts()):
        if old_host is not None and new_host is not None:
            hosts += 1
            was, now = before.findings(old_host), after.findings(new_host)
            unsure = [key for key in was if not after.tells_of(was[key], now.get(key))]
            unasked += len(unsure)
            for key in unsure:
                del was[key]
                now.pop(key, None)
            found.extend(_between(was, now, before, after))
            same += sum(now[key].verdict == was[key].verdict for key in now.keys() & was.keys())
        elif new_host is not None:
            found.append(Difference(change=Change.HOST_CAME, host=new_host.host))
            found.extend(_between({}, after.findings(new_host), before, after))
        elif old_host is not None:
            found.append(Difference(change=Change.HOST_WENT, host=old_host.host))
    return Comparison(differences=tuple(sorted(found, key=_order)), hosts=hosts, same=same, unasked=unasked)


def with_status(host: HostReport, earlier: Mapping[str, str], accepted: Accepted = NOTHING) -> HostReport:
    """Return the host with the status of each finding: new, known or accepted.

    ``earlier`` maps the ids of the findings of an earlier report to their verdicts: a finding is known if it had the
    same verdict there or a more severe one.
    """
    statuses = (KNOWN if _is_known(finding, earlier) else NEW for finding in host.findings)
    marked = (replace(item, status=status) for item, status in zip(host.findings, statuses, strict=True))
    return with_acceptance(replace(host, findings=tuple(marked)), accepted)


def kinds_of_problems(host: HostReport) -> tuple[str, ...]:
    """Return the kinds of unexplained errors and warnings of a host, as texts that can be compared with later ones."""
    return tuple(sorted({_kind_of_problem(row) for row in host.unexplained}))


def with_new_problems(host: HostReport, earlier: Collection[str] | None) -> HostReport:
    """Mark the unexplained kinds of a host that an earlier report did not have; None: there is no earlier report."""
    if earlier is None or not host.unexplained:
        return host
    rows = (replace(row, is_new=_kind_of_problem(row) not in earlier) for row in host.unexplained)
    return replace(host, unexplained=tuple(sorted(rows, key=lambda row: not row.is_new)))


def _kind_of_problem(row: UnexplainedRow) -> str:
    return f"{row.provider.casefold()}/{row.event_id}/{row.level}"


def with_acceptance(host: HostReport, accepted: Accepted) -> HostReport:
    """Mark the accepted findings of a host; the others are unchanged."""
    return replace(host, findings=tuple(_with_acceptance(finding, accepted) for finding in host.findings))


def only_new(host: HostReport, rules: Mapping[str, RuleInfo]) -> HostReport:
    """Return the host without known and accepted findings, and without their matches.

    ``rules`` are the rules of the report by id: a finding has the matches of all rules of its article.
    """

    def subject(row: Finding | MatchRow) -> tuple[str, str]:
        rule = rules.get(row.rule_id)
        return (rule.article if rule is not None and rule.article else row.rule_id), row.entity

    findings = tuple(finding for finding in host.findings if finding.status == NEW)
    left = set(map(subject, findings))
    return replace(host, findings=findings, matches=tuple(row for row in host.matches if subject(row) in left))


def verdicts_of(host: HostReport) -> dict[str, str]:
    """Return the verdict of each finding of a host by its id, for a later comparison."""
    return {finding.finding_id: finding.verdict for finding in host.findings if _is_seen(finding)}


def _is_known(finding: Finding, earlier: Mapping[str, str]) -> bool:
    before = earlier.get(finding.finding_id)
    return before is not None and Verdict(before).rank <= Verdict(finding.verdict).rank


def _with_acceptance(finding: Finding, accepted: Accepted) -> Finding:
    acceptance = accepted.of(finding)
    return finding if acceptance is None else replace(finding, status=ACCEPTED, accepted=str(acceptance))


class _Side:
    """One of the two compared reports."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._rules = {rule.id: rule for rule in report.rules}

    def hosts(self) -> Iterator[HostReport]:
        """Return the hosts with evidence that was read, in order of their names."""
        hosts = self._report.hosts
        ordered = sorted(hosts, key=lambda host: host.host) if isinstance(hosts, tuple | list) else hosts
        return (host for host in ordered if host.evidence)

    def findings(self, host: HostReport) -> dict[str, Finding]:
        """Return the findings on a host that were seen, by id."""
        return {finding.finding_id: finding for finding in host.findings if _is_seen(finding)}

    def tells_of(self, old: Finding, now: Finding | None) -> bool:
        """Return whether this report can decide how an older finding has changed.

        A narrowed run omits events or verdicts. This can make a finding disappear or look better, but never worse.
        """
        if now is None:
            return not self._report.narrowed and old.rule_id in self._rules
        return not self._report.narrowed or Verdict(now.verdict).rank <= Verdict(old.verdict).rank

    def rule(self, rule_id: str) -> RuleInfo | None:
        return self._rules.get(rule_id)


def _is_seen(finding: Finding) -> bool:
    return Verdict(finding.verdict) not in NOT_SEEN


def _paired(
    old: Iterator[HostReport], new: Iterator[HostReport]
) -> Iterator[tuple[HostReport | None, HostReport | None]]:
    """Pair the hosts of both sides by name; at most one host of each side is in memory."""
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.host < right.host):
            yield left, None
            left = next(old, None)
        elif left is None or right.host < left.host:
            yield None, right
            right = next(new, None)
        else:
            yield left, right
            left, right = next(old, None), next(new, None)


def _between(
    was: Mapping[str, Finding], now: Mapping[str, Finding], before: _Side, after: _Side
) -> Iterator[Difference]:
    for key, finding in now.items():
        old = was.get(key)
        verdict = Verdict(finding.verdict)
        if old is None:
            yield _difference(Change.NEW, finding, after, new=verdict)
        elif old.verdict != finding.verdict:
            known = Verdict(old.verdict)
            change = Change.WORSE if verdict.rank < known.rank else Change.BETTER
            yield _difference(change, finding, after, old=known, new=verdict)
    for key in was.keys() - now.keys():
        yield _difference(Change.GONE, was[key], before, old=Verdict(was[key].verdict))


def _difference(
    change: Change, finding: Finding, side: _Side, *, old: Verdict | None = None, new: Verdict | None = None
) -> Difference:
    return Difference(
        change=change,
        host=finding.host,
        rule=side.rule(finding.rule_id) or RuleInfo(id=finding.rule_id, title="", level=""),
        entity=finding.entity,
        old=old,
        new=new,
        status=finding.status,
        reason=finding.reason,
        remedy=finding.remedy,
        finding_id=finding.finding_id,
    )


def _order(item: Difference) -> tuple[int, str, int, int, str, str, str]:
    severity = len(Verdict) if item.verdict is None else item.verdict.rank
    level = item.rule.level.upper() if item.rule else ""
    importance = -Level[level] if level in Level.__members__ else 1
    article = item.rule.article if item.rule else ""
    return list(Change).index(item.change), item.host, severity, importance, article, item.entity, item.finding_id
