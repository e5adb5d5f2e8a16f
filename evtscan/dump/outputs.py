"""Write the bytes of a dump to an open output: text, a JSON array, or Parquet."""

from pathlib import Path
from typing import BinaryIO, Protocol


class Output(Protocol):
    """Receives the bytes of a dump, piece by piece."""

    def write(self, data: bytes) -> None:
        """Write the next piece."""
        ...

    def close(self) -> None:
        """Finish the output; the stream remains open."""
        ...


class Text:
    """CSV and JSON Lines: a header, then the lines."""

    def __init__(self, stream: BinaryIO, header: str) -> None:
        self._stream = stream
        stream.write(header.encode())

    def write(self, data: bytes) -> None:
        """Write the next lines."""
        self._stream.write(data)

    def close(self) -> None:
        """Do nothing: all lines have been written."""


class JsonArray:
    """Writes JSON Lines as one JSON array; the lines contain no line feed except at their ends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._begun = False
        self._held = b""  # the line feed of the last line: a comma comes before it if another line follows
        stream.write(b"[")

    def write(self, data: bytes) -> None:
        """Write the next piece, which may begin and end within a line."""
        if not data:
            return
        before = b"," + self._held if self._held else b"" if self._begun else b"\n"
        self._begun = True
        body = data.removesuffix(b"\n")
        self._held = data[len(body) :]
        self._stream.write(before + body.replace(b"\n", b",\n"))

    def close(self) -> None:
        """Finish the array."""
        self._stream.write(b"\n]\n" if self._begun else b"]\n")


def begin(writer: str, stream: BinaryIO, header: str) -> Output:
    """Begin to write to a stream."""
    if writer == "json":
        return JsonArray(stream)
    if writer == "parquet":
        from evtscan.dump.parquet import ParquetFile

        return ParquetFile(stream)
    return Text(stream, header)


def begin_partitioned(folder: Path) -> Output:
    """Begin to write Parquet files to a folder, partitioned by channel."""
    from evtscan.dump.parquet import ParquetFolder

    return ParquetFolder(folder)
