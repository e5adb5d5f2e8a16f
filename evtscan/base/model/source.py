"""The nouns of where: evidence files, locations in them, and what could not be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from evtscan.base.errors import why_unreadable
from evtscan.base.streams import ON_WINDOWS


@dataclass(frozen=True, slots=True)
class Source:
    """One evidence file: its path, and its name in reports.

    ``name`` is relative to the host's folder, with ``/``; ``case.zip!path/inside`` is a file from an archive. Reports
    never show ``path``, whose last part may differ.
    """

    path: Path
    name: str

    @property
    def base_name(self) -> str:
        """The name of the file without folders and archives."""
        return self.name.replace("!", "/").rpartition("/")[2]

    def open(self) -> BinaryIO:
        """Open the file for reading, never for writing.

        Raises:
            OSError: if it cannot be opened; the text names both causes that Windows does not distinguish.
        """
        try:
            return self.path.open("rb")
        except PermissionError as error:
            if ON_WINDOWS:
                error.strerror = "access is denied, or another program has the file open"
            raise

    def sha256(self) -> str:
        """The digest of the file, in hexadecimal."""
        import hashlib

        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


class Location(msgspec.Struct, frozen=True, gc=False):  # as many of them as of events (see ``Event``)
    """The origin of a statement: an evidence file and the position in it, in the terms of its format.

    ``source`` is empty if a warning is about a host as a whole. ``offset`` counts bytes from the start of the file,
    ``line`` counts from 1, ``record`` is the number in the record's header, ``key`` a registry key with its value name,
    or an entry of ``facts.yaml``.
    """

    source: str
    offset: int | None = None
    record: int | None = None
    key: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = [self.source]
        if self.record is not None:
            parts.append(f"record {self.record}")
        if self.key is not None:
            parts.append(self.key)
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.offset is not None:
            parts.append(f"offset 0x{self.offset:x}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionWarning:
    """Something that could not be read, or could not be used: data of the report, not a log line.

    ``kind`` is a stable word for scripts (``bad_record``, ``bad_chunk``, ``truncated``, ``conflict`` …),
    ``message`` says what and what to do, ``records_lost`` how many records at least.
    """

    location: Location
    kind: str
    message: str
    records_lost: int = 0

    @classmethod
    def unreadable(cls, error: Exception, source: str) -> "ExtractionWarning":
        """The warning for a file whose reader raised ``error`` (see ``why_unreadable``, also for what it raises)."""
        return cls(location=Location(source=source), kind="unreadable", message=why_unreadable(error, source))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One evidence file, as a row of ``evidence.csv``. ``records`` is None where the file is not a log.

    ``channels`` are those that a log says, or is known by its name, to hold.
    """

    source_file: str
    size: int
    format: str
    sha256: str = ""
    computer: str = ""
    first_time: str = ""
    last_time: str = ""
    records: int | None = None
    lost: int = 0
    dirty: bool = False
    wrapped: bool = False
    cleared: bool = False
    filtered: bool = False
    holes: int = 0
    clock_steps: int = 0
    time_zone: str = ""
    note: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file that is not evidence, or cannot be opened, and why.

    ``unreadable``: it may well be evidence, but this run could not get at it.
    """

    source_file: str
    reason: str
    unreadable: bool = False
