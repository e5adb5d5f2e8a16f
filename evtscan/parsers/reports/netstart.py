"""``net start`` → the running services, under the display names of the host's language.

These Windows NT services are started:

   Alerter
   EventLog

The command completed successfully.
"""

import re
from collections.abc import Iterator

from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.reports.services import lists_services

_ITEM = re.compile(r" {3}(\S.{0,254})\Z")


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one list; it is complete if the closing line follows it."""
    entries = []
    closing = ""
    for index, line in enumerate(section.lines):
        if (item := _ITEM.match(line[:300])) is not None and not closing:
            entries.append(ServiceEntry(location=section.place(index), display_name=item[1].strip(), running=True))
        elif entries and line.strip():
            closing = closing or line
    if entries:
        whole = {"running services"} if closing and lists_services(entries) else set[str]()
        yield Draft(section, "netstart").inventory(services=entries, whole=whole)


def _is_list_of_services(lines: list[str]) -> bool:
    """Return whether this looks like ``net start``: a heading with a colon, then lines indented by three blanks."""
    filled = [line for line in lines if line]
    if len(filled) < 5 or not re.fullmatch(r"\S[^:.]{10,80}:", filled[0]):
        return False
    return all(re.match(r"   \S", line) for line in filled[1:-1]) and len(filled) >= 5


PROGRAM = Program(
    name="netstart",
    title="net start",
    keeps="which services run, by display name",
    loses="names of services, start types, services that do not run",
    known_by=("`These Windows services are started:`; in other languages a heading above lines indented by three"),
    begins=r"These Windows (?:NT )?services are started:",
    has_shape=_is_list_of_services,
    parse=parse,
)
