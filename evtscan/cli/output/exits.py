"""Exit codes, and the conversion of errors into a message on stderr and one of these codes."""

import errno
import functools
from collections.abc import Callable

import typer

from evtscan.base.errors import EvtscanError, RuleError, UsageError
from evtscan.base.safetext import visible
from evtscan.base.streams import discard_stdout, is_closed_pipe

DONE = 0
FAILED = 1
USAGE = 2
DAMAGED = 3
FOUND = 10
INTERRUPTED = 130


def exiting(function: Callable[..., int]) -> Callable[..., None]:
    """Return the function that exits with the code that ``function`` returns, or with the code of its error."""

    @functools.wraps(function)
    def run(**given: object) -> None:
        try:
            code = function(**given)
        except EvtscanError as error:
            typer.echo("\n".join(map(visible, f"evtscan: {error}".split("\n"))), err=True)
            code = USAGE if isinstance(error, UsageError | RuleError) else FAILED
        except KeyboardInterrupt:
            typer.echo("evtscan: interrupted", err=True)
            code = INTERRUPTED
        except MemoryError:
            typer.echo("evtscan: not enough memory", err=True)
            code = FAILED
        except OSError as error:
            if is_closed_pipe(error):
                discard_stdout()
                raise typer.Exit(FAILED) from error
            if error.filename is None:  # a standard stream: the entry point of the program reports it
                raise
            typer.echo(visible(f"evtscan: {error.filename}: {error.strerror}"), err=True)
            code = USAGE if error.errno == errno.ENAMETOOLONG else FAILED
        raise typer.Exit(code)

    return run
