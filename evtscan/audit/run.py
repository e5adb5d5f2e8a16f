"""Planned hosts → their reports: each host is judged once, and its report is stored and read from the run folder."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from evtscan.audit.hosts import Finished, Work, scan_plan
from evtscan.audit.plan import HostPlan
from evtscan.audit.runfolder import RunFolder, StoredHosts
from evtscan.audit.workers import in_workers
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.detection.model.rule import Rule
from evtscan.evidence.forwarded import label_of
from evtscan.report.model import HostReport
from evtscan.scan import ScanOptions

BYTES_WORTH_A_WORKER = 16 << 20
"""Bytes of evidence that are read in the time in which a worker process starts."""
HOSTS_WORTH_A_WORKER = 20
"""Number of small hosts that are judged in that time."""

TWICE = "host_twice"
ONLY_CASE = "host_name_case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Execution settings; they never change the findings.

    ``jobs`` is the number of worker processes (0: automatic). ``timeout`` is in seconds, for each host. ``scheduler``
    is the address of a Dask cluster to use instead. ``reuse``: use stored results of unchanged hosts.
    """

    jobs: int = 0
    timeout: float | None = None
    scheduler: str = ""
    reuse: bool = True


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Callbacks: work on a host begins, is done (with its reports), or is not needed because its result is stored."""

    begun: Callable[[HostPlan], None] = lambda plan: None
    done: Callable[[HostPlan, Sequence[HostReport]], None] = lambda plan, reports: None
    kept: Callable[[HostPlan], None] = lambda plan: None


def run(
    plans: Sequence[HostPlan],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    jobs: int = 0,
    done: Callable[[HostPlan], None] = lambda plan: None,
) -> list[HostReport]:
    """Judge every host, largest first, and return the reports in the order of their names.

    ``jobs`` is the number of worker processes (0: automatic). A host that fails, or whose worker dies, becomes a report
    with a warning. ``done`` is called after each host.
    """
    callbacks = Callbacks(done=lambda plan, reports: done(plan))
    with temporary_folder() as folder:
        keys = {plan.name: "" for plan in plans}
        return list(
            audit(plans, keys, Work(tuple(rules), options), folder, Execution(jobs=jobs, reuse=False), callbacks)
        )


@contextmanager
def temporary_folder() -> Iterator[RunFolder]:
    """Provide a temporary, locked run folder."""
    with tempfile.TemporaryDirectory(prefix="evtscan-", ignore_cleanup_errors=True) as path:
        folder = RunFolder(Path(path))
        with folder.locked():
            yield folder


def audit(
    plans: Sequence[HostPlan],
    keys: Mapping[str, str],
    work: Work,
    folder: RunFolder,
    execution: Execution,
    callbacks: Callbacks,
) -> StoredHosts:
    """Judge the hosts without a stored result, largest first, and store each when it is finished.

    ``keys`` has the key of each host's inputs, by host name. A host that fails, whose worker dies or that takes too
    long becomes a report with a warning.

    Raises:
        OutputError: if the run folder cannot be written; finished hosts stay in it.
        EvtscanError: if no worker process or cluster is available.
    """
    missing = []
    for plan in plans:
        if execution.reuse and folder.has(plan, keys[plan.name]):
            callbacks.kept(plan)
        else:
            missing.append(plan)
    missing.sort(key=lambda plan: (-plan.size, plan.name))
    for finished in _judged(missing, work, execution, callbacks):
        reports = folder.put(finished, keys[finished.plan.name])
        callbacks.done(finished.plan, reports)
    stored = folder.stored(plans)
    remarks = dict(_remarks(stored))
    return stored.changed(lambda host: _with(host, remarks.get(host.host, ())))


def _judged(plans: Sequence[HostPlan], work: Work, execution: Execution, callbacks: Callbacks) -> Iterator[Finished]:
    if execution.scheduler:
        from evtscan.audit.scheduler import on_cluster

        return on_cluster(plans, work, execution.scheduler, timeout=execution.timeout, started=callbacks.begun)
    workers = min(execution.jobs or workers_that_pay(plans), len(plans))
    if workers > 1 or (execution.timeout is not None and plans):
        return in_workers(plans, work, workers, timeout=execution.timeout, started=callbacks.begun)
    return _alone(plans, work, callbacks)


def _alone(plans: Iterable[HostPlan], work: Work, callbacks: Callbacks) -> Iterator[Finished]:
    for plan in plans:
        callbacks.begun(plan)
        yield Finished(plan, scan_plan(plan, work))


def workers_that_pay(plans: Sequence[HostPlan]) -> int:
    """Return how many worker processes are worth starting."""
    worth = sum(plan.size for plan in plans) // BYTES_WORTH_A_WORKER + len(plans) // HOSTS_WORTH_A_WORKER
    return max(1, min(os.cpu_count() or 1, worth))


# ------------------------------------------------------------------------------------- relations between hosts


def _remarks(stored: StoredHosts) -> Iterator[tuple[str, tuple[ExtractionWarning, ...]]]:
    """Yield warnings about hosts that may be the same host or may be confused, each with the name of its host."""
    by_computer: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for name in stored.names:
        by_name.setdefault(name.host.casefold(), []).append(name.host)
        if name.computer:
            by_computer.setdefault(label_of(name.computer).casefold(), []).append(name.host)
    found: dict[str, list[ExtractionWarning]] = {}
    for hosts in by_computer.values():
        message = "{all} contain evidence of the same computer: if they are one host, put it in one folder"
        _remark(found, hosts, TWICE, message)
    for hosts in by_name.values():
        _remark(found, hosts, ONLY_CASE, "the names of {all} differ in case only: they are reported as different hosts")
    for host, warnings in found.items():
        yield host, tuple(warnings)


def _remark(found: dict[str, list[ExtractionWarning]], hosts: Sequence[str], kind: str, message: str) -> None:
    if len(hosts) > 1:
        text = message.format(all=_listed(hosts))
        for host in hosts:
            warning = ExtractionWarning(location=Location(source=""), kind=kind, message=text)
            found.setdefault(host, []).append(warning)


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _with(host: HostReport, warnings: tuple[ExtractionWarning, ...]) -> HostReport:
    return replace(host, warnings=(*host.warnings, *warnings)) if warnings else host
