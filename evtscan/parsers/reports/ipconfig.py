"""``ipconfig /all`` → host name, and on Windows NT the services of the network adapters.

    Windows NT IP Configuration
            Host Name . . . . . . . . . : ntbox.example.com
    Ethernet adapter NdisWan5:
            IP Address. . . . . . . . . : 0.0.0.0

In every language, the host name is in the first line with dot leaders. NT names adapters by their service (``El90x1``,
``NdisWan5`` of RAS or RRAS); later versions name them by their connection.
"""

import re
from collections.abc import Iterator

from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section

_LEADERS = re.compile(r"\s+\S[^:]{2,60}?(?: ?\.){2,40} ?: ?(?P<value>\S{1,255})?\s*\Z")
_ADAPTER = re.compile(r"\S.{0,200}\b(?P<name>\S{1,80}):\Z")
_TITLE_OF_NT = "windows nt ip configuration"
_TITLE_OF_2000 = "windows 2000 ip configuration"


def parse(section: Section) -> Iterator[Inventory]:
    """Parse the output of one run; without ``/all`` it has no host name."""
    draft = Draft(section, "ipconfig")
    title = next((line for line in section.lines if line.strip()), "").strip().lower()
    is_nt = title == _TITLE_OF_NT
    adapters: list[ServiceEntry] = []
    named = False
    for index, line in enumerate(section.lines):
        line = line[:400].rstrip()
        if (adapter := _ADAPTER.match(line)) is not None:
            named = True
            if is_nt:
                adapters.append(ServiceEntry(location=section.place(index), name=adapter["name"]))
        elif not named and (leaders := _LEADERS.match(line)) is not None:
            draft.say("computer", leaders["value"], index)
            named = True
    if title == _TITLE_OF_2000:
        draft.say("version", "5.0", 0)
    if draft.values or adapters:
        yield draft.inventory(services=adapters)


_LINE_WITH_LEADERS = re.compile(r"\s+\S[^:]{2,60}?(?: ?\.){4,} ?: ")


def _is_ipconfig(lines: list[str]) -> bool:
    return sum(1 for line in lines if _LINE_WITH_LEADERS.match(line[:200])) >= 3


PROGRAM = Program(
    name="ipconfig",
    title="ipconfig /all",
    keeps="the host's name; on NT the services of the network adapters",
    loses="everything else",
    known_by="`Windows IP Configuration`; in other languages lines with dot leaders",
    begins=r"Windows(?: NT| 2000)? IP Configuration\s*$",
    commands=("ipconfig",),
    has_shape=_is_ipconfig,
    begins_once=True,
    parse=parse,
)
