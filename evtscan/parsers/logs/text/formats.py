"""The record patterns of all text exports: they recognise the format from the first bytes of a file, and parse rows.

Only the content is used, and a single field is never sufficient: a row must have a date, a time of day, an event id,
and words, numbers and names in the columns that the format defines.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise

from evtscan.parsers.formats import Format, Kind

DATE = r"\d{1,4}[./-] ?(?:\d{1,2}|[A-Za-z]{3,9})[./-] ?\d{1,4}(?:\.| г\.?)?"
"""A date as any locale prints it."""

_HALF = r"[^\W\d_][^\d\t,;|]{0,5}"
TIME = rf"(?:{_HALF} ?)?\d{{1,2}}[:.]\d\d(?:[:.]\d\d)?(?: ?{_HALF})?"
"""A time of day, with the word for AM or PM before or after it."""

SEPARATORS = "\t,;"
_HEAD_LINES = 40
_TYPE_NUMBERS = frozenset({"0", "1", "2", "4", "8", "16"})
PROMPT = re.compile(r"(?:PS )?[A-Za-z]:\\[^>]{0,260}>")
_NUMBER = re.compile(r"[\d.,:/ -]*\Z")
_DIGIT = re.compile(r"\d")


# ------------------------------------------------------------------------------------------------- rows


@cache
def viewer_row(separator: str) -> re.Pattern[str]:
    """Pattern for lists saved by NT to 2003: date, time, source, type, category, event, user, computer, description."""
    s = re.escape(separator)
    word, some = f"([^{s}]+)", f"([^{s}]*)"
    return re.compile(rf"({DATE}){s}({TIME}){s}{word}{s}{word}{s}{some}{s}(\d{{1,5}}){s}{word}{s}{word}(?:{s}(.*))?\Z")


@cache
def viewer_list_row(separator: str) -> re.Pattern[str]:
    """Pattern for lists exported by XP and 2003: type, date, time, source, category, event, user, computer."""
    s = re.escape(separator)
    word, some = f"([^{s}]+)", f"([^{s}]*)"
    return re.compile(rf"{word}{s}({DATE}){s}({TIME}){s}{word}{s}{some}{s}(\d{{1,5}}){s}{word}{s}{word}{s}?\Z")


@cache
def dumpel_row(separator: str) -> re.Pattern[str]:
    """Pattern for dumpel rows: date, time, type, category, event id, two names, computer, strings."""
    s = re.escape(separator)
    some = f"([^{s}]*)"
    numbers = rf"(\d{{1,2}}){s}(\d{{1,5}}){s}(\d{{1,10}})"
    return re.compile(rf"({DATE})[{s} ]({TIME}){s}{numbers}{s}{some}{s}{some}{s}{some}(?:{s}(.*))?\Z")


@cache
def dumpel_spaced_row() -> re.Pattern[str]:
    """Pattern for dumpel rows with spaces between columns; everything after the event id is one group."""
    return re.compile(rf"({DATE}) +({TIME}) +(\d{{1,2}}) +(\d{{1,5}}) +(\d{{1,10}}) +(\S.*)\Z")


def is_viewer_headline(line: str) -> bool:
    """Return whether a line is the header of a viewer list, in any language: it has enough columns and no digit."""
    return any(line.count(mark) in (7, 8) for mark in SEPARATORS) and _DIGIT.search(line) is None


@cache
def nearly_viewer_row() -> re.Pattern[str]:
    """Pattern for damaged records of a saved list: a date and time, or an event id in the sixth column."""
    columns = "|".join(rf"(?:[^{mark}]*{mark}){{5}}\d{{1,5}}{mark}[^{mark}]*{mark}" for mark in SEPARATORS)
    return re.compile(rf"{DATE}[\t,; ]{TIME}[\t,; ]|{columns}")


@cache
def nearly_dumpel_row() -> re.Pattern[str]:
    """Pattern for damaged records of dumpel: a date and time, or numbers in the three columns after it."""
    columns = "|".join(
        rf"(?:[^{mark}]*{mark}){{2}}\d{{1,2}}{mark}\d{{1,5}}{mark}\d{{1,10}}{mark}" for mark in SEPARATORS
    )
    return re.compile(rf"{DATE}[\t,; ]{TIME}[\t,; ]|{columns}")


@cache
def psloglist_head() -> re.Pattern[str]:
    """Pattern for the first line of a PsLogList record: number and source."""
    return re.compile(r"\[(\d{1,10})\] (\S.*)\Z")


@cache
def psloglist_row(separator: str) -> re.Pattern[str]:
    """Pattern for records of ``psloglist -s``: number, log, source, type, computer, time, event id, user, text."""
    s = re.escape(separator)
    word, some = f" ?([^{s}]+){s}", f" ?([^{s}]*){s}"
    return re.compile(
        rf"\[?(\d{{1,10}})\]?{s}{word}{word} ?([A-Z][A-Z ]*){s}{word} ?({DATE}[ ,]{{1,2}}{TIME}) ?{s}"
        rf" ?(\d{{1,10}}) ?{s}{some}(.*)\Z"
    )


PSLOGLIST_SEPARATORS = ",\t;|"
PSLOGLIST_HEADLINE = re.compile(r"(\S.{0,255}?) log on \\\\(\S{1,255}):\Z")
PSLOGLIST_BANNER = re.compile(
    r"PsLog[Ll]ist v\d|Copyright \(C\) [\d-]+ Mark Russinovich|Sysinternals - www\.sysinternals\.com"
)

WEVTUTIL_HEAD = re.compile(r"Event\[(\d{1,10})\]:?\s*\Z")
"""The first line of a record of ``wevtutil /f:text``."""

WEVTUTIL_FIRST_FIELD = "  Log Name:"


@cache
def new_viewer_row() -> re.Pattern[str]:
    """Pattern for lists saved by Vista and later: level or keywords, date and time, source, event id, task category."""
    s = rf"([{SEPARATORS}])"
    return re.compile(rf'"?[^"\t,;\d]+"?{s}"?({DATE}[ ,]{{1,2}}{TIME})"?\1[^"\t,;]+\1(\d{{1,5}})\1')


# ------------------------------------------------------------------------------------------------- recognisers


def is_viewer_text(head: bytes, name: str) -> bool:
    """Return whether this is a list that the Event Viewer of NT, 2000, XP or 2003 saved or exported."""
    return _has_rows(head, _is_viewer_row, is_viewer_headline)


def is_dumpel(head: bytes, name: str) -> bool:
    """Return whether this is the output of dumpel."""
    return _has_rows(head, _is_dumpel_row, is_headline=lambda line: False)


def is_psloglist(head: bytes, name: str) -> bool:
    """Return whether this is the output of PsLogList, in blocks or with ``-s``."""
    lines = lines_of_head(head)
    if any(
        line.startswith("[") and psloglist_head().match(line) and following.strip().startswith("Type:")
        for line, following in pairwise(lines)
    ):
        return True
    return _has_rows(
        head,
        lambda line: any(psloglist_row(mark).match(line) for mark in PSLOGLIST_SEPARATORS),
        lambda line: bool(PSLOGLIST_HEADLINE.match(line) or PSLOGLIST_BANNER.match(line)),
    )


def is_wevtutil_text(head: bytes, name: str) -> bool:
    """Return whether this is the output of ``wevtutil qe /f:text``."""
    lines = lines_of_head(head)
    return any(
        WEVTUTIL_HEAD.match(line) and following.startswith(WEVTUTIL_FIRST_FIELD) for line, following in pairwise(lines)
    )


def is_new_viewer_list(head: bytes, name: str) -> bool:
    """Return whether this is a list that the Event Viewer of Vista or later saved as CSV or text."""
    lines = lines_of_head(head)
    if not lines:
        return False
    separator = next((mark for mark in SEPARATORS if lines[0].count(mark) in (4, 5)), None)
    if separator is None:
        return False
    names = [name.strip().strip('"').lower() for name in lines[0].split(separator)]
    if names[1:5] == ["date and time", "source", "event id", "task category"]:
        return True
    if len(names) != 5 or len(lines) < 2 or any(_NUMBER.match(name) for name in names):
        return False
    row = new_viewer_row().match(lines[1])  # rows have one field more than the headline names
    return row is not None and row[1] == separator and lines[1].count(separator) > 4


def _has_rows(head: bytes, is_row: Callable[[str], bool], is_headline: Callable[[str], bool]) -> bool:
    """Return whether the first line is a row, ignoring prompts and headers, or two or more lines are.

    The second condition covers files that begin with a truncated record.
    """
    lines = lines_of_head(head)
    first = next((line for line in lines if not (PROMPT.match(line) or is_headline(line))), "")
    return is_row(first) or sum(map(is_row, lines)) > 1


def _is_viewer_row(line: str) -> bool:
    for separator in SEPARATORS:
        if row := viewer_row(separator).match(line):
            return _are_words(row[3], row[4], row[7], row[8])
        if row := viewer_list_row(separator).match(line):
            return _are_words(row[1], row[4], row[7], row[8])
    return False


def _is_dumpel_row(line: str) -> bool:
    for separator in SEPARATORS:
        if row := dumpel_row(separator).match(line):
            return row[3] in _TYPE_NUMBERS and _are_words(row[6], row[7]) and (_is_account(row[6], row[7]))
    row = dumpel_spaced_row().match(line)
    return row is not None and row[3] in _TYPE_NUMBERS and _is_account(*row[6].split(" "))


def _are_words(*fields: str) -> bool:
    return all(_NUMBER.match(field) is None for field in fields)


def _is_account(*fields: str) -> bool:
    return any(field == "N/A" or "\\" in field for field in fields)


@lru_cache(maxsize=1)
def lines_of_head(head: bytes) -> tuple[str, ...]:
    """Return the non-blank lines in the first bytes of a text file; none if it is not text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "replace")
    elif head[1:2] == b"\0" != head[:1]:
        text = head.decode("utf-16-le", "replace")
    elif b"\0" in head[:512]:
        return ()
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        if "\ufffd" in text[:-1]:
            text = head.decode("latin-1")
    lines = (line.strip("\r\f\x1a\ufeff") for line in text.split("\n"))
    return tuple(line for line in lines if line.strip())[:_HEAD_LINES]


VIEWER = Format(
    name="viewer",
    title="Event Viewer of Windows NT to 2003: lists as text and CSV",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.text.ntviewer",
    recognises=is_viewer_text,
    keeps=(
        "date and time to the second, source, type, category, event id, user, computer; a saved list the message, "
        "an exported one not"
    ),
    loses=(
        "the zone; record numbers, Qualifiers, raw data; the channel, unless the file's name tells; strings, "
        "unless the viewer had no message and printed them (one with a comma and a space in it comes out as two)"
    ),
    known_by=(
        "rows of date, time, source, type, category, number, user, computer (saved) or with the type first (exported)"
    ),
)

DUMPEL = Format(
    name="dumpel",
    title="dumpel of the Resource Kits",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.text.dumpel",
    recognises=is_dumpel,
    keeps=("date and time to the second, type and category as numbers, event id, source, user, computer, the strings"),
    loses=(
        "the zone; record numbers, raw data, the message; without `-t` where one string ends and the next begins; "
        "names of data (Vista and later); the channel, unless the file is named after System, Application or "
        "Security"
    ),
    known_by="rows of date, time, three numbers, source, user (or the other way round), computer, strings",
)

PSLOGLIST = Format(
    name="psloglist",
    title="PsLogList, blocks and -s",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.text.psloglist",
    recognises=is_psloglist,
    keeps=(
        "record numbers, the channel, source, type, event id, user, computer, date and time to the second, the message"
    ),
    loses=("the zone; category, Qualifiers, raw data; strings, unless there was no message and the event has only one"),
    known_by=(
        "`[number] source` above `Type:`; with `-s` rows of number, log, source, type in capitals, computer, time, "
        "event id"
    ),
)

WEVTUTIL_TEXT = Format(
    name="wevtutil-text",
    title="wevtutil qe /f:text",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.text.wevtutiltext",
    recognises=is_wevtutil_text,
    keeps="the channel, source, event id, level, SID, computer, local time to the millisecond, the message",
    loses=(
        "the zone (a `Z` proves nothing); record numbers, Qualifiers, keywords, task and opcode as numbers; "
        "strings and raw data"
    ),
    known_by="`Event[0]` above `Log Name:`",
)

VIEWER_LIST = Format(
    name="viewer-list",
    title="Event Viewer of Vista and later: CSV and text",
    kind=Kind.LOG,
    module="evtscan.parsers.logs.text.eventviewer",
    recognises=is_new_viewer_list,
    keeps="level, date and time to the second, source, event id, category, the message",
    loses=(
        "the zone; computer, user, record numbers, Qualifiers; the channel, unless the file's name tells; strings "
        "and raw data"
    ),
    known_by="a headline of five names with date and time second, above rows of six fields, in any language",
)
