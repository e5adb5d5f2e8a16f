"""tar (pax, GNU; plain or compressed) → its files, through ``tarfile``; any other compressed file → one file."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, cast

from evtscan.base.errors import EvidenceError
from evtscan.intake.archives.bounds import CHUNK, Budget
from evtscan.intake.archives.shelf import NO_FILE, OUTSIDE, DamagedError, Shelf, damage_as_error, inner_name

BLOCK = tarfile.BLOCKSIZE
_MAGIC = slice(257, 262)
_MAX_EXTENSION = 64 << 10
"""Bytes of one extended header: the names and attributes of one member."""
_MEMORY = 512 << 20
_STEP = 8 << 10
"""Bytes of content to read at a time: where it breaks off, the decoders give nothing of the step that meets the end."""

_DIGITS = re.compile(rb"\d{64}")


class _Reads(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _is_tar(head: bytes) -> bool:
    """Whether these are the first bytes of a tar; formats from before 1988 have no signature."""
    return head[_MAGIC] == b"ustar"


def _decompressed(stream: BinaryIO) -> _Reads:
    """The content of a gzip, bzip2 or xz file; any other file unchanged."""
    head = stream.read(6)
    stream.seek(0)
    return next((open_(stream) for magic, open_ in _DECODERS.items() if head.startswith(magic)), stream)


def is_collection(stream: BinaryIO) -> bool:
    """Whether a file is a tar, plain or compressed."""
    try:
        with damage_as_error():
            return _is_tar(_decompressed(stream).read(BLOCK))
    except DamagedError:
        return False


def unpack(stream: BinaryIO, shelf: Shelf) -> None:
    """Unpack a tar; another compressed file gives one file with its name without the suffix.

    Raises:
        EvidenceError: if nothing can be read.
        LimitError: if the content exceeds a limit.
    """
    try:
        with damage_as_error():
            forward = _Forward(_decompressed(stream), shelf.budget)
            is_tar = _is_tar(forward.peek(BLOCK))
        if not is_tar:
            shelf.budget.count_entry()
            shelf.put(_name_without_suffix(shelf.name), _chunks(forward))
            return
        with damage_as_error():
            archive = tarfile.open(fileobj=cast(BinaryIO, forward), mode="r:", errors="surrogateescape")  # noqa: SIM115
    except DamagedError as error:
        raise EvidenceError(f"damaged from its start on ({error}): copy it again") from error
    with archive:
        try:
            for member in _members(archive):
                _take(archive, member, forward, shelf)
        except DamagedError as error:
            shelf.warn("truncated", f"damaged or cut off ({error}); what stands before that counts. Copy it again")
            return
    if forward.last != bytes(BLOCK):
        shelf.warn("truncated", "damaged or cut off: it has no end mark. What could be read counts. Copy it again")


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    members = iter(archive)
    while True:
        with damage_as_error():
            member = next(members, None)
        if member is None:
            return
        yield member


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, forward: "_Forward", shelf: Shelf) -> None:
    shelf.budget.count_entry()
    name = inner_name(member.name)
    if member.isdir():
        return
    if name is None:
        shelf.skip(member.name, OUTSIDE)
    elif not member.isreg():
        shelf.skip(name, NO_FILE)
    else:
        with damage_as_error():
            content = archive.extractfile(member)
        if content is not None:
            with content, forward.in_content():
                shelf.put(name, _chunks(content), float(member.mtime))


def _chunks(stream: _Reads) -> Iterator[bytes]:
    while True:
        try:
            with damage_as_error():
                chunk = stream.read(_STEP)
        except DamagedError as error:
            raise DamagedError(f"its content breaks off ({error})") from error
        if not chunk:
            return
        yield chunk


def _name_without_suffix(name: str) -> str:
    base = name.replace("!", "/").rpartition("/")[2]
    stem, _, suffix = base.rpartition(".")
    return stem if stem and suffix.lower() in ("gz", "bz2", "xz") else f"{base} unpacked"


class _Forward(io.RawIOBase):
    """The output of a decoder as a forward-only stream for ``tarfile``, which seeks and trusts the sizes in headers.

    A forward seek reads, and the skipped bytes count as unpacked. A backward seek, which a negative size causes, is
    refused. Reads between members are headers: a header larger than ``_MAX_EXTENSION`` is refused, and so is a long run
    of digits, for which the regular expressions of older versions of ``tarfile`` need quadratic time (CVE-2024-6232).
    ``last`` has the bytes of the last such read.
    """

    def __init__(self, decoder: _Reads, budget: Budget) -> None:
        super().__init__()
        self._decoder = decoder
        self._budget = budget
        self._peeked = b""
        self._place = 0
        self._content = False
        self.last = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True; only forward seeks are possible."""
        return True

    def tell(self) -> int:
        """Return the number of bytes read so far."""
        return self._place

    def peek(self, size: int) -> bytes:
        """The first bytes, without passing over them."""
        self._peeked = self._decoder.read(size)
        return self._peeked

    def in_content(self) -> "_Forward":
        """While this context lasts, what is read is the content of a member."""
        self._content = True
        return self

    def __enter__(self) -> "_Forward":
        return self

    def __exit__(self, *error: object) -> None:
        self._content = False

    def read(self, size: int | None = -1) -> bytes:
        """Read ``size`` bytes, or fewer at the end.

        Raises:
            tarfile.ReadError: for a header that is too large.
        """
        wanted = -1 if size is None else size
        if not self._content and not 0 <= wanted <= _MAX_EXTENSION and self._place:
            raise tarfile.ReadError("a header of more than 64 KiB")
        data = self._read(min(wanted, CHUNK) if wanted >= 0 else CHUNK)
        if not self._content:
            if len(data) != BLOCK and _DIGITS.search(data):
                raise tarfile.ReadError("a header with a row of digits")
            self.last = data
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move forwards.

        Raises:
            tarfile.ReadError: if that is backwards.
        """
        if whence != io.SEEK_SET or offset < self._place:
            raise tarfile.ReadError("a size that leads backwards")
        while self._place < offset:
            data = self._read(min(offset - self._place, CHUNK))
            if not data:
                break
            self._budget.spend(len(data))
        return self._place

    def _read(self, size: int) -> bytes:
        data, self._peeked = self._peeked[:size], self._peeked[size:]
        while len(data) < size:
            more = self._decoder.read(size - len(data))
            if not more:
                break
            data += more
        self._place += len(data)
        return data


class _Xz:
    """The content of an xz file. ``lzma.LZMAFile`` has no bound for the memory that a header asks for."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = self._new()

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; nothing at the end."""
        while True:
            packed = b""
            if self._decoder.eof:  # streams may follow each other, with zeros between them (xz format 1.2.0, 2.2)
                packed = (self._decoder.unused_data or self._stream.read(CHUNK)).lstrip(b"\0")
                if not packed:
                    return b""
                self._decoder = self._new()
            elif self._decoder.needs_input and not (packed := self._stream.read(CHUNK)):
                raise EOFError("the compressed file ended before its end mark")
            if data := self._decoder.decompress(packed, size):
                return data


_DECODERS: dict[bytes, Callable[[BinaryIO], _Reads]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": _Xz,
}
