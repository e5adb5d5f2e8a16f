"""The Python interface: events of a log one by one, or as a pandas data frame.

>>> import evtscan
>>> frame = evtscan.read_events("System.evtx", event_ids=[6009])  # doctest: +SKIP
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, PLAIN, Query, ReadOptions, Selector
from evtscan.base.model.source import Source
from evtscan.intake import archives
from evtscan.parsers import Kind, read_log, recognise

if TYPE_CHECKING:
    import pandas as pd


def iter_events(
    path: str | PathLike[str], query: Query = EVERYTHING, *, options: ReadOptions = PLAIN
) -> Iterator[Event]:
    """The events of one log file in record order, decoded as they are asked for; memory does not grow with the file.

    Of an archive they are those of the logs in it, one log after the other; what cannot be read in it is passed over.

    Raises:
        EvidenceError: if the file is no event log, or nothing of it can be read.
    """
    with _opened(Path(path), query, options) as logs:
        for log, _ in logs:
            yield from log


def read_events(
    path: str | PathLike[str],
    query: Query | None = None,
    *,
    event_ids: Collection[int] | None = None,
    provider: str | None = None,
    options: ReadOptions = PLAIN,
) -> "pd.DataFrame":
    """The events of one log file, or of the logs in an archive, as a data frame: a row an event, in record order.

    The columns are those of ``evtscan dump``. ``TimeCreated`` and ``TimeWritten`` are UTC timestamps
    (``datetime64[ns, UTC]``), numbers are nullable integers (NA where damage made one too large), texts that repeat
    are categories, ``Recovered`` is bool, and ``Data`` holds dicts. Where an export prints local times and
    ``options.zone`` does not say of which zone, they are naive (``datetime64[ns]``). ``query`` selects before anything
    is decoded; ``event_ids`` and ``provider`` are a shorter way to say one.

    Raises:
        EvidenceError: if the file is no event log, or nothing of it can be read.
        ValueError: if there are both a query and what would be the short way to say another.
    """
    from evtscan.frames import frame_of

    short = _query(event_ids, provider)
    if query is not None and short is not EVERYTHING:
        raise ValueError("give either a query, or event_ids and provider: a query can say both")
    wanted = short if query is None else query
    with _opened(Path(path), wanted, options) as logs:
        return frame_of(logs)


def _query(event_ids: Collection[int] | None, provider: str | None) -> Query:
    if event_ids is None and provider is None:
        return EVERYTHING
    ids = (None,) if event_ids is None else tuple(event_ids)
    return Query(frozenset(Selector(provider=provider, event_id=number) for number in ids))


@contextmanager
def _opened(path: Path, query: Query, options: ReadOptions) -> Iterator[Iterator[tuple[LogReader, str]]]:
    """The log in a file, or those in an archive, each with its name; they can be read as long as the context lasts."""
    with archives.opened([Source(path, path.name)]) as files:
        if files.rows:
            raise EvidenceError(f"{files.rows[0].source_file}: {files.skipped[0].reason}")
        found = [(source, row) for source in files.sources if (row := recognise(source)) and row.kind is Kind.LOG]
        if not found:
            raise EvidenceError(f"{path.name}: not an event log that evtscan reads, nor an archive with one in it")
        yield ((read_log(row, source, query, options), source.name) for source, row in found)
