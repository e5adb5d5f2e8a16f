"""Decode text files, in one way for all text reports.

Encodings are tried in this order: byte order mark, a NUL in every second byte (UTF-16 without a mark), strict UTF-8,
and last a code page. NT's own tools write code pages: the OEM page (437, 850 …) if the output of a console program is
redirected, the ANSI page (1252 …) from programs with windows; only the caller can know which.
"""

import codecs
from dataclasses import dataclass

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source

MAX_SIZE = 128 << 20
"""The largest text file that is read, in bytes."""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_SAMPLE = 4096
KEEP_BYTES = "evtscan.keep"
"""Name of the error handler for codecs that keeps bytes as ``DecodedText`` says."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text, the encoding that was used, and whether some bytes do not exist in that encoding.

    In ``text`` such a byte becomes the character with its number (0x81 is U+0081, as in Windows), so nothing is lost
    and every text can be encoded again; an unpaired UTF-16 surrogate becomes U+FFFD.
    """

    text: str
    encoding: str
    lossy: bool = False


def decode(raw: bytes, fallback: str = "cp1252") -> DecodedText:
    """Decode a text file; ``fallback`` is the code page for text that is neither UTF-16 nor UTF-8.

    >>> decode("Größe".encode("cp850"), "cp850")
    DecodedText(text='Größe', encoding='cp850', lossy=False)

    Raises:
        LookupError: if there is no such code page.
    """
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return decode_as(raw[len(mark) :], encoding)
    if utf16 := _utf16_without_mark(raw[:_SAMPLE]):
        return decode_as(raw, utf16)
    try:
        return DecodedText(raw.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        # a file cut in the middle of a character is still UTF-8 if other such characters stand before the cut
        cut = error.reason == "unexpected end of data" and not raw[: error.start].isascii()
        return decode_as(raw, "utf-8" if cut else fallback)


def decode_as(raw: bytes, encoding: str) -> DecodedText:
    """Decode in a known encoding; bytes that do not exist in it are converted as in ``decode``."""
    try:
        return DecodedText(raw.decode(encoding), encoding)
    except UnicodeDecodeError:
        return DecodedText(raw.decode(encoding, KEEP_BYTES), encoding, lossy=True)


def read_text(source: Source, fallback: str = "cp1252", limit: int = MAX_SIZE) -> DecodedText:
    """Read and decode a whole text file of at most ``limit`` bytes.

    Raises:
        EvidenceError: if the file cannot be read, or is larger.
    """
    try:
        with source.open() as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if len(raw) > limit:
        size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit} bytes"
        raise EvidenceError(f"{source.name}: larger than {size}, the limit for a text file; export only what is needed")
    return decode(raw, fallback)


def _utf16_without_mark(sample: bytes) -> str | None:
    """Return the UTF-16 encoding of a text without a byte order mark, or None if it is not UTF-16.

    UTF-16 is recognised by its NUL bytes: text in an 8-bit encoding has none, and in UTF-16 all of them are high bytes.
    """
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    few = len(sample) // 16
    if high > few and high >= 10 * low:
        return "utf-16-le"
    if low > few and low >= 10 * high:
        return "utf-16-be"
    return None


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.encoding.lower().startswith("utf-16"):
        return "\ufffd", error.end
    return "".join(map(chr, error.object[error.start : error.end])), error.end


codecs.register_error(KEEP_BYTES, _keep_bytes)
