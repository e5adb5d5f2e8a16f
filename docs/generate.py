"""Write the generated parts of the documentation: ``python docs/generate.py``; with ``--check`` only say what is stale.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` and is made by the function NAME.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import evtscan
from evtscan.audit.plan import plan
from evtscan.audit.run import run
from evtscan.cli import all_commands
from evtscan.cli.output.session import rules_of
from evtscan.detection.authoring.lints.issues import KINDS
from evtscan.detection.model.rule import Rule
from evtscan.dump.arrow import SCHEMA
from evtscan.facts import COLLECTORS
from evtscan.facts.catalogue.names import CATALOGUE
from evtscan.hunt.outputs import FORMATS as HUNT_FORMATS
from evtscan.intake.archives import ARCHIVES
from evtscan.lookup import events_of
from evtscan.parsers import PARSERS, Kind
from evtscan.report.model import Report
from evtscan.reporters import REPORTERS
from evtscan.reporters.json.schema import report_schema
from evtscan.reporters.tables.columns import TABLES, cell_text
from evtscan.rulecheck.problems import CHECKS
from evtscan.scan import ScanOptions

ROOT = Path(__file__).parents[1]
FILES = ("README.md", "docs/*.md")
PRODUCTS = {"nt": "Windows NT to Server 2003", "windows": "Windows Vista, Server 2008 and later"}
"""The folders of the catalogue for products."""

AREAS = {
    "ad": "Active Directory",
    "bitlocker": "BitLocker",
    "boot": "Start and shutdown",
    "counters": "Performance counters",
    "dcom": "DCOM",
    "dfs": "DFS and file replication",
    "dhcp": "DHCP",
    "dns": "DNS",
    "ese": "ESE databases",
    "eventlog": "Event log",
    "gpo": "Group Policy",
    "hyper-v": "Hyper-V",
    "iis": "IIS",
    "macintosh": "Services for Macintosh",
    "net": "Network",
    "ntlm": "NTLM",
    "openssh": "OpenSSH",
    "ras": "Remote access and routing",
    "rdp": "Remote Desktop",
    "secure-boot": "Secure Boot",
    "smb": "SMB",
    "sql": "SQL Server",
    "tls": "TLS",
    "vss": "Volume Shadow Copy",
    "winrm": "WinRM",
    "wins": "WINS",
    "wmi": "WMI",
}
"""The folders of the catalogue for areas, where the name alone does not say it."""

_KINDS = {"text": "", "integer": " (number)", "boolean": " (true or false)", "time": " (time)"}
"""How a column of a table is marked by what it holds."""

STATUSES = ("stable", "test", "experimental")

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
    rows = ((f"`{row.name}`", f"`{row.suffix}`" if row.by_suffix else "", row.title) for row in REPORTERS)
    return _table(("format", "suffix", "what it is"), rows)


def hunt_formats() -> str:
    """The outputs of a hunt."""
    rows = (
        (f"`{row.name}`", f"`{row.suffix}`" if row.by_suffix else "", "yes" if row.in_folder else "", row.title)
        for row in HUNT_FORMATS
    )
    return _table(("format", "suffix", "in a folder", "what it is"), rows)


def columns() -> str:
    """The tables with their columns, and which of these hold more than text."""
    parts = []
    for form in TABLES.values():
        kinds = (f"`{name}`{_KINDS[kind.value]}" for name, kind in form.kinds.items())
        parts.append(f"- **{form.name}**: {', '.join(kinds)}\n")
    return "".join(parts)


def facts() -> str:
    """The catalogue of facts."""
    rows = ((f"`{kind.pattern}`", kind.type.value, kind.meaning) for kind in CATALOGUE)
    return _table(("fact", "value", "meaning"), rows)


def collectors() -> str:
    """Where facts come from."""
    rows = (
        (row.title, "every fact" if row.from_facts_file else ", ".join(f"`{name}`" for name in row.provides))
        for row in COLLECTORS
    )
    return _table(("source", "facts"), rows)


def counts() -> str:
    """How many rules the catalogue has, by product, kind and status."""
    rules = _reporting()
    kinds = [kind for kind in KINDS if any(rule.info.kind == kind for rule in rules)]
    rows = [_counted(PRODUCTS[product], found, kinds) for product, found in _by_folder(rules, 0)]
    headings = ("product", "rules", *kinds, *STATUSES)
    return _table(headings, [*rows, _counted("all", rules, kinds)])


def _counted(name: str, rules: Sequence[Rule], kinds: Iterable[str]) -> list[str]:
    of_kind = (sum(rule.info.kind == kind for rule in rules) for kind in kinds)
    of_status = (sum(rule.info.status == status for rule in rules) for status in STATUSES)
    return [name, str(len(rules)), *map(str, of_kind), *map(str, of_status)]


def catalogue() -> str:
    """The rules by product and area, each with its events and a link to its file."""
    parts = []
    for product, found in _by_folder(_reporting(), 0):
        parts.append(f"## {PRODUCTS[product]}\n\n")
        for area, rules in _by_folder(found, 1):
            table = _table(("article", "problem", "kind", "level", "status", "events"), map(_row, rules))
            parts.append(f"### {AREAS.get(area, area.capitalize())}\n\n{table}\n")
    return "".join(parts).rstrip("\n") + "\n"


def _row(rule: Rule) -> list[str]:
    info = rule.info
    title = f"[{info.title}](../rules/{info.file})"
    return [info.article, title, info.kind, info.level, info.status, _cut("; ".join(events_of(rule)))]


def _reporting() -> list[Rule]:
    """The rules that report anything themselves."""
    return [rule for rule in rules_of(None).rules if not rule.silent]


def _by_folder(rules: Iterable[Rule], depth: int) -> Iterator[tuple[str, list[Rule]]]:
    """Rules by the name of one folder on their path, in its order, then in that of article and title."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.info.article or "~", rule.info.title)):
        found.setdefault(rule.info.file.split("/")[depth], []).append(rule)
    yield from sorted(found.items())


def lints() -> str:
    """What a check of rules looks for."""
    return _table(("lint", "why", "what to do"), ((f"`{row.name}`", row.reason, row.remedy) for row in CHECKS))


@cache
def _audited() -> Report:
    """What an audit of the samples finds."""
    hosts = run(plan(ROOT / "samples" / "hosts"), rules_of(None).rules, ScanOptions(), jobs=1)
    return Report(hosts=tuple(hosts), rules=tuple(rule.info for rule in rules_of(None).rules))


def example() -> str:
    """What the terminal shows of one sample host."""
    report = _audited()
    stream = BytesIO()
    (console,) = (row for row in REPORTERS if row.name == "console")
    console.write(replace(report, hosts=tuple(host for host in report.hosts if host.host == "FS-03")), stream)
    lines = stream.getvalue().decode("utf-8").splitlines()
    return "```text\n" + "".join(f"{line.rstrip()}\n" for line in lines).rstrip("\n") + "\n```\n"


def findings() -> str:
    """What an audit of the samples finds: some columns of its ``findings.csv``."""
    table = TABLES["findings"].table(_audited())
    shown = [table.columns.index(name) for name in ("Host", "Verdict", "Level", "RuleTitle", "MissingFacts")]
    return _table(
        [table.columns[column] for column in shown],
        ([_cut(cell_text(row[column]), 125) for column in shown] for row in table.rows),
    )


def _cut(text: str, most: int = 230) -> str:
    return text if len(text) <= most else text[: most - 1].rpartition(" ")[0] + " …"


def _commands() -> Iterable[tuple[str, str]]:
    for name, command in all_commands().items():
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


def python_reference() -> str:
    """The functions of the Python interface with their docstrings."""
    return "".join(_documented(name) for name in evtscan.__all__ if inspect.isfunction(getattr(evtscan, name)))


def _documented(name: str) -> str:
    function = getattr(evtscan, name)
    shown = str(inspect.signature(function)).replace("evtscan.base.model.", "").replace('"', "")
    text = inspect.getdoc(function) or ""
    return f"### {name}\n\n`{name}{_plain_types(shown)}`\n\n{_as_markdown(text)}\n\n"


def _plain_types(signature: str) -> str:
    """A signature without the names of modules."""
    short = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z_])", "", signature)
    return re.sub(r"ReadOptions = ReadOptions\([^)]*\)", "ReadOptions = ReadOptions()", short)


_SECTIONS = {"Args:": "**Arguments**", "Raises:": "**Errors**", "Example:": "**Example**"}


def _as_markdown(text: str) -> str:
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if line in _SECTIONS:
            section = line
            lines += [_SECTIONS[line], ""]
        elif section == "Example:" and line.strip():
            lines.append(f"    {line.strip()}")
        elif section and (entry := re.match(r"    (\w+): (.*)", line)):
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        elif section and line.strip():
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line.replace("``", "`"))
    return "\n".join(line.replace("``", "`") for line in lines)


def arrow_schema() -> str:
    """The columns of tables of events."""
    return _table(("column", "type"), ([f"`{field.name}`", f"`{field.type}`"] for field in SCHEMA))


GENERATORS: dict[str, Callable[[], str]] = {
    function.__name__: function
    for function in (
        *(commands, formats, evidence, archives, reports, hunt_formats, columns, facts, collectors),
        *(counts, catalogue, lints, example, findings, python_reference, arrow_schema),
    )
}


def _schema() -> str:
    """The schema of ``report.json``."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


WHOLE: dict[str, Callable[[], str]] = {"docs/report.schema.json": _schema}
"""Files of which nothing is written by hand."""


def regenerated(text: str) -> str:
    """The text of a page with its generated parts as they should be."""
    return _PART.sub(lambda part: f"{part[1]}{GENERATORS[part[2]]()}{part[3]}", text)


def stale() -> list[Path]:
    """The pages of which a generated part is not current."""
    pages = sorted(page for pattern in FILES for page in ROOT.glob(pattern))
    stale_pages = [page for page in pages if regenerated(text := page.read_text("utf-8")) != text]
    whole = {ROOT / name: make() for name, make in WHOLE.items()}
    return stale_pages + [path for path, text in whole.items() if not path.is_file() or path.read_text("utf-8") != text]


def main() -> int:
    """Bring every page up to date, or with ``--check`` name those that are not."""
    pages = stale()
    if "--check" in sys.argv[1:]:
        for page in pages:
            print(f"{page.relative_to(ROOT)} is stale: run python docs/generate.py")
        return 1 if pages else 0
    for page in pages:
        make = WHOLE.get(page.relative_to(ROOT).as_posix())
        page.write_text(make() if make else regenerated(page.read_text("utf-8")), "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
