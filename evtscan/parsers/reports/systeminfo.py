r"""``systeminfo`` (XP and later) in its three forms, in any language → inventory.

    Host Name:                 HOSTA                     /fo list: labels, values at a fixed column
    OS Name:                   Microsoft Windows XP Professional
    OS Version:                5.1.2600 Service Pack 3 Build 2600
    …
    Hotfix(s):                 2 Hotfix(s) Installed.
                               [01]: KB911164
                               [02]: Q147222
    "Host Name","OS Name",…    /fo csv: one row of captions, one of values, lists joined by commas
    Host Name   OS Name  …     /fo table: the same, in columns under a line of ====

Labels are in the language of the host, but always in the same order: 1 host, 2 product, 3 version, 5 configuration, 6
build type, 10 date of installation, 11 boot time (XP prints the uptime instead, which is not used). XP lists some
hotfixes as ``File 1``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.columns import columns_under, fields_of
from evtscan.parsers.reports.osversion import kernel_type, parse_version, product
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.printedtimes import instant, orders_of, printed_time

_HOST, _PRODUCT, _VERSION, _CONFIGURATION, _BUILD_TYPE, _INSTALLED, _BOOTED = 0, 1, 2, 4, 5, 9, 10
_LABEL = re.compile(r"\S[^:]{0,80}:(?:\s{1,80}(?P<value>\S.{0,4000})?)?\Z")
_ITEM = re.compile(r"\[\d+\]: ?([^,\[]*)")
_HOTFIX = re.compile(r"(?:KB|Q)\d{6,7}\b", re.IGNORECASE)
_COUNT = re.compile(r"(\d{1,5})\b")
_ROLES = {
    "standalone workstation": "workstation",
    "member workstation": "workstation",
    "standalone server": "server",
    "member server": "server",
    "primary domain controller": "domain controller",
    "backup domain controller": "domain controller",
    "additional/backup domain controller": "domain controller",
}


@dataclass(slots=True)
class _Entry:
    """One property: its value, the items of its list, and its line (from 0) in the section."""

    value: str
    index: int
    items: list[str] = field(default_factory=list)


def parse(section: Section) -> Iterator[Inventory]:
    """Parse the output of one run; ``/fo csv`` may print a row for each of several hosts."""
    for entries in _properties(section):
        if len(entries) > _VERSION:
            yield _inventory(section, entries)


def _properties(section: Section) -> Iterator[list[_Entry]]:
    filled = [index for index, line in enumerate(section.lines) if line.strip()]
    if not filled:
        return
    first = filled[0]
    if section.lines[first].startswith('"'):
        yield from _from_csv(section, first)
    elif len(filled) > 2 and set(section.lines[filled[1]].split()[0]) == {"="}:
        spans = columns_under(section.lines[filled[1]])
        for index in filled[2:]:
            yield [_listed(section.lines[index][start:end], index) for start, end in spans]
    else:
        yield _from_list(section)


def _from_list(section: Section) -> list[_Entry]:
    entries: list[_Entry] = []
    for index, line in enumerate(section.lines):
        if (match := _LABEL.match(line[:4200])) is not None:
            entries.append(_Entry((match["value"] or "").strip(), index))
        elif entries and (item := _ITEM.match(line.strip()[:400])) is not None:
            entries[-1].items.append(item[1].strip())
    return entries


def _from_csv(section: Section, first: int) -> Iterator[list[_Entry]]:
    for index in range(first, len(section.lines)):
        line = section.lines[index]
        fields = fields_of(line)
        if len(fields) > _VERSION and parse_version(fields[_VERSION]) is not None:
            yield [_listed(value, index) for value in fields]


def _listed(text: str, index: int) -> _Entry:
    """Parse a value followed by its list: ``2 Hotfix(s) Installed.,[01]: KB911164,[02]: Q147222``."""
    return _Entry(text.strip(), index, [item.strip() for item in _ITEM.findall(text)])


def _inventory(section: Section, entries: Sequence[_Entry]) -> Inventory:
    draft = Draft(section, "systeminfo")
    host, name, version = entries[_HOST], entries[_PRODUCT], entries[_VERSION]
    draft.say("computer", host.value or None, host.index)
    draft.say("product", product(name.value), name.index)
    if (printed := parse_version(version.value)) is not None:
        draft.say("version", printed.version, version.index)
        draft.say("build", printed.build, version.index)
        draft.say("service_pack", printed.service_pack, version.index)
    if len(entries) > _BUILD_TYPE:
        role, kernel = entries[_CONFIGURATION], entries[_BUILD_TYPE]
        draft.say("role", _ROLES.get(role.value.lower()), role.index)
        draft.say("kernel_type", kernel_type(kernel.value), kernel.index)
    if len(entries) > _BOOTED:
        installed, booted = printed_time(entries[_INSTALLED].value), printed_time(entries[_BOOTED].value)
        if booted is not None:
            draft.taken = instant(booted, orders_of([installed or booted, booted]))
    hotfixes, whole = _hotfixes(draft, entries)
    return draft.inventory(hotfixes=hotfixes, whole={"hotfixes"} if whole else ())


def _hotfixes(draft: Draft, entries: Sequence[_Entry]) -> tuple[list[str], bool]:
    """Return the hotfix numbers, and whether the list is complete according to its own count."""
    for entry in entries[:-1]:  # the last property may be cut off; the network cards come after the hotfixes
        names = [match[0].upper() for item in entry.items if (match := _HOTFIX.match(item)) is not None]
        if names:
            draft.places["hotfixes"] = draft.section.place(entry.index)
            count = _COUNT.match(entry.value)
            return names, count is not None and int(count[1]) == len(names) == len(entry.items)
    return [], False


_LABELLED_VERSION = re.compile(r"\S[^:]{3,60}: {2,}\d+\.\d+\.\d+ .{0,40}\b\d{3,5}$")
_QUOTED_VERSION = re.compile(r'"[^"]+","[^"]+","\d+\.\d+\.\d+ [^"]{0,40}\b\d{3,5}",')


def _is_systeminfo(lines: list[str]) -> bool:
    return any(_LABELLED_VERSION.match(line[:200]) or _QUOTED_VERSION.match(line[:400]) for line in lines)


PROGRAM = Program(
    name="systeminfo",
    title="systeminfo, list and CSV",
    keeps=(
        "product, version, build, service pack, kernel type, name, role, hotfixes; all versions "
        "but XP print the last boot"
    ),
    loses="services, drivers",
    known_by="`Host Name:` or a row of its captions; in other languages the shape of the version",
    begins=r'Host Name: {4,}\S|"Host Name","OS Name","OS Version"|Host Name +OS Name +OS Version ',
    commands=("systeminfo",),
    has_shape=_is_systeminfo,
    begins_once=True,
    parse=parse,
)
