"""A resource of type RT_MESSAGETABLE → its messages by identifier.

``MESSAGE_RESOURCE_DATA`` is a count of blocks; each ``MESSAGE_RESOURCE_BLOCK`` is three dwords (lowest and highest
identifier, offset of the first entry from the start of the resource); each ``MESSAGE_RESOURCE_ENTRY`` is two words
(length with these, flags: 0 ANSI, 1 UTF-16, 2 UTF-8) and a text, padded with zeros (winnt.h).
"""

import struct

MOST_MESSAGES = 1 << 17
MOST_BYTES = 64 << 20

_BLOCK, _ENTRY = struct.Struct("<3I"), struct.Struct("<2H")
_ANSI_PAGES = {
    0x01: "cp1256",  # Arabic
    0x02: "cp1251",  # Bulgarian
    0x04: "cp936",  # Chinese
    0x05: "cp1250",  # Czech
    0x08: "cp1253",  # Greek
    0x0D: "cp1255",  # Hebrew
    0x0E: "cp1250",  # Hungarian
    0x11: "cp932",  # Japanese
    0x12: "cp949",  # Korean
    0x15: "cp1250",  # Polish
    0x18: "cp1250",  # Romanian
    0x19: "cp1251",  # Russian
    0x1A: "cp1250",  # Croatian
    0x1B: "cp1250",  # Slovak
    0x1E: "cp874",  # Thai
    0x1F: "cp1254",  # Turkish
    0x22: "cp1251",  # Ukrainian
    0x24: "cp1250",  # Slovenian
}
_TRADITIONAL_CHINESE = frozenset({0x0404, 0x0C04, 0x1404})


def read_table(raw: bytes, language: int) -> dict[int, str]:
    """Return the messages of one resource, without those outside its bytes. ``language`` is that of the resource."""
    messages: dict[int, str] = {}
    if len(raw) < 4:
        return messages
    count = min(int.from_bytes(raw[:4], "little"), (len(raw) - 4) // _BLOCK.size)
    read = 0
    for number in range(count):
        low, high, offset = _BLOCK.unpack_from(raw, 4 + number * _BLOCK.size)
        for identifier in range(low, high + 1):
            if offset + _ENTRY.size > len(raw) or len(messages) >= MOST_MESSAGES or read > MOST_BYTES:
                break
            length, flags = _ENTRY.unpack_from(raw, offset)
            if length < _ENTRY.size or offset + length > len(raw):
                break
            messages[identifier] = _text(raw[offset + _ENTRY.size : offset + length], flags, language)
            offset += length
            read += length  # blocks may overlap: what is read twice counts twice
    return messages


def _text(raw: bytes, flags: int, language: int) -> str:
    if flags & 1:
        text = raw[: len(raw) & ~1].decode("utf-16-le", "replace")
    elif flags & 2:
        text = raw.decode("utf-8", "replace")
    else:
        text = raw.decode(_ansi_page(language), "replace")
    return text.partition("\0")[0]


def _ansi_page(language: int) -> str:
    return "cp950" if language in _TRADITIONAL_CHINESE else _ANSI_PAGES.get(language & 0x3FF, "cp1252")
