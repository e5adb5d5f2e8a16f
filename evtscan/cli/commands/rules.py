"""``rules``: lists the rules, checks them, and writes a template for a new rule."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from evtscan.base.errors import UsageError
from evtscan.base.model.rule import Level, RuleInfo
from evtscan.base.outfiles import STDOUT, replacing
from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, ruleoptions, values
from evtscan.cli.options.groups import Screen
from evtscan.cli.options.helptext import Command, Group
from evtscan.cli.options.option import OUTPUT, RULES, option
from evtscan.cli.options.ruleoptions import RuleSource
from evtscan.cli.output import session, terminal
from evtscan.cli.output.exits import DONE, USAGE
from evtscan.detection.authoring.lints.issues import ARTICLE, KINDS
from evtscan.detection.authoring.skeleton import Begun, Product, skeleton
from evtscan.detection.load import catalogue
from evtscan.hunt.attack import TACTICS, has_tag, tactics_of
from evtscan.reporters.text.phrases import count


class By(Enum):
    """The property by which a list of rules is grouped."""

    TACTIC = "tactic"


KindName = Enum("KindName", {name: name for name in KINDS})  # type: ignore[misc]

_UNBROKEN = 1000
"""Columns of a list that a program reads: a rule is a line."""

app = typer.Typer(
    help="The catalogue of rules: list it, check it, begin a rule.",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=Group,
)


@app.command("list", cls=Command)
@command
def list_rules(
    *,
    source: RuleSource,
    kind: Annotated[
        list[KindName] | None,
        option(
            "--kind",
            section=RULES,
            metavar="KIND",
            help=f"Only this kind: {', '.join(KINDS)}. Repeatable.",
            show_default=False,
        ),
    ] = None,
    level: Annotated[
        list[ruleoptions.LevelName] | None,
        option(
            "--level",
            section=RULES,
            metavar="LEVEL",
            help=f"Only this level: {', '.join(item.word for item in Level)}. Repeatable.",
            show_default=False,
        ),
    ] = None,
    area: Annotated[
        list[str] | None,
        option(
            "--area",
            section=RULES,
            metavar="FOLDER",
            help="Only below this folder: nt, windows/kerberos. Repeatable.",
            show_default=False,
        ),
    ] = None,
    article: Annotated[
        list[str] | None,
        option(
            "--article",
            section=RULES,
            metavar="ARTICLE",
            help="Only this article, or those that begin so. Repeatable.",
            show_default=False,
        ),
    ] = None,
    tags: Annotated[
        list[str] | None,
        option(
            "--tags",
            section=RULES,
            metavar="TAG",
            help="Only rules with this tag: attack.t1059 (with its sub-techniques), credential-access. Repeatable.",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        By | None,
        option("--by", section=OUTPUT, metavar="tactic", help="Group the list by ATT&CK tactic."),
    ] = None,
    screen: Screen,
) -> int:
    """List the rules with article, level and status."""
    loaded = source.load()
    kinds, levels = {item.value for item in kind or ()}, {item.value for item in level or ()}
    speaking = [rule for rule in loaded.rules if not rule.silent]
    chosen = [
        rule.info
        for rule in speaking
        if (not kinds or rule.info.kind in kinds)
        and (not levels or rule.info.level in levels)
        and (not area or any(f"{rule.info.file}/".startswith(f"{folder.strip('/')}/") for folder in area))
        and (not article or rule.info.article.casefold().startswith(tuple(map(str.casefold, article))))
        and (not tags or any(has_tag(rule.info.tags, tag) for tag in tags))
    ]
    rows: list[tuple[str, ...]] = [
        (info.article, info.level, info.kind, info.status, info.title, info.file) for info in chosen
    ]
    headings: tuple[str, ...] = ("Article", "Level", "Kind", "Status", "Title", "File")
    if by is not None:
        headings, rows = ("Tactic", *headings), list(_by_tactic(chosen, rows))
    console = terminal.console(no_color=screen.no_color)
    if not console.is_terminal:
        console.width = _UNBROKEN
    console.print(_table(headings, rows))
    if not screen.quiet:
        typer.echo(_counts(chosen, len(speaking)), err=True)
        for refused in loaded.problems:
            typer.echo(f"refused: {refused}", err=True)
    return DONE


def _by_tactic(infos: Sequence[RuleInfo], rows: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows preceded by their tactic, in the order of the ATT&CK matrix.

    A rule with two tactics has two rows.
    """
    of_rules = [tuple(tactics_of(info.tags)) or ("",) for info in infos]
    named = dict.fromkeys([*TACTICS, *sorted({tactic for tactics in of_rules for tactic in tactics if tactic}), ""])
    for tactic in named:
        yield from ((tactic or "-", *row) for tactics, row in zip(of_rules, rows, strict=True) if tactic in tactics)


def _counts(infos: Sequence[RuleInfo], of: int) -> str:
    """Return the number of rules, in total, by kind and by level."""
    total = f"{len(infos)} rules" if len(infos) == of else f"{len(infos)} of {of} rules"
    kinds = Counter(info.kind or "plain Sigma" for info in infos)
    levels = Counter(info.level for info in infos)
    parts = (kinds.most_common(), sorted(levels.items(), key=lambda item: -Level[item[0].upper()]))
    return "; ".join([total, *(", ".join(f"{count} {name}" for name, count in part) for part in parts if part)])


@app.command("check", cls=Command)
@command
def check_rules(
    *,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH...",
            callback=values.expand_existing,
            help="Rule files and folders, * and ? are wildcards; default: the built-in catalogue.",
            show_default=False,
        ),
    ] = None,
    lints: Annotated[
        bool, option("--lints", help="List what is looked for, why, and what to do about it; check nothing.")
    ] = False,
    screen: Screen,
) -> int:
    """Load the rules, lint them, and run their cases; every problem is printed, and any makes the exit code 2."""
    from evtscan.rulecheck import problems as rulecheck  # not needed to list rules

    if lints:
        terminal.console(no_color=screen.no_color).print(
            _table(("Lint", "Why", "What to do"), map(astuple, rulecheck.CHECKS))
        )
        return DONE
    chosen = list(paths or [catalogue.folder()])
    for path in chosen:
        if not path.exists():
            raise UsageError(f"{path}: no such rule file or folder")
        if not path.is_file() and not path.is_dir():
            raise UsageError(f"{path}: neither a file nor a folder, and rules are read more than once to check them")
    checked = rulecheck.check(chosen)
    if not checked.rules and not checked.problems:
        raise UsageError(f"{', '.join(map(str, chosen))}: there is no rule file (.yml, .yaml) in it")
    for problem in checked.problems:
        typer.echo(f"{problem} [{problem.lint}]")
    if not screen.quiet:
        counts = ((checked.rules, "rule"), (checked.cases, "case"), (len(checked.problems), "problem"))
        counted = ", ".join(count(number, noun) for number, noun in counts)
        typer.echo(f"{counted} (read from {session.origin_of_rules(chosen)})", err=True)
    return USAGE if checked.problems or not checked.rules else DONE


@app.command("new", cls=Command)
@command
def new_rule(
    title: Annotated[str, option("--title", metavar="TEXT", help="What the user sees, as a phrase.")] = "",
    article: Annotated[
        str, option("--article", metavar="ARTICLE", help="Number of the article: Q162396, KB5004442.")
    ] = "",
    event: Annotated[str, option("--event", metavar="PROVIDER/ID", help="The event that shows it.")] = "",
    product: Annotated[
        Product,
        option("--product", metavar="PRODUCT", help="nt (Windows NT to 2003) or windows (Vista and later)."),
    ] = Product.NT,
    output: Annotated[
        str,
        option("-o", "--output", section=OUTPUT, metavar="FILE", help="Write the rule here; - is stdout."),
    ] = STDOUT,
    clobber: groups.Clobber = False,
) -> int:
    """Write a rule with blanks; filled in, it passes the check."""
    provider, event_id = _event(event)
    text = skeleton(
        Begun(title=title, article=_article(article), provider=provider, event_id=event_id, product=product)
    )
    if output == STDOUT:
        sys.stdout.buffer.write(text.encode())
    else:
        with replacing(Path(output), clobber=clobber) as stream:
            stream.write(text.encode())
    return DONE


def _article(text: str) -> str:
    """Return the number of an article in the form that rules use.

    Raises:
        UsageError: if the text is not an article number.
    """
    number = text.strip().upper()
    if number and not ARTICLE.match(number):
        raise UsageError(f"--article {text}: give a number such as Q162396, KB5004442 or CVE-2021-26414")
    return number


def _event(text: str) -> tuple[str, int | None]:
    """Return provider and id of an event; the provider's name may contain slashes.

    Raises:
        UsageError: if the text is not an event.
    """
    if not text:
        return "", None
    provider, _, number = text.rpartition("/")
    if not provider or not number.isdecimal() or int(number) > 0xFFFF:
        raise UsageError(f"--event {text}: give source and number (up to 65535), such as Dhcp/1008")
    return provider, int(number)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(prose(cell)) for cell in row))
    return table
