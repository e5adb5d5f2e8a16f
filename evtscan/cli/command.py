"""The decorator of every command: groups of options as parameters, an exit code as result."""

from collections.abc import Callable

from evtscan.cli.options.option import ungrouped
from evtscan.cli.output.exits import exiting


def command(function: Callable[..., int]) -> Callable[..., None]:
    """Convert a function that returns an exit code to a Typer command; its parameters are options and option groups."""
    return exiting(ungrouped(function))
