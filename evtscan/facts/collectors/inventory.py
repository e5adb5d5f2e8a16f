"""System reports, lists and copied files → product, version, services and files of the host."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from evtscan.base.model.fact import FactValue
from evtscan.base.model.inventory import FileEntry, Inventory
from evtscan.base.model.source import Location
from evtscan.base.versions import os_version, service_pack, version_key
from evtscan.facts.collectors import updates
from evtscan.facts.collectors.presence import name_of
from evtscan.facts.history.statement import Listing, Statement, Undecided

PROVIDES = (
    "os.version",
    "os.build",
    "os.ubr",
    updates.FACT,
    "os.service_pack",
    "os.product",
    "os.kernel_type",
    "host.name",
    "host.role",
    "hotfix",
    "service.NAME.start",
    "file.NAME.version",
    "file.NAME.size",
    "file.NAME.date",
    "file.NAME.linked",
)

_DRIVERS, _SYSTEM = 0, 1
_EARLIER = frozenset({"windows.old", "lastgood", "lastgood.tmp"})
_NUMBER = re.compile(r"\d{1,9}\Z", re.ASCII)


def collect(inventory: Inventory) -> Iterator[Statement]:
    """Return everything that one report states, in the normal forms of the catalogue."""
    system = list(_system(inventory))
    yield from system
    yield from updates.from_statements(system)
    yield from _hotfixes(inventory)
    for entry in inventory.services:
        name = name_of(entry)
        if name is not None and entry.start is not None:
            yield _state(inventory, f"service.{name}.start", entry.start, entry.location)
    yield from _files(inventory)


def _state(
    inventory: Inventory, name: str, value: FactValue | Undecided, location: Location, note: str = ""
) -> Statement:
    return Statement(name=name, value=value, location=location, taken=inventory.taken, note=note)


def _place(inventory: Inventory, name: str) -> Location:
    return inventory.places.get(name, Location(source=inventory.source))


# ------------------------------------------------------------------------------------------ the system


def _system(inventory: Inventory) -> Iterator[Statement]:
    numbers = version_key(inventory.version or "") or ()
    values: dict[str, tuple[str, FactValue]] = {
        "os.version": ("version", os_version(inventory.version or "")),
        "os.build": ("build", _integer(inventory.build)),
        "os.ubr": ("version", numbers[3] if len(numbers) == 4 else None),
        "os.service_pack": (
            "service_pack",
            None if inventory.service_pack is None else service_pack(inventory.service_pack),
        ),
        "os.product": ("product", inventory.product or None),
        "os.kernel_type": ("kernel_type", inventory.kernel_type or None),
        # reports print the name with or without its domain, and the same host is meant
        "host.name": ("computer", (inventory.computer or "").partition(".")[0] or None),
        "host.role": ("role", inventory.role or None),
    }
    for fact, (field, value) in values.items():
        if value is not None:
            no_pack = fact == "os.service_pack" and value == 0
            note = "the report prints a service pack where there is one, and prints none" if no_pack else ""
            yield _state(inventory, fact, value, _place(inventory, field), note)


def _integer(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.match(text) else None


def _hotfixes(inventory: Inventory) -> Iterator[Statement]:
    """The names in a list; an incomplete list (``File 1`` of XP) states nothing about names that it lacks."""
    names = tuple(sorted(inventory.hotfixes))
    statement = _state(inventory, "hotfix", names, _place(inventory, "hotfixes"))
    if "hotfixes" in inventory.whole:
        yield statement
    elif names:
        yield replace(statement, listing=Listing.PART)


# ----------------------------------------------------------------------------------------------- files


def _files(inventory: Inventory) -> Iterator[Statement]:
    """Files in the folders of the system; copies in other folders (for setup or removal) are ignored."""
    chosen: dict[str, tuple[int, list[FileEntry]]] = {}
    for entry in inventory.files:
        rank = _rank(entry)
        if rank is None:
            continue
        best, entries = chosen.get(entry.name, (rank, []))
        if rank <= best:
            chosen[entry.name] = (rank, [*entries, entry] if rank == best else [entry])
    for name, (_, entries) in chosen.items():
        for attribute in ("version", "size", "date", "linked"):
            yield from _attribute(inventory, f"file.{name}.{attribute}", attribute, entries)


def _rank(entry: FileEntry) -> int | None:
    r"""The priority of a folder from which Windows loads files: ``system32\drivers`` first; None for other folders.

    A report without a folder means the requested file. Folders of an earlier Windows (Windows.old), of saved files
    (LastGood) and of shadow copies contain such folders as well, and are ignored.
    """
    if entry.folder is None:
        return _DRIVERS
    folder = entry.folder.lower().rstrip("\\").split("\\")
    if any(part in _EARLIER or "shadowcopy" in part for part in folder):
        return None
    if folder[-2:] == ["system32", "drivers"]:
        return _DRIVERS
    return _SYSTEM if folder[-1] == "system32" else None


def _normal(value: FactValue) -> FactValue:
    """A version without leading zeros, which version resources have in their text alone: ``5.00.2195.1600``."""
    if isinstance(value, str) and version_key(value) is not None:
        return ".".join(part.lstrip("0") or "0" for part in value.split("."))
    return value


def _attribute(inventory: Inventory, fact: str, attribute: str, entries: Iterable[FileEntry]) -> Iterator[Statement]:
    values = {_normal(getattr(entry, attribute)): entry.location for entry in entries}
    values.pop(None, None)
    if len(values) == 1:
        value, location = next(iter(values.items()))
        yield _state(inventory, fact, value, location)
    elif values:
        shown = " and ".join(f"{value} ({location})" for value, location in values.items())
        location = next(iter(values.values()))
        yield _state(inventory, fact, Undecided(f"several files of this name are listed: {shown}"), location)
