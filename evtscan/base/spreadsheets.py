"""Text → cells that a spreadsheet shows as they are meant.

Text that it would run as a formula gets a leading apostrophe (OWASP, "CSV Injection"). ISO 8601 Excel takes for text;
with fractions of a second it shows a time as minutes and seconds, and it counts days from 1900 on.
"""

import re

_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
"""What begins a formula: also behind white space, which some programs trim, and in full width. Apostrophes may lead,
so that taking one away always gives back the value."""


_TIME = re.compile(r"(?!1[0-8])(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z\Z")
"""A time in UTC that Excel can count; a local one must not look like it."""


def excel_time(text: str) -> str:
    """A time as Excel reads it: without fractions, with which it shows minutes and seconds alone.

    One before 1900, from where it counts, and a local one, which must not look like UTC, stay as they are.
    """
    match = _TIME.match(text)
    return f"{match[1]} {match[2]}" if match else text


def as_meant(text: str) -> str:
    """The text that ``neutralised`` has made safe.

    >>> as_meant("'=1+1"), as_meant("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def neutralised(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return "'" + text if _FORMULA.match(text) else text
