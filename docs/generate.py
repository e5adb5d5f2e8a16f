"""Write the generated parts of the documentation: ``python docs/generate.py``; with ``--check`` only say what is stale.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` and is made by the function NAME.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from typer.main import get_command

from evtscan import audit
from evtscan.archives import ARCHIVES
from evtscan.cli import build
from evtscan.cli.session import rules_of
from evtscan.facts import COLLECTORS
from evtscan.facts.catalogue import CATALOGUE
from evtscan.model import Report
from evtscan.parsers import PARSERS, Kind
from evtscan.reporters import REPORTERS
from evtscan.reporters.tables import TABLES, cell_text
from evtscan.scan import ScanOptions

ROOT = Path(__file__).parents[1]
FILES = ("README.md", "docs/*.md")
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def commands() -> str:
    """The commands with what each does."""
    return _table(("command", "does"), ((f"`evtscan {name}`", _first_line(text)) for name, text in _commands()))


def formats() -> str:
    """The evidence formats that are read."""
    return _table(("format", "what it is"), ((f"`{row.name}`", row.title) for row in PARSERS))


def evidence() -> str:
    """The evidence formats by kind: what each keeps and loses, and how it is recognised."""
    return "\n".join(f"### {kind.value.capitalize()}\n\n{_kept_by(kind)}" for kind in Kind)


def _kept_by(kind: Kind) -> str:
    rows = ((f"`{row.name}`", row.title, row.keeps, row.loses, row.known_by) for row in PARSERS if row.kind is kind)
    return _table(("format", "what it is", "keeps", "loses", "recognised by"), rows)


def archives() -> str:
    """The archives that are opened."""
    return _table(("archive", "what it is"), ((f"`{row.name}`", row.title) for row in ARCHIVES))


def reports() -> str:
    """The report formats that are written."""
    rows = ((f"`{row.name}`", f"`{row.suffix}`", row.title) for row in REPORTERS)
    return _table(("format", "suffix", "what it is"), rows)


def facts() -> str:
    """The catalogue of facts."""
    rows = ((f"`{kind.pattern}`", kind.type.value, kind.meaning) for kind in CATALOGUE)
    return _table(("fact", "value", "meaning"), rows)


def collectors() -> str:
    """Where facts come from."""
    rows = ((row.title, ", ".join(f"`{name}`" for name in row.provides)) for row in COLLECTORS)
    return _table(("source", "facts"), rows)


def rules() -> str:
    """The catalogue of rules."""
    infos = sorted((rule.info for rule in rules_of(None).rules), key=lambda info: info.article)
    rows = ((info.article, info.title, info.level, info.fixed_in) for info in infos)
    return _table(("article", "problem", "level", "fixed in"), rows)


def findings() -> str:
    """What an audit of the samples finds: some columns of its ``findings.csv``."""
    hosts = audit.run(audit.plan(ROOT / "samples" / "hosts"), rules_of(None).rules, ScanOptions(), jobs=1)
    report = Report(hosts=tuple(hosts), rules=tuple(rule.info for rule in rules_of(None).rules))
    table = TABLES["findings"](report)
    shown = [table.columns.index(name) for name in ("Host", "Verdict", "Article", "Reason", "MissingFacts")]
    return _table(
        [table.columns[column] for column in shown],
        ([_cut(cell_text(row[column])) for column in shown] for row in table.rows),
    )


def _cut(text: str, most: int = 230) -> str:
    return text if len(text) <= most else text[: most - 1].rpartition(" ")[0] + " …"


def _commands() -> Iterable[tuple[str, str]]:
    for name, command in get_command(build()).commands.items():  # type: ignore[attr-defined]
        children = getattr(command, "commands", None)
        if children:
            yield from ((f"{name} {child}", item.help or "") for child, item in children.items())
        else:
            yield name, command.help or ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip(".")


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


GENERATORS: dict[str, Callable[[], str]] = {
    function.__name__: function
    for function in (commands, formats, evidence, archives, reports, facts, collectors, rules, findings)
}


def regenerated(text: str) -> str:
    """The text of a page with its generated parts as they should be."""
    return _PART.sub(lambda part: f"{part[1]}{GENERATORS[part[2]]()}{part[3]}", text)


def stale() -> list[Path]:
    """The pages of which a generated part is not current."""
    pages = sorted(page for pattern in FILES for page in ROOT.glob(pattern))
    return [page for page in pages if regenerated(text := page.read_text("utf-8")) != text]


def main() -> int:
    """Bring every page up to date, or with ``--check`` name those that are not."""
    pages = stale()
    if "--check" in sys.argv[1:]:
        for page in pages:
            print(f"{page.relative_to(ROOT)} is stale: run python docs/generate.py")
        return 1 if pages else 0
    for page in pages:
        page.write_text(regenerated(page.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
