"""Text → cells that a spreadsheet displays as text or as a time.

Text that a spreadsheet would run as a formula gets a leading apostrophe (OWASP, "CSV Injection"). Excel reads ISO 8601
as text; it displays times with fractions of a second as minutes and seconds, and knows no dates before 1900.
"""

import re

_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
"""What begins a formula: also behind white space, which some programs trim, and in full width. Apostrophes may lead,
so that taking one away always gives back the value."""


_TIME = re.compile(r"(?!1[0-8])(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z\Z")
"""A time in UTC that Excel can count; a local one must not look like it."""


def excel_time(text: str) -> str:
    """Return a time in UTC in the form that Excel reads, without fractions of a second.

    A time before 1900 stays text. A local time stays text too, because it must not look like UTC.
    """
    match = _TIME.match(text)
    return f"{match[1]} {match[2]}" if match else text


def as_meant(text: str) -> str:
    """Return the text that was passed to ``neutralised``.

    >>> as_meant("'=1+1"), as_meant("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def neutralised(text: str) -> str:
    """Return the text, with an apostrophe before it if a spreadsheet would run it as a formula."""
    return "'" + text if _FORMULA.match(text) else text
