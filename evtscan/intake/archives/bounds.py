"""The limits of unpacking one archive: measured while it is unpacked, never taken from its headers."""

import io
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of an archive, including the archives in it: entries, bytes in all, and bytes in one file.

    ``depth`` is the nesting depth of archives: 2 allows an archive in an archive in the archive. ``ratio`` is the
    number of bytes that it may unpack to for each of its own: logs and hives have 10 to 60, deflate allows 1,032.
    ``small`` bytes are allowed whatever the ratio: new, empty logs pack very well.
    """

    entries: int = 100_000
    total: int = 64 << 30
    file: int = 16 << 30
    depth: int = 2
    ratio: int = 250
    small: int = 256 << 20


class LimitError(Exception):
    """An archive exceeds a limit; the text continues its name. Files that were unpacked before are kept."""


@dataclass(slots=True)
class Budget:
    """Bytes and entries that one archive, including the archives in it, may use and has used.

    Once ``exhausted``, no further archive in it is opened.
    """

    limits: Limits
    allowed: int
    entries: int = 0
    spent: int = 0
    exhausted: bool = False

    @classmethod
    def of(cls, size: int, limits: Limits, left: int) -> "Budget":
        """The budget of an archive of ``size`` bytes where there is room for ``left``."""
        return cls(limits, min(max(limits.small, limits.ratio * size), limits.total, left))

    def count_entry(self) -> None:
        """Count one more entry, of whatever kind.

        Raises:
            LimitError: if that is too many.
        """
        self.entries += 1
        if self.entries > self.limits.entries:
            raise LimitError(f"has more than {self.limits.entries:,} entries")

    def spend(self, count: int) -> None:
        """Count bytes that were unpacked, wherever they go.

        Raises:
            LimitError: if that is too many.
        """
        self.spent += count
        if self.spent > self.allowed:
            raise LimitError(f"unpacks to more than {self.allowed:,} bytes")


class Directory(io.RawIOBase):
    """An archive file of which no single read takes more than ``most`` bytes.

    ``zipfile`` and ``py7zr`` read a directory of entries whole, of the size that a header names, and make an object of
    some hundred bytes for each entry: this bounds both before anything is read.
    """

    def __init__(self, stream: BinaryIO, most: int = 16 << 20) -> None:
        super().__init__()
        self._stream = stream
        self._most = most
        self._size = stream.seek(0, io.SEEK_END)
        stream.seek(0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Read up to ``size`` bytes, or what is left.

        Raises:
            LimitError: if that is too many.
        """
        left = max(self._size - self._stream.tell(), 0)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > self._most:
            raise LimitError(f"has a directory of more than {self._most:,} bytes")
        return self._stream.read(wanted)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place in the file."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._stream.tell()
