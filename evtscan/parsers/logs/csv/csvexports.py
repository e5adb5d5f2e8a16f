"""CSV files of Get-WinEvent, Get-EventLog and Log Parser → events.

All three write column names in the first line, and users can choose the columns: so fields are found by column name,
and a field whose column is missing is unknown.

- ``Get-WinEvent | Export-Csv``: ``Id``, ``ProviderName``, ``TimeCreated`` …; ``Properties``, the event's data, contains
  only a type name. Keywords is a signed number.
- ``Get-EventLog | Export-Csv``: ``EventID``, ``Source``, ``TimeGenerated``, ``EntryType`` …; ``ReplacementStrings`` and
  ``Data`` contain only type names, ``InstanceId`` is the whole event identifier with its qualifiers.
- Log Parser ``-i:EVT -o:CSV``: ``EventID``, ``SourceName``, ``TimeGenerated``, ``Strings`` (separated by ``|``),
  ``Data`` in hex … Its times are local, except in a column ``TO_UTCTIME(…)``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from evtscan.base.model.log import LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import format_guid_text, format_hex
from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import USER_FIELDS, sid_of
from evtscan.parsers.logs.channels import channel_of
from evtscan.parsers.logs.csv.csvrows import Row, rows
from evtscan.parsers.logs.csv.formats import csv_header, field_names, lacks_source
from evtscan.parsers.logs.exportrecords import Content, System
from evtscan.parsers.logs.insertions import ANY_DATA, LostNames, data_of_message, numbered
from evtscan.parsers.logs.lostfields import NOT_BY_OLD_INTERFACE
from evtscan.parsers.logs.text.textlog import open_log
from evtscan.parsers.logs.text.textrecords import Entry, Flaw, NextOutput, Part, Words
from evtscan.parsers.shared.textlines import is_prompt

_NUMBER = re.compile(r"[+-]?\d{1,20}\Z")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+\Z")
_CATEGORY = re.compile(r"\((\d{1,5})\)\Z")
_ADDED = re.compile(r"#TYPE |Statistics:|-+\Z|Elements (?:processed|output):|Execution time:|Task completed")
"""Lines that the programs print around their tables."""

_NO_SOURCE = (
    "the table has no column for the source of an event (ProviderName, Source, SourceName), without which its id means "
    "nothing: export it again with that column"
)


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open a CSV file of Get-WinEvent, Get-EventLog or Log Parser for one pass.

    Raises:
        EvidenceError: if the file or all of its records cannot be read.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    return open_log(source, FieldCsv(channel_of(source.name)), query, options)


Fields = dict[str, Any]
"""Fields of System by their names in ``exports.System``."""

Cells = Mapping[str, str]
"""The cells of one row by name of column, in lower case."""


class FieldCsv:
    """The dialect of CSV files with field names (see ``textlog.Dialect``)."""

    format = "csv"
    newest_first = True

    def __init__(self, channel: str | None) -> None:
        self._channel = channel
        self._words = Words("types or levels of events are")
        self._names = LostNames()
        self.one_offset = False

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split one or more tables into parts."""
        table: _Table | None = None
        for row in rows(*_up_to_header(lines)):
            if row.error:
                message = f"lines {row.line} to {row.last} are no row of a table ({row.error})"
                yield Flaw(row.line, "bad_record", message, lost=1)
            elif table is not None and (event_id := table.event_id_of(row)) is not None:
                yield self._entry(row, event_id, table)
            elif (program := _program_of(row.fields)) is not None:
                table = _Table(_PROGRAMS[program], field_names(row.fields))
                self.one_offset = self.one_offset or table.program.one_offset
                yield NextOutput()
            elif len(row.fields) > 1 and lacks_source(row.fields):
                table = None
                yield Flaw(row.line, "no_source", _NO_SOURCE)
            elif not is_prompt(row.fields[0]) and not _ADDED.match(row.fields[0]):
                message = f"this row has not the fields of a record: {', '.join(row.fields)[:80]!r}"
                yield Flaw(row.line, "bad_record", message, lost=max(_records_within(row), 1))
        if table is None:
            yield Flaw(1, "no_headline", "no line names the columns of a table")

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield warnings about words that are not English, and about lost names of data."""
        yield from self._words.notes()
        yield from self._names.notes()

    def _entry(self, row: Row, event_id: int, table: "_Table") -> Entry:
        fields = row.fields
        if table.program.strings:
            self._names.look_at(fields[table.provider])
        system: Fields = {"event_id": event_id & 0xFFFF, "provider": fields[table.provider].strip()}
        if self._channel is not None:
            system["channel"] = self._channel
        for index, column in table.early:
            column.read(system, fields[index].strip())
        in_utc = fields[table.utc] if table.utc is not None else ""
        return Entry(
            line=row.line,
            system=cast(System, system),
            time=in_utc or (fields[table.time] if table.time is not None else ""),
            time_written=fields[table.written] if table.written is not None else "",
            utc=bool(in_utc),
            content=lambda: self._content(row, event_id, system, table),
        )

    def _content(self, row: Row, event_id: int, system: "Fields", table: "_Table") -> Content:
        unreadable = set(table.lost | self._names.of_content())
        if event_id > 0xFFFF:
            system["qualifiers"] = event_id >> 16
        for index, column in table.columns:
            cell = row.fields[index].strip()
            if column.read(system, cell):
                unreadable -= column.fields
            elif column.worded:
                self._words.add(cell)
        if system.get("channel") is not None:
            unreadable.discard("Channel")
        if system.get("qualifiers") is not None:
            unreadable.discard("Qualifiers")
        within = _records_within(row)
        flaw = f"{within} of its lines look like records: a quotation mark may have been lost" if within else ""
        cells = dict(zip(table.names, row.fields, strict=True))
        return table.program.content(cells, frozenset(unreadable), flaw)


def _up_to_header(lines: Iterable[tuple[int, str]]) -> tuple[Iterator[tuple[int, str]], str]:
    """Skip to the header line; return the lines from it on, and its separator."""
    lines = iter(lines)
    for number, line in lines:
        for separator in ",;\t":
            names = line.split(separator)
            if len(names) > 1 and (csv_header(names) is not None or lacks_source(names)):
                return chain([(number, line)], lines), separator
    return lines, ","


def _program_of(fields: list[str]) -> str | None:
    """Return the program whose tables have these columns.

    A single column is never a header, and damaged files have many such rows.
    """
    return csv_header(fields) if len(fields) > 1 else None


def _records_within(row: Row) -> int:
    """Return the number of lines within fields that look like rows: with three or more ``","`` in a line."""
    if row.last == row.line:
        return 0
    if not any(mark in field for field in row.fields for mark in ('","', '";"', '"\t"')):
        return 0
    return sum(
        max(line.count('","'), line.count('";"'), line.count('"\t"')) > 2
        for field in row.fields
        for line in field.split("\n")[1:]
    )


# ------------------------------------------------------------------------------------- columns and programs


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table.

    ``read`` sets System fields from a cell and returns whether that was possible; ``fields`` are the fields that are
    known then. ``worded``: the column contains words that can be interpreted only in English.
    """

    name: str
    read: Callable[[Fields, str], bool]
    fields: frozenset[str]
    worded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """The columns of one program. ``lost`` are the fields that none of its columns contains.

    ``strings``: it prints the insertion strings of an event without names.
    """

    event_ids: tuple[str, ...]
    provider: str
    time: str
    columns: tuple[_Column, ...]
    lost: frozenset[str]
    content: Callable[[Cells, frozenset[str], str], Content]
    one_offset: bool
    strings: bool = False


class _Table:
    """One table: its program, and the indexes of its columns."""

    def __init__(self, program: _Program, names: list[str]) -> None:
        self.program, self.names = program, names
        indexes = {name: index for index, name in reversed(list(enumerate(names)))}
        self._event_id = next(indexes[name] for name in program.event_ids if name in indexes)
        self.provider = indexes[program.provider]
        self.time = indexes.get(program.time)
        self.utc = indexes.get(f"to_utctime({program.time})")
        self.written = indexes.get("timewritten" if self.utc is None else "to_utctime(timewritten)")
        self.columns = [(indexes[column.name], column) for column in program.columns if column.name in indexes]
        self.early = [(index, column) for index, column in self.columns if column.fields & _EARLY]
        self.lost = program.lost.union(*(column.fields for column in program.columns))
        self.lost -= frozenset() if self.written is None else {"TimeWritten"}

    def event_id_of(self, row: Row) -> int | None:
        """Return the event id in a row; None if the row is not a record."""
        if len(row.fields) != len(self.names):
            return None
        event_id = _integer(row.fields[self._event_id])
        return event_id if event_id is not None and 0 <= event_id < 1 << 32 else None


_EARLY = frozenset({"Channel", "Computer", "EventRecordID"})
"""The fields that the summary of a log counts: they are read for every record."""


def _integer(text: str) -> int | None:
    text = text.strip()
    return int(text) if _NUMBER.match(text) and text.isascii() else None


def _number(name: str, attribute: str, *fields: str) -> _Column:
    def read(system: Fields, cell: str) -> bool:
        value = _integer(cell)
        if value is not None:
            system[attribute] = value
        return value is not None or not cell

    return _Column(name, read, frozenset(fields))


def _text(name: str, attribute: str, *fields: str, write: Callable[[str], str] = str) -> _Column:
    def read(system: Fields, cell: str) -> bool:
        if cell:
            system[attribute] = write(cell)
        return True

    return _Column(name, read, frozenset(fields))


def _record_number(system: Fields, cell: str) -> bool:
    system["record_id"] = system["header_id"] = _integer(cell)
    return system["record_id"] is not None


def _instance_id(system: Fields, cell: str) -> bool:
    value = _integer(cell)
    if value is not None:
        system["qualifiers"] = (value >> 16) & 0xFFFF
    return value is not None


def _keywords(system: Fields, cell: str) -> bool:
    value = _integer(cell)
    if value is not None:
        system["keywords"] = format_hex(value & 0xFFFF_FFFF_FFFF_FFFF)
    return value is not None or not cell


def _level_name(system: Fields, cell: str) -> bool:
    if system.get("level") is None:
        system["level"] = eventtypes.level_of_word(cell)
    return system["level"] is not None


def _type(system: Fields, cell: str) -> bool:
    number = _integer(cell)
    kind = eventtypes.of_word(cell) if number is None else eventtypes.of_number(number)
    if system.get("event_type") is None:
        system |= {"event_type": kind.name, "level": kind.level}
    return system["event_type"] is not None


def _category_name(system: Fields, cell: str) -> bool:
    found = _CATEGORY.match(cell)
    if system.get("task") is None and found:
        system["task"] = int(found[1])
    return system.get("task") is not None


def _user(system: Fields, cell: str) -> bool:
    system["user_id"], lost = sid_of(cell)
    return not lost


def _log_channel(name: str) -> str:
    """Return the channel with this name, or the channel of the log file with this path."""
    return channel_of(name) or name


_TYPE_FIELDS = frozenset({"EventType", "Level"})
_TASK = frozenset({"Task"})


def _message_content(cells: Cells, unreadable: frozenset[str], flaw: str) -> Content:
    message = cells.get("message")
    if not message:
        return Content(unreadable=unreadable | ANY_DATA, flaw=flaw)
    message = message.replace("\r", "")
    data, _ = data_of_message(message)  # each of which may have had a name
    return Content(data=data, message=message, unreadable=unreadable | ANY_DATA, flaw=flaw)


def _log_parser_content(cells: Cells, unreadable: frozenset[str], flaw: str) -> Content:
    content = _message_content(cells, unreadable, flaw)
    if content.message is None:
        unreadable |= {"Message"}
    strings, binary = cells.get("strings"), cells.get("data")
    if strings is None:
        data, unreadable = dict(content.data), content.unreadable
    else:
        data = numbered(strings.split("|")) if strings else {}
    if binary and _HEX.match(binary):
        data["Binary"] = binary.upper()
    elif binary != "":
        unreadable |= {"Binary"}
    return Content(data=data, message=content.message, unreadable=unreadable, flaw=flaw)


_PROGRAMS = {
    "Get-WinEvent": _Program(
        event_ids=("id",),
        provider="providername",
        time="timecreated",
        columns=(
            _number("version", "version", "Version"),
            _number("qualifiers", "qualifiers", "Qualifiers"),
            _number("level", "level", "Level"),
            _Column("leveldisplayname", _level_name, frozenset({"Level"}), worded=True),
            _number("task", "task", "Task"),
            _number("opcode", "opcode", "Opcode"),
            _Column("keywords", _keywords, frozenset({"Keywords"})),
            _number("recordid", "record_id", "EventRecordID"),
            _text("providerid", "provider_guid", "Provider_Guid", write=format_guid_text),
            _text("logname", "channel", "Channel"),
            _number("processid", "process_id", "Execution_ProcessID"),
            _number("threadid", "thread_id", "Execution_ThreadID"),
            _text("machinename", "computer", "Computer"),
            _Column("userid", _user, USER_FIELDS),
            _text("activityid", "activity_id", "Correlation_ActivityID", write=format_guid_text),
            _text("relatedactivityid", "related_activity_id", "Correlation_RelatedActivityID", write=format_guid_text),
        ),
        lost=frozenset({"Provider_EventSourceName"}),
        content=_message_content,
        one_offset=False,
    ),
    "Get-EventLog": _Program(
        event_ids=("eventid", "instanceid"),
        provider="source",
        time="timegenerated",
        columns=(
            _Column("index", _record_number, frozenset({"EventRecordID"})),
            _Column("instanceid", _instance_id, frozenset({"Qualifiers"})),
            _Column("entrytype", _type, _TYPE_FIELDS, worded=True),
            _number("categorynumber", "task", "Task"),
            _Column("category", _category_name, _TASK),
            _text("machinename", "computer", "Computer"),
            _Column("username", _user, USER_FIELDS),
        ),
        lost=NOT_BY_OLD_INTERFACE | {"Channel", "TimeWritten"},
        content=_message_content,
        one_offset=False,
    ),
    "Log Parser": _Program(
        event_ids=("eventid",),
        provider="sourcename",
        time="timegenerated",
        columns=(
            _text("eventlog", "channel", "Channel", write=_log_channel),
            _Column("recordnumber", _record_number, frozenset({"EventRecordID"})),
            _Column("eventtype", _type, _TYPE_FIELDS),
            _Column("eventtypename", _type, _TYPE_FIELDS, worded=True),
            _number("eventcategory", "task", "Task"),
            _text("computername", "computer", "Computer"),
            _Column("sid", _user, USER_FIELDS),
        ),
        lost=NOT_BY_OLD_INTERFACE | {"Qualifiers", "TimeWritten"},
        content=_log_parser_content,
        one_offset=True,
        strings=True,
    ),
}
