"""Scans, audits, hunts and saved reports: the same results as the commands with these names, but nothing is printed."""

from collections.abc import Collection, Iterable
from os import fspath
from pathlib import Path

from evtscan.api.events import AnyPath, Levels, Names, Paths, Time, expanded, query_of
from evtscan.api.results import Hunt, Report
from evtscan.audit.plan import HostsFrom, plan
from evtscan.audit.run import run as audit_hosts
from evtscan.base.errors import UsageError
from evtscan.base.model.query import PLAIN, ReadOptions
from evtscan.base.model.source import ExtractionWarning, SkippedFile, Source
from evtscan.detection.load.loader import RuleSet
from evtscan.hunt.detection import Detection
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.run import Hunted
from evtscan.hunt.run import hunt as run_hunt
from evtscan.intake.hostname import default_name
from evtscan.intake.paths import find
from evtscan.report.runreport import report_of
from evtscan.reporters.fleet import with_fleet
from evtscan.reporters.json.savedreport import open_report
from evtscan.scan import ScanOptions
from evtscan.scan import scan as scan_host
from evtscan.survey.rulesets import rules_of


def scan(
    paths: Paths,
    *,
    rules: Paths | None = None,
    host: str = "",
    min_level: str = "informational",
    options: ScanOptions | None = None,
) -> Report:
    """Judge one host by the files collected from it, as ``evtscan scan`` does.

    Example:
        >>> report = evtscan.scan("samples/nt4-sp2-ras")
        >>> report.findings.to_frame()[["Verdict", "Article", "Reason"]]

    Args:
        paths: files, folders, patterns or archives.
        rules: rule files or folders; None for the built-in catalogue.
        host: name of the host; if the evidence is of several hosts, the one to judge.
        min_level: lowest level of the rules to use.
        options: filters and settings.

    Raises:
        UsageError: if a path does not exist, or no rule is left.
        RuleError: if a rule file does not load.
    """
    chosen = options or ScanOptions()
    places = expanded(paths)
    found = find(places)
    loaded = _rules(rules, min_level)
    result = scan_host(
        found.sources,
        loaded.rules,
        chosen,
        host_name=host,
        default_name=default_name(str(places[0])),
        skipped=found.skipped,
    )
    return Report(report_of([result], loaded, narrowed=chosen.narrows))


def audit(
    folder: AnyPath,
    *,
    rules: Paths | None = None,
    min_level: str = "informational",
    host_from: str = "folder",
    depth: int = 1,
    jobs: int = 1,
    options: ScanOptions | None = None,
) -> Report:
    """Judge every host of a folder, as ``evtscan audit`` does.

    Example:
        >>> report = evtscan.audit("collected/")
        >>> report.hosts.to_frame()[["Host", "OS", "WorstVerdict"]]

    Args:
        folder: the folder; each folder or archive in it is a host.
        rules: rule files or folders; None for the built-in catalogue.
        min_level: lowest level of the rules to use.
        host_from: how files are assigned to hosts: ``"folder"``, ``"computer"``, or a pattern for the names of files.
        depth: the number of levels from ``folder`` down to the folders of the hosts.
        jobs: number of processes; 0 selects it by the size of the evidence. With more than one, a script needs
            ``if __name__ == "__main__":`` around its calls.
        options: filters and settings.

    Raises:
        UsageError: if the folder does not exist, or no rule is left.
        RuleError: if a rule file does not load.
    """
    chosen = options or ScanOptions()
    place = Path(fspath(folder))
    if not place.is_dir():
        raise UsageError(f"{place}: no such folder")
    loaded = _rules(rules, min_level)
    plans = plan(place.resolve(), HostsFrom(by=host_from, depth=depth))
    hosts = audit_hosts(plans, loaded.rules, chosen, jobs=jobs)
    report = report_of(hosts, loaded, narrowed=chosen.narrows)
    return Report(with_fleet(report, factors=None if chosen.filters_events else ()))


def hunt(
    paths: Paths,
    rules: Paths,
    *,
    min_level: str = "informational",
    event_ids: Collection[int] | None = None,
    provider: Names | None = None,
    channel: Names | None = None,
    level: Levels | None = None,
    start: Time | None = None,
    end: Time | None = None,
    by_time: bool = False,
    jobs: int = 1,
    options: ReadOptions = PLAIN,
) -> Hunt:
    """Match Sigma rules against every event of the logs of any computers, as ``evtscan hunt`` does.

    Example:
        >>> found = evtscan.hunt("logs/", "sigma/rules/windows", min_level="high")
        >>> found.to_frame().groupby("RuleTitle").size()

    Args:
        paths: files, folders, patterns or archives.
        rules: rule files or folders.
        min_level: lowest level of the rules to use.
        event_ids: event ids of the events that may match; this and the following filters are those of ``iter_events``.
        provider: name of the provider (source), or several.
        channel: name of the channel (log), or several.
        level: Windows' number of a level or its name, or several.
        start: time of the earliest events, inclusive.
        end: time of the latest events, exclusive.
        by_time: order by time instead of by file and record.
        jobs: number of processes; 0 selects it by the size of the logs.
        options: how to read logs.

    Raises:
        UsageError: if a path does not exist, or no rule is left.
        RuleError: if a rule file does not load.
        ValueError: if an argument is invalid.
    """
    query = query_of(None, event_ids, provider, channel, level, start, end)
    rows, notes = _Rows(), _Notes()
    counts = run_hunt(
        find(expanded(paths)).sources,
        _rules(rules, min_level).rules,
        HuntOptions(query=query, read=options, by_time=by_time, jobs=jobs),
        sinks=[rows],
        notes=notes,
    )
    return Hunt(rows.found, counts, notes.warnings)


def load_report(path: AnyPath) -> Report:
    """Read a report that an earlier run saved: ``report.json``, or the folder that contains it.

    Example:
        >>> evtscan.load_report("out/").findings[0].verdict

    Raises:
        UsageError: if there is no such file.
        EvidenceError: if it is not a saved report.
    """
    place = Path(fspath(path))
    place = place / "report.json" if place.is_dir() else place
    if not place.exists():
        raise UsageError(f"{place}: no such file")
    return Report(open_report(place))


def _rules(paths: Paths | None, min_level: str) -> RuleSet:
    return rules_of(None if paths is None else expanded(paths), min_level)


class _Rows:
    """Collects the rows of a hunt."""

    def __init__(self) -> None:
        self.found: list[Detection] = []

    def add(self, row: Detection) -> None:
        """Add the next row."""
        self.found.append(row)

    def close(self, hunted: Hunted) -> None:
        """Do nothing: all rows are kept already."""


class _Notes:
    """Collects the warnings of a hunt."""

    def __init__(self) -> None:
        self.warnings: list[ExtractionWarning] = []

    def read(self, name: str, records: int = 0, lost: int = 0) -> None:
        """Ignore the numbers of records of a log."""

    def skip(self, items: Iterable[SkippedFile]) -> None:
        """Ignore skipped files."""

    def skip_rest(self, sources: Iterable[Source]) -> None:
        """Ignore files that are not logs."""

    def warn(self, warning: ExtractionWarning) -> None:
        """Add a warning."""
        self.warnings.append(warning)
