"""The published names of facts: what each means, how it behaves in time, and how to get it when it is missing."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from evtscan.base.model.fact import FactValue
from evtscan.facts.catalogue.components import COMPONENTS


class FactType(Enum):
    """The type of a fact's values."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "true or false"
    VERSION = "version"
    DATE = "date"
    SET = "list of names"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKind:
    """A row of the catalogue.

    ``pattern`` is a name, or a name with one variable part in capitals (``service.NAME.start``, ``registry.PATH``).
    ``across_restart``: the value changes only across a restart of the host, so it holds for a whole boot session.
    ``rises``: the value never decreases, except by a reinstallation. ``applicability``: if a condition on it is false,
    the rule does not apply to such hosts at all. ``unlisted``: members of this set may be missing in a complete list.
    ``noun`` is its name in a sentence; ``phrase``, ``negative`` and ``absent`` are the words for a value, for false,
    and for a value that is known to be absent.
    """

    pattern: str
    type: FactType
    meaning: str
    how_to_get: str
    across_restart: bool = False
    rises: bool = False
    applicability: bool = False
    unlisted: bool = False
    noun: str = "{name}"
    phrase: str = ""
    negative: str = ""
    absent: str = ""

    def matches(self, name: str) -> bool:
        """Whether a fact of this name is of this kind."""
        return _names_like(self.pattern).fullmatch(name) is not None

    def open_part(self, name: str) -> str:
        """The variable part of a name of this kind: ``rasarp.sys`` of ``file.rasarp.sys.date``."""
        match = _names_like(self.pattern).fullmatch(name)
        return match[1] if match is not None and match.re.groups else ""

    def say(self, name: str, value: FactValue) -> str:
        """Word a value of this fact for a reader: ``Service Pack 2``, ``RAS is installed``."""
        item = self.open_part(name)
        if value is None or value == ():
            return (self.absent or "{name} is not there").format(name=name, item=item)
        if value is False and self.negative:
            return self.negative.format(name=name, item=item)
        if self.pattern == "os.service_pack" and value == 0:
            return "no service pack"
        shown = (
            ", ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else value
        )
        return (self.phrase or "{name} is {value}").format(name=name, item=item, value=shown)


_HOLES = {"NAME": ".+", "PATH": r"[^*]+"}
"""What may stand for the capitals in a pattern; several of them, with what lies between, are one open part."""


@lru_cache(maxsize=256)
def _names_like(pattern: str) -> re.Pattern[str]:
    head, *holes = re.split("(NAME|PATH)", pattern)
    if not holes:
        return re.compile(re.escape(pattern))
    *inside, tail = holes
    opened = "".join(_HOLES.get(part) or re.escape(part) for part in inside)
    return re.compile(f"{re.escape(head)}({opened}){re.escape(tail)}", re.DOTALL)


_CURRENT_VERSION = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"
_EXPORT_VERSION = rf"export {_CURRENT_VERSION} with regedit to a .reg file, or collect the SOFTWARE hive"
_EXPORT_SERVICES = rf"export the whole key {_SERVICES} with regedit to a .reg file, or collect the SYSTEM hive"
_EXPORT_PROGRAMS = (
    r"collect the SOFTWARE hive, or export HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall with "
    "regedit to a .reg file"
)
_STATE = "write “{name}: …” in a facts.yaml beside the evidence"

CATALOGUE: tuple[FactKind, ...] = (
    FactKind(
        pattern="os.version",
        type=FactType.VERSION,
        meaning="version of Windows: 3.51, 4.0, 5.0 (2000), 5.1 (XP), 5.2 (2003) … 10.0 (10, 11, 2016 and later)",
        noun="the version of Windows",
        how_to_get=f"{_EXPORT_VERSION}; the System log states it where it holds event 6009 of EventLog",
        across_restart=True,
        rises=True,
        applicability=True,
        phrase="Windows version {value}",
    ),
    FactKind(
        pattern="os.build",
        type=FactType.INTEGER,
        meaning="build number: 1381 (NT 4.0), 2195 (2000), 2600 (XP) … 26100",
        noun="the build of Windows",
        how_to_get=f"{_EXPORT_VERSION}; the System log states it where it holds event 6009 of EventLog",
        across_restart=True,
        rises=True,
        applicability=True,
        phrase="build {value}",
    ),
    FactKind(
        pattern="os.ubr",
        type=FactType.INTEGER,
        meaning="update revision of Windows 10 and later, the last part of 10.0.19045.4291",
        noun="the update revision of Windows",
        how_to_get=_EXPORT_VERSION,
        across_restart=True,
        phrase="update revision {value}",
    ),
    FactKind(
        pattern="os.service_pack",
        type=FactType.INTEGER,
        meaning="number of the service pack, 0 for none; 6a of Windows NT 4.0 is 6 with hotfix Q246009",
        noun="the service pack",
        how_to_get=(
            f"{_EXPORT_VERSION} (value CSDVersion); Windows NT 4.0 states it in event 6009 only from Service Pack 4 on"
        ),
        across_restart=True,
        rises=True,
        phrase="Service Pack {value}",
    ),
    FactKind(
        pattern="os.product",
        type=FactType.TEXT,
        meaning="name of the product, such as Windows NT Server or Windows 10 Pro",
        noun="the product",
        how_to_get=(
            rf"{_EXPORT_VERSION}; for Windows NT export "
            r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions as well"
        ),
        across_restart=True,
        applicability=True,
        phrase="product {value}",
    ),
    FactKind(
        pattern="os.kernel_type",
        type=FactType.TEXT,
        meaning="kind of kernel, such as Uniprocessor Free",
        noun="the kind of kernel",
        how_to_get=f"{_EXPORT_VERSION}; event 6009 of EventLog states it",
        across_restart=True,
        phrase="{value} kernel",
    ),
    FactKind(
        pattern="os.update_date",
        type=FactType.DATE,
        meaning=(
            "release date of the newest update installed, as YYYY-MM-DD; by build and update revision from Windows 10 "
            "on: of the newest that is listed at or below the revision"
        ),
        noun="the date of the newest update",
        how_to_get=(
            f"note the newest update of the host and {_STATE}; for Windows 10 and later {_EXPORT_VERSION} "
            "(CurrentBuildNumber and UBR)"
        ),
        across_restart=True,
        rises=True,
        phrase="updated to {value}",
    ),
    FactKind(
        pattern="host.name",
        type=FactType.TEXT,
        meaning="computer name",
        noun="the computer name",
        how_to_get=(
            r"export HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName with regedit to a .reg file"
        ),
        across_restart=True,
        phrase="named {value}",
    ),
    FactKind(
        pattern="host.role",
        type=FactType.TEXT,
        meaning="workstation, server or domain controller",
        noun="the role of the host",
        how_to_get=(
            r"export HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions with regedit to a .reg file"
        ),
        across_restart=True,
        phrase="role {value}",
    ),
    FactKind(
        pattern="hotfix",
        type=FactType.SET,
        meaning=(
            "hotfixes and updates (Q246009, KB943729 …) that the registry or a report lists or the log shows being "
            "installed; a key may be stale, a copied fix leaves none (Q238552)"
        ),
        unlisted=True,
        noun="the list of hotfixes",
        how_to_get=f"{_EXPORT_VERSION} with its sub-keys (Hotfix); “wmic qfe” lists them from Windows XP on",
        phrase="hotfixes {value}",
        absent="no hotfix is listed",
    ),
    FactKind(
        pattern="application",
        type=FactType.SET,
        meaning=(
            "programs that are installed, by the names under which Windows lists them for removal, or Windows "
            "Installer logs them; not what one user installed for himself without it"
        ),
        noun="the list of programs",
        how_to_get=_EXPORT_PROGRAMS,
        phrase="programs {value}",
        absent="no program is listed",
    ),
    FactKind(
        pattern="application.NAME.version",
        type=FactType.VERSION,
        meaning="version of a program (NAME as in `application`)",
        noun="the version of {item}",
        how_to_get=_EXPORT_PROGRAMS,
        phrase="{item} has version {value}",
        absent="{item} is not installed",
    ),
    FactKind(
        pattern="component.ras.leftovers",
        type=FactType.BOOLEAN,
        meaning="keys of RAS have outlived its removal: Tcpip 4119 or NetBT 4311 was logged (Q181548)",
        noun="whether RAS left registry keys behind",
        how_to_get="collect the System log; Tcpip 4119 and NetBT 4311 show such keys",
        across_restart=True,
        phrase="registry keys of RAS have outlived its removal",
        negative="no RAS keys are left over",
    ),
    FactKind(
        pattern="component.ras",
        type=FactType.BOOLEAN,
        meaning="Remote Access Service of Windows NT is installed, as its driver RasArp or its events show (Q177118)",
        noun="whether RAS is installed",
        how_to_get=f"{_EXPORT_SERVICES} (RasArp in it shows RAS)",
        across_restart=True,
        phrase="RAS is installed",
        negative="RAS is not installed",
    ),
    FactKind(
        pattern="component.NAME",
        type=FactType.BOOLEAN,
        meaning=f"a component is installed; known are {', '.join(row.name for row in COMPONENTS)}",
        noun="whether component {item} is installed",
        how_to_get=_EXPORT_SERVICES,
        across_restart=True,
        phrase="component {item} is installed",
        negative="component {item} is not installed",
    ),
    FactKind(
        pattern="service.NAME.start",
        type=FactType.INTEGER,
        meaning="start type of a service or driver: 0 boot, 1 system, 2 automatic, 3 manual, 4 disabled",
        noun="the start type of service {item}",
        how_to_get=_EXPORT_SERVICES,
        across_restart=True,
        phrase="service {item} has start type {value}",
        absent="service {item} is not installed",
    ),
    FactKind(
        pattern="file.NAME.version",
        type=FactType.VERSION,
        meaning="version in the version resource of a file (NAME in lower case, with suffix)",
        noun="the version of {item}",
        how_to_get=f"look up the version of {{item}} on the host and {_STATE}",
        across_restart=True,
        phrase="{item} has version {value}",
        absent="{item} is not there",
    ),
    FactKind(
        pattern="file.NAME.size",
        type=FactType.INTEGER,
        meaning="size of a file in bytes",
        noun="the size of {item}",
        how_to_get=f"list the file with “dir {{item}}” on the host and {_STATE}",
        across_restart=True,
        phrase="{item} has {value} bytes",
        absent="{item} is not there",
    ),
    FactKind(
        pattern="file.NAME.date",
        type=FactType.DATE,
        meaning="date of a file as a directory or an archive lists it, as YYYY-MM-DD",
        noun="the date of {item}",
        how_to_get=f"list the file with “dir {{item}}” on the host and {_STATE}",
        across_restart=True,
        phrase="{item} is dated {value}",
        absent="{item} is not there",
    ),
    FactKind(
        pattern="file.NAME.linked",
        type=FactType.DATE,
        meaning="link date in the header of an executable file, as YYYY-MM-DD",
        noun="the link date of {item}",
        how_to_get=f"read the link date of {{item}} (dumpbin /headers) and {_STATE}",
        across_restart=True,
        phrase="{item} was linked on {value}",
        absent="{item} is not there",
    ),
    FactKind(
        pattern=r"registry.PATH\*\PATH",
        type=FactType.SET,
        meaning=(
            r"the values of one name that the keys at * have: "
            r"registry.SYSTEM\CurrentControlSet\Services\DNS\Zones\*\Notify"
        ),
        noun="the set of values {item}",
        how_to_get=r"export the key above the * of HKEY_LOCAL_MACHINE\{item} with regedit to a .reg file",
        phrase="{item} is {value}",
        absent="{item} is set nowhere",
    ),
    FactKind(
        pattern="size(registry.PATH)",
        type=FactType.INTEGER,
        meaning="bytes of a registry value as it is stored: text in UTF-16 with a zero at its end",
        noun="the size of registry value {item}",
        how_to_get=r"export the key that holds HKEY_LOCAL_MACHINE\{item} with regedit to a .reg file",
        phrase="{item} has {value} bytes",
        absent="{item} is not set",
    ),
    FactKind(
        pattern="count(registry.PATH)",
        type=FactType.INTEGER,
        meaning="members of a registry value that is a list (REG_MULTI_SZ)",
        noun="the number of members of registry value {item}",
        how_to_get=r"export the key that holds HKEY_LOCAL_MACHINE\{item} with regedit to a .reg file",
        phrase="{item} has {value} members",
        absent="{item} is not set",
    ),
    FactKind(
        pattern="registry.PATH",
        type=FactType.TEXT,
        meaning=r"a registry value by its path: registry.SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Hostname",
        noun="registry value {item}",
        how_to_get=r"export the key that holds HKEY_LOCAL_MACHINE\{item} with regedit to a .reg file",
        phrase="{item} is {value}",
        absent="{item} is not set",
    ),
)
"""First match wins: the more specific patterns stand before the open ones."""


@lru_cache(maxsize=4096)
def find(name: str) -> FactKind | None:
    """The kind of a fact, or None if the name is not in the catalogue."""
    return next((kind for kind in CATALOGUE if kind.matches(name)), None)


def is_known(name: str) -> bool:
    """Whether the catalogue contains a fact of this name."""
    return find(name) is not None


def how_to_get(name: str) -> str:
    """How to obtain a missing fact, as an instruction to the person who collects evidence."""
    kind = find(name)
    if kind is None:
        return _STATE.format(name=name)
    return kind.how_to_get.format(name=name, item=kind.open_part(name))


def noun(name: str) -> str:
    """Name a fact in a sentence: ``the service pack``, ``whether RAS is installed``."""
    kind = find(name)
    return kind.noun.format(name=name, item=kind.open_part(name)) if kind else name


def how_to_date(name: str) -> str:
    """How to obtain the value of a fact at an earlier time, if only a later value is known."""
    return (
        f"write in a facts.yaml beside the evidence from when on it had which value ({name}: [{{value: …, from: …}}])"
    )


def how_to_settle(name: str) -> str:
    """Return how to obtain a fact that the evidence mentions but leaves undecided.

    More evidence of the same kind would not help.
    """
    return f"the evidence leaves it open; find it out and write it in a facts.yaml beside the evidence ({name}: …)"


def say(name: str, value: FactValue) -> str:
    """Word a value of a fact for a reader."""
    kind = find(name)
    return kind.say(name, value) if kind else f"{name} is {value}"
