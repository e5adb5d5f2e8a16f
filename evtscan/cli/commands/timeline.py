"""``timeline``: the history of one host in the order of its records."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.text import Text

from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, judging, ruleoptions, values
from evtscan.cli.options.groups import Screen
from evtscan.cli.options.option import HOSTS, OUTPUT, RESULTS, option
from evtscan.cli.options.outputfile import OutputFile
from evtscan.cli.options.ruleoptions import RuleSource
from evtscan.cli.output import session, terminal
from evtscan.cli.output.exits import DONE
from evtscan.intake.hostname import default_name
from evtscan.intake.paths import find
from evtscan.report.model import TimelineRow
from evtscan.report.timeline import FACT, MARKS, MATCH, SessionBar, bars, rows_of
from evtscan.reporters.tables import csv
from evtscan.reporters.tables.columns import Cell, Table
from evtscan.scan import ScanOptions, Survey, surveyed

BAR_WIDTH = 40
BARS_SHOWN = 50
"""How many boot sessions the picture shows, the newest ones, unless all are asked for."""

FACTS_SHOWN = 12
"""How many facts in a row are printed, unless all are asked for."""

COLUMNS = ("Host", "Session", "Time", "Kind", "Text", "Verdict", "RuleID", "SourceFile", "Record", "Offset", "Key")
_STYLES = {"match": "bold yellow", "clock step": "magenta", "gap": "red", "start": "bold", "stop": "", "fact": "cyan"}


class TimelineFormat(Enum):
    """The format in which the timeline is printed."""

    CONSOLE = "console"
    CSV = "csv"
    JSON = "json"


@command
def timeline(
    paths: groups.Paths,
    *,
    format: Annotated[  # noqa: A002 - the name of the option
        TimelineFormat | None,
        option(
            "-t",
            "--format",
            section=OUTPUT,
            metavar="FORMAT",
            help="console (a chart and a list), or csv or json of every row.",
        ),
    ] = None,
    target: OutputFile,
    source: RuleSource,
    min_level: ruleoptions.MinLevel = ruleoptions.LOWEST,
    host: Annotated[
        str,
        option(
            "--host",
            section=HOSTS,
            metavar="NAME",
            help="Host to show, if the evidence is of several.",
        ),
    ] = "",
    show_all: Annotated[
        bool,
        option(
            "--all",
            section=RESULTS,
            help="Show every boot session and every match, also those that do not apply.",
        ),
    ] = False,
    strict_facts: judging.StrictFacts = False,
    source_timezone: groups.SourceZone = "",
    timezone: groups.DisplayZone = "",
    screen: Screen,
) -> int:
    """Show boots, facts, gaps, clock steps and matches of one host in order."""
    target.check()
    in_zone = values.shown_in(values.display_zone(timezone))
    found = find(values.expand(paths))
    loaded = session.rules_of(source.paths, min_level.value, cached=not source.no_rule_cache)
    name = default_name(paths[0])
    read = groups.read_options(source_timezone)
    options = ScanOptions(show_all=True, strict_facts=strict_facts, read=read, every_fact=True)
    with surveyed(
        found.sources, loaded.rules, options, host_name=host, default_name=name, skipped=found.skipped
    ) as survey:
        if survey.reading.is_empty:
            raise session.nothing_read(survey.reading.skipped)
        rows = rows_of(survey.host, survey.outcomes)
        chosen = target.format_of(format, TimelineFormat.CONSOLE)
        if chosen is not TimelineFormat.CONSOLE:
            with target.stream() as stream:
                _write(survey, rows, chosen, stream)
        elif not screen.quiet or not target.is_stdout:
            with target.console(no_color=screen.no_color) as console:
                _print(console, survey, rows, in_zone, show_all=show_all)
        if not screen.quiet:
            for warning in (*survey.reading.warnings, *survey.host.warnings):
                typer.echo(f"{warning.location}: {prose(warning.message)}", err=True)
    return DONE


def _cells(host: str, row: TimelineRow) -> dict[str, Cell]:
    location = row.location
    values: tuple[Cell, ...] = (
        host,
        None if row.session is None else row.session + 1,
        row.time,
        row.kind,
        row.text,
        row.verdict,
        row.rule_id,
        location.source if location else "",
        location.record if location else None,
        location.offset if location else None,
        (location.key or "") if location else "",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _write(survey: Survey, rows: Sequence[TimelineRow], chosen: TimelineFormat, stream: BinaryIO) -> None:
    """Write every row as CSV or JSON."""
    if chosen is TimelineFormat.CSV:
        cells = tuple(tuple(_cells(survey.name, row).values()) for row in rows)
        csv.write(Table("timeline", COLUMNS, cells), stream)
        return
    import msgspec

    sessions = [
        {
            "Session": index + 1,
            "Begins": str(item.begins or ""),
            "Ends": str(item.ends or ""),
            "FirstRecord": item.first,
            "LastRecord": item.last,
            "Started": item.start is not None,
            "Complete": item.whole,
            "ClockSteps": len(item.clock_steps),
        }
        for index, item in enumerate(survey.host.sessions)
    ]
    listed = [{key: cell for key, cell in _cells(survey.name, row).items() if key != "Host"} for row in rows]
    document = {"Host": survey.name, "Names": survey.host.names, "Sessions": sessions, "Rows": listed}
    stream.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


# ---------------------------------------------------------------------------------------------- for people


def _print(
    console: Console, survey: Survey, rows: Sequence[TimelineRow], in_zone: Callable[[str], str], *, show_all: bool
) -> None:
    shown = [row for row in rows if show_all or row.verdict not in _PASSED_OVER]
    names = ", ".join(survey.host.names)
    console.print(
        Text(f"Time line of {prose(survey.name)}", "bold").append(f" ({prose(names)})" if names else "", "not bold")
    )
    _print_picture(console, bars(survey.host, shown, BAR_WIDTH), in_zone, show_all=show_all)
    for number, group in groupby(shown, key=lambda row: row.session):
        console.print(Text(_heading(number, len(survey.host.sessions)), "bold"))
        for row, count, left_out in _runs(list(group), most_facts=None if show_all else FACTS_SHOWN):
            time = in_zone(row.time) or "(no time)"
            line = Text().append(f"{row.kind:<10}  ", _STYLES[row.kind])
            line.append(prose(in_zone(row.text)) + (f", {count:,} times up to here" if count > 1 else ""))
            if row.location is not None:
                line.append(f"  {prose(str(row.location))}", "dim")
            terminal.print_hanging(console, f"  {time:<28}  ", line)
            if left_out:
                console.print(Text(f"{'':<44}and {left_out:,} more facts: --all shows them", "dim"), soft_wrap=True)


_PASSED_OVER = frozenset({"not_applicable"})


def _heading(number: int | None, sessions: int) -> str:
    if number is None:
        return "In no known boot session"
    if number < 0:
        return "Before the log"
    return f"Boot session {number + 1}" if number < sessions else "After the log"


def _runs(rows: Sequence[TimelineRow], *, most_facts: int | None) -> Iterator[tuple[TimelineRow, int, int]]:
    """Yield rows to print, each with its number of repetitions and the number of omitted facts after it.

    Consecutive matches of one kind are one row, the last of them; of many consecutive facts only the first are shown.
    """
    for _, group in groupby(enumerate(rows), key=_kind_of_run):
        run = [row for _, row in group]
        if run[0].kind == MATCH:
            yield run[-1], len(run), 0
            continue
        shown = run[:most_facts]
        for row in shown:
            yield row, 1, len(run) - len(shown) if row is shown[-1] else 0


def _kind_of_run(item: tuple[int, TimelineRow]) -> object:
    place, row = item
    return row.text if row.kind == MATCH else row.kind if row.kind == FACT else place


def _print_picture(
    console: Console, lines: Sequence[SessionBar], in_zone: Callable[[str], str], *, show_all: bool
) -> None:
    """Print a bar for each boot session and the meaning of the marks; all bars have the same width."""
    if not lines:
        return
    kept = list(lines) if show_all else list(lines[-BARS_SHOWN:])
    if len(kept) < len(lines):
        console.print(Text(f"  {len(lines) - len(kept):,} earlier boot sessions: --all shows them", "dim"))
    for line in kept:
        begins = in_zone(line.begins)[:19].replace("T", " ")
        text = Text(f"{line.session + 1:>5}  {begins:<19}  ")
        for mark in line.bar:
            text.append(mark, _MARK_STYLES.get(mark, "dim"))
        console.print(text.append(f"  {line.lasts}", "dim"), soft_wrap=True)
    legend = "  ".join(f"{mark} {kind}" for kind, mark in MARKS.items())
    console.print(Text(f"       {legend}  - records", "dim"), soft_wrap=True)
    console.print()


_MARK_STYLES = {mark: _STYLES[kind] for kind, mark in MARKS.items()}
