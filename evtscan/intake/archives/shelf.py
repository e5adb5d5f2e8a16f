"""Members of an archive → files in a private folder under generated names: no name in an archive is used as a path."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from evtscan.base.model.source import ExtractionWarning, Location, SkippedFile, Source
from evtscan.base.winpaths import is_device_name
from evtscan.intake.archives.bounds import Budget, LimitError

MAX_NAME = 4096
"""Characters of a member's name, far beyond what Windows or Linux allow for a path."""

OUTSIDE = "its name leads out of the archive"
REPLACED = "a later member of the archive has the same name"
NO_FILE = "a link or a device, no file"

_PLAIN = re.compile(r"[a-z0-9_$][a-z0-9 _.$%@+()=,#-]{0,99}(?<![ .])", re.IGNORECASE | re.ASCII)
_LATEST = 1 << 33  # seconds since 1970: beyond that, and below 0, a time is no time of a file


class NotArchiveError(Exception):
    """A file has the form of an archive but is a document or a program; the text names which."""


class DamagedError(Exception):
    """The content of a member is truncated, or does not match its checksum; the text names which."""


@contextmanager
def damage_as_error() -> Iterator[None]:
    """Convert the errors of ``tarfile``, ``zipfile`` and the decoders on damaged archives to a ``DamagedError``.

    They raise almost anything: ``RecursionError`` for chained headers, ``IndexError`` for a header that is cut off.
    """
    try:
        yield
    except (LimitError, MemoryError):
        raise
    except Exception as error:
        raise DamagedError(str(error) or type(error).__name__) from error


def inner_name(raw: str) -> str | None:
    r"""Bring a member's name to the form that reports show, or None if it leads out of the archive.

    >>> [inner_name(raw) for raw in ("./a//b.evt", r"C:\WINNT\a.evt", "/etc/passwd", r"a\..\..\b")]
    ['a/b.evt', 'C:/WINNT/a.evt', 'etc/passwd', None]
    """
    parts = [part for part in raw.replace("\\", "/").split("/") if part not in ("", ".")]
    return None if ".." in parts or not parts or len(raw) > MAX_NAME else "/".join(parts)


def is_plain(name: str) -> bool:
    """Whether every system accepts this file name: ASCII, short, and not a device name of Windows.

    >>> [is_plain(name) for name in ("SYSTEM.LOG1", "nul.evt", "a:b", "dot.", "été")]
    [True, False, False, False, False]
    """
    return _PLAIN.fullmatch(name) is not None and not is_device_name(name)


@dataclass(slots=True)
class Shelf:
    """The files unpacked from one archive, which reports call ``name``.

    Each folder of the archive becomes a numbered folder in ``into``. A file keeps its base name, because a hive finds
    its transaction logs by name. It gets a number instead if some system does not accept the name, or if another file
    of the folder has the name in different case.
    """

    name: str
    into: Path
    budget: Budget
    sources: dict[str, Source] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)
    warnings: list[ExtractionWarning] = field(default_factory=list)
    _folders: dict[str, Path] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    @property
    def found(self) -> list[Source]:
        """Return the files, sorted by name."""
        return [self.sources[member] for member in sorted(self.sources)]

    def full(self, member: str) -> str:
        """The name of a member in reports: ``case.zip!path/inside``."""
        return f"{self.name}!{member}"

    def skip(self, member: str, reason: str) -> None:
        """Skip a member, with a reason."""
        self.skipped.append(SkippedFile(source_file=self.full(member[:MAX_NAME]), reason=reason))

    def warn(self, kind: str, message: str, member: str | None = None) -> None:
        """Add a warning about the archive, or about a member of it."""
        name = self.name if member is None else self.full(member)
        self.warnings.append(ExtractionWarning(location=Location(source=name), kind=kind, message=message))

    def put(self, member: str, chunks: Iterable[bytes], modified: float | None = None) -> None:
        """Write the content of a member. A damaged member is kept up to the damage, with a warning.

        Raises:
            LimitError: if the content exceeds a limit.
        """
        with self.file(member, modified) as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                    if file.dropped:
                        return
            except DamagedError as error:
                self.warn_of_damage(member, str(error))

    def warn_of_damage(self, member: str, what: str) -> None:
        """Add a warning that the damaged content of a member is used."""
        self.warn("damaged_member", f"{what}; what can be read of it counts", member)

    def file(self, member: str, modified: float | None) -> "MemberFile":
        """A new file for a member; ``modified`` is the member's own time in seconds since 1970.

        Raises:
            LimitError: if the system cannot make it.
        """
        if (earlier := self.sources.pop(member, None)) is not None:
            earlier.path.unlink(missing_ok=True)
            self.skip(member, REPLACED)
        try:
            path = self._place(member)
            file = MemberFile(self, member, path, modified)
        except OSError as error:
            raise LimitError(f"cannot be unpacked ({error.strerror or error})") from error
        self.sources[member] = Source(path, self.full(member))
        return file

    def drop(self, member: str, reason: str) -> None:
        """Delete the file of a member."""
        source = self.sources.pop(member)
        source.path.unlink(missing_ok=True)
        self.skip(member, reason)

    def _place(self, member: str) -> Path:
        parent, _, base = member.rpartition("/")
        folder = self._folders.get(parent)
        if folder is None:
            folder = self._folders[parent] = self.into / str(len(self._folders))
            folder.mkdir()
        key = f"{folder.name}/{base.casefold()}"
        if not is_plain(base) or key in self._taken:
            return folder / f"~{self.budget.entries}"
        self._taken.add(key)
        return folder / base


class MemberFile:
    """The file of one member while it is being written; when it is closed, it gets the time of the member."""

    def __init__(self, shelf: Shelf, member: str, path: Path, modified: float | None) -> None:
        self._shelf = shelf
        self._member = member
        self._path = path
        self._modified = modified
        self._written = 0
        self._stream = path.open("xb")
        self.dropped = False

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes; a file that grows too large is deleted, and the rest of it is only counted.

        Raises:
            LimitError: if the archive exceeds its limits.
        """
        budget = self._shelf.budget
        try:
            budget.spend(len(chunk))
        except LimitError:
            self._drop("the archive holds more than it may")
            raise
        self._written += len(chunk)
        if self._written > budget.limits.file:
            self._drop(f"larger than {budget.limits.file:,} bytes")
        if self.dropped:
            return
        try:
            self._stream.write(chunk)
        except OSError as error:
            self._drop("does not fit on the disk")
            raise LimitError(f"cannot be unpacked ({error.strerror or error})") from error

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        if not self.dropped and self._modified is not None and 0 < self._modified < _LATEST:
            with suppress(OSError):  # a file system without such times: nothing but the date is lost
                os.utime(self._path, (self._modified, self._modified))

    def _drop(self, reason: str) -> None:
        if not self.dropped:
            self.dropped = True
            self._stream.close()
            self._shelf.drop(self._member, reason)

    def __enter__(self) -> "MemberFile":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
