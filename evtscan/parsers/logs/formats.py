"""Formats of binary logs and structured exports, and how they are recognised; their readers are imported later."""

import codecs
import re

from evtscan.parsers.formats import Format, Kind, starts_with

_EVENT = re.compile(rb"(?:\A|[>\r\n])\s*<(?:[\w.-]{1,40}:)?Event(?:\s[^<>]*)?>\s*(?:<(?:[\w.-]{1,40}:)?System[\s>]|\Z)")
_EVENTS_ROOT = re.compile(rb"\A(?:<\?xml[^<>]*\?>\s*)?<Events(?:\s[^<>]*)?(?:/>|>\s*(?:</Events>|\Z))")
_CLIXML = re.compile(rb"\A(?:<\?xml[^<>]*\?>\s*)?<Objs\b[^<>]*schemas\.microsoft\.com/powershell/2004/04")
_EVENT_OBJECT = re.compile(rb"Eventing\.Reader\.EventLogRecord|N=\"(?:Id|ProviderName|RecordId)\"")
_JSON = re.compile(rb"\A(?:Record \d+\s+)?\[?\s*\{")
_JSON_BEGIN = re.compile(
    rb'(?:Record \d+\s+)?\[?\s*\{\s*(?:"Event"\s*:\s*\{'
    rb'|"TimeCreated"\s*:(?=[^\n]*"EventLevel"\s*:)'
    rb'|"EventTime"\s*:[^{}]*"Provider"\s*:[^{}]*"EventID"\s*:'
    rb'|"group"\s*:[^{}]*"kind"\s*:[^{}]*"documents?"\s*:)'
)
_JSON_EVENT = re.compile(
    rb'"System"\s*:\s*\{\s*"(?:Provider|EventID|Channel|Computer|Correlation)"'
    rb'|"winlog[".]|"winlogbeat"|"log_name"\s*:'
    rb'|"ChunkNumber"\s*:\s*\d+\s*,[^{}]*"Payload"\s*:\s*"'
)
_ID = re.compile(rb'"Id"\s*:\s*\d')
_BESIDE_ID = (b'"ProviderName"', b'"LogName"', b'"LevelDisplayName"')


def _ascii_of(head: bytes) -> bytes:
    r"""Return the first bytes of a text without its byte order mark, leading white space, and the NULs of UTF-16.

    >>> _ascii_of("\ufeff <Events>".encode("utf-16-le"))
    b'<Events>'
    """
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.removeprefix(mark)
    if b"\0" in head[:2]:
        head = head.replace(b"\0", b"")
    return head.lstrip()


def is_event_xml(head: bytes, name: str) -> bool:
    """Return whether a file is event XML.

    An ``Event`` with ``System`` begins the file or one of its lines, or the file is an ``Events`` element without
    events.
    """
    text = _ascii_of(head)
    return bool(_EVENT.search(text) or _EVENTS_ROOT.search(text))


def is_clixml(head: bytes, name: str) -> bool:
    """Return whether a file is PowerShell's XML of objects, and its first object is an event."""
    text = _ascii_of(head)
    return bool(_CLIXML.search(text) and _EVENT_OBJECT.search(text))


def is_event_json(head: bytes, name: str) -> bool:
    """Return whether a file is JSON that begins with an event of a known tool."""
    text = _ascii_of(head)
    if not _JSON.search(text):
        return False
    return bool(_JSON_BEGIN.match(text) or _JSON_EVENT.search(text)) or _is_of_powershell(text)


def _is_of_powershell(text: bytes) -> bool:
    """Return whether JSON has the properties of Get-WinEvent or Get-EventLog objects, in any order."""
    if b'"TimeCreated"' in text and _ID.search(text):
        return any(name in text for name in _BESIDE_ID)
    return b'"TimeGenerated"' in text and b'"Source"' in text and (b'"InstanceId"' in text or b'"EventID"' in text)


EVTX = Format(
    name="evtx",
    title="Windows event log, Vista and later",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.evtx",
    recognises=starts_with(b"ElfFile\0"),
    keeps="all of System, data by name or position, raw data, record numbers, times to 100 ns in UTC",
    loses="message texts (`--messages`)",
    known_by="`ElfFile` and a zero at the beginning",
    part_size=1 << 16,
    has_parts=True,
)

EVT = Format(
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
)

XML = Format(
    name="xml",
    title="Events as XML (wevtutil, Event Viewer)",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.xml.eventxml",
    recognises=is_event_xml,
    keeps=(
        "all of System, data by name or position, raw data, record numbers, times in UTC; the message, if it was "
        "rendered"
    ),
    loses="the numbers in record headers; letters that wevtutil could not put into the code page of its console",
    known_by=("an element `Event` with `System` in it, which begins the file or a line of it, with or without a root"),
)

CLIXML = Format(
    name="clixml",
    title="Get-WinEvent with Export-Clixml",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.xml.clixml",
    recognises=is_clixml,
    keeps=(
        "System, the values of the data in their order, raw data, record numbers, times with their offset, the message"
    ),
    loses="names of data (rules on named data stay unknown), whether a number was hexadecimal, EventSourceName",
    known_by="the root `Objs` of PowerShell, with event records in it",
)

JSON = Format(
    name="json",
    title="Events as JSON (evtx_dump, Chainsaw, Velociraptor, EvtxECmd, Winlogbeat, PowerShell, evtscan dump)",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.json.eventjson",
    recognises=is_event_json,
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
)
