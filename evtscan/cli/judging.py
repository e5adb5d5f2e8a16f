"""The options of commands that judge hosts, or write a report: which levels, verdicts, formats there are."""

from collections.abc import Iterable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evtscan.report import Level, RuleInfo, Verdict
from evtscan.reporters import REPORTERS

if TYPE_CHECKING:
    from evtscan.acceptance import Accepted

FormatName = Enum("FormatName", {row.name: row.name for row in REPORTERS})  # type: ignore[misc]
VerdictName = Enum("VerdictName", {item.value: item.value for item in Verdict})  # type: ignore[misc]
FailOn = Enum(  # type: ignore[misc]
    "FailOn", {item.value: item.value for item in Verdict if item.rank <= Verdict.DETECTED.rank}
)
LevelName = Enum("LevelName", {item.word: item.word for item in Level})  # type: ignore[misc]


LOWEST = LevelName(Level.INFORMATIONAL.word)
_SUFFIXES = ", ".join(row.suffix for row in REPORTERS if row.by_suffix)

Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--output",
        help=f"Write here: the suffix picks the format ({_SUFFIXES}), a folder (or a name ending in /) gets the full "
        "set, - is stdout. Repeatable.",
        show_default=False,
    ),
]
Format = Annotated[FormatName | None, typer.Option("-t", "--format", help="Format of the output, whatever its suffix.")]
MinLevel = Annotated[LevelName, typer.Option("-m", "--min-level", help="Leave out rules below this level.")]
Verdicts = Annotated[
    list[VerdictName] | None,
    typer.Option("--verdict", help="Report only findings with this verdict. Repeatable.", show_default=False),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option("--fail-on", help="Exit with 10 on a finding with this verdict or a worse one."),
]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Log what is being done, and show every finding of several hosts.")
]
Accept = Annotated[
    Path | None,
    typer.Option(
        "--accept",
        metavar="FILE",
        help="Findings that somebody has decided to live with: host, article, until, reason (YAML or CSV). They are "
        "listed as accepted, and count neither in --fail-on nor in what to do first.",
        show_default=False,
    ),
]


def accepted(path: Path | None, rules: Iterable[RuleInfo]) -> "Accepted":
    """What is accepted today of the findings of these rules.

    Raises:
        UsageError: if there is no such file, or an entry of it is wrong.
        EvidenceError: if it cannot be read.
    """
    from evtscan.acceptance import NOTHING, Accepted, read_acceptances  # and with it the reader of YAML

    if path is None:
        return NOTHING
    return Accepted(read_acceptances(path), rules, date.today())


def verdict(fail_on: FailOn | None) -> Verdict | None:
    """The verdict that ``--fail-on`` names."""
    return None if fail_on is None else Verdict(fail_on.value)
