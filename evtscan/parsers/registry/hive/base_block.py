"""The first 4,096 bytes of a hive or of its log: its kind, whether it was closed, and the position of its root key.

    0x000 'regf'     0x004 primary, 0x008 secondary sequence number (they differ while a hive is being written)
    0x00c last written (FILETIME)    0x014 major, 0x018 minor version    0x01c file type: 0 hive; 1, 2, 6 its log
    0x024 offset of the root key     0x028 size of the bins              0x1fc XOR of the 127 words before it

(M. Suhanov, "Windows registry file format specification"; libregf, "Windows NT Registry File (REGF) format".)
"""

import struct
from dataclasses import dataclass

SIZE = 4096
SIGNATURE = b"regf"

_FIELDS = struct.Struct("<4s2IQ4I2I")
_CHECKED = 508


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseBlock:
    """The fields of a base block that the parser needs. Offsets count from the first bin, ``written`` is a FILETIME."""

    primary: int
    secondary: int
    written: int
    major: int
    minor: int
    file_type: int
    root: int
    bins_size: int
    checksum_fits: bool

    @classmethod
    def parse(cls, raw: bytes) -> "BaseBlock | None":
        """Parse a base block from its first 512 bytes; None if they are not a base block."""
        if len(raw) < 512 or not raw.startswith(SIGNATURE):
            return None
        _, primary, secondary, written, major, minor, file_type, _, root, bins_size = _FIELDS.unpack_from(raw)
        return cls(
            primary=primary,
            secondary=secondary,
            written=written,
            major=major,
            minor=minor,
            file_type=file_type,
            root=root,
            bins_size=bins_size,
            checksum_fits=checksum(raw) == int.from_bytes(raw[_CHECKED:512], "little"),
        )

    @property
    def dirty(self) -> bool:
        """Whether the hive was not closed, so that some changes may be only in its logs."""
        return self.primary != self.secondary or not self.checksum_fits


def checksum(raw: bytes) -> int:
    """Return the XOR of the first 127 words; Windows stores 1 for 0 and 0xFFFFFFFE for 0xFFFFFFFF."""
    value = 0
    for (word,) in struct.iter_unpack("<I", raw[:_CHECKED]):
        value ^= word
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(value, value)
