"""Exit codes, and the conversion of errors into a message on stderr and an exit code."""

import errno
import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from evtscan.base.errors import EvtscanError, RuleError, UsageError
from evtscan.base.safetext import visible
from evtscan.base.streams import discard_stdout, is_closed_pipe
from evtscan.cli.output.runlog import close, log_to_file, note

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
        code = FAILED
        try:
            code = _exit_code(function, given)
        finally:
            note(f"ended with exit code {code}")
            close()
        raise typer.Exit(code)

    return run


def _exit_code(function: Callable[..., int], given: Mapping[str, object]) -> int:
    try:
        if given.get("log_file"):
            log_to_file(Path(str(given["log_file"])), sys.argv[1:])
        return function(**given)
    except EvtscanError as error:
        _report("\n".join(map(visible, f"evtscan: {error}".split("\n"))))
        return USAGE if isinstance(error, UsageError | RuleError) else FAILED
    except KeyboardInterrupt:
        _report("evtscan: interrupted; an audit continues where it stopped when the same command runs again")
        return INTERRUPTED
    except MemoryError:
        _report("evtscan: not enough memory")
        return FAILED
    except OSError as error:
        if is_closed_pipe(error):
            discard_stdout()
            return FAILED
        if error.filename is None:  # a standard stream: the entry point of the program reports it
            raise
        _report(visible(f"evtscan: {error.filename}: {error.strerror}"))
        return USAGE if error.errno == errno.ENAMETOOLONG else FAILED


def _report(text: str) -> None:
    typer.echo(text, err=True)
    note(text, is_error=True)
