r"""The output of PsLogList (Sysinternals), in blocks or with ``-s`` → events.

::

    System log on \\HOST:
    [513] Service Control Manager
       Type:     ERROR
       Computer: HOST
       Time:     3/14/2001 9:26:53 AM   ID:       7000
       User:     NT AUTHORITY\SYSTEM                          if there is one
    The message, over as many lines as it has

    513,System,Service Control Manager,ERROR,HOST,3/14/2001 9:26:53 AM,7000,None,The message       -s, or another mark

If there is no message, the text is ``Message text not available.  Insertion strings:`` followed by the strings,
separated by spaces. The dump of an event's data that ``-x`` adds remains part of the message. The newest record comes
first.
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
from evtscan.parsers.logs.insertions import LostNames, data_of_message
from evtscan.parsers.logs.lostfields import NOT_BY_OLD_INTERFACE
from evtscan.parsers.logs.text.dumpel import data_of_strings
from evtscan.parsers.logs.text.formats import (
    PSLOGLIST_BANNER,
    PSLOGLIST_HEADLINE,
    PSLOGLIST_SEPARATORS,
    psloglist_head,
    psloglist_row,
)
from evtscan.parsers.logs.text.textlog import open_log
from evtscan.parsers.logs.text.textrecords import (
    Block,
    Entry,
    Flaw,
    Interlude,
    NextOutput,
    Part,
    Words,
    between,
    blocks,
    heads_within,
)

_LOST = NOT_BY_OLD_INTERFACE | {"Qualifiers", "TimeWritten", "Binary", "Task"}
_LABEL = re.compile(r" {3}(Type|Computer|User):(.*)\Z")
_TIME = re.compile(r" {3}Time: {1,16}(\S.{0,60}?) {1,16}ID: {1,16}(\d{1,10})\s*\Z")
_NO_MESSAGE = re.compile(r"Message text not available\.\s+Insertion strings:[\r\n]*[ \t]?", re.IGNORECASE)
_MOST_LABELS = 4
_COLUMNS = 9


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open the output of PsLogList for one pass.

    Raises:
        EvidenceError: if the file or all of its records cannot be read.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    return open_log(source, PsLogList(channel_of(source.name)), query, options)


class PsLogList:
    """The dialect of PsLogList (see ``textlog.Dialect``)."""

    format = "psloglist"
    newest_first = True
    one_offset = True

    def __init__(self, channel: str | None) -> None:
        self._name_channel = self._channel = channel
        self._types = Words("types of events are")
        self._names = LostNames()

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split the output into parts."""
        self._channel = self._name_channel
        for block in blocks(lines, _head, _interrupts):
            if isinstance(block, Interlude):
                yield from self._between(block)
            elif (record := self._record(block)) is not None:
                yield self._entry(block, record)
                yield from heads_within(block.line, sum(map(_is_time, record.text.split("\n"))))
            else:
                message = "this record has no line with its time and event id"
                yield Flaw(block.line, "bad_record", message, lost=1)

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield the warning about words that are not English."""
        return self._types.notes()

    def _between(self, interlude: Interlude) -> Iterator[Part]:
        if headline := PSLOGLIST_HEADLINE.match(interlude.text):
            self._channel = channel_of(headline[1]) or headline[1]
            yield NextOutput()
        elif not PSLOGLIST_BANNER.match(interlude.text):
            yield between(interlude, lambda line: False)

    def _record(self, block: Block[tuple[str, ...]]) -> "_Record | None":
        if len(block.head) == _COLUMNS:
            number, log, provider, word, computer, time, event_id, user, message = map(str.strip, block.head)
            user = "" if user.casefold() == "none" else user
            text = "\n".join((message, *block.lines)).rstrip()
            return _Record(number, channel_of(log) or log, provider, word, computer, time, event_id, user, text)
        number, provider = map(str.strip, block.head)
        labels, time, event_id, index = _labels(block.lines)
        if not event_id:
            return None
        word, computer, user = (labels.get(name, "") for name in ("Type", "Computer", "User"))
        text = "\n".join(block.lines[index:]).rstrip()
        return _Record(number, self._channel, provider, word, computer, time, event_id, user, text)

    def _entry(self, block: Block[tuple[str, ...]], record: "_Record") -> Entry:
        number = int(record.number)
        self._names.look_at(record.provider)
        system = System(
            event_id=int(record.event_id) & 0xFFFF,
            provider=record.provider,
            channel=record.channel,
            computer=record.computer,
            record_id=number,
            header_id=number,
        )
        return Entry(
            line=block.line,
            system=system,
            time=record.time,
            content=lambda: self._content(record, system, block.flaw),
        )

    def _content(self, record: "_Record", system: System, flaw: str) -> Content:
        event_id = int(record.event_id)
        kind = eventtypes.of_word(record.word)
        if kind is eventtypes.UNKNOWN:
            self._types.add(record.word)
        user_id, lost = sid_of(record.user)
        system |= {
            "qualifiers": event_id >> 16 if event_id > 0xFFFF else None,
            "event_type": kind.name,
            "level": kind.level,
            "user_id": user_id,
        }
        unreadable = _LOST | lost | kind.unreadable | self._names.of_content()
        unreadable |= frozenset() if record.channel else {"Channel"}
        text = record.text
        if found := _NO_MESSAGE.match(text):
            data, lost = data_of_strings(text[found.end() :].rstrip(), exact=False)
            return Content(data=data, unreadable=unreadable | lost | {"Message"}, flaw=flaw)
        data, lost = data_of_message(text)
        return Content(data=data, message=text, unreadable=unreadable | lost, flaw=flaw)


def _is_time(line: str) -> bool:
    return line.startswith("   ") and _TIME.match(line) is not None


class _Record(NamedTuple):
    """The fields of one record, from a block or a row."""

    number: str
    channel: str | None
    provider: str
    word: str
    computer: str
    time: str
    event_id: str
    user: str
    text: str


def _head(line: str, following: str) -> tuple[str, ...] | None:
    """Return number and source of a block, or the columns of a row; None if no record begins at this line."""
    if line.startswith("[") and following.lstrip().startswith("Type:") and (head := psloglist_head().match(line)):
        return head.groups("")
    if line[:1].isdigit() or line.startswith("["):
        for separator in PSLOGLIST_SEPARATORS:
            if row := psloglist_row(separator).match(line):
                return row.groups("")
    return None


def _labels(lines: list[str]) -> tuple[dict[str, str], str, str, int]:
    """Return the labels below a record's first line, its time, its event id, and the line index of its message."""
    labels: dict[str, str] = {}
    time = event_id = ""
    index = 0
    for line in lines[:_MOST_LABELS]:
        if found := _LABEL.match(line):
            labels[found[1]] = found[2].strip()
        elif found := _TIME.match(line):
            time, event_id = found[1], found[2]
        else:
            break
        index += 1
    return labels, time, event_id, index


def _interrupts(line: str) -> bool:
    return (line.endswith(":") and PSLOGLIST_HEADLINE.match(line) is not None) or PSLOGLIST_BANNER.match(
        line
    ) is not None
