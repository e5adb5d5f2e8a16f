"""Report → the six tables that CSV and its like write: their columns, their rows, their order.

The columns are contracts. A cell that holds a list joins it with ``; ``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from evtscan.model import EvidenceRow, ExtractionWarning, HostReport, MatchRow, Report, RuleInfo, Verdict
from evtscan.reporters.safetext import visible
from evtscan.reporters.summary import HostSummary, Judged, judged, level_rank, rule_of, rules_by_id, summarise

Cell = str | int | bool | None
"""Values stay typed until a reporter writes them; None is an absent value."""

RECORD_IDS_SHOWN = 10
"""How many record numbers a cell lists before it skips to the last."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a report; every row has a cell for each column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def cell_text(cell: Cell) -> str:
    """Write a cell as one line of text: ``true`` and ``false``, nothing for an absent value."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return visible(cell) if isinstance(cell, str) else str(cell)


def findings(report: Report) -> Table:
    """One row per finding: rule, host, verdict, reasons, remedy."""
    return _table("findings", _FINDINGS, judged(report))


def events(report: Report) -> Table:
    """One row per match, for a time line."""
    rules = rules_by_id(report)
    rows = [_Matched(host, row, rule_of(rules, row.rule_id)) for host in report.hosts for row in host.matches]
    return _table("events", _EVENTS, sorted(rows, key=_Matched.order))


def hosts(report: Report) -> Table:
    """One row per host: what it is, its verdicts counted, what was read of it."""
    return _table("hosts", _HOSTS, summarise(report))


def evidence(report: Report) -> Table:
    """One row per evidence file."""
    rows = [_Read(host, row) for host in report.hosts for row in host.evidence]
    return _table("evidence", _EVIDENCE, sorted(rows, key=lambda item: (item.host.host, item.row.source_file)))


def warnings(report: Report) -> Table:
    """One row per thing that could not be read or used."""
    rows = [_Warned(host, warning) for host in report.hosts for warning in host.warnings]
    return _table("warnings", _WARNINGS, sorted(rows, key=_Warned.order))


def rules(report: Report) -> Table:
    """One row per rule that took part."""
    rows = sorted(report.rules, key=lambda rule: (-level_rank(rule.level), rule.article, rule.id))
    return _table("rules", _RULES, rows)


TABLES: Mapping[str, Callable[[Report], Table]] = {
    "findings": findings,
    "events": events,
    "hosts": hosts,
    "evidence": evidence,
    "warnings": warnings,
    "rules": rules,
}
"""Every table by its name, which is also the stem of its file."""


@dataclass(frozen=True, slots=True)
class _Matched:
    host: HostReport
    row: MatchRow
    rule: RuleInfo

    def order(self) -> tuple[str, int, int, str, str, str, int, str]:
        row, rule = self.row, self.rule
        severity = Verdict(row.verdict).rank
        level = -level_rank(rule.level)
        offset = -1 if row.offset is None else row.offset
        return self.host.host, severity, level, rule.article, row.timestamp, row.source_file, offset, rule.id


@dataclass(frozen=True, slots=True)
class _Read:
    host: HostReport
    row: EvidenceRow


@dataclass(frozen=True, slots=True)
class _Warned:
    host: HostReport
    warning: ExtractionWarning

    def order(self) -> tuple[str, str, int, str, str]:
        location = self.warning.location
        offset = -1 if location.offset is None else location.offset
        return self.host.host, location.source, offset, self.warning.kind, self.warning.message


def _table(name: str, columns: Mapping[str, Callable[[T], Cell]], items: Iterable[T]) -> Table:
    rows = tuple(tuple(value(item) for value in columns.values()) for item in items)
    return Table(name, tuple(columns), rows)


def _joined(items: Iterable[str | int]) -> str:
    return "; ".join(str(item) for item in items)


def _record_ids(numbers: Sequence[int]) -> str:
    if len(numbers) <= RECORD_IDS_SHOWN + 1:  # skipping none would need no ellipsis
        return _joined(numbers)
    return _joined([*numbers[:RECORD_IDS_SHOWN], "…", numbers[-1]])


def _details(row: MatchRow) -> str:
    """The data of the event, and its message behind it."""
    return "; ".join(part for part in (row.details, row.message) if part)


_FINDINGS: Mapping[str, Callable[[Judged], Cell]] = {
    "Host": lambda item: item.host.host,
    "Computer": lambda item: item.finding.computer,
    "Verdict": lambda item: item.finding.verdict,
    "Kind": lambda item: item.rule.kind,
    "Level": lambda item: item.rule.level,
    "Activity": lambda item: item.finding.activity,
    "Status": lambda item: item.finding.status,
    "Article": lambda item: item.rule.article,
    "RuleTitle": lambda item: item.rule.title,
    "RuleID": lambda item: item.rule.id,
    "Entity": lambda item: item.finding.entity,
    "FirstSeen": lambda item: item.finding.first_seen,
    "LastSeen": lambda item: item.finding.last_seen,
    "Count": lambda item: item.finding.count,
    "Channel": lambda item: _joined(item.finding.channels),
    "Provider": lambda item: _joined(item.finding.providers),
    "EventID": lambda item: _joined(item.finding.event_ids),
    "RecordIDs": lambda item: _record_ids(item.finding.record_ids),
    "OS": lambda item: item.finding.os,
    "ServicePack": lambda item: item.finding.service_pack,
    "Reason": lambda item: item.finding.reason,
    "Basis": lambda item: item.finding.basis,
    "MissingFacts": lambda item: _joined(item.finding.missing_facts),
    "HowToGet": lambda item: _joined(item.finding.how_to_get),
    "Cause": lambda item: item.rule.cause,
    "Remedy": lambda item: _joined(item.finding.remedy),
    "FixedIn": lambda item: item.rule.fixed_in,
    "CoverageFrom": lambda item: item.finding.coverage_from,
    "CoverageTo": lambda item: item.finding.coverage_to,
    "Complete": lambda item: item.finding.complete,
    "SourceFiles": lambda item: _joined(item.finding.source_files),
    "FindingID": lambda item: item.finding.finding_id,
}

_EVENTS: Mapping[str, Callable[[_Matched], Cell]] = {
    "Timestamp": lambda item: item.row.timestamp,
    "Host": lambda item: item.host.host,
    "Computer": lambda item: item.row.computer,
    "Verdict": lambda item: item.row.verdict,
    "Kind": lambda item: item.rule.kind,
    "Level": lambda item: item.rule.level,
    "RuleTitle": lambda item: item.rule.title,
    "RuleID": lambda item: item.rule.id,
    "Entity": lambda item: item.row.entity,
    "Channel": lambda item: item.row.channel,
    "Provider": lambda item: item.row.provider,
    "EventID": lambda item: item.row.event_id,
    "EventLevel": lambda item: item.row.event_level,
    "RecordID": lambda item: item.row.record_id,
    "Details": lambda item: _details(item.row),
    "Basis": lambda item: item.row.basis,
    "SourceFile": lambda item: item.row.source_file,
    "Offset": lambda item: item.row.offset,
}

_HOSTS: Mapping[str, Callable[[HostSummary], Cell]] = {
    "Host": lambda item: item.host.host,
    "Computer": lambda item: item.host.computer,
    "OtherNames": lambda item: _joined(item.host.other_names),
    "OS": lambda item: item.host.os,
    "Version": lambda item: item.host.version,
    "Build": lambda item: item.host.build,
    "UBR": lambda item: item.host.ubr,
    "ServicePack": lambda item: item.host.service_pack,
    "UpdateDate": lambda item: item.host.update_date,
    "Role": lambda item: item.host.role,
    "Components": lambda item: _joined(item.host.components),
    "WorstVerdict": lambda item: item.worst_verdict.value if item.worst_verdict else None,
    "WorstLevel": lambda item: item.worst_level,
    "Confirmed": lambda item: item.counts.get(Verdict.CONFIRMED, 0),
    "Possible": lambda item: item.counts.get(Verdict.POSSIBLE, 0),
    "Exposed": lambda item: item.counts.get(Verdict.EXPOSED, 0),
    "Resolved": lambda item: item.counts.get(Verdict.RESOLVED, 0),
    "Excluded": lambda item: item.counts.get(Verdict.EXCLUDED, 0),
    "FirstEvent": lambda item: item.first_event,
    "LastEvent": lambda item: item.last_event,
    "Records": lambda item: item.records,
    "Logs": lambda item: item.logs,
    "Cleared": lambda item: item.cleared,
    "Gaps": lambda item: item.gaps,
    "ClockSteps": lambda item: item.clock_steps,
    "SnapshotTime": lambda item: item.host.snapshot_time,
    "Warnings": lambda item: len(item.host.warnings),
}

_EVIDENCE: Mapping[str, Callable[[_Read], Cell]] = {
    "Host": lambda item: item.host.host,
    "SourceFile": lambda item: item.row.source_file,
    "Size": lambda item: item.row.size,
    "SHA256": lambda item: item.row.sha256,
    "Format": lambda item: item.row.format,
    "Computer": lambda item: item.row.computer,
    "FirstTime": lambda item: item.row.first_time,
    "LastTime": lambda item: item.row.last_time,
    "Records": lambda item: item.row.records,
    "Lost": lambda item: item.row.lost,
    "Dirty": lambda item: item.row.dirty,
    "Wrapped": lambda item: item.row.wrapped,
    "Cleared": lambda item: item.row.cleared,
    "Filtered": lambda item: item.row.filtered,
    "ClockSteps": lambda item: item.row.clock_steps,
    "TimeZone": lambda item: item.row.time_zone,
    "Note": lambda item: item.row.note,
}

_WARNINGS: Mapping[str, Callable[[_Warned], Cell]] = {
    "Host": lambda item: item.host.host,
    "SourceFile": lambda item: item.warning.location.source,
    "Offset": lambda item: item.warning.location.offset,
    "Kind": lambda item: item.warning.kind,
    "Message": lambda item: item.warning.message,
    "RecordsLost": lambda item: item.warning.records_lost,
}

_RULES: Mapping[str, Callable[[RuleInfo], Cell]] = {
    "RuleID": lambda rule: rule.id,
    "Article": lambda rule: rule.article,
    "RuleTitle": lambda rule: rule.title,
    "Kind": lambda rule: rule.kind,
    "Level": lambda rule: rule.level,
    "RuleStatus": lambda rule: rule.status,
    "Cause": lambda rule: rule.cause,
    "Remedy": lambda rule: _joined(rule.remedy),
    "Workaround": lambda rule: _joined(rule.workaround),
    "FixedIn": lambda rule: rule.fixed_in,
    "References": lambda rule: _joined(rule.references),
}
