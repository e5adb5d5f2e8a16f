"""All errors that evtscan raises for its caller.

EvtscanError                an error that the user can act on: its text is the complete message
├── EvidenceError           a file that cannot be read at all (a file that is readable in part gives warnings)
│   └── NotEvidenceError    a file of a supported format that contains nothing that evtscan uses
├── RuleError               a rule or a set of rules that does not load; carries every problem found
├── OutputError             an output that cannot be written, or that is refused
└── UsageError              an invalid request: unknown rule, path that does not exist
"""

import os
from dataclasses import dataclass


class EvtscanError(Exception):
    """An error with a message for the user: what happened, where, and what to do next."""


class EvidenceError(EvtscanError):
    """One evidence file cannot be read at all. The run continues, and the ledger names the file."""


class NotEvidenceError(EvidenceError):
    """An intact file of a supported format that contains nothing evtscan uses: a user's hive, the log of a hive."""


RAISE_DEFECTS = "EVTSCAN_RAISE_DEFECTS"
"""Environment variable: if it is set, a defect in a reader ends the run with its traceback. The tests set it."""

_LONGEST_DETAIL = 200


def why_unreadable(error: Exception, source: str) -> str:
    """Return the reason why a file cannot be read, without the file's name; ``error`` is the exception of its reader.

    Any exception of a reader ends the reading of its file, but not the run. An exception that is neither an
    ``EvidenceError`` nor an ``OSError`` is a defect of evtscan, and the reason asks the user to report it.

    Raises:
        Exception: as ``raise_unless_about_file``.
    """
    raise_unless_about_file(error)
    if isinstance(error, EvidenceError):
        return str(error).removeprefix(f"{source}: ")
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or type(error).__name__})"
    if isinstance(error, MemoryError):
        return "cannot be read: there is not enough memory for it (MemoryError)"
    detail = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"cannot be read: a defect of evtscan ({detail[:_LONGEST_DETAIL]}); please report this with the file"


def raise_unless_about_file(error: Exception) -> None:
    """Raise the exception of a reader again, unless it only means that one file cannot be read.

    Raises:
        EvtscanError: if the error is about the request and not about the file.
        Exception: if it is a defect of evtscan, or lack of memory, and ``EVTSCAN_RAISE_DEFECTS`` is set.
    """
    if isinstance(error, EvidenceError | OSError):
        return
    if isinstance(error, EvtscanError) or os.environ.get(RAISE_DEFECTS):
        raise error


class OutputError(EvtscanError):
    """An output cannot be written, or exists already and may not be replaced."""


class UsageError(EvtscanError):
    """The request itself is invalid: a path that does not exist, an unknown rule, an invalid option value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem in a rule file: where it is (file, 1-based line, key) and what to do."""

    file: str
    line: int | None
    key: str
    message: str
    lint: str = "load"

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.key) if part not in (None, ""))
        return f"{where}: {self.message}"


class RuleError(EvtscanError):
    """Rules cannot be loaded. ``problems`` contains all problems found, not only the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
