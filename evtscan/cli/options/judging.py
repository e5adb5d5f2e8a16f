"""The options of commands that judge hosts, or write a report: which levels, verdicts, formats there are."""

from collections.abc import Iterable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evtscan.base.model.finding import Verdict
from evtscan.base.model.rule import Level, RuleInfo
from evtscan.cli.options.helptext import OUTPUT, REPORTED, RULES
from evtscan.reporters import REPORTERS

if TYPE_CHECKING:
    from evtscan.report.acceptance import Accepted

FormatName = Enum("FormatName", {row.name: row.name for row in REPORTERS})  # type: ignore[misc]
VerdictName = Enum("VerdictName", {item.value: item.value for item in Verdict})  # type: ignore[misc]
FailOn = Enum(  # type: ignore[misc]
    "FailOn", {item.value: item.value for item in Verdict if item.rank <= Verdict.DETECTED.rank}
)
LevelName = Enum("LevelName", {item.word: item.word for item in Level})  # type: ignore[misc]


LOWEST = LevelName(Level.INFORMATIONAL.word)
_FORMATS = ", ".join(row.name for row in REPORTERS)
_LEVELS = ", ".join(item.word for item in Level)
_VERDICTS = ", ".join(item.value for item in Verdict)
_SUFFIXES = ", ".join(row.suffix for row in REPORTERS if row.by_suffix)

Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--output",
        metavar="PATH",
        help=f"Write here: the suffix picks the format ({_SUFFIXES}), a folder (or a name ending in /) gets the full "
        "set, - is stdout. Repeatable.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
Format = Annotated[
    FormatName | None,
    typer.Option(
        "-t",
        "--format",
        metavar="FORMAT",
        help=f"Format of the output, whatever its suffix: {_FORMATS}.",
        rich_help_panel=OUTPUT,
    ),
]
MinLevel = Annotated[
    LevelName,
    typer.Option(
        "-m",
        "--min-level",
        metavar="LEVEL",
        help=f"Leave out rules below this level: {_LEVELS}.",
        rich_help_panel=RULES,
    ),
]
Verdicts = Annotated[
    list[VerdictName] | None,
    typer.Option(
        "--verdict",
        metavar="VERDICT",
        help=f"Report only findings with this verdict: {_VERDICTS}. Repeatable.",
        show_default=False,
        rich_help_panel=REPORTED,
    ),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        metavar="VERDICT",
        help="Exit with 10 on a finding with this verdict or a worse one; worst first: confirmed, possible, exposed, "
        "resolved, excluded. What is only detected (by plain Sigma rules) counts where detected is named.",
        rich_help_panel=REPORTED,
    ),
]
Accept = Annotated[
    Path | None,
    typer.Option(
        "--accept",
        metavar="FILE",
        help="Findings that somebody has decided to live with: host, article, until, reason (YAML or CSV). They are "
        "listed as accepted, and count neither in --fail-on nor in what to do first.",
        rich_help_panel=REPORTED,
        show_default=False,
    ),
]


def accepted(path: Path | None, rules: Iterable[RuleInfo]) -> "Accepted":
    """What is accepted today of the findings of these rules.

    Raises:
        UsageError: if there is no such file, or an entry of it is wrong.
        EvidenceError: if it cannot be read.
    """
    from evtscan.report.acceptance import NOTHING, Accepted, read_acceptances  # and with it the reader of YAML

    if path is None:
        return NOTHING
    return Accepted(read_acceptances(path), rules, date.today())


def verdict(fail_on: FailOn | None) -> Verdict | None:
    """The verdict that ``--fail-on`` names."""
    return None if fail_on is None else Verdict(fail_on.value)
