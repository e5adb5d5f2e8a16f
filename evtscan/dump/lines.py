"""Blocks → lines of JSON or CSV, one row a line; the output is the same for any number of workers."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from evtscan.base.jsontext import json_text
from evtscan.base.model.log import Same
from evtscan.base.spreadsheets import excel_time, neutralised
from evtscan.dump.blocks import Block
from evtscan.dump.columns import COLUMNS

Cells = Callable[[list[Any]], list[str]]
"""The values of a column → their texts, each with what stands before it on the line."""


class _Cache(dict[Any, str]):
    """Text by value, computed at the first look-up; cleared when it becomes large."""

    def __init__(self, make: Callable[[Any], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> str:
        if len(self) > _MOST_CACHED:
            self.clear()
        text = self._make(value)
        if len(text) <= _LONGEST_CACHED:
            self[value] = text
        return text


_MOST_CACHED = 1 << 16
_LONGEST_CACHED = 1024  # characters

BOM = "\ufeff"
_TIMES = ("TimeCreated", "TimeWritten")
_UNIQUE = frozenset({"TimeCreated", "RecordID", "Offset", "HeaderID", "Data", "Message"})
"""Columns in which hardly any value repeats: a cache would only grow."""


class Lines:
    """Rows as lines: for each column, the text before its cell, and the format of its cells."""

    suffix = ""
    header = ""
    end = "\n"

    def __init__(self, columns: Iterable[str]) -> None:
        self._caches: dict[str, _Cache] = {}
        self._before = {name: self.before(name, place) for place, name in enumerate(columns)}

    def before(self, name: str, place: int) -> str:
        """Return the text before a cell."""
        raise NotImplementedError

    def cell(self, name: str, value: Any) -> str:
        """Return the text of a cell."""
        raise NotImplementedError

    def lines(self, block: Block) -> Iterator[str]:
        """Yield the lines of a block, each with its line break."""
        columns: list[Iterable[str]] = []
        literal = ""  # what columns of one value say, up to the next one that varies
        for name, values in block.columns.items():
            if isinstance(values, Same):
                literal += self._before[name] + self.cell(name, values.value)
            else:
                columns += repeat(literal + self._before[name], block.count), self._texts(name, values)
                literal = ""
        columns.append(repeat(literal + self.end, block.count))
        return map("".join, zip(*columns, strict=True))

    def _texts(self, name: str, values: list[Any]) -> Iterable[str]:
        if name in _UNIQUE:
            return self.unique(name, values)
        if name not in self._caches:
            self._caches[name] = _Cache(partial(self.cell, name))
        return map(self._caches[name].__getitem__, values)

    def unique(self, name: str, values: list[Any]) -> Iterable[str]:
        """Return the cells of a column in which hardly any value repeats."""
        return (self.cell(name, value) for value in values)


class JsonLines(Lines):
    """Rows as JSON Lines: missing values are null, numbers are numbers, ``Data`` is an object."""

    suffix = ".jsonl"
    end = "}\n"

    def __init__(self, columns: Iterable[str] = COLUMNS) -> None:
        super().__init__(columns)

    def before(self, name: str, place: int) -> str:
        """Return the key of the member."""
        return f'{"," if place else "{"}"{name}":'

    def cell(self, name: str, value: Any) -> str:
        """Return the value as JSON."""
        return str(value) if name == "Data" else json_text(value)

    def unique(self, name: str, values: list[Any]) -> Iterable[str]:
        """Return the values as JSON; most of them never need escapes."""
        if name == "Data":
            return values
        if None in values or name == "Message":
            return map(json_text, values)
        return [f'"{value}"' for value in values] if name == "TimeCreated" else map(str, values)


_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_CONTROLS = (
    {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t")}
    | {code: f"\\u{code:04x}" for code in (*range(0x2028, 0x202F), *range(0x2066, 0x206A))}
    | {ord("\r"): "\\r", ord("\n"): "\\n", 0: "\\0"}
)
"""What a terminal acts on, as an escape that a person can read: line breaks, controls, what reorders text."""


def csv_cell(value: Any, raw: bool = False) -> str:
    """Return one cell: one line without controls, quoted if necessary, formulas neutralised unless ``raw``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if not text.isprintable():  # told much faster than translated, and nearly all text is
        text = text.translate(_CONTROLS)
    if not raw:
        text = neutralised(text)
    return _enclosed(text) if _NEEDS_QUOTES.search(text) else text


def _enclosed(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


class Csv(Lines):
    """Rows as CSV (RFC 4180, CRLF) with a header; ``Data`` is the text of a JSON object.

    ``excel`` adds a byte order mark at the beginning, and writes times in a form that Excel reads as times.
    """

    suffix = ".csv"
    end = "\r\n"

    def __init__(self, columns: Sequence[str] = tuple(COLUMNS), raw: bool = False, excel: bool = False) -> None:
        super().__init__(columns)
        self.header = (BOM if excel else "") + ",".join(columns) + "\r\n"
        self._raw, self._excel = raw, excel

    def before(self, name: str, place: int) -> str:
        """Return the separator."""
        return "," if place else ""

    def cell(self, name: str, value: Any) -> str:
        """Return the value as a cell."""
        if self._excel and name in _TIMES and value is not None:
            return excel_time(value)
        return _enclosed(value) if name == "Data" else csv_cell(value, self._raw)

    def unique(self, name: str, values: list[Any]) -> Iterable[str]:
        """Return the values as cells; times and numbers need no quotes."""
        if name in ("Data", "Message") or None in values:
            return super().unique(name, values)
        return map(excel_time, values) if self._excel and name == "TimeCreated" else map(str, values)
