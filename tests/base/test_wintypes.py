"""Windows' binary values in Windows' spelling."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.wintypes import (
    SID,
    SIZE_T,
    STRING,
    Instant,
    decode_ansi,
    decode_utf16,
    format_array,
    format_float,
    format_guid_text,
    format_value,
    parse_time,
)

UINT32, BOOLEAN, BINARY = 0x08, 0x0D, 0x0E


@pytest.mark.parametrize(
    ("value", "single", "text"),
    [
        (0.0, False, "0.0"),
        (-0.5, False, "-0.5"),
        (1e-7, False, "0.0000001"),
        (1e22, False, "10000000000000000000000.0"),
        (struct.unpack("<f", struct.pack("<f", 0.1))[0], True, "0.1"),
        (struct.unpack("<f", b"\xff\xff\x7f\x7f")[0], True, "340282350000000000000000000000000000000.0"),
        (math.nan, True, "NaN"),
        (-math.inf, False, "-INF"),
    ],
)
def test_floats_have_no_exponent(value, single, text):
    assert format_float(value, single=single) == text


@settings(deadline=None, max_examples=100)
@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_single_is_named_by_its_text(value):
    assert struct.pack("<f", float(format_float(value, single=True))) == struct.pack("<f", value)


def test_text_ends_at_its_closing_zeros_and_keeps_the_rest():
    assert decode_utf16("a\0b\0\0".encode("utf-16-le")) == "a\0b"
    assert decode_utf16(b"a\0\x40\xd9") == "a\ufffd"
    assert decode_ansi(b"\x80\x81\xe9\0") == "€\x81é"


def test_guids_that_are_text():
    assert format_guid_text("{555908d1-a6d7-4695-8e1e-26931d2012f4}") == "{555908D1-A6D7-4695-8E1E-26931D2012F4}"
    assert format_guid_text("not a guid") == "not a guid"


@pytest.mark.parametrize(
    ("value_type", "raw", "items"),
    [
        (STRING, b"", []),
        (STRING, "a\0\0b\0".encode("utf-16-le"), ["a", "", "b"]),
        (STRING, "a\0b".encode("utf-16-le"), ["a", "b"]),
        (0x02, b"x\0\xe9\0", ["x", "é"]),
        (UINT32, struct.pack("<2I", 1, 0xFFFFFFFF), ["1", "4294967295"]),
        (BOOLEAN, struct.pack("<2I", 0, 7), ["false", "true"]),
        (SIZE_T, struct.pack("<2Q", 1, 16), ["0x1", "0x10"]),
        (SIZE_T, struct.pack("<I", 16), ["0x10"]),
        (SID, bytes.fromhex("010100000000000512000000") * 2, ["S-1-5-18", "S-1-5-18"]),
        (0x14, struct.pack("<I", 0xAB), ["0xab"]),
    ],
)
def test_arrays(value_type, raw, items):
    assert format_array(value_type, raw) == items


@pytest.mark.parametrize(
    ("value_type", "raw"), [(UINT32, b"\1\2\3"), (BINARY, b"ab"), (SID, b"\1\1"), (0x21, b""), (0x55, b"\0")]
)
def test_bytes_that_are_no_array_are_refused(value_type, raw):
    with pytest.raises(ValueError, match=r"0x|SID"):
        format_array(value_type, raw)


@pytest.mark.parametrize(("value_type", "raw"), [(UINT32, b"\1"), (0x0F, b""), (SID, b""), (0x21, b""), (0x81, b"")])
def test_bytes_that_are_no_value_are_refused(value_type, raw):
    with pytest.raises(ValueError, match=r"0x|SID"):
        format_value(value_type, raw)


NOON = parse_time("2001-03-14T12:00:00Z")
FOURTEEN_HOURS = 14 * 3600 * 10_000_000


def test_a_local_time_is_fourteen_hours_wide_to_both_sides():
    local = Instant(NOON.ticks, 0, local=True)
    assert (NOON.earliest, NOON.latest) == (NOON.ticks, NOON.ticks)
    assert (local.earliest, local.latest) == (NOON.ticks - FOURTEEN_HOURS, NOON.ticks + FOURTEEN_HOURS)
    assert (str(NOON), str(local)) == ("2001-03-14T12:00:00Z", "2001-03-14T12:00:00")


@pytest.mark.parametrize(
    ("start", "end", "utc", "local"),
    [
        (None, None, True, True),
        (0, None, True, True),
        (1, None, False, True),
        (FOURTEEN_HOURS, None, False, True),
        (FOURTEEN_HOURS + 1, None, False, False),
        (None, 1, True, True),
        (None, 0, False, True),
        (None, 1 - FOURTEEN_HOURS, False, True),
        (None, -FOURTEEN_HOURS, False, False),
        (-1, 1, True, True),
        (1, 2, False, True),
    ],
)
def test_a_time_lies_in_a_span_or_may(start, end, utc, local):
    span = [None if distance is None else Instant(NOON.ticks + distance) for distance in (start, end)]
    assert NOON.may_lie_in(*span) is utc
    assert Instant(NOON.ticks, local=True).may_lie_in(*span) is local
