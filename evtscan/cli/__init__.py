"""The command line: the only package that prints and exits. Each command is a module, and a row of ``COMMANDS``.

A run imports only the module of its own command: importing all of them takes longer than a small scan.
"""

import gc
import io
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from evtscan import __version__
from evtscan.base.errors import UsageError
from evtscan.base.safetext import visible
from evtscan.base.streams import ON_WINDOWS, terminal_safe
from evtscan.cli.options.helptext import WIDEST, Command, Group
from evtscan.cli.output.exits import FAILED, USAGE
from evtscan.cli.output.runlog import set_defaults_source

if TYPE_CHECKING:
    from evtscan.cli.options.configuration import Configuration

VARIABLE = "EVTSCAN_CONFIG"

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
    "config": ("config", "config"),
}
"""Each command with its module, and the name in it of its function, or of its own Typer application."""


class _Commands(Group):
    """The group of all commands; the module of a command is imported when the command is first asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name; None if there is no such command."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = _loaded(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a path instead of a command is an error that names the missing command."""
        if args[0] not in COMMANDS and os.path.exists(args[0]):  # noqa: PTH110 - Path.exists raises for long names
            ctx.fail(f"{args[0]} is a path, not a command; did you mean: {ctx.command_path} scan {args[0]}")
        if args[0] not in COMMANDS:  # Typer suggests among the commands that are loaded
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _loaded(name: str) -> Any:
    module, attribute = COMMANDS[name]
    command = getattr(import_module(f"evtscan.cli.commands.{module}"), attribute)
    app = _application()
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name, cls=Command)(command)
    loaded: Any = get_command(app)
    return loaded.commands[name]


def _application(commands: type[Group] = Group) -> typer.Typer:
    app = typer.Typer(
        name="evtscan",
        help="Find documented problems in exported Windows event logs, judged against what the host is, with the fix.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
        cls=commands,
    )
    app.callback()(_options)
    return app


def build() -> typer.Typer:
    """Return the application with all commands; each is imported on first use."""
    return _application(_Commands)


def all_commands() -> dict[str, Any]:
    """Every command by its name."""
    root: Any = get_command(build())
    return {name: root.get_command(None, name) for name in COMMANDS}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evtscan {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    from evtscan.cli.options.configuration import place, read

    set_defaults_source("")
    if context.invoked_subcommand in (None, "config") or not (place().exists() or VARIABLE in os.environ):
        return
    try:
        found = read()
    except UsageError as error:
        typer.echo(f"evtscan: {visible(str(error))}", err=True)
        raise typer.Exit(USAGE) from error
    root: Any = context.command
    set_defaults_source(f"{found.path}: {', '.join(found.values)}")
    name = str(context.invoked_subcommand)
    context.default_map = _default_map(found, {name: root.get_command(context, name)})


def _default_map(found: "Configuration", commands: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of these commands and their subcommands, as click reads them."""
    made: dict[str, Any] = {}
    for name, command in commands.items():
        if children := getattr(command, "commands", None):
            made[name] = _default_map(found, children)
        else:
            names = {flag.removeprefix("--"): item.name for item in command.params for flag in item.opts}
            made[name] = found.defaults(names)
    return made


_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Events and rules live until the end of a run: frequent garbage collections would find nothing."""


def main() -> None:
    """Run the command line and exit with its code."""
    _set_up_streams()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        # Typer would expand patterns, ~ and %VAR% in every argument on Windows; we expand patterns, in paths only
        build()(windows_expand_args=False)
    except SystemExit as ended:
        if ended.code in (FAILED, USAGE) and ON_WINDOWS and any('"' in word for word in sys.argv[1:]):
            print(_STRAY_QUOTE, file=sys.stderr)
        raise


_STRAY_QUOTE = (
    'evtscan: an argument contains a quotation mark: Windows reads "C:\\my logs\\" up to the next mark, with the words '
    'between. Leave out the last backslash: "C:\\my logs"'
)


def _set_up_streams() -> None:
    """Set up stdout and stderr: UTF-8 in pipes and files, and no error for characters that cannot be encoded.

    A console of Windows gets characters, whatever its code page; for a pipe Python would use the code page of Windows,
    while tables and reports on standard output are UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_pipe = ON_WINDOWS and not stream.isatty() and "PYTHONIOENCODING" not in os.environ
            stream.reconfigure(encoding="utf-8" if is_pipe else None, errors="backslashreplace")
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.isatty():
        sys.stdout = terminal_safe(sys.stdout)
