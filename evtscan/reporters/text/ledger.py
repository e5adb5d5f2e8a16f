"""Report → the ledger that ends every run: what was read, what was not and why, and by which rules."""

from evtscan.base.ledger import Lines, Names, by_reason, part
from evtscan.base.model.rule import RefusedRule
from evtscan.report.model import Report
from evtscan.reporters.digest.files import damaged_files, read_files
from evtscan.reporters.digest.summary import HostSummary


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


def _refused(rule: RefusedRule) -> str:
    where = ":".join(str(part) for part in (rule.file, rule.line, rule.key) if part not in (None, ""))
    return f"{where}: {rule.message}"
