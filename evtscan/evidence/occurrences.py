"""Logs + the name of an event → how often it was logged, when, by which computers, and the records around it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.query import PLAIN, Query, ReadOptions, Selector
from evtscan.base.model.source import Source
from evtscan.evidence.neighbours import around
from evtscan.evidence.reading import read
from evtscan.intake.archives import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrences:
    """The events of one kind in some logs.

    ``levels`` and ``providers`` count them by level (Windows' number) and provider. ``oldest`` and ``newest`` are by
    time; ``nearby`` are the records around the newest, itself among them, if the log can be read again.
    """

    count: int
    levels: Counter[int | None]
    providers: Counter[str]
    computers: tuple[str, ...] = ()
    oldest: Event | None = None
    newest: Event | None = None
    nearby: tuple[Event, ...] = ()


def occurrences(
    sources: Iterable[Source], event_id: int, provider: str = "", options: ReadOptions = PLAIN
) -> Occurrences:
    """Find the events with an id, of a provider if it is given."""
    with opened(sources) as files:
        query = Query(frozenset({Selector(provider=provider or None, event_id=event_id)}))
        logs = read(files.sources, query, options).logs
        events = [event for log in logs for event in log.events]
        events.sort(key=lambda event: -1 if event.time is None else event.time.ticks)
        newest = events[-1] if events else None
        found = {} if newest is None else around({log.source.name: log.source for log in logs}, [newest], options)
        return Occurrences(
            count=len(events),
            levels=Counter(event.level for event in events),
            providers=Counter(event.provider for event in events),
            computers=tuple(dict.fromkeys(event.computer for event in events if event.computer)),
            oldest=next((event for event in events if event.time is not None), None),
            newest=newest,
            nearby=found.get(newest.location, ()) if newest is not None else (),
        )
