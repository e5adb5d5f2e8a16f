"""``collect``: a script that gathers evidence on a host, or exactly what open findings of a report lack."""

from enum import Enum
from pathlib import Path
from typing import Annotated

from evtscan.cli.command import command
from evtscan.cli.options.option import HOSTS, RESULTS, option
from evtscan.cli.options.outputfile import OutputFile
from evtscan.cli.options.ruleoptions import RuleSource
from evtscan.cli.output import session
from evtscan.cli.output.exits import DONE
from evtscan.collecting import GENERATIONS, collect_all, collect_missing
from evtscan.collecting.needs import about, missing_in
from evtscan.detection.model.rule import asked_by

GenerationName = Enum("GenerationName", {row.name: row.name for row in GENERATIONS})  # type: ignore[misc]


@command
def collect(
    *,
    generation: Annotated[
        GenerationName,
        option(
            "--for",
            section=HOSTS,
            metavar="SYSTEM",
            help="Windows version of the host: nt4 (Windows NT), 2000 (also XP and Server 2003) or modern (Vista, "
            "Server 2008 and later).",
            show_default=False,
        ),
    ],
    missing: Annotated[
        Path | None,
        option(
            "--missing",
            section=RESULTS,
            metavar="REPORT",
            help="Collect only what would decide the open findings of this report (report.json or its folder).",
        ),
    ] = None,
    source: RuleSource,
    target: OutputFile,
) -> int:
    """Print a script (.cmd, .ps1) that gathers evidence on a host, or exactly what is missing."""
    row = next(row for row in GENERATIONS if row.name == generation.value)
    if missing is None:
        loaded = source.load()
        script = collect_all(row, asked_by(about(loaded.rules, row)))
    else:
        script = collect_missing(row, missing_in(session.saved_report(missing), row))
    with target.stream() as stream:
        stream.write(script.encode("ascii", "replace"))
    return DONE
