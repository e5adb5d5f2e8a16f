"""Run a dump: files and filters → lines. Processes share a large file by ranges of chunks; the order is kept."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from evtscan.base.model.event import Event
from evtscan.base.model.log import BatchReader, LogReader, Same
from evtscan.base.model.query import EVERYTHING, PLAIN, Query, ReadOptions
from evtscan.base.model.source import ExtractionWarning, Source
from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.processes import WorkerLostError, error_of
from evtscan.base.wintypes import Instant
from evtscan.dump import evtxecmd, timesketch
from evtscan.dump.blocks import BLOCK, Block, of_batch, of_events
from evtscan.dump.helpers import WORTH_HELPERS, WORTH_HELPERS_SELECTING, Helpers
from evtscan.dump.jsonmatrix import json_lines
from evtscan.dump.lines import Csv, JsonLines
from evtscan.parsers import Format, Kind, format_named, read_log, recognise

if TYPE_CHECKING:
    from concurrent.futures import Future

TASK_CHUNKS = 256
"""Chunks of a log in one task: 16 MiB of it, and a few times that of lines."""
_WAITING = 2  # results per helper that may wait for their turn
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpOptions:
    """Options of a dump: ``writer`` is a format or ``evtxecmd``.

    ``contains`` is a text that at least one value must contain. ``raw`` does not neutralise formulas in CSV, ``excel``
    writes CSV for Excel; ``with_times`` keeps the time of each line, for sorting. ``finish`` may add to each event
    before it is written; with it, all work is done in one process.
    """

    query: Query = EVERYTHING
    read: ReadOptions = PLAIN
    writer: str = "csv"
    contains: str = ""
    raw: bool = False
    excel: bool = False
    with_times: bool = False
    finish: Callable[[Event], Event] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One unit of work: a log, or a range of its chunks (the first chunk, and the one after the last).

    The format is given by its name, which can be sent to another process. ``start`` narrows the query for this log.
    """

    source: Source
    format: str
    chunks: tuple[int, int] | None = None
    start: Instant | None = None


@dataclass(slots=True, kw_only=True)
class Result:
    """The result of a task: lines as UTF-8, or single lines with their times (FILETIME), and counts and warnings."""

    source: Source
    data: bytes = b""
    lines: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    rows: int = 0
    records: int = 0
    lost: int = 0
    warnings: list[ExtractionWarning] = field(default_factory=list)


@cache
def writer(name: str, raw: bool, excel: bool = False) -> JsonLines | Csv:
    """Return the writer of a format, one for each process, so that its caches are used for every block."""
    if name in ("jsonl", "json"):
        return JsonLines()
    if name == "timesketch":
        return JsonLines(timesketch.COLUMNS)
    return Csv(tuple(evtxecmd.COLUMNS), raw, excel=True) if name == "evtxecmd" else Csv(raw=raw, excel=excel)


_OF_EVENTS: Mapping[str, Mapping[str, Callable[[Event], Any]]] = {
    "evtxecmd": evtxecmd.COLUMNS,
    "timesketch": timesketch.COLUMNS,
}
"""The columns of the writers that need whole events."""


def plan(sources: Iterable[Source]) -> tuple[list[Task], list[ExtractionWarning]]:
    """Return the tasks for files, in their order, and warnings about unreadable files; other than logs are skipped."""
    tasks: list[Task] = []
    warnings: list[ExtractionWarning] = []
    for source in sources:
        try:
            row = recognise(source)
            if row is not None and row.kind is Kind.LOG:
                tasks.extend(_tasks_of(source, row))
        except Exception as error:
            warnings.append(ExtractionWarning.unreadable(error, source.name))
    return tasks, warnings


def _tasks_of(source: Source, row: Format) -> Iterator[Task]:
    """Split a large log into ranges of chunks; their number is estimated from its size, since counting is slow."""
    size = source.path.stat().st_size
    if not row.part_size or size < WORTH_HELPERS:
        yield Task(source=source, format=row.name)
        return
    for first in range(0, 1 + size // row.part_size, TASK_CHUNKS):
        yield Task(source=source, format=row.name, chunks=(first, first + TASK_CHUNKS))


def helpers_for(tasks: Sequence[Task], query: Query, jobs: int = 0) -> Helpers:
    """Start the workers for these tasks; ``jobs`` is the total number of processes, 0 selects it automatically."""
    size = sum(path.stat().st_size for path in {task.source.path for task in tasks})
    worth = WORTH_HELPERS_SELECTING if _is_selective(query) else WORTH_HELPERS
    processes = min(jobs or ((os.cpu_count() or 1) if size >= worth else 1), len(tasks))
    if processes > 1 and not _is_selective(query):
        return Helpers(processes)
    return Helpers(max(processes - 1, 0))  # this process takes its share


def execute(tasks: Sequence[Task], options: DumpOptions, helpers: Helpers | None = None) -> Iterator[Result]:
    """Run the tasks and yield their results in order; the results are the same for any number of workers."""
    if helpers is None or not helpers.count:
        for task in _joined(tasks):
            yield from _stream(task, options)
        return
    import tempfile  # a helper never comes here

    share = _from_both_ends if _is_selective(options.query) else _in_turn
    with tempfile.TemporaryDirectory(prefix="evtscan-", ignore_cleanup_errors=True) as folder:
        try:
            yield from share(tasks, options, helpers, Path(folder))
        except BaseException:
            helpers.stop()  # Windows deletes no file that a worker has open
            raise


def _in_turn(tasks: Sequence[Task], options: DumpOptions, helpers: Helpers, folder: Path) -> Iterator[Result]:
    """Let the workers run all tasks and yield their results in order; only a few results wait on disk."""
    waiting: deque[tuple[Task, Path, Future[Result]]] = deque()
    for number, task in enumerate(tasks):
        place = folder / str(number)
        waiting.append((task, place, helpers.submit(_whole, task, options, place)))
        if len(waiting) >= helpers.count * _WAITING:
            yield from _answer(*waiting.popleft(), options)
    while waiting:
        yield from _answer(*waiting.popleft(), options)


def _from_both_ends(tasks: Sequence[Task], options: DumpOptions, helpers: Helpers, folder: Path) -> Iterator[Result]:
    """Let workers run tasks from the end of the list while this process runs tasks from the front.

    This process can start at once. It is used for a few selected events: results are small, however many wait.
    """
    futures = {
        number: helpers.submit(_whole, tasks[number], options, folder / str(number))
        for number in reversed(range(len(tasks)))
    }
    for number, task in enumerate(tasks):
        if futures[number].cancel():
            yield from _stream(task, options)
        else:
            yield from _answer(task, folder / str(number), futures[number], options)


def _answer(task: Task, place: Path, future: "Future[Result]", options: DumpOptions) -> Iterator[Result]:
    """Yield the result of a worker: its text in pieces, then the rest. If the worker was lost, run its task here."""
    if isinstance(error_of(future), WorkerLostError):
        yield from _stream(task, options)
        return
    books = future.result()
    with place.open("rb") as stream:
        yield from _timed(stream, task.source) if options.with_times else _plain(stream, task.source)
    place.unlink()
    yield books


def _plain(stream: BinaryIO, source: Source) -> Iterator[Result]:
    while piece := stream.read(_PIECE):
        yield Result(source=source, data=piece)


def _timed(stream: BinaryIO, source: Source) -> Iterator[Result]:
    while lines := stream.readlines(_PIECE):
        found = [line.decode().partition("\t") for line in lines]
        yield Result(source=source, lines=[line for _, _, line in found], times=[int(time) for time, _, _ in found])


def _joined(tasks: Iterable[Task]) -> Iterable[Task]:
    """Join the ranges of each log to one task for each log, which is fastest in one process."""
    logs: dict[Source, Task] = {}
    for task in tasks:
        begun = logs.get(task.source, task)
        if begun.chunks and task.chunks:
            begun = replace(begun, chunks=(begun.chunks[0], task.chunks[1]))
        logs[task.source] = begun
    return logs.values()


def _is_selective(query: Query) -> bool:
    return query.selectors is not None or query.include_ids is not None


def _whole(task: Task, options: DumpOptions, place: Path) -> Result:
    """Run a task and return one result; its text is written to a file, since a pipe would copy it several times.

    Lines with times are written to the file too: many results may wait, and must not fill the memory.
    """
    books = Result(source=task.source)
    with place.open("wb") as stream:
        for part in _stream(task, options):
            stream.write(part.data)
            timed = zip(part.times, part.lines, strict=True)
            stream.writelines(f"{time}\t{line}".encode("utf-8", "replace") for time, line in timed)
            books.rows += part.rows
            books.records += part.records
            books.lost += part.lost
            books.warnings += part.warnings
    return books


def _stream(task: Task, options: DumpOptions) -> Iterator[Result]:
    """Yield the results of a task block by block; the last one has its counts and warnings."""
    books = Result(source=task.source)
    try:
        query = options.query if task.start is None else replace(options.query, start=task.start)
        reader = read_log(format_named(task.format), task.source, query, options.read, chunks=task.chunks)
        if options.writer == "parquet":
            yield from _frames(reader, task, options)
        elif isinstance(reader, BatchReader) and _is_plain_json(options):
            yield from _json_results(reader, task.source)
        else:
            yield from _line_results(reader, task, options)
    except Exception as error:
        books.warnings.append(ExtractionWarning.unreadable(error, task.source.name))
    else:
        books.records, books.lost = reader.summary.records, reader.summary.lost
        books.warnings += reader.warnings
    yield books


def _json_results(reader: BatchReader, source: Source) -> Iterator[Result]:
    """Yield JSON Lines that are made from whole columns."""
    for batch in reader.batches():
        lines = batch.in_order(json_lines(part, source.name) for part in batch.parts())
        for start in range(0, len(lines), BLOCK):
            some = lines[start : start + BLOCK]
            yield Result(source=source, data=b"".join(some), rows=len(some))


def _frames(reader: LogReader, task: Task, options: DumpOptions) -> Iterator[Result]:
    """Yield record batches in frames (see ``parquet``)."""
    from evtscan.dump.arrow import frame, to_arrow
    from evtscan.dump.typed import TypedReader

    typed = TypedReader()
    by_event = options.contains or options.finish
    batches = typed.of_events(_chosen(reader, options)) if by_event else typed.batches(reader, task.source.name)
    for batch in batches:
        yield Result(source=task.source, data=frame(to_arrow(batch, typed.categories)), rows=batch.count)
        typed.forget()


def _line_results(reader: LogReader, task: Task, options: DumpOptions) -> Iterator[Result]:
    """Yield lines of any format, written value by value."""
    for lines, times in _lines(reader, task, options):
        if options.with_times:
            yield Result(source=task.source, lines=lines, times=times, rows=len(lines))
            continue
        for start in range(0, len(lines), BLOCK):  # one wide character makes all of a text wide
            part = lines[start : start + BLOCK]
            yield Result(source=task.source, data="".join(part).encode("utf-8", "replace"), rows=len(part))


def _is_plain_json(options: DumpOptions) -> bool:
    return options.writer in ("jsonl", "json") and not (options.with_times or options.contains or options.finish)


def _lines(reader: LogReader, task: Task, options: DumpOptions) -> Iterator[tuple[list[str], list[int]]]:
    """Yield the lines of a log with their times, some thousand at a time."""
    lines_of = writer(options.writer, options.raw, options.excel).lines
    if options.writer in _OF_EVENTS or options.contains or options.finish or not isinstance(reader, BatchReader):
        for block in _blocks(reader, options):
            yield list(lines_of(block)), block.ticks
        return
    for batch in reader.batches():
        made = []
        for part in batch.parts():
            block = of_batch(part, task.source.name)
            made.append((list(lines_of(block)), block.ticks))
        yield batch.in_order(lines for lines, _ in made), batch.in_order(ticks for _, ticks in made)


def _blocks(events: Iterable[Event], options: DumpOptions) -> Iterator[Block]:
    events = _chosen(events, options)
    columns = _OF_EVENTS.get(options.writer)
    yield from of_events(events) if columns is None else _of_columns(events, columns)


def _chosen(events: Iterable[Event], options: DumpOptions) -> Iterable[Event]:
    if options.finish:
        events = map(options.finish, events)
    if options.contains:
        wanted = options.contains.casefold()
        events = (event for event in events if contains(event, wanted))
    return events


def _of_columns(events: Iterable[Event], columns_of: Mapping[str, Callable[[Event], Any]]) -> Iterator[Block]:
    source = iter(events)
    while chunk := list(islice(source, BLOCK)):
        columns: dict[str, list[Any] | Same] = {
            name: [read(event) for event in chunk] for name, read in columns_of.items()
        }
        yield Block(columns, [event.time.ticks if event.time else 0 for event in chunk], len(chunk))


def contains(event: Event, wanted: str) -> bool:
    """Whether any value of an event contains a text (given in ``casefold`` form); case is ignored."""
    system = (
        *(getattr(event, name) for name in _TEXT_FIELDS),
        event.event_type,
        event.message,
        str(event.event_id),
    )
    return any(wanted in text.casefold() for text in chain(filter(None, system), _texts(event.data)))


_TEXT_FIELDS = tuple(field.name for field in SYSTEM_FIELDS if field.kind not in ("number", "time"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
