"""``report``: writes a saved report to outputs again, or compares two saved reports."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from evtscan.base.errors import UsageError
from evtscan.base.model.finding import ACCEPTED, Verdict
from evtscan.base.model.rule import QUIET_KINDS
from evtscan.base.outfiles import STDOUT, replacing
from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, judging, values
from evtscan.cli.options.groups import CsvStyle, Screen
from evtscan.cli.options.option import RESULTS, option
from evtscan.cli.output import session, terminal
from evtscan.cli.output.delivery import Delivery, deliver, outputs_of
from evtscan.cli.output.exitcode import is_as_bad
from evtscan.cli.output.exits import DONE, FOUND
from evtscan.cli.output.runlog import log_to_stderr
from evtscan.report.comparison import Difference, with_acceptance
from evtscan.report.comparison import compare as compare_reports
from evtscan.report.model import Report
from evtscan.reporters.output import Output
from evtscan.reporters.tables.csv import SAFE
from evtscan.reporters.view import as_shown


@command
def report(
    saved: Annotated[
        Path | None,
        typer.Argument(metavar="REPORT", help="A report.json of an earlier run, or its folder.", show_default=False),
    ] = None,
    *,
    output: judging.Outputs = None,
    format: judging.Format = None,  # noqa: A002 - the name of the option
    show_all: judging.All = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        option(
            "--compare",
            section=RESULTS,
            metavar="OLD NEW",
            help="Show the differences between two saved reports (files or folders).",
            show_default=False,
        ),
    ] = None,
    fail_on: judging.FailOnOption = None,
    accept: judging.Accept = None,
    title: judging.Title = "",
    date: judging.ReportDate = "",
    new_only: judging.NewOnly = False,
    timezone: groups.DisplayZone = "",
    style: CsvStyle,
    clobber: groups.Clobber = False,
    verbose: groups.VerboseFindings = False,
    screen: Screen,
) -> int:
    """Render a saved report again, or compare two of them; no evidence is needed."""
    log_to_stderr(verbose)
    quiet, no_color = screen.quiet, screen.no_color
    outputs = outputs_of(output, format.value if format else None, style.dialect, clobber)
    zone = values.display_zone(timezone)
    if compare is not None:
        if saved is not None:
            raise UsageError(f"{saved}: give either one report, or two with --compare")
        if new_only or timezone:
            raise UsageError(f"{'--new-only' if new_only else '--timezone'} is for one report, not for --compare")
        return _compare(
            compare, outputs, judging.fail_on_verdict(fail_on), accept, clobber, quiet, no_color, show_all or verbose
        )
    if saved is None:
        raise UsageError("give the report.json of an earlier run, or two of them with --compare")
    places = [item.path for item in outputs if item.path is not None]
    loaded = _with_accepted(session.saved_report(saved, replaced_by=places), accept, quiet)
    loaded = replace(loaded, title=title or loaded.title, date=date or loaded.date)
    how = Delivery(
        outputs=outputs,
        clobber=clobber,
        quiet=quiet or bool(places),
        no_color=no_color,
        zone=zone,
        show_all=show_all,
        in_detail=verbose,
        new_only=new_only,
        fail_on=judging.fail_on_verdict(fail_on),
    )
    code = deliver(loaded, how, with_ledger=False)
    if not quiet:
        for path in places:
            print(f"written: {prose(str(path))}", file=sys.stderr)
    return FOUND if code == FOUND else DONE


def _with_accepted(loaded: Report, accept: Path | None, quiet: bool) -> Report:
    accepted = judging.accepted(accept, loaded.rules)
    if not accepted:
        return loaded
    session.print_remarks(accepted.remarks({host.host for host in loaded.hosts}), quiet=quiet)
    return as_shown(loaded, lambda host: with_acceptance(host, accepted))


def _compare(
    places: tuple[Path, Path],
    outputs: Sequence[Output],
    fail_on: Verdict | None,
    accept: Path | None,
    clobber: bool,
    quiet: bool,
    no_color: bool,
    show_all: bool,
) -> int:
    from evtscan.reporters.text.differences import WRITERS, render

    for output in outputs:
        if output.reporter.name not in WRITERS or output.content is not None:
            raise UsageError(f"{output.path or STDOUT}: a comparison is a file of {', '.join(WRITERS)}")
    old, new = (session.saved_report(place) for place in places)
    comparison = compare_reports(old, _with_accepted(new, accept, quiet))
    for output in outputs:
        write, dialect = WRITERS[output.reporter.name], output.reporter.dialect or SAFE
        if output.path is None:
            write(comparison, sys.stdout.buffer, dialect)
        else:
            with replacing(output.path, clobber=clobber) as stream:
                write(comparison, stream, dialect)
    if not quiet and all(output.path is not None for output in outputs):
        render(comparison, terminal.console(no_color=no_color), show_all=show_all)
    is_worse = fail_on is not None and any(_counts(item, fail_on) for item in comparison.differences)
    return FOUND if is_worse else DONE


def _counts(item: Difference, fail_on: Verdict) -> bool:
    """Whether ``--fail-on`` counts a difference: a new or worse finding with a verdict that it counts in a report."""
    if not item.change.calls_for_attention or item.new is None or item.rule is None:
        return False
    is_quiet = item.rule.kind in QUIET_KINDS or item.status == ACCEPTED
    return not is_quiet and is_as_bad(item.new, fail_on)
