"""``dump``: the events of logs, filtered, as CSV or JSON Lines."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from functools import partial
from itertools import chain, count, groupby, product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from evtscan.archives import opened
from evtscan.cli import options as opt
from evtscan.cli.exits import DAMAGED, DONE, FAILED, command
from evtscan.dump.order import by_time
from evtscan.dump.run import DumpOptions, Result, Task, execute, helpers_for, plan, writer
from evtscan.errors import UsageError
from evtscan.model import ExtractionWarning, Location, Query, Selector, Source
from evtscan.reporters.ledger import DAMAGE, LINES_SHOWN
from evtscan.reporters.output import STDOUT, refuse_existing, replacing
from evtscan.reporters.safetext import prose
from evtscan.sources import find

if TYPE_CHECKING:
    from evtscan.hostmessages import FileMessages
    from evtscan.messages import MessagesFrom

BOM = "\ufeff"
_NOT_FOR_FILES = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


class DumpFormat(Enum):
    """What a dump is written as."""

    CSV = "csv"
    JSONL = "jsonl"


class Profile(Enum):
    """Columns of another tool."""

    EVTXECMD = "evtxecmd"


class Sort(Enum):
    """Orders other than that of the records."""

    TIME = "time"


@command
def dump(
    paths: opt.Paths,
    output: Annotated[
        str, typer.Option("-o", "--output", help="File (.csv, .jsonl), folder for one file per log, or - for stdout.")
    ] = STDOUT,
    format: Annotated[  # noqa: A002 - the name of the option
        DumpFormat | None, typer.Option("-t", "--format", help="Format, whatever the suffix; CSV without either.")
    ] = None,
    profile: Annotated[Profile | None, typer.Option(help="The exact columns of another tool, as CSV.")] = None,
    include_eid: opt.IncludeIds = None,
    exclude_eid: opt.ExcludeIds = None,
    provider: Annotated[
        list[str] | None, typer.Option("--provider", help="Only events of this provider. Repeatable.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Only events of this channel. Repeatable.")
    ] = None,
    level: Annotated[
        str | None, typer.Option("--level", metavar="LEVELS", help="Only events of these levels (2 is error): 1-3.")
    ] = None,
    record_id: Annotated[
        str | None, typer.Option("--record-id", metavar="IDS", help="Only events with these record ids: 1-500,7000.")
    ] = None,
    since: opt.Since = None,
    until: opt.Until = None,
    contains: Annotated[str, typer.Option("--contains", help="Only events with this text in any value.")] = "",
    sort: Annotated[Sort | None, typer.Option(help="Sort by time instead of record order.")] = None,
    recover: opt.Recover = False,
    decoder: opt.Reference = opt.DecoderName.COLUMNS,
    source_timezone: opt.SourceZone = "",
    messages: opt.Messages = "",
    raw: Annotated[bool, typer.Option("--raw", help="Do not neutralise what a spreadsheet would run.")] = False,
    jobs: opt.Jobs = 0,
    strict: opt.Strict = False,
    clobber: opt.Clobber = False,
    quiet: opt.Quiet = False,
) -> int:
    """Write the events of logs, filtered, as CSV or JSON Lines."""
    query = Query(
        selectors=_selectors(provider, channel),
        include_ids=opt.ranges(include_eid, "--include-eid"),
        exclude_ids=opt.ranges(exclude_eid, "--exclude-eid") or (),
        levels=opt.numbers(level, "--level"),
        record_ids=opt.ranges(record_id, "--record-id", digits=19),
        start=opt.time(since, "--from"),
        end=opt.time(until, "--to"),
    )
    chosen = DumpOptions(
        query=query,
        read=opt.read_options(recover, decoder, source_timezone),
        writer=_writer_name(output, format, profile),
        contains=contains,
        raw=raw,
        with_times=sort is not None,
    )
    place = opt.messages_from(messages)
    if place is not None and profile is not None:
        raise UsageError(f"--profile {profile.value} has no column for messages; leave --messages away")
    with opened(find(opt.expand(paths)).sources) as files:
        tasks, warnings = plan(files.sources)
        books = _Books(len({task.source.name for task in tasks}))
        for warning in (*files.warnings, *warnings):
            books.warn(warning)
        books.is_damaged = any(warning.kind in DAMAGE for warning in files.warnings)
        texts = _messages(place, files.sources, chosen) if place and tasks else None
        if texts is not None:
            chosen = replace(chosen, finish=texts.add_to)
        with helpers_for(tasks, query, 1 if texts else jobs) as helpers:
            if tasks:
                _write(tasks, chosen, output, clobber, partial(execute, helpers=helpers), books)
    for warning in texts.warnings if texts else ():
        books.warn(warning)
    if not quiet:
        books.print()
    if not tasks or books.readable == 0:
        typer.echo("evtscan: nothing could be read: none of the files is an event log", err=True)
        return FAILED
    return DAMAGED if strict and books.is_damaged else DONE


def _messages(place: "MessagesFrom", sources: Sequence[Source], chosen: DumpOptions) -> "FileMessages":
    from evtscan.hostmessages import message_tables, messages_for  # it knows hosts, of which most dumps ask nothing

    return messages_for(sources, message_tables(place), chosen.read)


def _selectors(providers: Sequence[str] | None, channels: Sequence[str] | None) -> frozenset[Selector] | None:
    if not providers and not channels:
        return None
    wanted = product(channels or [""], providers or [""])
    return frozenset(Selector(channel or None, provider or None) for channel, provider in wanted)


def _writer_name(output: str, format_: DumpFormat | None, profile: Profile | None) -> str:
    if profile is not None:
        if format_ is DumpFormat.JSONL:
            raise UsageError(f"--profile {profile.value} is CSV; leave -t away")
        return str(profile.value)
    if format_ is not None:
        return str(format_.value)
    suffix = Path(output).suffix.lower()
    if suffix in (".jsonl", ".csv"):
        return suffix.removeprefix(".")
    if output == STDOUT or _is_folder(output):
        return "csv"
    raise UsageError(f"{output}: end the name in .csv, .jsonl or /, or choose a format with -t")


def _is_folder(output: str) -> bool:
    return output.endswith(("/", "\\")) or Path(output).is_dir()


class _Books:
    """What was read and written, for the ledger."""

    def __init__(self, files: int) -> None:
        self.files = files
        self.rows = self.records = self.lost = 0
        self.warnings: list[str] = []
        self.is_damaged = False
        self._unreadable: set[Location] = set()

    @property
    def readable(self) -> int:
        """How many of the files could be read."""
        return self.files - len(self._unreadable)

    def add(self, result: Result) -> None:
        """Take in the share of one result; a file that cannot be read is so in all its ranges."""
        self.rows += result.rows
        self.records += result.records
        self.lost += result.lost
        for warning in result.warnings:
            if warning.kind == "unreadable":
                if warning.location in self._unreadable:
                    continue
                self._unreadable.add(warning.location)
            self.warn(warning)
            self.is_damaged |= warning.records_lost > 0

    def warn(self, warning: ExtractionWarning) -> None:
        """Note what could not be read."""
        self.warnings.append(f"{warning.location}: {warning.message}")

    def print(self) -> None:
        """Print the ledger on stderr."""
        lines = [
            f"files     {self.readable:,} of {self.files:,} read",
            f"records   {self.records:,} read, {self.lost:,} lost",
        ]
        lines.append(f"events    {self.rows:,} written")
        lines += [f"warning   {prose(text)}" for text in self.warnings[:LINES_SHOWN]]
        if len(self.warnings) > LINES_SHOWN:
            lines.append(f"          and {len(self.warnings) - LINES_SHOWN:,} more")
        print("\n".join(lines), file=sys.stderr)


def _write(
    tasks: Sequence[Task],
    options: DumpOptions,
    output: str,
    clobber: bool,
    run: Callable[[Sequence[Task], DumpOptions], Iterator[Result]],
    books: _Books,
) -> None:
    if not _is_folder(output):
        with _opened(output, clobber) as stream:
            _write_one(run(tasks, options), options, stream, books)
        return
    suffix = writer(options.writer, options.raw).suffix
    names = _file_names(task.source.name for task in tasks)
    targets = {source: Path(output) / f"{name}{suffix}" for source, name in names.items()}
    refuse_existing(list(targets.values()), clobber=clobber)
    results = groupby(run(tasks, options), key=lambda result: result.source.name)
    for name, share in results:
        with replacing(targets[name], clobber=clobber) as stream:
            _write_one(share, options, stream, books)


def _file_names(sources: Iterable[str]) -> dict[str, str]:
    """A name for the dump of each log: that of the log with its folders, in characters that every system allows.

    Where one of that name is there already, in whatever case, a number makes it another one: no dump replaces another.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for source in dict.fromkeys(sources):
        plain = source.translate(_NOT_FOR_FILES)
        numbered = (f"{plain}_{number}" for number in count(2))
        names[source] = next(name for name in chain([plain], numbered) if name.casefold() not in taken)
        taken.add(names[source].casefold())
    return names


@contextmanager
def _opened(output: str, clobber: bool) -> Iterator[BinaryIO]:
    if output == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replacing(Path(output), clobber=clobber) as stream:
        yield stream


def _write_one(results: Iterator[Result], options: DumpOptions, stream: BinaryIO, books: _Books) -> None:
    header = writer(options.writer, options.raw).header
    stream.write(((BOM if options.writer == Profile.EVTXECMD.value else "") + header).encode())
    if options.with_times:
        stream.writelines(line.encode("utf-8", "replace") for line in by_time(_timed(results, books)))
        return
    for result in results:
        books.add(result)
        stream.write(result.data)


def _timed(results: Iterator[Result], books: _Books) -> Iterator[tuple[int, str]]:
    for result in results:
        books.add(result)
        yield from zip(result.times, result.lines, strict=True)
