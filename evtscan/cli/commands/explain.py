"""``explain``: a rule as a page, or the meanings of an event; with evidence, why a rule applies to that host or not."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from evtscan.base.errors import UsageError
from evtscan.base.ledger import part
from evtscan.base.model.diagnosis import LEVEL_WORDS
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Finding
from evtscan.base.model.query import ReadOptions
from evtscan.base.model.rule import RuleInfo
from evtscan.base.safetext import prose
from evtscan.base.wording import data_text
from evtscan.cli.command import command
from evtscan.cli.options import groups, judging, values
from evtscan.cli.options.option import OUTPUT, option
from evtscan.cli.options.outputfile import OutputFile
from evtscan.cli.options.ruleoptions import RuleSource
from evtscan.cli.output import session, terminal
from evtscan.cli.output.exits import DONE
from evtscan.detection.authoring.manifests import provider_of
from evtscan.detection.authoring.products import products_of
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import SUFFIXES
from evtscan.detection.model.rule import Rule
from evtscan.evidence.occurrences import Occurrences, occurrences
from evtscan.intake.hostname import default_name
from evtscan.intake.paths import FoundFiles, find
from evtscan.lookup import (
    NOTHING,
    Answer,
    EventName,
    Meanings,
    around_of,
    derived_of,
    details_of,
    doubts_of,
    event_called,
    events_of,
    known_of,
    rules_called,
    rules_mentioning,
    rules_near,
    words_of,
)
from evtscan.report.model import HostReport
from evtscan.reporters.text import explanation as tree
from evtscan.reporters.text.paragraphs import MARGIN, paragraph
from evtscan.scan import ScanOptions
from evtscan.scan import scan as scan_host

COMPUTERS_SHOWN = 5
"""Computers that are named for an event that no rule is about."""

LONGEST_DATA = 200
"""Characters of the data of an event."""

MESSAGES_SHOWN = 3
"""How many messages of matching events stand below a finding."""


@command
def explain(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="WORD",
            help="A rule (id, title, file), an article (Q162396) or an event (Dhcp/1008, 1008).",
            show_default=False,
        ),
    ],
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Evidence of one host to explain it on.", show_default=False),
    ] = None,
    *,
    source: RuleSource,
    strict_facts: judging.StrictFacts = False,
    source_timezone: groups.SourceZone = "",
    messages: groups.Messages = "",
    no_color: Annotated[
        bool, option("--no-color", section=OUTPUT, help="Print without colour (as with NO_COLOR).")
    ] = False,
    target: OutputFile,
) -> int:
    """Show what a rule says, or what an event means; with evidence, why it applies to that host or does not."""
    target.check()
    own = _own_file(rule)
    rule_paths = [own, *(source.rules or ()), *(source.add_rules or ())] if own else source.paths
    known = session.rules_of(rule_paths, cached=not source.no_rule_cache).rules
    speaking = sum(not item.silent for item in known)
    terminal.print_ledger(part("rules", [f"{speaking:,} loaded from {session.origin_of_rules(rule_paths)}"]))
    word, paths = _word(rule, paths or [])
    of_own = [item for item in known if own and item.info.file == own.name and not item.silent]
    chosen = of_own if own else rules_called(known, word)
    event = None if own else event_called(word)
    answer = known_of(known, event) if event else NOTHING
    mentions = rules_mentioning(known, word) if not chosen and answer == NOTHING else []
    evidence = find(values.expand(paths)) if paths else None
    if not chosen and not mentions and answer == NOTHING:
        sections = [] if event is None else _of_unknown_event(event, evidence, groups.read_options(source_timezone))
        if not sections:
            raise UsageError(_unknown(word, event, rules_near(known, word)))
        with target.console(no_color=no_color) as console:
            _print(console, sections)
        return DONE
    with target.console(no_color=no_color) as console:
        if mentions:
            _print(
                console,
                [(f"Rules that mention {word}", [f"{item.info.title} ({_head(item.info)})" for item in mentions])],
            )
        for item in chosen:
            _print(console, _page(item))
        if answer != NOTHING:
            _print(console, _answer(answer))
        if evidence is not None:
            of_event = [meaning.rule for meanings in answer.meanings for meaning in meanings.found]
            options = ScanOptions(
                show_all=True,
                strict_facts=strict_facts,
                read=groups.read_options(source_timezone),
                messages=groups.messages_from(messages),
            )
            _explain_on(evidence, default_name(paths[0]), chosen or of_event or mentions, options, console)
    return DONE


def _own_file(word: str) -> Path | None:
    """Return the rule file that a word names, or None; rules of the catalogue are found by file name instead."""
    path = Path(word)
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return None
    return None if path.resolve().is_relative_to(catalogue.folder().resolve()) else path


def _word(word: str, paths: list[str]) -> tuple[str, list[str]]:
    """Return the word and the evidence paths.

    ``Dhcp 1008`` may be given as two arguments, and a rule of the catalogue as its file.
    """
    place, folder = Path(word).resolve(), catalogue.folder().resolve()
    if place.suffix.lower() in SUFFIXES and place.is_file() and place.is_relative_to(folder):
        return place.relative_to(folder).as_posix(), paths
    if paths and paths[0].isdecimal() and not Path(paths[0]).exists():
        return f"{word} {paths[0]}", paths[1:]
    return word, paths


def _unknown(word: str, event: EventName | None, near: Sequence[Rule]) -> str:
    if event is not None:
        number = "" if event.provider else ", nor is it the number of an article"
        return f"{event}: no rule is about this event, and none mentions it{number}; “evtscan rules list” shows them"
    shown = " or ".join(f"“{rule.info.title}” ({rule.info.article or rule.info.file})" for rule in near)
    meant = f" (did you mean {shown}?)" if shown else ""
    return f"{word}: no rule has this article, id, title or file name{meant}; “evtscan rules list” shows them"


def _of_unknown_event(
    event: EventName, evidence: FoundFiles | None, options: ReadOptions
) -> list[tuple[str, Sequence[str]]]:
    """Yield the information about an event without a rule: from the manifests of Windows, and from the evidence."""
    sections: list[tuple[str, Sequence[str]]] = []
    if defined := list(_defined(event)):
        sections.append((f"{event}: no rule is about this event", defined))
    if evidence is not None:
        found = occurrences(evidence.sources, event.event_id, event.provider, options)
        sections.append((f"{event} in this evidence", list(_occurred(found))))
        if found.nearby:
            sections.append(("Around the newest", [_record(one, found.newest) for one in found.nearby]))
    return sections


def _defined(event: EventName) -> Iterator[str]:
    """Yield the definition of an event in the manifests of Windows: levels, fields and builds, as far as known."""
    provider = provider_of(event.provider) if event.provider else None
    if provider is None or event.event_id not in provider.event_ids:
        return
    versions = provider.versions.get(event.event_id, ())
    if not versions:
        yield f"{provider.name} of Windows defines it."
    for version in versions:
        level = LEVEL_WORDS.get(version.level or 0, "level left open")
        fields = f", fields {', '.join(sorted(version.fields))}" if version.fields else ""
        yield f"Version {version.version}, {level}, from build {version.builds.start} on{fields}"


def _occurred(found: Occurrences) -> Iterator[str]:
    """Yield the number of times that an event was logged, and the data of the newest one."""
    if found.newest is None:
        yield "It was not logged."
        return
    levels = (f"{number:,} {LEVEL_WORDS.get(level or 0, 'other level')}" for level, number in found.levels.items())
    times = [str(one.time) for one in (found.oldest, found.newest) if one is not None and one.time is not None]
    span = f", {' to '.join(dict.fromkeys(times))}" if times else ""
    yield f"Logged {found.count:,} {'time' if found.count == 1 else 'times'} ({', '.join(levels)}){span}"
    yield f"By {', '.join(found.providers)} on {', '.join(found.computers[:COMPUTERS_SHOWN]) or 'an unknown computer'}"
    data = data_text(found.newest.data, LONGEST_DATA)
    if data:
        yield f"The newest ({found.newest.location}): {data}"
    if found.newest.message:
        yield f"Its message: {found.newest.message}"


def _record(event: Event, newest: Event | None) -> str:
    mark = ">" if newest is not None and event.location == newest.location else " "
    return f"{mark} {event.time or 'no time'} {event.provider} {event.event_id}: {data_text(event.data, LONGEST_DATA)}"


def _print(console: Console, sections: Iterable[tuple[str, Sequence[str]]]) -> None:
    for heading, lines in sections:
        console.print(Text(prose(heading), "bold"))
        hanging = MARGIN if len(lines) > 1 else 0  # what goes on is told from what begins
        for line in lines:
            text = line.lstrip(" ")
            indent = MARGIN + len(line) - len(text)
            paragraph(console, indent + hanging, Text(prose(text)), Text(" " * indent))


def _explain_on(
    evidence: FoundFiles, default_name: str, rules: Sequence[Rule], options: ScanOptions, console: Console
) -> None:
    host = scan_host(evidence.sources, rules, options, default_name=default_name, skipped=evidence.skipped)
    if not host.evidence:
        raise session.nothing_read(host.skipped)
    titles = {rule.info.id: f": {rule.info.title}" for rule in rules} if len(rules) > 1 else {}
    for finding in host.findings:
        console.print()
        heading = f"{finding.verdict.upper()} on {host.host}{titles.get(finding.rule_id, '')}"
        console.print(Text(prose(heading), "bold"))
        paragraph(console, MARGIN, Text(prose(finding.reason)))
        if finding.explanation and (finding.explanation.children or finding.explanation.locations):
            for leaf in tree.lines(finding.explanation):
                mark = Text(" " * (MARGIN + leaf.indent) + leaf.mark)
                paragraph(console, len(mark), Text(leaf.text), mark)
        for line in _logged(host, finding):
            paragraph(console, MARGIN, Text(prose(line)))
    for warning in host.warnings:
        line = prose(f"{warning.location}: {warning.message}")
        if warning.kind.startswith("message_"):  # it says why a text is missing above
            console.print(Text(line))
        else:
            typer.echo(line, err=True)


def _logged(host: HostReport, finding: Finding) -> Iterator[str]:
    """Return the messages of the first matched events, without duplicates."""
    rows = [row for row in host.matches if (row.rule_id, row.entity) == (finding.rule_id, finding.entity)]
    first = {row.message: row for row in reversed(rows) if row.message}
    for row in sorted(first.values(), key=lambda row: (row.timestamp, row.source_file))[:MESSAGES_SHOWN]:
        yield f"Logged at {row.timestamp or 'an unknown time'}: {row.message}"


def _page(rule: Rule) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the sections of a rule's page, without empty ones."""
    info = rule.info
    yield info.title, [_head(info)]
    issue = rule.known_issue
    conditions = words_of(issue.when) if issue else ()
    sections: tuple[tuple[str, Sequence[str]], ...] = (
        ("Description", [info.description]),
        ("Logged as", events_of(rule)),
        ("And in it", details_of(rule)),
        ("Fields worked out of it", derived_of(rule)),
        ("And around it", around_of(rule)),
        ("On hosts where", tuple(conditions)),
        ("Facts that are doubtful", doubts_of(rule)),
        ("Products", [str(products_of(issue.when))] if issue else []),
        ("One finding for each", [" and ".join(issue.entity)] if issue else []),
        ("Goes before", [", ".join(issue.precedence)] if issue else []),
        ("May follow from", [", ".join(info.consequence_of)]),
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


def _answer(answer: Answer) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the meanings of an event by source and product, then texts of other rules that mention its number."""
    for meanings in answer.meanings:
        yield meanings.heading, list(_by_product(meanings))
    if answer.mentions:
        texts = (f"{item.text} [{item.rule.info.article or item.rule.info.title}]" for item in answer.mentions)
        yield "What rules say of this number", list(dict.fromkeys(texts))


def _by_product(meanings: Meanings) -> Iterator[str]:
    for products, found in groupby(meanings.found, key=lambda meaning: str(meaning.products)):
        yield f"On {products}:" if products else "Wherever it is logged:"
        for meaning in found:
            info = meaning.rule.info
            yield f"  {_line(info)}"
            yield from (f"    {'  ' if line.startswith(' ') else 'if'} {line}" for line in meaning.conditions)


def _line(info: RuleInfo) -> str:
    return f"{info.title} ({_head(info)})"


def _head(info: RuleInfo) -> str:
    return ", ".join(part for part in (info.article, info.kind, info.level, info.status) if part)
