"""Blocks → lines of JSON or CSV: one row a line, every column, the same bytes whatever the number of workers."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evtscan.dump.blocks import Block, json_text
from evtscan.dump.columns import COLUMNS

Cells = Callable[[list[Any]], list[str]]


class _Cache(dict[Any, str]):
    """Text by value, made when it is first asked for; emptied before it grows large."""

    def __init__(self, make: Callable[[Any], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> str:
        if len(self) > _MOST_CACHED:
            self.clear()
        text = self[value] = self._make(value)
        return text


_MOST_CACHED = 1 << 16


def _of_number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _of_bool(value: bool) -> str:
    return "true" if value else "false"


def _cached(make: Callable[[Any], str]) -> Cells:
    cache = _Cache(make)
    return lambda values: list(map(cache.__getitem__, values))


def _each(make: Callable[[Any], str]) -> Cells:
    return lambda values: list(map(make, values))


def _quoted(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


_UNIQUE = {"TimeCreated", "RecordID", "Offset", "HeaderID", "Data", "Message"}
"""Columns in which hardly any value repeats: a cache would only grow."""

_JSON_TEMPLATE = "{" + ",".join(f'"{name}":%s' for name in COLUMNS) + "}\n"


class JsonLines:
    """Rows as JSON Lines: absent is null, numbers are numbers, ``Data`` is an object."""

    suffix = ".jsonl"
    header = ""

    def __init__(self) -> None:
        self._cells: dict[str, Cells] = {name: _cached(json_text) for name in COLUMNS}
        self._cells |= {name: _each(_of_number) for name in ("RecordID", "Offset", "HeaderID")}
        self._cells |= {"TimeCreated": _each(_quoted), "Message": _each(json_text), "Recovered": _each(_of_bool)}
        self._cells["Data"] = list

    def lines(self, block: Block) -> Iterator[str]:
        """The lines of a block, each with its line break."""
        columns = [self._cells[name](values) for name, values in block.columns.items()]
        return map(_JSON_TEMPLATE.__mod__, zip(*columns, strict=True))


_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
_BREAKS = str.maketrans({"\r": "\\r", "\n": "\\n", "\0": "\\0"})


def csv_cell(value: Any, raw: bool = False) -> str:
    """One cell: text on one line, quoted where it must be, formulas neutralised unless ``raw``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _of_bool(value)
    if isinstance(value, int):
        return str(value)
    text = str(value).translate(_BREAKS)
    if not raw and _FORMULA.match(text):
        text = "'" + text
    return _enclosed(text) if _NEEDS_QUOTES.search(text) else text


def _enclosed(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


class Csv:
    """Rows as CSV (RFC 4180, CRLF) with a header; ``Data`` is the text of a JSON object."""

    suffix = ".csv"

    def __init__(self, columns: Sequence[str] = tuple(COLUMNS), raw: bool = False) -> None:
        self.header = ",".join(columns) + "\r\n"
        self._template = ",".join(["%s"] * len(columns)) + "\r\n"

        def cell(value: Any) -> str:
            return csv_cell(value, raw)

        self._cells: dict[str, Cells] = {name: _each(cell) if name in _UNIQUE else _cached(cell) for name in columns}
        if "Data" in columns:
            self._cells["Data"] = _each(_enclosed)

    def lines(self, block: Block) -> Iterator[str]:
        """The lines of a block, each with its line break."""
        columns = [self._cells[name](values) for name, values in block.columns.items()]
        return map(self._template.__mod__, zip(*columns, strict=True))
