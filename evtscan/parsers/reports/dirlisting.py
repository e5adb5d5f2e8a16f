r"""``dir`` and ``dir /s`` listings → the programs and drivers of a host, with size and date.

     Directory of C:\WINNT\system32\drivers                             (in the language of the host)

    05/01/97  12:00a                12,944 rasarp.sys                   NT
    04.08.2004  00:00            12.944 rasarp.sys                      the day first, by the dots
    RASARP   SYS        12,944  05-01-97  12:00a RASARP.SYS             short name first
    14/03/2001  09:26    <DIR>          drivers

The date format is determined from all dates of the listing together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evtscan.base.model.inventory import FileEntry, Inventory
from evtscan.parsers.reports.paths import is_program
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.localtime import PrintedTime
from evtscan.parsers.shared.printedtimes import day, printed_time

MAX_FILES = 100_000

_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?"
_TIME = r"\d{1,2}[:.]\d\d(?::\d\d)?(?:\s?[AaPp]\.?(?:[Mm]\.?)?)?"
_SIZE = r"\d{1,3}(?:[.,'\xa0\u202f\xff]\d{3}){1,4}|\d{1,15}"
_ROW = re.compile(
    rf"\s{{0,4}}(?P<date>{_DATE})\s{{1,4}}(?P<time>{_TIME})\s{{1,40}}(?P<size>{_SIZE})\s(?P<name>.{{1,400}})\Z"
)
_SHORT_ROW = re.compile(
    rf"(?P<short>\S{{1,8}})\s{{1,9}}(?P<suffix>\S{{1,3}})\s{{1,20}}(?P<size>{_SIZE})\s{{1,4}}(?P<date>{_DATE})"
    rf"\s{{1,4}}(?P<time>{_TIME})(?:\s(?P<name>.{{1,400}}))?\Z"
)
_FOLDER = re.compile(r"\s{1,2}\w[^\\/:\"<>|]{2,40} (?P<folder>(?:[A-Za-z]:|\\\\[^\\/:*?\"<>|]+)\\[^/:*?\"<>|]*)\Z")
_SEPARATORS = str.maketrans("", "", ".,'\xa0\u202f\xff")
_SHORT_NAME = re.compile(r"\S{1,8}~\d\S{0,4}\s+(?P<name>\S.*)")


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    folder: str | None
    name: str
    size: int
    time: PrintedTime | None


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one listing; only programs, drivers and libraries are kept, at most ``MAX_FILES``."""
    times: set[PrintedTime] = set()
    rows: list[_Row] = []
    folder = None
    for index, line in enumerate(section.lines):
        if (heading := _FOLDER.match(line[:500])) is not None:
            folder = heading["folder"].rstrip()
        elif (row := _row(index, folder, line[:500].rstrip())) is not None:
            if row.time is not None:
                times.add(row.time)
            if is_program(row.name) and len(rows) < MAX_FILES:
                rows.append(row)
    if rows:
        draft = Draft(section, "dirlisting")
        orders = draft.orders(times)
        files = (
            FileEntry(
                location=section.place(row.index),
                name=row.name,
                folder=row.folder,
                size=row.size,
                date=day(row.time, orders) if row.time is not None else None,
            )
            for row in rows
        )
        yield draft.inventory(files=files)


def _row(index: int, folder: str | None, line: str) -> _Row | None:
    match = _ROW.match(line) or _SHORT_ROW.match(line)
    if match is None:
        return None
    name = (match["name"] or "").strip()
    if match.re is _SHORT_ROW:
        name = name or f"{match['short']}.{match['suffix']}"
    elif (both := _SHORT_NAME.match(name)) is not None:  # dir /x
        name = both["name"]
    size = int(match["size"].translate(_SEPARATORS))
    return _Row(index, folder, name.lower(), size, printed_time(f"{match['date']} {match['time']}"))


_DIR_ROW = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?\s+\d{1,2}[:.]\d\d\s?(?:[AaPp]\.?[Mm]?\.?)?\s+(?:<\w{3,9}>|[\d.,'\xa0\u202f\xff]+)\s+\S"
)


def _is_dirlisting(lines: list[str]) -> bool:
    return sum(1 for line in lines if _DIR_ROW.match(line[:400])) >= 2


PROGRAM = Program(
    name="dirlisting",
    title="dir listings",
    keeps="names, sizes and dates of files",
    loses="versions; when the listing was made",
    known_by="`Directory of`, or rows of a listing",
    begins=r" {1,2}(?:Volume in drive [A-Za-z] |Directory of (?:[A-Za-z]:\\|\\\\))",
    may_begin=r" {1,2}\w[^\\/:\"<>|]{2,40} (?:[A-Za-z]:\\|\\\\[^\\/:*?\"<>|]+\\)[^/:*?\"<>|]*$",
    commands=("dir",),
    has_shape=_is_dirlisting,
    parse=parse,
)
