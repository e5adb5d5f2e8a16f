"""The command line: the one place that prints, colours and exits. Each command is a module, registered here."""

import io
import sys
from typing import Annotated

import typer

from evtscan import __version__
from evtscan.cli import collect, dump, explain, facts, metrics, rules, runs, timeline

app = typer.Typer(
    name="evtscan",
    help="Find documented problems in exported Windows event logs, judged against what the host is, with the fix.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("scan")(runs.scan)
app.command("audit")(runs.audit)
app.command("dump")(dump.dump)
app.command("metrics")(metrics.metrics)
app.command("facts")(facts.facts)
app.command("timeline")(timeline.timeline)
app.command("collect")(collect.collect)
app.command("explain")(explain.explain)
app.command("report")(runs.report)
app.add_typer(rules.app, name="rules")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evtscan {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console of few characters must not fail on text of a log
            stream.reconfigure(errors="backslashreplace")
    app()
