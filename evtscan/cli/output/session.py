"""Functions that every command needs: the rules, a console for people, and the ledger at the end."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from evtscan.base.errors import EvidenceError, UsageError
from evtscan.base.model.source import SkippedFile
from evtscan.base.safetext import prose
from evtscan.cli.output.runlog import note
from evtscan.detection.load import catalogue
from evtscan.detection.load.rulecache import key_of
from evtscan.facts.catalogue.names import is_known
from evtscan.report.comparison import kinds_of_problems, verdicts_of
from evtscan.report.model import Report
from evtscan.survey.rulesets import rule_paths as rule_paths
from evtscan.survey.rulesets import rules_of as rules_of

_REASONS = 3
_PATHS_SHOWN = 3


def origin_of_rules(paths: Sequence[Path]) -> str:
    """Where rules were read from, in words: the installed catalogue, or the paths as the user gave them."""
    installed = catalogue.folder()
    names = ["the installed catalogue" if path == installed else str(path) for path in paths]
    more = f" and {len(names) - _PATHS_SHOWN:,} more" if len(names) > _PATHS_SHOWN else ""
    return prose(", ".join(names[:_PATHS_SHOWN]) + more)


def key_of_rules(paths: Sequence[Path] | None) -> bytes:
    """A digest of the rules of these paths, or of the catalogue, and of the code that compiles and uses them."""
    return key_of(rule_paths(paths), is_known)


def saved_report(path: Path, *, replaced_by: Iterable[Path] = ()) -> Report:
    """Read a report.json of an earlier run, by its own path or that of its folder.

    ``replaced_by`` are output files. If one of them replaces the report, the report is read completely at once.

    Raises:
        UsageError: if there is no report.json.
        EvidenceError: if the file cannot be read, or is not a report.
    """
    from evtscan.reporters.json.savedreport import open_report

    if path.suffix.lower() in (".csv", ".html", ".jsonl", ".md", ".parquet", ".txt") and path.is_file():
        raise UsageError(f"{path}: not a saved report; give the report.json of the same run, or its folder")

    if path.is_dir():
        path = path / "report.json"
    if not path.exists():
        raise UsageError(f"{path}: no such file")
    return open_report(path, whole=any(other.exists() and other.samefile(path) for other in replaced_by))


def earlier_findings(path: Path | None) -> dict[str, str]:
    """Return the verdicts of the findings of an earlier report by their ids; empty without a path.

    Raises:
        UsageError: if the file does not exist.
        EvidenceError: if the file cannot be read, or is not a report.
    """
    if path is None:
        return {}
    return {key: verdict for host in saved_report(path).hosts for key, verdict in verdicts_of(host).items()}


def earlier_problems(path: Path | None) -> frozenset[str] | None:
    """Return the kinds of unexplained errors and warnings of an earlier report; None without a path.

    Raises:
        UsageError: if the file does not exist.
        EvidenceError: if the file cannot be read, or is not a report.
    """
    if path is None:
        return None
    return frozenset(kind for host in saved_report(path).hosts for kind in kinds_of_problems(host))


def nothing_read(skipped: Sequence[SkippedFile]) -> EvidenceError:
    """Return the error of a run that could not read any file; it contains the problems of the first files."""
    reasons = [f"{item.source_file}: {item.reason}" for item in skipped[:_REASONS]]
    more = f" and {len(skipped) - _REASONS:,} more" if len(skipped) > _REASONS else ""
    what = "; ".join(reasons) + more or "none of the files is evidence that evtscan reads"
    return EvidenceError(prose(f"nothing could be read: {what}"))


def print_remarks(remarks: Iterable[str], *, quiet: bool) -> None:
    """Print remarks on stderr, for example on options without effect, and add them to the log file."""
    for remark in () if quiet else remarks:
        print(f"evtscan: {prose(remark)}", file=sys.stderr)
        note(prose(remark))
