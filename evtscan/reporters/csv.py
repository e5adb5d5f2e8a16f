r"""Table → CSV as RFC 4180 has it: UTF-8, a header, CRLF after each row, cells quoted where they must be.

CRLF is what the RFC prescribes and what Excel itself saves; it is written on every platform, so that the bytes are
the same everywhere. Every row is one line: cells hold no line breaks. Text that a spreadsheet would run as a formula
gets a leading apostrophe (OWASP, "CSV Injection"); numbers of our own, such as counts, are left alone.
"""

import re
from io import TextIOWrapper
from typing import BinaryIO

from evtscan.reporters.tables import Cell, Table, cell_text

_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
"""What begins a formula: also behind white space, which some programs trim, and in full width. Apostrophes may lead,
so that taking one away always gives back the value."""


def write(table: Table, stream: BinaryIO) -> None:
    """Write one table.

    Raises:
        OSError: if the stream cannot be written.
    """
    import pandas as pd  # takes half a second, and most runs write no table

    rows = [[_neutralised(cell) for cell in row] for row in table.rows]
    frame = pd.DataFrame(rows, columns=list(table.columns), dtype=object)
    text = TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        frame.to_csv(text, index=False, lineterminator="\r\n")
        text.flush()
    finally:
        text.detach()


def _neutralised(cell: Cell) -> str:
    text = cell_text(cell)
    return neutralised(text) if isinstance(cell, str) else text


def neutralised(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return "'" + text if _FORMULA.match(text) else text
