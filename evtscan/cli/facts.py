"""``facts``: what is known of a host, from where and for when."""

import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from evtscan.cli import options as opt
from evtscan.cli import session
from evtscan.cli.exits import DONE, command
from evtscan.collecting.template import template
from evtscan.detection.rule import Rule
from evtscan.errors import EvidenceError
from evtscan.model import FactRow, HostReport, Source
from evtscan.reporters.safetext import prose
from evtscan.scan import ScanOptions, unanswered
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
    blanks: Annotated[
        bool, typer.Option("--template", help="Print a facts.yaml with a blank for each fact that rules lack.")
    ] = False,
    rules: opt.RulePaths = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> int:
    """Show what is known of a host, each fact with its sources in order of time."""
    found = find(opt.expand(paths))
    if blanks:
        return _print_template(found.sources, session.rules_of(rules).rules, Path(paths[0]).resolve().name)
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
        _print(session.console(no_color=no_color), host)
    if not quiet:
        for warning in host.warnings:
            typer.echo(f"{warning.location}: {prose(warning.message)}", err=True)
    return 0


def _print_template(sources: Sequence[Source], rules: Sequence[Rule], default_name: str) -> int:
    """Print the blanks of a host, also of one without evidence: then all of them are."""
    name, unknown = unanswered(sources, rules, default_name=default_name)
    sys.stdout.buffer.write(template(name, unknown).encode("utf-8", "backslashreplace"))
    return DONE


def _print(console: Console, host: HostReport) -> None:
    """Print each fact with what is known now, and below it the statements in order of time."""
    console.print(Text(f"Facts of {prose(host.host)}", "bold"))
    width = max((len(row.name) for row in host.facts), default=0)
    for row in host.facts:
        if row.history:
            line = Text("    ", "dim").append(" · ".join(_statement(row)), "dim")
        else:
            note = f" ({prose(row.note)})" if row.note else ""
            line = Text(f"{row.name:<{width}}  ").append(prose(row.value), "bold").append(f"  {row.basis}{note}")
        console.print(Padding(line, (0, 0, 0, 2)))
    if not host.facts:
        console.print("  nothing is known")


def _statement(row: FactRow) -> Iterator[str]:
    yield prose(row.value)
    yield row.time if row.session is None else f"{row.time}, session {row.session + 1}"
    yield prose(str(row.location or ""))
    if row.note:
        yield prose(row.note)
