"""What every command needs: the rules, a console for people, and the ledger at the end."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from evtscan.detection import catalogue
from evtscan.detection.loader import RuleSet, load_rules
from evtscan.errors import EvidenceError, RuleError, UsageError
from evtscan.facts.catalogue import is_known
from evtscan.model import Level, Report
from evtscan.reporters.ledger import ledger


def rules_of(paths: Sequence[Path] | None, min_level: str = Level.INFORMATIONAL.word) -> RuleSet:
    """Load the rules of these paths, or the catalogue.

    In a folder a rule that does not load is refused and the others count.

    Raises:
        UsageError: if a path does not exist, or nothing is left to use.
        RuleError: if a file that was named does not load.
    """
    chosen = list(paths or [catalogue.folder()])
    for path in chosen:
        if not path.exists():
            raise UsageError(f"{path}: there is no such rule file or folder")
        if path.is_file() and (problems := load_rules([path], fact_known=is_known).problems):
            raise RuleError(problems)
    rules = load_rules(chosen, fact_known=is_known)
    lowest = Level[min_level.upper()]
    kept = tuple(rule for rule in rules.rules if Level[rule.info.level.upper()] >= lowest)
    return RuleSet(kept, rules.problems)


def saved_report(path: Path) -> Report:
    """Read a report.json of an earlier run.

    Raises:
        UsageError: if there is none.
        EvidenceError: if it cannot be read, or is no report.
    """
    from evtscan.reporters import json

    if not path.exists():
        raise UsageError(f"{path}: there is no such file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror or error})") from error
    return json.load(data, str(path))


def console(*, no_color: bool = False, stderr: bool = False) -> Console:
    """A console that styles text only for a terminal, and not where NO_COLOR or ``--no-color`` says so."""
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, color_system=None if plain else "auto", highlight=False, markup=False, emoji=False)


def set_up_logging(verbose: bool) -> None:
    """Send the log of what is being done to stderr, for ``-v``."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(name)s: %(message)s", stream=sys.stderr)


def print_ledger(report: Report) -> None:
    """Print what was read and what was not, on stderr."""
    print("\n".join(ledger(report)), file=sys.stderr)


def is_dumb() -> bool:
    """Whether stderr is no terminal that can show a progress bar."""
    return not sys.stderr.isatty() or os.environ.get("TERM") == "dumb"
