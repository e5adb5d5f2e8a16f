"""A report of several hosts → the same report with results of comparing its hosts.

These are the common factors of the hosts that a rule affects, and the number of hosts with each kind of unexplained
event.
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
    """The data of all hosts to compare: facts, covered channels, matched rules, kinds of unexplained events."""

    facts: list[HostFacts] = field(default_factory=list)
    channels: dict[str, frozenset[str]] = field(default_factory=dict)
    seen: dict[str, frozenset[str]] = field(default_factory=dict)
    affected: dict[str, set[str]] = field(default_factory=dict)
    kinds: Counter[_Kind] = field(default_factory=Counter)

    def add(self, host: HostReport, *, with_facts: bool) -> None:
        """Add a host."""
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
        """Yield, for each rule, the affected hosts and the hosts whose logs would contain its events but do not."""
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
    """Return the report with common factors, and with the number of hosts of each unexplained kind.

    ``factors`` are the names of facts to compare, in which ``*`` matches any text: empty compares all facts, None none.
    The hosts are read once, and only the data to compare is kept.
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
    """Return a host whose unexplained kinds include the number of hosts with each kind."""
    rows = tuple(replace(row, hosts=kinds[_kind(row)]) for row in host.unexplained)
    return replace(host, unexplained=rows) if rows else host


def _kind(row: UnexplainedRow) -> _Kind:
    return row.provider.casefold(), row.event_id, row.level


def _channels(host: HostReport) -> Iterator[str]:
    """Yield the channels of unfiltered logs with records, in lower case; an empty text for a log of unknown channel."""
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
