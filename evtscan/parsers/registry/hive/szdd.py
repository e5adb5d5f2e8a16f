r"""A file compressed by ``compress`` (SZDD, method A) → the uncompressed bytes, and the registry in them.

    0  8  "SZDD" 88 F0 27 33        8  1  method "A"        9  1  last letter of the name that was replaced by ``_``
    10 4  length when unpacked      14 … data

The data are LZSS: a byte of flags, lowest bit first, then for each flag a literal byte (1) or two bytes (0) that
reference an earlier position in a ring buffer of 4096 bytes, initially filled with blanks and written from position
4080: the low eight bits of the position; then its four high bits and the length minus three. (Format as documented for
libmspack.)

NT writes repair copies of its hives in this format (``repair\system._``), at set-up and with ``rdisk /s``.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import Source
from evtscan.parsers.registry import hive as regf

MAX_PACKED = 64 << 20
MAX_SIZE = 128 << 20

_MAGIC = b"SZDD\x88\xf0\x27\x33A"
_HEADER = 14
_RING = 4096
_START = _RING - 16


class SzddError(ValueError):
    """The bytes are not the content of an SZDD file."""


def expand(raw: bytes, limit: int = MAX_SIZE) -> bytes:
    """Uncompress the bytes; truncated data give the part that they contain.

    Raises:
        SzddError: if this is not an SZDD file, or its uncompressed size exceeds ``limit`` bytes.
    """
    if not raw.startswith(_MAGIC) or len(raw) < _HEADER:
        raise SzddError("not a file that compress packed")
    size = int.from_bytes(raw[10:14], "little")
    if size > limit:
        raise SzddError(f"unpacks to {size} bytes, more than {limit}")
    # the ring is the end of what was written so far, with the blanks before its beginning
    out = bytearray(b" " * _RING)
    end = _RING + size
    place, flags = _HEADER, 1
    while len(out) < end and place < len(raw):
        if flags == 1:
            flags = raw[place] | 0x100
            place += 1
            continue
        if flags & 1:
            out.append(raw[place])
            place += 1
        elif place + 1 < len(raw):
            _repeat(out, raw[place], raw[place + 1])
            place += 2
        else:
            break
        flags >>= 1
    return bytes(out[_RING:end])


def _repeat(out: bytearray, low: int, high: int) -> None:
    """Append a copy of bytes of the ring buffer; source and target may overlap."""
    written = _START + len(out) - _RING
    distance = (written - (low | (high & 0xF0) << 4)) % _RING or _RING
    length = (high & 0x0F) + 3
    start = len(out) - distance
    if distance >= length:
        out += out[start : start + length]
    else:
        piece = bytes(out[start:])
        out += (piece * (length // distance + 1))[:length]


@dataclass(frozen=True, slots=True)
class _Unpacked(Source):
    """The uncompressed content of a file, under the file's name."""

    content: bytes = b""

    def open(self) -> BinaryIO:
        return BytesIO(self.content)


def read_registry(source: Source) -> Registry:
    """Read the hive in a compressed file.

    Raises:
        EvidenceError: if the file cannot be read or uncompressed, or does not contain a hive.
    """
    try:
        with source.open() as stream:
            raw = stream.read(MAX_PACKED + 1)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if len(raw) > MAX_PACKED:
        raise EvidenceError(f"{source.name}: larger than {MAX_PACKED >> 20} MiB, the limit for a packed file")
    try:
        content = expand(raw)
    except SzddError as error:
        raise EvidenceError(f"{source.name}: {error}") from error
    if not content.startswith(b"regf"):
        raise EvidenceError(f"{source.name}: holds a packed file that is no registry hive; unpack it with expand")
    return regf.read_registry(_Unpacked(source.path, source.name, content))
