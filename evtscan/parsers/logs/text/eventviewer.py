"""Event lists saved as CSV or text by the Event Viewer of Vista and later → events.

::

    Level,Date and Time,Source,Event ID,Task Category
    Information,3/14/2001 9:26:53 AM,Microsoft-Windows-Kernel-General,12,None,"The message, over
    as many lines as it has"

The header line has the names of five columns (in the viewer's language; Keywords instead of Level for the Security
log); rows have the description as a sixth column. In text files columns are separated by tabs. Computer, channel,
record number, strings and most of System are lost. The newest record comes first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from evtscan.base.model.log import LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import USER_FIELDS
from evtscan.parsers.logs.channels import channel_of
from evtscan.parsers.logs.csv.csvrows import Row, rows
from evtscan.parsers.logs.exportrecords import Content, System
from evtscan.parsers.logs.insertions import ANY_DATA, data_of_message
from evtscan.parsers.logs.lostfields import NOT_IN_TEXT
from evtscan.parsers.logs.text.formats import SEPARATORS, new_viewer_row
from evtscan.parsers.logs.text.ntviewer import category_number
from evtscan.parsers.logs.text.textlog import open_log
from evtscan.parsers.logs.text.textrecords import Entry, Flaw, NextOutput, Part, Words
from evtscan.parsers.shared.localtime import read_time
from evtscan.parsers.shared.textlines import is_prompt

_LOST = (NOT_IN_TEXT - {"Task"}) | USER_FIELDS | {"Computer"}
_COLUMNS = 5
_EVENT_ID = re.compile(r"\d{1,5}\Z")


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open a list of the Event Viewer of Vista or later for one pass.

    Raises:
        EvidenceError: if the file or all of its records cannot be read.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    return open_log(source, NewViewerList(channel_of(source.name)), query, options)


class NewViewerList:
    """The dialect of the event viewer since Vista (see ``textlog.Dialect``)."""

    format = "eventviewer"
    newest_first = True
    one_offset = False

    def __init__(self, channel: str | None) -> None:
        self._channel = channel
        self._lost = _LOST if channel else _LOST | {"Channel"}
        self._levels = Words("levels of events are")

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split the list into parts."""
        lines = iter(lines)
        head = next(lines, None)
        if head is None:
            return
        separator = max(SEPARATORS, key=head[1].count)
        for row in rows(chain([head], lines), separator):
            if row.error:
                lost = row.last - row.line + 1
                message = (
                    f"lines {row.line} to {row.last} are no row of a list ({row.error}); they may be {lost} records"
                )
                yield Flaw(row.line, "bad_record", message, lost=1)
            elif _is_record(row.fields):
                yield self._entry(row)
                yield from _swallowed(row)
            elif _is_headline(row.fields) or is_prompt(row.fields[0]):
                yield NextOutput()
            else:
                what = f"this row is no record: {separator.join(row.fields)[:80]!r}"
                yield Flaw(row.line, "bad_record", what, lost=1)

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield the warning about words that are not English."""
        return self._levels.notes()

    def _entry(self, row: Row) -> Entry:
        _, time, provider, event_id, *_ = row.fields
        system = System(event_id=int(event_id), provider=provider.strip(), channel=self._channel)
        return Entry(line=row.line, system=system, time=time, content=lambda: self._content(row.fields, system))

    def _content(self, row: Sequence[str], system: System) -> Content:
        word = row[0].strip()
        level = eventtypes.level_of_word(word)
        if level is None:
            level = eventtypes.of_word(word).level  # the Security log has the kind of audit in this place
        unreadable = self._lost
        if level is None:
            self._levels.add(word)
            unreadable |= {"Level"}
        task = category_number(row[4].strip())
        system |= {"level": level, "task": task}
        unreadable |= frozenset() if task is not None else {"Task"}
        if len(row) == _COLUMNS:
            return Content(unreadable=unreadable | ANY_DATA)
        message = row[_COLUMNS].replace("\r", "").rstrip()
        data, lost = data_of_message(message)
        return Content(data=data, message=message, unreadable=unreadable | lost)


def _swallowed(row: Row) -> Iterator[Flaw]:
    """Yield a warning if lines within a field look like records.

    Either a quotation mark is missing, or the message contains such lines.
    """
    if row.last == row.line:
        return
    found = [field for field in row.fields if "\n" in field]
    count = sum(
        new_viewer_row().match(line) is not None for field in found for line in field.split("\n")[1:] if "," in line
    )
    if count:
        message = f"{count} lines within this record look like records: a quotation mark may have been lost"
        yield Flaw(row.line, "bad_record", message, lost=count)


def _is_record(fields: list[str]) -> bool:
    return (
        _COLUMNS <= len(fields) <= _COLUMNS + 1
        and _EVENT_ID.match(fields[3].strip()) is not None
        and read_time(fields[1]) is not None
    )


def _is_headline(fields: list[str]) -> bool:
    return len(fields) in (_COLUMNS, _COLUMNS + 1) and not any(character.isdigit() for character in "".join(fields))
