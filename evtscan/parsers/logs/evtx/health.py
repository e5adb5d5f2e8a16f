"""Full check of an EVTX file: every checksum, also those that normal reading does not verify."""

import zlib
from dataclasses import dataclass

from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx.file import CHUNK_SIZE, FIRST_RECORD, header_intact, read_segments
from evtscan.parsers.logs.evtx.reader import open_layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of a file: its header, and the number of chunks with each kind of damage.

    ``announced`` is the header's chunk count, which is stale in a dirty file. A chunk counts as ``bad_header`` or
    ``bad_records`` if a checksum is wrong, and as ``headerless`` if its header is missing.
    """

    header_intact: bool
    dirty: bool
    full: bool
    announced: int
    chunks: int
    bad_header: int
    bad_records: int
    headerless: int
    truncated: int
    checksums: bool

    def __str__(self) -> str:
        header = "no checksums" if not self.checksums else "header intact" if self.header_intact else "header damaged"
        flags = [word for word, holds in (("dirty", self.dirty), ("full", self.full)) if holds]
        counts = [
            f"{count} {word}"
            for count, word in (
                (self.bad_header, "with a bad header checksum"),
                (self.bad_records, "with a bad records checksum"),
                (self.headerless, "without header"),
                (self.truncated, "truncated"),
            )
            if count
        ]
        state = ", ".join(counts) or "all intact"
        chunks = "1 chunk" if self.chunks == 1 else f"{self.chunks} chunks"
        return ", ".join([header, *flags, f"{chunks} ({self.announced} announced): {state}"])

    def figures(self) -> dict[str, object]:
        """Return the state as named numbers, as ``metrics`` writes them to JSON."""
        return {
            "HeaderIntact": self.header_intact,
            "Dirty": self.dirty,
            "Full": self.full,
            "Checksums": self.checksums,
            "ChunksAnnounced": self.announced,
            "Chunks": self.chunks,
            "BadHeaders": self.bad_header,
            "BadRecords": self.bad_records,
            "WithoutHeader": self.headerless,
            "Truncated": self.truncated,
        }


def examine(source: Source) -> Health:
    """Check the header and every chunk of a file.

    Raises:
        EvidenceError: if no part of the file can be read.
    """
    layout = open_layout(source)
    bad_header = bad_records = 0
    with source.path.open("rb", buffering=0) as stream:
        for segment in read_segments(stream, layout.chunks):
            for slot in range(segment.slots):
                chunk = segment.chunk(slot)
                if segment.orphan[slot]:
                    continue
                bad_header += not header_intact(chunk[:FIRST_RECORD])
                bad_records += not _records_intact(chunk)
    return Health(
        header_intact=layout.header.intact,
        dirty=layout.header.dirty,
        full=layout.header.full,
        announced=layout.header.chunk_count,
        chunks=len(layout.chunks),
        bad_header=bad_header if layout.header.checksums else 0,
        bad_records=bad_records if layout.header.checksums else 0,
        headerless=sum(place.orphan for place in layout.chunks),
        truncated=sum(place.size < CHUNK_SIZE for place in layout.chunks),
        checksums=layout.header.checksums,
    )


def _records_intact(chunk: memoryview) -> bool:
    free = int.from_bytes(chunk[48:52], "little")
    if not FIRST_RECORD <= free <= CHUNK_SIZE:
        return False
    return zlib.crc32(chunk[FIRST_RECORD:free]) == int.from_bytes(chunk[52:56], "little")
