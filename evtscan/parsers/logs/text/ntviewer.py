"""Event lists of the Event Viewer of Windows NT 3.1 to 2003, saved as text or comma-delimited, or exported → events.

::

    saved      date, time, source, type, category, event, user, computer, description      no headline
    exported   type, date, time, source, category, event, user, computer                   headline, no description

The columns have this order in every language; they are separated by tabs or commas. The description comes last, is not
quoted in older versions, and continues over several lines. It does not show the insertion strings, unless the viewer
had no message for the event. There are no record numbers; the newest record comes first.
"""

import re
from collections.abc import Iterable, Iterator

from evtscan.base.model.log import LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import sid_of
from evtscan.parsers.logs.channels import channel_of
from evtscan.parsers.logs.exportrecords import Content, System
from evtscan.parsers.logs.insertions import ANY_DATA, data_of_message
from evtscan.parsers.logs.text.formats import (
    SEPARATORS,
    is_viewer_headline,
    nearly_viewer_row,
    viewer_list_row,
    viewer_row,
)
from evtscan.parsers.logs.text.textlog import open_log
from evtscan.parsers.logs.text.textrecords import Block, Entry, NextOutput, Part, Words, between, blocks

_LOST = frozenset({"Qualifiers", "EventRecordID", "TimeWritten"})
_ENGLISH_HEADLINE = re.compile(r"Type([\t,;])Date\1Time\1Source\1Category\1Event\1User\1Computer")
_MAY_BE_EXPORTED = re.compile(r"[^\t,;]+[\t,;]\d{1,4}[./-]")
_COLUMNS = 8
_CATEGORY = re.compile(r"\(?(\d{1,5})\)?\Z")


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open a list of the old Event Viewer for one pass.

    Raises:
        EvidenceError: if the file or all of its records cannot be read.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    return open_log(source, ViewerList(channel_of(source.name)), query, options)


class ViewerList:
    """The dialect of the old event viewer (see ``textlog.Dialect``)."""

    format = "ntviewer"
    newest_first = True
    one_offset = True

    def __init__(self, channel: str | None) -> None:
        self._channel = channel
        self._types = Words("types of events are")

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split the list into parts."""
        for block in blocks(lines, _columns, _interrupts):
            if isinstance(block, Block):
                yield self._entry(block)
            elif is_viewer_headline(block.text):
                yield NextOutput()
            else:
                yield between(block, _is_broken)

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield the warning about words that are not English."""
        return self._types.notes()

    def _entry(self, block: Block[tuple[str, ...]]) -> Entry:
        row = block.head
        system = System(event_id=int(row[5]), provider=row[2].strip(), channel=self._channel, computer=row[7].strip())
        return Entry(
            line=block.line,
            system=system,
            time=f"{row[0]} {row[1]}",
            content=lambda: self._content(block, system),
        )

    def _content(self, block: Block[tuple[str, ...]], system: System) -> Content:
        row = block.head
        kind = eventtypes.of_word(row[3].strip())
        if kind is eventtypes.UNKNOWN:
            self._types.add(row[3].strip())
        user_id, lost = sid_of(row[6])
        task = category_number(row[4].strip())
        system |= {
            "event_type": kind.name,
            "level": kind.level,
            "keywords": kind.keywords,
            "task": task,
            "user_id": user_id,
        }
        unreadable = _LOST | lost | kind.unreadable
        unreadable |= frozenset() if task is not None else {"Task"}
        unreadable |= frozenset() if self._channel else {"Channel"}
        if len(row) == _COLUMNS:
            return Content(unreadable=unreadable | ANY_DATA, flaw=block.flaw)
        message = unquoted("\n".join((row[_COLUMNS], *block.lines)).rstrip())
        data, lost = data_of_message(message)
        return Content(data=data, message=message, unreadable=unreadable | lost, flaw=block.flaw)


def _columns(line: str, following: str) -> tuple[str, ...] | None:
    """Return the columns of a row in the order of a saved list; None if the line is not a row.

    Exported lists have no description.
    """
    if line[:1].isdigit():
        for separator in SEPARATORS:
            if row := viewer_row(separator).match(line):
                return row.groups("")
    elif _MAY_BE_EXPORTED.match(line):
        for separator in SEPARATORS:
            if row := viewer_list_row(separator).match(line):
                word, date, time, source, *rest = row.groups("")
                return (date, time, source, word, *rest)
    return None


def category_number(text: str) -> int | None:
    """Return the number of a category: "None" is 0, and a category without a name is printed as its number in brackets.

    >>> category_number("None"), category_number("(3)"), category_number("Logon/Logoff")
    (0, 3, None)
    """
    if text.casefold() == "none":
        return 0
    found = _CATEGORY.match(text)
    return int(found[1]) if found else None


def unquoted(text: str) -> str:
    """Return a description without the quotation marks that later versions add."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _is_broken(line: str) -> bool:
    return nearly_viewer_row().match(line) is not None


def _interrupts(line: str) -> bool:
    return _is_broken(line) or (line.startswith("Type") and _ENGLISH_HEADLINE.match(line) is not None)
