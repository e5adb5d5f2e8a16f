"""JSON of events, as the tools write it that read logs, collect them or send them on.

Each shape is recognised by its keys: ``Event`` (evtx_dump and Chainsaw), ``System`` (Velociraptor), ``winlog``, or
``log_name`` before version 7 (Winlogbeat, whether or not it came through Elasticsearch), ``EventLevel`` and
``Provider`` (``evtscan dump``); rows by their columns (artifacts of Velociraptor, EvtxECmd). ``jsonshapes`` and, for
rows, ``jsonrows`` say what each of them calls what.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from evtscan.model import PLAIN, Query, ReadOptions, Source
from evtscan.parsers.exports import ALL_DATA, Books, Content, ExportLog, Record
from evtscan.parsers.jsonpieces import LONGEST_OBJECT, bare, json_pieces
from evtscan.parsers.jsonrows import ROWS
from evtscan.parsers.jsonshapes import SHAPES, Members
from evtscan.parsers.jsonxml import XML
from evtscan.parsers.textblocks import TextBlocks, text_of

_MEMBERS = msgspec.json.Decoder(Members)
_SHAPES = (*XML, *SHAPES, *ROWS)
_FOREIGN = "objects that are no events, or of a shape that is not known"


def read_log(source: Source, query: Query, options: ReadOptions = PLAIN) -> ExportLog:
    """Open a JSON export for one pass; its times are UTC, so that ``options`` have no say.

    Raises:
        EvidenceError: if the file cannot be read, or has content and no event in it can be read.
    """
    return ExportLog(source, query, "json", read_records)


def read_records(source: Source, books: Books) -> Iterator[Record]:
    """Find the events of a file."""
    blocks = TextBlocks(source)
    offset, line = blocks.start, 1
    for piece in json_pieces(blocks):
        text = bare(piece)
        if text.startswith(b"{"):
            record = _record(text, offset, line, books)
            if record is not None:
                yield record
        elif text:
            books.warn("foreign_bytes", "text that is no JSON object", offset=offset, line=line)
        offset += blocks.size_in_file(piece)
        line += piece.count(b"\n")


def _record(text: bytes, offset: int, line: int, books: Books) -> Record | None:
    try:
        members = _members(text)
        shape = next((shape for shape in _SHAPES if shape.recognises(members)), None)
        if shape is None:
            books.warn_once("foreign_bytes", _FOREIGN, offset=offset, line=line)
            return None
        system, content, origin = shape.read(members)
    except (ValueError, RecursionError) as error:
        why = "it is longer than 4 MiB" if len(text) >= LONGEST_OBJECT else str(error) or type(error).__name__
        message = f"an event cannot be read: {why[:200]}; export the log again"
        kind = "bad_record" if text.endswith(b"}") else "truncated"
        books.warn(kind, message, offset=offset, line=line, lost=1)
        return None
    if note := shape.losses(system, members):
        books.warn_once("lossy_export", note, offset=offset, line=line)
    return Record(offset, line, system, lambda: _guarded(content), origin)


def _guarded(content: Callable[[], Content]) -> Content:
    try:
        return content()
    except (ValueError, RecursionError) as error:  # values are decoded only here
        return Content(unreadable=frozenset({ALL_DATA}), flaw=str(error)[:200] or type(error).__name__)


def _members(text: bytes) -> Members:
    """The members of an object, their values not yet decoded.

    What is no UTF-8 is read in code page 1252; the standard library knows what JSON of other tools may hold besides:
    half of a surrogate pair, control characters.

    Raises:
        ValueError: if the text is no JSON object.
        RecursionError: if it is nested too deep.
    """
    try:
        return _MEMBERS.decode(text)
    except ValueError:
        decoded: Any = json.loads(text_of(text)[0], strict=False)
        if not isinstance(decoded, dict):
            raise
        plain = json.dumps(decoded, ensure_ascii=False, allow_nan=False)
        return _MEMBERS.decode(plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode())
