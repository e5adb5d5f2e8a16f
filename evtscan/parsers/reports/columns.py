"""Tables of text: where fixed columns begin and end, and the fields of a line of CSV."""

import csv
import re
from collections.abc import Sequence


def columns_under(ruler: str) -> list[tuple[int, int | None]]:
    """The spans of the columns over which a line of ``==== ===`` or ``---- ---`` is drawn; the last one is open."""
    starts = [match.start() for match in re.finditer(r"[=-]+", ruler)]
    return _spans(starts)


def columns_of(captions: str) -> dict[str, tuple[int, int | None]]:
    """The spans of the columns by their captions, none of which has a blank in it."""
    found = list(re.finditer(r"\S+", captions))
    return dict(zip([match[0] for match in found], _spans([match.start() for match in found]), strict=True))


def _spans(starts: Sequence[int]) -> list[tuple[int, int | None]]:
    ends: list[int | None] = [*starts[1:], None]
    return list(zip(starts, ends, strict=True)) if starts else []


def fields_of(line: str) -> list[str]:
    """The fields of a line of CSV, which csv refuses to read if there is a carriage return within it."""
    return next(csv.reader([line.replace("\r", " ")], strict=False), [])
