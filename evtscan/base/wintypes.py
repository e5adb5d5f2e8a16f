"""Binary values of Windows → the text that Windows displays: times, SIDs, GUIDs, hexadecimal numbers."""

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

import msgspec

TICKS_PER_SECOND = 10_000_000
FURTHEST_ZONE = 14 * 3600 * TICKS_PER_SECOND
"""The largest difference between a local time and UTC, in ticks."""
_UNIX_EPOCH = 116_444_736_000_000_000
_FIRST = datetime(1601, 1, 1, tzinfo=UTC)
LAST_TICKS = 2_650_467_743_999_999_999  # 9999-12-31T23:59:59.9999999Z


class Instant(msgspec.Struct, frozen=True, gc=False, eq=False):  # as many of them as of events
    """A point in time as the evidence states it: 100-nanosecond ticks since 1601-01-01 UTC (a FILETIME).

    ``digits`` is the number of digits of the second in the evidence: 7 in EVTX and registry, 0 in ``.evt``. ``local``
    marks a local time of an unknown zone. Its ticks are counted as if it were UTC: the true time is up to 14 hours
    earlier or later, and it is printed without ``Z``. Comparisons ignore both; ``earliest`` and ``latest`` are the
    limits of the true time.
    """

    ticks: int
    digits: int = 7
    local: bool = False

    def __eq__(self, other: object) -> bool:
        return self.ticks == other.ticks if isinstance(other, Instant) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.ticks)

    def __lt__(self, other: "Instant") -> bool:
        return self.ticks < other.ticks

    def __le__(self, other: "Instant") -> bool:
        return self.ticks <= other.ticks

    def __gt__(self, other: "Instant") -> bool:
        return self.ticks > other.ticks

    def __ge__(self, other: "Instant") -> bool:
        return self.ticks >= other.ticks

    @classmethod
    def from_unix(cls, seconds: int) -> "Instant":
        """Return the time of whole Unix seconds, the form of times in ``.evt`` records."""
        return cls(_UNIX_EPOCH + seconds * TICKS_PER_SECOND, 0)

    @property
    def earliest(self) -> int:
        """Ticks of the earliest possible time: the stated time, or 14 hours earlier for a local time."""
        return self.ticks - FURTHEST_ZONE if self.local else self.ticks

    @property
    def latest(self) -> int:
        """Ticks of the latest possible time."""
        return self.ticks + FURTHEST_ZONE if self.local else self.ticks

    def may_lie_in(self, start: "Instant | None", end: "Instant | None") -> bool:
        """Return whether the true time can be at or after ``start`` and before ``end``; None means no limit."""
        return (start is None or self.latest >= start.earliest) and (end is None or self.earliest < end.latest)

    def __str__(self) -> str:
        text = format_filetime(self.ticks, self.digits)
        return text.removesuffix("Z") if self.local else text


def format_filetime(ticks: int, digits: int = 7) -> str:
    """Return a FILETIME as ISO 8601 UTC with ``digits`` digits of the second; after the year 9999 as hexadecimal.

    >>> format_filetime(116444736000000001)
    '1970-01-01T00:00:00.0000001Z'
    """
    if not 0 <= ticks <= LAST_TICKS:
        return f"0x{ticks & 0xFFFFFFFFFFFFFFFF:x}"
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    moment = _FIRST + timedelta(seconds=seconds)
    text = f"{moment.year:04}-{moment.month:02}-{moment.day:02}T{moment.hour:02}:{moment.minute:02}:{moment.second:02}"
    return f"{text}.{fraction:07}"[: 20 + digits] + "Z" if digits else text + "Z"


_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?\Z",
    re.IGNORECASE,
)


def parse_time(text: str) -> Instant:
    """Parse an ISO 8601 date or time; the default zone is UTC, the default time of day midnight.

    Raises:
        ValueError: if the text is not a date or time.
    """
    match = _ISO.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date or time such as 2001-03-14 or 2001-03-14T09:26:53Z")
    year, month, day, hour, minute, second, digits, zone = match.groups()
    seconds = _seconds_of_day(year, month, day)
    if hour is not None:
        time_of_day = time(int(hour), int(minute), int(second or 0))
        seconds += time_of_day.hour * 3600 + time_of_day.minute * 60 + time_of_day.second
    if zone is not None and zone not in "Zz":
        offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        seconds += -offset if zone[0] == "+" else offset
    fraction = (digits or "")[:7]
    ticks = seconds * TICKS_PER_SECOND + int(fraction.ljust(7, "0"))
    if ticks < 0:
        raise ValueError(f"{text!r} lies before 1601")
    return Instant(ticks, len(fraction))


@lru_cache(maxsize=1024)
def _seconds_of_day(year: str, month: str, day: str) -> int:
    """Return the seconds from 1601 to the beginning of a day."""
    return (date(int(year), int(month), int(day)).toordinal() - _FIRST.toordinal()) * 86_400


def format_guid(raw: bytes) -> str:
    """Return 16 bytes as a GUID in the form of Windows: in braces, upper case."""
    first, second, third = struct.unpack_from("<IHH", raw)
    tail = raw[8:16].hex().upper()
    return f"{{{first:08X}-{second:04X}-{third:04X}-{tail[:4]}-{tail[4:]}}}"


def format_sid(raw: bytes) -> str:
    """Return a security identifier as ``S-1-…`` (MS-DTYP 2.4.2.1).

    Raises:
        ValueError: if the bytes are too short for their number of sub-authorities.
    """
    if len(raw) < 8 or raw[1] > 15 or len(raw) < 8 + 4 * raw[1]:
        raise ValueError(f"{len(raw)} bytes are not a SID")
    authority = int.from_bytes(raw[2:8], "big")
    parts = struct.unpack_from(f"<{raw[1]}I", raw, 8)
    shown = f"0x{authority:x}" if authority >= 1 << 32 else str(authority)
    return "-".join(["S", str(raw[0]), shown, *map(str, parts)])


def format_hex(value: int) -> str:
    """Return a HexInt in the form of Windows: ``0x``, lower case, no padding."""
    return f"0x{value:x}"


def format_systemtime(raw: bytes) -> str:
    """Return a SYSTEMTIME (MS-DTYP 2.3.13, 16 bytes) as ISO 8601 with milliseconds."""
    year, month, _, day, hour, minute, second, milliseconds = struct.unpack_from("<8H", raw)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z"


_CONTROLS_TO_1252 = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


def decode_utf16(raw: bytes) -> str:
    """Decode UTF-16 text without trailing zeros; an incomplete character becomes U+FFFD."""
    return raw.decode("utf-16-le", "replace").rstrip("\0")


def decode_ansi(raw: bytes) -> str:
    """Decode text of code page 1252 without trailing zeros; its five undefined bytes become control characters."""
    return _ansi_characters(raw).rstrip("\0")


def _ansi_characters(raw: bytes) -> str:
    return raw.decode("latin-1").translate(_CONTROLS_TO_1252)


def format_float(value: float, *, single: bool = False) -> str:
    """Return a floating point number as ``[-]dddd.dddd`` (MS-EVEN6 2.2.12.3), with the fewest digits that identify it.

    ``single`` means that the number has four bytes. Infinities and NaN are written as in XML Schema.

    >>> format_float(0.1), format_float(1e20), format_float(float("-inf"))
    ('0.1', '100000000000000000000.0', '-INF')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    text = format(Decimal(_shortest_single(value) if single else repr(value)), "f")
    return text if "." in text else f"{text}.0"


def _shortest_single(value: float) -> str:
    texts = (f"{value:.{digits}g}" for digits in range(6, 10))  # nine digits name any of them
    return next(text for text in texts if struct.unpack("<f", struct.pack("<f", float(text)))[0] == value)


def format_guid_text(text: str) -> str:
    """Return the text of a GUID in the form of ``format_guid``; other text is returned unchanged.

    >>> format_guid_text("555908d1-a6d7-4695-8e1e-26931d2012f4")
    '{555908D1-A6D7-4695-8E1E-26931D2012F4}'
    """
    return f"{{{text.strip('{}').upper()}}}" if _GUID.match(text) else text


_GUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?\Z", re.IGNORECASE)


def _integer(*, signed: bool) -> Callable[[bytes], str]:
    return lambda raw: str(int.from_bytes(raw, "little", signed=signed))


def _real(layout: str) -> Callable[[bytes], str]:
    return lambda raw: format_float(struct.unpack(layout, raw)[0], single=layout == "<f")


def _hexadecimal(raw: bytes) -> str:
    return format_hex(int.from_bytes(raw, "little"))


def _boolean(raw: bytes) -> str:
    return "true" if any(raw) else "false"


@dataclass(frozen=True, slots=True)
class _ValueType:
    """The formatter of a BinXML value type, and the valid lengths of its values in bytes (empty: any)."""

    write: Callable[[bytes], str]
    lengths: tuple[int, ...] = ()


STRING, ANSI_STRING, BINARY, SIZE_T, FILETIME, SID, BINXML = 0x01, 0x02, 0x0E, 0x10, 0x11, 0x13, 0x21
ARRAY = 0x80
"""The bit in a BinXML value type that marks an array of values of the type in the other bits."""

_VALUE_TYPES = {
    0x00: _ValueType(lambda raw: ""),
    STRING: _ValueType(decode_utf16),
    ANSI_STRING: _ValueType(decode_ansi),
    0x03: _ValueType(_integer(signed=True), (1,)),
    0x04: _ValueType(_integer(signed=False), (1,)),
    0x05: _ValueType(_integer(signed=True), (2,)),
    0x06: _ValueType(_integer(signed=False), (2,)),
    0x07: _ValueType(_integer(signed=True), (4,)),
    0x08: _ValueType(_integer(signed=False), (4,)),
    0x09: _ValueType(_integer(signed=True), (8,)),
    0x0A: _ValueType(_integer(signed=False), (8,)),
    0x0B: _ValueType(_real("<f"), (4,)),
    0x0C: _ValueType(_real("<d"), (8,)),
    0x0D: _ValueType(_boolean, (4, 1)),  # MS-EVEN6 says one byte, files hold a BOOL
    BINARY: _ValueType(lambda raw: raw.hex().upper()),
    0x0F: _ValueType(format_guid, (16,)),
    SIZE_T: _ValueType(_hexadecimal, (8, 4)),
    FILETIME: _ValueType(lambda raw: format_filetime(int.from_bytes(raw, "little")), (8,)),
    0x12: _ValueType(format_systemtime, (16,)),
    SID: _ValueType(format_sid),
    0x14: _ValueType(_hexadecimal, (4,)),
    0x15: _ValueType(_hexadecimal, (8,)),
}


VALUE_LENGTHS = {value_type: kind.lengths for value_type, kind in _VALUE_TYPES.items()}
"""For each known BinXML value type: the valid lengths of its values in bytes (empty: any)."""


def format_value(value_type: int, raw: bytes) -> str:
    """Return one BinXML value (MS-EVEN6 2.2.12.3 and 3.1.4.7.3) in the form of Windows.

    Raises:
        ValueError: if the type is unknown, is an array or BinXML, or the number of bytes is invalid for it.
    """
    kind = _VALUE_TYPES.get(value_type)
    if kind is None:
        raise ValueError(f"value type 0x{value_type:02x} is not known")
    if kind.lengths and len(raw) not in kind.lengths:
        raise ValueError(f"a value of type 0x{value_type:02x} cannot have {len(raw)} bytes")
    return kind.write(raw)


def format_array(value_type: int, raw: bytes) -> list[str]:
    """Return each item of a BinXML array as text; ``value_type`` is the type of an item, without the bit ``ARRAY``.

    Arrays are split as in MS-EVEN6 3.1.4.7.5: by the length of an item, strings at each zero, SIDs by their own count.
    No specification states the length of a ``size_t``; eight bytes are assumed if the array's length allows it.

    Raises:
        ValueError: if the type is unknown, is not allowed in an array, or the bytes end within an item.
    """
    if value_type in (STRING, ANSI_STRING):
        characters = raw.decode("utf-16-le", "replace") if value_type == STRING else _ansi_characters(raw)
        items = characters.split("\0")
        return items if items[-1] else items[:-1]
    if value_type == SID:
        return _sids(raw)
    kind = _VALUE_TYPES.get(value_type)
    length = next((length for length in kind.lengths if len(raw) % length == 0), 0) if kind else 0
    if kind is None or length == 0:
        raise ValueError(f"{len(raw)} bytes are not an array of type 0x{value_type:02x}")
    return [kind.write(raw[start : start + length]) for start in range(0, len(raw), length)]


def _sids(raw: bytes) -> list[str]:
    items = []
    while raw:
        items.append(format_sid(raw))
        raw = raw[8 + 4 * raw[1] :]
    return items
