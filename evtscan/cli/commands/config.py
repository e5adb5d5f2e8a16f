"""``config``: the defaults that ``evtscan.toml`` sets, and the keys that it can have."""

import typer

from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options.configuration import KEYS, VARIABLE, place, read
from evtscan.cli.output.exits import DONE


@command
def config() -> int:
    """Show the defaults that evtscan.toml sets for options, and which keys it can have."""
    found = read()
    if found.path is None:
        typer.echo(f"No defaults: there is no {place()} (in the current folder, or the file that {VARIABLE} names).")
    else:
        typer.echo(f"Defaults from {prose(str(found.path))}:")
        for key, value in found.values.items():
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            typer.echo(f"  {key:<16} {prose(shown)}")
    typer.echo(f"Keys: {', '.join(KEYS)}. Options on the command line replace these defaults.")
    return DONE
