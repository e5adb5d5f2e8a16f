"""Events → bytes of a legacy event log (``.evt``, NT 3.1 to 2003), as saved and as a live ring.

Layout: libyal, "Windows Event Log (EVT) format"; structures ELF_LOGFILE_HEADER, EVENTLOGRECORD, ELF_EOF_RECORD of the
Windows SDK documentation.
"""

import struct
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sample_writer.event import SampleEvent, pack_sid, ticks

SEGMENT = 0x10000
"""Live logs are multiples of 64 KiB."""

GAP_BYTES = b"\x27\x27\x27\x27"
"""Filling of the gap before the end of the file: every byte 0x27."""

GAP_DWORDS = b"\x27\x00\x00\x00"
"""The other filling that is told of: dwords 0x00000027."""

_HEADER = struct.Struct("<12I")
_FIXED = struct.Struct("<I4s4I4H6I")  # EVENTLOGRECORD up to the source name
_EOF = struct.Struct("<10I")
_MAGIC = b"LfLe"
_NUMBERS = 1 << 32
_RETENTION = 7 * 86400
_DIRTY, _WRAP = 1, 2


def saved_log(events: Iterable[SampleEvent], *, first_record: int = 1) -> bytes:
    """A log as Event Viewer saves it: clean, not wrapped, of exact size."""
    records = list(_numbered(events, first_record))
    body = b"".join(record for _, record in records)
    end = _HEADER.size + len(body)
    oldest = records[0][0] if records else 0
    following = (records[-1][0] + 1) % _NUMBERS if records else first_record
    state = _State(start=_HEADER.size, end=end, following=following, oldest=oldest)
    size = end + _EOF.size
    return state.header(size, flags=0) + body + state.eof()


def live_log(
    events: Iterable[SampleEvent],
    *,
    first_record: int = 1,
    size: int = SEGMENT,
    start: int = _HEADER.size,
    header_after: int | None = None,
    gap: bytes = GAP_BYTES,
    before: bytes | None = None,
) -> bytes:
    """A log as it lies on disk: a ring in which new records take the place of the oldest.

    No events at all make a cleared log, whose header says that ``first_record`` comes next. A record that reaches the
    end of the file goes on after the header; if less than its fixed part fits there, the rest is a gap filled with
    ``gap``. The EOF record is split wherever the end comes.

    Args:
        events: what was logged, oldest first; those that the ring cannot hold are overwritten.
        first_record: number of the first of them; numbers go on modulo 2^32.
        size: of the file in bytes, a multiple of 4.
        start: offset of the first record, a multiple of 4: with it the caller places the split.
        header_after: the header is as it was after so many events, and the log is dirty. None: clean and exact.
        gap: four bytes, repeated.
        before: an earlier state of the file, of the same size: what is not overwritten stays, also its EOF record.

    Raises:
        ValueError: if an event does not fit into the ring at all.
    """
    ring = _Ring(bytearray(before or bytes(size)), start, gap)
    states = [ring.state(first_record)]
    for number, record in _numbered(events, first_record):
        ring.append(number, record)
        states.append(ring.state((number + 1) % _NUMBERS))
    final = states[-1]
    ring.put(final.end, final.eof())
    flags = (_WRAP if ring.wrapped else 0) | (_DIRTY if header_after is not None else 0)
    shown = states[-1 if header_after is None else header_after]
    ring.image[: _HEADER.size] = shown.header(size, flags)
    return bytes(ring.image)


@dataclass(frozen=True, slots=True)
class _State:
    """What header and EOF record say: offsets of the oldest record and of the EOF record, next and oldest number."""

    start: int
    end: int
    following: int
    oldest: int

    def header(self, size: int, flags: int) -> bytes:
        return _HEADER.pack(
            _HEADER.size,
            int.from_bytes(_MAGIC, "little"),
            1,
            1,
            self.start,
            self.end,
            self.following,
            self.oldest,
            size,
            flags,
            _RETENTION,
            _HEADER.size,
        )

    def eof(self) -> bytes:
        marks = (0x11111111, 0x22222222, 0x33333333, 0x44444444)
        return _EOF.pack(_EOF.size, *marks, self.start, self.end, self.following, self.oldest, _EOF.size)


@dataclass(slots=True)
class _Ring:
    """The bytes of a live log while records are appended."""

    image: bytearray
    end: int
    gap: bytes
    wrapped: bool = False
    held: deque[tuple[int, int]] = field(default_factory=deque)  # number, offset

    def append(self, number: int, record: bytes) -> None:
        """Write a record behind the newest one, over the oldest ones if need be."""
        left = len(self.image) - self.end
        skipped = left if left < _FIXED.size else 0
        needed = skipped + len(record) + _EOF.size
        while self.held and needed > self._free():
            self.held.popleft()
        if needed > self._free():
            raise ValueError(
                f"record {number} of {len(record)} bytes does not fit into a log of {len(self.image)} bytes"
            )
        if skipped:
            self.put(self.end, self.gap * (skipped // len(self.gap)))
            self.end = self._after(self.end, skipped)
        self.held.append((number, self.end))
        self.put(self.end, record)
        self.end = self._after(self.end, len(record))

    def put(self, offset: int, piece: bytes) -> None:
        """Write bytes at an offset; what does not fit before the end of the file goes on after the header."""
        fitting = min(len(piece), len(self.image) - offset)
        self.image[offset : offset + fitting] = piece[:fitting]
        self.image[_HEADER.size : _HEADER.size + len(piece) - fitting] = piece[fitting:]

    def state(self, following: int) -> _State:
        oldest, start = self.held[0] if self.held else (0, self.end)
        return _State(start=start, end=self.end, following=following, oldest=oldest)

    def _free(self) -> int:
        capacity = len(self.image) - _HEADER.size
        return (self.held[0][1] - self.end) % capacity if self.held else capacity

    def _after(self, offset: int, length: int) -> int:
        following = offset + length
        if following < len(self.image):
            return following
        self.wrapped = True
        return following - len(self.image) + _HEADER.size


def _numbered(events: Iterable[SampleEvent], first_record: int) -> Iterable[tuple[int, bytes]]:
    """Each event's number and its record."""
    following = first_record
    for event in events:
        number = (following if event.record_number is None else event.record_number) % _NUMBERS
        following = number + 1
        yield number, _record(event, number)


def _record(event: SampleEvent, number: int) -> bytes:
    names = _texts([event.provider, event.computer])
    sid = pack_sid(event.user_sid) if event.user_sid else b""
    sid_offset = _FIXED.size + len(names)  # not aligned, whatever documentation says: so in files of Windows XP
    strings_offset = sid_offset + len(sid)
    strings = _texts(event.strings)
    data_offset = strings_offset + len(strings)
    end = data_offset + len(event.binary)
    length = end + 4 - end % 4 + 4  # Windows pads what is aligned already by four more bytes
    written = event.time if event.time_written is None else event.time_written
    fixed = _FIXED.pack(
        length,
        _MAGIC,
        number,
        _unix(event.time),
        _unix(written),
        (event.qualifiers or 0) << 16 | event.event_id,
        event.event_type,
        len(event.strings),
        event.task,
        0,
        0,
        strings_offset,
        len(sid),
        sid_offset,
        len(event.binary),
        data_offset,
    )
    body = fixed + names + sid + strings + event.binary
    return body.ljust(length - 4, b"\0") + struct.pack("<I", length)


def _texts(texts: Sequence[str]) -> bytes:
    return "".join(text + "\0" for text in texts).encode("utf-16-le", "surrogatepass")


def _unix(time: str | int) -> int:
    return ticks(time) // 10_000_000 - 11_644_473_600
