"""``driverquery`` (XP and later) → inventory of drivers, from CSV, tables and lists.

Captions are in the language of the host, so columns are identified by position. With ``/v`` there are fifteen: module
name, display name, description, type, start mode, state, status, accept stop, accept pause, four sizes with the link
date before the last but one … and the path: 0 name, 1 display name, 4 start mode, 5 state, 12 link date, 13 path;
without ``/v`` there are four: name, display name, type, link date.
"""

import re
from collections.abc import Iterator, Sequence

from evtscan.base.model.inventory import FileEntry, Inventory, ServiceEntry
from evtscan.parsers.reports.columns import columns_under, fields_of
from evtscan.parsers.reports.paths import split_path
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.reports.services import lists_drivers, running, start_type
from evtscan.parsers.shared.printedtimes import day, printed_time

_LABEL = re.compile(r"\S[^:]{0,60}: {1,40}(?P<value>\S.{0,1000})?\Z|\S[^:]{0,60}:\Z")
_SHORT, _VERBOSE = 4, 15
_NAME, _DISPLAY_NAME, _START, _STATE, _LINKED, _PATH = 0, 1, 4, 5, 12, 13


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one list. The format of link dates is determined from all of them together."""
    rows = [row for row in _rows(section) if len(row[1]) in (_SHORT, _VERBOSE)]
    services = [_service(section, index, fields) for index, fields in rows]
    draft = Draft(section, "driverquery")
    files = list(_files(draft, rows))
    if services:
        whole = {"drivers"} if section.closed and lists_drivers(services) else set[str]()
        yield draft.inventory(services=services, files=files, whole=whole)


def _rows(section: Section) -> Iterator[tuple[int, Sequence[str]]]:
    filled = [index for index, line in enumerate(section.lines) if line.strip()]
    if not filled:
        return
    first = section.lines[filled[0]]
    if first.startswith('"'):
        for index in filled[1:]:
            yield index, fields_of(section.lines[index])
    elif len(filled) > 1 and section.lines[filled[1]].startswith("="):
        spans = columns_under(section.lines[filled[1]])
        for index in filled[2:]:
            yield index, [section.lines[index][start:end].strip() for start, end in spans]
    else:
        yield from _from_list(section)


def _from_list(section: Section) -> Iterator[tuple[int, Sequence[str]]]:
    """Parse blocks of ``label: value`` lines that are separated by empty lines."""
    fields: list[str] = []
    for index, line in enumerate(section.lines):
        if (match := _LABEL.match(line[:1100])) is not None:
            fields.append((match["value"] or "").strip())
        elif not line.strip() and fields:
            yield index - len(fields), fields
            fields = []
    if fields:
        yield len(section.lines) - len(fields), fields


def _service(section: Section, index: int, fields: Sequence[str]) -> ServiceEntry:
    verbose = len(fields) == _VERBOSE
    return ServiceEntry(
        location=section.place(index),
        name=fields[_NAME],
        display_name=fields[_DISPLAY_NAME],
        running=running(fields[_STATE]) if verbose else None,
        start=start_type(fields[_START]) if verbose else None,
        path=(fields[_PATH] or None) if verbose else None,
    )


def _files(draft: Draft, rows: Sequence[tuple[int, Sequence[str]]]) -> Iterator[FileEntry]:
    verbose = [(index, fields) for index, fields in rows if len(fields) == _VERBOSE and fields[_PATH]]
    times = [printed_time(fields[_LINKED]) for _, fields in verbose]
    orders = draft.orders(times)
    for (index, fields), time in zip(verbose, times, strict=True):
        folder, name = split_path(fields[_PATH])
        if time is not None and (linked := day(time, orders)) is not None:
            yield FileEntry(location=draft.section.place(index), name=name, folder=folder, linked=linked)


def _is_csv_of_drivers(lines: list[str]) -> bool:
    """Return whether this is ``driverquery /v /fo csv``: fifteen columns with a driver path in the fourteenth."""
    rows = [line.split('","') for line in lines if line.startswith('"')]
    return any(len(row) == 15 and row[13].lower().endswith(".sys") for row in rows)


PROGRAM = Program(
    name="driverquery",
    title="driverquery /v /fo csv",
    keeps="drivers: state, start mode, path, link date",
    loses="with fewer columns than `/v` prints, all but the name and the link date",
    known_by="its captions; in other languages fifteen columns with the path of a driver",
    begins=r'"Module Name","Display Name",|Module Name +Display Name +|Module Name: {2,}\S',
    commands=("driverquery",),
    has_shape=_is_csv_of_drivers,
    parse=parse,
)
