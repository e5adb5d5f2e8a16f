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
from evtscan.model import PLAIN, FactsFile, Inventory, LogReader, Query, ReadOptions, Registry, Source
from evtscan.parsers import reportsignatures, signatures, textsignatures

HEAD_SIZE = 4096
"""How many bytes of a file a recogniser sees."""


class Kind(Enum):
    """What a format holds."""

    LOG = "event log"
    REGISTRY = "registry"
    INVENTORY = "system report"
    FACTS = "stated facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A row of ``PARSERS``.

    ``recognises`` gets the first ``HEAD_SIZE`` bytes and the file's name. ``module`` is imported when the first file
    of its format is opened, and offers ``read_log(source, query)``, ``read_registry(source)``,
    ``read_inventory(source)`` or ``read_facts(source)`` after its kind.
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
    Format(
        name="xml",
        title="Events as XML (wevtutil, Event Viewer)",
        kind=Kind.LOG,
        module="evtscan.parsers.eventxml",
        recognises=signatures.is_event_xml,
    ),
    Format(
        name="clixml",
        title="Get-WinEvent with Export-Clixml",
        kind=Kind.LOG,
        module="evtscan.parsers.clixml",
        recognises=signatures.is_clixml,
    ),
    Format(
        name="json",
        title="Events as JSON (evtx_dump, Chainsaw, Velociraptor, Winlogbeat, evtscan dump)",
        kind=Kind.LOG,
        module="evtscan.parsers.eventjson",
        recognises=signatures.is_event_json,
    ),
    Format(
        name="viewer",
        title="Event Viewer of Windows NT to 2003: lists as text and CSV",
        kind=Kind.LOG,
        module="evtscan.parsers.ntviewer",
        recognises=textsignatures.is_viewer_text,
    ),
    Format(
        name="dumpel",
        title="dumpel of the Resource Kits",
        kind=Kind.LOG,
        module="evtscan.parsers.dumpel",
        recognises=textsignatures.is_dumpel,
    ),
    Format(
        name="psloglist",
        title="PsLogList, blocks and -s",
        kind=Kind.LOG,
        module="evtscan.parsers.psloglist",
        recognises=textsignatures.is_psloglist,
    ),
    Format(
        name="wevtutil-text",
        title="wevtutil qe /f:text",
        kind=Kind.LOG,
        module="evtscan.parsers.wevtutiltext",
        recognises=textsignatures.is_wevtutil_text,
    ),
    Format(
        name="viewer-list",
        title="Event Viewer of Vista and later: CSV and text",
        kind=Kind.LOG,
        module="evtscan.parsers.eventviewer",
        recognises=textsignatures.is_new_viewer_list,
    ),
    Format(
        name="csv",
        title="CSV of Get-WinEvent, Get-EventLog and Log Parser",
        kind=Kind.LOG,
        module="evtscan.parsers.csvexports",
        recognises=textsignatures.is_field_csv,
    ),
    Format(
        name="szdd",
        title="Compressed repair copy of a hive (system._)",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.szdd",
        recognises=reportsignatures.is_szdd,
    ),
    Format(
        name="regedt32",
        title="REGEDT32: Save Subtree As",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.regedt32",
        recognises=reportsignatures.is_regedt32,
    ),
    Format(
        name="regdmp",
        title="regdmp of the Resource Kits",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.regdmp",
        recognises=reportsignatures.is_regdmp,
    ),
    Format(
        name="reg-query",
        title="reg query",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.regquery",
        recognises=reportsignatures.is_reg_query,
    ),
    *(
        Format(
            name=name,
            title=title,
            kind=Kind.INVENTORY,
            module="evtscan.parsers.reports",
            recognises=getattr(reportsignatures, f"is_{name}"),
        )
        for name, title in (
            ("winmsd", "WinMSD report of Windows NT"),
            ("msinfo", "msinfo32 report as text"),
            ("systeminfo", "systeminfo, list and CSV"),
            ("sc", "sc query, sc qc, psservice"),
            ("netstart", "net start"),
            ("driverquery", "driverquery /v /fo csv"),
            ("hotfixes", "wmic qfe, Get-HotFix, hotfix, qfecheck"),
            ("ipconfig", "ipconfig /all"),
            ("srvinfo", "srvinfo of the Resource Kits"),
            ("dirlisting", "dir listings"),
            ("fileversions", "filever, sigcheck, VersionInfo as CSV"),
            ("drwatson", "Dr. Watson's drwtsn32.log"),
            ("ver", "ver"),
        )
    ),
    Format(
        name="nfo",
        title="msinfo32 report as XML (.nfo)",
        kind=Kind.INVENTORY,
        module="evtscan.parsers.reports.nfo",
        recognises=reportsignatures.is_nfo,
    ),
    Format(
        name="driver",
        title="A copied driver or program file (version resource, link date, size)",
        kind=Kind.INVENTORY,
        module="evtscan.parsers.driverfile",
        recognises=reportsignatures.is_driver,
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


def read_inventory(row: Format, source: Source) -> tuple[Inventory, ...]:
    """Read a system report; one file may hold several.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    return cast(tuple[Inventory, ...], import_module(row.module).read_inventory(source))


def read_facts(row: Format, source: Source) -> FactsFile:
    """Read a file of stated facts.

    Raises:
        EvidenceError: if it is not valid.
    """
    return cast(FactsFile, import_module(row.module).read_facts(source))
