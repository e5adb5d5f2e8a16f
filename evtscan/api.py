"""The Python interface: events of a log one by one, or as a pandas data frame.

>>> import evtscan
>>> frame = evtscan.read_events("System.evtx", event_ids=[6009])  # doctest: +SKIP
"""

from collections.abc import Collection, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from evtscan.errors import EvidenceError
from evtscan.model import EVERYTHING, PLAIN, Event, LogReader, Query, ReadOptions, Selector, Source
from evtscan.parsers import Kind, read_log, recognise

if TYPE_CHECKING:
    import pandas as pd


def iter_events(
    path: str | PathLike[str], query: Query = EVERYTHING, *, options: ReadOptions = PLAIN
) -> Iterator[Event]:
    """The events of one log file in record order, decoded as they are asked for; memory does not grow with the file.

    Raises:
        EvidenceError: if the file is no event log, or nothing of it can be read.
    """
    yield from _open(Path(path), query, options)


def read_events(
    path: str | PathLike[str],
    query: Query | None = None,
    *,
    event_ids: Collection[int] | None = None,
    provider: str | None = None,
    options: ReadOptions = PLAIN,
) -> "pd.DataFrame":
    """The events of one log file as a data frame: a row an event, in record order.

    The columns are those of ``evtscan dump``. ``TimeCreated`` and ``TimeWritten`` are UTC timestamps
    (``datetime64[ns, UTC]``), numbers are nullable integers, texts that repeat are categories, ``Recovered`` is bool,
    and ``Data`` holds dicts. Where an export prints local times and ``options.zone`` does not say of which zone, they
    are naive (``datetime64[ns]``). ``query`` selects before anything is decoded; ``event_ids`` and ``provider`` are a
    shorter way to say one.

    Raises:
        EvidenceError: if the file is no event log, or nothing of it can be read.
    """
    from evtscan.frames import frame_of

    wanted = query if query is not None else _query(event_ids, provider)
    return frame_of(_open(Path(path), wanted, options), Path(path).name)


def _query(event_ids: Collection[int] | None, provider: str | None) -> Query:
    if event_ids is None and provider is None:
        return EVERYTHING
    ids = (None,) if event_ids is None else tuple(event_ids)
    return Query(frozenset(Selector(provider=provider, event_id=number) for number in ids))


def _open(path: Path, query: Query, options: ReadOptions) -> LogReader:
    source = Source(path, path.name)
    row = recognise(source)
    if row is None or row.kind is not Kind.LOG:
        raise EvidenceError(f"{path.name}: not an event log that evtscan reads")
    return read_log(row, source, query, options)
