"""``Get-WinEvent … | Export-Clixml``: event objects of PowerShell → events.

An object of type ``EventLogRecord`` has its System fields as properties, the values of the event as ``Properties`` (a
list of ``EventProperty``), and the rendered ``Message``. Lost are the names of the values, whether a number was
hexadecimal, and EventSourceName. The values of a provider without a manifest never had names, and are ``Data1`` … as in
the log; for other providers every named field is unreadable.

The format: MS-PSRP 2.2.5 (types of values, ``_x000D_`` for characters that XML cannot contain).
"""

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, format_float, format_guid_text, format_hex
from evtscan.parsers.logs.evtx.document import Node
from evtscan.parsers.logs.exportrecords import ALL_DATA, Content, Record, System, instant, unsaid, whole_number
from evtscan.parsers.logs.exports import ExportLog
from evtscan.parsers.logs.exporttally import ExportTally
from evtscan.parsers.logs.lostfields import WINEVENT_PROPERTIES
from evtscan.parsers.logs.sourcezone import SourceZone, source_zone
from evtscan.parsers.logs.xml.xmltext import LONGEST_RECORD, parse, pieces
from evtscan.parsers.shared.textblocks import TextBlocks, text_of

_BEGIN = re.compile(
    rb'<Obj RefId="\d{1,9}">\s{0,200}'
    rb'(?:<TNRef RefId="(\d{1,9})"\s?/>|<TN RefId="(\d{1,9})">\s{0,200}<T>([^<]{0,400})</T>)'
    rb"(?:\s{0,200}<T>[^<]{0,400}</T>){0,8}(?:\s{0,200}</TN>)?(?:\s{0,200}<ToString>[^<]{0,400}</ToString>)?"
    rb'(\s{0,200}<Props>\s{0,200}<I32 N="Id">)?'
)
_TYPE = b"Eventing.Reader.EventLogRecord"
_END, _CLOSE = b"</Obj>", "</Obj>"
_AROUND = re.compile(rb"(?:(?>\s|\xef\xbb\xbf|\x1a|<\?xml[^<>]*\?>|</?Objs\b[^<>]*>))*+")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\Z", re.IGNORECASE)
_CONTROL = re.compile("((?:_x[0-9A-Fa-f]{4}_)+)")

_NUMBERS = {
    "Version": "version",
    "Qualifiers": "qualifiers",
    "Level": "level",
    "Task": "task",
    "Opcode": "opcode",
    "RecordId": "record_id",
    "ProcessId": "process_id",
    "ThreadId": "thread_id",
}
_TEXTS = {"LogName": "channel", "MachineName": "computer", "UserId": "user_id"}
_GUIDS = {"ProviderId": "provider_guid", "ActivityId": "activity_id", "RelatedActivityId": "related_activity_id"}

_LOSSES = (
    "this export does not carry the names of the events' data, and shows hexadecimal values in decimal: rules on named "
    "data stay unknown; export the log with wevtutil epl, or as XML, to decide them"
)


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> ExportLog:
    """Open an export of event objects for one pass.

    Its times have a UTC offset; ``options.zone`` is used for times without one.

    Raises:
        EvidenceError: if the file cannot be read, or has content but no readable event.
        UsageError: if ``options.zone`` is not a valid zone.
    """
    return ExportLog(source, query, "clixml", partial(read_records, zone=source_zone(options.zone)))


def read_records(source: Source, tally: ExportTally, zone: SourceZone | None = None) -> Iterator[Record]:
    """Yield the event objects of a file."""
    blocks = TextBlocks(source)
    types: set[bytes] = set()
    offset, line = blocks.start, 1
    waiting, at = b"", (offset, line)
    for piece, _ in pieces(blocks, _BEGIN):
        if _is_event(piece, types) or len(waiting) > LONGEST_RECORD:
            yield from _records(waiting, *at, zone, tally)
            waiting, at = b"", (offset, line)
        waiting += piece
        offset += blocks.size_in_file(piece)
        line += piece.count(b"\n")
    yield from _records(waiting, *at, zone, tally)
    if waiting.rstrip().endswith(_END):
        tally.warn_of_missing_end("</Objs>")


def _is_event(piece: bytes, types: set[bytes]) -> bool:
    """Return whether an event object begins here: by the reference number of its type, or by its first property."""
    found = _BEGIN.match(piece)
    if found is None:
        return False
    reference, defined, name, has_id = found.groups()
    if defined and (_TYPE in name or has_id):
        types.add(defined)
    return reference in types or defined in types or has_id is not None


def _records(piece: bytes, offset: int, line: int, zone: SourceZone | None, tally: ExportTally) -> Iterator[Record]:
    """Yield the event object at the beginning of a piece, if there is one; any other content gives a warning."""
    if not _BEGIN.match(piece):
        if not _AROUND.fullmatch(piece):
            tally.warn("foreign_bytes", "text that is no part of an event object", offset=offset, line=line)
        return
    end = piece.rfind(_END) + len(_END)
    text, foreign = text_of(piece[:end] if end >= len(_END) else piece)
    if foreign:
        tally.warn_once(
            "encoding", "characters that are not UTF-8 are read in code page 1252", offset=offset, line=line
        )
    node, flaw = parse(text)
    record = None if node is None else _record(node, flaw, offset, line, zone)
    if record is None:
        message = f"an event object cannot be read: {flaw or 'it has no Id'}; export the log again"
        tally.warn("bad_record", message, offset=offset, line=line, lost=1)
        return
    if ALL_DATA in record.content().unreadable:
        tally.warn_once("lossy_export", _LOSSES, offset=offset, line=line)
    yield record


def _record(node: Node, flaw: str, offset: int, line: int, zone: SourceZone | None) -> Record | None:
    members = {
        str(member.attributes["N"]): member
        for group in node.children
        if group.name in ("Props", "MS")
        for member in group.children
        if "N" in member.attributes
    }
    event_id = whole_number(_text(members.get("Id")))
    if event_id is None:
        return None
    system: System = {
        "event_id": event_id,
        "provider": _text(members.get("ProviderName")) or "",
        "time": _local(_text(members.get("TimeCreated")), zone),
        "keywords": _keywords(_text(members.get("Keywords"))),
    }
    fields: dict[str, Any] = {field: whole_number(_text(members.get(name))) for name, field in _NUMBERS.items()}
    fields |= {field: _text(members.get(name)) for name, field in _TEXTS.items()}
    fields |= {field: _guid(_text(members.get(name))) for name, field in _GUIDS.items()}
    system |= fields  # type: ignore[typeddict-item]  # the tables above name fields of System
    content = _content(members, system, flaw)
    return Record(offset, line, system, lambda: content)


def _content(members: dict[str, Node], system: System, flaw: str) -> Content:
    values = list(_properties(members.get("Properties")))
    binary = [raw for raw in values[-1:] if isinstance(raw, bytes)]
    data: dict[str, Any] = {
        f"Data{number}": _shown(value) for number, value in enumerate(values[: -1 if binary else None], 1)
    }
    if binary:
        data["Binary"] = _shown(binary[0])
    lost = {name for name in unsaid(system) if name not in _SAID or _SAID[name] not in members}
    if system.get("provider_guid") or "Properties" not in members or "ProviderId" not in members or flaw:
        lost.add(ALL_DATA)
    else:
        lost.discard("Provider_EventSourceName")  # only providers with a manifest have one
    return Content(data, _text(members.get("Message")) or None, frozenset(lost), flaw)


_SAID = WINEVENT_PROPERTIES | {"TimeCreated": "TimeCreated"}


def _properties(node: Node | None) -> Iterator[str | bytes | list[str] | None]:
    """Yield the values of an event, in order."""
    items = node.child("LST") if node is not None else None
    for item in items.children if items is not None else ():
        members = item.child("Props") or item.child("MS")
        value = (
            next((member for member in members.children if member.attributes.get("N") == "Value"), None)
            if members
            else None
        )
        yield _value(value)


def _value(node: Node | None) -> str | bytes | list[str] | None:
    """Return a value in the form in which Windows writes its type in XML; None if it is null."""
    if node is None or node.name == "Nil":
        return None
    if node.name == "BA":
        return _bytes(str(node.text))
    if node.name == "Obj":
        items = node.child("LST") or node.child("IE")
        if items is not None:
            return [text for text in (_text(item) for item in items.children) if text is not None]
        return _text(node)
    text = _text(node) or ""
    return _WRITTEN[node.name](text) if node.name in _WRITTEN else text


def _bytes(text: str) -> bytes | str:
    try:
        return base64.b64decode(text)
    except ValueError:
        return text


def _real(text: str) -> str:
    try:
        return format_float(float(text))
    except ValueError:
        return text


def _time(text: str) -> str:
    time = _local(text, None)
    return text if time is None else str(time)


def _local(text: str | None, zone: SourceZone | None) -> Instant | None:
    """Parse a time; without an offset it is in ``zone``, or local if that is not known."""
    time = instant(text)
    if time is None or text is None or _OFFSET.search(text):
        return time
    offset = None if zone is None else zone.offset_at(time.ticks)
    if offset is None:
        return Instant(time.ticks, time.digits, local=True)
    return Instant(max(time.ticks - round(offset.total_seconds()) * TICKS_PER_SECOND, 0), time.digits, time.local)


_WRITTEN: dict[str, Callable[[str], str]] = {
    "G": format_guid_text,
    "B": str.lower,
    "Db": _real,
    "Sg": _real,
    "DT": _time,
}
"""Type of a value (MS-PSRP 2.2.5.1) → function that writes it; values of other types are used as they are."""


def _shown(value: str | bytes | list[str] | None) -> str | list[str]:
    if value is None:
        return ""
    return value.hex().upper() if isinstance(value, bytes) else value


def _text(node: Node | None) -> str | None:
    """Return the text of a value, or of an object's ToString; None for null."""
    if node is None or node.name == "Nil":
        return None
    if node.name == "Obj":
        said = node.child("ToString")
        return None if said is None else _plain(str(said.text))
    return _plain(str(node.text))


def _plain(text: str) -> str:
    return _CONTROL.sub(_unescape, text) if "_x" in text else text


def _unescape(match: re.Match[str]) -> str:
    codes = match[1].replace("_x", "").split("_")[:-1]
    return b"".join(int(code, 16).to_bytes(2, "little") for code in codes).decode("utf-16-le", "replace")


def _guid(text: str | None) -> str | None:
    return format_guid_text(text) if text else None


def _keywords(text: str | None) -> str | None:
    number = whole_number(text)
    return None if number is None else format_hex(number & 0xFFFF_FFFF_FFFF_FFFF)
