"""Archives of evidence → the files in them: one module per format.

An archive is recognised by its first bytes, never by its name. Its members are unpacked to a private temporary folder
under generated names; reports call them ``case.zip!path/inside``. To add a format, write its module and add its row to
``ARCHIVES``.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from evtscan.base.errors import raise_unless_about_file, why_unreadable
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile, Source
from evtscan.intake.archives.bounds import Budget, LimitError, Limits
from evtscan.intake.archives.shelf import NotArchiveError, Shelf

_HEAD = 512
_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".txz", ".tar", ".zip", ".7z", ".gz", ".bz2", ".xz")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFormat:
    """A row of ``ARCHIVES``.

    ``module`` is imported for the first archive of its format and has a function ``unpack(stream, shelf)``.
    ``recognises`` is called with the first 512 bytes of a file.
    """

    name: str
    title: str
    module: str
    recognises: Callable[[bytes], bool]

    def unpack(self, stream: BinaryIO, shelf: Shelf) -> None:
        """Unpack every file of an archive.

        Raises:
            NotArchiveError: if the file has the format of an archive but is something else, such as a document.
            EvidenceError: if nothing can be read.
            LimitError: if the content exceeds a limit.
        """
        import_module(self.module).unpack(stream, shelf)


def _starts_with(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


ARCHIVES: tuple[ArchiveFormat, ...] = (
    ArchiveFormat(
        name="zip",
        title="ZIP archive",
        module="evtscan.intake.archives.zip",
        recognises=_starts_with(b"PK\x03\x04", b"PK\x05\x06"),
    ),
    ArchiveFormat(
        name="7z",
        title="7z archive (with the extra `evtscan[7z]`)",
        module="evtscan.intake.archives.sevenzip",
        recognises=_starts_with(b"7z\xbc\xaf\x27\x1c"),
    ),
    ArchiveFormat(
        name="tar",
        title="tar archive, plain or compressed with gzip, bzip2 or xz; a single file compressed with one of these",
        module="evtscan.intake.archives.tar",
        recognises=lambda head: head[257:262] == b"ustar" or head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")),
    ),
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Files to read, and the files and archives that were skipped or could not be unpacked.

    ``rows`` are the rows of ``evidence.csv`` for archives that could not be unpacked at all.
    """

    sources: tuple[Source, ...]
    skipped: tuple[SkippedFile, ...] = ()
    warnings: tuple[ExtractionWarning, ...] = ()
    rows: tuple[EvidenceRow, ...] = ()


@contextmanager
def opened(sources: Iterable[Source], limits: Limits | None = None, *, hashed: bool = False) -> Iterator[Unpacked]:
    """Replace the archives among some files by the files in them, until the context ends.

    ``hashed`` adds the SHA-256 to the rows of archives that could not be unpacked at all.
    """
    limits = limits or Limits()
    found = _Unpacking(limits, hashed)
    with ExitStack() as stack:
        folder: Path | None = None
        left = 0
        for number, source in enumerate(sources):
            if _format_of(source) is None:
                found.files.append(source)
                continue
            try:
                if folder is None:
                    # Files that a reader still maps cannot be deleted on Windows; the system clears its own folder.
                    temporary = tempfile.TemporaryDirectory(prefix="evtscan-", ignore_cleanup_errors=True)
                    folder = Path(stack.enter_context(temporary))
                    left = min(limits.total, shutil.disk_usage(folder).free // 2)
                into = folder / str(number)
                into.mkdir()
            except OSError as error:
                found.refuse(source, f"no temporary folder to unpack it in ({error.strerror or error}); set TMPDIR")
                continue
            left -= found.take(source, into, left)
        yield found.result


def unpack(archive: Path, into: Path, *, name: str, limits: Limits | None = None) -> Unpacked:
    """Unpack an archive, and the archives in it, into an empty folder; ``name`` is its name in reports.

    Every problem becomes a warning; a document or a program in the form of a ZIP is skipped.
    """
    limits = limits or Limits()
    unpacking = _Unpacking(limits)
    unpacking.take(Source(archive, name), into, limits.total)
    return unpacking.result


def is_collection(source: Source) -> bool:
    """Whether a file is an archive of files, which may contain a host; false for a single compressed file."""
    row = _format_of(source)
    if row is None:
        return False
    module = import_module(row.module)
    try:
        with source.open() as stream:
            return not hasattr(module, "is_collection") or bool(module.is_collection(stream))
    except LimitError:
        return True
    except Exception as error:
        raise_unless_about_file(error)  # the warning comes when the archive is unpacked
        return True


def stem(name: str) -> str:
    """The name of an archive without its suffix.

    >>> [stem(name) for name in ("NTWS07.zip", "NTWS07.TAR.GZ", "NTWS07", ".zip")]
    ['NTWS07', 'NTWS07', 'NTWS07', '.zip']
    """
    suffix = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)] or name


def _format_of(source: Source) -> ArchiveFormat | None:
    """Return the format of an archive; None for any other file, and for one that cannot be opened."""
    try:
        with source.open() as stream:
            head = stream.read(_HEAD)
    except OSError:
        return None
    return next((row for row in ARCHIVES if row.recognises(head)), None)


@dataclass(slots=True)
class _Unpacking:
    """The unfinished result of unpacking several archives."""

    limits: Limits
    hashed: bool = False
    files: list[Source] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    warnings: list[ExtractionWarning] = field(default_factory=list)
    rows: list[EvidenceRow] = field(default_factory=list)

    @property
    def result(self) -> Unpacked:
        return Unpacked(tuple(self.files), tuple(self.skipped), tuple(self.warnings), tuple(self.rows))

    def take(self, source: Source, into: Path, left: int) -> int:
        """Unpack an archive and the archives in it, up to ``left`` bytes; return the number of bytes used."""
        try:
            budget = Budget.of(source.path.stat().st_size, self.limits, left)
        except OSError as error:
            self.refuse(source, f"cannot be read ({error.strerror or error})")
            return 0
        too_deep = self._open(source, into, budget, 0)
        if too_deep:
            what = "an archive lies" if too_deep == 1 else f"{too_deep:,} archives lie"
            self._warn(
                source, "archive_limit", f"{what} too deep in others to be opened: unpack it and scan the folder"
            )
        return budget.spent

    def _open(self, source: Source, into: Path, budget: Budget, depth: int) -> int:
        """Unpack an archive; return the number of archives that are nested too deep in it."""
        shelf = Shelf(source.name, into, budget)
        row = _format_of(source)
        try:
            if row is not None:
                with source.open() as stream:
                    row.unpack(stream, shelf)
        except NotArchiveError as error:
            self._skip(source, str(error))
        except LimitError as error:
            budget.exhausted = True
            message = f"{error}; what was unpacked before that counts. Unpack it yourself and scan the folder"
            self._warn(source, "archive_limit", message)
        except Exception as error:
            self.refuse(source, why_unreadable(error, source.name))
            if row is not None and not isinstance(error, OSError):
                self._add_row(source, row.name)
        self.skipped += shelf.skipped
        self.warnings += shelf.warnings
        return sum(self._sort(file, into / f"in {number}", budget, depth) for number, file in enumerate(shelf.found))

    def _sort(self, file: Source, into: Path, budget: Budget, depth: int) -> int:
        """Keep a file, or unpack it if it is an archive; return the number of archives that are nested too deep."""
        if _format_of(file) is None:
            self.files.append(file)
            return 0
        if budget.exhausted:
            self._skip(file, "the archive around it holds more than it may")
            return 0
        if depth == self.limits.depth:
            self._skip(file, "lies too deep in other archives")
            return 1
        try:
            into.mkdir()
        except OSError as error:
            self.refuse(file, f"cannot be unpacked ({error.strerror or error})")
            return 0
        too_deep = self._open(file, into, budget, depth + 1)
        with suppress(OSError):  # it is deleted with the folder
            file.path.unlink()
        return too_deep

    def _add_row(self, source: Source, format_name: str) -> None:
        digest = source.sha256() if self.hashed else ""
        size = source.path.stat().st_size
        self.rows.append(
            EvidenceRow(source_file=source.name, size=size, sha256=digest, format=format_name, note="not unpacked")
        )

    def _skip(self, source: Source, reason: str) -> None:
        self.skipped.append(SkippedFile(source_file=source.name, reason=reason))

    def _warn(self, source: Source, kind: str, message: str) -> None:
        location = Location(source=source.name)
        self.warnings.append(ExtractionWarning(location=location, kind=kind, message=message))

    def refuse(self, source: Source, reason: str) -> None:
        """Skip an archive that cannot be used at all, with a warning, because it may contain evidence."""
        self._skip(source, reason)
        self._warn(source, "unreadable", reason)
