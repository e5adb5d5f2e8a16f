"""The log of a run: on stderr with ``-v``, and with times in the file of ``--log-file``."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from evtscan.base.errors import OutputError
from evtscan.base.ledger import part

_LOG = logging.getLogger("evtscan.run")
_LOG.addHandler(logging.NullHandler())  # without another handler, Python would print errors on stderr
_handlers: list[logging.Handler] = []


def log_to_stderr(verbose: bool) -> None:
    """Print log messages on stderr: errors, and with ``verbose`` also information."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.INFO if verbose else logging.ERROR)
    handler.addFilter(lambda record: record.name != _LOG.name)  # these lines are printed by those who log them
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    _add(handler)


def log_to_file(path: Path, command: Sequence[str]) -> None:
    """Append the log of this run to a file, beginning with its command line.

    Raises:
        OutputError: if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"--log-file {path}: cannot be written ({error.strerror or error})") from error
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _add(handler)
    _LOG.info("started: evtscan %s", " ".join(command))


def close() -> None:
    """End the logs of this run."""
    while _handlers:
        handler = _handlers.pop()
        logging.getLogger().removeHandler(handler)
        handler.close()


def _add(handler: logging.Handler) -> None:
    _handlers.append(handler)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(one.level for one in _handlers))


def set_defaults_source(text: str) -> None:
    """Store the file that defaults of options come from, for the ledger; empty if there is none."""
    global _defaults
    _defaults = text


_defaults = ""


def ledger_end() -> list[str]:
    """Return the last lines of every ledger: the file that defaults of options come from."""
    return part("defaults", [_defaults]) if _defaults else []


def note(line: str, *, is_error: bool = False) -> None:
    """Write a printed line also to the log file."""
    _LOG.log(logging.ERROR if is_error else logging.INFO, line)
