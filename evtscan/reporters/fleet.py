"""A report of several hosts → the same report with what only all of its hosts together show.

That are the common factors of the hosts that a rule affects, and on how many hosts each kind of unexplained event is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from evtscan.base.model.diagnosis import RuleFactors, UnexplainedRow
from evtscan.base.model.fact import Basis
from evtscan.base.model.finding import ACCEPTED, Verdict
from evtscan.base.model.rule import QUIET_KINDS, RuleInfo
from evtscan.diagnosis.factors import HostFacts, RuleHosts, common_factors
from evtscan.report.model import HostReport, Report
from evtscan.reporters.view import as_shown

_AFFECTED = (Verdict.CONFIRMED.value, Verdict.POSSIBLE.value)
_KNOWN = frozenset({Basis.STATED.value, Basis.CARRIED_FORWARD.value, Basis.CARRIED_BACK.value})

_Kind = tuple[str, int, int]


@dataclass(slots=True)
class _Fleet:
    """What is kept of all hosts: facts, covered channels, the rules that were seen, kinds of unexplained events."""

    facts: list[HostFacts] = field(default_factory=list)
    channels: dict[str, frozenset[str]] = field(default_factory=dict)
    seen: dict[str, frozenset[str]] = field(default_factory=dict)
    affected: dict[str, set[str]] = field(default_factory=dict)
    kinds: Counter[_Kind] = field(default_factory=Counter)

    def add(self, host: HostReport, *, with_facts: bool) -> None:
        """Take the next host."""
        self.kinds.update({_kind(row) for row in host.unexplained})
        if not with_facts:
            return
        self.facts.append(_facts(host))
        self.channels[host.host] = frozenset(_channels(host))
        self.seen[host.host] = frozenset((*host.rules_seen, *(item.rule_id for item in host.findings)))
        for item in host.findings:
            if item.verdict in _AFFECTED and item.status != ACCEPTED and item.count:
                self.affected.setdefault(item.rule_id, set()).add(host.host)

    def rule_hosts(self, rules: Sequence[RuleInfo]) -> Iterator[RuleHosts]:
        """The hosts that each rule affects, and those on which its events would have been logged and were not."""
        for rule in rules:
            affected = self.affected.get(rule.id, set())
            if affected and rule.kind not in QUIET_KINDS:
                others = {host for host in self.channels if self._is_absent(rule, host)}
                yield RuleHosts(rule.id, frozenset(affected), frozenset(others - affected))

    def _is_absent(self, rule: RuleInfo, host: str) -> bool:
        covered = self.channels[host]
        would_show = bool(covered) if not rule.channels else "" in covered or not covered.isdisjoint(rule.channels)
        return would_show and rule.id not in self.seen[host]


def with_fleet(report: Report, *, factors: Sequence[str] | None = ()) -> Report:
    """The report with common factors and the number of hosts of each unexplained kind.

    ``factors`` are the names of facts to compare, in which ``*`` stands for any text: empty for all, None for none. The
    hosts are gone over once; of each only what is compared is kept.
    """
    if len(report.hosts) < 2:
        return report
    fleet = _Fleet()
    for host in report.hosts:
        fleet.add(host, with_facts=factors is not None)
    found: tuple[RuleFactors, ...] = ()
    if factors is not None:
        found = common_factors(fleet.facts, fleet.rule_hosts(report.rules), factors)
    return replace(as_shown(report, partial(_with_counts, fleet.kinds)), factors=found)


def _with_counts(kinds: Counter[_Kind], host: HostReport) -> HostReport:
    """A host whose unexplained kinds have the number of hosts with them."""
    rows = tuple(replace(row, hosts=kinds[_kind(row)]) for row in host.unexplained)
    return replace(host, unexplained=rows) if rows else host


def _kind(row: UnexplainedRow) -> _Kind:
    return row.provider.casefold(), row.event_id, row.level


def _channels(host: HostReport) -> Iterator[str]:
    """The channels of the logs with records that nothing was filtered out of, in lower case; empty if not known."""
    for row in host.evidence:
        if row.records and not row.filtered:
            yield from (channel.casefold() for channel in row.channels or ("",))


def _facts(host: HostReport) -> HostFacts:
    known = [row for row in host.facts if not row.history and row.basis in _KNOWN]
    sets = {row.name: row.members for row in known if row.is_set}
    return HostFacts(
        host=host.host,
        values={row.name: row.value for row in known if not row.is_set},
        members=sets,
        complete=frozenset(row.name for row in known if row.is_set and row.complete),
    )
