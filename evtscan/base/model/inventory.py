"""Data types for system reports: services, files, and the content of one report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evtscan.base.model.registry import Registry
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """A service or driver in a report, by name, display name or both; missing values are None.

    ``start`` is Windows' number: 0 boot, 1 system, 2 automatic, 3 manual, 4 disabled.
    """

    location: Location
    name: str | None = None
    display_name: str | None = None
    running: bool | None = None
    start: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file in a listing or a report, or the file itself; ``name`` is lower case with suffix.

    ``date`` (of the copy, the listing or the archive entry) and ``linked`` (of the linker) are YYYY-MM-DD; ``folder``
    is the file's folder on the host, as the report prints it.
    """

    location: Location
    name: str
    folder: str | None = None
    size: int | None = None
    date: str | None = None
    version: str | None = None
    linked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The content of a system report, for all programs that write such reports; missing values are None or empty.

    ``taken`` is the report's own time. ``version`` and ``service_pack`` are as printed (``4.0``, ``5.1.2600``);
    ``service_pack`` is empty if the report would print a service pack and prints none. ``whole`` names the complete
    lists of the report: ``services``, ``running services``, ``drivers``, ``hotfixes``; an item that is not in such a
    list does not exist. ``places`` maps the names of the single values to their locations. ``registries`` are keys that
    were printed among reports. ``remote``: the report is about a host that was queried over the network, which may
    differ from the host of the other reports in the file.
    """

    source: str
    format: str
    taken: Instant | None = None
    computer: str | None = None
    product: str | None = None
    version: str | None = None
    build: str | None = None
    service_pack: str | None = None
    kernel_type: str | None = None
    role: str | None = None
    services: tuple[ServiceEntry, ...] = ()
    hotfixes: tuple[str, ...] = ()
    files: tuple[FileEntry, ...] = ()
    whole: frozenset[str] = frozenset()
    places: Mapping[str, Location] = field(default_factory=dict)
    registries: tuple[Registry, ...] = ()
    remote: bool = False
    warnings: tuple[ExtractionWarning, ...] = ()
