"""A report → its outputs, the console, the ledger and the exit code, in one pass over its hosts."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

import typer

from evtscan.base.errors import Problem
from evtscan.base.model.finding import Verdict
from evtscan.base.outfiles import STDOUT
from evtscan.cli.output import terminal
from evtscan.cli.output.exitcode import ExitCode
from evtscan.detection.load.loader import RuleSet
from evtscan.report.comparison import only_new
from evtscan.report.model import Report
from evtscan.report.runreport import report_of as report_of
from evtscan.reporters.digest.hosts import Digest
from evtscan.reporters.digest.summary import Sink, rules_by_id
from evtscan.reporters.json.jsonl import LiveLines
from evtscan.reporters.output import Output, check_outputs, plan_outputs, write_outputs
from evtscan.reporters.tables.csv import Dialect
from evtscan.reporters.text.ledger import Ledger
from evtscan.reporters.text.zonedtimes import in_zone
from evtscan.reporters.view import Shown, as_shown

_LIVE = "jsonl"  # the format whose lines go out as hosts are done


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Settings for the delivery of a report.

    ``written`` are outputs of an earlier run that are still current. ``live`` has already written the findings of some
    hosts to stdout, and writes the others. ``zone``, ``show_all`` and ``in_detail`` apply to the console. ``new_only``
    omits known and accepted findings, except from formats that are always full. ``fail_on`` and ``strict`` decide the
    exit code.
    """

    outputs: Sequence[Output] = ()
    written: Sequence[Output] = ()
    live: LiveLines | None = None
    clobber: bool = False
    quiet: bool = False
    no_color: bool = False
    zone: tzinfo | None = None
    show_all: bool = False
    in_detail: bool = False
    new_only: bool = False
    fail_on: Verdict | None = None
    strict: bool = False
    rule_warnings: Sequence[Problem] = ()


def planned_outputs(output: Sequence[str] | None, format_name: str | None, dialect: Dialect) -> tuple[Output, ...]:
    """Return the requested outputs; a format without an output name is written to stdout."""
    return plan_outputs(list(output or ([STDOUT] if format_name else [])), format_name, dialect)


def outputs_of(
    output: Sequence[str] | None, format_name: str | None, dialect: Dialect, clobber: bool
) -> tuple[Output, ...]:
    """Return the requested outputs, after a check that they can be written."""
    outputs = planned_outputs(output, format_name, dialect)
    check_outputs(outputs, clobber=clobber)
    return outputs


def split_live(
    outputs: Sequence[Output], rules: RuleSet, shown: Shown, new_only: bool
) -> tuple[tuple[Output, ...], LiveLines | None]:
    """Return the outputs to write at the end, and the one that writes findings to stdout during the run, or None.

    ``shown`` transforms a host before it is reported.
    """
    later = tuple(item for item in outputs if item.path is not None or item.reporter.name != _LIVE)
    if len(later) == len(outputs):
        return later, None
    infos = {rule.info.id: rule.info for rule in rules.rules}
    last: Shown = (lambda host: only_new(shown(host), infos)) if new_only else shown
    return later, LiveLines(report_of((), rules), sys.stdout.buffer, last)


def deliver(report: Report, how: Delivery, *, with_ledger: bool = True) -> int:
    """Write a report, print it unless an output uses stdout, print the ledger, and return the exit code.

    Raises:
        OutputError: if an output cannot be written.
    """
    also: list[Sink] = [] if how.live is None else [how.live]
    digest, ledger, exit_code = (
        Digest(),
        Ledger(report, how.rule_warnings),
        ExitCode(fail_on=how.fail_on, strict=how.strict),
    )
    shown = partial(only_new, rules=rules_by_id(report)) if how.new_only else None
    write_outputs(
        report,
        how.outputs,
        clobber=how.clobber,
        stdout=sys.stdout.buffer,
        also=[digest, ledger, exit_code, *also],
        shown=shown,
    )
    if not how.quiet and how.live is None and all(output.path is not None for output in how.outputs):
        from evtscan.reporters.text.console import render

        console = terminal.console(no_color=how.no_color)
        printed = as_shown(as_shown(report, shown), None if how.zone is None else partial(in_zone, zone=how.zone))
        saved = {item.reporter.name: str(item.path) for item in (*how.outputs, *how.written) if item.path is not None}
        render(printed, digest, console, show_all=how.show_all, in_detail=how.in_detail, saved=saved)
    if with_ledger and not how.quiet:
        terminal.print_ledger(ledger.lines(detailed=how.in_detail))
    if with_ledger and not exit_code.any_read:
        typer.echo("evtscan: nothing could be read: none of the files is evidence that evtscan reads", err=True)
    return exit_code.value
