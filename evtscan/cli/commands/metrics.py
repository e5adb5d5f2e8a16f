"""``metrics``: counts per channel, provider and event id, time span, gaps in the record ids, health of each log."""

from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from evtscan.base.errors import UsageError
from evtscan.base.ledger import Names
from evtscan.base.outfiles import STDOUT, refuse_evidence, refuse_existing, replacing
from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, values
from evtscan.cli.options.groups import Reading, Screen
from evtscan.cli.options.option import OUTPUT, option
from evtscan.cli.output.exits import DAMAGED, DONE, FAILED
from evtscan.cli.output.logledger import LogLedger, writing_stdout
from evtscan.cli.output.terminal import console, print_ledger
from evtscan.dump.lines import csv_cell
from evtscan.intake.archives import opened
from evtscan.intake.paths import find
from evtscan.metrics import GAPS_KEPT, Key, LogMetrics, measure


class MetricsFormat(Enum):
    """The format in which the figures are printed."""

    CONSOLE = "console"
    CSV = "csv"
    JSON = "json"


@command
def metrics(
    paths: groups.Paths,
    *,
    output: Annotated[
        list[str] | None,
        option(
            "-o",
            "--output",
            section=OUTPUT,
            metavar="PATH",
            help="Output file; the suffix selects the format (.csv, .json), - is standard output. Repeatable.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the name of the option
        MetricsFormat | None,
        option(
            "-t",
            "--format",
            section=OUTPUT,
            metavar="FORMAT",
            help="console (tables), csv (the counts) or json (everything), whatever the suffix.",
        ),
    ] = None,
    top: Annotated[
        int,
        option("--top", section=OUTPUT, metavar="N", min=1, help="Number of rows in a table of counts."),
    ] = 20,
    reading: Reading,
    timezone: groups.DisplayZone = "",
    strict: groups.Strict = False,
    clobber: groups.Clobber = False,
    verbose: groups.Verbose = False,
    screen: Screen,
) -> int:
    """Count the records of logs, and examine the logs themselves."""
    read = reading.options()
    in_zone = values.shown_in(values.display_zone(timezone))
    outputs = {target: _format_of(target, format) for target in output or [STDOUT]}
    written = [Path(target) for target in outputs if target != STDOUT]
    refuse_existing(written, clobber=clobber)
    ledger = LogLedger()
    found = find(values.expand(paths))
    refuse_evidence(written, [source.path for source in found.sources])
    ledger.skip(found.skipped)
    with opened(found.sources) as files:
        logs, warnings = measure(files.sources, read)
        for log in logs:
            ledger.read(log.source_file, log.records, log.lost)
            if verbose:
                typer.echo(f"{prose(log.source_file)}: {log.format}, {log.size:,} bytes", err=True)
        for warning in (*files.warnings, *warnings):
            ledger.warn(warning)
        ledger.skip(files.skipped)
        ledger.skip_rest(files.sources)
    for target, name in outputs.items():
        if target == STDOUT and name is MetricsFormat.CONSOLE:
            if not screen.quiet:
                _print(logs, top, in_zone, no_color=screen.no_color)
        elif target == STDOUT:
            with writing_stdout() as stream:
                stream.write(_bytes(logs, name))
        else:
            with replacing(Path(target), clobber=clobber) as stream:
                stream.write(_bytes(logs, name))
    if not screen.quiet:
        print_ledger(ledger.lines(detailed=verbose))
    if not ledger.any_read:
        typer.echo("evtscan: nothing could be read: none of the files is an event log", err=True)
        return FAILED
    return DAMAGED if strict and ledger.is_damaged else DONE


def _format_of(target: str, format_: MetricsFormat | None) -> MetricsFormat:
    if not target:
        raise UsageError("the name of an output is empty; give a file or - after -o")
    if target == STDOUT:
        return format_ or MetricsFormat.CONSOLE
    if format_ is MetricsFormat.CONSOLE:
        raise UsageError(f"{target}: the console format is for stdout; choose csv or json with -t")
    suffix = Path(target).suffix.lower()
    if format_ is None and suffix not in (".csv", ".json"):
        raise UsageError(f"{target}: end the name in .csv or .json, or choose a format with -t")
    return format_ or MetricsFormat(suffix.removeprefix("."))


def _bytes(logs: Sequence[LogMetrics], format_: MetricsFormat) -> bytes:
    if format_ is MetricsFormat.CSV:
        return _csv(logs)
    document = {"logs": [_as_json(log) for log in logs], "total": _counts(_total(logs)), "summary": _summary(logs)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _print(logs: Sequence[LogMetrics], top: int, in_zone: Callable[[str], str], *, no_color: bool) -> None:
    screen = console(no_color=no_color)
    for log in logs:
        screen.print(Text(prose(log.source_file), "bold"))
        for line in _lines(log):
            screen.print(Text(f"  {in_zone(line)}"))
        screen.print(_table(log.counts, top))
    if len(logs) > 1:
        total = _summary(logs)
        screen.print(Text(f"{len(logs)} logs, {total['Records']:,} records", "bold"))
        if total["FirstTime"]:
            screen.print(Text(in_zone(f"  {total['FirstTime']} to {total['LastTime']}")))
        if total["Gaps"]:
            screen.print(Text(f"  {total['Gaps']:,} gaps in the record ids, {total['Missing']:,} missing"))
        screen.print(_table(_total(logs), top))


def _summary(logs: Sequence[LogMetrics]) -> dict[str, int | str]:
    """Return the figures of all logs together; the times are the earliest and the latest of all logs."""
    return {
        "Logs": len(logs),
        "Size": sum(log.size for log in logs),
        "Records": sum(log.records for log in logs),
        "Lost": sum(log.lost for log in logs),
        "FirstTime": min((log.first_time for log in logs if log.first_time), default=""),
        "LastTime": max((log.last_time for log in logs if log.last_time), default=""),
        "Gaps": sum(log.gaps for log in logs),
        "Missing": sum(log.missing for log in logs),
    }


def _total(logs: Sequence[LogMetrics]) -> Counter[Key]:
    total: Counter[Key] = Counter()
    for log in logs:
        total.update(log.counts)
    return total


def _ranked(counts: Counter[Key]) -> list[tuple[Key, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _lines(log: LogMetrics) -> list[str]:
    lost = (f", {log.lost:,} lost" if log.lost else "") + (f", {log.recovered:,} recovered" if log.recovered else "")
    lines = [
        f"{log.format}, {log.size:,} bytes, {log.records:,} records{lost}, {log.completeness}",
        f"{log.first_time} to {log.last_time}" if log.first_time else "no records",
        log.health,
    ]
    if log.computers:
        names = Names()
        for name in log.computers:
            names.add(prose(name))
        lines.insert(2, f"computer{'' if names.count == 1 else 's'} {names}")
    if log.gaps:
        largest = ", ".join(f"{gap.first}-{gap.last}" for gap in log.largest_gaps[:3])
        lines.append(f"{log.gaps:,} gaps in the record ids, {log.missing:,} missing; largest {largest}")
    return lines


def _table(counts: Counter[Key], top: int) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Count", justify="right")
    for heading in ("Event", "Provider", "Channel"):
        table.add_column(heading, overflow="fold")
    ranked = _ranked(counts)
    for (channel, provider, event_id), count in ranked[:top]:
        table.add_row(f"{count:,}", str(event_id), Text(prose(provider)), Text(prose(channel)))
    if len(ranked) > top:
        table.add_row(f"{sum(count for _, count in ranked[top:]):,}", "", f"{len(ranked) - top} more kinds", "")
    return table


def _counts(counts: Counter[Key]) -> list[dict[str, str | int]]:
    return [
        {"Channel": channel, "Provider": provider, "EventID": event_id, "Count": count}
        for (channel, provider, event_id), count in _ranked(counts)
    ]


def _as_json(log: LogMetrics) -> dict[str, object]:
    return {
        "SourceFile": log.source_file,
        "Format": log.format,
        "Size": log.size,
        "Records": log.records,
        "Lost": log.lost,
        "Recovered": log.recovered,
        "FirstTime": log.first_time,
        "LastTime": log.last_time,
        "Computers": list(log.computers),
        "Completeness": log.completeness,
        "Health": log.health,
        "Structures": log.structures,
        "Gaps": log.gaps,
        "Missing": log.missing,
        "LargestGaps": [[gap.first, gap.last] for gap in log.largest_gaps[:GAPS_KEPT]],
        "Counts": _counts(log.counts),
    }


def _csv(logs: Sequence[LogMetrics]) -> bytes:
    lines = ["SourceFile,Channel,Provider,EventID,Count"]
    lines += [
        ",".join(map(csv_cell, (log.source_file, *key, count))) for log in logs for key, count in _ranked(log.counts)
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
