"""The output of dumpel, of the Windows NT and 2000 Resource Kits → events.

::

    NT 4, 2000     date, time, type, category, event id, source, user, computer, strings
    NT 3.5         date, time, type, category, event id, user, source, computer, strings     (KB 129266)

Between columns stand tabs, commas (``-c``), or spaces where a terminal or a wrapper expanded the tabs. Type, category
and event id are numbers. The strings are the event's own, not a message: with ``-t`` tabs stand between them, else
spaces, so that several strings cannot be told from one with spaces. Asked for a log that does not exist, dumpel dumps
the Application log without a word: the file's name proves a channel only if it is one that every host has.
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
"""NT 3.5 knows only names of computers in capitals, which tells where a source of several words ends."""


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open the output of dumpel for one pass.

    Raises:
        EvidenceError: if the file cannot be read, or no record in it can be.
        UsageError: if ``options.zone`` is no zone.
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
        """Take the output apart."""
        for block in blocks(lines, _row, _is_broken):
            yield self._entry(block) if isinstance(block, Block) else between(block, _is_broken)

    def notes(self) -> Iterator[tuple[str, str]]:
        """What the export has lost of its strings."""
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
    """The data that strings in one text make, and the fields that they leave open.

    ``exact`` says that tabs stand between strings. Else spaces do, and only a text without any is one string for
    certain (one that begins with a space may begin with an empty string); another is kept whole under the name
    ``Strings``, for those who look for words.
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
    """The strings behind the computer, with a blank before them where an empty one may be the first of them.

    It is not where one blank alone stands before them, or as many as before the computer.
    """
    if names[4] is None:
        return None
    before, behind = names.start(3) - names.end(2), names.start(4) - names.end(3)
    return names[4] if behind in (1, before) else f" {names[4]}"


def _in_new_order(sixth: str, seventh: str) -> tuple[str, str]:
    """Source and user, in either order: the user is ``N/A`` or has a backslash."""
    old = _looks_like_account(sixth) and not _looks_like_account(seventh)
    return (seventh, sixth) if old else (sixth, seventh)


def _looks_like_account(name: str) -> bool:
    return "\\" in name or name.strip() == "N/A"


def _is_broken(line: str) -> bool:
    return nearly_dumpel_row().match(line) is not None
