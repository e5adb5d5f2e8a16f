"""Columns of values as text, formatted for all rows at once.

A column is a matrix of bytes with one row for each value: the value's text in UTF-8, padded with zero bytes to the
width of the matrix. Columns are joined side by side, and ``unpadded`` removes the zero bytes in one pass. So no Python
code runs for single values. Texts must not contain zero bytes.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evtscan.base.wintypes import LAST_TICKS, TICKS_PER_SECOND, format_filetime

Padded = NDArray[np.uint8]
"""Shape (rows, width); unused bytes are zero."""

Piece = bytes | Padded
"""A column, or the text that it has in every row."""


def from_texts(texts: Sequence[bytes]) -> Padded:
    """Return a column of existing texts; at least one."""
    width = max(map(len, texts))
    return np.array(texts, f"S{max(width, 1)}").view(np.uint8).reshape(len(texts), -1)


def replaced(column: Padded, rows: NDArray[np.int64], texts: Sequence[bytes]) -> Padded:
    """Return a column in which some rows have other texts."""
    written = from_texts(texts)
    if written.shape[1] > column.shape[1]:
        column = np.pad(column, ((0, 0), (0, written.shape[1] - column.shape[1])))
    column[rows] = 0
    column[rows, : written.shape[1]] = written
    return column


def side_by_side(pieces: Iterable[Piece], count: int) -> Padded:
    """Join columns; ``bytes`` are repeated in each of ``count`` rows."""
    folded: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and folded and isinstance(folded[-1], bytes):
            folded[-1] += piece
        else:
            folded.append(piece)
    width = sum(len(piece) if isinstance(piece, bytes) else piece.shape[1] for piece in folded)
    matrix = np.empty((count, width), np.uint8)
    place = 0
    for piece in folded:
        column = np.frombuffer(piece, np.uint8) if isinstance(piece, bytes) else piece
        matrix[:, place : place + column.shape[-1]] = column
        place += column.shape[-1]
    return matrix


def unpadded(matrix: Padded) -> bytes:
    """Return the texts of all rows, one after the other."""
    flat = matrix.reshape(-1)
    text: bytes = flat[flat != 0].tobytes()
    return text


def lines(pieces: Sequence[Piece], count: int) -> list[memoryview]:
    """Return the texts of all rows; each ends with its only line feed.

    Some rows are processed at a time, so that they fit into the processor's cache.
    """
    width = sum(len(piece) if isinstance(piece, bytes) else piece.shape[1] for piece in pieces)
    step = max(_FEWEST_ROWS, _CACHED // max(width, 1))
    found: list[memoryview] = []
    for start in range(0, count, step):
        rows = slice(start, start + step)
        some = [piece if isinstance(piece, bytes) else piece[rows] for piece in pieces]
        flat = side_by_side(some, min(step, count - start)).reshape(-1)
        text = flat[flat != 0]
        ends = np.flatnonzero(text == ord("\n")) + 1
        whole = memoryview(text)
        found += [whole[first:last] for first, last in pairwise([0, *ends.tolist()])]
    return found


_FEWEST_ROWS, _CACHED = 64, 1 << 19


def _digits(width: int) -> NDArray[np.uint8]:
    """Return all numbers of ``width`` decimal digits as text, each ``width`` bytes long."""
    count = 10**width
    table = np.empty((count, width), np.uint8)
    for place in range(width):
        table[:, place] = (np.arange(count) // 10 ** (width - 1 - place)) % 10 + ord("0")
    return table


_FOUR_DIGITS = _digits(4).view("<u4").reshape(-1)
_TWO_DIGITS = _digits(2)
_POWERS = np.array([10**power for power in range(1, 20)], np.uint64)


def decimal(values: NDArray[np.unsignedinteger[Any]]) -> Padded:
    """Return unsigned numbers in decimal; at least one."""
    largest, smallest = int(values.max()), int(values.min())
    width = len(str(largest))
    steps = -(-width // 4)
    rest: NDArray[Any] = values.astype(np.uint32 if largest < 1 << 32 else np.uint64)
    groups = np.empty((len(values), steps), "<u4")
    for step in reversed(range(1, steps)):
        quotient = rest // 10_000
        groups[:, step] = _FOUR_DIGITS[rest - quotient * 10_000]
        rest = quotient
    groups[:, 0] = _FOUR_DIGITS[rest]
    text = groups.view(np.uint8).reshape(len(values), 4 * steps)[:, 4 * steps - width :]
    if len(str(smallest)) != width:
        leading = width - 1 - np.searchsorted(_POWERS, values.astype(np.uint64), "right")
        text = text * (np.arange(width) >= leading[:, None])
    return text


def signed_decimal(values: NDArray[np.signedinteger[Any]]) -> Padded:
    """Return signed numbers in decimal; at least one."""
    wide = values.astype(np.int64)
    negative = wide < 0
    magnitude = wide.view(np.uint64)
    if not negative.any():
        return decimal(magnitude)
    magnitude = np.where(negative, ~magnitude + np.uint64(1), magnitude)
    sign = (negative * np.uint8(ord("-"))).astype(np.uint8)
    return np.concatenate([sign[:, None], decimal(magnitude)], axis=1)


def _hex_pairs(digits: str) -> NDArray[np.uint16]:
    pairs = "".join(high + low for high in digits for low in digits)
    return np.frombuffer(pairs.encode(), "<u2")


_HEX_LOWER, _HEX_UPPER = _hex_pairs("0123456789abcdef"), _hex_pairs("0123456789ABCDEF")
_HEX_POWERS = np.array([16**power for power in range(1, 16)], np.uint64)


def hexadecimal(values: NDArray[np.unsignedinteger[Any]]) -> Padded:
    """Return unsigned numbers in lower-case hexadecimal, without ``0x`` and without leading zeros; at least one."""
    wide = values.astype(np.uint64)
    width = len(f"{int(wide.max()):x}")
    raw = np.ascontiguousarray(wide.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - -(-width // 2) :])
    pairs = _HEX_LOWER[raw]
    text = pairs.view(np.uint8).reshape(len(wide), -1)
    text = text[:, text.shape[1] - width :]
    if len(f"{int(wide.min()):x}") != width:
        leading = width - 1 - np.searchsorted(_HEX_POWERS, wide, "right")
        text = text * (np.arange(width) >= leading[:, None])
    return text


def hex_bytes(raw: NDArray[np.uint8], sizes: NDArray[np.int64]) -> Padded:
    """Return bytes as upper-case hexadecimal; ``sizes`` are the numbers of valid bytes in the rows of ``raw``."""
    text = _HEX_UPPER[raw]
    if int(sizes.min(initial=0)) != raw.shape[1]:
        text = text * (np.arange(raw.shape[1]) < sizes[:, None]).astype(np.uint16)
    return text.view(np.uint8).reshape(len(raw), -1)


_GUID_ORDER = np.array([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15])
_GUID_GROUPS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def guids(raw: NDArray[np.uint8]) -> Padded:
    """Return GUIDs of 16 bytes as ``{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}``."""
    digits = _HEX_UPPER[np.take(raw, _GUID_ORDER, axis=1)].view(np.uint8).reshape(len(raw), 32)
    text = np.full((len(raw), 38), ord("-"), np.uint8)
    text[:, 0], text[:, 37] = ord("{"), ord("}")
    for place, (first, last) in enumerate(_GUID_GROUPS, 1):
        text[:, first + place : last + place] = digits[:, first:last]
    return text


def _times_of_day() -> NDArray[np.uint8]:
    """Return the text ``HH:MM:SS`` for every second of a day."""
    seconds = np.arange(86_400)
    text = np.full((86_400, 8), ord(":"), np.uint8)
    for place, values in enumerate((seconds // 3600, seconds // 60 % 60, seconds % 60)):
        text[:, 3 * place : 3 * place + 2] = _TWO_DIGITS[values]
    return text


_TIMES_OF_DAY: list[NDArray[np.uint8]] = []
_TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
_DAY_TEXTS: dict[int, bytes] = {}
_MOST_DAYS = 1 << 14


def filetimes(ticks: NDArray[np.uint64]) -> Padded:
    """Return FILETIMEs in the format of ``format_filetime``, with seven digits of the second."""
    late = ticks > LAST_TICKS
    if late.any():
        return _with_late(ticks, late)
    if not _TIMES_OF_DAY:
        _TIMES_OF_DAY.append(_times_of_day())
    day = ticks // _TICKS_PER_DAY
    within = ticks - day * _TICKS_PER_DAY
    second = within // TICKS_PER_SECOND
    fraction = (within - second * TICKS_PER_SECOND).astype(np.uint32)
    text = np.empty((len(ticks), 28), np.uint8)
    text[:, :10] = _dates(day)
    text[:, 10], text[:, 19], text[:, 27] = ord("T"), ord("."), ord("Z")
    text[:, 11:19] = _TIMES_OF_DAY[0][second]
    thousands = fraction // 1000
    digits = np.empty((len(ticks), 2), "<u4")
    digits[:, 0], digits[:, 1] = _FOUR_DIGITS[thousands], _FOUR_DIGITS[fraction - thousands * 1000]
    both = digits.view(np.uint8)
    text[:, 20:24], text[:, 24:27] = both[:, :4], both[:, 5:]
    return text


def _dates(day: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return days since 1601-01-01 as ``YYYY-MM-DD``; each distinct day is formatted once."""
    first = int(day[0])
    if (day == first).all():
        return np.frombuffer(_day_text(first), np.uint8)
    if len(_DAY_TEXTS) > _MOST_DAYS:
        _DAY_TEXTS.clear()
    earliest = day.min()
    span = int(day.max() - earliest) + 1
    if span <= _MOST_DAYS:
        which = (day - earliest).astype(np.int64)
        present = np.zeros(span, np.bool_)
        present[which] = True
        distinct = np.flatnonzero(present)
        table = np.empty((span, 10), np.uint8)
        table[distinct] = _as_rows([_day_text(int(earliest) + number) for number in distinct.tolist()])
        dates: NDArray[np.uint8] = table[which]
        return dates
    values, positions = np.unique(day, return_inverse=True)
    rows: NDArray[np.uint8] = _as_rows([_day_text(number) for number in values.tolist()])[positions]
    return rows


def _as_rows(texts: list[bytes]) -> NDArray[np.uint8]:
    rows: NDArray[np.uint8] = np.frombuffer(b"".join(texts), np.uint8).reshape(len(texts), -1)
    return rows


def _day_text(day: int) -> bytes:
    text = _DAY_TEXTS.get(day)
    if text is None:
        text = _DAY_TEXTS[day] = format_filetime(day * _TICKS_PER_DAY)[:10].encode()
    return text


def _with_late(ticks: NDArray[np.uint64], late: NDArray[np.bool_]) -> Padded:
    text = filetimes(np.where(late, np.uint64(0), ticks))
    written = from_texts([format_filetime(tick).encode() for tick in ticks[late].tolist()])
    text[late] = 0
    text[late, : written.shape[1]] = written
    return text


_ODD, _ODD_PAIR = 0xFF, 0xFFFF
"""Stands for a character that has no entry in a table below. No UTF-8 text contains this byte."""


def _characters() -> NDArray[np.uint8]:
    """Return a table from UTF-16 code units to bytes: printable ASCII that JSON does not escape, and 0; else
    ``_ODD``.
    """
    table = np.full(1 << 16, _ODD, np.uint8)
    table[0x20:0x7F] = np.arange(0x20, 0x7F)
    table[[0, ord('"'), ord("\\")]] = 0, _ODD, _ODD
    return table


def _escapes() -> NDArray[np.uint16]:
    """Return a table from UTF-16 code units to JSON text in UTF-8 of at most two bytes; else ``_ODD_PAIR``."""
    table = _CHARACTERS.astype(np.uint16)
    table[table == _ODD] = _ODD_PAIR
    for character, letter in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True):
        table[ord(character)] = ord("\\") | ord(letter) << 8
    letters = np.arange(0xA0, 0x800)
    table[0xA0:0x800] = 0xC0 | letters >> 6 | (0x80 | letters & 0x3F) << 8
    return table


_CHARACTERS = _characters()
_ESCAPES = _escapes()


def utf16_json(units: NDArray[np.uint16], sizes: NDArray[np.int64]) -> tuple[Padded, NDArray[np.int64]]:
    """Return UTF-16 texts as the content of JSON strings, and the rows that this function cannot convert.

    ``sizes`` are the numbers of valid code units in the rows of ``units``; zeros at the end of a text are dropped. Rows
    with other control characters, letters beyond U+07FF, or zeros inside are left to the caller.
    """
    count, width = units.shape
    counts = None if int(sizes.min()) == width else np.arange(width) < sizes[:, None]
    text = _CHARACTERS[units]
    if counts is not None:
        text *= counts
    rows = np.zeros(0, np.int64)
    if (text == _ODD).any():
        pairs = _ESCAPES[units]
        if counts is not None:
            pairs *= counts
        odd = pairs == _ODD_PAIR
        if odd.any():
            rows = np.flatnonzero(odd.any(axis=1))
        text = pairs.astype("<u2", copy=False).view(np.uint8).reshape(count, 2 * width)
        first = text[:, ::2]
    else:
        first = text
    if np.count_nonzero(first) != int(sizes.sum()):  # zeros inside a text, or at its end
        inside = ((first[:, :-1] == 0) & (first[:, 1:] != 0)).any(axis=1)
        rows = np.union1d(rows, np.flatnonzero(inside))
    return text, rows
