r"""WinMSD's text report (Windows NT 3.5 to 4.0) → inventory.

    Microsoft Diagnostics Report For \\NTBOX
    ----------------------------------------------------------------------
    OS Version Report
    ----------------------------------------------------------------------
    Microsoft (R) Windows NT (TM) Server
    Version 4.0 (Build 1381: Service Pack 2) x86 Uniprocessor Free
    …
    Services Report                                  (between two rules, as above)
    Alerter                                          Running    (Automatic)
        C:\WINNT\System32\services.exe
    Drivers Report
    Remote Access ARP Service (PNP_TDI)              Running    (Automatic)

Services and drivers are listed by display name, followed by the load order group. A complete report (``/a``) adds
path, account and dependencies, indented. NT 3.5x centres titles and prints ``label: value`` (Q130374, Q232848). WinMSD
prints no hotfixes.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.parsers.reports.osversion import kernel_type, parse_about, product
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.reports.services import lists_drivers, lists_services, running, start_type

_HOST = re.compile(r"Report For\s+\\\\(\S+)", re.IGNORECASE)
_RULE = re.compile(r"\s{0,80}[-=_]{10,}\s*\Z")
_TITLE = re.compile(r"\s{0,80}(\S.{0,40}?) Report\s*\Z", re.IGNORECASE)
_STATE = re.compile(r"\s(Running|Stopped|Paused)\s{0,20}\((\w{3,12})\)\s*\Z", re.IGNORECASE)
_GROUP = re.compile(r"\s+\([^()]*\)\Z")
_PROGRAM = re.compile(r"\s+(\S.{0,300}\.(?:exe|sys|dll)\b.{0,300})", re.IGNORECASE)
_ROLES = {"Windows NT Workstation": "workstation"}


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one report."""
    draft = Draft(section, "winmsd")
    lists: dict[str, list[ServiceEntry]] = {"services": [], "drivers": []}
    finished: set[str] = set()
    title = ""
    for index, line in enumerate(section.lines):
        if (heading := _heading(section.lines, index)) is not None:
            finished.add(title)
            title = heading
        elif title in lists:
            _read_service(section, index, lists[title])
        else:
            _read_value(draft, index, line)
    if not draft.values and not any(lists.values()):
        return
    whole = set()
    if "services" in finished and lists_services(lists["services"]):
        whole |= {"services", "running services"}
    if "drivers" in finished and lists_drivers(lists["drivers"]):
        whole.add("drivers")
    yield draft.inventory(services=[*lists["services"], *lists["drivers"]], whole=whole)


def _heading(lines: list[str], index: int) -> str | None:
    """Return the lower-case title of the part that begins at this line; a title has a ruled line above or below it."""
    match = _TITLE.match(lines[index][:200])
    if match is None:
        return None
    beside = lines[max(index - 1, 0) : index] + lines[index + 1 : index + 2]
    return match[1].lower() if any(_RULE.match(line[:200]) for line in beside) else None


def _read_value(draft: Draft, index: int, line: str) -> None:
    if (host := _HOST.search(line[:400])) is not None:
        draft.say("computer", host[1], index)
    if "Windows NT" in line[:100] and "Report" not in line and (name := product(line)) is not None:
        draft.say("product", name, index)
        draft.say("role", _ROLES.get(name), index)
    if (about := parse_about(line)) is not None:
        draft.say("version", about.version, index)
        draft.say("build", about.build, index)
        draft.say("service_pack", about.service_pack, index)
        draft.say("kernel_type", kernel_type(line), index)


def _read_service(section: Section, index: int, entries: list[ServiceEntry]) -> None:
    line = section.lines[index][:1000]
    if not line[:1].isspace() and (state := _STATE.search(line)) is not None:
        shown = line[: state.start()].strip()
        entries.append(
            ServiceEntry(
                location=section.place(index),
                display_name=_GROUP.sub("", shown) or shown,
                running=running(state[1]),
                start=start_type(state[2]),
            )
        )
    elif entries and entries[-1].path is None and (program := _PROGRAM.match(line)) is not None:
        entries[-1] = replace(entries[-1], path=program[1].strip())


PROGRAM = Program(
    name="winmsd",
    title="WinMSD report of Windows NT",
    keeps="version, build, service pack, kernel type, services and drivers with their states",
    loses="hotfixes, file versions",
    known_by="`Microsoft Diagnostics Report` or `Windows NT Diagnostics Report`",
    begins=r"\s*(?:Microsoft|Windows NT) Diagnostics Report\b",
    commands=("winmsd",),
    begins_once=True,
    parse=parse,
)
