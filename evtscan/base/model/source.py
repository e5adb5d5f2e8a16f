"""Data types for evidence files, locations in them, and warnings."""

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
            OSError: if it cannot be opened; if Windows does not distinguish two causes, the text names both.
        """
        try:
            return self.path.open("rb")
        except PermissionError as error:
            if ON_WINDOWS:
                error.strerror = "access is denied, or another program has the file open"
            raise

    def sha256(self) -> str:
        """Return the SHA-256 of the file, in hexadecimal."""
        import hashlib

        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


class Location(msgspec.Struct, frozen=True, gc=False):  # as many of them as of events (see ``Event``)
    """The origin of a statement: an evidence file and a position in it, in the form that fits its format.

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
    """A warning about data that could not be read or used. Warnings are part of the report, not log output.

    ``kind`` is a stable word for scripts (``bad_record``, ``bad_chunk``, ``truncated``, ``conflict`` …), ``message``
    describes the problem and what to do, ``records_lost`` is the minimum number of lost records.
    """

    location: Location
    kind: str
    message: str
    records_lost: int = 0

    @classmethod
    def unreadable(cls, error: Exception, source: str) -> "ExtractionWarning":
        """Return the warning for a file whose reader raised ``error``; raises the exceptions of ``why_unreadable``."""
        return cls(location=Location(source=source), kind="unreadable", message=why_unreadable(error, source))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One evidence file, as a row of ``evidence.csv``. ``records`` is None if the file is not a log.

    ``channels`` are the channels in a log, by its records or by its name.
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
    """A file that is not evidence or cannot be opened, with the reason.

    ``unreadable``: the file may be evidence, but this run could not read it.
    """

    source_file: str
    reason: str
    unreadable: bool = False
