"""Report → the ledger that ends every run: what was read, what was not and why, and by which rules."""

from evtscan.base.ledger import DAMAGE, Lines, Names, by_reason, part
from evtscan.base.model.rule import RefusedRule
from evtscan.base.model.source import EvidenceRow
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import HostSummary

NOT_READ = frozenset({"host_failed", "host_timeout", "unreadable"})
"""Kinds of warnings that say that a host or a file could not be read at all, so that it has no row of its own."""


class Ledger:
    """Takes the hosts of a report, and says what was read; of long lists it keeps the beginning and the number."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._several = len(report.hosts) > 1
        self._skipped: dict[str, Names] = {}
        self._damaged = Lines()
        self._warnings = Lines()
        self._read = self._records = self._lost = 0

    def add(self, summary: HostSummary) -> None:
        """Take the next host."""
        host = summary.host
        prefix = f"{host.host}/" if self._several else ""
        self._read += len(read_files(host))
        self._records += sum(row.records or 0 for row in host.evidence)
        self._lost += sum(row.lost for row in host.evidence)
        for item in host.skipped:
            self._skipped.setdefault(item.reason, Names()).add(prefix + item.source_file)
        for row in damaged_files(host):
            self._damaged.add(f"{prefix}{row.source_file}: {row.records or 0:,} records read, {row.lost:,} lost")
        for warning in host.warnings:
            place = f"{prefix}{warning.location}: " if warning.location.source else ""  # else it names the host itself
            self._warnings.add(f"{place}{warning.message}")

    def close(self) -> None:
        """Nothing is left to do behind the last host."""

    def lines(self) -> list[str]:
        """The ledger as lines of text, safe to print."""
        skipped = sum(names.count for names in self._skipped.values())
        rules = self._report
        return [
            *part("files", [f"{self._read + skipped:,} seen, {self._read:,} read, {skipped:,} skipped"]),
            *part("skipped", by_reason(self._skipped)),
            *self._damaged.part("damaged"),
            *part("records", [f"{self._records:,} read, {self._lost:,} lost"]),
            *self._warnings.part("warnings"),
            *part("rules", [f"{len(rules.rules):,} loaded, {len(rules.refused):,} refused"]),
            *part("refused", [_refused(rule) for rule in rules.refused]),
        ]


def read_files(host: HostReport) -> list[EvidenceRow]:
    """The files of a host that were read: an archive that cannot be unpacked has a row, and is skipped all the same."""
    skipped = {item.source_file for item in host.skipped}
    return [row for row in host.evidence if row.source_file not in skipped]


def damaged_files(host: HostReport) -> list[EvidenceRow]:
    """The files of a host that are damaged: records are lost, or a warning says that a part cannot be read."""
    told = {item.location.source for item in host.warnings if item.records_lost > 0 or item.kind in DAMAGE}
    return [row for row in host.evidence if row.lost > 0 or row.source_file in told]


def is_incomplete(host: HostReport) -> bool:
    """Whether some of what was collected of a host is damaged, or could not be read."""
    return any(warning.kind in NOT_READ for warning in host.warnings) or bool(damaged_files(host))


def _refused(rule: RefusedRule) -> str:
    where = ":".join(str(part) for part in (rule.file, rule.line, rule.key) if part not in (None, ""))
    return f"{where}: {rule.message}"
