"""Read events of logs: one by one, as a pandas data frame, or as Arrow tables."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evtscan.base.errors import EvidenceError, raise_unless_about_file
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, PLAIN, Query, ReadOptions, Selector
from evtscan.base.model.source import ExtractionWarning, Source
from evtscan.base.model.system import LEVEL_NAMES
from evtscan.base.wintypes import Instant, parse_time
from evtscan.intake import archives
from evtscan.intake.paths import find
from evtscan.intake.patterns import expand
from evtscan.parsers import Format, Kind, read_log, recognise

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

AnyPath = str | PathLike[str]
Paths = AnyPath | Iterable[AnyPath]
"""A file, a folder, a pattern such as ``logs/**/*.evtx``, an archive, or several of them."""
Names = str | Collection[str]
Levels = int | str | Collection[int | str]
Time = str | date | datetime
"""A time; without an offset it is UTC."""


def iter_events(
    paths: Paths,
    query: Query | None = None,
    *,
    event_ids: Collection[int] | None = None,
    provider: Names | None = None,
    channel: Names | None = None,
    level: Levels | None = None,
    start: Time | None = None,
    end: Time | None = None,
    options: ReadOptions = PLAIN,
    warnings: list[ExtractionWarning] | None = None,
) -> Iterator[Event]:
    """Yield the events of logs, one log after the other, each in record order; memory does not grow with them.

    Example:
        >>> for event in evtscan.iter_events("System.evtx", event_ids=[6008], start="2024-01-01"):
        ...     print(event.time, event.provider, event.data)

    Args:
        paths: a file, a folder, a pattern with ``*``, ``?`` or ``**``, an archive, or several of them. In folders and
            archives, files that are not logs are skipped.
        query: which events to read; instead of the following arguments.
        event_ids: event ids.
        provider: name of the provider (source), or several.
        channel: name of the channel (log), or several. An event whose channel is unknown is included.
        level: Windows' number of a level or its name (``"error"``), or several.
        start: time of the earliest events, inclusive.
        end: time of the latest events, exclusive.
        options: how to read logs; ``ReadOptions(recover=True)`` adds records from slack space.
        warnings: a list to which everything that could not be read is added; files that cannot be read at all are
            then skipped.

    Raises:
        UsageError: if a path does not exist.
        EvidenceError: if none of the files is a log, or a log cannot be read and ``warnings`` is not given.
        ValueError: if an argument is invalid, or ``query`` is combined with others.
    """
    wanted = query_of(query, event_ids, provider, channel, level, start, end)
    with _opened(paths, wanted, options, warnings) as logs:
        for log, _ in logs:
            yield from log


def read_events(
    paths: Paths,
    query: Query | None = None,
    *,
    event_ids: Collection[int] | None = None,
    provider: Names | None = None,
    channel: Names | None = None,
    level: Levels | None = None,
    start: Time | None = None,
    end: Time | None = None,
    data: Literal["json", "dict"] = "json",
    options: ReadOptions = PLAIN,
    warnings: list[ExtractionWarning] | None = None,
) -> "pd.DataFrame":
    """Return the events of logs as a pandas data frame: a row for each event, the columns of ``evtscan dump``.

    ``TimeCreated`` and ``TimeWritten`` are UTC timestamps (``datetime64[ns, UTC]``), numbers are nullable integers (NA
    where damage made one too large), texts that repeat are categories, shared by all logs, and ``Recovered`` is bool.
    Where an export prints local times and ``options.zone`` does not give their zone, they are naive.

    Example:
        >>> frame = evtscan.read_events("logs/*.evtx", level=["critical", "error"])
        >>> frame.groupby(["Provider", "EventID"], observed=True).size()

    Args:
        paths: see ``iter_events``; so are the arguments up to ``end``, ``options`` and ``warnings``.
        query: which events to read; instead of the following arguments.
        event_ids: event ids.
        provider: name of the provider (source), or several.
        channel: name of the channel (log), or several.
        level: Windows' number of a level or its name, or several.
        start: time of the earliest events, inclusive.
        end: time of the latest events, exclusive.
        data: the form of the column ``Data``: ``"json"``, the text of a JSON object, or ``"dict"``, which takes much
            more time and memory.
        options: how to read logs.
        warnings: a list to which everything that could not be read is added.

    Raises:
        UsageError: if a path does not exist.
        EvidenceError: if none of the files is a log, or a log cannot be read and ``warnings`` is not given.
        ValueError: if an argument is invalid, or ``query`` is combined with others.
    """
    from evtscan.frames import frame_of

    if data not in ("json", "dict"):
        raise ValueError(f"data={data!r}: use 'json' or 'dict'")
    wanted = query_of(query, event_ids, provider, channel, level, start, end)
    with _opened(paths, wanted, options, warnings) as logs:
        return frame_of(logs, data)


def iter_batches(
    paths: Paths,
    query: Query | None = None,
    *,
    event_ids: Collection[int] | None = None,
    provider: Names | None = None,
    channel: Names | None = None,
    level: Levels | None = None,
    start: Time | None = None,
    end: Time | None = None,
    options: ReadOptions = PLAIN,
    warnings: list[ExtractionWarning] | None = None,
) -> "Iterator[pa.RecordBatch]":
    """Yield the events of logs as Arrow record batches of some thousand events, in bounded memory.

    The schema is that of ``read_table``. Needs the extra ``evtscan[arrow]``.

    Example:
        >>> for batch in evtscan.iter_batches("logs/"):
        ...     print(batch.num_rows)

    Args:
        paths: see ``iter_events``; so are all other arguments.
        query: which events to read; instead of the following arguments.
        event_ids: event ids.
        provider: name of the provider (source), or several.
        channel: name of the channel (log), or several.
        level: Windows' number of a level or its name, or several.
        start: time of the earliest events, inclusive.
        end: time of the latest events, exclusive.
        options: how to read logs.
        warnings: a list to which everything that could not be read is added.

    Raises:
        ImportError: if pyarrow is not installed.
        UsageError: if a path does not exist.
        EvidenceError: if none of the files is a log, or a log cannot be read and ``warnings`` is not given.
        ValueError: if an argument is invalid, or ``query`` is combined with others.
    """
    from evtscan.dump.arrow import record_batches

    wanted = query_of(query, event_ids, provider, channel, level, start, end)
    with _opened(paths, wanted, options, warnings) as logs:
        yield from record_batches(logs)


def read_table(
    paths: Paths,
    query: Query | None = None,
    *,
    event_ids: Collection[int] | None = None,
    provider: Names | None = None,
    channel: Names | None = None,
    level: Levels | None = None,
    start: Time | None = None,
    end: Time | None = None,
    columns: Literal["json", "data"] = "json",
    options: ReadOptions = PLAIN,
    warnings: list[ExtractionWarning] | None = None,
) -> "pa.Table":
    """Return the events of logs as an Arrow table. Needs the extra ``evtscan[arrow]``.

    The schema is the same for every log: the columns of ``evtscan dump``; numbers are integers, texts that repeat are
    dictionary-encoded, times are ``timestamp[ns, UTC]``, and ``Data`` is the text of a JSON object. ``LocalTime`` has
    the local time of an unknown zone, which some exports print; ``TimeCreated`` is null there. Polars and DuckDB use
    the table without copying it.

    Example:
        >>> logons = evtscan.read_table("Security.evtx", event_ids=[4624], columns="data")
        >>> duckdb.sql("SELECT LogonType, count(*) FROM logons GROUP BY 1")

    Args:
        paths: see ``iter_events``; so are the arguments up to ``end``, ``options`` and ``warnings``.
        query: which events to read; instead of the following arguments.
        event_ids: event ids.
        provider: name of the provider (source), or several.
        channel: name of the channel (log), or several.
        level: Windows' number of a level or its name, or several.
        start: time of the earliest events, inclusive.
        end: time of the latest events, exclusive.
        columns: ``"data"`` adds a column for each field of the events' data, in place of ``Data``: for events of one
            kind. Numbers, times and truth values get columns of their type, other values are text, and nested
            values are JSON text. A field with the name of another column gets the prefix ``Data_``.
        options: how to read logs.
        warnings: a list to which everything that could not be read is added.

    Raises:
        ImportError: if pyarrow is not installed.
        UsageError: if a path does not exist.
        EvidenceError: if none of the files is a log, or a log cannot be read and ``warnings`` is not given.
        ValueError: if an argument is invalid, or ``query`` is combined with others.
    """
    from evtscan.dump.arrow import record_batches, table_of, table_with_fields

    if columns not in ("json", "data"):
        raise ValueError(f"columns={columns!r}: use 'json' or 'data'")
    wanted = query_of(query, event_ids, provider, channel, level, start, end)
    with _opened(paths, wanted, options, warnings) as logs:
        return table_with_fields(logs) if columns == "data" else table_of(record_batches(logs))


# ------------------------------------------------------------------------------------------------ queries


def query_of(
    query: Query | None = None,
    event_ids: Collection[int] | None = None,
    provider: Names | None = None,
    channel: Names | None = None,
    level: Levels | None = None,
    start: Time | None = None,
    end: Time | None = None,
) -> Query:
    """Return the query for simple values, or ``query`` itself if it is given.

    Raises:
        ValueError: if a value is invalid, or if ``query`` is combined with other arguments.
    """
    if query is not None:
        if any(value is not None for value in (event_ids, provider, channel, level, start, end)):
            raise ValueError("query cannot be combined with event_ids, provider, channel, level, start or end")
        return query
    since, until = _instant(start, "start"), _instant(end, "end")
    if since is not None and until is not None and not since < until:
        raise ValueError(f"start={start!r}, end={end!r}: empty range: end is exclusive and must be later than start")
    return replace(
        EVERYTHING,
        selectors=_selectors(provider, channel),
        levels=None if level is None else frozenset(map(_level, _several(level))),
        start=since,
        end=until,
        include_ids=None if event_ids is None else tuple(range(number, number + 1) for number in event_ids),
    )


def _selectors(provider: Names | None, channel: Names | None) -> frozenset[Selector] | None:
    if provider is None and channel is None:
        return None
    providers: Iterable[str | None] = (None,) if provider is None else _several(provider)
    channels: Sequence[str | None] = (None,) if channel is None else tuple(_several(channel))
    return frozenset(Selector(channel=log, provider=name) for name in providers for log in channels)


def _several(values: Any) -> Collection[Any]:
    return (values,) if isinstance(values, str | int) else values


def _level(level: int | str) -> int:
    if isinstance(level, str) and level.casefold() in LEVEL_NAMES:
        return LEVEL_NAMES[level.casefold()]
    if not isinstance(level, int):
        raise ValueError(f"level={level!r}: use a number or one of {', '.join(LEVEL_NAMES)}")
    return level


def _instant(time: Time | None, name: str) -> Instant | None:
    if time is None:
        return None
    if isinstance(time, str):
        try:
            return parse_time(time)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day, tzinfo=UTC)
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    since = aware - datetime(1601, 1, 1, tzinfo=UTC)
    return Instant((since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10)


# ------------------------------------------------------------------------------------------------ files


def sources_of(paths: Paths) -> tuple[Source, ...]:
    """Return the files at or below some paths.

    Raises:
        UsageError: if a path does not exist.
    """
    return find(expanded(paths)).sources


def expanded(paths: Paths) -> list[Path]:
    """Return the paths, with each pattern replaced by the files that match it.

    Raises:
        UsageError: if a path does not exist.
    """
    several: Iterable[AnyPath] = (paths,) if isinstance(paths, str | PathLike) else paths
    return expand([fspath(path) for path in several])


@contextmanager
def _opened(
    paths: Paths, query: Query, options: ReadOptions, warnings: list[ExtractionWarning] | None
) -> Iterator[Iterator[tuple[LogReader, str]]]:
    """Open the logs of some paths, each with its name; they can be read until the context ends."""
    sources = sources_of(paths)
    with archives.opened(sources) as files:
        if warnings is not None:
            warnings += files.warnings
        elif files.rows:
            raise EvidenceError(f"{files.rows[0].source_file}: {files.skipped[0].reason}")
        found = [log for source in files.sources for log in _log(source, warnings)]
        if not found and warnings is None:
            names = ", ".join(source.name for source in sources[:3])
            raise EvidenceError(
                f"{names or 'no files'}: not an event log that evtscan reads, nor an archive with one in it"
            )
        yield _readers(found, query, options, warnings)


def _log(source: Source, warnings: list[ExtractionWarning] | None) -> Iterator[tuple[Source, Format]]:
    try:
        row = recognise(source)
    except EvidenceError as error:
        if warnings is None:
            raise
        warnings.append(ExtractionWarning.unreadable(error, source.name))
        return
    if row is not None and row.kind is Kind.LOG:
        yield source, row


def _readers(
    logs: Iterable[tuple[Source, Format]],
    query: Query,
    options: ReadOptions,
    warnings: list[ExtractionWarning] | None,
) -> Iterator[tuple[LogReader, str]]:
    for source, row in logs:
        try:
            reader = read_log(row, source, query, options)
        except Exception as error:
            if warnings is None:
                raise
            raise_unless_about_file(error)
            warnings.append(ExtractionWarning.unreadable(error, source.name))
            continue
        yield reader, source.name
        if warnings is not None:
            warnings += reader.warnings
