"""Report → the ledger at the end of every run: files read, files skipped with the reason, and rules used."""

from collections.abc import Sequence

from evtscan.base.errors import Problem
from evtscan.base.ledger import (
    LINES_SHOWN,
    Names,
    Warnings,
    by_problem,
    damaged_part,
    part,
    reasons_part,
    warning_count,
)
from evtscan.base.model.rule import RefusedRule
from evtscan.report.model import Report
from evtscan.reporters.digest.files import damaged_files, read_files
from evtscan.reporters.digest.summary import HostSummary


class Ledger:
    """Collects the ledger from the hosts of a report; of long lists it keeps the beginning and the number."""

    def __init__(self, report: Report, rule_warnings: Sequence[Problem] = ()) -> None:
        self._report = report
        self._rule_warnings = rule_warnings
        self._several = len(report.hosts) > 1
        self._skipped: dict[str, Names] = {}
        self._damaged: list[tuple[str, int, int]] = []
        self._damaged_count = 0
        self._warnings = Warnings()
        self._read = self._records = self._lost = 0

    def add(self, summary: HostSummary) -> None:
        """Add a host."""
        host = summary.host
        prefix = f"{host.host}/" if self._several else ""
        self._read += len(read_files(host))
        self._records += sum(row.records or 0 for row in host.evidence)
        self._lost += sum(row.lost for row in host.evidence)
        for item in host.skipped:
            self._skipped.setdefault(item.reason, Names()).add(prefix + item.source_file)
        skipped = {item.source_file for item in host.skipped}
        for row in damaged_files(host):
            if row.source_file in skipped:  # the line about skipped files has it, with the reason
                continue
            self._damaged_count += 1
            if len(self._damaged) < LINES_SHOWN:
                self._damaged.append((f"{prefix}{row.source_file}", row.records or 0, row.lost))
        for warning in host.warnings:
            self._warnings.add(warning, prefix)

    def close(self) -> None:
        """Do nothing: no work is left after the last host."""

    def lines(self, *, detailed: bool = False) -> list[str]:
        """Return the ledger as lines of text, safe to print: one per subject; ``detailed`` adds lists of files."""
        skipped = sum(names.count for names in self._skipped.values())
        rules = self._report
        refused = [_refused(rule) for rule in rules.refused]
        if len(refused) > 1 and not detailed:
            refused = [f"{refused[0]} and {len(refused) - 1:,} more; -v lists them"]
        warned = warning_count(self._rule_warnings)
        return [
            *part("files", [f"{self._read + skipped:,} seen, {self._read:,} read, {skipped:,} skipped"]),
            *reasons_part(self._skipped, detailed=detailed),
            *damaged_part(self._damaged, self._damaged_count, detailed=detailed),
            *part("records", [f"{self._records:,} read, {self._lost:,} lost"]),
            *self._warnings.part(detailed=detailed),
            *part("rules", [f"{len(rules.rules):,} loaded, {len(rules.refused):,} refused{warned}"]),
            *part("refused", refused),
            *(part("metadata", by_problem(self._rule_warnings)) if detailed else ()),
        ]


def _refused(rule: RefusedRule) -> str:
    where = ":".join(str(part) for part in (rule.file, rule.line, rule.key) if part not in (None, ""))
    return f"{where}: {rule.message}"
