"""Event XML as written by ``wevtutil qe``, Event Viewer and ``EventRecord.ToXml``, with or without a root element.

Windows writes all events in one form, which regular expressions read several times as fast as an XML parser builds its
tree. An event in any other form is parsed as XML (see ``xmltext``), with the same result.

The schema: "Event Schema" at Microsoft Learn (``http://schemas.microsoft.com/win/2004/08/events/event``). RenderingInfo
contains the message and the names of level, task … in the language of the exporter; only the message is kept.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, format_guid_text, format_hex
from evtscan.parsers.logs.evtx.document import Node
from evtscan.parsers.logs.evtx.eventfields import data_of, event_of, system_texts
from evtscan.parsers.logs.evtx.record import RecordError
from evtscan.parsers.logs.exportrecords import (
    ALL_DATA,
    Content,
    Record,
    System,
    add_field,
    instant,
    unsaid,
    whole_number,
)
from evtscan.parsers.logs.exports import ExportLog
from evtscan.parsers.logs.exporttally import ExportTally
from evtscan.parsers.logs.xml.xmltext import LONGEST_RECORD, parse, pieces, unescape
from evtscan.parsers.shared.textblocks import TextBlocks, text_of

_BEGIN = re.compile(rb"<Event(?:\s[^<>]{0,2000})?>\s{0,500}<System[\s>]")
_BEGIN_WITH_PREFIX = re.compile(rb"<([\w.-]{1,40}):Event(?:\s[^<>]{0,2000})?>\s{0,500}<\1:System[\s>]")
_BETWEEN = re.compile(
    rb"(?:(?>\s|\xef\xbb\xbf|\x1a|<\?xml[^<>]*\?>|</?(?:[\w.-]{1,40}:)?Events\b[^<>]*>"
    rb"|<!--(?:(?>[^-]|-(?!->)))*+-->|Record \d+))*+"
)
_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?Events\b[^<>]*(?<!/)>")
_ENDS_BEHIND_EVENT = re.compile(rb"</(?:[\w.-]{1,40}:)?Event>\s*\Z")
_END, _CLOSE, _SYSTEM_END = b"</Event>", "</Event>", "</System>"
_FOREIGN = (
    "characters beyond ASCII are not UTF-8, and are read in code page {page}, which only looks likely: wevtutil writes "
    "the page of the console; if they look wrong, export to .evtx"
)

_CLOSED = r"(?:/>|>\s*</{0}>)\s*"
_HEAD = re.compile(
    r"<Event(?:\s[^<>]*)?>\s*<System>\s*<Provider([^<>]*?)"
    + _CLOSED.format("Provider")
    + r"<EventID(?:\s+Qualifiers=['\"](\d{0,9})['\"])?>(\d{1,9})</EventID>\s*"
    r"(?:<Version>(\d{1,9})</Version>\s*)?(?:<Level>(\d{1,9})</Level>\s*)?(?:<Task>(\d{1,9})</Task>\s*)?"
    r"(?:<Opcode>(\d{1,9})</Opcode>\s*)?(?:<Keywords>(0x[0-9a-fA-F]{1,16})</Keywords>\s*)?"
)
_MIDDLE = re.compile(
    r"<TimeCreated\s+SystemTime=['\"](\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(?:\.(\d{1,9}))?Z['\"]\s*"
    + _CLOSED.format("TimeCreated")
    + r"<EventRecordID>(\d{1,20})</EventRecordID>\s*(?:<Correlation([^<>]*?)"
    + _CLOSED.format("Correlation")
    + r")?(?:<Execution([^<>]*?)"
    + _CLOSED.format("Execution")
    + r")?"
)
_TAIL = re.compile(
    r"<Channel>([^<>&]*)</Channel>\s*<Computer>([^<>&]*)</Computer>\s*<Security([^<>]*?)"
    + _CLOSED.format("Security")
    + r"</System>\s*"
)
_DATA = r"<Data(?:\s+Name=(?:'{0}'|\"{1}\"))?\s*(?:/>|>{2}</Data>)\s*"
_CONTENT = re.compile(
    r"\s*(?:<EventData>\s*((?:(?>" + _DATA.format("[^'<>&]*", '[^"<>&]*', "[^<]*") + r"))*+)"
    r"(?:<Binary>([0-9A-Fa-f]*)</Binary>\s*|<Binary\s*/>\s*)?</EventData>\s*|<EventData\s*/>\s*)?"
    r"(?:<RenderingInfo[^<>]*>\s*(?:<Message>([^<]*)</Message>|<Message\s*/>)?.*?</RenderingInfo>\s*)?</Event>",
    re.DOTALL,
)
_DATUM = re.compile(_DATA.format("([^'<>&]*)", '([^"<>&]*)', "([^<]*)"))
_ATTRIBUTE = re.compile(r"\s+([\w:.-]+)\s*=\s*(?:'([^'<>&]*)'|\"([^\"<>&]*)\")")
_ATTRIBUTES = re.compile(r"(?:(?>\s+[\w:.-]+\s*=\s*(?:'[^'<>&]*'|\"[^\"<>&]*\")))*+\s*")
_LAST_LINE_OF_ROOT = 40
_LONGEST_END = 1024
_MOST_CACHED, _LONGEST_CACHED = 4096, 2048


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> ExportLog:
    """Open an XML export for one pass; its times are UTC, so ``options`` are not used.

    Raises:
        EvidenceError: if the file cannot be read, or has content but no readable event.
    """
    return ExportLog(source, query, "xml", read_records)


def read_records(source: Source, tally: ExportTally) -> Iterator[Record]:
    """Yield the events of a file."""
    blocks = TextBlocks(source)
    plain = PlainSystem()
    offset, line = blocks.start, 1
    prefix = _prefix_of(blocks)
    rooted = False
    piece = b""
    for piece, is_event in pieces(blocks, _BEGIN_WITH_PREFIX if prefix else _BEGIN):
        if is_event:
            bare = re.sub(rb"(</?)" + re.escape(prefix) + rb":", rb"\1", piece) if prefix else piece
            record = _record(bare, offset, line, plain, tally, blocks)
            if record is not None:
                yield record
        else:
            rooted = rooted or (line < _LAST_LINE_OF_ROOT and _ROOT.search(piece) is not None)
            _look_between(piece, offset, line, tally)
        offset += blocks.size_in_file(piece)
        line += piece.count(b"\n")
    if rooted and _ENDS_BEHIND_EVENT.search(piece[-_LONGEST_END:]):
        tally.warn_of_missing_end("</Events>")


def _prefix_of(blocks: TextBlocks) -> bytes:
    """Return the namespace prefix that a tool has added to all elements; Windows writes none."""
    first = next(iter(blocks), b"")
    found = None if _BEGIN.search(first) else _BEGIN_WITH_PREFIX.search(first)
    return found[1] if found else b""


def _record(
    piece: bytes, offset: int, line: int, plain: "PlainSystem", tally: ExportTally, blocks: TextBlocks
) -> Record | None:
    """Return the event at the beginning of a piece; None if it cannot be parsed. Any other content gives a warning."""
    end = piece.rfind(_END) + len(_END)
    cut = end < len(_END)
    try:
        text = (piece if cut else piece[:end]).decode()
    except UnicodeDecodeError:
        text = text_of(piece if cut else piece[:end], blocks.code_page)[0]
        message = _FOREIGN.format(page=blocks.code_page.removeprefix("cp"))
        tally.warn_once("encoding", message, offset=offset, line=line)
    found = plain.read(text)
    if found is None or text.find(_CLOSE, 0, len(text) - 1) >= 0:
        return _parsed(piece, text, offset, line, tally)
    system, start = found
    if cut:
        return _cut(system, piece, offset, line, tally)
    if len(piece) - end > 2:
        _look_between(piece[end:], offset, line, tally)
    return Record(offset, line, system, lambda: _plain_content(text, start) or _content(*_rest(text, start)))


def _rest(text: str, start: int) -> tuple[Node | None, str]:
    """Parse an event without its System element."""
    return parse(text[: text.find("<System")] + text[start:])


def _parsed(piece: bytes, text: str, offset: int, line: int, tally: ExportTally) -> Record | None:
    """Return the record of an event that is not in the form that Windows writes, or is damaged."""
    end = piece.rfind(_END) + len(_END)
    event, flaw = parse(text)
    if flaw and text.count(_CLOSE) > 1:  # an event, and then what is left of others
        end = piece.find(_END) + len(_END)
        text = text[: text.find(_CLOSE) + len(_CLOSE)]
        event, flaw = parse(text)
    try:
        system = None if event is None or _SYSTEM_END not in text else _system(event)
    except RecordError:
        system = None
    if event is None or system is None:
        message = f"an event cannot be read: {flaw or 'System has no event id'}; export the log again"
        tally.warn("bad_record", message, offset=offset, line=line, lost=1)
        return None
    if _CLOSE not in text:
        return _cut(system, piece, offset, line, tally)
    _look_between(piece[end:], offset, line, tally)
    return Record(offset, line, system, lambda: _content(event, flaw))


def _cut(system: System, piece: bytes, offset: int, line: int, tally: ExportTally) -> Record:
    """Return the record of an event without an end.

    Its last value may be truncated, so none of its data is used.
    """
    why = "it is longer than 4 MiB" if len(piece) >= LONGEST_RECORD else "its end is missing"
    message = f"of this event only System is used, since {why}: export the log again"
    tally.warn("truncated", message, offset=offset, line=line)
    content = Content(unreadable=unsaid(system) | {ALL_DATA})
    return Record(offset, line, system, lambda: content)


def _look_between(piece: bytes, offset: int, line: int, tally: ExportTally) -> None:
    """Warn about bytes between events that are not the markup of a root element."""
    if _BETWEEN.fullmatch(piece):
        return
    ends = piece.count(_END)
    message = "text between the events is no part of any"
    if ends:
        events = "1 event" if ends == 1 else f"{ends} events"
        message = f"{events} cannot be read: the beginning is damaged; export the log again"
    tally.warn("bad_record" if ends else "foreign_bytes", message, offset=offset, line=line, lost=ends)


# ------------------------------------------------------------------------------------------- as Windows writes


_Value = TypeVar("_Value")


class _Cache(dict[str, _Value]):
    """Results of ``read`` by text; cleared when it is full, because the texts of a crafted file may never repeat."""

    def __init__(self, read: Callable[[str], _Value]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> _Value:
        value = self._read(text)
        if len(text) <= _LONGEST_CACHED:
            if len(self) >= _MOST_CACHED:
                self.clear()
            self[text] = value
        return value


class PlainSystem:
    """System elements in the form that Windows writes → their fields; parts that repeat from event to event are cached.

    The part before TimeCreated is equal for all events of one kind, the part from Channel on for all events of a user.
    The caches are cleared when they are full; None in them means that a part is not in the form that Windows writes.
    """

    def __init__(self) -> None:
        self._heads = _Cache(_plain_head)
        self._tails = _Cache(_plain_tail)
        self._correlations = _Cache(_plain_correlation)
        self._executions = _Cache(_plain_execution)
        self._minutes = _Cache(_ticks_of_minute)

    def read(self, text: str) -> tuple[System, int] | None:
        """Return the fields of an event and the end of its System element; None if it does not have Windows' form."""
        end = text.find(_SYSTEM_END) + len(_SYSTEM_END)
        middle = text.find("<TimeCreated", 0, end)
        tail = text.find("<Channel>", middle, end)
        found = _MIDDLE.fullmatch(text, middle, tail) if 0 < middle < tail else None
        if found is None:
            return None
        minute, second, fraction, number, correlation_text, execution_text = found.groups()
        head, tail_fields, started = self._heads[text[:middle]], self._tails[text[tail:end]], self._minutes[minute]
        if head is None or tail_fields is None or started is None or second > "59":
            return None
        fraction = fraction[:7] if fraction else ""
        ticks = started + int(second) * TICKS_PER_SECOND + int(fraction.ljust(7, "0"))
        correlation, execution = self._correlations[correlation_text or ""], self._executions[execution_text or ""]
        if correlation is None or execution is None:
            return None
        own = {"time": Instant(ticks, len(fraction)), "record_id": int(number)}
        return cast(System, {**head, **tail_fields, **correlation, **execution, **own}), end


def _plain_head(text: str) -> dict[str, Any] | None:
    found = _HEAD.fullmatch(text)
    provider = None if found is None else _plain_attributes(found[1])
    if found is None or provider is None:
        return None
    *numbers, keywords = found.groups()[1:]
    names = ("qualifiers", "event_id", "version", "level", "task", "opcode")
    return {
        "provider": provider.get("Name", ""),
        "provider_guid": _guid(provider.get("Guid")),
        "event_source_name": provider.get("EventSourceName") or None,
        "keywords": format_hex(int(keywords, 16)) if keywords else None,
    } | {name: int(number) if number else None for name, number in zip(names, numbers, strict=True)}


def _plain_tail(text: str) -> dict[str, Any] | None:
    found = _TAIL.fullmatch(text)
    security = None if found is None else _plain_attributes(found[3])
    if found is None or security is None:
        return None
    return {"channel": found[1], "computer": found[2], "user_id": security.get("UserID") or None}


def _plain_correlation(text: str) -> dict[str, Any] | None:
    ids = _plain_attributes(text)
    if not ids:
        return ids
    return {"activity_id": _guid(ids.get("ActivityID")), "related_activity_id": _guid(ids.get("RelatedActivityID"))}


def _plain_execution(text: str) -> dict[str, Any] | None:
    ids = _plain_attributes(text)
    if not ids:
        return ids
    return {"process_id": whole_number(ids.get("ProcessID")), "thread_id": whole_number(ids.get("ThreadID"))}


def _plain_attributes(text: str) -> dict[str, str] | None:
    """Return names and values of attributes; None if they are not in the plain form."""
    if not _ATTRIBUTES.fullmatch(text):
        return None
    return {name: single or double for name, single, double in _ATTRIBUTE.findall(text)}


def _ticks_of_minute(text: str) -> int | None:
    time = instant(f"{text}00Z")
    return None if time is None else time.ticks


def _guid(text: str | None) -> str | None:
    return format_guid_text(text) if text else None


def _plain_content(text: str, start: int) -> Content | None:
    """Return the content after System; None if it is not in the form that Windows writes."""
    found = _CONTENT.fullmatch(text, start)
    if found is None:
        return None
    fields, binary, message = found.groups()
    data: dict[str, Any] = {}
    unnamed = 0
    try:
        for single, double, value in _DATUM.findall(fields or ""):
            name = single or double
            if not name:
                unnamed += 1
                name = f"Data{unnamed}"
            if "&" in value:
                value = unescape(value)
            if value[:1] in "\r\n" and value.isspace():  # a pretty printer's
                value = ""
            if name in data:
                add_field(data, name, value)
            else:
                data[name] = value
        message = unescape(message) if message else None
    except ValueError:
        return None
    if binary is not None:
        add_field(data, "Binary", binary.upper())
    elif "<Binary" in found[0]:
        add_field(data, "Binary", "")
    return Content(data, message)


# ------------------------------------------------------------------------------------------------ any other form


def _system(event: Node) -> System | None:
    """Return the System fields of an event in any form; None if it has no event id (RecordError: no System)."""
    texts = {name: text for name, text in system_texts(event_of((event,))).items() if isinstance(text, str)}
    event_id = whole_number(texts.get("event_id"))
    if event_id is None:
        return None
    keywords = whole_number(texts.get("keywords"))
    return {
        "event_id": event_id,
        "provider": texts.get("provider", ""),
        "channel": texts.get("channel"),
        "time": instant(texts.get("ticks")),
        "record_id": whole_number(texts.get("record_id")),
        "computer": texts.get("computer"),
        "event_source_name": texts.get("event_source_name") or None,
        "provider_guid": _guid(texts.get("provider_guid")),
        "qualifiers": whole_number(texts.get("qualifiers")),
        "version": whole_number(texts.get("version")),
        "level": whole_number(texts.get("level")),
        "task": whole_number(texts.get("task")),
        "opcode": whole_number(texts.get("opcode")),
        "keywords": texts.get("keywords") if keywords is None else format_hex(keywords),
        "process_id": whole_number(texts.get("process_id")),
        "thread_id": whole_number(texts.get("thread_id")),
        "user_id": texts.get("user_id") or None,
        "activity_id": _guid(texts.get("activity_id")),
        "related_activity_id": _guid(texts.get("related_activity_id")),
    }


def _content(event: Node | None, flaw: str) -> Content:
    """Return the content, except System, of an event in any form; for a damaged event, the readable part."""
    if event is None:
        return Content(unreadable=frozenset({ALL_DATA}), flaw=flaw)
    rendering = event.child("RenderingInfo")
    message = None if rendering is None else rendering.child("Message")
    said = Node(event.name, {}, "", tuple(child for child in event.children if child.name != "RenderingInfo"))
    try:
        data = data_of(said)
    except RecordError as error:
        data, flaw = {}, str(error)
    return Content(
        data=data,
        message=None if message is None else str(message.text) or None,
        unreadable=frozenset({ALL_DATA}) if flaw else frozenset(),
        flaw=flaw,
    )
