"""The command line: the only part that prints, colours and exits. Each command is a module and a row of ``COMMANDS``.

A run loads only the requested command: loading all of them takes longer than a small scan.
"""

import gc
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer

from evtscan import __version__
from evtscan.base.streams import ON_WINDOWS, terminal_safe
from evtscan.cli.options.helptext import WIDEST, Command, Group
from evtscan.cli.output.exits import FAILED, USAGE

COMMANDS: Mapping[str, tuple[str, str]] = {
    "scan": ("scan", "scan"),
    "hunt": ("hunt", "hunt"),
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
"""Each command with its module and an attribute of it: a function, or a Typer application with subcommands."""


def build(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """Return the application with these commands."""
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


def commands_to_load(arguments: Sequence[str]) -> Sequence[str]:
    """Return the command that the arguments begin with, else all commands, which help and error messages list."""
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


_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Events and rules live until the end of a run: frequent garbage collections would find nothing."""


def main() -> None:
    """Run the command line and exit with its code."""
    _set_up_streams()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        # Typer would expand patterns, ~ and %VAR% in every argument on Windows; we expand patterns, in paths only
        build(commands_to_load(sys.argv[1:]))(windows_expand_args=False)
    except SystemExit as ended:
        if ended.code in (FAILED, USAGE) and ON_WINDOWS and any('"' in word for word in sys.argv[1:]):
            print(_STRAY_QUOTE, file=sys.stderr)
        raise


_STRAY_QUOTE = (
    'evtscan: an argument contains a quotation mark: Windows reads "C:\\my logs\\" up to the next mark, with the words '
    'between. Leave out the last backslash: "C:\\my logs"'
)


def _set_up_streams() -> None:
    """Never fail on a character that a stream cannot encode, and write UTF-8 into pipes and files.

    A console of Windows gets characters, whatever its code page; for a pipe Python would use the code page of Windows,
    while tables and reports on standard output are UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_pipe = ON_WINDOWS and not stream.isatty() and "PYTHONIOENCODING" not in os.environ
            stream.reconfigure(encoding="utf-8" if is_pipe else None, errors="backslashreplace")
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.isatty():
        sys.stdout = terminal_safe(sys.stdout)
