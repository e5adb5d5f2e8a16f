"""A text file of any size → its lines with their numbers, one line at a time.

The encoding is determined as in ``text``, over the whole file. If it is a code page, the letters decide which one: the
bytes of letters in the OEM pages of Western Europe (437, 850) are rare punctuation in the ANSI page (1252).
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.base.text import KEEP_BYTES, decode

LONGEST_LINE = 1 << 17
"""A longer line, in characters, is yielded in pieces with the same line number."""

ANSI, OEM = "cp1252", "cp850"
_HEAD = 4096
_BLOCK = 1 << 20
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_ASCII = bytes(range(128))
_OEM_LETTERS = bytes([0x81, 0x82, 0x84, 0x87, 0x8A, 0x8E, 0x94, 0x99, 0x9A, *range(0xA0, 0xA6)])
_ANSI_LETTERS = bytes([*range(0xC0, 0xE1), *range(0xE2, 0x100)])
"""Without 0xE1, which is a letter in both: á in 1252, ß in 437 and 850."""
_PROMPT = re.compile(r'[A-Za-z]:\\[^<>|"*?:]{0,260}>')


class TextLines:
    """The lines of one text file; each iteration reads the file again.

    Line ends, the end-of-file mark of DOS (Ctrl-Z), form feeds and byte order marks in the middle (of concatenated
    files) are removed. ``encoding`` is the encoding of the file; ``guessed`` means that it is a code page that is only
    likely.
    """

    def __init__(self, source: Source, longest: int = LONGEST_LINE) -> None:
        """Determine the encoding; a line longer than ``longest`` characters is yielded in pieces.

        Raises:
            EvidenceError: if the file cannot be read.
        """
        self._source, self._longest = source, longest
        try:
            with source.open() as stream:
                head = stream.read(_HEAD)
                encoding = decode(head).encoding
                if not encoding.startswith("utf-16"):
                    stream.seek(0)
                    encoding = eight_bit_encoding(stream)
        except OSError as error:
            raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
        self.encoding = encoding
        self.guessed = not encoding.startswith("utf-")
        mark = _MARKS.get(encoding, b"")
        self._skip = len(mark) if mark and head.startswith(mark) else 0

    @property
    def doubt(self) -> str:
        """The warning about a guessed encoding; empty if the encoding is certain."""
        if not self.guessed:
            return ""
        page = self.encoding.removeprefix("cp")
        return (
            f"letters outside ASCII were read in code page {page}, which only looks likely: if they are wrong, convert "
            "the file to UTF-8"
        )

    def __iter__(self) -> Iterator[tuple[int, str]]:
        with self._source.open() as raw:
            raw.seek(self._skip)
            text = io.TextIOWrapper(raw, encoding=self.encoding, errors=KEEP_BYTES, newline="\n")
            number = 1
            while line := text.readline(self._longest):
                ended = line[-1] == "\n"
                line = line.rstrip("\r\n")
                if line and (line[0] in "\f\x1a\ufeff" or line[-1] == "\x1a"):
                    line = line.strip("\f\x1a\ufeff")
                yield number, line
                number += ended


def is_prompt(line: str) -> bool:
    r"""Return whether a line is a prompt of the command interpreter with a command (``C:\>dumpel …``)."""
    return line[1:3] == ":\\" and _PROMPT.match(line) is not None


def eight_bit_encoding(stream: BinaryIO) -> str:
    """Return UTF-8 if it is almost certain, else the code page in which the text has more letters."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    right = wrong = oem = ansi = 0
    ended = False
    while not ended:
        block = stream.read(_BLOCK)
        ended = not block
        text = decoder.decode(block, ended)
        if not text.isascii():
            replaced = text.count("\ufffd")
            wrong += replaced
            right += len(text) - len(text.encode("ascii", "ignore")) - replaced
            high = block.translate(None, _ASCII)
            oem += len(high) - len(high.translate(None, _OEM_LETTERS))
            ansi += len(high) - len(high.translate(None, _ANSI_LETTERS))
    if wrong == 0 or right > 10 * wrong:
        return "utf-8"
    return OEM if oem > ansi else ANSI
