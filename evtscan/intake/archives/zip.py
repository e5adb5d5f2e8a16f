"""ZIP → files (APPNOTE 6.3.10), through ``zipfile``."""

import calendar
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, cast

from evtscan.base.errors import EvidenceError
from evtscan.intake.archives.bounds import CHUNK, Directory
from evtscan.intake.archives.shelf import (
    NO_FILE,
    OUTSIDE,
    DamagedError,
    NotArchiveError,
    Shelf,
    damage_as_error,
    inner_name,
)

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Methods that ``zipfile`` unpacks in bounded memory; LZMA allocates the memory that the archive asks for."""

_OTHER_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}

_ENCRYPTED_FLAG = 0x1
_ENCRYPTED = "encrypted"
_MARKS = frozenset({"[content_types].xml", "mimetype", "androidmanifest.xml", "meta-inf/manifest.mf"})
"""What makes a ZIP a document or a program: Office and NuGet (ECMA-376 part 2), OpenDocument and EPUB, APK, JAR."""


def is_collection(stream: BinaryIO) -> bool:
    """Whether a ZIP is neither a document nor a program; true also for a ZIP that cannot be opened.

    Raises:
        LimitError: if its directory is too large.
    """
    try:
        with damage_as_error(), zipfile.ZipFile(cast(BinaryIO, Directory(stream))) as archive:
            return not _is_document(archive)
    except DamagedError:
        return True


def _is_document(archive: zipfile.ZipFile) -> bool:
    return any(entry.filename.lower() in _MARKS for entry in archive.infolist())


def unpack(stream: BinaryIO, shelf: Shelf) -> None:
    """Unpack every file of a ZIP.

    Raises:
        NotArchiveError: if it is a document or a program.
        EvidenceError: if its directory cannot be read.
        LimitError: if the content exceeds a limit.
    """
    try:
        with damage_as_error():
            archive = zipfile.ZipFile(cast(BinaryIO, Directory(stream)))
    except DamagedError as error:
        if isinstance(error.__cause__, NotImplementedError):
            raise EvidenceError(
                f"written in a way that is not read here ({error}): unpack it with another program"
            ) from error
        raise EvidenceError(
            "cut off or damaged: the directory at its end cannot be read. Copy it again, or unpack what can be saved "
            "with another program"
        ) from error
    with archive:
        if _is_document(archive):
            raise NotArchiveError("a document or a program in the form of a ZIP, no archive of evidence")
        refused: Counter[str] = Counter()
        for entry in archive.infolist():
            shelf.budget.count_entry()
            if not entry.filename.endswith("/"):  # is_dir() of Python 3.11 fails on an entry without a name
                _take(archive, entry, shelf, refused)
    for why, count in refused.items():
        how = "with its password" if why == _ENCRYPTED else "with another program"
        kind = "encrypted" if why == _ENCRYPTED else "unsupported_compression"
        shelf.warn(kind, f"{_files(count)} {why}: unpack it {how} and scan the folder")


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, shelf: Shelf, refused: "Counter[str]") -> None:
    name = inner_name(entry.filename)
    if name is None:
        shelf.skip(entry.filename, OUTSIDE)
    elif not _is_file(entry):
        shelf.skip(name, NO_FILE)
    elif why := _why_refused(entry):
        refused[why] += 1
        shelf.skip(name, why)
    else:
        shelf.put(name, _content(archive, entry), _modified(entry))


def _why_refused(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return _ENCRYPTED
    if entry.compress_type in _METHODS:
        return ""
    return f"compressed with {_OTHER_METHODS.get(entry.compress_type, f'method {entry.compress_type}')}"


def _files(count: int) -> str:
    return "1 file is" if count == 1 else f"{count:,} files are"


def _is_file(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a regular file, or was written on a system that does not store the type."""
    return stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFREG)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with damage_as_error():
            content = archive.open(entry)
        with content:
            while True:
                with damage_as_error():
                    chunk = content.read(CHUNK)
                if not chunk:
                    return
                yield chunk
    except DamagedError as error:
        raise DamagedError(f"its content is damaged ({error})") from error


def _modified(entry: zipfile.ZipInfo) -> float | None:
    """The time of an entry, or None for 1980-01-01, the earliest date of the format. It is local, and read as UTC."""
    if entry.date_time[:3] <= (1980, 1, 1):
        return None
    try:
        return calendar.timegm(entry.date_time)
    except ValueError:
        return None
