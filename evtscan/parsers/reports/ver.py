"""``ver``, the banner of a command prompt, and the version line of ``winver`` → version.

    Windows NT Version 4.0
    Microsoft Windows 2000 [Version 5.00.2195]
    Microsoft Windows [Version 10.0.19045.4291]
    Version 4.0 (Build 1381: Service Pack 6)

Only the last form prints the service pack; if it prints none, none is installed.
"""

import re
from collections.abc import Iterator

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.osversion import kernel_type, parse_about
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section

_BRACKETS = re.compile(
    r"Microsoft.{0,6} Windows.{0,30}\[\S{1,20} (?P<version>\d+\.\d+)(?P<rest>(?:\.(?P<build>\d+))?[\d.]*)\]"
)
_OF_NT = re.compile(r"Windows NT Version (?P<version>\d+\.\d+)\s*\Z")


def parse(section: Section) -> Iterator[Inventory]:
    """Parse the lines that contain a version; the first value of each kind is kept."""
    draft = Draft(section, "ver")
    for index, line in enumerate(section.lines):
        line = line[:400].strip()
        if (about := parse_about(line)) is not None:
            draft.say("version", about.version, index)
            draft.say("build", about.build, index)
            draft.say("service_pack", about.service_pack, index)
            draft.say("kernel_type", kernel_type(line), index)
        elif (bracketed := _BRACKETS.search(line)) is not None:
            draft.say("version", bracketed["version"] + bracketed["rest"], index)
            draft.say("build", bracketed["build"], index)
        elif (of_nt := _OF_NT.search(line)) is not None:
            draft.say("version", of_nt["version"], index)
    if draft.values:
        yield draft.inventory()


PROGRAM = Program(
    name="ver",
    title="ver",
    keeps="the version; in the line of `winver` build and service pack too",
    loses="everything else",
    known_by="a line with the version of Windows",
    begins=r"Microsoft.{0,6} Windows.{0,30}\[\S+ \d+\.\d+[\d.]*\]|Windows NT Version \d+\.\d+\s*$",
    may_begin=r"Version \d+\.\d+[\d.]* ?\(Build \d+[^()]{0,60}\)\s*$",
    commands=("ver",),
    parse=parse,
)
