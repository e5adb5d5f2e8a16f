"""Evidence files → events, registry keys, stated facts: one module or package a format.

A format is chosen by content, never by name; ``facts.yaml`` is the one exception. To add a format, write its module
and add its row to ``PARSERS``; the documentation and everything else reads the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import cast

from evtscan.base.errors import EvidenceError
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.log import LogParts, LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import Source
from evtscan.parsers.logs import signatures
from evtscan.parsers.logs.text import textsignatures
from evtscan.parsers.reports import reportsignatures

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

    A log format may have optional abilities, which its row declares. ``part_size`` is the size in bytes of the parts
    that can be read separately (0: none): its ``read_log`` takes ``chunk_range``. ``has_parts``: its module offers
    ``open_parts(source, options)``, which reads the records around an event (see ``LogParts``). What a reader can do
    besides iterating is a protocol of ``base.model.log`` (``BatchReader``, ``HealthReader``).

    ``keeps``, ``loses`` and ``known_by`` tell a reader what evidence in this format is worth, beside that in others,
    and by what content it is recognised; the documentation prints them.
    """

    name: str
    title: str
    kind: Kind
    module: str
    recognises: Callable[[bytes, str], bool]
    keeps: str
    loses: str
    known_by: str
    part_size: int = 0
    has_parts: bool = False


def _starts_with(*magics: bytes) -> Callable[[bytes, str], bool]:
    return lambda head, name: head.startswith(magics)


def _is_reg_text(head: bytes, name: str) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:2] == b"\0":
        text = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"").lstrip()
    return text.startswith((b"REGEDIT4", b"Windows Registry Editor Version 5"))


def _text_report(name: str, title: str, *, keeps: str, loses: str, known_by: str) -> Format:
    """The row of a system report that is text, which ``reportsignatures`` knows by its name."""
    return Format(
        name=name,
        title=title,
        kind=Kind.INVENTORY,
        module="evtscan.parsers.reports",
        recognises=reportsignatures.recogniser(name),
        keeps=keeps,
        loses=loses,
        known_by=known_by,
    )


PARSERS: tuple[Format, ...] = (
    Format(
        name="evtx",
        title="Windows event log, Vista and later",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.evtx",
        recognises=_starts_with(b"ElfFile\0"),
        keeps="all of System, data by name or position, raw data, record numbers, times to 100 ns in UTC",
        loses="message texts (`--messages`)",
        known_by="`ElfFile` and a zero at the beginning",
        part_size=1 << 16,
        has_parts=True,
    ),
    Format(
        name="evt",
        title="Windows event log, NT 3.1 to 2003",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.evt",
        recognises=lambda head, name: head[4:8] == b"LfLe",
        keeps=(
            "strings by position, raw data, type, category, SID, Qualifiers, record numbers, times (generated and "
            "written) to the second in UTC"
        ),
        loses="message texts (`--messages`); the channel, unless the file's name tells",
        known_by="`LfLe` at offset 4",
        has_parts=True,
    ),
    Format(
        name="regf",
        title="Registry hive (SYSTEM, SOFTWARE)",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.registry.hive",
        recognises=_starts_with(b"regf"),
        keeps="all keys and values, and when each key was written",
        loses="keys that Windows keeps in memory only (`HARDWARE`)",
        known_by="`regf` at the beginning",
    ),
    Format(
        name="reg",
        title="Registry export (.reg of REGEDIT4 and version 5.00)",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.registry.text.regfile",
        recognises=_is_reg_text,
        keeps="keys and values of what was exported",
        loses="when keys were written",
        known_by="`REGEDIT4` or `Windows Registry Editor Version 5` at the beginning",
    ),
    Format(
        name="facts",
        title="What somebody knows of the host (facts.yaml)",
        kind=Kind.FACTS,
        module="evtscan.parsers.stated.factsfile",
        recognises=lambda head, name: name.lower() == "facts.yaml",
        keeps="values, from when on each held, and who says so",
        loses="evidence: it is somebody's word",
        known_by="its name, `facts.yaml`: the one file that is known by its name",
    ),
    Format(
        name="xml",
        title="Events as XML (wevtutil, Event Viewer)",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.xml.eventxml",
        recognises=signatures.is_event_xml,
        keeps=(
            "all of System, data by name or position, raw data, record numbers, times in UTC; the message, if it was "
            "rendered"
        ),
        loses="the numbers in record headers; letters that wevtutil could not put into the code page of its console",
        known_by=(
            "an element `Event` with `System` in it, which begins the file or a line of it, with or without a root"
        ),
    ),
    Format(
        name="clixml",
        title="Get-WinEvent with Export-Clixml",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.xml.clixml",
        recognises=signatures.is_clixml,
        keeps=(
            "System, the values of the data in their order, raw data, record numbers, times with their offset, the "
            "message"
        ),
        loses="names of data (rules on named data stay unknown), whether a number was hexadecimal, EventSourceName",
        known_by="the root `Objs` of PowerShell, with event records in it",
    ),
    Format(
        name="json",
        title="Events as JSON (evtx_dump, Chainsaw, Velociraptor, EvtxECmd, Winlogbeat, PowerShell, evtscan dump)",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.json.eventjson",
        recognises=signatures.is_event_json,
        keeps=(
            "evtx_dump, Chainsaw, `evtscan dump`, XML turned into JSON: what the log holds; Velociraptor: the same, "
            "times to the microsecond, and the message; Winlogbeat: most of System, data, the message; Get-WinEvent "
            "and Get-EventLog with ConvertTo-Json: as CLIXML and CSV, values of data by position, times in UTC"
        ),
        loses=(
            "Winlogbeat: Qualifiers, EventSourceName, empty values, and the numbers of keywords, task and opcode; "
            "older versions of Velociraptor: whether a number was hexadecimal; rows of its artifacts: most of System, "
            "and fractions of seconds; EvtxECmd: Qualifiers, EventSourceName, task, opcode, and where one string ends "
            "and the next begins; PowerShell: names of data, and without a larger `-Depth` data of Get-WinEvent at all"
        ),
        known_by=(
            "an object with the keys of an event: `Event`, `System`, `winlog` or `log_name`, the columns of `evtscan "
            "dump`, EvtxECmd or an artifact of Velociraptor, or properties of PowerShell's objects (`Id` and "
            "`ProviderName`, `Source` and `TimeGenerated`); alone, in an array, in what `chainsaw hunt` has detected, "
            "or among the `hits` of Elasticsearch"
        ),
    ),
    Format(
        name="viewer",
        title="Event Viewer of Windows NT to 2003: lists as text and CSV",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.text.ntviewer",
        recognises=textsignatures.is_viewer_text,
        keeps=(
            "date and time to the second, source, type, category, event id, user, computer; a saved list the message, "
            "an exported one not"
        ),
        loses=(
            "the zone; record numbers, Qualifiers, raw data; the channel, unless the file's name tells; strings, "
            "unless the viewer had no message and printed them (one with a comma and a space in it comes out as two)"
        ),
        known_by=(
            "rows of date, time, source, type, category, number, user, computer (saved) or with the type first "
            "(exported)"
        ),
    ),
    Format(
        name="dumpel",
        title="dumpel of the Resource Kits",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.text.dumpel",
        recognises=textsignatures.is_dumpel,
        keeps=(
            "date and time to the second, type and category as numbers, event id, source, user, computer, the strings"
        ),
        loses=(
            "the zone; record numbers, raw data, the message; without `-t` where one string ends and the next begins; "
            "names of data (Vista and later); the channel, unless the file is named after System, Application or "
            "Security"
        ),
        known_by="rows of date, time, three numbers, source, user (or the other way round), computer, strings",
    ),
    Format(
        name="psloglist",
        title="PsLogList, blocks and -s",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.text.psloglist",
        recognises=textsignatures.is_psloglist,
        keeps=(
            "record numbers, the channel, source, type, event id, user, computer, date and time to the second, the "
            "message"
        ),
        loses=(
            "the zone; category, Qualifiers, raw data; strings, unless there was no message and the event has only one"
        ),
        known_by=(
            "`[number] source` above `Type:`; with `-s` rows of number, log, source, type in capitals, computer, time, "
            "event id"
        ),
    ),
    Format(
        name="wevtutil-text",
        title="wevtutil qe /f:text",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.text.wevtutiltext",
        recognises=textsignatures.is_wevtutil_text,
        keeps="the channel, source, event id, level, SID, computer, local time to the millisecond, the message",
        loses=(
            "the zone (a `Z` proves nothing); record numbers, Qualifiers, keywords, task and opcode as numbers; "
            "strings and raw data"
        ),
        known_by="`Event[0]` above `Log Name:`",
    ),
    Format(
        name="viewer-list",
        title="Event Viewer of Vista and later: CSV and text",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.text.eventviewer",
        recognises=textsignatures.is_new_viewer_list,
        keeps="level, date and time to the second, source, event id, category, the message",
        loses=(
            "the zone; computer, user, record numbers, Qualifiers; the channel, unless the file's name tells; strings "
            "and raw data"
        ),
        known_by="a headline of five names with date and time second, above rows of six fields, in any language",
    ),
    Format(
        name="dump-csv",
        title="CSV of EvtxECmd and evtscan dump",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.csv.dumpcsv",
        recognises=textsignatures.is_dump_csv,
        keeps=(
            "`evtscan dump`: what the log holds; EvtxECmd: most of System, record numbers, times to 100 ns in UTC, "
            "data by name, raw data; each as far as its columns are there"
        ),
        loses=(
            "`evtscan dump`: line breaks in messages; EvtxECmd: Qualifiers, Version, EventSourceName, task, opcode, "
            "the message, and where one string ends and the next begins"
        ),
        known_by=(
            "a headline with the names of columns: `EventId` and `Provider` beside `Payload`, `MapDescription` or "
            "`EventRecordId` (EvtxECmd, Timeline Explorer), or `EventID`, `EventLevel` and `Provider`"
        ),
    ),
    Format(
        name="csv",
        title="CSV of Get-WinEvent, Get-EventLog and Log Parser",
        kind=Kind.LOG,
        module="evtscan.parsers.logs.csv.csvexports",
        recognises=textsignatures.is_field_csv,
        keeps=(
            "Get-WinEvent: System and the message; Get-EventLog: record number, Qualifiers, type, category and the "
            "message; Log Parser: record number, strings, raw data; each as far as the columns were chosen"
        ),
        loses=(
            "the zone, but for columns `TO_UTCTIME(…)` of Log Parser; PowerShell: data and raw data; Log Parser: names "
            "of data (Vista and later); Get-EventLog: the channel, unless the file's name tells; what stands in "
            "columns that were not chosen"
        ),
        known_by=(
            "a headline with the names of fields: `Id` and `ProviderName` beside others; `Source`, `TimeGenerated` and "
            "`EventID`; `EventID` and `SourceName`"
        ),
    ),
    Format(
        name="szdd",
        title="Compressed repair copy of a hive (system._)",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.registry.hive.szdd",
        recognises=reportsignatures.is_szdd,
        keeps="what the hive holds that was packed",
        loses="as a hive; it is as old as the set-up of the host or the last `rdisk /s`",
        known_by="`SZDD` and the mark of method A at the beginning",
    ),
    Format(
        name="regedt32",
        title="REGEDT32: Save Subtree As",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.registry.text.regedt32",
        recognises=reportsignatures.is_regedt32,
        keeps="keys, values, and when keys were written, to the minute in local time",
        loses="the zone; what came behind a full disk, without a word",
        known_by="`Key Name:` at the beginning, with `Class Name:`",
    ),
    Format(
        name="regdmp",
        title="regdmp of the Resource Kits",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.registry.text.regdmp",
        recognises=reportsignatures.is_regdmp,
        keeps="keys and values, types of most of them",
        loses="when keys were written",
        known_by="a key of the machine, and below it keys and values indented by four",
    ),
    Format(
        name="reg-query",
        title="reg query",
        kind=Kind.REGISTRY,
        module="evtscan.parsers.registry.text.regquery",
        recognises=reportsignatures.is_reg_query,
        keeps="keys and values of what was asked for",
        loses="when keys were written; what lies below, unless `/s` was given",
        known_by="a key that begins with `HKEY_` alone in its line, or `! REG.EXE VERSION`",
    ),
    _text_report(
        "winmsd",
        "WinMSD report of Windows NT",
        keeps="version, build, service pack, kernel type, services and drivers with their states",
        loses="hotfixes, file versions",
        known_by="`Microsoft Diagnostics Report` or `Windows NT Diagnostics Report`",
    ),
    _text_report(
        "msinfo",
        "msinfo32 report as text",
        keeps=(
            "product, version, build, service pack, name, services and drivers in full, loaded modules with version, "
            "size and date; when it was written"
        ),
        loses="hotfixes",
        known_by="`System Information report written at:`, or tables of two captions below a `[section]`",
    ),
    _text_report(
        "systeminfo",
        "systeminfo, list and CSV",
        keeps=(
            "product, version, build, service pack, kernel type, name, role, hotfixes; all versions but XP print the "
            "last boot"
        ),
        loses="services, drivers",
        known_by="`Host Name:` or a row of its captions; in other languages the shape of the version",
    ),
    _text_report(
        "sc",
        "sc query, sc qc, psservice",
        keeps="services and drivers: state, start type, path",
        loses="what it was not asked for: only `query state= all` lists all services",
        known_by="`SERVICE_NAME:` or `[SC]`",
    ),
    _text_report(
        "netstart",
        "net start",
        keeps="which services run, by display name",
        loses="names of services, start types, services that do not run",
        known_by="`These Windows services are started:`; in other languages a heading above lines indented by three",
    ),
    _text_report(
        "driverquery",
        "driverquery /v /fo csv",
        keeps="drivers: state, start mode, path, link date",
        loses="with fewer columns than `/v` prints, all but the name and the link date",
        known_by="its captions; in other languages fifteen columns with the path of a driver",
    ),
    _text_report(
        "hotfixes",
        "wmic qfe, Get-HotFix, hotfix, qfecheck",
        keeps="the numbers of hotfixes",
        loses="hotfixes that XP shows as `File 1` without a number",
        known_by="a caption `HotFixID`, the headline of QFECheck, or lines that begin with a Q or KB number",
    ),
    _text_report(
        "ipconfig",
        "ipconfig /all",
        keeps="the host's name; on NT the services of the network adapters",
        loses="everything else",
        known_by="`Windows IP Configuration`; in other languages lines with dot leaders",
    ),
    _text_report(
        "srvinfo",
        "srvinfo of the Resource Kits",
        keeps="version, build, service pack, kernel type, hotfixes and services in full",
        loses="drivers",
        known_by="`Server Name:`",
    ),
    _text_report(
        "dirlisting",
        "dir listings",
        keeps="names, sizes and dates of files",
        loses="versions; when the listing was made",
        known_by="`Directory of`, or rows of a listing",
    ),
    _text_report(
        "fileversions",
        "filever, sigcheck, VersionInfo as CSV",
        keeps="versions of files, sizes and dates where they are printed",
        loses="when the list was made",
        known_by="the columns of filever, or captions of a path and a version",
    ),
    _text_report(
        "drwatson",
        "Dr. Watson's drwtsn32.log",
        keeps="version, build, service pack and kernel type at each crash of a program",
        loses="the zone; everything else",
        known_by="`Application exception occurred:`",
    ),
    _text_report(
        "ver",
        "ver",
        keeps="the version; in the line of `winver` build and service pack too",
        loses="everything else",
        known_by="a line with the version of Windows",
    ),
    Format(
        name="nfo",
        title="msinfo32 report as XML (.nfo)",
        kind=Kind.INVENTORY,
        module="evtscan.parsers.reports.nfo",
        recognises=reportsignatures.recogniser("nfo"),
        keeps="as the text report",
        loses="as the text report",
        known_by="XML with the root `MsInfo`",
    ),
    Format(
        name="driver",
        title="A copied driver or program file (version resource, link date, size)",
        kind=Kind.INVENTORY,
        module="evtscan.parsers.reports.driverfile",
        recognises=reportsignatures.is_driver,
        keeps="version, link date and size of one file",
        loses="when it was collected; the date of the copy, where copying made it anew",
        known_by="`MZ`, and the mark of a PE header where that points to",
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
    """Open an event log for one pass; ``chunks`` selects parts ``first`` to ``last - 1`` (see ``Format.part_size``).

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    read = import_module(row.module).read_log
    if chunks is not None:
        return cast(LogReader, read(source, query, options, chunk_range=chunks))
    return cast(LogReader, read(source, query, options))


def open_parts(row: Format, source: Source, options: ReadOptions = PLAIN) -> LogParts | None:
    """Open a log to read the records around some events of it, or None if its format has no parts.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    return cast(LogParts, import_module(row.module).open_parts(source, options)) if row.has_parts else None


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
