"""The time line as CSV (RFC 4180): one line per row, formulas neutralised, identical bytes on every system."""

from typing import BinaryIO, TypeVar

from evtscan.base.spreadsheets import excel_time
from evtscan.dump.lines import BOM, csv_cell
from evtscan.hunt.detection import COLUMNS, Detection
from evtscan.hunt.run import Hunted
from evtscan.report.details import details_of
from evtscan.reporters.tables.csv import Dialect

K = TypeVar("K")
V = TypeVar("V")

_OF_RULES = ("Level", "RuleTitle", "Tags", "RuleID", "RuleFile")
_MOST_CACHED = 10_000


class CsvSink:
    """Write each row when it arrives.

    The cells of a rule and columns with few values (computer, channel, provider, file) are cached.
    """

    def __init__(self, stream: BinaryIO, dialect: Dialect) -> None:
        self._stream, self._dialect = stream, dialect
        self._of_rules: dict[tuple[int, ...], tuple[str, str]] = {}
        self._cells: dict[str, str] = {}
        head = (BOM if dialect.excel else "") + ",".join(COLUMNS) + "\r\n"
        stream.write(head.encode())

    def add(self, row: Detection) -> None:
        """Write a row."""
        hit, cell = row.hit, self._cell
        told, named = self._of_rules.get(hit.rules) or self._begin(row)
        time = excel_time(hit.time) if self._dialect.excel else hit.time
        details = csv_cell(details_of(hit.data, hit.message), self._dialect.raw)
        cells = (
            *(time, cell(hit.computer), told, cell(hit.channel), cell(hit.provider)),
            *(_number(hit.event_id), _number(hit.record_id), details, named, cell(hit.source), _number(hit.offset)),
        )
        self._stream.write(f"{','.join(cells)}\r\n".encode("utf-8", "replace"))

    def close(self, hunted: Hunted) -> None:
        """Do nothing: all rows have been written."""

    def _begin(self, row: Detection) -> tuple[str, str]:
        """Return the cells of the rules of a row: level, title and tags, then id and file."""
        level, title, tags, rule_id, file = (csv_cell(COLUMNS[name](row), self._dialect.raw) for name in _OF_RULES)
        return _kept(self._of_rules, row.hit.rules, (f"{level},{title},{tags}", f"{rule_id},{file}"))

    def _cell(self, text: str) -> str:
        found = self._cells.get(text)
        return _kept(self._cells, text, csv_cell(text, self._dialect.raw)) if found is None else found


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _kept(cache: dict[K, V], key: K, value: V) -> V:
    """Add the value to a cache and return it; a full cache is cleared first."""
    if len(cache) >= _MOST_CACHED:
        cache.clear()
    cache[key] = value
    return value


def sink(stream: BinaryIO, dialect: Dialect) -> CsvSink:
    """Return a sink that writes the time line.

    Raises:
        OSError: if the stream cannot be written.
    """
    return CsvSink(stream, dialect)
