"""A folder of hosts → one report: plan who is who, scan each host, put the results together in a stable order."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from evtscan import facts
from evtscan.detection.rule import Rule
from evtscan.facts.host import Host
from evtscan.model import ExtractionWarning, HostReport, Location, SkippedFile, Source
from evtscan.parsers.evidence import read
from evtscan.scan import ScanOptions, scan_machines
from evtscan.sources import find

LOOSE = "(loose files)"
"""The host of files that lie directly in the folder and name no computer."""
BYTES_WORTH_A_WORKER = 16 << 20
"""Starting a worker process takes as long as reading about this much evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """One host of an audit: its name and its files."""

    name: str
    sources: tuple[Source, ...]
    skipped: tuple[SkippedFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(_size(source) for source in self.sources)


def plan(folder: Path) -> list[HostPlan]:
    """Say which hosts a folder holds: each first-level folder is one, and loose files are grouped by their computer.

    Raises:
        UsageError: if the folder does not exist.
    """
    hosts = []
    loose: list[Path] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name) if folder.is_dir() else [folder]:
        if entry.is_dir() and not entry.is_symlink():
            found = find([entry])
            hosts.append(HostPlan(name=entry.name, sources=found.sources, skipped=found.skipped))
        else:
            loose.append(entry)
    return [*hosts, *_group_loose(loose)]


def _group_loose(files: Sequence[Path]) -> Iterator[HostPlan]:
    if not files:
        return
    found = find(files)
    groups: dict[str, list[Source]] = {}
    labels: dict[str, str] = {}
    for source in found.sources:
        name = _computer_of(source) or LOOSE
        labels.setdefault(name.casefold(), name)
        groups.setdefault(name.casefold(), []).append(source)
    for key, sources in sorted(groups.items()):
        skipped = found.skipped if key == LOOSE else ()
        yield HostPlan(name=labels[key], sources=tuple(sources), skipped=skipped)
    if found.skipped and LOOSE not in groups:
        yield HostPlan(name=LOOSE, sources=(), skipped=found.skipped)


def _computer_of(source: Source) -> str:
    """First label of the newest computer name in a file, or nothing."""
    names = Host(read([source], facts.query()).evidence).names
    return names[0].partition(".")[0] if names else ""


def run(
    plans: Sequence[HostPlan],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    jobs: int = 0,
    done: Callable[[HostPlan], None] = lambda plan: None,
) -> list[HostReport]:
    """Scan every host, largest first, and return the reports in the order of their names.

    ``jobs`` is the number of worker processes, 0 for as many as pay off. A host that fails, or that takes its worker
    with it, becomes a report with a warning, and the others go on. ``done`` is called after each host.
    """
    largest_first = sorted(plans, key=lambda plan: (-plan.size, plan.name))
    workers = jobs or _workers_that_pay(largest_first)
    if workers <= 1 or len(plans) <= 1:
        reports = [report for plan in largest_first for report in _alone(plan, rules, options, done)]
    else:
        reports = list(_in_workers(largest_first, rules, options, min(workers, len(plans)), done))
    return sorted(reports, key=lambda report: report.host)


def _workers_that_pay(plans: Sequence[HostPlan]) -> int:
    worth = sum(plan.size for plan in plans) // BYTES_WORTH_A_WORKER
    return max(1, min(os.cpu_count() or 1, worth))


def _alone(
    plan: HostPlan, rules: Sequence[Rule], options: ScanOptions, done: Callable[[HostPlan], None]
) -> tuple[HostReport, ...]:
    reports = _scan_one(plan, rules, options)
    done(plan)
    return reports


_shared: tuple[tuple[Rule, ...], ScanOptions] | None = None


def _prepare_worker(rules: tuple[Rule, ...], options: ScanOptions) -> None:
    global _shared  # what all hosts of a worker need is sent once, when it starts
    _shared = (rules, options)


def _scan_in_worker(plan: HostPlan) -> tuple[HostReport, ...]:
    assert _shared is not None
    return _scan_one(plan, *_shared)


def _in_workers(
    plans: Sequence[HostPlan],
    rules: Sequence[Rule],
    options: ScanOptions,
    workers: int,
    done: Callable[[HostPlan], None],
) -> Iterator[HostReport]:
    waiting = {plan.name: plan for plan in plans}
    with _pool(workers, rules, options) as pool:
        futures = {pool.submit(_scan_in_worker, plan): plan for plan in plans}
        for future in as_completed(futures):
            result = _result(future)
            if result is not None:
                del waiting[futures[future].name]
                done(futures[future])
                yield from result
    for plan in waiting.values():  # one of them took its worker, and so the pool, with it: each on its own now
        with _pool(1, rules, options) as pool:
            result = _result(pool.submit(_scan_in_worker, plan))
        done(plan)
        yield from result or (_failed(plan, "its worker process ended; the host was left out"),)


def _pool(workers: int, rules: Sequence[Rule], options: ScanOptions) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare_worker,
        initargs=(tuple(rules), options),
    )


def _result(future: Future[tuple[HostReport, ...]]) -> tuple[HostReport, ...] | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _scan_one(plan: HostPlan, rules: Sequence[Rule], options: ScanOptions) -> tuple[HostReport, ...]:
    try:
        return scan_machines(plan.sources, rules, options, folder=plan.name, skipped=plan.skipped)
    except Exception as error:  # whatever goes wrong on one host must not end the audit of the others
        return (_failed(plan, f"the scan failed ({type(error).__name__}: {error}); please report this"),)


def _failed(plan: HostPlan, why: str) -> HostReport:
    warning = ExtractionWarning(location=Location(source=plan.name), kind="host_failed", message=f"{plan.name}: {why}")
    return HostReport(host=plan.name, warnings=(warning,), skipped=plan.skipped)


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return 0
