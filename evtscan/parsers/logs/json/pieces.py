"""Split a file of JSON objects into the bytes of each: JSON Lines, an array, or consecutive objects over several lines.

Objects are found without decoding them, so that a damaged object does not affect others: in JSON Lines by line, else by
the braces outside strings; after damage, the next object is found by the first key of the first object. Text that some
programs write before an array (Elasticsearch ``hits``, Windows PowerShell ``value``, converters of XML the root) is a
separate piece.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import msgspec

LONGEST_OBJECT = 4 << 20
"""Bytes of one object: BinXML of at most 64 KiB and a rendered message, both escaped."""

_LINES_LOOKED_AT = 8
_AROUND = b" \t\r\n,[]\xef\xbb\xbf\x1a"
_WRAPPER = re.compile(
    rb'\s*\{\s*(?:"(?:took|_scroll_id|pit_id)"\s*:.{0,2000}?"hits"\s*:|"value"\s*:|"Events"\s*:\s*\{'
    rb'(?:\s*"@[^"]{1,40}"\s*:\s*"[^"]{0,200}"\s*,){0,4}\s*"Event"\s*:)\s*\[\s*(?=\{)',
    re.DOTALL,
)
_WRAPPER_END = re.compile(rb'(?:(?>[\s\]},]|"\w{1,40}"\s*:\s*(?:\d{1,20}|\Z)))*+\Z')
_NUMBER_LINE = re.compile(rb"(?:\A|(?<=\n))Record \d{1,20}\Z")
_TOKEN = re.compile(rb'"(?:(?>[^"\\]++|\\.))*+(?:"|\Z)|[{}]', re.DOTALL)
_FIRST_KEY = re.compile(rb'\{\s*"((?:[^"\\]|\\.){0,200})"')


def json_pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Split a file into its objects and the bytes between them; the concatenated pieces equal the file."""
    blocks = iter(blocks)
    head = b""
    while head.count(b"\n") < _LINES_LOOKED_AT and len(head) < LONGEST_OBJECT and (block := next(blocks, b"")):
        head += block
    if wrapper := _WRAPPER.match(head):
        return chain([wrapper[0]], _objects(chain([head[wrapper.end() :]], blocks)))
    rest = chain([head], blocks)
    return _lines(rest) if any(map(_is_object, head.split(b"\n")[:_LINES_LOOKED_AT])) else _objects(rest)


def bare(piece: bytes) -> bytes:
    """Return the object of a piece without surrounding bytes, such as the record number line of evtx_dump."""
    return _NUMBER_LINE.sub(b"", piece.strip(_AROUND)).rstrip(_AROUND)


def is_wrapper(piece: bytes) -> bool:
    """Return whether a piece is the text that a program writes before the array of events."""
    return piece.rstrip().endswith(b"[") and _WRAPPER.match(piece + b"{") is not None


def is_wrapper_end(text: bytes) -> bool:
    """Return whether a text may follow such an array: brackets, and members that are numbers or objects."""
    return _WRAPPER_END.match(text) is not None


def _is_object(line: bytes) -> bool:
    try:
        msgspec.json.decode(line.strip(_AROUND), type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False
    return True


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    pending = b""
    for block in blocks:
        *lines, pending = (pending + block).split(b"\n")
        for line in lines:
            yield line + b"\n"
        while len(pending) > LONGEST_OBJECT:
            yield pending[:LONGEST_OBJECT]
            pending = pending[LONGEST_OBJECT:]
    if pending:
        yield pending


def _objects(blocks: Iterable[bytes]) -> Iterator[bytes]:
    pending = b""
    at = depth = 0  # up to where the braces of pending are counted, and how many are open there
    marker: re.Pattern[bytes] | None = None
    for block in chain(blocks, [b""]):
        pending += block
        begin = 0
        while token := _TOKEN.search(pending, at):
            at = token.end()
            if at == len(pending) and block:
                at = token.start()  # a string may go on in the next block
                break
            if token[0] == b"{":
                if not depth and token.start() > begin:
                    yield pending[begin : token.start()]
                    begin = token.start()
                depth += 1
            elif token[0] == b"}" and depth:
                depth -= 1
                if not depth:
                    marker = marker or _marker(pending[begin:])
                    *broken, last = _cut(pending[begin:at], marker)
                    yield from broken or [last]
                    if broken:
                        at -= len(last)  # its braces are yet to be counted by themselves
                    begin = at
        else:
            at = len(pending)
        pending, at = pending[begin:], at - begin
        if len(pending) > LONGEST_OBJECT or not block:
            *broken, pending = _cut(pending, marker or _marker(pending))
            yield from broken
            at = depth = 0
        if len(pending) > LONGEST_OBJECT:
            yield pending
            pending = b""
    if pending:
        yield pending


def _marker(first: bytes) -> re.Pattern[bytes] | None:
    found = _FIRST_KEY.match(first)
    return None if found is None else re.compile(rb'\{\s*"' + re.escape(found[1]) + rb'"\s*:')


def _cut(text: bytes, marker: re.Pattern[bytes] | None) -> list[bytes]:
    """Split a text with unbalanced braces at the positions where further objects seem to begin."""
    starts = [] if marker is None else [found.start() for found in marker.finditer(text, 1)]
    return [text[start:end] for start, end in pairwise([0, *starts, len(text)])]
