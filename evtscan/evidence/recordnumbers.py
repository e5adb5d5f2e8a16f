"""Event logs + a record number → the records with that number."""

from collections.abc import Iterable

from evtscan.base.model.event import Event
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.evidence.reading import read
from evtscan.intake.archives import opened


def find_records(sources: Iterable[Source], number: int, options: ReadOptions = PLAIN) -> list[Event]:
    """Return the records of all logs whose EventRecordID is ``number``."""
    with opened(sources) as files:
        reading = read(files.sources, Query(record_ids=(range(number, number + 1),)), options)
        events = (event for log in reading.logs for event in log.events)
        return [event for event in events if event.record_id == number]
