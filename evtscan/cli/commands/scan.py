"""``scan``: the evidence of a host → outputs and an exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from evtscan.base.outfiles import refuse_evidence
from evtscan.cli.options import judging
from evtscan.cli.options import recurring as opt
from evtscan.cli.options.helptext import HOSTS, REPORTED
from evtscan.cli.options.hostname import default_name
from evtscan.cli.options.runoptions import Request, RunSettings, delivery_of, rules_for, scan_options
from evtscan.cli.output import session, terminal
from evtscan.cli.output.delivery import deliver, outputs_of, report_of
from evtscan.cli.output.exits import command
from evtscan.intake.paths import find
from evtscan.report.comparison import with_status
from evtscan.scan import scan as scan_host


@command
def scan(
    paths: opt.Paths,
    *,
    request: Request,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="NAME",
            help="Name of the host in the report; of several machines, the one to judge.",
            rich_help_panel=HOSTS,
        ),
    ] = "",
    accept: judging.Accept = None,
    new_only: opt.NewOnly = False,
    since_report: Annotated[
        Path | None,
        typer.Option(
            "--since-report",
            metavar="REPORT.json",
            help="An earlier report: what it has too, is known; --new-only leaves that out.",
            rich_help_panel=REPORTED,
            show_default=False,
        ),
    ] = None,
    settings: RunSettings,
) -> int:
    """Judge one host by the files collected from it."""
    session.set_up_logging(settings.verbose)
    found = find(opt.expand(paths))
    outputs = outputs_of(request.output, request.format, settings.dialect, settings.clobber)
    refuse_evidence([item.path for item in outputs if item.path is not None], [item.path for item in found.sources])
    zone = opt.display_zone(settings.timezone)
    chosen = scan_options(request, settings)
    earlier = session.earlier_findings(since_report)
    loaded = rules_for(request)
    accepted = judging.accepted(accept, [rule.info for rule in loaded.rules])
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
    session.print_remarks(accepted.remarks([result.host]), quiet=settings.quiet)
    return deliver(
        report_of([with_status(result, earlier, accepted)], loaded, narrowed=chosen.narrows),
        delivery_of(request, settings, outputs, new_only=new_only, zone=zone, clobber=settings.clobber),
    )


@contextmanager
def progress(quiet: bool, hosts: int, *, no_color: bool = False) -> Iterator[Callable[[str], None]]:
    """A progress bar on a terminal, and nothing in a pipe."""
    if quiet or terminal.is_dumb():
        yield lambda name: None
        return
    from rich.progress import Progress as Bar

    with Bar(console=terminal.console(no_color=no_color, stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=hosts)

        def advance(name: str) -> None:
            bar.update(task, advance=1, description=name)

        yield advance
