"""Report → the ledger that ends every run: what was read, what was not and why, and by which rules."""

from collections.abc import Iterable, Sequence

from evtscan.model import EvidenceRow, HostReport, RefusedRule, Report
from evtscan.reporters.safetext import prose

NAMES_SHOWN = 5
"""How many names a line lists before it counts the rest."""

DAMAGE = frozenset({"bad_chunk", "bad_header", "bad_record", "damaged_member", "truncated"})
"""Kinds of warnings that say that a file is damaged, whether or not records are known to be lost."""

LINES_SHOWN = 20
"""How many lines a part of the ledger has before it counts the rest."""

_LABEL_WIDTH = 9


def ledger(report: Report) -> list[str]:
    """Write the ledger as lines of text, safe to print.

    Lists are cut short after some names and lines, with the number of what is left out: it is in the report.
    """
    read = [(host, row) for host in report.hosts for row in host.evidence]
    skipped = [(_name(report, host, item.source_file), item.reason) for host in report.hosts for item in host.skipped]
    lost = sum(row.lost for _, row in read)
    records = sum(row.records or 0 for _, row in read)
    return [
        *_part("files", [f"{len(read) + len(skipped):,} seen, {len(read):,} read, {len(skipped):,} skipped"]),
        *_part("skipped", _by_reason(skipped)),
        *_part("damaged", [line for host in report.hosts for line in _damaged(report, host)]),
        *_part("records", [f"{records:,} read, {lost:,} lost"]),
        *_part("warnings", [line for host in report.hosts for line in _warnings(report, host)]),
        *_part("rules", [f"{len(report.rules):,} loaded, {len(report.refused):,} refused"]),
        *_part("refused", [_refused(rule) for rule in report.refused]),
    ]


def is_damaged(host: HostReport, row: EvidenceRow) -> bool:
    """Whether this file is damaged: records are lost, or a warning says that a part of it cannot be read."""
    return row.lost > 0 or any(
        warning.location.source == row.source_file and (warning.records_lost > 0 or warning.kind in DAMAGE)
        for warning in host.warnings
    )


def _name(report: Report, host: HostReport, source_file: str) -> str:
    return f"{host.host}/{source_file}" if len(report.hosts) > 1 else source_file


def _by_reason(skipped: Iterable[tuple[str, str]]) -> list[str]:
    names: dict[str, list[str]] = {}
    for name, reason in skipped:
        names.setdefault(reason, []).append(name)
    most_first = sorted(names.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"{len(files):,} {reason}: {_listed(sorted(files))}" for reason, files in most_first]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _damaged(report: Report, host: HostReport) -> list[str]:
    return [
        f"{_name(report, host, row.source_file)}: {row.records or 0:,} records read, {row.lost:,} lost"
        for row in host.evidence
        if is_damaged(host, row)
    ]


def _warnings(report: Report, host: HostReport) -> list[str]:
    prefix = f"{host.host}/" if len(report.hosts) > 1 else ""
    return [f"{prefix}{warning.location}: {warning.message}" for warning in host.warnings]


def _refused(rule: RefusedRule) -> str:
    where = ":".join(str(part) for part in (rule.file, rule.line, rule.key) if part not in (None, ""))
    return f"{where}: {rule.message}"


def _part(label: str, lines: Sequence[str]) -> list[str]:
    shown = [prose(line) for line in lines[:LINES_SHOWN]]
    if len(lines) > LINES_SHOWN:
        shown.append(f"and {len(lines) - LINES_SHOWN:,} more")
    labels = [label] + [""] * len(shown)
    return [f"{name:<{_LABEL_WIDTH}} {line}" for name, line in zip(labels, shown, strict=False)]
