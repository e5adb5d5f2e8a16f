"""The command line: the one place that prints, colours and exits. Each command is a module, a row of ``COMMANDS``.

A run loads only the command that it is asked for: loading all of them takes longer than a small scan.
"""

import gc
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer

from evtscan import __version__
from evtscan.cli.options.helptext import WIDEST, Command, Group

COMMANDS: Mapping[str, tuple[str, str]] = {
    "scan": ("scan", "scan"),
    "audit": ("audit", "audit"),
    "dump": ("dump", "dump"),
    "metrics": ("metrics", "metrics"),
    "facts": ("facts", "facts"),
    "timeline": ("timeline", "timeline"),
    "collect": ("collect", "collect"),
    "explain": ("explain", "explain"),
    "report": ("report", "report"),
    "rules": ("rules", "app"),
}
"""Each command with its module and what in it runs it: a function, or an application of its own."""


def build(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """The application with these commands."""
    app = typer.Typer(
        name="evtscan",
        help="Find documented problems in exported Windows event logs, judged against what the host is, with the fix.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
        cls=Group,
    )
    app.callback()(_options)
    for name in names:
        module, attribute = COMMANDS[name]
        command = getattr(import_module(f"evtscan.cli.commands.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name, cls=Command)(command)
    return app


def asked_for(arguments: Sequence[str]) -> Sequence[str]:
    """The one command that the arguments begin with, else all: there is help to give, or an error to explain."""
    return arguments[:1] if arguments and arguments[0] in COMMANDS else tuple(COMMANDS)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evtscan {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


_OBJECTS_BETWEEN_COLLECTIONS = 50_000  # events and rules stay to the end of a run: looking at them often finds nothing


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console of few characters must not fail on text of a log
            stream.reconfigure(errors="backslashreplace")
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    build(asked_for(sys.argv[1:]))()
