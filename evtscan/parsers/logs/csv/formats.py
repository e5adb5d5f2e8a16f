"""Formats of CSV tables, and how they are recognised."""

from collections.abc import Iterable

from evtscan.parsers.formats import Format, Kind
from evtscan.parsers.logs.text.formats import PROMPT, SEPARATORS, lines_of_head

_CSV_COLUMNS = {
    "Get-WinEvent": (
        frozenset({"id", "providername"}),
        frozenset({"timecreated", "logname", "recordid", "machinename", "level", "leveldisplayname", "message"}),
    ),
    "Get-EventLog": (frozenset({"source", "timegenerated"}), frozenset({"eventid", "instanceid"})),
    "Log Parser": (frozenset({"eventid", "sourcename"}), frozenset()),
}
"""Programs that write CSV with field names: columns that all of their tables contain, and columns of which they contain
at least one; in lower case."""


def field_names(names: Iterable[str]) -> list[str]:
    """Return field names in lower case, without quotation marks, even if they were quoted twice."""
    return [name.strip().strip('"').strip().lower() for name in names]


def csv_header(names: Iterable[str]) -> str | None:
    """Return the program that uses these column names; None if none of them does."""
    given = frozenset(field_names(names))
    for program, (all_of, one_of) in _CSV_COLUMNS.items():
        if all_of <= given and (not one_of or one_of & given):
            return program
    return None


_DUMP_COLUMNS = {
    "EvtxECmd": (frozenset({"eventid", "provider"}), frozenset({"payload", "mapdescription", "eventrecordid"})),
    "evtscan": (frozenset({"eventid", "provider", "eventlevel"}), frozenset({"data", "timecreated", "recordid"})),
}


def column_names(names: Iterable[str]) -> list[str]:
    """Return column names in lower case, without quotation marks and without the blanks that Timeline Explorer adds."""
    return [name.strip("\ufeff ").strip('"').replace(" ", "").lower() for name in names]


def dump_header(names: Iterable[str]) -> str | None:
    """Return the program whose tables of complete events have these columns: EvtxECmd, ``evtscan``, or None."""
    given = frozenset(column_names(names))
    return next((name for name, (all_of, one_of) in _DUMP_COLUMNS.items() if all_of <= given and one_of & given), None)


def lacks_source(names: Iterable[str]) -> bool:
    """Return whether these columns are those of an event table that lacks only the column for the event source."""
    given = frozenset(field_names(names))
    if {"id", "timecreated"} <= given:
        return bool({"message", "leveldisplayname"} & given)
    return "timegenerated" in given and bool({"eventid", "instanceid"} & given)


def is_field_csv(head: bytes, name: str) -> bool:
    """Return whether this is a CSV file of Get-WinEvent, Get-EventLog or Log Parser."""
    lines = [line for line in lines_of_head(head) if not line.startswith("#TYPE") and not PROMPT.match(line)]
    headlines = [line.split(separator) for line in lines[:1] for separator in SEPARATORS]
    return any(csv_header(names) is not None or lacks_source(names) for names in headlines)


def is_dump_csv(head: bytes, name: str) -> bool:
    """Return whether this is a CSV file of EvtxECmd or ``evtscan dump``."""
    line = next((line for line in lines_of_head(head) if not PROMPT.match(line)), "")
    if "provider" not in line.lower():
        return False
    return any(dump_header(line.split(separator)) is not None for separator in SEPARATORS)


DUMP_CSV = Format(
    name="dump-csv",
    title="CSV of EvtxECmd and evtscan dump",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.csv.dumpcsv",
    recognises=is_dump_csv,
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
)

FIELD_CSV = Format(
    name="csv",
    title="CSV of Get-WinEvent, Get-EventLog and Log Parser",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.csv.csvexports",
    recognises=is_field_csv,
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
)
