"""``facts``: the known facts of a host, with their sources and times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from evtscan.base.errors import UsageError
from evtscan.base.model.event import Event
from evtscan.base.model.query import ReadOptions
from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, values
from evtscan.cli.options.groups import Screen
from evtscan.cli.options.option import OUTPUT, TIME, option
from evtscan.cli.options.outputfile import OutputFile
from evtscan.cli.options.ruleoptions import RuleSource
from evtscan.cli.output import session, terminal
from evtscan.cli.output.exits import DONE
from evtscan.collecting.template import template
from evtscan.detection.model.rule import Rule
from evtscan.evidence.recordnumbers import find_records
from evtscan.facts.history.timeline import Point
from evtscan.facts.host import Host
from evtscan.intake.hostname import default_name
from evtscan.intake.paths import FoundFiles, find
from evtscan.report.assembling import NOW, fact_rows, fact_rows_at
from evtscan.report.model import FactRow
from evtscan.scan import ScanOptions, surveyed
from evtscan.survey.host import unknown_facts


class FactsFormat(Enum):
    """The format in which facts are printed."""

    CONSOLE = "console"
    JSON = "json"


@command
def facts(
    paths: groups.Paths,
    *,
    format: Annotated[  # noqa: A002 - the name of the option
        FactsFormat | None,
        option("-t", "--format", section=OUTPUT, metavar="FORMAT", help="console (a table), or json for scripts."),
    ] = None,
    target: OutputFile,
    blanks: Annotated[
        bool,
        option("--template", section=OUTPUT, help="Print a facts.yaml with a blank for each fact that rules need."),
    ] = False,
    at: Annotated[
        str | None,
        option("--at", section=TIME, metavar="TIME", help="Show the facts at this time (UTC unless it has an offset)."),
    ] = None,
    record: Annotated[
        int | None,
        option(
            "--record",
            section=TIME,
            metavar="N",
            min=0,
            help="Show the facts at the record with this number (EventRecordID).",
        ),
    ] = None,
    source: RuleSource,
    source_timezone: groups.SourceZone = "",
    timezone: groups.DisplayZone = "",
    screen: Screen,
) -> int:
    """Show what is known of a host, each fact with its sources in order of time."""
    if at is not None and record is not None:
        raise UsageError("--at and --record cannot be combined; give one of them")
    if blanks and (at is not None or record is not None or format is FactsFormat.JSON):
        raise UsageError("--template cannot be combined with --at, --record or -t")
    target.check()
    time = values.time(at, "--at")
    in_zone = values.shown_in(values.display_zone(timezone))
    read = groups.read_options(source_timezone)
    found = find(values.expand(paths))
    name = default_name(paths[0])
    if blanks:
        return _print_template(found, source.load().rules, read, name, target)
    events = [] if record is None else find_records(found.sources, record, read)
    with surveyed(
        found.sources, (), ScanOptions(read=read, every_fact=True), default_name=name, skipped=found.skipped
    ) as survey:
        host = survey.host
        if survey.reading.is_empty:
            raise session.nothing_read(survey.reading.skipped)
        moment = None
        if time is not None:
            moment = _Moment(host, host.point_at(time), str(time))
        elif record is not None:
            event = _the_one(host, events, record)
            moment = _Moment(host, host.point_of_record(event), f"{event.location}")
        if moment is None:
            rows = list(fact_rows(host, host.fact_names_on_request))
        else:
            rows = list(fact_rows_at(host, moment.point, moment.when))
        sessions = len(host.sessions)
        warnings = (*survey.reading.warnings, *host.warnings)
    if target.format_of(format, FactsFormat.CONSOLE) is FactsFormat.JSON:
        import msgspec

        at_moment = {} if moment is None else {"at": moment.when, "session": moment.session}
        numbered = [row if row.session is None else replace(row, session=row.session + 1) for row in rows]
        document = {"host": survey.name, **at_moment, "facts": numbered, "warnings": warnings}
        with target.stream() as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    elif not screen.quiet or not target.is_stdout:
        heading = f"Facts of {survey.name}{in_zone(str(moment or ''))}"
        shown = [replace(row, time=in_zone(row.time), note=in_zone(row.note)) for row in rows]
        with target.console(no_color=screen.no_color) as console:
            _print(console, heading, shown, sessions)
    if not screen.quiet:
        for warning in warnings:
            typer.echo(f"{warning.location}: {prose(warning.message)}", err=True)
    return DONE


@dataclass(frozen=True, slots=True)
class _Moment:
    """The requested moment; ``when`` is its printed form."""

    host: Host
    point: Point
    when: str

    @property
    def session(self) -> int | None:
        """The boot session, counted from 1; None if it is unknown or outside the log."""
        index = self.point.session
        return index + 1 if index is not None and 0 <= index < len(self.host.sessions) else None

    def __str__(self) -> str:
        if self.session is not None:
            where = f"boot session {self.session} of {len(self.host.sessions)}"
        elif self.point.session is None:
            where = "in no known boot session: the logs show that time in several of them"
        else:
            where = "before the log" if self.point.session < 0 else "after the log"
        return f" at {self.when} ({where})"


def _the_one(host: Host, events: Sequence[Event], number: int) -> Event:
    """Return the record with this number; the one in the System log, if several logs have such a record.

    Raises:
        UsageError: if no log has the record, or the number is ambiguous.
    """
    if not events:
        raise UsageError(f"--record {number}: no log has a record of this number")
    candidates = [event for event in events if host.has_own_sessions(event)] or list(events)
    if len({host.point_of_record(event) for event in candidates}) > 1:
        names = ", ".join(dict.fromkeys(event.location.source for event in candidates))
        raise UsageError(f"--record {number}: {names} have records of this number; name one of the files alone")
    return candidates[0]


def _print_template(found: FoundFiles, rules: Sequence[Rule], read: ReadOptions, name: str, target: OutputFile) -> int:
    """Print a facts.yaml with a blank for each unknown fact of a host; without evidence, for every fact."""
    options = ScanOptions(read=read, every_fact=True)
    with surveyed(found.sources, rules, options, default_name=name) as survey:
        text = template(survey.name, unknown_facts(survey, rules))
    with target.stream() as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
    return DONE


_NAME_WIDTH = 28
"""How many columns the names of facts get; a longer one has a line of its own."""
_INDENT = 6


def _print(console: Console, heading: str, rows: Sequence[FactRow], sessions: int) -> None:
    """Print each fact with its value, and below it, if requested, the statements in order of time.

    ``sessions`` is the number of boot sessions of the host.
    """
    console.print(Text(prose(heading), "bold"))
    width = min(max((len(row.name) for row in rows), default=0), _NAME_WIDTH)
    said = ""
    for row in rows:
        if row.history:
            unsaid = replace(row, note="" if row.note == said else row.note)
            terminal.print_hanging(console, " " * _INDENT, Text(" · ".join(_statement(unsaid, sessions)), "dim"))
            continue
        said = row.note
        name = f"  {prose(row.name):<{width}}  "
        if len(name) > width + 4:
            terminal.print_hanging(console, name.rstrip(), Text())
            name = " " * (width + 4)
        note = f" ({prose(row.note)})" if row.note else ""
        line = Text(prose(row.value), "bold").append(f"  {row.basis}{note}", "not bold")
        if row.time != NOW and row.location is not None:
            line.append(f" · {prose(str(row.location))}", "not bold dim")
        terminal.print_hanging(console, name, line)
    if not rows:
        console.print("  nothing is known")


def _statement(row: FactRow, sessions: int) -> Iterator[str]:
    yield prose(row.value)
    if row.session is None:
        yield row.time
    else:
        inside = f"session {row.session + 1}"
        where = "before the log" if row.session < 0 else inside if row.session < max(sessions, 1) else "after the log"
        yield f"{row.time}, {where}"
    yield prose(str(row.location or ""))
    if row.note:
        yield prose(row.note)
