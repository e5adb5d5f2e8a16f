"""Windows' binary values in Windows' own spelling: times, SIDs, GUIDs, hexadecimal numbers."""

import re
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

TICKS_PER_SECOND = 10_000_000
_UNIX_EPOCH = 116_444_736_000_000_000
_FIRST = datetime(1601, 1, 1, tzinfo=UTC)
_LAST_TICKS = 2_650_467_743_999_999_999  # 9999-12-31T23:59:59.9999999Z


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time as the evidence has it: 100-nanosecond ticks since 1601-01-01 UTC (a FILETIME).

    ``digits`` is how many digits of the second the evidence carries: 7 in EVTX and registry, 0 in ``.evt``.
    It affects how the time is printed, never how it compares.
    """

    ticks: int
    digits: int = field(default=7, compare=False)

    @classmethod
    def from_unix(cls, seconds: int) -> "Instant":
        """Whole Unix seconds, as in ``.evt`` records."""
        return cls(_UNIX_EPOCH + seconds * TICKS_PER_SECOND, 0)

    def __str__(self) -> str:
        return format_filetime(self.ticks, self.digits)


def format_filetime(ticks: int, digits: int = 7) -> str:
    """Write a FILETIME as ISO 8601 UTC with ``digits`` digits of the second; one past year 9999 as hex.

    >>> format_filetime(116444736000000001)
    '1970-01-01T00:00:00.0000001Z'
    """
    if not 0 <= ticks <= _LAST_TICKS:
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
    """Read an ISO 8601 date or time; without zone it is UTC, without time of day it is midnight.

    Raises:
        ValueError: if the text is not one.
    """
    match = _ISO.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date or time such as 2001-03-14 or 2001-03-14T09:26:53Z")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    zone = (match[8] or "Z").upper()
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment = moment - offset if zone[0] == "+" else moment + offset
    fraction = (match[7] or "")[:7]
    since = moment - _FIRST
    ticks = (since.days * 86400 + since.seconds) * TICKS_PER_SECOND + int(fraction.ljust(7, "0"))
    if ticks < 0:
        raise ValueError(f"{text!r} lies before 1601")
    return Instant(ticks, len(fraction))


def format_guid(raw: bytes) -> str:
    """Write 16 bytes as Windows prints a GUID: braces, upper case."""
    first, second, third = struct.unpack_from("<IHH", raw)
    tail = raw[8:16].hex().upper()
    return f"{{{first:08X}-{second:04X}-{third:04X}-{tail[:4]}-{tail[4:]}}}"


def format_sid(raw: bytes) -> str:
    """Write a security identifier as ``S-1-…`` (MS-DTYP 2.4.2.1).

    Raises:
        ValueError: if the bytes are too short for the number of sub-authorities that they announce.
    """
    if len(raw) < 8 or raw[1] > 15 or len(raw) < 8 + 4 * raw[1]:
        raise ValueError(f"{len(raw)} bytes are not a SID")
    authority = int.from_bytes(raw[2:8], "big")
    parts = struct.unpack_from(f"<{raw[1]}I", raw, 8)
    shown = f"0x{authority:x}" if authority >= 1 << 32 else str(authority)
    return "-".join(["S", str(raw[0]), shown, *map(str, parts)])


def format_hex(value: int) -> str:
    """Write a HexInt as Windows does: ``0x``, lower case, no padding."""
    return f"0x{value:x}"


def format_systemtime(raw: bytes) -> str:
    """Write a SYSTEMTIME (MS-DTYP 2.3.13, 16 bytes) as ISO 8601 with milliseconds."""
    year, month, _, day, hour, minute, second, milliseconds = struct.unpack_from("<8H", raw)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z"
