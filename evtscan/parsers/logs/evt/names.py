"""Collect the computer names of a log, without running Python code for each record."""

import numpy as np
from numpy.typing import NDArray

from evtscan.parsers.logs.evt.decode import computer_name
from evtscan.parsers.logs.evt.records import FIXED_SIZE, Batch

MOST_COMPUTERS = 64
_MOST_PAIRS = 1024
"""Pairs of source and computer: some dozens in a real log."""

_WINDOW = 256
"""Bytes that the names of source and computer take at most, as far as they are told apart."""

_PREFIXES = np.tri(_WINDOW + 1, _WINDOW, -1, dtype=np.uint8) * np.uint8(0xFF)
"""Row n lets the first n bytes of a window through."""

_MOST_TAILS = 8
"""Endings of the names: a name of a computer with each way to fill it up to the next boundary."""

_WORD, _LONGEST_TAIL = 8, 64

_MULTIPLIERS = np.array([pow(0x9E3779B97F4A7C15, power, 1 << 64) for power in range(1, _WINDOW // 8 + 1)], np.uint64)


class _Tail:
    r"""The last bytes of the names of some records: ``\0NAME\0`` in UTF-16, with the padding after it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.width = -(-len(raw) // _WORD) * _WORD
        filling = self.width - len(raw)
        self._mask = np.frombuffer(bytes(filling) + b"\xff" * len(raw), np.uint64)
        self._words = np.frombuffer(bytes(filling) + raw, np.uint64)

    def ends_at(self, batch: Batch, rows: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each record whether these bytes precede the given position, and begin after the fixed part."""
        behind = batch.starts[rows] + np.maximum(ends, self.width)
        words = batch.windows_at(behind - self.width, self.width).view(np.uint64).reshape(-1, len(self._words))
        same = ends >= FIXED_SIZE + len(self.raw)
        for place, (mask, word) in enumerate(zip(self._mask, self._words, strict=True)):
            same &= (words[:, place] & mask) == word
        return same


class Computers:
    """Computer names in order of first appearance, at most ``MOST_COMPUTERS``.

    A record is decoded for its name only if its pair of source and computer is new. Most records are recognised by the
    last bytes of this pair, which are equal to the last bytes of an earlier record. ``newest`` is the name in the
    newest record.
    """

    def __init__(self) -> None:
        self.newest: str | None = None
        self._pairs = np.zeros(0, np.uint64)
        self._names: dict[str, None] = {}
        self._tails: list[_Tail] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The names so far."""
        return tuple(self._names)

    def add(self, batch: Batch) -> None:
        """Add the names of the records of a batch."""
        if not batch.rows.size:
            return
        self.newest = computer_name(batch.record(batch.rows.size - 1)) or self.newest
        if self._full:
            return
        rows = self._untold(batch)
        if not rows.size:
            return
        ends = _names_end(batch.rows[rows])
        pairs = _pairs(batch, rows, ends)
        fresh = np.flatnonzero(~_contains(self._pairs, pairs))
        while fresh.size and not self._full:
            row, end = int(rows[fresh[0]]), int(ends[fresh[0]])
            name = computer_name(batch.record(row))
            if name:
                self._names.setdefault(name)
                self._learn(batch, row, end, name)
            pair = pairs[fresh[0]]
            self._pairs = np.sort(np.append(self._pairs, pair))
            fresh = fresh[pairs[fresh] != pair]

    @property
    def _full(self) -> bool:
        return len(self._names) >= MOST_COMPUTERS or self._pairs.size >= _MOST_PAIRS

    def _untold(self, batch: Batch) -> NDArray[np.int64]:
        """Return the rows whose names do not end with a known tail at the most likely position."""
        rows, ends = np.arange(batch.rows.size), _likely_end(batch.rows)
        for tail in self._tails:
            if not rows.size:
                break
            other = ~tail.ends_at(batch, rows, ends)
            rows, ends = rows[other], ends[other]
        return rows

    def _learn(self, batch: Batch, row: int, end: int, name: str) -> None:
        """Add the last bytes of a name to the known tails, including the end of the source name before it."""
        names = batch.record(row)[FIXED_SIZE:end]
        at = names.rfind(f"\0{name}\0".encode("utf-16-le", "surrogatepass"))
        is_new = all(tail.raw != names[at:] for tail in self._tails)
        if at >= 0 and len(names) - at <= _LONGEST_TAIL and is_new and len(self._tails) < _MOST_TAILS:
            self._tails.append(_Tail(names[at:]))


def _likely_end(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the end of the names if all offsets are valid; Windows writes offsets even for absent parts."""
    ends = rows["length"] - 5
    for offset in ("sid_offset", "string_offset", "data_offset"):
        np.minimum(ends, rows[offset] - 1, out=ends)  # 0 becomes the largest number
    return ends.astype(np.int64) + 1


def _pairs(batch: Batch, rows: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a number for the bytes of each record between its fixed part and the end of its names (``ends``)."""
    sizes = np.clip(ends - FIXED_SIZE, 0, _WINDOW)
    width = max(-(-int(sizes.max()) // 8) * 8, 8)
    words = batch.windows_at(batch.starts[rows] + FIXED_SIZE, width).view(np.uint64).reshape(-1, width // 8)
    prefixes = np.ascontiguousarray(_PREFIXES[:, :width]).view(np.uint64)
    words &= prefixes.take(sizes, axis=0)
    keys: NDArray[np.uint64] = np.einsum("ij,j->i", words, _MULTIPLIERS[: width // 8])
    return keys + sizes.astype(np.uint64)  # the filling, which is zeros, tells pairs apart too


def _names_end(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the latest possible end of the names: the beginning of SID, strings or data, whichever exists."""
    ends = rows["length"].astype(np.int64) - 4
    for count, offset in (
        ("sid_length", "sid_offset"),
        ("string_count", "string_offset"),
        ("data_length", "data_offset"),
    ):
        offsets = rows[offset].astype(np.int64)
        ends = np.where((rows[count] > 0) & (offsets > FIXED_SIZE), np.minimum(ends, offsets), ends)
    return ends


def _contains(ordered: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not ordered.size:
        return np.zeros(keys.size, np.bool_)
    places = np.minimum(np.searchsorted(ordered, keys), ordered.size - 1)
    found: NDArray[np.bool_] = ordered[places] == keys
    return found
