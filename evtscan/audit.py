"""A folder of hosts → one report: plan who is who, scan each host, put the results together in a stable order."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from evtscan import facts
from evtscan.archives import is_collection, opened, stem
from evtscan.detection.rule import Rule
from evtscan.errors import UsageError
from evtscan.model import ExtractionWarning, FactsFile, HostReport, Location, SkippedFile, Source
from evtscan.parsers.evidence import read
from evtscan.parsers.fleetfile import Fleet
from evtscan.parsers.forwarded import label_of
from evtscan.parsers.machines import name_in
from evtscan.scan import ScanOptions, scan_machines
from evtscan.sources import Found, find, find_in

LOOSE = "(loose files)"
"""The host of files that lie directly in the folder and name no computer."""
BYTES_WORTH_A_WORKER = 16 << 20
"""Starting a worker process takes as long as reading about this much evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """One host of an audit: its name, its files, and what a table of many hosts states of it."""

    name: str
    sources: tuple[Source, ...]
    skipped: tuple[SkippedFile, ...] = ()
    stated: tuple[FactsFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(_size(source) for source in self.sources)


def plan(folder: Path) -> list[HostPlan]:
    """Say which hosts a folder holds: each first-level folder or archive is one, loose files are grouped by computer.

    Raises:
        UsageError: if the folder cannot be listed.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be listed ({error.strerror or error})") from error
    hosts = []
    loose = []
    for entry in entries:
        if _is_folder(entry):
            found = find([Path(entry.path)])
            hosts.append(HostPlan(name=entry.name, sources=found.sources, skipped=found.skipped))
        else:
            loose.append(entry.name)
    found = find_in(folder, loose)
    archives = [source for source in found.sources if is_collection(source)]
    hosts.extend(_hosts_of_archives(archives, {host.name.casefold() for host in hosts}))
    others = Found(tuple(source for source in found.sources if source not in archives), found.skipped)
    return [*hosts, *_group_loose(others, {host.name.casefold() for host in hosts})]


def with_inventory(plans: Sequence[HostPlan], fleet: Fleet) -> tuple[list[HostPlan], list[str]]:
    """Give each host what the table states of it, and name the hosts of the table that the folder does not have.

    Hosts meet by name, or by its first label, without regard to case.
    """
    found: set[str] = set()
    result = []
    for item in plans:
        keys = [key for key in (item.name.casefold(), label_of(item.name).casefold()) if key in fleet.facts]
        found.update(keys[:1])
        result.append(replace(item, stated=(fleet.facts[keys[0]],)) if keys else item)
    return result, [name for key, name in fleet.names.items() if key not in found]


def _hosts_of_archives(archives: Sequence[Source], folders: Set[str]) -> Iterator[HostPlan]:
    """Each archive as a host, named without suffix unless another folder or archive has that name."""
    stems = Counter(stem(source.name).casefold() for source in archives)
    for source in archives:
        name = stem(source.name)
        is_free = name.casefold() not in folders and stems[name.casefold()] == 1
        yield HostPlan(name=name if is_free else source.name, sources=(source,))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _group_loose(found: Found, folders: Set[str]) -> Iterator[HostPlan]:
    """Loose files by the computer that they name; what names none, and what is no evidence, is a group of its own."""
    groups: dict[str, list[Source]] = {}
    names: dict[str, str] = {}
    for source in found.sources:
        with opened([source]) as files:
            name = label_of(name_in(read(files.sources, facts.query())))
        key = name.casefold()
        names.setdefault(key, f"{name} {LOOSE}" if key in folders else name or LOOSE)
        groups.setdefault(key, []).append(source)
    if found.skipped:
        groups.setdefault("", [])
        names.setdefault("", LOOSE)
    for key, sources in sorted(groups.items()):
        yield HostPlan(name=names[key], sources=tuple(sources), skipped=() if key else found.skipped)


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
    waiting: list[HostPlan] = []
    with _pool(workers, rules, options) as pool:
        futures = {pool.submit(_scan_in_worker, plan): plan for plan in plans}
        try:
            for future in as_completed(futures):
                result = _result(future)
                if result is None:
                    waiting.append(futures[future])
                else:
                    done(futures[future])
                    yield from result
        except BaseException:  # interrupted: what has not begun is not worth waiting for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for plan in waiting:  # one of them took its worker, and so the pool, with it: each on its own now
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
        return scan_machines(plan.sources, rules, options, folder=plan.name, skipped=plan.skipped, stated=plan.stated)
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
