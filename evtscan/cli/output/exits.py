"""Exit codes, and how errors become a sentence on stderr and one of these codes."""

import errno
import functools
import os
import sys
from collections.abc import Callable

import typer

from evtscan.base.errors import EvtscanError, RuleError, UsageError
from evtscan.base.safetext import visible
from evtscan.cli.options.optiongroups import ungrouped

DONE = 0
FAILED = 1
USAGE = 2
DAMAGED = 3
FOUND = 10
INTERRUPTED = 130


def command(function: Callable[..., int]) -> Callable[..., None]:
    """Turn a function that returns an exit code into a command; errors made on purpose end it with their sentence.

    Its parameters are options, or groups of them (``optiongroups``).
    """
    run_with = ungrouped(function)

    @functools.wraps(run_with)
    def run(**given: object) -> None:
        try:
            code = run_with(**given)
        except EvtscanError as error:
            typer.echo("\n".join(map(visible, f"evtscan: {error}".split("\n"))), err=True)
            code = USAGE if isinstance(error, UsageError | RuleError) else FAILED
        except KeyboardInterrupt:
            typer.echo("evtscan: interrupted", err=True)
            code = INTERRUPTED
        except MemoryError:
            typer.echo("evtscan: there is not enough memory for this", err=True)
            code = FAILED
        except BrokenPipeError:  # the reader of our output has gone: nothing is left to say, not even at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = FAILED
        except OSError as error:
            if error.filename is None:  # a stream of ours, of which the entry of the program speaks
                raise
            typer.echo(visible(f"evtscan: {error.filename}: {error.strerror}"), err=True)
            code = USAGE if error.errno == errno.ENAMETOOLONG else FAILED
        raise typer.Exit(code)

    return run
