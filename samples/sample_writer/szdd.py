"""Bytes → what ``compress`` of MS-DOS and Windows NT makes of them (SZDD, method A): the hives of a repair folder.

LZSS: a flag byte announces eight items, its bits from the lowest on: 1 a byte as it is, 0 a copy of 3 to 18 bytes out
of a ring of 4096, which begins full of blanks and is filled from place 4080 on. A copy is twelve bits of place and four
of length less three. (Layout: libmspack, "SZDD".)
"""

_MAGIC = b"SZDD\x88\xf0\x27\x33A"
_RING, _FIRST = 4096, 4096 - 16
_SHORTEST, _LONGEST = 3, 18
_REACH = _RING - _LONGEST
"""How far back a copy may begin: what the ring still holds, whatever the length."""


def pack(raw: bytes) -> bytes:
    """Compress a file without suffix, to which ``._`` is added; of one with a suffix its last letter would be noted."""
    packed = bytearray(_MAGIC + b"\0" + len(raw).to_bytes(4, "little"))
    place = 0
    while place < len(raw):
        flags, items = 0, bytearray()
        for bit in range(8):
            start, length = _longest_copy(raw, place)
            if length:
                ring_place = (_FIRST + start) % _RING
                items += bytes([ring_place & 0xFF, (ring_place >> 4) & 0xF0 | length - _SHORTEST])
            elif place < len(raw):
                flags |= 1 << bit
                items.append(raw[place])
                length = 1
            place += length
        packed += bytes([flags]) + items
    return bytes(packed)


def _longest_copy(raw: bytes, place: int) -> tuple[int, int]:
    """Where the nearest of the longest earlier copies of what comes next begins, and its length; 0 if it is too short.

    Copies do not run into themselves: the packer of Windows makes such, and does not need to.
    """
    earliest = max(place - _REACH, 0)
    best = (0, 0)
    for length in range(_SHORTEST, min(_LONGEST, len(raw) - place) + 1):
        start = raw.rfind(raw[place : place + length], earliest, place)
        if start < 0:
            break
        best = (start, length)
    return best
