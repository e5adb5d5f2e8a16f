"""``dump``: the events of logs, filtered, as CSV or JSON Lines."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from functools import partial
from importlib.util import find_spec
from itertools import groupby, product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from evtscan.base.errors import UsageError
from evtscan.base.ledger import part
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.outfiles import STDOUT, is_folder, refuse_evidence, refuse_existing, replacing
from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, values
from evtscan.cli.options.groups import CsvStyle, EventFilter, Reading, Screen
from evtscan.cli.options.option import EVENTS, OUTPUT, option
from evtscan.cli.output.exits import DAMAGED, DONE, FAILED
from evtscan.cli.output.logledger import LogLedger, writing_stdout
from evtscan.cli.output.terminal import print_ledger
from evtscan.dump.filenames import file_names
from evtscan.dump.lines import Csv, JsonLines
from evtscan.dump.newest import newest
from evtscan.dump.order import by_time
from evtscan.dump.outputs import Output, begin, begin_partitioned
from evtscan.dump.run import DumpOptions, Result, Task, execute, helpers_for, plan, writer
from evtscan.intake.archives import opened
from evtscan.intake.paths import find

if TYPE_CHECKING:
    from evtscan.messages import MessagesFrom
    from evtscan.report.hostmessages import FileMessages


_SLASHES = ("/", os.sep)


class DumpFormat(Enum):
    """The formats of a dump."""

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"
    TIMESKETCH = "timesketch"


_SUFFIXES = frozenset({".csv", ".jsonl", ".json", ".parquet"})


class Profile(Enum):
    """The columns of another tool."""

    EVTXECMD = "evtxecmd"


_CSV_WRITERS = frozenset({DumpFormat.CSV.value, Profile.EVTXECMD.value})


class Sort(Enum):
    """Orders other than record order."""

    TIME = "time"


@command
def dump(
    paths: groups.Paths,
    *,
    output: Annotated[
        list[str] | None,
        option(
            "-o",
            "--output",
            section=OUTPUT,
            metavar="PATH",
            help="File (.csv, .jsonl, .json, .parquet), folder for one file per log (Parquet: per channel), or - for "
            "standard output. Repeatable.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the name of the option
        DumpFormat | None,
        option(
            "-t",
            "--format",
            section=OUTPUT,
            metavar="FORMAT",
            help="csv, jsonl, json, parquet (extra evtscan[arrow]) or timesketch, whatever the suffix; default csv.",
        ),
    ] = None,
    profile: Annotated[
        Profile | None,
        option(
            "--profile",
            section=OUTPUT,
            metavar="NAME",
            help="The exact columns of another tool, as CSV: evtxecmd.",
        ),
    ] = None,
    events: EventFilter,
    level: Annotated[
        str | None,
        option(
            "--level",
            section=EVENTS,
            metavar="LEVELS",
            help="Only events of these levels: error,warning or 1-3 (1 critical, 2 error, 3 warning, 4 information, "
            "5 verbose).",
        ),
    ] = None,
    record_id: Annotated[
        str | None,
        option("--record-id", section=EVENTS, metavar="IDS", help="Only events with these record ids: 1-500,7000."),
    ] = None,
    contains: Annotated[
        str,
        option("--contains", section=EVENTS, metavar="TEXT", help="Only events with this text in any value."),
    ] = "",
    sort: Annotated[
        Sort | None,
        option("--sort", section=OUTPUT, metavar="time", help="Sort by time instead of record order."),
    ] = None,
    reading: Reading,
    messages: groups.Messages = "",
    style: CsvStyle,
    jobs: groups.Jobs = 0,
    strict: groups.Strict = False,
    clobber: groups.Clobber = False,
    verbose: groups.Verbose = False,
    screen: Screen,
) -> int:
    """Write the events of logs, filtered, as CSV, JSON or Parquet."""
    start, end = values.period(events.from_, events.to)
    query = Query(
        selectors=_selectors(events.provider, events.channel),
        include_ids=values.ranges(events.include_eid, "--include-eid"),
        exclude_ids=values.ranges(events.exclude_eid, "--exclude-eid") or (),
        levels=values.levels(level, "--level"),
        record_ids=values.ranges(record_id, "--record-id", digits=19),
        start=start,
        end=end,
    )
    span = values.span(events.since, "--since")
    chosen = DumpOptions(
        query=query,
        read=reading.options(),
        contains=contains,
        raw=style.raw,
        excel=style.excel,
        with_times=sort is not None,
    )
    targets = [_with_slash(target, has_format=bool(format or profile)) for target in output or [STDOUT]]
    outputs = _outputs(targets, format, profile, chosen)
    place = groups.messages_from(messages)
    if place is not None and profile is not None:
        raise UsageError(f"--profile {profile.value} has no column for messages; leave --messages away")
    ledger = LogLedger()
    found = find(values.expand(paths))
    ledger.skip(found.skipped)
    with opened(found.sources) as files:
        tasks, warnings = plan(files.sources)
        for task in dict.fromkeys(replace(task, chunks=None) for task in tasks):
            ledger.read(task.source.name)
            if verbose:
                typer.echo(f"{prose(task.source.name)}: {task.format}", err=True)
        for warning in (*files.warnings, *warnings):
            ledger.warn(warning)
        ledger.skip(files.skipped)
        ledger.skip_rest(files.sources)
        if span is not None:
            tasks = list(newest(tasks, span, query.start, chosen.read))
        texts = _messages(place, files.sources, chosen) if place and tasks else None
        if texts is not None:
            outputs = [(target, replace(options, finish=texts.add_to)) for target, options in outputs]
        rows = 0
        with helpers_for(tasks, query, 1 if texts else jobs) as helpers:
            if tasks:
                evidence = [source.path for source in found.sources]
                rows = _write_all(tasks, outputs, evidence, clobber, partial(execute, helpers=helpers), ledger)
    for warning in texts.warnings if texts else ():
        ledger.warn(warning)
    if not screen.quiet:
        print_ledger(ledger.lines(part("events", [f"{rows:,} written"]), detailed=verbose))
    if not ledger.any_read:
        typer.echo("evtscan: nothing could be read: none of the files is an event log", err=True)
        return FAILED
    return DAMAGED if strict and ledger.is_damaged else DONE


def _messages(place: "MessagesFrom", sources: Sequence[Source], chosen: DumpOptions) -> "FileMessages":
    from evtscan.report.hostmessages import (  # it knows hosts, of which most dumps ask nothing
        message_tables,
        messages_for,
    )

    return messages_for(sources, message_tables(place), chosen.read)


def _selectors(providers: Sequence[str] | None, channels: Sequence[str] | None) -> frozenset[Selector] | None:
    if not providers and not channels:
        return None
    wanted = product(channels or [""], providers or [""])
    return frozenset(Selector(channel or None, provider or None) for channel, provider in wanted)


def _outputs(
    targets: Sequence[str], format_: DumpFormat | None, profile: Profile | None, options: DumpOptions
) -> list[tuple[str, DumpOptions]]:
    """Yield each output with the content to write to it."""
    outputs = [(target, replace(options, writer=_writer_name(target, format_, profile))) for target in targets]
    if (options.raw or options.excel) and all(chosen.writer not in _CSV_WRITERS for _, chosen in outputs):
        raise UsageError("--raw and --excel are for CSV, and no output is CSV; add one with -o")
    if any(chosen.writer == DumpFormat.PARQUET.value for _, chosen in outputs):
        if find_spec("pyarrow") is None:
            raise UsageError('-t parquet needs the package pyarrow: install it with pip install "evtscan[arrow]"')
        if options.with_times:
            raise UsageError("--sort time is for text; sort Parquet where you query it")
    places = [(os.path.normcase(os.path.realpath(target)) if target != STDOUT else target) for target in targets]
    for place, name in enumerate(places):
        if name in places[:place]:
            raise UsageError(f"{targets[place]}: two outputs of one name; give each its own")
    return outputs


def _writer_name(output: str, format_: DumpFormat | None, profile: Profile | None) -> str:
    if not output:
        raise UsageError("the name of an output is empty; give a file, a folder or - after -o")
    if profile is not None:
        if format_ not in (None, DumpFormat.CSV):
            raise UsageError(f"--profile {profile.value} is CSV; leave -t away")
        if format_ is None and Path(output).suffix.lower() in _SUFFIXES - {".csv"}:
            raise UsageError(f"{output}: --profile {profile.value} is CSV; end the name in .csv")
        return str(profile.value)
    if format_ is not None:
        return str(format_.value)
    if output == STDOUT or _into_folder(output):
        return DumpFormat.CSV.value
    suffix = Path(output).suffix.lower()
    if suffix in _SUFFIXES:
        return suffix.removeprefix(".")
    known = ", ".join(sorted(_SUFFIXES))
    raise UsageError(f"{output}: unknown suffix; use {known}, no suffix for a folder, or choose a format with -t")


def _with_slash(output: str, *, has_format: bool) -> str:
    """The name of an output, with a slash at its end if it is a folder."""
    if output in ("", STDOUT) or output.endswith(_SLASHES) or not is_folder(output, has_format=has_format):
        return output
    return f"{output}/"


def _into_folder(output: str) -> bool:
    return output.endswith(_SLASHES)


def _write_all(
    tasks: Sequence[Task],
    outputs: Sequence[tuple[str, DumpOptions]],
    evidence: Sequence[Path],
    clobber: bool,
    run: Callable[[Sequence[Task], DumpOptions], Iterator[Result]],
    ledger: LogLedger,
) -> int:
    """Write all outputs in turn and return the number of events; the logs are read again for each output."""
    targets = [_targets(tasks, output, options) for output, options in outputs]
    for (output, _), files in zip(outputs, targets, strict=True):
        if output != STDOUT:
            refuse_evidence(files.values(), evidence)
            refuse_existing(list(files.values()), clobber=clobber)
    rows = 0
    for place, ((output, options), files) in enumerate(zip(outputs, targets, strict=True)):
        results = run(tasks, options)
        if place == 0:
            results = _noted(results, ledger)
        counted = _write(results, options, output, files, clobber)
        rows = rows or counted
    return rows


def _targets(tasks: Sequence[Task], output: str, options: DumpOptions) -> dict[str, Path]:
    """Return the output file for the dump of each log."""
    names = dict.fromkeys(task.source.name for task in tasks)
    if not _into_folder(output):
        return dict.fromkeys(names, Path(output))
    if options.writer == DumpFormat.PARQUET.value:
        return {str(path): path for path in sorted(Path(output).glob("Channel=*/*.parquet"))}  # from an earlier run
    suffix = f".{options.writer}" if options.writer == DumpFormat.JSON.value else _writer_of(options).suffix
    return {source: Path(output) / name for source, name in file_names(names, suffix).items()}


def _noted(results: Iterator[Result], ledger: LogLedger) -> Iterator[Result]:
    for result in results:
        ledger.read(result.source.name, result.records, result.lost)
        for warning in result.warnings:
            ledger.warn(warning)
        yield result


def _write(
    results: Iterator[Result], options: DumpOptions, output: str, files: Mapping[str, Path], clobber: bool
) -> int:
    if not _into_folder(output):
        with _opened(output, clobber) as stream:
            return _write_one(results, options, stream)
    if options.writer == DumpFormat.PARQUET.value:
        for path in files.values():
            path.unlink()
        return _fill(begin_partitioned(Path(output)), results)
    rows = 0
    for name, share in groupby(results, key=lambda result: result.source.name):
        with replacing(files[name], clobber=clobber) as stream:
            rows += _write_one(share, options, stream)
    return rows


@contextmanager
def _opened(output: str, clobber: bool) -> Iterator[BinaryIO]:
    if output != STDOUT:
        with replacing(Path(output), clobber=clobber) as stream:
            yield stream
        return
    with writing_stdout() as stream:
        yield stream


def _writer_of(options: DumpOptions) -> JsonLines | Csv:
    return writer(options.writer, options.raw, options.excel)


def _write_one(results: Iterator[Result], options: DumpOptions, stream: BinaryIO) -> int:
    output = begin(options.writer, stream, _writer_of(options).header)
    if not options.with_times:
        return _fill(output, results)
    rows = 0
    for line in by_time(_timed(results)):
        output.write(line.encode("utf-8", "replace"))
        rows += 1
    output.close()
    return rows


def _fill(output: Output, results: Iterator[Result]) -> int:
    rows = 0
    for result in results:
        output.write(result.data)
        rows += result.rows
    output.close()
    return rows


def _timed(results: Iterator[Result]) -> Iterator[tuple[int, str]]:
    for result in results:
        yield from zip(result.times, result.lines, strict=True)
