"""``collect``: a script that gathers evidence on a host, or exactly what open findings of a report lack."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from evtscan.base.outfiles import STDOUT, replacing
from evtscan.cli.options import recurring as opt
from evtscan.cli.options.helptext import HOSTS, OUTPUT, REPORTED
from evtscan.cli.output import session
from evtscan.cli.output.exits import DONE, command
from evtscan.collecting import GENERATIONS, collect_all, collect_missing
from evtscan.collecting.needs import about, missing_in
from evtscan.detection.model.rule import asked_by

GenerationName = Enum("GenerationName", {row.name: row.name for row in GENERATIONS})  # type: ignore[misc]


@command
def collect(
    generation: Annotated[
        GenerationName,
        typer.Option(
            "--for",
            metavar="SYSTEM",
            help="What runs on the host: nt4 (Windows NT), 2000 (also XP and Server 2003) or modern (Vista, "
            "Server 2008 and later).",
            show_default=False,
            rich_help_panel=HOSTS,
        ),
    ],
    missing: Annotated[
        Path | None,
        typer.Option(
            "--missing",
            metavar="REPORT",
            help="A report.json, or its folder: gather only what would decide its open findings.",
            rich_help_panel=REPORTED,
        ),
    ] = None,
    rules: opt.RulePaths = None,
    no_rule_cache: opt.NoRuleCache = False,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write the script here; - is stdout.", rich_help_panel=OUTPUT
        ),
    ] = STDOUT,
    clobber: opt.Clobber = False,
) -> int:
    """Print a script (.cmd, .ps1) that gathers evidence on a host, or exactly what is missing."""
    row = next(row for row in GENERATIONS if row.name == generation.value)
    if missing is None:
        loaded = session.rules_of(rules, cached=not no_rule_cache)
        script = collect_all(row, asked_by(about(loaded.rules, row)))
    else:
        script = collect_missing(row, missing_in(session.saved_report(missing), row))
    data = script.encode("ascii", "replace")
    if output == STDOUT:
        sys.stdout.buffer.write(data)
    else:
        with replacing(Path(output), clobber=clobber) as stream:
            stream.write(data)
    return DONE
