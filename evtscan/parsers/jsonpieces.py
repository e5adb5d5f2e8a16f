"""A file of JSON objects → the bytes of each: JSON Lines, an array, or objects one after the other on many lines.

Objects are found without decoding them, so that one that is broken costs no other: in JSON Lines by the lines, else by
the braces outside strings, starting afresh at the next object that begins with the same key as the first one did.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import msgspec

LONGEST_OBJECT = 4 << 20
"""Bytes of one object: BinXML of at most 64 KiB, a rendered message, and what escaping adds."""

_AROUND = b" \t\r\n,[]\xef\xbb\xbf\x1a"
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[{}]', re.DOTALL)
_FIRST_KEY = re.compile(rb'\{\s*"((?:[^"\\]|\\.){0,200})"')


def json_pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a file into its objects and what stands between them; joined, the pieces are the file."""
    blocks = iter(blocks)
    head = b""
    while b"\n" not in head.lstrip(_AROUND) and len(head) < LONGEST_OBJECT and (block := next(blocks, b"")):
        head += block
    first = head.lstrip(_AROUND).partition(b"\n")[0]
    rest = chain([head], blocks)
    return _lines(rest) if _is_object(first.strip(_AROUND)) else _objects(rest)


def bare(piece: bytes) -> bytes:
    """A piece without what stands around its object."""
    return piece.strip(_AROUND)


def _is_object(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
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
    marker: re.Pattern[bytes] | None = None
    at = depth = 0  # up to where the braces of pending are counted, and how many are open there
    for block in chain(blocks, [b""]):
        pending += block
        final = not block
        begin = 0
        for token in _TOKEN.finditer(pending, at):
            if token.end() == len(pending) and not final:
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
                    marker = marker or _marker(pending[begin : token.end()])
                    yield pending[begin : token.end()]
                    begin = token.end()
        else:
            at = len(pending)
        pending, at = pending[begin:], at - begin
        if len(pending) > LONGEST_OBJECT or (final and depth):
            *broken, pending = _cut(pending, marker)
            yield from broken
            at = depth = 0
        if len(pending) > LONGEST_OBJECT:
            yield pending
            pending, at = b"", 0
    if pending:
        yield pending


def _marker(first: bytes) -> re.Pattern[bytes] | None:
    found = _FIRST_KEY.match(first)
    return None if found is None else re.compile(rb'\{\s*"' + re.escape(found[1]) + rb'"\s*:')


def _cut(text: bytes, marker: re.Pattern[bytes] | None) -> list[bytes]:
    """A text whose braces do not match, cut where objects seem to begin."""
    starts = [] if marker is None else [found.start() for found in marker.finditer(text, 1)]
    return [text[start:end] for start, end in pairwise([0, *starts, len(text)])]
