r"""The Resource Kit's ``srvinfo`` → inventory.

    Server Name: NTBOX
    NT Type: NT Member Server
    Version: 4.0
    Build: 1381, Service Pack 6
    Current Type: Uniprocessor Free
    Hotfixes:
       [Q147222]:
    Drive:  [FileSys] [ Size ] …
    Services:
       [Running]  Alerter
    Network Card [0]: …

It lists hotfixes and services in full, and no drivers (Q194334, Q272436).
"""

import re
from collections.abc import Iterator

from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.parsers.reports.osversion import kernel_type, product
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.reports.services import lists_services, running

_LABEL = re.compile(r"(?P<label>[A-Z][\w ]{2,40}?)(?: ?\[\d+\])?: ?(?P<value>.{0,400})\Z")
_HOTFIX = re.compile(r"\s+\[?((?:KB|Q)\d{6,7})\b", re.IGNORECASE)
_SERVICE = re.compile(r"\s+\[(?P<state>\w{3,20})\]\s{0,20}(?P<name>\S.{0,255})\Z")
_BUILD = re.compile(r"\d{3,6}\b")
_PACK = re.compile(r"Service Pack \d{1,2}", re.IGNORECASE)
_ROLES = (("domain controller", "domain controller"), ("workstation", "workstation"), ("server", "server"))


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one report."""
    draft = Draft(section, "srvinfo")
    hotfixes: list[str] = []
    services: list[ServiceEntry] = []
    finished: set[str] = set()
    part = ""
    for index, line in enumerate(section.lines):
        line = line[:700].rstrip()
        if (match := _LABEL.match(line)) is not None:
            finished.add(part)
            part = match["label"].lower()
            _read(draft, part, match["value"].strip(), index)
        elif part == "hotfixes" and (hotfix := _HOTFIX.match(line)) is not None:
            hotfixes.append(hotfix[1].upper())
        elif part == "services" and (service := _SERVICE.match(line)) is not None:
            state = running(service["state"])
            services.append(
                ServiceEntry(location=section.place(index), display_name=service["name"].strip(), running=state)
            )
    whole = {"hotfixes"} & finished
    if "services" in finished and lists_services(services):
        whole |= {"services", "running services"}
    yield draft.inventory(services=services, hotfixes=hotfixes, whole=whole)


def _read(draft: Draft, label: str, value: str, index: int) -> None:
    if label == "server name":
        draft.say("computer", value.lstrip("\\") or None, index)
    elif label == "nt type":
        role = next((role for word, role in _ROLES if word in value.lower()), None)
        draft.say("role", role, index)
    elif label == "version":
        draft.say("version", value or None, index)
    elif label == "build":
        build, pack = _BUILD.match(value), _PACK.search(value)
        draft.say("build", build[0] if build else None, index)
        draft.say("service_pack", pack[0] if pack else None, index)
    elif label == "current type":
        draft.say("kernel_type", kernel_type(value), index)
    elif label == "product name":
        name = product(value)
        draft.say("product", name if name != "Windows NT" else None, index)  # which of its products, it does not say


PROGRAM = Program(
    name="srvinfo",
    title="srvinfo of the Resource Kits",
    keeps="version, build, service pack, kernel type, hotfixes and services in full",
    loses="drivers",
    known_by="`Server Name:`",
    begins=r"Server Name: *\S",
    commands=("srvinfo",),
    begins_once=True,
    parse=parse,
)
