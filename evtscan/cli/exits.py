"""Exit codes, and how errors become a sentence on stderr and one of these codes."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from evtscan.errors import EvtscanError, RuleError, UsageError
from evtscan.model import Report, Verdict
from evtscan.reporters.ledger import is_damaged
from evtscan.reporters.summary import Judged, summarise

DONE = 0
FAILED = 1
USAGE = 2
DAMAGED = 3
FOUND = 10
INTERRUPTED = 130

P = ParamSpec("P")


def command(function: Callable[P, int]) -> Callable[P, None]:
    """Turn a function that returns an exit code into a command; errors made on purpose end it with their sentence."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = function(*args, **kwargs)
        except EvtscanError as error:
            typer.echo(f"evtscan: {error}", err=True)
            code = USAGE if isinstance(error, UsageError | RuleError) else FAILED
        except KeyboardInterrupt:
            typer.echo("evtscan: interrupted", err=True)
            code = INTERRUPTED
        except BrokenPipeError:  # the reader of our output has gone: nothing is left to say, not even at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = FAILED
        raise typer.Exit(code)

    return run


def code_of(report: Report, *, fail_on: Verdict | None, strict: bool) -> int:
    """The exit code that a report calls for: the first that applies of 1, 10, 3 and 0."""
    if not any(host.evidence for host in report.hosts):
        return FAILED
    if fail_on is not None and any(_counts(item, fail_on) for host in summarise(report) for item in host.findings):
        return FOUND
    if strict and any(is_damaged(host, row) for host in report.hosts for row in host.evidence):
        return DAMAGED
    return DONE


def _counts(item: Judged, fail_on: Verdict) -> bool:
    """Whether a finding is as bad as asked for, or worse; plain detections count only when they are what is named."""
    if not item.counts_as_worst:
        return False
    if item.verdict is Verdict.DETECTED:
        return fail_on is Verdict.DETECTED
    return item.verdict.rank <= fail_on.rank
