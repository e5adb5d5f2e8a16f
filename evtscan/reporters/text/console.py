"""Report → text for people, on a terminal of any width or in a file.

Every text goes through ``_plain`` into a ``Text`` and is never parsed as markup, so that the content of a log can
neither set colours nor move the cursor. Times are printed to the second.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from operator import attrgetter
from types import MappingProxyType
from typing import BinaryIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evtscan.base.logic import Truth
from evtscan.base.model.diagnosis import RuleFactors
from evtscan.base.model.finding import NEW, NOT_SEEN, STATUSES, Explanation, Verdict
from evtscan.base.model.rule import QUIET_KINDS
from evtscan.base.safetext import prose
from evtscan.report.model import Report
from evtscan.reporters.digest.blindspots import KINDS
from evtscan.reporters.digest.hosts import Digest, findings_shown, folded
from evtscan.reporters.digest.needs import Need
from evtscan.reporters.digest.remedies import Remedy
from evtscan.reporters.digest.summary import (
    HostState,
    HostSummary,
    ReportedFinding,
    in_order,
    rules_by_id,
    summary_of,
)
from evtscan.reporters.digest.unexplainedkinds import UnexplainedKind
from evtscan.reporters.text.explanation import host_lines
from evtscan.reporters.text.explanation import lines as explanation_lines
from evtscan.reporters.text.paragraphs import MARGIN, cut_line, paragraph
from evtscan.reporters.text.phrases import (
    changes_before,
    common_factors,
    count,
    coverage,
    explained,
    in_short,
    in_short_of_all,
    in_short_of_one,
    logged,
    named,
    system_of,
    unexplained_kind,
    verdict_counts,
    word,
)
from evtscan.reporters.text.zonedtimes import to_seconds

WIDTH = 80
"""Columns of text that goes into a file."""

REMEDIES_SHOWN = 5
"""How many remedies the overview of several hosts has, most urgent first."""

NEEDS_SHOWN = 3
"""How many missing facts it has, most decisive first."""

HOSTS_SHOWN = 8
"""How many hosts it has, worst first."""

UNEXPLAINED_SHOWN = 10
"""How many kinds of unexplained events are shown, most urgent first."""

NAMES_SHOWN = 5
"""How many hosts a remedy names."""

ENTITIES_SHOWN = 5
"""How many entities (disks, accounts, services …) a folded finding lists."""

_SHORT = NOT_SEEN | {Verdict.EXCLUDED}
"""Verdicts of which the reason alone is shown."""

_LABEL = 11

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


class ConsoleSink:
    """Collects all hosts of a report, then writes it as UTF-8 text without colour."""

    def __init__(self, report: Report, stream: BinaryIO) -> None:
        self._report = report
        self._stream = stream
        self._digest = Digest()

    def add(self, summary: HostSummary) -> None:
        """Add a host."""
        self._digest.add(summary)

    def close(self) -> None:
        """Write the text."""
        text = TextIOWrapper(self._stream, encoding="utf-8", newline="\n")
        try:
            console = Console(file=text, width=WIDTH, height=25, color_system=None, legacy_windows=False)
            render(self._report, self._digest, console)
            text.flush()
        finally:
            text.detach()


def sink(report: Report, stream: BinaryIO) -> ConsoleSink:
    """Return a sink that writes a report.

    Raises:
        OSError: if the stream cannot be written.
    """
    return ConsoleSink(report, stream)


def render(
    report: Report,
    digest: Digest,
    console: Console,
    *,
    show_all: bool = False,
    in_detail: bool = False,
    saved: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print a report: all findings if it has one host, an overview that fits a terminal if it has several.

    ``in_detail`` (-v) adds the findings of every host with every condition, worst host first, and removes the limits of
    the overview. ``show_all`` adds findings that were not seen or do not apply. ``digest`` has received the hosts of
    the report. ``saved`` are the files that the report was written to, by format.
    """
    several = digest.hosts > 1
    rules = rules_by_id(report)
    hosts = in_order(report.hosts)
    listed = digest.order(show_all=show_all or not several)
    if not several or show_all or in_detail:
        for index in listed:
            summary = summary_of(hosts[index], rules)
            _print_host(console, summary, show_all=show_all, in_detail=in_detail, remedies=not several)
    if not several:
        _print_unexplained(console, digest.unexplained.ranked(), with_hosts=False, shortened=not in_detail)
    if several:
        shortened = not (show_all or in_detail)
        worst = listed[:HOSTS_SHOWN] if shortened else listed
        factors = {item.rule_id: item for item in report.factors}
        _print_overview(console, digest, factors, show_all=show_all, shortened=shortened)
        _print_hosts(console, (summary_of(hosts[index], rules) for index in worst), len(listed) - len(worst), show_all)
        _print_unexplained(console, digest.unexplained.ranked(), with_hosts=True, shortened=shortened)
        _print_blind_spots(console, digest)
        if shortened and listed:
            console.print()
            for line in _next_steps(digest, saved):
                paragraph(console, 0, Text(_plain(line), "dim"))


def _next_steps(digest: Digest, saved: Mapping[str, str]) -> Iterator[str]:
    """Return the commands that a reader of the overview may need next."""
    page, whole = saved.get("html"), saved.get("json")
    if page:
        yield f"{page} has every finding; -v prints them here."
    else:
        yield "-v prints every finding; -o FOLDER saves report.html and the tables."
    if whole and (digest.needs.ranked() or digest.without_system):
        yield "A script that collects what is missing:"
        for name in digest.generations or ("modern",):
            yield f"evtscan collect --for {name} --missing {whole}"


def _plain(text: str) -> str:
    return prose(to_seconds(text))


# ------------------------------------------------------------------------------------------------ one host


def _print_host(console: Console, summary: HostSummary, *, show_all: bool, in_detail: bool, remedies: bool) -> None:
    host = summary.host
    heading = Text(prose(host.host), "bold")
    if host.computer and host.computer != host.host:
        heading.append(f" ({prose(host.computer)})", "not bold")
    paragraph(console, 0, heading.append(": " + system_of(host), "not bold"))
    items = sorted(findings_shown(summary, show_all=show_all), key=attrgetter("reading_order"))
    for index, group in enumerate(folded(items)):
        if index and group[0].verdict not in _SHORT:
            console.print()
        _print_finding(console, group, in_detail=in_detail, remedies=remedies)
    if not items:
        paragraph(console, MARGIN, Text(_nothing_found(summary)))
    console.print()


def _nothing_found(summary: HostSummary) -> str:
    if not summary.logs:
        return "Could not be judged: no event log was read."
    span = f" from {summary.first_event} to {summary.last_event}" if summary.first_event else ""
    read = f"{count(summary.logs, 'log')} with {count(summary.records, 'record')}{span}"
    if not summary.is_judged:
        return _plain(f"Could not be judged: no finding in {read}, and none of the logs is a System log.")
    return _plain(f"No finding in {read}.")


def _print_finding(console: Console, group: Sequence[ReportedFinding], *, in_detail: bool, remedies: bool) -> None:
    """Print one finding, or several that have the same rule and verdict and differ only in their entity, as one."""
    item = group[0]
    finding = item.finding
    quiet = item.rule.kind in QUIET_KINDS
    mark = _label(word(item.verdict).upper(), "dim" if quiet else _VERDICT_STYLES[item.verdict])
    paragraph(console, len(mark), Text(prose(item.rule.title or item.rule.id), "bold"), mark)
    _print_labelled(console, "", [in_short(item) if len(group) == 1 else in_short_of_all(group)])
    if item.verdict not in _SHORT:
        _print_labelled(console, "What", [item.rule.description])
        _print_labelled(console, "Cause", [item.rule.cause])
    _print_labelled(console, "Evidence", [finding.reason])
    if item.verdict in _SHORT:
        return
    if len(group) > 1:
        shown = group if in_detail else group[:ENTITIES_SHOWN]
        _print_labelled(console, "Of each", [in_short_of_one(other) for other in shown])
        if len(group) > len(shown):
            _print_labelled(console, "", [f"and {len(group) - len(shown):,} more (-v lists all)"])
    if finding.explanation:
        _print_explanation(console, finding.explanation, in_detail=in_detail)
    _print_labelled(console, "Follows", [f"may follow from {name}" for name in item.consequence_of])
    _print_labelled(console, "Changes", list(changes_before(finding)))
    _print_labelled(console, "Logged", [logged(finding)])
    _print_labelled(console, "Coverage", [coverage(finding)])
    _print_labelled(console, "Missing", finding.missing_facts)
    _print_labelled(console, "Get it", finding.how_to_get)
    if remedies:
        _print_steps(console, finding.remedy)


def _print_explanation(console: Console, explanation: Explanation, *, in_detail: bool) -> None:
    label = "Tests" if in_detail else "Host"
    for line in explanation_lines(explanation) if in_detail else host_lines(explanation):
        first = _label(label).append(" " * line.indent).append(line.mark, _TRUTH_STYLES[line.truth])
        paragraph(console, len(first), Text(_plain(line.text), "dim" if line.truth is None else ""), first)
        label = ""


# ----------------------------------------------------------------------------------------------- many hosts


def _print_overview(
    console: Console, digest: Digest, factors: Mapping[str, RuleFactors], *, show_all: bool, shortened: bool
) -> None:
    counts = _counted(digest.counts, show_all)
    states = [f"{digest.states[state]:,} {state.value}" for state in HostState if digest.states[state]]
    paragraph(console, 0, Text(f"{digest.hosts:,} hosts: {', '.join(states)}"))
    if counts:
        paragraph(console, 0, Text("Findings: ").append_text(counts))
    if digest.tally.errors:
        paragraph(console, 0, Text(explained(digest.tally)))
    if digest.statuses.keys() - {NEW}:
        statuses = ", ".join(f"{digest.statuses[status]:,} {status}" for status in STATUSES if digest.statuses[status])
        paragraph(console, 0, Text(f"Compared with what is known: {statuses}"))
    console.print()
    _print_remedies(console, digest.remedies.ranked(), factors, shortened=shortened)
    _print_needs(console, digest.needs.ranked(), digest.without_system, shortened=shortened)


def _print_remedies(
    console: Console, found: Sequence[Remedy], factors: Mapping[str, RuleFactors], *, shortened: bool
) -> None:
    """Print each remedy once, with the hosts that need it, most urgent first."""
    if not found:
        return
    paragraph(console, 0, Text("Do first", "bold"))
    for number_, remedy in enumerate(found[:REMEDIES_SHOWN] if shortened else found, 1):
        number = Text(f"{number_:>3}. ")
        title = ", ".join(part for part in (remedy.rule.article, remedy.rule.title or remedy.rule.id) if part)
        paragraph(console, len(number), Text(prose(title), "bold"), number)
        verdicts = [Text(text, _VERDICT_STYLES[verdict]) for verdict, text in verdict_counts(remedy.verdicts)]
        head = Text(", ").join(verdicts)
        head.append(f", {remedy.rule.level}, {count(len(remedy.hosts), 'host')}: ")
        cut_line(console, len(number), head.append(named(remedy.hosts, NAMES_SHOWN)))
        if remedy.followers:
            cut_line(console, len(number), Text(f"{count(remedy.followers, 'other finding')} may follow from it"))
        in_common = factors.get(remedy.rule.id)
        if in_common is not None and (in_common.factors or not shortened):
            lines = list(common_factors(in_common))
            for line in lines[:1] if shortened else lines:
                text = Text(f"In common: {prose(line)}")
                if shortened:
                    cut_line(console, len(number), text)
                else:
                    paragraph(console, len(number), text)
        if shortened:
            more = f" (and {count(len(remedy.steps) - 1, 'more step')})" if len(remedy.steps) > 1 else ""
            cut_line(console, len(number), Text(prose(remedy.steps[0])), more)
        else:
            _print_steps(console, remedy.steps)
    if shortened:
        _print_more(console, len(found) - REMEDIES_SHOWN, "remedy", "remedies")
    console.print()


def _print_needs(console: Console, found: Sequence[Need], without_system: Sequence[str], *, shortened: bool) -> None:
    """Print what to collect; facts that would decide the most findings first."""
    if not found and not without_system:
        return
    paragraph(console, 0, Text("Collect next", "bold"))
    if without_system:
        line = Text("System log", "bold").append(f": missing on {count(len(without_system), 'host')}: ", "not bold")
        cut_line(console, MARGIN, line.append(named(without_system, NAMES_SHOWN), "not bold"))
    for need in found[:NEEDS_SHOWN] if shortened else found:
        decides = f"{count(len(need.findings), 'finding')} on {count(len(need.hosts), 'host')}"
        alone = f", {need.alone:,} by itself" if need.alone else ""
        heading = Text(prose(need.fact or "To ask or to export"), "bold")
        cut_line(console, MARGIN, heading.append(f": helps to decide {decides}{alone}", "not bold"))
        if shortened:
            cut_line(console, 2 * MARGIN, Text(prose(next(iter(need.ways), ""))))
        else:
            for way in need.ways:
                paragraph(console, 2 * MARGIN, Text(prose(way)))
    if shortened:
        _print_more(console, len(found) - NEEDS_SHOWN, "fact", "facts")
    console.print()


def _print_unexplained(
    console: Console, found: Sequence[UnexplainedKind], *, with_hosts: bool, shortened: bool
) -> None:
    """Print the kinds of errors and warnings that no rule explains, most urgent first."""
    if not found:
        return
    paragraph(console, 0, Text("Not explained by any rule", "bold"))
    for kind in found[:UNEXPLAINED_SHOWN] if shortened else found:
        cut_line(console, MARGIN, Text(_plain(f"{kind.name}: {unexplained_kind(kind, with_hosts=with_hosts)}")))
        if kind.example and not shortened:
            paragraph(console, 2 * MARGIN, Text(_plain(kind.example), "dim"))
    if shortened:
        _print_more(console, len(found) - UNEXPLAINED_SHOWN, "kind of event", "kinds of events")
    console.print()


def _print_hosts(console: Console, worst: Iterable[HostSummary], more: int, show_all: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Host", "System", "Findings", "Notices"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "Notices" else "left")
    for summary in worst:
        counts = Counter(item.verdict for item in summary.findings if not item.is_notice)
        notices = f"{summary.notes:,}" if summary.notes else ""
        host = Text(prose(summary.host.host))
        table.add_row(host, Text(system_of(summary.host)), _counted(counts, show_all), notices)
    if table.row_count:
        console.print(table)
        _print_more(console, more, "host with findings", "hosts with findings")
        console.print()


def _print_blind_spots(console: Console, digest: Digest) -> None:
    if digest.blind:
        found = [kind for kind in KINDS if digest.blind[kind]]
        words = "; ".join(f"{KINDS[kind][0]}: {count(digest.blind[kind], 'host')}" for kind in found)
        paragraph(console, 0, Text("Blind spots", "bold"))
        paragraph(console, MARGIN, Text(words))


def _counted(counts: Mapping[Verdict, int], show_all: bool) -> Text:
    parts = [
        Text(f"{counts[verdict]:,} {word(verdict)}", _VERDICT_STYLES[verdict])
        for verdict in Verdict
        if counts.get(verdict) and (show_all or verdict not in NOT_SEEN)
    ]
    return Text(", ").join(parts)


def _print_more(console: Console, number: int, one: str, several: str) -> None:
    if number > 0:
        paragraph(console, MARGIN, Text(f"and {number:,} more {one if number == 1 else several}", "dim"))


# ------------------------------------------------------------------------------------------------- lines


def _print_steps(console: Console, steps: Sequence[str]) -> None:
    numbered = steps if len(steps) == 1 else [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    _print_labelled(console, "Fix", numbered)


def _print_labelled(console: Console, label: str, bodies: Sequence[str]) -> None:
    for body in bodies:
        if body:
            paragraph(console, MARGIN + _LABEL, Text(_plain(body)), _label(label))
            label = ""


def _label(label: str, style: str = "") -> Text:
    return Text(" " * MARGIN).append(label.ljust(_LABEL - 1) + " ", style)
