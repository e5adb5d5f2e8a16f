"""Lines → rows of a CSV file, each with the line that it begins on; what is damaged is given up to the next row.

A field may hold line breaks within quotation marks. One that never ends is cut off at a limit (131,072 characters,
twice what a record of a log can hold), and reading goes on with the line after it.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_FIELD = 1 << 17


@dataclass(slots=True)
class Row:
    """One row; ``error`` says why it could not be read, and ``fields`` is empty then. ``last`` is its last line."""

    line: int
    last: int
    fields: list[str]
    error: str = ""


def rows(lines: Iterable[tuple[int, str]], separator: str, longest: int = LONGEST_FIELD) -> Iterator[Row]:
    """The rows that are not blank.

    >>> [row.fields for row in rows([(1, 'a,"b'), (2, 'c",d')], ",")]
    [['a', 'b\\nc', 'd']]
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
    """Hands lines to the reader, and remembers the numbers of those that the row in hand is made of."""

    def __init__(self, lines: Iterable[tuple[int, str]]) -> None:
        self._lines = iter(lines)
        self.first = self.last = 0

    def __iter__(self) -> "_Numbers":
        return self

    def __next__(self) -> str:
        self.last, line = next(self._lines)
        self.first = self.first or self.last
        return line + "\n"
