"""Finds documented problems in exported Windows event logs, judged against what the host is.

The Python interface is loaded when it is first used, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evtscan.api import iter_events, read_events
    from evtscan.base.model.event import Event
    from evtscan.base.model.query import Query, ReadOptions, Selector

__version__ = "0.1.0"
__all__ = ["Event", "Query", "ReadOptions", "Selector", "__version__", "iter_events", "read_events"]

_HOMES = {
    "iter_events": "evtscan.api",
    "read_events": "evtscan.api",
    "Event": "evtscan.base.model.event",
    "Query": "evtscan.base.model.query",
    "ReadOptions": "evtscan.base.model.query",
    "Selector": "evtscan.base.model.query",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
