"""``metrics``: counts per channel, provider and event id, time span, gaps in the record ids, health of each log."""

import sys
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import Annotated

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from evtscan.archives import opened
from evtscan.cli import options as opt
from evtscan.cli import session
from evtscan.cli.exits import DONE, FAILED, command
from evtscan.dump.lines import csv_cell
from evtscan.metrics import GAPS_KEPT, Key, LogMetrics, measure
from evtscan.reporters.safetext import prose
from evtscan.sources import find


class MetricsFormat(Enum):
    """How the figures are printed."""

    CONSOLE = "console"
    CSV = "csv"
    JSON = "json"


@command
def metrics(
    paths: opt.Paths,
    format: Annotated[  # noqa: A002 - the name of the option
        MetricsFormat, typer.Option("-t", "--format", help="Tables, a CSV of the counts, or JSON of everything.")
    ] = MetricsFormat.CONSOLE,
    top: Annotated[int, typer.Option("--top", min=1, help="Rows of counts that a table shows.")] = 20,
    source_timezone: opt.SourceZone = "",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> int:
    """Count the records of logs, and examine the logs themselves."""
    read = opt.read_options(False, opt.DecoderName.COLUMNS, source_timezone)
    with opened(find(opt.expand(paths)).sources) as files:
        logs, warnings = measure(files.sources, read)
        warnings = [*files.warnings, *warnings]
    if format is MetricsFormat.JSON:
        document = {"logs": [_as_json(log) for log in logs], "total": _counts(_total(logs))}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    elif format is MetricsFormat.CSV:
        _write_csv(logs)
    else:
        console = session.console(no_color=no_color)
        for log in logs:
            console.print(Text(prose(log.source_file), "bold"))
            for line in _lines(log):
                console.print(Text(f"  {line}"))
            console.print(_table(log.counts, top))
        if len(logs) > 1:
            total = sum(log.records for log in logs)
            console.print(Text(f"{len(logs)} logs, {total:,} records", "bold"))
            console.print(_table(_total(logs), top))
    if not quiet:
        for warning in warnings:
            typer.echo(f"{warning.location}: {prose(warning.message)}", err=True)
    if not logs:
        typer.echo("evtscan: nothing could be read: none of the files is an event log", err=True)
        return FAILED
    return DONE


def _total(logs: Sequence[LogMetrics]) -> Counter[Key]:
    total: Counter[Key] = Counter()
    for log in logs:
        total.update(log.counts)
    return total


def _ranked(counts: Counter[Key]) -> list[tuple[Key, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _lines(log: LogMetrics) -> list[str]:
    lost = f", {log.lost:,} lost" if log.lost else ""
    lines = [
        f"{log.format}, {log.size:,} bytes, {log.records:,} records{lost}, {log.completeness}",
        f"{log.first_time} to {log.last_time}" if log.first_time else "no records",
        log.health,
    ]
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
        "FirstTime": log.first_time,
        "LastTime": log.last_time,
        "Completeness": log.completeness,
        "Health": log.health,
        "Gaps": log.gaps,
        "Missing": log.missing,
        "LargestGaps": [[gap.first, gap.last] for gap in log.largest_gaps[:GAPS_KEPT]],
        "Counts": _counts(log.counts),
    }


def _write_csv(logs: Sequence[LogMetrics]) -> None:
    lines = ["SourceFile,Channel,Provider,EventID,Count"]
    lines += [
        ",".join(map(csv_cell, (log.source_file, *key, count))) for log in logs for key, count in _ranked(log.counts)
    ]
    sys.stdout.buffer.write("".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace"))
