"""Events of the kernel and the event log service → version, build, revision, service pack, product of Windows."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from evtscan.base.model.event import Event
from evtscan.base.model.fact import FactValue
from evtscan.base.model.query import Selector
from evtscan.base.versions import os_version, service_pack
from evtscan.evidence.timechanges import KERNEL_GENERAL
from evtscan.facts.collectors import updates
from evtscan.facts.history.sessions import EVENT_LOG, KERNEL_STARTED, is_from
from evtscan.facts.history.statement import Statement, Undecided

UPTIME = 6013
SELECTORS = frozenset(
    {Selector("System", KERNEL_GENERAL, KERNEL_STARTED), Selector("System", EVENT_LOG, UPTIME)},
)
PROVIDES = ("os.version", "os.build", "os.ubr", updates.FACT, "os.service_pack", "os.product", "os.kernel_type")
_NUMBER = re.compile(r"\d{1,9}\Z", re.ASCII)
_FIRST_WITH_UBR = 10
_MOST_SERVICE_PACKS = 99
_FORMAT = "1.1"
_PRODUCT, _SYSTEM, _KERNEL = 2, 3, 4
_SYSTEM_LINE = re.compile(r"(\d{1,3}\.\d{1,3})\.(\d{1,6}) Build \d{1,6}(?: (.*))?\Z", re.ASCII)


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read Kernel-General 12, which Windows writes at each start from Vista on, and the data of EventLog 6013.

    6013 gives the uptime at noon and after a start. From Vista on, its raw data hold a description of the system.
    """
    for event in events:
        if event.event_id == KERNEL_STARTED and is_from(event, KERNEL_GENERAL):
            values = _of_start(event)
        elif event.event_id == UPTIME and is_from(event, EVENT_LOG):
            values = _of_uptime(event)
        else:
            continue
        for said in values:
            yield Statement(name=said.name, value=said.value, location=event.location, event=event, note=said.note)


class _Said(NamedTuple):
    """A fact that an event states, with a note for the reader."""

    name: str
    value: FactValue | Undecided
    note: str = ""


def _of_start(event: Event) -> Iterator[_Said]:
    """The fields of Kernel-General 12.

    QfeVersion is the update revision from Windows 10 on; before, it numbers the kernel file (17514 of 6.1.7601.17514).
    """
    major, minor = (_number(event, name) for name in ("MajorVersion", "MinorVersion"))
    if major is None or minor is None:
        return
    yield _Said("os.version", f"{major}.{minor}")
    builds = builds_at_start(event)
    if len(builds) == 1:
        yield _Said("os.build", builds[0])
    revision = _revision(event)
    if revision is not None:
        yield _Said("os.ubr", revision)
        if builds:
            yield _Said(updates.FACT, *updates.date_of(builds[0], revision))
    pack = _number(event, "ServiceVersion")
    if pack is not None and pack <= _MOST_SERVICE_PACKS:
        yield _Said("os.service_pack", pack)


def builds_at_start(event: Event) -> tuple[int, ...]:
    """The builds that fit the kernel version of Kernel-General 12, lowest first; empty if the event has no version.

    The event gives the version of the kernel file, which stays that of the base build if an enablement package changed
    19041 to 19045.
    """
    build, revision = _number(event, "BuildVersion"), _revision(event)
    if build is None:
        return ()
    return updates.possible_builds(build, revision) if _has_revisions(event) else (build,)


def _revision(event: Event) -> int | None:
    return _number(event, "QfeVersion") if _has_revisions(event) else None


def _has_revisions(event: Event) -> bool:
    return (_number(event, "MajorVersion") or 0) >= _FIRST_WITH_UBR


def _number(event: Event, field: str) -> int | None:
    value = event.data.get(field)
    return int(value) if isinstance(value, str) and _NUMBER.match(value) else None


def _of_uptime(event: Event) -> Iterator[_Said]:
    """The raw data of 6013: texts in UTF-16, each ended by a zero; the layout was read from logs of Windows 7 to 10.

    The texts are a format version (1.1), 0, the product, the system (``6.1.7601 Build 7601 Service Pack 1``), the kind
    of kernel, the build laboratory, and others that no fact needs. Two blanks after the build mean that there is no
    pack.
    """
    texts = _texts(event.data.get("Binary"))
    if len(texts) <= _KERNEL or texts[0] != _FORMAT:
        return
    system = _SYSTEM_LINE.match(texts[_SYSTEM])
    version = os_version(system[1]) if system else None
    if system is None or version is None:
        return
    yield _Said("os.version", version)
    yield _Said("os.build", int(system[2]))
    pack = service_pack(system[3]) if system[3] is not None else None
    if pack is not None:
        yield _Said("os.service_pack", pack)
    if product := texts[_PRODUCT].strip():
        yield _Said("os.product", product)
    if kernel := texts[_KERNEL].strip():
        yield _Said("os.kernel_type", kernel)


def _texts(data: object) -> list[str]:
    if not isinstance(data, str):
        return []
    try:
        return bytes.fromhex(data).decode("utf-16-le").split("\0")
    except ValueError:
        return []
