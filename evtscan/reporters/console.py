"""Report → text for people, on a terminal of any width or in a file.

Every piece of text goes through ``prose`` and into a ``Text``, never into markup: what stands in a log can neither
colour nor move anything.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import BinaryIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evtscan.logic import Truth
from evtscan.model import QUIET_KINDS, Explanation, HostReport, Report, Verdict
from evtscan.reporters.explanation import lines as explanation_lines
from evtscan.reporters.safetext import prose
from evtscan.reporters.summary import NOT_SEEN, HostSummary, Judged, summarise
from evtscan.reporters.tables import RECORD_IDS_SHOWN

WIDTH = 80
"""Columns of text that goes into a file."""

HOSTS_IN_DETAIL = 20
"""How many hosts of an audit are shown finding by finding, worst first, before a line says how to see the rest."""

HOSTS_IN_TABLE = 50
"""How many hosts the table at the end lists, worst first."""

_SHORT = NOT_SEEN | {Verdict.EXCLUDED}
"""Verdicts of which the reason alone is shown."""

_LABEL = 11
_MARGIN = 2
_WIDEST = 100  # longer lines are hard to read
_NARROWEST = 16  # paragraphs of fewer columns too

_VERDICT_STYLES: Mapping[Verdict, str] = {
    Verdict.CONFIRMED: "bold red",
    Verdict.POSSIBLE: "bold yellow",
    Verdict.EXPOSED: "bold magenta",
    Verdict.RESOLVED: "green",
    Verdict.EXCLUDED: "dim",
    Verdict.DETECTED: "cyan",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.CLEAR: "dim",
    Verdict.NOT_ASSESSED: "dim",
}
_TRUTH_STYLES: Mapping[Truth | None, str] = {
    Truth.TRUE: "green",
    Truth.FALSE: "red",
    Truth.UNKNOWN: "yellow",
    None: "dim",
}


def write(report: Report, stream: BinaryIO) -> None:
    """Write a report as UTF-8 text without colour.

    Raises:
        OSError: if the stream cannot be written.
    """
    text = TextIOWrapper(stream, encoding="utf-8", newline="\n")
    try:
        render(report, Console(file=text, width=WIDTH, height=25, color_system=None, legacy_windows=False))
        text.flush()
    finally:
        text.detach()


def render(report: Report, console: Console, *, show_all: bool = False) -> None:
    """Print a report: each host with its findings, worst first, and for several hosts a table of them.

    ``show_all`` adds what was not seen or does not apply, and lifts the limit on hosts.
    """
    summaries = sorted(summarise(report), key=lambda summary: summary.severity)
    several = len(summaries) > 1
    shown = [summary for summary in summaries if not several or _visible(summary, show_all)]
    detailed = shown if show_all else shown[:HOSTS_IN_DETAIL]
    for summary in detailed:
        _print_host(console, summary, show_all=show_all, remedies=not several)
    if len(shown) > len(detailed):
        _print(console, 0, Text(f"{len(shown) - len(detailed):,} more hosts have findings: --all shows them, -o saves"))
        console.print()
    if several:
        _print_remedies(console, shown)
        _print_table(console, summaries, shown if show_all else shown[:HOSTS_IN_TABLE], show_all=show_all)


# ------------------------------------------------------------------------------------------------ one host


def _print_host(console: Console, summary: HostSummary, *, show_all: bool, remedies: bool) -> None:
    host = summary.host
    heading = Text(prose(host.host), "bold")
    if host.computer and host.computer != host.host:
        heading.append(f" ({prose(host.computer)})", "not bold")
    _print(console, 0, heading.append(": " + _system(host), "not bold"))
    items = _visible(summary, show_all)
    for place, item in enumerate(items):
        if place and item.verdict not in _SHORT:
            console.print()
        _print_finding(console, item, remedies=remedies)
    if not items:
        _print(console, _MARGIN, Text(_nothing_found(summary)))
    console.print()


def _visible(summary: HostSummary, show_all: bool) -> list[Judged]:
    return [item for item in summary.findings if show_all or item.verdict not in NOT_SEEN]


def _system(host: HostReport) -> str:
    name = host.os or (f"Windows version {host.version}" if host.version else "system unknown")
    return prose(f"{name}, {_service_pack(host.service_pack)}" if host.service_pack else name)


def _service_pack(text: str) -> str:
    return "no service pack" if text == "0" else f"Service Pack {text}" if text[0].isdigit() else text


def _nothing_found(summary: HostSummary) -> str:
    if not summary.logs:
        return "No finding: no event log was read."
    span = f" from {summary.first_event} to {summary.last_event}" if summary.first_event else ""
    return prose(f"No finding in {_count(summary.logs, 'log')} with {_count(summary.records, 'record')}{span}.")


def _print_finding(console: Console, item: Judged, *, remedies: bool) -> None:
    finding = item.finding
    quiet = item.rule.kind in QUIET_KINDS
    word = _label(_word(item.verdict).upper(), "dim" if quiet else _VERDICT_STYLES[item.verdict])
    _print(console, len(word), Text(prose(item.rule.title or item.rule.id), "bold"), word)
    _print_labelled(console, "", [_in_short(item)])
    _print_labelled(console, "Why", [finding.reason])
    if item.verdict in _SHORT:
        return
    if finding.explanation:
        _print_explanation(console, finding.explanation)
    _print_labelled(console, "Logged", [_logged(item)])
    _print_labelled(console, "Coverage", [_coverage(item)])
    _print_labelled(console, "Missing", finding.missing_facts)
    _print_labelled(console, "Get it", finding.how_to_get)
    if remedies:
        _print_steps(console, finding.remedy)


def _in_short(item: Judged) -> str:
    finding, rule = item.finding, item.rule
    times = f"{finding.first_seen} to {finding.last_seen}" if finding.first_seen != finding.last_seen else ""
    parts = [
        rule.article,
        rule.level,
        rule.kind,
        finding.entity,
        _count(finding.count, "event") if finding.count else "",
        times or finding.first_seen,
        finding.activity if finding.activity != "unknown" else "",
        finding.status if finding.status != "new" else "",
        f"basis: {finding.basis}" if finding.basis else "",
    ]
    return ", ".join(part for part in parts if part)


def _logged(item: Judged) -> str:
    finding = item.finding
    if not finding.record_ids:
        return ""
    numbers = [str(number) for number in finding.record_ids[:RECORD_IDS_SHOWN]]
    if len(finding.record_ids) > RECORD_IDS_SHOWN:
        numbers.append(f"and {len(finding.record_ids) - RECORD_IDS_SHOWN:,} more")
    what = f"{'/'.join(finding.providers)} {'/'.join(map(str, finding.event_ids))}"
    return f"{what} in {', '.join(finding.source_files)}, records {', '.join(numbers)}"


def _coverage(item: Judged) -> str:
    finding = item.finding
    if not finding.coverage_from or finding.complete == "whole":
        return ""
    return f"{finding.coverage_from} to {finding.coverage_to}, {finding.complete}"


def _print_explanation(console: Console, explanation: Explanation) -> None:
    label = "Facts"
    for line in explanation_lines(explanation):
        first = _label(label).append(" " * line.indent).append(line.mark, _TRUTH_STYLES[line.truth])
        _print(console, len(first), Text(line.text, "dim" if line.truth is None else ""), first)
        label = ""


# ----------------------------------------------------------------------------------------------- many hosts


def _print_remedies(console: Console, summaries: Sequence[HostSummary]) -> None:
    """Print each remedy once, with the hosts that need it: most severe first, then by the number of hosts."""
    groups: dict[tuple[str, tuple[str, ...]], list[Judged]] = {}
    for summary in summaries:
        for item in summary.findings:
            if item.finding.remedy and item.counts_as_worst and item.verdict not in _SHORT | {Verdict.RESOLVED}:
                groups.setdefault((item.rule.id, item.finding.remedy), []).append(item)
    if not groups:
        return
    _print(console, 0, Text("What to do", "bold"))
    for (_, steps), items in sorted(groups.items(), key=lambda group: _urgency(group[1])):
        rule = items[0].rule
        title = ", ".join(part for part in (rule.article, rule.title or rule.id) if part)
        names = [item.host.host for item in items[:HOSTS_IN_DETAIL]]
        more = len(items) - len(names)
        _print(console, _MARGIN, Text(prose(title), "bold"))
        _print_labelled(console, "Hosts", [", ".join(names) + (f" and {more:,} more" if more else "")])
        _print_steps(console, steps)
    console.print()


def _urgency(items: Sequence[Judged]) -> tuple[int, int]:
    return min(item.verdict.rank for item in items), -len(items)


def _print_table(
    console: Console, summaries: Sequence[HostSummary], listed: Sequence[HostSummary], *, show_all: bool
) -> None:
    if listed:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("Host", "System", "Findings"):
            table.add_column(heading, overflow="fold")
        for summary in listed:
            table.add_row(Text(prose(summary.host.host)), Text(_system(summary.host)), _counted([summary], show_all))
        console.print(table)
    found = sum(bool(_visible(summary, show_all)) for summary in summaries)
    if found > len(listed):
        _print(console, 0, Text(f"and {found - len(listed):,} more hosts with findings"))
    counts = _counted(summaries, show_all)
    line = Text(f"{len(summaries):,} hosts, {found:,} with findings")
    _print(console, 0, line.append(": ").append_text(counts) if counts else line)


def _counted(summaries: Sequence[HostSummary], show_all: bool) -> Text:
    counts = Counter(item.verdict for summary in summaries for item in _visible(summary, show_all))
    parts = [
        Text(f"{counts[verdict]:,} {_word(verdict)}", _VERDICT_STYLES[verdict])
        for verdict in Verdict
        if counts[verdict]
    ]
    return Text(", ").join(parts)


# ------------------------------------------------------------------------------------------------- lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _print_steps(console: Console, steps: Sequence[str]) -> None:
    numbered = steps if len(steps) == 1 else [f"{place}. {step}" for place, step in enumerate(steps, 1)]
    _print_labelled(console, "Fix", numbered)


def _print_labelled(console: Console, label: str, bodies: Sequence[str]) -> None:
    for body in bodies:
        if body:
            _print(console, _MARGIN + _LABEL, Text(prose(body)), _label(label))
            label = ""


def _word(verdict: Verdict) -> str:
    return verdict.value.replace("_", " ")


def _label(label: str, style: str = "") -> Text:
    return Text(" " * _MARGIN).append(label.ljust(_LABEL - 1) + " ", style)


def _print(console: Console, indent: int, text: Text, first: Text | None = None) -> None:
    """Print a paragraph wrapped on words, ``indent`` columns in; ``first`` stands in the indent of its first line.

    Where the terminal is too narrow for the indent, ``first`` gets a line of its own.
    """
    prefix = first or Text(" " * indent)
    width = min(console.width, _WIDEST)
    if width - indent < _NARROWEST:
        indent = _MARGIN
        if prefix.plain.strip():
            alone = prefix.copy()
            alone.rstrip()
            console.print(alone, overflow="fold")
        prefix = Text(" " * indent)
    for line in text.wrap(console, max(width - indent, 2)):
        line.rstrip()
        console.print(prefix + line, soft_wrap=True)
        prefix = Text(" " * indent)
