"""Read the records around an event, without reading the whole EVTX log."""

from collections.abc import Sequence
from functools import lru_cache

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx.reader import EvtxLog, chunk_at, chunk_count
from evtscan.parsers.logs.evtx.selection import DecoderName

NEAR = 5
"""If fewer records than this precede or follow the event in its chunk, the adjacent chunk is read too."""
_CHUNKS_KEPT = 4


class EvtxParts:
    """The chunks of one log; each is decoded when it is requested (see ``LogParts``)."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._source = source
        self._count = chunk_count(source)

        @lru_cache(maxsize=_CHUNKS_KEPT)
        def chunk(index: int) -> tuple[Event, ...]:
            decoder: DecoderName = "reference" if options.reference else "columns"
            log = EvtxLog(source, EVERYTHING, recover=options.recover, decoder=decoder, chunk_range=(index, index + 1))
            return tuple(log)

        self._chunk = chunk

    def near(self, event: Event) -> Sequence[Event]:
        """Return the records of the event's chunk, and of an adjacent chunk if the event is near its chunk's border."""
        index = chunk_at(self._source, event.location.offset or 0)
        if index is None:
            return ()
        records = self._chunk(index)
        if index > 0 and records and event.sequence - records[0].sequence < NEAR:
            records = (*self._chunk(index - 1), *records)
        if index + 1 < self._count and records and records[-1].sequence - event.sequence < NEAR:
            records = (*records, *self._chunk(index + 1))
        return records


def open_parts(source: Source, options: ReadOptions) -> EvtxParts:
    """Open a log to read the records around events.

    Raises:
        EvidenceError: if no part of the file can be read.
    """
    return EvtxParts(source, options)
