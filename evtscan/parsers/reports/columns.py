"""Text tables: the spans of fixed columns, and the fields of a CSV line."""

import csv
import re
from collections.abc import Sequence


def columns_under(ruler: str) -> list[tuple[int, int | None]]:
    """Return the spans of the columns below the segments of a line ``==== ===`` or ``---- ---``.

    The last span has no end.
    """
    starts = [match.start() for match in re.finditer(r"[=-]+", ruler)]
    return _spans(starts)


def columns_of(captions: str) -> dict[str, tuple[int, int | None]]:
    """Return the spans of the columns by their captions; captions must not contain blanks."""
    found = list(re.finditer(r"\S+", captions))
    return dict(zip([match[0] for match in found], _spans([match.start() for match in found]), strict=True))


def _spans(starts: Sequence[int]) -> list[tuple[int, int | None]]:
    ends: list[int | None] = [*starts[1:], None]
    return list(zip(starts, ends, strict=True)) if starts else []


def fields_of(line: str) -> list[str]:
    """Return the fields of a CSV line; carriage returns become blanks, since the csv module rejects them."""
    return next(csv.reader([line.replace("\r", " ")], strict=False), [])
