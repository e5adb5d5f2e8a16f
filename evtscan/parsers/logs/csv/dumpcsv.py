"""CSV of EvtxECmd and ``evtscan dump``, which contains all fields of each record → events.

Columns are found by name, in any order: the order depends on the version of EvtxECmd, Timeline Explorer adds spaces to
the names, and users omit columns. ``toolrows`` (EvtxECmd) and ``dumprows`` (``evtscan dump``) interpret the columns,
since both programs write the same content as JSON. Times are UTC, except in a dump of a text export without a zone.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.spreadsheets import as_meant
from evtscan.parsers.logs.accounts import USER_FIELDS
from evtscan.parsers.logs.csv.csvrows import Row, rows
from evtscan.parsers.logs.csv.formats import column_names, dump_header
from evtscan.parsers.logs.exportrecords import ALL_DATA, FIELDS, Content, Record, System
from evtscan.parsers.logs.exports import ExportLog
from evtscan.parsers.logs.exporttally import ExportTally
from evtscan.parsers.logs.json.dumprows import DUMP_NUMBERS, DUMP_TEXTS, dump_losses, dump_row
from evtscan.parsers.logs.json.toolrows import EVTXECMD_LOSSES, evtxecmd_row
from evtscan.parsers.logs.json.values import RecordParts, ShapeError
from evtscan.parsers.logs.text.formats import SEPARATORS
from evtscan.parsers.shared.textlines import TextLines, is_prompt

LONGEST_ROW = 1 << 20
"""Characters of a row and of a field: the text of a record of at most 64 KiB, escaped for JSON and for CSV, twice."""

_HEAD_LINES = 40
_EVTXECMD = (
    *("RecordNumber", "EventRecordId", "TimeCreated", "EventId", "Level", "Provider", "Channel", "ProcessId"),
    *("ThreadId", "Computer", "UserId", "HiddenRecord", "SourceFile", "Keywords", "Payload"),
)
_DUMP = (
    *("TimeCreated", "EventID", "Provider", "SourceFile", "Recovered", "Data", "TimeWritten", "Message"),
    *(*DUMP_NUMBERS, *DUMP_TEXTS),
)
_FIELD_OF_COLUMN = {"TimeCreated": "TimeCreated"} | {
    column: FIELDS[field] for column, field in (DUMP_NUMBERS | DUMP_TEXTS).items() if field in FIELDS
}


@dataclass(frozen=True, slots=True)
class _Program:
    """The columns of one program, the function that interprets a row, and a pattern for the beginning of a row.

    ``fields`` maps columns to fields that are lost without the column; ``read`` does not report these.
    """

    columns: tuple[str, ...]
    data: str
    fields: Mapping[str, str]
    read: Callable[[Mapping[str, str]], RecordParts]
    begins: re.Pattern[str]


def _read_evtxecmd(said: Mapping[str, str]) -> RecordParts:
    return evtxecmd_row(said, lambda: said.get("Payload"))


def _read_dump(said: Mapping[str, str]) -> RecordParts:
    return dump_row(said, lambda: json.loads(said.get("Data") or "{}"), lambda: said.get("Message"))


_PROGRAMS = {
    "EvtxECmd": _Program(_EVTXECMD, "Payload", {}, _read_evtxecmd, re.compile(r'"?\d+"?,"?\d+"?,"?\d{4}-\d\d-\d\d ')),
    "evtscan": _Program(_DUMP, "Data", _FIELD_OF_COLUMN, _read_dump, re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?,\d+,")),
}


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> ExportLog:
    """Open a CSV file of EvtxECmd or ``evtscan dump`` for one pass; its times are UTC, so ``options`` are not used.

    Raises:
        EvidenceError: if the file cannot be read, or has content but no readable event.
    """
    lines = TextLines(source, LONGEST_ROW)
    return ExportLog(source, query, "dump-csv", lambda source, tally: read_records(lines, tally))


def read_records(lines: TextLines, tally: ExportTally) -> Iterator[Record]:
    """Yield the events of a file."""
    if warning := lines.doubt:
        tally.warn("encoding", warning)
    table: _Table | None = None
    for row in rows(lines, _separator_of(lines), LONGEST_ROW):
        if row.error:
            message = f"lines {row.line} to {row.last} are no row of a table ({row.error}); export the log again"
            tally.warn("bad_record", message, line=row.line, lost=1)
        elif (table is None or not table.has(row)) and (program := _program_of(row)) is not None:
            table = _Table(_PROGRAMS[program], row.fields)
        elif table is not None:
            record = table.record(row, tally)
            if record is not None:
                yield record
        elif not is_prompt(row.fields[0]):
            tally.warn_once("foreign_bytes", "text above the names of the columns", line=row.line)


def _program_of(row: Row) -> str | None:
    """Return the program whose tables have these columns.

    A single column is never a header, and damaged files have many such rows.
    """
    return dump_header(row.fields) if len(row.fields) > 1 else None


def _separator_of(lines: TextLines) -> str:
    heads = (line for _, line in islice(lines, _HEAD_LINES))
    return next((mark for line in heads for mark in SEPARATORS if dump_header(line.split(mark)) is not None), ",")


class _Table:
    """One table: its program, and the indexes of its columns."""

    def __init__(self, program: _Program, names: list[str]) -> None:
        self._program = program
        self._width = len(names)
        indexes = {name: index for index, name in reversed(list(enumerate(column_names(names))))}
        self._indexes = [(name, indexes[name.lower()]) for name in program.columns if name.lower() in indexes]
        self._event_id = indexes["eventid"]
        known = {name for name, _ in self._indexes}
        self._lost = frozenset(field for name, field in program.fields.items() if name not in known)
        self._lost |= frozenset() if "UserId" in known or "UserID" in known else USER_FIELDS
        self._lost |= frozenset() if program.data in known else {ALL_DATA}

    def has(self, row: Row) -> bool:
        """Return whether a row has as many fields as the header, and a numeric event id."""
        return len(row.fields) == self._width and row.fields[self._event_id].isdecimal()

    def record(self, row: Row, tally: ExportTally) -> Record | None:
        """Return the event of a row; None if it cannot be parsed. Problems give warnings."""
        within = 0 if row.last == row.line else self._begun_within(row)
        if len(row.fields) != self._width:
            message = f"this row has {len(row.fields)} fields and not {self._width}: export the log again"
            tally.warn("bad_record", message, line=row.line, lost=within + 1)
            return None
        if within:
            message = f"{within} lines within this row look like rows: a quotation mark may have been lost"
            tally.warn("bad_record", message, line=row.line, lost=within)
        cells = row.fields
        said = {name: as_meant(cells[index]) for name, index in self._indexes if cells[index]}
        try:
            system, content, origin = self._program.read(said)
        except ShapeError as error:
            tally.warn("bad_record", f"{error}: {', '.join(cells)[:80]!r}", line=row.line, lost=1)
            return None
        self._warn(system, said, row.line, tally)
        return Record(None, row.line, system, lambda: self._content(content), origin)

    def _begun_within(self, row: Row) -> int:
        """Return the number of lines within fields of a row that look like rows."""
        begins = self._program.begins
        return sum(begins.match(line) is not None for field in row.fields for line in field.split("\n")[1:])

    def _content(self, read: Callable[[], Content]) -> Content:
        try:
            content = read()
        except (ValueError, RecursionError) as error:
            return Content(unreadable=frozenset({ALL_DATA}) | self._lost, flaw=str(error)[:200] or type(error).__name__)
        content.unreadable |= self._lost
        return content

    def _warn(self, system: System, said: Mapping[str, str], line: int, tally: ExportTally) -> None:
        losses = EVTXECMD_LOSSES if self._program.data == "Payload" else dump_losses(system)
        if losses:
            tally.warn_once("lossy_export", losses, line=line)
        if system.get("time") is None and said.get("TimeCreated"):
            example = said["TimeCreated"][:40]
            message = f"times such as {example!r} cannot be read: export the log again, with times as in ISO 8601"
            tally.warn_once("bad_time", message, line=line)
