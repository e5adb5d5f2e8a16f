"""7z → files, through ``py7zr``, which is an extra: ``pip install "evtscan[7z]"``."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from evtscan.base.errors import EvidenceError
from evtscan.intake.archives.bounds import Directory, LimitError
from evtscan.intake.archives.shelf import NO_FILE, OUTSIDE, MemberFile, Shelf, inner_name

if TYPE_CHECKING:
    from py7zr import SevenZipFile

_MAX_MEMORY = 1 << 30
_MAX_HEADER = 16 << 20
_STEP = 8 << 20
"""Bytes that py7zr unpacks at a time; by itself it takes a part of the machine's memory."""

_LZMA, _LZMA2 = b"\x03\x01\x01", b"\x21"
_AES = b"\x06\xf1\x07\x01"
_CODERS = {
    b"\0": "none",
    b"\x03": "delta",
    b"\x03\x03\x01\x03": "BCJ x86",
    b"\x03\x03\x02\x05": "BCJ PowerPC",
    b"\x03\x03\x04\x01": "BCJ IA64",
    b"\x03\x03\x05\x01": "BCJ ARM",
    b"\x03\x03\x07\x01": "BCJ ARM Thumb",
    b"\x03\x03\x08\x05": "BCJ SPARC",
    b"\x04\x02\x02": "bzip2",
    _LZMA: "LZMA",
    _LZMA2: "LZMA2",
    _AES: "AES",
}
"""Coders (7-Zip's ``Methods.txt``) of which py7zr keeps no more than it is asked for. Of Deflate, Zstandard and Brotli
it keeps whatever comes of the bytes that it has read, which is gigabytes from a kilobyte. Its decoder of PPMd
(``pyppmd``, native code) ends the process on damaged input."""

_OTHER_CODERS = {
    b"\x03\x04\x01": "PPMd",
    b"\x04\x01\x08": "Deflate",
    b"\x04\x01\x09": "Deflate64",
    b"\x04\xf7\x11\x01": "Zstandard",
    b"\x04\xf7\x11\x02": "Brotli",
}


def unpack(stream: BinaryIO, shelf: Shelf) -> None:
    """Unpack every file of a 7z archive.

    Raises:
        EvidenceError: if py7zr is not installed, or nothing can be read.
        LimitError: if the content exceeds a limit.
    """
    try:
        import py7zr
    except ImportError as error:
        raise EvidenceError(
            'a 7z archive, which needs one more package: pip install "evtscan[7z]", or unpack it and scan the folder'
        ) from error
    try:
        with (
            _bounded(shelf.budget.limits.entries),
            py7zr.SevenZipFile(cast(BinaryIO, Directory(stream, _MAX_HEADER))) as archive,
        ):
            if archive.needs_password():
                raise py7zr.PasswordRequired
            _Taking(archive, shelf).run()
    except MemoryError as error:
        raise LimitError("needs more memory than there is") from error
    except (LimitError, EvidenceError):
        raise
    except py7zr.PasswordRequired as error:
        raise EvidenceError("encrypted: unpack it with its password and scan the folder") from error
    except Exception as error:  # py7zr meets damage with whatever Python raises: KeyError, TypeError, struct.error …
        what = f"damaged, or larger than it may be ({type(error).__name__}: {error})"
        raise EvidenceError(f"{what}: copy it again, or unpack what can be saved with another program") from error


@contextmanager
def _bounded(entries: int) -> Iterator[None]:
    """Lower py7zr's own limits during the context: with them, an archive of a kilobyte can use gigabytes of memory."""
    from py7zr import archiveinfo, py7zr

    make_decoder = archiveinfo.Folder.get_decompressor

    def make_checked(folder: Any, *arguments: Any, **options: Any) -> Any:
        check_coders(folder.coders)
        return make_decoder(folder, *arguments, **options)

    with ExitStack() as stack:
        for name in ("MAX_NUMFILES", "MAX_NUMFOLDERS", "MAX_SUBSTREAMS"):
            stack.enter_context(_replaced(archiveinfo, name, entries))
        stack.enter_context(_replaced(archiveinfo, "MAX_HEADER_SIZE", _MAX_HEADER))
        stack.enter_context(_replaced(archiveinfo.Folder, "get_decompressor", make_checked))
        stack.enter_context(_replaced(py7zr, "get_memory_limit", lambda: _STEP))
        yield


@contextmanager
def _replaced(owner: object, name: str, value: object) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def check_coders(coders: Iterable[Mapping[str, Any]]) -> None:
    """Check that a stream can be unpacked in bounded memory.

    Raises:
        EvidenceError: if one of its coders is not supported.
        LimitError: if the coders need too much memory.
    """
    coders = list(coders)
    for coder in coders:
        if (method := bytes(coder["method"])) not in _CODERS:
            name = _OTHER_CODERS.get(method, f"method {method.hex()}")
            what = f"compressed with {name}, which is not read here"
            raise EvidenceError(f"{what}: unpack it with another program and scan the folder")
    if (memory := sum(map(_memory, coders))) > _MAX_MEMORY:
        raise LimitError(f"needs {memory:,} bytes of memory to unpack")


def _memory(coder: Mapping[str, Any]) -> int:
    """The memory that a coder names in its properties."""
    properties: bytes = coder.get("properties") or b""
    match coder["method"], len(properties):
        case (method, 1) if method == _LZMA2:  # 2 or 3, shifted (the xz format 1.2.0, 5.3.1)
            bits = min(properties[0], 40)
            return (2 | bits & 1) << (bits // 2 + 11)
        case (method, size) if method == _LZMA and size >= 5:
            return int.from_bytes(properties[1:5], "little")
    return 0


class _Taking:
    """Unpacks the members of one archive, in the order in which py7zr decompresses them.

    ``SevenZipFile.extract`` checks the names of members as paths, and raises for a path outside the folder. Here py7zr
    identifies a member by its number only and calls ``create`` to get a file for it, so no name is ever used as a path.
    """

    def __init__(self, archive: "SevenZipFile", shelf: Shelf) -> None:
        self._archive = archive
        self._shelf = shelf
        self._waiting: dict[str, tuple[str, float | None]] = {}
        self._current: _Part | None = None

    def run(self) -> None:
        """Unpack every file.

        Raises:
            EvidenceError: if the compression method is not supported.
            LimitError: if the content exceeds a limit.
        """
        self._list()
        try:
            self._archive.worker.extract(self._archive.fp, None, parallel=False)
        except (LimitError, EvidenceError, MemoryError):
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
                if entry.folder is not None:
                    check_coders(entry.folder.coders)  # before anything of it stands on the shelf
                time = entry.lastwritetime
                self._waiting[str(entry.id)] = (name, time.totimestamp() if time is not None else None)
                self._archive.worker.register_filelike(entry.id, MemIO(str(entry.id), cast(WriterFactory, self)))

    def create(self, number: str) -> "_Part":
        """Return the file for the member with this number; py7zr calls this method."""
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
        """Append bytes."""
        self._file.write(data)
        return len(data)

    def seekable(self) -> bool:
        """Return False, so that py7zr does not seek in the file."""
        return False

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._file.close()
