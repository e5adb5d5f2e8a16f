r"""msinfo32's text report (2000 and later) → inventory.

    System Information report written at: 03/14/09 09:26:53
    System Name: HOSTA                                              (XP and later)
    [System Summary]

    Item<TAB>Value<TAB>
    OS Name<TAB>Microsoft Windows XP Professional<TAB>
    Version<TAB>5.1.2600 Service Pack 3 Build 2600<TAB>
    [System Drivers] …

A report copied from a web page has lost its TABs; only its summary is read.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.msinfotables import Table, inventory_of
from evtscan.parsers.reports.osversion import parse_version
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.printedtimes import lone_time

_PART = re.compile(r"\s?\[[^\[\]\t]{1,80}\]\s*\Z")
_HEADING = re.compile(r"\S[^:]{0,80}?: ?(?P<value>\S.{0,100})\Z")
_WITHOUT_TABS = re.compile(r"(?P<label>OS Name|Version|System Name) (?P<value>\S.{0,200})\Z")


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one report."""
    draft = Draft(section, "msinfo")
    tables = list(_tables(draft))
    inventory = inventory_of(draft, tables)
    if inventory.places or inventory.services or inventory.files:
        yield inventory


def _tables(draft: Draft) -> Iterator[Table]:
    table: Table | None = None
    captions = False
    for index, line in enumerate(draft.section.lines):
        if _PART.match(line[:100]):
            if table is not None:
                table.closed = True
                yield table
            table, captions = Table(), False
        elif table is None:
            _read_heading(draft, index, line.strip()[:300])
        elif "\t" in line and captions:
            table.rows.append((index, line.removesuffix("\t").split("\t")))
        elif line.strip():
            captions = captions or "\t" in line
            if "\t" not in line:
                table.rows.extend(_without_tabs(index, line.strip()[:300]))
    if table is not None:
        yield table


def _without_tabs(index: int, line: str) -> Iterator[tuple[int, list[str]]]:
    match = _WITHOUT_TABS.match(line)
    if match is not None and (match["label"] != "Version" or parse_version(match["value"])):
        yield index, [match["label"], match["value"]]


def _read_heading(draft: Draft, index: int, line: str) -> None:
    """Read the time from the first line and the host from the second, in any language."""
    match = _HEADING.match(line)
    if match is None:
        return
    if draft.taken is None and index == _first(draft.section):
        draft.taken = lone_time(match["value"])
    elif " " not in match["value"]:
        draft.say("computer", match["value"], index)


def _first(section: Section) -> int:
    return next((index for index, line in enumerate(section.lines) if line.strip()), 0)


def _is_table_of_msinfo(lines: list[str]) -> bool:
    """Return whether ``[Section]`` is followed by the two captions of its columns, separated by a TAB."""
    filled = [line for line in lines if line]
    return any(
        re.fullmatch(r"\[[^\[\]\t]{3,60}\]", above) and re.fullmatch(r"[^\t]{2,40}\t[^\t]{2,40}\t?", below)
        for above, below in pairwise(filled)
    )


PROGRAM = Program(
    name="msinfo",
    title="msinfo32 report as text",
    keeps=(
        "product, version, build, service pack, name, services and drivers in full, loaded "
        "modules with version, size and date; when it was written"
    ),
    loses="hotfixes",
    known_by="`System Information report written at:`, or tables of two captions below a `[section]`",
    begins=r"System Information report written at:",
    has_shape=_is_table_of_msinfo,
    begins_once=True,
    parse=parse,
)
