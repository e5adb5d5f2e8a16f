"""``explain``: a rule as a page; with evidence, why it did or did not apply there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from evtscan.cli import options as opt
from evtscan.cli import session
from evtscan.cli.exits import DONE, command
from evtscan.detection.rule import Rule
from evtscan.errors import UsageError
from evtscan.messages import MessagesFrom
from evtscan.model import Finding, HostReport, RuleInfo
from evtscan.reporters.explanation import as_text
from evtscan.reporters.safetext import prose
from evtscan.scan import ScanOptions
from evtscan.scan import scan as scan_host
from evtscan.sources import find

MESSAGES_SHOWN = 3
"""How many messages of matching events stand below a finding."""


@command
def explain(
    rule: Annotated[str, typer.Argument(help="Article (Q162396), id, title or file name.", show_default=False)],
    paths: Annotated[
        list[str] | None, typer.Argument(help="Evidence of one host to explain it on.", show_default=False)
    ] = None,
    rules: opt.RulePaths = None,
    strict_facts: opt.StrictFacts = False,
    messages: opt.Messages = "",
    no_color: opt.NoColor = False,
) -> int:
    """Show what a rule says; with evidence, why it applies to that host or does not."""
    chosen = _find(session.rules_of(rules).rules, rule)
    console = session.console(no_color=no_color)
    for item in chosen:
        for heading, lines in _page(item.info):
            console.print(Text(heading, "bold"))
            for line in lines:
                console.print(Padding(Text(prose(line)), (0, 0, 0, 2)))
    if paths:
        host = _on_evidence(paths, chosen, strict_facts, opt.messages_from(messages))
        for finding in host.findings:
            console.print()
            console.print(Text(f"{prose(finding.verdict.upper())} on {prose(host.host)}", "bold"))
            console.print(Padding(Text(prose(finding.reason)), (0, 0, 0, 2)))
            if finding.explanation:
                console.print(Padding(Text(as_text(finding.explanation)), (0, 0, 0, 2)))
            for line in _logged(host, finding):
                console.print(Padding(Text(prose(line)), (0, 0, 0, 2)))
        for warning in host.warnings if messages else ():
            if warning.kind.startswith("message_"):
                console.print(Text(prose(f"{warning.location}: {warning.message}")))
    return DONE


def _logged(host: HostReport, finding: Finding) -> Iterator[str]:
    """The messages of the first events that matched, each once."""
    rows = [row for row in host.matches if (row.rule_id, row.entity) == (finding.rule_id, finding.entity)]
    first = {row.message: row for row in reversed(rows) if row.message}
    for row in sorted(first.values(), key=lambda row: (row.timestamp, row.source_file))[:MESSAGES_SHOWN]:
        yield f"Logged at {row.timestamp or 'an unknown time'}: {row.message}"


def _find(rules: Sequence[Rule], wanted: str) -> list[Rule]:
    """The rules that a word names: by article, id, title or file name.

    Raises:
        UsageError: if there is none.
    """
    word = wanted.casefold()
    found = [
        rule
        for rule in rules
        if word in (rule.info.article.casefold(), rule.info.id.casefold(), rule.info.title.casefold())
        or word in (rule.info.file.casefold(), Path(rule.info.file).stem.casefold())
    ]
    if not found:
        raise UsageError(f"{wanted}: no rule has this article, id, title or file name; “evtscan rules list” shows them")
    return found


def _page(info: RuleInfo) -> Iterator[tuple[str, list[str]]]:
    """The sections of a rule's page, those without content left out."""
    head = ", ".join(part for part in (info.article, info.kind, info.level, info.status) if part)
    yield prose(info.title), [head]
    sections: tuple[tuple[str, Sequence[str]], ...] = (
        ("Description", [info.description]),
        ("Cause", [info.cause]),
        ("Remedy", [f"{number}. {step}" for number, step in enumerate(info.remedy, 1)]),
        ("Until then", info.workaround),
        ("Fixed in", [info.fixed_in]),
        ("What else logs this event", info.lookalikes),
        ("References", info.references),
    )
    for heading, lines in sections:
        kept = [line for line in lines if line]
        if kept:
            yield heading, kept


def _on_evidence(
    paths: Sequence[str], rules: Sequence[Rule], strict_facts: bool, messages: MessagesFrom | None
) -> HostReport:
    found = find(opt.expand(paths))
    options = ScanOptions(show_all=True, strict_facts=strict_facts, messages=messages)
    return scan_host(found.sources, rules, options, default_name=Path(paths[0]).resolve().name, skipped=found.skipped)
