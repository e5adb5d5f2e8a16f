"""Columns as padded text, beside the functions that write one value."""

import json
import random

import numpy as np
import pytest

from evtscan.base import padded
from evtscan.base.wintypes import LAST_TICKS, format_filetime, format_guid


def texts(column):
    return [row.tobytes().replace(b"\0", b"").decode() for row in column]


@pytest.mark.parametrize("bits", [1, 4, 13, 32, 33, 64])
def test_numbers(bits):
    chosen = random.Random(bits)
    values = [chosen.getrandbits(chosen.randint(1, bits)) for _ in range(500)] + [0, (1 << bits) - 1]
    column = np.array(values, np.uint64)
    assert texts(padded.decimal(column)) == [str(value) for value in values]
    assert texts(padded.hexadecimal(column)) == [f"{value:x}" for value in values]
    same = np.array([values[-1]] * 3, np.uint64)
    assert texts(padded.decimal(same)) == [str(values[-1])] * 3


@pytest.mark.parametrize("power", [0, *range(1, 20)])
def test_numbers_around_each_power_of_ten(power):
    values = [10**power - 1, 10**power, 10**power + 1]
    assert texts(padded.decimal(np.array(values, np.uint64))) == [str(value) for value in values]


def test_signed_numbers():
    values = [-(1 << 63), -10_000, -1, 0, 9, (1 << 63) - 1]
    assert texts(padded.signed_decimal(np.array(values, np.int64))) == [str(value) for value in values]
    assert texts(padded.signed_decimal(np.array([-128, 127], np.int8))) == ["-128", "127"]


def test_guids_and_bytes():
    chosen = random.Random(2)
    raws = [chosen.randbytes(16) for _ in range(50)]
    matrix = np.frombuffer(b"".join(raws), np.uint8).reshape(50, 16)
    assert texts(padded.guids(matrix)) == [format_guid(raw) for raw in raws]
    sizes = np.array([chosen.randint(0, 16) for _ in raws], np.int64)
    hexed = [raw[:size].hex().upper() for raw, size in zip(raws, sizes.tolist(), strict=True)]
    assert texts(padded.hex_bytes(matrix, sizes)) == hexed


@pytest.mark.parametrize("span", [1, 10**9, 10**14, LAST_TICKS])
def test_times(span):
    chosen = random.Random(span)
    first = chosen.randint(0, LAST_TICKS - span)
    ticks = [first + chosen.randint(0, span) for _ in range(300)]
    assert texts(padded.filetimes(np.array(ticks, np.uint64))) == list(map(format_filetime, ticks))


def test_times_past_the_last_year_are_hexadecimal():
    ticks = [0, LAST_TICKS, LAST_TICKS + 1, (1 << 64) - 1]
    assert texts(padded.filetimes(np.array(ticks, np.uint64))) == list(map(format_filetime, ticks))


def utf16(values):
    raws = [value.encode("utf-16-le") for value in values]
    width = max(map(len, raws))
    units = np.frombuffer(b"".join(raw.ljust(width, b"\xfe") for raw in raws), "<u2").reshape(len(raws), -1)
    return padded.utf16_json(units, np.array([len(raw) // 2 for raw in raws], np.int64))


def test_texts_as_json():
    plain = ["", "abc", "x" * 70, "with space~"]
    column, left = utf16(plain)
    assert texts(column) == plain
    assert not len(left)
    special = ["a\\b", 'say "no"', "tab\tline\nfeed\r\b\f", "Müller", "ends\0\0", "ÿ߿"]
    column, left = utf16(special)
    assert [json.loads(f'"{text}"') for text in texts(column)] == [text.rstrip("\0") for text in special]
    assert not len(left)


@pytest.mark.parametrize("text", ["\x01", "\x7f", "\x80", "\x9f", "ࠀ", "\u2028", "\u202e", "a\0b", "😀", "\ud800"])
def test_texts_that_take_more_are_named(text):
    raws = ["ok", f"x{text}y", "fine"]
    units = [value.encode("utf-16-le", "surrogatepass") for value in raws]
    width = max(map(len, units))
    matrix = np.frombuffer(b"".join(raw.ljust(width, b"\0") for raw in units), "<u2").reshape(3, -1)
    column, left = padded.utf16_json(matrix, np.array([len(raw) // 2 for raw in units], np.int64))
    assert left.tolist() == [1]
    column = padded.replaced(column, left, [b"something long enough"])
    assert texts(column) == ["ok", "something long enough", "fine"]


def test_lines_of_pieces(monkeypatch):
    numbers = padded.decimal(np.arange(1000, dtype=np.uint64))
    expected = [f"<{number}|{number}>\n".encode() for number in range(1000)]
    assert list(map(bytes, padded.lines([b"<", numbers, b"|", numbers, b">\n"], 1000))) == expected
    monkeypatch.setattr(padded, "_CACHED", 64 * 9)
    assert list(map(bytes, padded.lines([b"<", numbers, b"|", numbers, b">\n"], 1000))) == expected
