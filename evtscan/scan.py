"""The story of a scan: the evidence of one host + rules → everything found on the host."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from evtscan.base.model.fact import FactsFile
from evtscan.base.model.source import SkippedFile, Source
from evtscan.detection.match.engine import Engine
from evtscan.detection.model.rule import Rule
from evtscan.evidence.machines import machines_in, single_out
from evtscan.report.assembling import report_of
from evtscan.report.model import HostReport
from evtscan.survey.host import Survey, read_evidence, survey_host
from evtscan.survey.options import ScanOptions

__all__ = ["ScanOptions", "Survey", "scan", "scan_machines", "surveyed"]


def scan(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    host_name: str = "",
    default_name: str = "host",
    skipped: Iterable[SkippedFile] = (),
) -> HostReport:
    """Scan the files collected from one host.

    The name of the host is ``host_name``, else the newest name in the evidence, else ``default_name``. If the evidence
    is of several machines, only that of one is used: of ``host_name``, else of the one with most evidence.
    """
    with surveyed(sources, rules, options, host_name=host_name, default_name=default_name, skipped=skipped) as survey:
        return report_of(survey, options)


@contextmanager
def surveyed(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    host_name: str = "",
    default_name: str = "host",
    skipped: Iterable[SkippedFile] = (),
) -> Iterator[Survey]:
    """Scan as ``scan`` does, but yield the survey; files extracted from archives exist until the context ends."""
    engine = Engine(rules)
    with read_evidence(sources, engine, skipped, options) as reading:
        of_host = single_out(reading, host_name)
        yield survey_host(of_host, engine, options, name=host_name, default_name=default_name)


def scan_machines(
    sources: Iterable[Source],
    rules: Sequence[Rule],
    options: ScanOptions,
    *,
    folder: str,
    skipped: Iterable[SkippedFile] = (),
    stated: Iterable[FactsFile] = (),
) -> tuple[HostReport, ...]:
    """Scan one folder of an audit: one report, or one for each machine if logs of several machines are mixed up in it.

    ``stated`` are facts of the host from elsewhere, such as a fleet file.
    """
    engine = Engine(rules)
    with read_evidence(sources, engine, skipped, options) as reading:
        reading.add_stated(stated)
        machines = machines_in(reading)
        names = [f"{folder}/{machine.label}" if machine.label else folder for machine in machines]
        surveys = (
            survey_host(machine.reading, engine, options, name=name)
            for machine, name in zip(machines, names, strict=True)
        )
        return tuple(report_of(survey, options) for survey in surveys)
