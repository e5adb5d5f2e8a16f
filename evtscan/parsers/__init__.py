"""Evidence files → events, registry keys, inventories, stated facts: one module or package a format.

A format is recognised by content, never by name; ``facts.yaml`` is the one exception. To add a format, write its module
in the folder of its kind and add its row to ``formats.py`` there (a text report: its ``PROGRAM`` to
``reports/programs.py``); the documentation and everything else reads ``PARSERS``.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import cast

from evtscan.base.errors import EvidenceError
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.log import LogParts, LogReader
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import Source
from evtscan.parsers.formats import HEAD_SIZE, Format, Kind
from evtscan.parsers.logs import formats as log_formats
from evtscan.parsers.logs.csv import formats as tables
from evtscan.parsers.logs.text import formats as lists
from evtscan.parsers.registry import formats as registry_formats
from evtscan.parsers.stated.formats import FACTS

__all__ = ["HEAD_SIZE", "PARSERS", "Format", "Kind", "format_named", "open_parts", "recognise"]

PARSERS: tuple[Format, ...]
"""All formats, in the order in which they are tried."""

_FIRST: tuple[Format, ...] = (
    log_formats.EVTX,
    log_formats.EVT,
    registry_formats.HIVE,
    registry_formats.REG,
    FACTS,
    log_formats.XML,
    log_formats.CLIXML,
    log_formats.JSON,
    lists.VIEWER,
    lists.DUMPEL,
    lists.PSLOGLIST,
    lists.WEVTUTIL_TEXT,
    lists.VIEWER_LIST,
    tables.DUMP_CSV,
    tables.FIELD_CSV,
    registry_formats.SZDD,
    registry_formats.REGEDT32,
    registry_formats.REGDMP,
    registry_formats.REG_QUERY,
)


def _formats() -> Iterator[Format]:
    """The formats in their order; the modules of the reports are imported when they are reached."""
    yield from _FIRST
    from evtscan.parsers.reports.formats import REPORTS

    yield from REPORTS


def __getattr__(name: str) -> object:
    if name != "PARSERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, tuple(_formats()))


@cache
def format_named(name: str) -> Format:
    """The format of this name.

    Raises:
        KeyError: if there is none.
    """
    for row in _formats():
        if row.name == name:
            return row
    raise KeyError(name)


def recognise(source: Source) -> Format | None:
    """Find the format of a file by its first bytes, or None if it is not evidence.

    Raises:
        EvidenceError: if the file cannot be opened or read.
    """
    try:
        with source.open() as stream:
            head = stream.read(HEAD_SIZE)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    name = source.base_name
    return next((row for row in _formats() if row.recognises(head, name)), None)


def read_log(
    row: Format, source: Source, query: Query, options: ReadOptions = PLAIN, *, chunks: tuple[int, int] | None = None
) -> LogReader:
    """Open an event log for one pass; ``chunks`` selects parts ``first`` to ``last - 1`` (see ``Format.part_size``).

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    read = import_module(row.module).read_log
    if chunks is not None:
        return cast(LogReader, read(source, query, options, chunk_range=chunks))
    return cast(LogReader, read(source, query, options))


def open_parts(row: Format, source: Source, options: ReadOptions = PLAIN) -> LogParts | None:
    """Open a log to read the records around some events of it, or None if its format has no parts.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    return cast(LogParts, import_module(row.module).open_parts(source, options)) if row.has_parts else None


def read_registry(row: Format, source: Source) -> Registry:
    """Read a registry hive or export.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    return cast(Registry, import_module(row.module).read_registry(source))


def read_inventory(row: Format, source: Source) -> tuple[Inventory, ...]:
    """Read a system report; one file may hold several.

    Raises:
        EvidenceError: if nothing of the file can be read.
    """
    return cast(tuple[Inventory, ...], import_module(row.module).read_inventory(source))


def read_facts(row: Format, source: Source) -> FactsFile:
    """Read a file of stated facts.

    Raises:
        EvidenceError: if it is not valid.
    """
    return cast(FactsFile, import_module(row.module).read_facts(source))
