"""The facts that rules need from hosts, and the facts that open findings of a saved report lack."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evtscan.base.model.finding import Finding, Verdict, instructions
from evtscan.base.versions import version_key
from evtscan.collecting.steps import Generation
from evtscan.detection.authoring.products import RELEASES, products_of
from evtscan.detection.model.rule import Rule
from evtscan.report.model import HostReport, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A missing fact, and the open findings that it would help to decide, as host and rule."""

    fact: str
    findings: tuple[tuple[str, str], ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that lack the fact, without duplicates."""
        return tuple(dict.fromkeys(host for host, _ in self.findings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The facts and logs that the open findings of a report lack, most decisive first.

    ``logs`` are event logs to export, each with the hosts that lack it: the System log first, which most rules need,
    then logs of open findings that a collected export cannot decide.

    ``notes`` are pairs of a host and an instruction that is not about collecting a fact. ``others`` are the hosts with
    open findings that are known to be of another generation.
    """

    needs: tuple[Need, ...] = ()
    logs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()


def about(rules: Iterable[Rule], generation: Generation) -> list[Rule]:
    """Return the rules that can apply to hosts of a generation, including rules that do not specify products."""
    admitted = {place for place, release in enumerate(RELEASES) if generation.admits(version_key(release.version))}

    def may_be(rule: Rule) -> bool:
        places = products_of(rule.known_issue.when).places if rule.known_issue is not None else None
        return places is None or not admitted.isdisjoint(places)

    return [rule for rule in rules if may_be(rule)]


def missing_in(report: Report, generation: Generation) -> Missing:
    """Return the evidence that would decide the open findings of a report.

    Hosts of another generation are excluded; hosts of unknown version are included.
    """
    names = {rule.id: rule.article or rule.title for rule in report.rules}
    missing: dict[str, list[tuple[str, str]]] = {}
    notes: dict[tuple[str, str], None] = {}
    others = []
    channels = {rule.id: rule.channels for rule in report.rules}
    logs: dict[str, dict[str, None]] = {SYSTEM: {}}
    for host in report.hosts:
        open_ = [finding for finding in host.findings if _is_open(finding)]
        if open_ and not generation.admits(version_key(host.version)):
            others.append(host.host)
            continue
        if generation.admits(version_key(host.version)):
            for channel in _missing_logs(host, open_, channels):
                logs.setdefault(channel, {})[host.host] = None
        for finding in open_:
            special = instructions(gap for gap in finding.missing if not gap.collectable)
            notes |= dict.fromkeys((host.host, text) for text in special)
            for gap in finding.missing:
                if gap.collectable:
                    of_fact = missing.setdefault(gap.fact, [])
                    of_fact.append((host.host, names.get(finding.rule_id, finding.rule_id)))
    needs = [Need(fact=fact, findings=tuple(dict.fromkeys(findings))) for fact, findings in missing.items()]
    needs.sort(key=lambda need: (-len(need.findings), need.fact))
    wanted = tuple((channel, tuple(hosts)) for channel, hosts in logs.items() if hosts)
    return Missing(needs=tuple(needs), logs=wanted, notes=tuple(notes), others=tuple(others))


SYSTEM = "System"
"""The log that most rules need."""


def _missing_logs(
    host: HostReport, findings: Iterable[Finding], channels: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield the logs that a host lacks: the System log, and those of findings that need something other than a fact."""
    logs = [row for row in host.evidence if row.records is not None]
    if not any(not row.channels or SYSTEM in row.channels for row in logs):
        yield SYSTEM
    whole = {channel.casefold() for row in logs if not row.filtered for channel in row.channels}
    for finding in findings:
        if any(not gap.fact for gap in finding.missing):
            for channel in channels.get(finding.rule_id, ()):
                if channel.casefold() not in whole:
                    yield SYSTEM if channel.casefold() == SYSTEM.casefold() else channel


def _is_open(finding: Finding) -> bool:
    return finding.verdict == Verdict.POSSIBLE.value and bool(finding.missing)
