"""``facts``: what is known of a host, from where and for when."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from evtscan.cli import options as opt
from evtscan.cli import session
from evtscan.cli.exits import command
from evtscan.errors import EvidenceError
from evtscan.model import FactRow, HostReport
from evtscan.reporters.safetext import prose
from evtscan.scan import ScanOptions
from evtscan.scan import scan as scan_host
from evtscan.sources import find


class FactsFormat(Enum):
    """How the facts are printed."""

    CONSOLE = "console"
    JSON = "json"


@command
def facts(
    paths: opt.Paths,
    format: Annotated[  # noqa: A002 - the name of the option
        FactsFormat, typer.Option("-t", "--format", help="A table, or JSON for scripts.")
    ] = FactsFormat.CONSOLE,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> int:
    """Show what is known of a host, each fact with its sources in order of time."""
    found = find(opt.expand(paths))
    host = scan_host(
        found.sources, (), ScanOptions(), default_name=Path(paths[0]).resolve().name, skipped=found.skipped
    )
    if not host.evidence:
        raise EvidenceError("nothing could be read: none of the files is evidence that evtscan reads")
    if format is FactsFormat.JSON:
        import msgspec

        document = {"host": host.host, "facts": host.facts, "warnings": host.warnings}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    elif not quiet:
        session.console(no_color=no_color).print(_table(host))
    if not quiet:
        for warning in host.warnings:
            typer.echo(f"{warning.location}: {prose(warning.message)}", err=True)
    return 0


def _table(host: HostReport) -> Table:
    table = Table(title=Text(f"Facts of {prose(host.host)}"), title_justify="left", box=None, pad_edge=False)
    for heading in ("Fact", "Value", "Basis", "When", "From"):
        table.add_column(heading, overflow="fold")
    for row in host.facts:
        table.add_row(*(Text(prose(cell), "dim" if row.history else "") for cell in _cells(row)))
    if not host.facts:
        table.add_row("nothing is known", "", "", "", "")
    return table


def _cells(row: FactRow) -> tuple[str, ...]:
    session_text = f" (session {row.session + 1})" if row.session is not None and row.session >= 0 else ""
    source = "; ".join(part for part in (str(row.location or ""), row.note) if part)
    return ("" if row.history else row.name, row.value, row.basis, f"{row.time}{session_text}", source)
