"""``rules list`` and ``rules check``: the catalogue, and whether it is right."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from evtscan import cases
from evtscan.cli import options as opt
from evtscan.cli import session
from evtscan.cli.exits import DONE, USAGE, command
from evtscan.detection import catalogue
from evtscan.detection.lint import lint
from evtscan.detection.loader import load_rules
from evtscan.errors import UsageError
from evtscan.facts.catalogue import is_known
from evtscan.reporters.safetext import prose

app = typer.Typer(help="The catalogue of rules: list it, check it.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@command
def list_rules(rules: opt.RulePaths = None, no_color: opt.NoColor = False) -> int:
    """List the rules with article, level and status."""
    loaded = session.rules_of(rules)
    table = Table(box=None, pad_edge=False)
    for heading in ("Article", "Level", "Kind", "Status", "Title", "File"):
        table.add_column(heading, overflow="fold")
    for rule in loaded.rules:
        info = rule.info
        cells = (info.article, info.level, info.kind, info.status, info.title, info.file)
        table.add_row(*(Text(prose(cell)) for cell in cells))
    session.console(no_color=no_color).print(table)
    for refused in loaded.problems:
        typer.echo(f"refused: {refused}", err=True)
    return DONE


@app.command("check")
@command
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Rule files and folders; the catalogue without any.", show_default=False)
    ] = None,
    quiet: opt.Quiet = False,
) -> int:
    """Load the rules, lint them, and run their cases; every problem is printed, and any makes the exit code 2."""
    chosen = list(paths or [catalogue.folder()])
    for path in chosen:
        if not path.exists():
            raise UsageError(f"{path}: there is no such rule file or folder")
    loaded = load_rules(chosen, fact_known=is_known)
    problems = [*loaded.problems, *lint(loaded, fact_known=is_known), *cases.problems(loaded.rules)]
    for problem in sorted(problems, key=lambda item: (item.file, item.line or 0, item.key)):
        typer.echo(str(problem))
    if not quiet:
        run = sum(len(rule.known_issue.cases) for rule in loaded.rules if rule.known_issue)
        typer.echo(f"{len(loaded.rules)} rules, {run} cases, {len(problems)} problems", err=True)
    return USAGE if problems or not loaded.rules else DONE
