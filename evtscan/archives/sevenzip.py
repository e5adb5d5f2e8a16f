"""7z → files, through ``py7zr``, which is an extra: ``pip install evtscan[7z]``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from evtscan.archives.bounds import Directory, LimitError
from evtscan.archives.shelf import NO_FILE, OUTSIDE, MemberFile, Shelf, inner_name
from evtscan.errors import EvidenceError

if TYPE_CHECKING:
    from py7zr import SevenZipFile

_MAX_DICTIONARY = 1 << 30
_MAX_HEADER = 16 << 20
_LZMA2 = b"\x21"
_LZMA = b"\x03\x01\x01"
_PPMD = b"\x03\x04\x01"
"""Method ids (7-Zip's ``Methods.txt``) of the coders that name in their properties how much memory they take."""


def unpack(stream: BinaryIO, shelf: Shelf) -> None:
    """Take every file out of a 7z archive.

    Raises:
        EvidenceError: if py7zr is not installed, or nothing can be read.
        LimitError: if it holds more than it may.
    """
    try:
        import py7zr
    except ImportError as error:
        raise EvidenceError(
            "a 7z archive, which needs one more package: pip install 'evtscan[7z]', or unpack it and scan the folder"
        ) from error
    try:
        with _bounded(shelf.budget.limits.entries):
            archive = py7zr.SevenZipFile(cast(BinaryIO, Directory(stream, _MAX_HEADER)))
        if archive.needs_password():
            raise py7zr.PasswordRequired
        if (memory := _memory(archive)) > _MAX_DICTIONARY:
            raise LimitError(f"needs {memory:,} bytes of memory to unpack")
        with archive:
            _Taking(archive, shelf).run()
    except (LimitError, MemoryError) as error:
        raise LimitError(str(error) or "needs more memory than there is") from error
    except py7zr.PasswordRequired as error:
        raise EvidenceError("encrypted: unpack it with its password and scan the folder") from error
    except py7zr.UnsupportedCompressionMethodError as error:
        raise EvidenceError(
            f"compressed in a way that is not read here ({error}): unpack it with another program and scan the folder"
        ) from error
    except Exception as error:  # py7zr meets damage with whatever Python raises: KeyError, TypeError, struct.error …
        what = f"damaged, or larger than it may be ({type(error).__name__}: {error})"
        raise EvidenceError(f"{what}: copy it again, or unpack what can be saved with another program") from error


@contextmanager
def _bounded(entries: int) -> Iterator[None]:
    """Lower py7zr's own bounds for a header: they allow for gigabytes of objects from an archive of a kilobyte."""
    from py7zr import archiveinfo

    bounds = {"MAX_NUMFILES": entries, "MAX_NUMFOLDERS": entries, "MAX_SUBSTREAMS": entries}
    bounds["MAX_HEADER_SIZE"] = _MAX_HEADER
    before = {name: getattr(archiveinfo, name) for name in bounds}
    try:
        for name, bound in bounds.items():
            setattr(archiveinfo, name, min(bound, before[name]))
        yield
    finally:
        for name, bound in before.items():
            setattr(archiveinfo, name, bound)


def _memory(archive: "SevenZipFile") -> int:
    """The most memory that one of the coders asks for."""
    streams = getattr(archive.header, "main_streams", None)
    folders = streams.unpackinfo.folders if streams is not None else ()
    return max((_memory_of(coder) for folder in folders for coder in folder.coders), default=0)


def _memory_of(coder: dict[str, Any]) -> int:
    properties: bytes = coder.get("properties") or b""
    match coder.get("method"), len(properties):
        case (method, 1) if method == _LZMA2:  # 0…40: 2 or 3 shifted (LZMA2 in the xz format 1.2.0, 5.3.1)
            bits = min(properties[0], 40)
            return (2 | bits & 1) << (bits // 2 + 11)
        case (method, size) if method in (_LZMA, _PPMD) and size >= 5:
            return int.from_bytes(properties[1:5], "little")
    return 0


class _Taking:
    """Takes the members out of one archive, in the order in which py7zr decompresses them.

    ``SevenZipFile.extract`` checks the names of members as paths, and one that leads out ends it all. Here py7zr knows
    a member by its number alone, asks ``create`` for a file for it, and no name is ever a path.
    """

    def __init__(self, archive: "SevenZipFile", shelf: Shelf) -> None:
        self._archive = archive
        self._shelf = shelf
        self._waiting: dict[str, tuple[str, float | None]] = {}
        self._current: _Part | None = None

    def run(self) -> None:
        """Take every file.

        Raises:
            LimitError: if the archive holds more than it may.
        """
        self._list()
        try:
            self._archive.worker.extract(self._archive.fp, None, parallel=False)
        except (LimitError, MemoryError):
            raise
        except Exception as error:  # py7zr meets damage with whatever Python raises
            self._give_up(f"{type(error).__name__}: {error}")
        finally:
            if self._current is not None:
                self._current.close()

    def _list(self) -> None:
        from py7zr.io import MemIO, WriterFactory

        for entry in self._archive.files:
            self._shelf.budget.count_entry()
            name = inner_name(entry.filename)
            if entry.is_directory:
                continue
            if name is None:
                self._shelf.skip(entry.filename, OUTSIDE)
            elif entry.is_symlink or entry.is_junction or entry.is_socket:
                self._shelf.skip(name, NO_FILE)
            else:
                time = entry.lastwritetime
                self._waiting[str(entry.id)] = (name, time.totimestamp() if time is not None else None)
                self._archive.worker.register_filelike(entry.id, MemIO(str(entry.id), cast(WriterFactory, self)))

    def create(self, number: str) -> "_Part":
        """The file of the member of this number, as py7zr wants it."""
        member, modified = self._waiting.pop(number)
        self._current = _Part(member, self._shelf.file(member, modified))
        return self._current

    def _give_up(self, what: str) -> None:
        if self._current is not None and not self._current.closed:
            self._shelf.warn_of_damage(self._current.member, f"its content is damaged ({what})")
        for member, _ in self._waiting.values():
            self._shelf.skip(member, "stands behind the damage in the archive")
        if self._waiting:
            self._shelf.warn(
                "truncated", f"damaged ({what}): {len(self._waiting):,} files behind that are lost. Copy it again"
            )


class _Part:
    """The file of one member, as py7zr writes it; it is never read back."""

    def __init__(self, member: str, file: MemberFile) -> None:
        self.member = member
        self.closed = False
        self._file = file

    def write(self, data: bytes | bytearray) -> int:
        """Add to the file."""
        self._file.write(data)
        return len(data)

    def seekable(self) -> bool:
        """No: py7zr then leaves the file as it is."""
        return False

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._file.close()
