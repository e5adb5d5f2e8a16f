"""The limits of unpacking one archive: measured while it is unpacked, never taken from its headers."""

import io
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of unpacking one archive, including nested archives: entries, total bytes, and bytes in one file.

    ``depth`` is the nesting depth of archives: 2 allows an archive in an archive in the archive. ``ratio`` is the
    maximum number of unpacked bytes per byte of the archive: logs and hives reach 10 to 60, deflate allows 1,032.
    ``small`` bytes are allowed whatever the ratio: new, empty logs compress very well.
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
    """The bytes and entries that one archive, including nested archives, may use and has used.

    Once ``exhausted``, no further archive in it is opened.
    """

    limits: Limits
    allowed: int
    entries: int = 0
    spent: int = 0
    exhausted: bool = False

    @classmethod
    def of(cls, size: int, limits: Limits, left: int) -> "Budget":
        """Return the budget of an archive of ``size`` bytes when ``left`` bytes are still allowed."""
        return cls(limits, min(max(limits.small, limits.ratio * size), limits.total, left))

    def count_entry(self) -> None:
        """Count one more entry of any kind.

        Raises:
            LimitError: if there are too many entries.
        """
        self.entries += 1
        if self.entries > self.limits.entries:
            raise LimitError(f"has more than {self.limits.entries:,} entries")

    def spend(self, count: int) -> None:
        """Count unpacked bytes, whether they are stored or discarded.

        Raises:
            LimitError: if there are too many.
        """
        self.spent += count
        if self.spent > self.allowed:
            raise LimitError(f"unpacks to more than {self.allowed:,} bytes")


class Directory(io.RawIOBase):
    """An archive file that limits each read to ``most`` bytes.

    ``zipfile`` and ``py7zr`` read the directory of entries at once, with the size that a header states, and create an
    object of some hundred bytes for each entry. This class bounds both before anything is read.
    """

    def __init__(self, stream: BinaryIO, most: int = 16 << 20) -> None:
        super().__init__()
        self._stream = stream
        self._most = most
        self._size = stream.seek(0, io.SEEK_END)
        stream.seek(0)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
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
