"""The formats of system reports: one for each program whose text output is read, and the formats that are not text."""

from evtscan.parsers.formats import Format, Kind, Recogniser
from evtscan.parsers.reports import driverfile, nfo
from evtscan.parsers.reports.programs import PROGRAMS
from evtscan.parsers.reports.recognition import tool_of_head


def _recogniser(tool: str) -> Recogniser:
    return lambda head, name: tool_of_head(head) == tool


TEXT_REPORTS: tuple[Format, ...] = tuple(
    Format(
        name=program.name,
        title=program.title,
        kind=Kind.INVENTORY,
        module="evtscan.parsers.reports",
        recognises=_recogniser(program.name),
        keeps=program.keeps,
        loses=program.loses,
        known_by=program.known_by,
    )
    for program in PROGRAMS
)

REPORTS: tuple[Format, ...] = (*TEXT_REPORTS, nfo.FORMAT, driverfile.FORMAT)
