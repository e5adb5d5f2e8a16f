"""The decorator of every command: groups of options as parameters, an exit code as result."""

from collections.abc import Callable

from evtscan.cli.options.option import ungrouped
from evtscan.cli.output.exits import exiting


def command(function: Callable[..., int]) -> Callable[..., None]:
    """Turn a function that takes options and groups of options, and returns an exit code, into a Typer command."""
    return exiting(ungrouped(function))
