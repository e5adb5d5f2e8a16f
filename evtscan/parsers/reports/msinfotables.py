"""The tables of an msinfo32 report, from text or XML, in any language → inventory.

Captions are in the language of the host, so a table is identified by its number of columns and by its content:

    2    first table: item, value; the version is the value that reads as one
    11   drivers: 0 name, 1 description, 2 file, 3 type, 4 started, 5 start mode, 6 state …
    9    services: 0 display name, 1 name, 2 state, 3 start mode, 4 type, 5 path …
    6    loaded modules: 0 name, 1 version, 2 size, 3 file date, 4 manufacturer, 5 path
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from evtscan.base.model.inventory import FileEntry, Inventory, ServiceEntry
from evtscan.parsers.reports.osversion import parse_version, product
from evtscan.parsers.reports.paths import split_path
from evtscan.parsers.reports.section import Draft
from evtscan.parsers.reports.services import lists_drivers, lists_services, running, start_type
from evtscan.parsers.shared.printedtimes import day, printed_time

_SUMMARY, _DRIVERS, _SERVICES, _MODULES = 2, 11, 9, 6
_FILE_VERSION = re.compile(r"\d{1,5}(?:\.\d{1,5}){3}")
_BYTES = re.compile(r"\(([\d.,'\xa0\u202f ]{1,20}) ?\w{1,12}\)")
_DRIVER_FILE = re.compile(r"\.sys\Z", re.IGNORECASE)
_SERVICE_FILE = re.compile(r"\.exe\b", re.IGNORECASE)


@dataclass(slots=True)
class Table:
    """One part of a report: its rows without captions, each with its line (from 0).

    ``closed``: another part follows, so the table is not truncated.
    """

    rows: list[tuple[int, Sequence[str]]] = field(default_factory=list)
    closed: bool = False


def inventory_of(draft: Draft, tables: Sequence[Table]) -> Inventory:
    """Convert all tables of one report to an inventory; ``draft`` contains the values of its heading."""
    services: list[ServiceEntry] = []
    files: list[FileEntry] = []
    whole: set[str] = set()
    for table in tables:
        width = len(table.rows[0][1]) if table.rows else 0
        rows = [(index, row) for index, row in table.rows if len(row) == width]
        if width == _SUMMARY:
            if "version" not in draft.values:
                _read_summary(draft, rows)
        elif width == _DRIVERS and any(_DRIVER_FILE.search(row[2].strip()) for _, row in rows):
            drivers = [_driver(draft, index, row) for index, row in rows]
            services += drivers
            if table.closed and lists_drivers(drivers):
                whole.add("drivers")
        elif width == _SERVICES and any(_SERVICE_FILE.search(row[5]) for _, row in rows):
            found = [_service(draft, index, row) for index, row in rows]
            services += found
            if table.closed and lists_services(found):
                whole |= {"services", "running services"}
        elif width == _MODULES:
            files += _modules(draft, rows)
    return draft.inventory(services=services, files=files, whole=whole)


def _read_summary(draft: Draft, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Read the version, and the product from the row above it."""
    for place, (index, (_, value)) in enumerate(rows):
        printed = parse_version(value)
        if printed is None:
            continue
        draft.say("version", printed.version, index)
        draft.say("build", printed.build, index)
        draft.say("service_pack", printed.service_pack, index)
        if place:
            above, (_, name) = rows[place - 1]
            draft.say("product", product(name), above)
        break
    for index, (label, value) in rows:
        if label == "System Name":
            draft.say("computer", value.strip() or None, index)


def _driver(draft: Draft, index: int, row: Sequence[str]) -> ServiceEntry:
    return ServiceEntry(
        location=draft.section.place(index),
        name=row[0].strip(),
        display_name=row[1].strip() or None,
        running=running(row[6]),
        start=start_type(row[5]),
        path=row[2].strip() or None,
    )


def _service(draft: Draft, index: int, row: Sequence[str]) -> ServiceEntry:
    return ServiceEntry(
        location=draft.section.place(index),
        name=row[1].strip(),
        display_name=row[0].strip() or None,
        running=running(row[2]),
        start=start_type(row[3]),
        path=row[5].strip() or None,
    )


def _modules(draft: Draft, rows: Sequence[tuple[int, Sequence[str]]]) -> list[FileEntry]:
    modules = [(index, row) for index, row in rows if "\\" in row[5] and _FILE_VERSION.match(row[1])]
    times = [printed_time(row[3]) for _, row in modules]
    orders = draft.orders(times)
    files = []
    for (index, row), time in zip(modules, times, strict=True):
        folder, name = split_path(row[5])
        version, size = _FILE_VERSION.match(row[1]), _BYTES.search(row[2])
        files.append(
            FileEntry(
                location=draft.section.place(index),
                name=name,
                folder=folder,
                size=int(re.sub(r"\D", "", size[1])) if size else None,
                date=day(time, orders) if time is not None else None,
                version=version[0] if version else None,
            )
        )
    return files
