"""Text output of system programs → inventories: one module per program, each with its ``PROGRAM``; table in
``programs``.

A file may contain the output of several programs in sequence, with the prompts between them: each output gives a
separate inventory.
"""

from collections.abc import Iterator
from itertools import islice

from evtscan.base.errors import EvidenceError
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.parsers.registry.text import regquery
from evtscan.parsers.reports.programs import PROGRAMS
from evtscan.parsers.reports.prompts import remote_host
from evtscan.parsers.reports.recognition import REGISTRY, tool_of_head
from evtscan.parsers.reports.section import Section
from evtscan.parsers.reports.sections import BoundedLines, sections_of
from evtscan.parsers.shared.textlines import TextLines

MAX_REPORTS = 4096
"""Maximum number of reports that are read from one file."""

_HEAD = 4096
_PARSE = {program.name: program.parse for program in PROGRAMS}


def read_inventory(source: Source) -> tuple[Inventory, ...]:
    """Read every report in a text file, in the order of the file.

    Raises:
        EvidenceError: if the file cannot be read, or no part of it can be parsed.
    """
    head, ended = _ends_of(source)
    first = tool_of_head(head)
    lines = BoundedLines(TextLines(source))
    inventories: list[Inventory] = []
    warnings: list[ExtractionWarning] = []
    for section in sections_of(source.name, lines, first if first in _PARSE else None, ended=ended):
        parsed = _registry_inside(section) if section.tool == REGISTRY else _parse(section)
        inventories.extend(islice(parsed, MAX_REPORTS - len(inventories)))
        if len(inventories) >= MAX_REPORTS:
            warnings.append(_too_long(source, section.first))
            break
    if not inventories:
        raise EvidenceError(f"{source.name}: begins as a system report, and holds nothing that can be read of one")
    if lines.cut_at is not None:
        warnings.append(_too_long(source, lines.cut_at))
    if warnings:
        inventories.append(Inventory(source=source.name, format="report", warnings=tuple(warnings)))
    return tuple(inventories)


def _parse(section: Section) -> Iterator[Inventory]:
    return _PARSE[section.tool or ""](section)


def _ends_of(source: Source) -> tuple[bytes, bool]:
    """Return the first bytes of a file, and whether its last line is complete."""
    try:
        with source.open() as stream:
            head = stream.read(_HEAD)
            size = stream.seek(0, 2)
            stream.seek(max(size - 4, 0))
            tail = stream.read(4).rstrip(b"\0\x1a")
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    return head, tail.endswith(b"\n")


def _registry_inside(section: Section) -> Iterator[Inventory]:
    """Yield the registry that ``reg query`` printed between reports; output of other registry tools gives a warning."""
    above = "\n" * (section.first - 2) + f"C:\\>{section.command}\n" if section.command else "\n" * (section.first - 1)
    text = above + "\n".join(section.lines) + ("\n" if section.closed else "")
    try:
        registry = regquery.read_printed(section.source, text)
    except EvidenceError:
        message = "registry keys stand among system reports here and were not read; save them in a file of their own"
        where = Location(source=section.source, line=section.first)
        warning = ExtractionWarning(location=where, kind="mixed", message=message)
        yield Inventory(source=section.source, format="report", warnings=(warning,))
    else:
        warnings = tuple(registry.warnings)
        asked = remote_host(section.command)
        yield Inventory(
            source=section.source,
            format="reg query",
            computer=asked,
            registries=(registry,),
            remote=asked is not None,
            warnings=warnings,
        )


def _too_long(source: Source, line: int) -> ExtractionWarning:
    return ExtractionWarning(
        location=Location(source=source.name, line=line),
        kind="too_large",
        message="too long for a report; what stands below this line was not read. Split the file",
    )
