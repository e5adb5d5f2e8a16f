r"""The output of ``wevtutil qe LOG /f:text`` (Vista and later) → events.

::

    Event[0]:
      Log Name: System
      Source: EventLog
      Date: 2016-12-22T05:29:02.512
      Event ID: 6009
      Task: N/A
      Level: Information
      Opcode: N/A
      Keyword: Classic
      User: S-1-5-18
      User Name: NT AUTHORITY\SYSTEM
      Computer: HOST
      Description:
    The message, from the first column on

The number in brackets counts the records of the output, from the oldest unless ``/rd:true`` is given. Labels are
always English, their values are localised. Times are local; newer versions still print ``Z`` after them, so ``Z`` does
not prove UTC.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evtscan.base.model.log import LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import USER_FIELDS
from evtscan.parsers.logs.exportrecords import Content, System
from evtscan.parsers.logs.insertions import data_of_message
from evtscan.parsers.logs.lostfields import NOT_IN_TEXT
from evtscan.parsers.logs.text.formats import WEVTUTIL_FIRST_FIELD, WEVTUTIL_HEAD
from evtscan.parsers.logs.text.textlog import open_log
from evtscan.parsers.logs.text.textrecords import (
    Block,
    Entry,
    Flaw,
    NextOutput,
    Part,
    Words,
    between,
    blocks,
    heads_within,
)

_LABEL = re.compile(r"  ([A-Z][A-Za-z ]{1,15}): ?(.*)\Z")
_SID = re.compile(r"S-1-[\d-]{1,180}\Z")
_NUMBER = re.compile(r"\d{1,10}\Z")
_MOST_LABELS = 16
_NOTHING = "N/A"
_UNSURE_ZONE = (
    "zone",
    "times end in Z, which newer versions of wevtutil put behind local times too: they are taken for local. If they "
    "are UTC, say so with --source-timezone UTC",
)


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> LogReader:
    """Open the text output of wevtutil for one pass.

    Raises:
        EvidenceError: if the file or all of its records cannot be read.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    dialect = WevtutilText(zone_given=bool(options.zone.strip()))
    return open_log(source, dialect, query, options)


class WevtutilText:
    """The dialect of ``wevtutil /f:text`` (see ``textlog.Dialect``)."""

    format = "wevtutil-text"
    newest_first = False
    one_offset = False

    def __init__(self, *, zone_given: bool) -> None:
        self._zone_given = zone_given
        self._levels = Words("levels of events are")
        self._said_utc = False

    def entries(self, lines: Iterable[tuple[int, str]]) -> Iterator[Part]:
        """Split the output into parts."""
        expected = 0
        for block in blocks(lines, _number, lambda line: False):
            if not isinstance(block, Block):
                yield between(block, lambda line: line.startswith("Event["))
                continue
            if block.head != expected:
                yield NextOutput()
            expected = block.head + 1
            yield self._entry(block)
            within = sum(line.startswith(WEVTUTIL_FIRST_FIELD) for line in block.lines[1:])
            yield from heads_within(block.line, within)

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield warnings about words that are not English, and about ``Z`` after times of an uncertain zone."""
        if self._said_utc and not self._zone_given:
            yield _UNSURE_ZONE
        yield from self._levels.notes()

    def _entry(self, block: Block[int]) -> Entry | Flaw:
        labels, index = _labels(block.lines)
        event_id = labels.get("Event ID", "")
        if not _NUMBER.match(event_id):
            return Flaw(block.line, "bad_record", "this record has no line with its event id", lost=1)
        time = labels.get("Date", "")
        if time[-1:] in ("Z", "z"):
            self._said_utc = True
            time = time[:-1]
        system = System(
            event_id=int(event_id) & 0xFFFF,
            provider=labels.get("Source", ""),
            channel=labels.get("Log Name") or None,
            computer=labels.get("Computer") or None,
        )
        return Entry(
            line=block.line,
            system=system,
            time=time,
            content=lambda: self._content(labels, system, block.lines[index:], block.flaw),
        )

    def _content(self, labels: Mapping[str, str], system: System, lines: Sequence[str], flaw: str) -> Content:
        word, user = labels.get("Level", ""), labels.get("User", _NOTHING)
        unreadable = NOT_IN_TEXT
        level = eventtypes.level_of_word(word)
        system["level"] = level
        if level is None:
            unreadable |= {"Level"}
            if word not in ("", _NOTHING):
                self._levels.add(word)
        if _SID.match(user):
            system["user_id"] = user
        elif user != _NOTHING:
            unreadable |= USER_FIELDS
        message = "\n".join(lines).rstrip()
        data, lost = data_of_message(message)
        unreadable |= lost if message else lost | {"Message"}
        return Content(data=data, message=message or None, unreadable=unreadable, flaw=flaw)


def _number(line: str, following: str) -> int | None:
    """Return the number of the record that begins at this line; None if no record begins there."""
    if not line.startswith("Event[") or not following.startswith(WEVTUTIL_FIRST_FIELD):
        return None
    head = WEVTUTIL_HEAD.match(line)
    return int(head[1]) if head else None


def _labels(lines: list[str]) -> tuple[dict[str, str], int]:
    """Return the labels of a record, and the line index at which its message begins."""
    labels: dict[str, str] = {}
    index = 0
    for line in lines[:_MOST_LABELS]:
        found = _LABEL.match(line)
        if found is None:
            break
        index += 1
        labels[found[1]] = found[2].strip()
        if found[1] == "Description":
            break
    return labels, index
