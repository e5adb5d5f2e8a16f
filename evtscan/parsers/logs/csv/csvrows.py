"""Lines → rows of a CSV file, each with its line numbers; a damaged row does not affect the next one.

A quoted field may contain line breaks. A field that never ends is an error at a limit (131,072 characters, twice the
size that a record of a log can have), and parsing continues with the next line.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_FIELD = 1 << 17


@dataclass(slots=True)
class Row:
    """One row, from ``line`` to ``last``; for an invalid row ``error`` is the reason and ``fields`` is empty."""

    line: int
    last: int
    fields: list[str]
    error: str = ""


def rows(lines: Iterable[tuple[int, str]], separator: str, longest: int = LONGEST_FIELD) -> Iterator[Row]:
    r"""Yield the rows that are not blank.

    >>> [row.fields for row in rows([(1, 'a,"b'), (2, 'c",d')], ",")]
    [['a', 'b\nc', 'd']]
    """
    numbers = _Numbers(lines)
    reader = csv.reader(numbers, delimiter=separator)
    while True:
        numbers.first = 0
        csv.field_size_limit(longest)  # one for all readers, so it is set anew for each row
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(numbers.first, numbers.last, [], str(error))
            continue
        if any(fields):
            yield Row(numbers.first, numbers.last, fields)


class _Numbers:
    """Iterates over lines for the reader, and keeps the line numbers of the current row."""

    def __init__(self, lines: Iterable[tuple[int, str]]) -> None:
        self._lines = iter(lines)
        self.first = self.last = 0

    def __iter__(self) -> "_Numbers":
        return self

    def __next__(self) -> str:
        self.last, line = next(self._lines)
        self.first = self.first or self.last
        return line + "\n"
