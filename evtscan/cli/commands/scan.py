"""``scan``: the evidence of a host → outputs and an exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from evtscan.base.outfiles import refuse_evidence
from evtscan.cli.command import command
from evtscan.cli.options import groups, judging, values
from evtscan.cli.options.judging import Request, RunSettings, delivery_of, scan_options
from evtscan.cli.options.option import HOSTS, RESULTS, option
from evtscan.cli.output import session, terminal
from evtscan.cli.output.delivery import deliver, outputs_of, report_of
from evtscan.cli.output.runlog import log_to_stderr
from evtscan.intake.hostname import default_name
from evtscan.intake.paths import find
from evtscan.report.comparison import with_new_problems, with_status
from evtscan.scan import scan as scan_host


@command
def scan(
    paths: groups.Paths,
    *,
    request: Request,
    host: Annotated[
        str,
        option(
            "--host",
            section=HOSTS,
            metavar="NAME",
            help="Name of the host in the report; if the evidence is of several hosts, the one to judge.",
        ),
    ] = "",
    since_report: Annotated[
        Path | None,
        option(
            "--since-report",
            section=RESULTS,
            metavar="REPORT.json",
            help="Earlier report: findings that it contains are known, and --new-only omits them.",
            show_default=False,
        ),
    ] = None,
    settings: RunSettings,
) -> int:
    """Judge one host by the files collected from it."""
    log_to_stderr(settings.verbose)
    found = find(values.expand(paths))
    outputs = outputs_of(request.output, request.format_name, settings.dialect, settings.clobber)
    refuse_evidence([item.path for item in outputs if item.path is not None], [item.path for item in found.sources])
    zone = values.display_zone(settings.timezone)
    chosen = scan_options(request, settings)
    earlier, problems = session.earlier_findings(since_report), session.earlier_problems(since_report)
    loaded = request.load()
    accepted = judging.accepted(request.accept, [rule.info for rule in loaded.rules])
    with progress(settings.quiet, 1, no_color=settings.no_color) as bar:
        result = scan_host(
            found.sources,
            loaded.rules,
            chosen,
            host_name=host,
            default_name=default_name(paths[0]),
            skipped=found.skipped,
        )
        bar(result.host)
    code = deliver(
        replace(
            report_of(
                [with_new_problems(with_status(result, earlier, accepted), problems)], loaded, narrowed=chosen.narrows
            ),
            title=request.title,
            date=request.date,
        ),
        delivery_of(request, settings, outputs, zone=zone, clobber=settings.clobber, rule_warnings=loaded.warnings),
    )
    session.print_remarks(accepted.remarks([result.host]), quiet=settings.quiet)
    return code


@contextmanager
def progress(quiet: bool, hosts: int, *, no_color: bool = False) -> Iterator[Callable[[str], None]]:
    """Return a progress bar on a terminal; none in a pipe."""
    if quiet or terminal.is_dumb():
        yield lambda name: None
        return
    from rich.progress import Progress as Bar

    with Bar(console=terminal.console(no_color=no_color, stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=hosts)

        def advance(name: str) -> None:
            bar.update(task, advance=1, description=name)

        yield advance
