"""Exit codes, and how errors become a sentence on stderr and one of these codes."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from evtscan.errors import EvtscanError, RuleError, UsageError
from evtscan.model import Verdict
from evtscan.reporters.ledger import is_incomplete, read_files
from evtscan.reporters.summary import HostSummary, Judged

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


class Outcome:
    """Takes the hosts of a report, and says with which code a run ends: the first that applies of 1, 10, 3 and 0."""

    def __init__(self, *, fail_on: Verdict | None, strict: bool) -> None:
        self._fail_on = fail_on
        self._strict = strict
        self.any_read = False
        self._found = False
        self._damaged = False

    def add(self, summary: HostSummary) -> None:
        """Take the next host."""
        host = summary.host
        self.any_read = self.any_read or bool(read_files(host))
        if self._fail_on is not None and not self._found:
            self._found = any(counts(item, self._fail_on) for item in summary.findings)
        if self._strict and not self._damaged:
            self._damaged = is_incomplete(host)

    def close(self) -> None:
        """Nothing is left to do behind the last host."""

    @property
    def code(self) -> int:
        """The exit code."""
        if not self.any_read:
            return FAILED
        return FOUND if self._found else DAMAGED if self._damaged else DONE


def counts(item: Judged, fail_on: Verdict) -> bool:
    """Whether ``--fail-on`` counts a finding: as bad as asked for, or worse, and neither quiet nor accepted.

    Plain detections count only when they are what is named.
    """
    return item.counts_as_worst and is_as_bad(item.verdict, fail_on)


def is_as_bad(verdict: Verdict, fail_on: Verdict) -> bool:
    """Whether a verdict is the one asked for or a worse one; that of a plain detection only where it is named."""
    if verdict is Verdict.DETECTED:
        return fail_on is Verdict.DETECTED
    return verdict.rank <= fail_on.rank
