"""Finds documented problems in exported Windows event logs, judged against what the host is.

The Python interface is loaded when it is first used, so that the command line starts fast.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evtscan.api.events import iter_batches, iter_events, read_events, read_table
    from evtscan.api.results import Hunt, Report, Table
    from evtscan.api.runs import audit, hunt, load_report, scan
    from evtscan.base.errors import EvidenceError, EvtscanError, UsageError
    from evtscan.base.model.event import Event
    from evtscan.base.model.query import Query, ReadOptions, Selector

__version__ = "0.1.0"
__all__ = [
    "Event",
    "EvidenceError",
    "EvtscanError",
    "Hunt",
    "Query",
    "ReadOptions",
    "Report",
    "Selector",
    "Table",
    "UsageError",
    "__version__",
    "audit",
    "hunt",
    "iter_batches",
    "iter_events",
    "load_report",
    "read_events",
    "read_table",
    "scan",
]

_MODULES = {
    "evtscan.api.events": ("iter_batches", "iter_events", "read_events", "read_table"),
    "evtscan.api.results": ("Hunt", "Report", "Table"),
    "evtscan.api.runs": ("audit", "hunt", "load_report", "scan"),
    "evtscan.base.errors": ("EvidenceError", "EvtscanError", "UsageError"),
    "evtscan.base.model.event": ("Event",),
    "evtscan.base.model.query": ("Query", "ReadOptions", "Selector"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


class _Package(ModuleType):
    """The package, whose functions ``scan``, ``audit`` and ``hunt`` have the names of modules in it.

    Importing a module sets an attribute of its package, which must not hide the function.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
