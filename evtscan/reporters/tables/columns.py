"""Report → the tables of CSV and similar formats: their columns, their rows, their order.

The columns are a stable interface. A cell that contains a list joins its items with ``; ``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from evtscan.base.model.diagnosis import LEVEL_WORDS, Factor, UnexplainedRow
from evtscan.base.model.finding import Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import EvidenceRow, ExtractionWarning
from evtscan.base.safetext import visible
from evtscan.report.model import HostReport, MatchRow, Report
from evtscan.reporters.digest.summary import HostSummary, ReportedFinding, level_rank, rule_of, rules_by_id, summaries

Cell = str | int | bool | None
"""Values stay typed until a reporter writes them; None is an absent value."""

Value = Cell | tuple[str, ...] | tuple[int, ...]
"""What a column is made of, before lists are joined."""

RECORD_IDS_SHOWN = 10
"""How many record numbers a cell lists before it skips to the last."""

T = TypeVar("T")


class Kind(Enum):
    """The type of a column's cells, for formats with typed columns."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a report; every row has a cell for each column. ``kinds`` has the columns that are not text."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kinds: Mapping[str, Kind] = field(default_factory=dict)


def cell_text(cell: Cell) -> str:
    """Return a cell as one line of text: ``true`` or ``false`` for a flag, empty for an absent value."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return visible(cell) if isinstance(cell, str) else str(cell)


def joined(value: Value) -> Cell:
    """Join a list as text; other values are returned unchanged."""
    return "; ".join(str(item) for item in value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: the function that returns its value for an item, its kind, and how a list becomes a cell."""

    value: Callable[[T], Value]
    kind: Kind = Kind.TEXT
    cell: Callable[[Value], Cell] = joined


@dataclass(frozen=True, slots=True, kw_only=True)
class TableForm(Generic[T]):
    """The definition of a table: a row for each item of a host or of the report."""

    name: str
    columns: Mapping[str, Column[T]]
    of_host: Callable[[HostSummary, Mapping[str, RuleInfo]], Iterable[T]] = lambda summary, rules: ()
    of_report: Callable[[Report], Iterable[T]] = lambda report: ()

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each column."""
        return {name: column.kind for name, column in self.columns.items()}

    def rows_of_host(self, summary: HostSummary, rules: Mapping[str, RuleInfo]) -> Iterator[tuple[Cell, ...]]:
        """Yield the rows of one host, in order."""
        return map(self._row, self.of_host(summary, rules))

    def rows_of_report(self, report: Report) -> Iterator[tuple[Cell, ...]]:
        """Yield the rows that belong to no host, in order."""
        return map(self._row, self.of_report(report))

    def values(self, item: T) -> dict[str, Value]:
        """Return one row by column, with lists not joined."""
        return {name: column.value(item) for name, column in self.columns.items()}

    def table(self, report: Report) -> Table:
        """Return the table of a report that fits into memory."""
        rules = rules_by_id(report)
        rows = [row for summary in summaries(report) for row in self.rows_of_host(summary, rules)]
        return Table(self.name, tuple(self.columns), (*rows, *self.rows_of_report(report)), self.kinds)

    def _row(self, item: T) -> tuple[Cell, ...]:
        return tuple(column.cell(column.value(item)) for column in self.columns.values())


@dataclass(frozen=True, slots=True)
class Matched:
    """A match together with its host and its rule."""

    host: HostReport
    row: MatchRow
    rule: RuleInfo

    def order(self) -> tuple[int, int, str, str, str, int, str]:
        """Sort key among the matches of a host."""
        row, rule = self.row, self.rule
        severity = Verdict(row.verdict).rank
        level = -level_rank(rule.level)
        offset = -1 if row.offset is None else row.offset
        return severity, level, rule.article, row.timestamp, row.source_file, offset, rule.id


@dataclass(frozen=True, slots=True)
class _Read:
    host: HostReport
    row: EvidenceRow


@dataclass(frozen=True, slots=True)
class _Warned:
    host: HostReport
    warning: ExtractionWarning

    def order(self) -> tuple[str, int, str, str]:
        location = self.warning.location
        offset = -1 if location.offset is None else location.offset
        return location.source, offset, self.warning.kind, self.warning.message


def matched(summary: HostSummary, rules: Mapping[str, RuleInfo]) -> list[Matched]:
    """The matches of a host, in the order of their rows."""
    rows = (Matched(summary.host, row, rule_of(rules, row.rule_id)) for row in summary.host.matches)
    return sorted(rows, key=Matched.order)


def _read(summary: HostSummary, rules: Mapping[str, RuleInfo]) -> Iterator[_Read]:
    rows = sorted(summary.host.evidence, key=lambda row: row.source_file)
    return (_Read(summary.host, row) for row in rows)


@dataclass(frozen=True, slots=True)
class _Unexplained:
    host: HostReport
    row: UnexplainedRow


@dataclass(frozen=True, slots=True)
class _Factor:
    rule: RuleInfo
    factor: Factor


def _factors(report: Report) -> Iterator[_Factor]:
    """The factors of each rule, strongest first, in the order of the report's rules."""
    rules = rules_by_id(report)
    for item in report.factors:
        yield from (_Factor(rule_of(rules, item.rule_id), factor) for factor in item.factors)


def _warned(summary: HostSummary, rules: Mapping[str, RuleInfo]) -> list[_Warned]:
    return sorted((_Warned(summary.host, warning) for warning in summary.host.warnings), key=_Warned.order)


def _by_importance(report: Report) -> list[RuleInfo]:
    return sorted(report.rules, key=lambda rule: (-level_rank(rule.level), rule.article, rule.id))


def _record_ids(numbers: Value) -> Cell:
    assert isinstance(numbers, tuple)
    if len(numbers) <= RECORD_IDS_SHOWN + 1:  # skipping none would need no ellipsis
        return joined(numbers)
    return joined((*map(str, numbers[:RECORD_IDS_SHOWN]), "…", str(numbers[-1])))


def _details(row: MatchRow) -> str:
    """Return the data of the event, followed by its message."""
    return "; ".join(part for part in (row.details, row.message) if part)


def _integer(value: Callable[[T], int | None]) -> Column[T]:
    return Column(value, Kind.INTEGER)


def _boolean(value: Callable[[T], bool]) -> Column[T]:
    return Column(value, Kind.BOOLEAN)


def _time(value: Callable[[T], str]) -> Column[T]:
    return Column(value, Kind.TIME)


_FINDINGS: Mapping[str, Column[ReportedFinding]] = {
    "Host": Column(lambda item: item.host.host),
    "Computer": Column(lambda item: item.finding.computer),
    "Verdict": Column(lambda item: item.finding.verdict),
    "Kind": Column(lambda item: item.rule.kind),
    "Level": Column(lambda item: item.rule.level),
    "Activity": Column(lambda item: item.finding.activity),
    "Status": Column(lambda item: item.finding.status),
    "Article": Column(lambda item: item.rule.article),
    "RuleTitle": Column(lambda item: item.rule.title),
    "RuleID": Column(lambda item: item.rule.id),
    "Entity": Column(lambda item: item.finding.entity),
    "FirstSeen": _time(lambda item: item.finding.first_seen),
    "LastSeen": _time(lambda item: item.finding.last_seen),
    "Count": _integer(lambda item: item.finding.count),
    "Channel": Column(lambda item: item.finding.channels),
    "Provider": Column(lambda item: item.finding.providers),
    "EventID": Column(lambda item: item.finding.event_ids),
    "RecordIDs": Column(lambda item: item.finding.record_ids, cell=_record_ids),
    "OS": Column(lambda item: item.finding.os),
    "ServicePack": Column(lambda item: item.finding.service_pack),
    "Reason": Column(lambda item: item.finding.reason),
    "Basis": Column(lambda item: item.finding.basis),
    "MissingFacts": Column(lambda item: item.finding.missing_facts),
    "HowToGet": Column(lambda item: item.finding.how_to_get),
    "Cause": Column(lambda item: item.rule.cause),
    "Remedy": Column(lambda item: item.finding.remedy),
    "FixedIn": Column(lambda item: item.rule.fixed_in),
    "CoverageFrom": _time(lambda item: item.finding.coverage_from),
    "CoverageTo": _time(lambda item: item.finding.coverage_to),
    "Complete": Column(lambda item: item.finding.complete),
    "SourceFiles": Column(lambda item: item.finding.source_files),
    "FindingID": Column(lambda item: item.finding.finding_id),
    "ChangesBefore": Column(lambda item: item.changes_before),
    "ConsequenceOf": Column(lambda item: item.consequence_of),
}

_EVENTS: Mapping[str, Column[Matched]] = {
    "Timestamp": _time(lambda item: item.row.timestamp),
    "Host": Column(lambda item: item.host.host),
    "Computer": Column(lambda item: item.row.computer),
    "Verdict": Column(lambda item: item.row.verdict),
    "Kind": Column(lambda item: item.rule.kind),
    "Level": Column(lambda item: item.rule.level),
    "RuleTitle": Column(lambda item: item.rule.title),
    "RuleID": Column(lambda item: item.rule.id),
    "Entity": Column(lambda item: item.row.entity),
    "Channel": Column(lambda item: item.row.channel),
    "Provider": Column(lambda item: item.row.provider),
    "EventID": _integer(lambda item: item.row.event_id),
    "EventLevel": _integer(lambda item: item.row.event_level),
    "RecordID": _integer(lambda item: item.row.record_id),
    "Details": Column(lambda item: _details(item.row)),
    "Basis": Column(lambda item: item.row.basis),
    "SourceFile": Column(lambda item: item.row.source_file),
    "Offset": _integer(lambda item: item.row.offset),
    "Tags": Column(lambda item: item.rule.tags),
}

_HOSTS: Mapping[str, Column[HostSummary]] = {
    "Host": Column(lambda item: item.host.host),
    "Computer": Column(lambda item: item.host.computer),
    "OtherNames": Column(lambda item: item.host.other_names),
    "OS": Column(lambda item: item.host.os),
    "Version": Column(lambda item: item.host.version),
    "Build": Column(lambda item: item.host.build),
    "UBR": Column(lambda item: item.host.ubr),
    "ServicePack": Column(lambda item: item.host.service_pack),
    "UpdateDate": Column(lambda item: item.host.update_date),
    "Role": Column(lambda item: item.host.role),
    "Components": Column(lambda item: item.host.components),
    "WorstVerdict": Column(lambda item: item.worst_verdict.value if item.worst_verdict else None),
    "WorstLevel": Column(lambda item: item.worst_level),
    "Confirmed": _integer(lambda item: item.counts.get(Verdict.CONFIRMED, 0)),
    "Possible": _integer(lambda item: item.counts.get(Verdict.POSSIBLE, 0)),
    "Exposed": _integer(lambda item: item.counts.get(Verdict.EXPOSED, 0)),
    "Resolved": _integer(lambda item: item.counts.get(Verdict.RESOLVED, 0)),
    "Excluded": _integer(lambda item: item.counts.get(Verdict.EXCLUDED, 0)),
    "FirstEvent": _time(lambda item: item.first_event),
    "LastEvent": _time(lambda item: item.last_event),
    "Records": _integer(lambda item: item.records),
    "Logs": _integer(lambda item: item.logs),
    "Cleared": _integer(lambda item: item.cleared),
    "Gaps": _integer(lambda item: item.gaps),
    "ClockSteps": _integer(lambda item: item.clock_steps),
    "SnapshotTime": _time(lambda item: item.host.snapshot_time),
    "Warnings": _integer(lambda item: len(item.host.warnings)),
    "Judged": _integer(lambda item: item.judged),
    "Notes": _integer(lambda item: item.notes),
    "Errors": _integer(lambda item: item.host.tally.errors),
    "ErrorsExplained": _integer(lambda item: item.host.tally.errors_explained),
    "WarningsSeen": _integer(lambda item: item.host.tally.warnings),
    "WarningsExplained": _integer(lambda item: item.host.tally.warnings_explained),
}

_EVIDENCE: Mapping[str, Column[_Read]] = {
    "Host": Column(lambda item: item.host.host),
    "SourceFile": Column(lambda item: item.row.source_file),
    "Size": _integer(lambda item: item.row.size),
    "SHA256": Column(lambda item: item.row.sha256),
    "Format": Column(lambda item: item.row.format),
    "Computer": Column(lambda item: item.row.computer),
    "FirstTime": _time(lambda item: item.row.first_time),
    "LastTime": _time(lambda item: item.row.last_time),
    "Records": _integer(lambda item: item.row.records),
    "Lost": _integer(lambda item: item.row.lost),
    "Dirty": _boolean(lambda item: item.row.dirty),
    "Wrapped": _boolean(lambda item: item.row.wrapped),
    "Cleared": _boolean(lambda item: item.row.cleared),
    "Filtered": _boolean(lambda item: item.row.filtered),
    "ClockSteps": _integer(lambda item: item.row.clock_steps),
    "TimeZone": Column(lambda item: item.row.time_zone),
    "Note": Column(lambda item: item.row.note),
}

_WARNINGS: Mapping[str, Column[_Warned]] = {
    "Host": Column(lambda item: item.host.host),
    "SourceFile": Column(lambda item: item.warning.location.source),
    "Offset": _integer(lambda item: item.warning.location.offset),
    "Kind": Column(lambda item: item.warning.kind),
    "Message": Column(lambda item: item.warning.message),
    "RecordsLost": _integer(lambda item: item.warning.records_lost),
}

_RULES: Mapping[str, Column[RuleInfo]] = {
    "RuleID": Column(lambda rule: rule.id),
    "Article": Column(lambda rule: rule.article),
    "RuleTitle": Column(lambda rule: rule.title),
    "Kind": Column(lambda rule: rule.kind),
    "Level": Column(lambda rule: rule.level),
    "RuleStatus": Column(lambda rule: rule.status),
    "Cause": Column(lambda rule: rule.cause),
    "Remedy": Column(lambda rule: rule.remedy),
    "Workaround": Column(lambda rule: rule.workaround),
    "FixedIn": Column(lambda rule: rule.fixed_in),
    "References": Column(lambda rule: rule.references),
    "Tags": Column(lambda rule: rule.tags),
}

_UNEXPLAINED: Mapping[str, Column[_Unexplained]] = {
    "Host": Column(lambda item: item.host.host),
    "Computer": Column(lambda item: item.row.computer),
    "Channel": Column(lambda item: item.row.channel),
    "Provider": Column(lambda item: item.row.provider),
    "EventID": _integer(lambda item: item.row.event_id),
    "Level": Column(lambda item: LEVEL_WORDS.get(item.row.level, str(item.row.level))),
    "Count": _integer(lambda item: item.row.count),
    "FirstSeen": _time(lambda item: item.row.first_seen),
    "LastSeen": _time(lambda item: item.row.last_seen),
    "New": _boolean(lambda item: item.row.is_new),
    "Hosts": _integer(lambda item: item.row.hosts),
    "Example": Column(lambda item: item.row.example),
    "SourceFile": Column(lambda item: item.row.source_file),
    "RecordID": _integer(lambda item: item.row.record_id),
}

_FACTORS: Mapping[str, Column[_Factor]] = {
    "Article": Column(lambda item: item.rule.article),
    "RuleTitle": Column(lambda item: item.rule.title),
    "RuleID": Column(lambda item: item.rule.id),
    "Fact": Column(lambda item: item.factor.fact),
    "Value": Column(lambda item: item.factor.value),
    "AffectedWith": _integer(lambda item: item.factor.affected_with),
    "Affected": _integer(lambda item: item.factor.affected),
    "OthersWith": _integer(lambda item: item.factor.others_with),
    "Others": _integer(lambda item: item.factor.others),
    "PValue": Column(lambda item: f"{item.factor.p_value:.2g}"),
    "Hosts": Column(lambda item: item.factor.hosts),
}

FINDINGS: TableForm[ReportedFinding] = TableForm(
    name="findings", columns=_FINDINGS, of_host=lambda summary, rules: summary.findings
)
"""One row per finding: rule, host, verdict, reasons, remedy."""

EVENTS: TableForm[Matched] = TableForm(name="events", columns=_EVENTS, of_host=matched)
"""One row per match, for a time line."""

HOSTS: TableForm[HostSummary] = TableForm(name="hosts", columns=_HOSTS, of_host=lambda summary, rules: (summary,))
"""One row per host: what it is, its verdicts counted, what was read of it."""

EVIDENCE: TableForm[_Read] = TableForm(name="evidence", columns=_EVIDENCE, of_host=_read)
"""One row per evidence file."""

WARNINGS: TableForm[_Warned] = TableForm(name="warnings", columns=_WARNINGS, of_host=_warned)
"""One row per thing that could not be read or used."""

UNEXPLAINED: TableForm[_Unexplained] = TableForm(
    name="unexplained",
    columns=_UNEXPLAINED,
    of_host=lambda summary, rules: (_Unexplained(summary.host, row) for row in summary.host.unexplained),
)
"""One row per host and kind of error or warning that no rule explains."""

FACTORS: TableForm[_Factor] = TableForm(name="factors", columns=_FACTORS, of_report=_factors)
"""One row per rule and fact that separates its affected hosts from others; only an audit has any."""

RULES: TableForm[RuleInfo] = TableForm(name="rules", columns=_RULES, of_report=_by_importance)
"""One row per rule that took part."""

TABLES: Mapping[str, TableForm[Any]] = {
    form.name: form for form in (FINDINGS, EVENTS, HOSTS, EVIDENCE, WARNINGS, RULES, UNEXPLAINED, FACTORS)
}
"""Every table by its name, which is also the stem of its file."""
