"""Write framed record batches as Parquet: one file, or a folder with a part for each channel (the extra ``arrow``).

A worker sends each record batch as a frame: eight bytes of length, then an Arrow stream that contains only this batch.
"""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from evtscan.dump.arrow import FRAME_HEADER, SCHEMA

_ROWS = 1 << 17
"""Rows of a row group: batches are collected up to it, so that columns compress and readers can skip."""
_MOST_OPEN = 32
_LONGEST_NAME = 150  # characters of the name of a folder


class Frames:
    """Decodes record batches from bytes in pieces of any size."""

    def __init__(self) -> None:
        self._left = bytearray()

    def batches(self, data: bytes) -> Iterator[pa.RecordBatch]:
        """Add the next piece of bytes, and yield the record batches that are complete."""
        self._left += data
        while len(self._left) >= FRAME_HEADER:
            end = FRAME_HEADER + int.from_bytes(self._left[:FRAME_HEADER], "little")
            if len(self._left) < end:
                return
            whole = bytes(self._left[FRAME_HEADER:end])
            del self._left[:end]
            yield from pa.ipc.open_stream(whole)


class ParquetFile:
    """Writes one file. Memory is limited to one row group."""

    def __init__(self, stream: BinaryIO) -> None:
        self._writer = pq.ParquetWriter(stream, SCHEMA, compression="zstd")
        self._frames = Frames()
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, data: bytes) -> None:
        """Write the record batches in the next piece of frames."""
        for batch in self._frames.batches(data):
            self.add(batch)

    def add(self, batch: pa.RecordBatch) -> None:
        """Write a record batch."""
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Write the remaining rows and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting).unify_dictionaries()
            self._writer.write_table(table, row_group_size=_ROWS)
        self._waiting, self._rows = [], 0


class ParquetFolder:
    """Writes a folder partitioned by channel, as DuckDB, Polars and Spark read it: ``Channel=NAME/part-0.parquet``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames = Frames()
        self._files: OrderedDict[str, tuple[ParquetFile, BinaryIO]] = OrderedDict()
        self._parts: dict[str, int] = {}

    def write(self, data: bytes) -> None:
        """Write the record batches in the next piece of frames."""
        import pyarrow.compute as pc

        for batch in self._frames.batches(data):
            channels = batch.column("Channel")
            for channel in pc.unique(channels.cast(pa.string())).to_pylist():
                chosen = pc.is_null(channels) if channel is None else pc.equal(channels.cast(pa.string()), channel)
                self._file(channel).add(batch.filter(chosen))

    def close(self) -> None:
        """Finish all files."""
        while self._files:
            self._finish()

    def _file(self, channel: str | None) -> ParquetFile:
        name = folder_name(channel)
        if name not in self._files:
            if len(self._files) >= _MOST_OPEN:
                self._finish()
            part = self._parts.get(name, 0)
            self._parts[name] = part + 1
            path = self._folder / name / f"part-{part}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("wb")
            self._files[name] = ParquetFile(stream), stream
        self._files.move_to_end(name)
        return self._files[name][0]

    def _finish(self) -> None:
        _, (file, stream) = self._files.popitem(last=False)
        with stream:
            file.close()


def folder_name(channel: str | None) -> str:
    """Return the folder of a channel in the form of Hive partitions; characters invalid in file names are escaped."""
    if channel is None:
        return "Channel=__HIVE_DEFAULT_PARTITION__"
    return f"Channel={quote(channel[:_LONGEST_NAME], safe=' ()-_').replace('.', '%2E')[:_LONGEST_NAME]}"
