"""The output of dumpel (Windows NT and 2000 Resource Kits) → events.

::

    NT 4, 2000     date, time, type, category, event id, source, user, computer, strings
    NT 3.5         date, time, type, category, event id, user, source, computer, strings     (KB 129266)

Columns are separated by tabs, by commas (``-c``), or by spaces if a terminal or a line wrapper expanded the tabs. Type,
category and event id are numbers. The strings are the event's insertion strings, not a message. They are separated by
tabs with ``-t``, else by spaces, so that several strings cannot be distinguished from one string with spaces. If the
requested log does not exist, dumpel dumps the Application log without an error message: so the file's name proves the
channel only if every host has that channel.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from evtscan.base.model.log import LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import sid_of
from evtscan.parsers.logs.channels import channel_of
from evtscan.parsers.logs.exportrecords import Content, System
from evtscan.parsers.logs.insertions import ANY_DATA, LostNames, numbered
from evtscan.parsers.logs.text.formats import SEPARATORS, dumpel_row, dumpel_spaced_row, nearly_dumpel_row
from evtscan.parsers.logs.text.textlog import open_log
from evtscan.parsers.logs.text.textrecords import Block, Entry, Part, between, blocks

_LOST = frozenset({"Qualifiers", "EventRecordID", "TimeWritten", "Binary", "Message"})
_ON_EVERY_HOST = frozenset({"System", "Application", "Security"})
_ACCOUNT = r"N/A|(?:NT AUTHORITY|[^\\ ]{1,64})\\(?:ANONYMOUS LOGON|LOCAL SERVICE|NETWORK SERVICE|\S{1,64})"
_SOURCE_FIRST = re.compile(rf"(\S.{{0,255}}?) {{1,16}}({_ACCOUNT}) {{1,16}}(\S{{1,255}})(?: +(.*))?\Z")
_USER_FIRST = re.compile(rf"({_ACCOUNT}) {{1,16}}(\S.{{0,255}}?) {{1,16}}([A-Z0-9][A-Z0-9_-]{{0,14}})(?: +(.*))?\Z")
"""On NT 3.5 computer names are always in capitals, which shows where a source of several words ends."""


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open the output of dumpel for one pass.

    Raises:
        EvidenceError: if the file or all of its records cannot be read.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    channel = channel_of(source.name)
    return open_log(source, Dumpel(channel if channel in _ON_EVERY_HOST else None), query, options)


class _Row(NamedTuple):
    """The columns of a record; ``strings`` is None if nothing follows the computer."""

    date: str
    time: str
    kind: str
    category: str
    event_id: str
    source: str
    user: str
    computer: str
    strings: str | None


class Dumpel:
    """The dialect of dumpel (see ``textlog.Dialect``)."""

    format = "dumpel"
    newest_first = False
    one_offset = True

    def __init__(self, channel: str | None) -> None:
        self._channel = channel
        self._unreadable = _LOST if channel else _LOST | {"Channel"}
        self._any_strings = self._any_tabs = False
        self._names = LostNames()

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split the output into parts."""
        for block in blocks(lines, _row, _is_broken):
            yield self._entry(block) if isinstance(block, Block) else between(block, _is_broken)

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield warnings about information on strings that the export has lost."""
        yield from self._names.notes()
        if not self._any_strings:
            yield "strings", "no record has strings (option -ns?): they are taken for unknown, not for absent"
        elif not self._any_tabs:
            yield (
                "strings",
                "spaces stand between the strings of an event, as within them, so that they cannot be told apart: "
                "dump the log again with option -t",
            )

    def _entry(self, block: Block[_Row]) -> Entry:
        row = block.head
        strings = row.strings
        if strings is not None:
            strings = "\n".join((strings, *block.lines)).rstrip("\n")
            self._any_strings = True
            self._any_tabs = self._any_tabs or "\t" in strings
        number = int(row.event_id)
        self._names.look_at(row.source)
        system = System(
            event_id=number & 0xFFFF, provider=row.source.strip(), channel=self._channel, computer=row.computer.strip()
        )
        return Entry(
            line=block.line,
            system=system,
            time=f"{row.date} {row.time}",
            content=lambda: self._content(row, system, strings, block.flaw),
        )

    def _content(self, row: _Row, system: System, strings: str | None, flaw: str) -> Content:
        number = int(row.event_id)
        kind = eventtypes.of_number(int(row.kind))
        user_id, lost = sid_of(row.user)
        system |= {
            "qualifiers": number >> 16 if number > 0xFFFF else None,
            "event_type": kind.name,
            "level": kind.level,
            "keywords": kind.keywords,
            "task": int(row.category),
            "user_id": user_id,
        }
        unreadable = self._unreadable | lost | kind.unreadable | self._names.of_content()
        if not self._any_strings:
            return Content(unreadable=unreadable | ANY_DATA, flaw=flaw)
        data, lost = data_of_strings(strings or "", exact=self._any_tabs)
        return Content(data=data, unreadable=unreadable | lost, flaw=flaw)


def data_of_strings(text: str, *, exact: bool) -> tuple[dict[str, str], frozenset[str]]:
    """Return the event data from its strings in one text, and the fields that remain unknown.

    ``exact`` means that tabs separate the strings. Otherwise spaces do, and a text is certainly one string only if it
    has no space (a leading space may mean an empty first string). Any other text is kept whole under the name
    ``Strings``, so that rules can search it for words.
    """
    if not text or (text.isspace() and not exact):
        return {}, frozenset()
    if exact:
        return numbered(text.split("\t")), frozenset()
    if not any(character.isspace() for character in text):
        return numbered([text]), frozenset()
    return {"Strings": text.strip()}, ANY_DATA


def _row(line: str, following: str) -> _Row | None:
    if not line[:1].isdigit():
        return None
    for separator in SEPARATORS:
        if row := dumpel_row(separator).match(line):
            date, time, kind, category, event_id, sixth, seventh, computer, strings = row.groups()
            source, user = _in_new_order(sixth, seventh)
            return _Row(date, time, kind, category, event_id, source, user, computer, strings)
    row = dumpel_spaced_row().match(line)
    if row is None:
        return None
    date, time, kind, category, event_id, rest = row.groups()
    if names := _USER_FIRST.match(rest):
        return _Row(date, time, kind, category, event_id, names[2], names[1], names[3], _strings(names))
    if names := _SOURCE_FIRST.match(rest):
        return _Row(date, time, kind, category, event_id, names[1], names[2], names[3], _strings(names))
    return None


def _strings(names: re.Match[str]) -> str | None:
    """Return the strings after the computer, with a leading blank if the first of them may be empty.

    The first one is not empty if a single blank precedes the strings, or as many blanks as precede the computer.
    """
    if names[4] is None:
        return None
    before, behind = names.start(3) - names.end(2), names.start(4) - names.end(3)
    return names[4] if behind in (1, before) else f" {names[4]}"


def _in_new_order(sixth: str, seventh: str) -> tuple[str, str]:
    """Return source and user from two columns in either order: the user is ``N/A`` or contains a backslash."""
    old = _looks_like_account(sixth) and not _looks_like_account(seventh)
    return (seventh, sixth) if old else (sixth, seventh)


def _looks_like_account(name: str) -> bool:
    return "\\" in name or name.strip() == "N/A"


def _is_broken(line: str) -> bool:
    return nearly_dumpel_row().match(line) is not None
