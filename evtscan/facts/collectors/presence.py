"""Events, registry keys and system reports × the table of components → which of them a host has.

A component is absent only where the evidence holds all services, or component servicing turned it off.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from evtscan.base.model.event import Event
from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.base.model.query import Selector
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import Location
from evtscan.base.versions import version_key
from evtscan.facts.catalogue.components import COMPONENTS, Component
from evtscan.facts.catalogue.displaynames import service_name
from evtscan.facts.collectors.services import CONTROL_MANAGER, INSTALLED, START_CHANGED, service_of
from evtscan.facts.history.sessions import is_from
from evtscan.facts.history.statement import Statement, Undecided

SERVICES = r"SYSTEM\CurrentControlSet\Services"
SERVICING = "Microsoft-Windows-Servicing"
_TURNED_ON, _TURNED_OFF = 9, 10
_SUCCESS = frozenset({"", "0", "0x0", "0x00000000"})
_SERVICE_EVENTS = frozenset({7009, 7011, 7022, 7023, 7024, 7031, 7034, START_CHANGED, INSTALLED})
"""What the Service Control Manager says of a service that is there: it hung, ended with an error, was installed …

Not 7000 and 7001, a service did not start: a service that was half removed logs that too. Not 7035 and 7036, it was
started or stopped: they are most of the records of a System log, and to read them all costs more than they tell."""
_BEFORE_ARGUMENTS = re.compile(r"\.(?:sys|exe)\b", re.IGNORECASE)

SELECTORS = frozenset(
    {
        *(selector for row in COMPONENTS for selector in (*row.events, *row.unsettling_events, *row.leftovers)),
        *(Selector("System", CONTROL_MANAGER, number) for number in _SERVICE_EVENTS),
        *(Selector("Setup", SERVICING, number) for number in (_TURNED_ON, _TURNED_OFF)),
    }
)
PROVIDES = (
    *(row.fact for row in COMPONENTS),
    *(row.leftovers_fact for row in COMPONENTS if row.leftovers),
)
BEFORE = {
    fact: version_key(row.before) or () for row in COMPONENTS if row.before for fact in (row.fact, row.leftovers_fact)
}
"""The facts of components that later Windows does not have, with the first version without them."""
_BY_SERVICE = {service.casefold(): row for row in COMPONENTS for service in row.services}
_BY_FEATURE = {feature.casefold(): row for row in COMPONENTS for feature in row.features}


def _by_source() -> dict[str, tuple[Component, ...]]:
    """The components by the sources of their events, in lower case."""
    found: dict[str, dict[str, Component]] = {}
    for row in COMPONENTS:
        for selector in (*row.events, *row.unsettling_events, *row.leftovers):
            found.setdefault((selector.provider or "").casefold(), {})[row.name] = row
    return {source: tuple(rows.values()) for source, rows in found.items()}


_BY_SOURCE = _by_source()


# ------------------------------------------------------------------------------------------------ events


def collect_events(events: Iterable[Event]) -> Iterator[Statement]:
    """Components that the log shows; the absence of their events proves nothing."""
    for event in events:
        for name, value in _shown_by(event):
            # an installation says nothing of the time before it
            since = event.event_id == INSTALLED and is_from(event, CONTROL_MANAGER)
            yield Statement(name=name, value=value, location=event.location, event=event, since=since)


def _shown_by(event: Event) -> Iterator[tuple[str, bool | Undecided]]:
    for row in _rows_about(event):
        if _is_one_of(event, row.events):
            yield row.fact, True
        elif _is_one_of(event, row.unsettling_events):
            yield row.fact, Undecided(row.why.format(shown=f"it logs events as {event.provider}"))
        elif _is_one_of(event, row.leftovers):
            yield row.leftovers_fact, True
    if event.event_id in _SERVICE_EVENTS and is_from(event, CONTROL_MANAGER):
        service = service_of(event)
        found = _BY_SERVICE.get(service.casefold()) if service else None
        if found is not None:
            yield found.fact, True
    elif event.event_id in (_TURNED_ON, _TURNED_OFF) and is_from(event, SERVICING):
        found = _feature(event)
        if found is not None:
            yield found.fact, event.event_id == _TURNED_ON


def is_idle(event: Event) -> bool:
    """Whether an event of the Service Control Manager is about a service of no component, as most events are."""
    if event.event_id not in _SERVICE_EVENTS or not is_from(event, CONTROL_MANAGER):
        return False
    service = service_of(event)
    return service is None or service.casefold() not in _BY_SERVICE


def _rows_about(event: Event) -> Iterable[Component]:
    """The components that an event of this provider may concern."""
    rows = _BY_SOURCE.get(event.provider.casefold(), ())
    return rows or _BY_SOURCE.get((event.event_source_name or "").casefold(), ())


def _is_one_of(event: Event, selectors: Iterable[Selector]) -> bool:
    """Whether an event matches a selector; an unknown channel counts as the System log, where Windows NT logs."""
    return any(
        (selector.event_id is None or selector.event_id == event.event_id)
        and is_from(event, selector.provider or "")
        and (event.channel or "System").casefold() == (selector.channel or "").casefold()
        for selector in selectors
    )


def _feature(event: Event) -> Component | None:
    """The component whose feature was turned on or off (data of CbsUpdateChangeState)."""
    changed = event.data.get("CbsUpdateChangeState")
    if not isinstance(changed, Mapping) or str(changed.get("ErrorCode") or "").casefold() not in _SUCCESS:
        return None
    return _BY_FEATURE.get(str(changed.get("UpdateName") or "").casefold())


# ---------------------------------------------------------------------------------------------- registry


def collect_registry(registry: Registry) -> Iterator[Statement]:
    """The services of components in one hive or export."""
    for row in COMPONENTS:
        statement = _in_registry(registry, row)
        if statement is not None:
            yield statement


_ACTIVATION, _SINCE = r"SYSTEM\WPA", (5, 1)
"""A key in which Windows keeps the state of its activation, and the first version that asks for it (XP)."""


def _in_registry(registry: Registry, row: Component) -> Statement | None:
    if row.fact in BEFORE and BEFORE[row.fact] <= _SINCE and registry.key(_ACTIVATION) is not None:
        return None
    for name in row.services:
        key = registry.key(rf"{SERVICES}\{name}")
        if key is not None and (row.key_is_enough or "start" in key.values):
            return _state(row, True, key.location, registry)
    for name in row.unsettling:
        key = registry.key(rf"{SERVICES}\{name}")
        if key is not None:
            return _state(row, _undecided(row, name), key.location, registry)
    if registry.covers(SERVICES):
        location = Location(source=registry.source, key=SERVICES)
        return _state(row, False, location, registry, _absent(registry.source, "services", row))
    return None


def _undecided(row: Component, name: str) -> Undecided:
    return Undecided(row.why.format(shown=f"{name} without {row.services[0]}"))


def _absent(source: str, listed: str, row: Component) -> str:
    none = f"{row.services[0]} is not" if len(row.services) == 1 else f"none of {', '.join(row.services)} is"
    return f"{source} holds all {listed}, and {none} among them"


def _state(
    row: Component, value: bool | Undecided, location: Location, origin: Registry | Inventory, note: str = ""
) -> Statement:
    return Statement(name=row.fact, value=value, location=location, taken=origin.taken, note=note)


# ------------------------------------------------------------------------------------------------ reports


def collect_inventory(inventory: Inventory) -> Iterator[Statement]:
    """Services that a report lists, by name, by display name, or by the file of a driver."""
    listed = [(entry, _names(entry)) for entry in inventory.services]
    for row in COMPONENTS:
        statement = _in_report(inventory, row, listed)
        if statement is not None:
            yield statement


def _in_report(
    inventory: Inventory, row: Component, listed: Iterable[tuple[ServiceEntry, set[str]]]
) -> Statement | None:
    wanted = {name.casefold() for name in row.services}
    unsettling = {name.casefold() for name in row.unsettling}
    found: ServiceEntry | None = None
    for entry, names in listed:
        if names & wanted:
            return _state(row, True, entry.location, inventory)
        if found is None and names & unsettling:
            found = entry
    lists = ("services", "drivers") if row.has_driver else ("services",)
    if not inventory.whole.issuperset(lists):
        return None
    if found is not None:
        shown = found.name or found.display_name or ""
        return _state(row, _undecided(row, shown), found.location, inventory)
    location = inventory.places.get("drivers", Location(source=inventory.source))
    return _state(row, False, location, inventory, _absent(inventory.source, " and ".join(lists), row))


def name_of(entry: ServiceEntry) -> str | None:
    """Return the name of a service: its own, the one of its display name, or the one of a known driver's file."""
    if entry.name:
        return entry.name
    by_display_name = service_name(entry.display_name or "")
    if by_display_name is not None:
        return by_display_name
    row = _BY_SERVICE.get(_driver(entry.path))
    return next((name for name in row.services if name.casefold() == _driver(entry.path)), None) if row else None


def _names(entry: ServiceEntry) -> set[str]:
    """The names by which a service may be known, in lower case."""
    return {(name_of(entry) or "").casefold(), _driver(entry.path)} - {""}


def _driver(path: str | None) -> str:
    r"""The driver that a path names, without suffix and in lower case: ``rasarp`` of ``C:\WINNT\…\rasarp.sys``."""
    end = _BEFORE_ARGUMENTS.search(path or "")
    if path is None or end is None:
        return ""
    name = path[: end.end()].replace("/", "\\").rpartition("\\")[2].strip('"').casefold()
    return name.removesuffix(".sys") if name.endswith(".sys") else ""
