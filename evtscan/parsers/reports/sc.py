r"""``sc query``, ``sc queryex``, ``sc qc`` and PsService → inventory.

    SERVICE_NAME: Dhcp                                      [SC] QueryServiceConfig SUCCESS
    DISPLAY_NAME: DHCP Client
            TYPE               : 20  WIN32_SHARE_PROCESS    SERVICE_NAME: RasArp
            STATE              : 4  RUNNING                         START_TYPE         : 3   DEMAND_START
                                    (STOPPABLE, …)                  BINARY_PATH_NAME   : system32\drivers\rasarp.sys

Labels are translated in some languages; the numbers and words after them are not. PsService prints the description
below the names, and uses TABs. ``sc query`` without options lists running services only; with ``state= all`` it lists
all services, with ``type= driver`` or ``type= all`` also drivers. The output for a single service has no display name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.reports.services import lists_drivers, lists_services

_NAME = re.compile(r"(?P<label>[^\W\d_]{2,20}(?:_[^\W\d_]{2,20})+)\s{0,9}: ?(?P<value>\S.{0,255})\Z")
_PROPERTY = re.compile(r"\s+(?P<label>[^\W\d]{3,40})\s{0,30}: ?(?P<value>\S.{0,1000})\Z")
_NUMBER = re.compile(r"(?P<number>[0-9a-f]{1,4})\s+(?P<word>[A-Z0-9_]{3,40})")
_MORE = re.compile(r"Enum: more data", re.IGNORECASE)
_RUNNING, _STOPPED = 4, 1
_STATES = frozenset(
    {"STOPPED", "RUNNING", "PAUSED", "START_PENDING", "STOP_PENDING", "CONTINUE_PENDING", "PAUSE_PENDING"}
)
_STARTS = frozenset({"BOOT_START", "SYSTEM_START", "AUTO_START", "DEMAND_START", "DISABLED"})
_DRIVER_TYPES = 0x0F
_PROGRAM = re.compile(r"\.(?:exe|sys|dll)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Block:
    """The values of one service, from one or more blocks."""

    name: str
    index: int
    display_name: str | None = None
    type: int | None = None
    state: int | None = None
    start: int | None = None
    path: str | None = None
    labels: set[str] = field(default_factory=set)

    def take(self, other: "_Block") -> None:
        """Add the values of another block of the same service."""
        self.display_name = self.display_name or other.display_name
        self.path = self.path or other.path
        for name in ("type", "state", "start"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(other, name))

    def entry(self, section: Section) -> ServiceEntry:
        return ServiceEntry(
            location=section.place(self.index),
            name=self.name,
            display_name=self.display_name,
            running=None if self.state is None else self.state == _RUNNING if self.state in (1, 4) else None,
            start=self.start,
            path=self.path,
        )


def parse(section: Section) -> Iterator[Inventory]:
    """Parse the blocks of one or more runs."""
    listed: dict[str, _Block] = {}
    for block in _blocks(section):
        known = listed.setdefault(block.name.lower(), block)
        if known is not block:
            known.take(block)
    if listed:
        whole = _whole(section, list(listed.values()))
        entries = (block.entry(section) for block in listed.values())
        yield Draft(section, "sc").inventory(services=entries, whole=whole)


def _blocks(section: Section) -> Iterator[_Block]:
    block: _Block | None = None
    for index, line in enumerate(section.lines):
        if (name := _NAME.match(line[:300])) is not None and name["label"].isupper():
            if block is None or block.labels:
                if block is not None:
                    yield block
                block = _Block(name["value"].strip(), index)
            elif block.display_name is None:
                block.display_name = name["value"].strip()
        elif block is not None and (item := _PROPERTY.match(line[:1100])) is not None and item["label"].isupper():
            block.labels.add(item["label"])
            _read(block, item["label"], item["value"].strip())
    if block is not None:
        yield block


def _read(block: _Block, label: str, value: str) -> None:
    if (coded := _NUMBER.match(value)) is not None:
        word = coded["word"]
        if word in _STATES:
            block.state = int(coded["number"], 16)
        elif word in _STARTS:
            block.start = int(coded["number"], 16)
        elif word.startswith(("WIN32", "KERNEL", "FILE_SYSTEM", "USER_", "ADAPTER", "RECOGNIZER", "INTERACTIVE")):
            block.type = int(coded["number"], 16)
    elif label == "DISPLAY_NAME":
        block.display_name = value
    elif label == "BINARY_PATH_NAME" or (block.path is None and _PROGRAM.search(value)):
        block.path = value


def _whole(section: Section, blocks: list[_Block]) -> set[str]:
    """Return the names of the lists that are complete.

    A complete list has services that every host has, and states that a narrower query omits.
    """
    listed = [block for block in blocks if block.display_name is not None and block.state is not None]
    if len(listed) < len(blocks) or not section.closed or any(_MORE.search(line[:80]) for line in section.lines):
        return set()
    drivers = [block for block in listed if block.type is not None and block.type & _DRIVER_TYPES]
    services = [block for block in listed if not (block.type or 0) & _DRIVER_TYPES]
    whole = set()
    if lists_services(block.entry(section) for block in services) and _runs(services):
        whole.add("running services")
        if any(block.state == _STOPPED for block in services):
            whole.add("services")
    if lists_drivers(block.entry(section) for block in drivers) and any(block.state == _STOPPED for block in drivers):
        whole.add("drivers")
    return whole


def _runs(blocks: list[_Block]) -> bool:
    return any(block.state == _RUNNING for block in blocks)


_SC_STATE = re.compile(r"\s+\S[^:]{2,20}\s*: [1-7]\s+(?:STOPPED|RUNNING|PAUSED|\w+_PENDING)\b")


def _is_sc(lines: list[str]) -> bool:
    return any(_SC_STATE.match(line[:200]) for line in lines)


PROGRAM = Program(
    name="sc",
    title="sc query, sc qc, psservice",
    keeps="services and drivers: state, start type, path",
    loses="services that were not requested: only `query state= all` lists all of them",
    known_by="`SERVICE_NAME:` or `[SC]`",
    begins=r"SERVICE_NAME:|\[SC\] (?:Query|Get|Enum)\w*Service",
    commands=(
        "sc",
        "psservice",
    ),
    has_shape=_is_sc,
    parse=parse,
)
