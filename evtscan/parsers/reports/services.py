"""Start types, states and completeness of lists of services and drivers."""

import re
from collections.abc import Iterable

from evtscan.base.model.inventory import ServiceEntry

_STARTS = {
    "boot": 0,
    "system": 1,
    "automatic": 2,
    "auto": 2,
    "manual": 3,
    "demand": 3,
    "disabled": 4,
}
_RUNNING = {"running": True, "stopped": False}

_EVENT_LOG = frozenset({"eventlog", "event log", "windows event log"})
_PIPES = frozenset({"npfs"})
"""Every Windows NT runs the event log service and the file system of named pipes: a list of services or drivers
without them is incomplete."""


def start_type(text: str) -> int | None:
    """Return Windows' number of a start type that a report prints as a word; None for an unknown word."""
    words = re.split(r"[\s_(]+", text[:80].strip().lower())
    return _STARTS.get(words[0])


def running(text: str) -> bool | None:
    """Return whether a service in this state is running; None for an unknown word or a transitional state."""
    return _RUNNING.get(text[:80].strip().lower())


def lists_services(entries: Iterable[ServiceEntry]) -> bool:
    """Return whether this list may contain all services of a host."""
    return any(_names(entry) & _EVENT_LOG for entry in entries)


def lists_drivers(entries: Iterable[ServiceEntry]) -> bool:
    """Return whether this list may contain all drivers of a host."""
    return any(_names(entry) & _PIPES for entry in entries)


def _names(entry: ServiceEntry) -> set[str]:
    return {name.lower() for name in (entry.name, entry.display_name) if name}
