"""One host of a plan → its reports as JSON. Any error on the host becomes a warning in its own report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evtscan.audit.fetching import fetched
from evtscan.audit.plan import HostPlan
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.detection.model.rule import Rule
from evtscan.report.model import HostReport
from evtscan.reporters.json.report import host_to_json
from evtscan.scan import ScanOptions, scan_machines

Started = Callable[[HostPlan], None]
"""Called when work on a host begins."""

FAILED = "host_failed"
TIMED_OUT = "host_timeout"
NOT_READ = frozenset({FAILED, TIMED_OUT})
"""Kinds of warnings of a host of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Work:
    """The data that all hosts of an audit share."""

    rules: tuple[Rule, ...]
    options: ScanOptions


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished host: its reports (several if its folder has evidence of several machines), each as JSON."""

    plan: HostPlan
    reports: tuple[bytes, ...]


def scan_plan(plan: HostPlan, work: Work) -> tuple[bytes, ...]:
    """Judge one host, and return its reports as JSON."""
    return tuple(host_to_json(report) for report in _reports(plan, work))


def failed(plan: HostPlan, why: str, kind: str = FAILED) -> Finished:
    """Return the report of a host that could not be judged; ``why`` becomes its warning."""
    return Finished(plan, (host_to_json(_failure(plan, why, kind)),))


def overdue(plan: HostPlan, timeout: float) -> Finished:
    """Return the report of a host that took longer than ``timeout`` seconds."""
    why = f"took longer than the {timeout:g} seconds of --host-timeout; the host was left out"
    return failed(plan, why, TIMED_OUT)


def _reports(plan: HostPlan, work: Work) -> Sequence[HostReport]:
    try:
        with fetched(plan) as local:
            return scan_machines(
                local.sources,
                work.rules,
                work.options,
                folder=local.name,
                skipped=local.skipped,
                stated=local.stated,
            )
    except Exception as error:  # a failure on one host must not end the audit of the others
        return (_failure(plan, f"the scan failed ({type(error).__name__}: {error}); please report this", FAILED),)


def _failure(plan: HostPlan, why: str, kind: str) -> HostReport:
    warning = ExtractionWarning(location=Location(source=""), kind=kind, message=f"{plan.name}: {why}")
    return HostReport(host=plan.name, warnings=(warning,), skipped=plan.skipped)
