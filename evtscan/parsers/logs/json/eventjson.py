"""Events as JSON, as written by tools that read, collect or forward logs.

Each shape is recognised by its keys: ``Event`` (evtx_dump and Chainsaw), ``System`` (Velociraptor), ``winlog``, or
``log_name`` before version 7 (Winlogbeat, directly or through Elasticsearch), ``EventLevel`` and ``Provider``
(``evtscan dump``); rows by their columns (artifacts of Velociraptor, EvtxECmd), objects of PowerShell by their
properties. Each module of this folder documents the field names of its tools.

The output of ``chainsaw hunt`` contains an event once for each rule that matches it; each event is read once.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs.channels import channel_of
from evtscan.parsers.logs.exportrecords import ALL_DATA, Content, Record
from evtscan.parsers.logs.exports import ExportLog
from evtscan.parsers.logs.exporttally import ExportTally
from evtscan.parsers.logs.json.dumprows import DUMP
from evtscan.parsers.logs.json.pieces import LONGEST_OBJECT, bare, is_wrapper, is_wrapper_end, json_pieces
from evtscan.parsers.logs.json.powershell import POWERSHELL
from evtscan.parsers.logs.json.systemjson import SYSTEM
from evtscan.parsers.logs.json.toolrows import ROWS
from evtscan.parsers.logs.json.values import Members, decoded, decoded_members
from evtscan.parsers.logs.json.winlogbeat import WINLOGBEAT
from evtscan.parsers.logs.json.xmljson import XML
from evtscan.parsers.shared.textblocks import TextBlocks, text_of

_MEMBERS = msgspec.json.Decoder(Members)
_LENIENT = json.JSONDecoder(strict=False)  # json.loads makes one for each text
_SHAPES = (*XML, *SYSTEM, DUMP, WINLOGBEAT, *ROWS, *POWERSHELL)
"""The shapes with the most specific keys come first."""
_FOREIGN = "objects that are no events, or of a shape that is not known"
_BETWEEN = b" \t\r\n,\x1a"
_MOST_DETECTED = 1 << 18
"""Maximum number of events that are remembered, so that an event is read once even if several rules match it."""


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> ExportLog:
    """Open a JSON export for one pass; its times are UTC, so ``options`` are not used.

    Raises:
        EvidenceError: if the file cannot be read, or has content but no readable event.
    """
    return ExportLog(source, query, "json", read_records)


def read_records(source: Source, tally: ExportTally) -> Iterator[Record]:
    """Yield the events of a file."""
    blocks = TextBlocks(source)
    channel = channel_of(source.name)
    seen: set[bytes] = set()
    offset, line = blocks.start, 1
    wrapped = False
    in_array = False
    last = b""
    for piece in json_pieces(blocks):
        text = bare(piece)
        in_array = in_array or (line == 1 and piece.lstrip()[:1] == b"[")
        last = piece if piece.strip(_BETWEEN) else last
        if line == 1 and is_wrapper(piece):
            wrapped = tally.chosen = True
        elif text.startswith(b"{"):
            try:
                for record in _records(text, offset, line, tally, seen):
                    if channel and record.system.get("channel") is None:
                        record.system["channel"] = channel
                    yield record
            except (ValueError, RecursionError) as error:
                why = "it is longer than 4 MiB" if len(text) >= LONGEST_OBJECT else str(error) or type(error).__name__
                message = f"an event cannot be read: {why[:200]}; export the log again"
                kind = "bad_record" if text.endswith(b"}") else "truncated"
                tally.warn(kind, message, offset=offset, line=line, lost=1)
        elif text and not (wrapped and is_wrapper_end(text)):
            tally.warn("foreign_bytes", "text that is no JSON object", offset=offset, line=line)
        offset += blocks.size_in_file(piece)
        line += piece.count(b"\n")
    if (in_array or wrapped) and last.rstrip(_BETWEEN).endswith(b"}") and bare(last)[:1] == b"{":
        tally.warn_of_missing_end("the bracket that closes its array")


def _records(text: bytes, offset: int, line: int, tally: ExportTally, seen: set[bytes]) -> Iterator[Record]:
    """Yield the events of one object: a single event, or the events of a Chainsaw detection that are not in ``seen``.

    Raises:
        ValueError: if the text is not a JSON object, or the object is not an event.
        RecursionError: if it is nested too deeply.
    """
    members = _members(text)
    found: Iterable[tuple[str, Members]] = [("", members)]
    if "group" in members and ("document" in members or "documents" in members):
        found = _detected(members, seen)
        tally.chosen = True
    for origin, event in found:
        shape = next((shape for shape in _SHAPES if shape.recognises(event)), None)
        if shape is None:
            tally.warn_once("foreign_bytes", _FOREIGN, offset=offset, line=line)
            continue
        system, content, log = shape.read(event)
        if note := shape.losses(system, event):
            tally.warn_once("lossy_export", note, offset=offset, line=line)
        yield Record(offset, line, system, partial(_guarded, content), log or origin)


def _detected(members: Members, seen: set[bytes]) -> Iterator[tuple[str, Members]]:
    """Yield the events of a detection of ``chainsaw hunt``, with the paths of their logs."""
    documents = [decoded_members(members["document"])] if "document" in members else []
    if "documents" in members:
        documents += msgspec.json.decode(members["documents"], type=list[Members])
    for document in documents:
        event = document.get("data", msgspec.Raw(b"{}"))
        plain = msgspec.json.encode(decoded(event))  # each copy is indented as deep as it stands
        digest = hashlib.blake2b(plain, digest_size=16).digest()
        if digest not in seen:
            if len(seen) < _MOST_DETECTED:
                seen.add(digest)
            yield str(decoded(document.get("path")) or ""), decoded_members(event)


def _guarded(content: Callable[[], Content]) -> Content:
    try:
        return content()
    except (ValueError, RecursionError) as error:  # values are decoded only here
        return Content(unreadable=frozenset({ALL_DATA}), flaw=str(error)[:200] or type(error).__name__)


def _members(text: bytes) -> Members:
    """Return the members of an object; their values are not decoded.

    Text that is not UTF-8 is decoded in code page 1252. The standard library parses the invalid JSON of some tools:
    half of a surrogate pair, control characters.

    Raises:
        ValueError: if the text is not a JSON object.
        RecursionError: if it is nested too deeply.
    """
    try:
        return _MEMBERS.decode(text)
    except ValueError:
        decoded: Any = _LENIENT.decode(text_of(text)[0])
        if not isinstance(decoded, dict):
            raise
        plain = json.dumps(decoded, ensure_ascii=False, allow_nan=False)
        return _MEMBERS.decode(plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode())
