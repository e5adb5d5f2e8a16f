"""A text file of any size → blocks of UTF-8 bytes, and the offsets of its parts in the file.

Exports are UTF-8, a code page, or UTF-16 if they were written by PowerShell or saved from a window. Blocks keep memory
bounded, and regular expressions search bytes fastest; only the parts that are used are decoded to text.
"""

import codecs
from collections.abc import Iterator
from functools import cached_property

from evtscan.base.model.source import Source
from evtscan.base.text import decode_as
from evtscan.parsers.shared.textlines import ANSI, eight_bit_encoding

BLOCK_SIZE = 1 << 17
"""Bytes of the file in one block."""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def _encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding of a markup file from its first bytes, and the length of its byte order mark.

    Markup begins with an ASCII character, so a NUL next to it means UTF-16 without a byte order mark.

    >>> _encoding_of("<Events>".encode("utf-16-be"))
    ('utf-16-be', 0)
    """
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    if head[:1] == b"\0" != head[1:2]:
        return "utf-16-be", 0
    return ("utf-16-le", 0) if head[1:2] == b"\0" != head[:1] else ("utf-8", 0)


class TextBlocks:
    """The blocks of one file; ``start`` is the offset in bytes at which its text begins."""

    def __init__(self, source: Source) -> None:
        self._source = source
        with source.open() as stream:
            self.encoding, self.start = _encoding_of(stream.read(4))

    def __iter__(self) -> Iterator[bytes]:
        with self._source.open() as stream:
            stream.seek(self.start)
            if self.encoding == "utf-8":
                while block := stream.read(BLOCK_SIZE):
                    yield block
                return
            decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            while block := stream.read(BLOCK_SIZE):
                yield decoder.decode(block).encode()
            yield decoder.decode(b"", final=True).encode()

    @cached_property
    def code_page(self) -> str:
        """The code page for parts that are not UTF-8: the one in which the whole file has more letters."""
        with self._source.open() as stream:
            encoding = eight_bit_encoding(stream)
        return ANSI if encoding == "utf-8" else encoding

    def size_in_file(self, part: bytes) -> int:
        """Return the number of bytes in the file from which this part of the blocks was decoded."""
        return len(part) if self.encoding == "utf-8" else len(part.decode("utf-8", "replace").encode("utf-16-le"))


def text_of(part: bytes, fallback: str = "cp1252") -> tuple[str, bool]:
    """Decode a part of the blocks; also return whether it is not UTF-8 and was decoded in the fallback code page."""
    try:
        return part.decode(), False
    except UnicodeDecodeError:
        return decode_as(part, fallback).text, True
