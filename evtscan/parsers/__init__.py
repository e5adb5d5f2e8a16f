"""Evidence files → events, registry keys, stated facts: one module or package a format.

A format is chosen by content, never by name; ``facts.yaml`` is the one exception. To add a format, write its module
and add its row to ``PARSERS``; the documentation and everything else reads the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import cast

from evtscan.errors import EvidenceError
from evtscan.model import PLAIN, FactsFile, LogReader, Query, ReadOptions, Registry, Source

HEAD_SIZE = 4096
"""How many bytes of a file a recogniser sees."""


class Kind(Enum):
    """What a format holds."""

    LOG = "event log"
    REGISTRY = "registry"
    FACTS = "stated facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A row of ``PARSERS``.

    ``recognises`` gets the first ``HEAD_SIZE`` bytes and the file's name. ``module`` is imported when the first file
    of its format is opened, and offers ``read_log(source, query)``, ``read_registry(source)`` or
    ``read_facts(source)`` after its kind.
    """

    name: str
    title: str
    kind: Kind
    module: str
    recognises: Callable[[bytes, str], bool]


def _starts_with(*magics: bytes) -> Callable[[bytes, str], bool]:
    return lambda head, name: head.startswith(magics)


def _is_reg_text(head: bytes, name: str) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:2] == b"\0":
        text = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"").lstrip()
    return text.startswith((b"REGEDIT4", b"Windows Registry Editor Version 5"))


PARSERS: tuple[Format, ...] = (
    Format(
        name="evtx",
        title="Windows event log, Vista and later",
        kind=Kind.LOG,
        module="evtscan.parsers.evtx",
        recognises=_starts_with(b"ElfFile\0"),
    ),
    Format(
        name="evt",
        title="Windows event log, NT 3.1 to 2003",
        kind=Kind.LOG,
        module="evtscan.parsers.evt",
        recognises=lambda head, name: head[4:8] == b"LfLe",
    ),
    Format(
        name="regf",
        title="Registry hive (SYSTEM, SOFTWARE)",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.regf",
        recognises=_starts_with(b"regf"),
    ),
    Format(
        name="reg",
        title="Registry export (.reg of REGEDIT4 and version 5.00)",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.regfile",
        recognises=_is_reg_text,
    ),
    Format(
        name="facts",
        title="What somebody knows of the host (facts.yaml)",
        kind=Kind.FACTS,
        module="evtscan.parsers.factsfile",
        recognises=lambda head, name: name.lower() == "facts.yaml",
    ),
)


def recognise(source: Source) -> Format | None:
    """Find the format of a file by its first bytes, or None if it is not evidence.

    Raises:
        EvidenceError: if the file cannot be opened or read.
    """
    try:
        with source.open() as stream:
            head = stream.read(HEAD_SIZE)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    name = source.base_name
    return next((row for row in PARSERS if row.recognises(head, name)), None)


def read_log(
    row: Format, source: Source, query: Query, options: ReadOptions = PLAIN, *, chunks: tuple[int, int] | None = None
) -> LogReader:
    """Open an event log for one pass; ``chunks`` reads a range of them where the format has any.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    read = import_module(row.module).read_log
    if chunks is not None:
        return cast(LogReader, read(source, query, options, chunk_range=chunks))
    return cast(LogReader, read(source, query, options))


def read_registry(row: Format, source: Source) -> Registry:
    """Read a registry hive or export.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    return cast(Registry, import_module(row.module).read_registry(source))


def read_facts(row: Format, source: Source) -> FactsFile:
    """Read a file of stated facts.

    Raises:
        EvidenceError: if it is not valid.
    """
    return cast(FactsFile, import_module(row.module).read_facts(source))
