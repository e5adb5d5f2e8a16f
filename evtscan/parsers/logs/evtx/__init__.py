"""Reader for the event logs of Windows Vista and later (EVTX).

A log consists of chunks of records. Each record is BinXML: a template and the values that are inserted into it.
``read_log`` runs a query: it finds all records, tests their fixed parts, and decodes the records that may match.
"""

from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx.parts import open_parts
from evtscan.parsers.logs.evtx.reader import EvtxLog, chunk_at, chunk_count
from evtscan.parsers.logs.evtx.selection import DecoderName, RecordBatch

__all__ = ["DecoderName", "EvtxLog", "RecordBatch", "chunk_at", "chunk_count", "open_parts", "read_log"]


def read_log(
    source: Source,
    query: Query,
    options: ReadOptions = PLAIN,
    *,
    chunk_range: tuple[int, int] | None = None,
) -> EvtxLog:
    """Open an EVTX log for one pass; ``chunk_range`` selects the chunks ``first`` to ``last - 1`` in record order.

    Raises:
        EvidenceError: if no part of the file can be read.
    """
    decoder: DecoderName = "reference" if options.reference else "columns"
    return EvtxLog(source, query, recover=options.recover, decoder=decoder, chunk_range=chunk_range)
