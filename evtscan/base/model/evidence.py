"""The data type for the evidence of one host after reading."""

from dataclasses import dataclass

from evtscan.base.model.fact import FactsFile
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.log import Log
from evtscan.base.model.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was read for one host."""

    logs: tuple[Log, ...] = ()
    registries: tuple[Registry, ...] = ()
    inventories: tuple[Inventory, ...] = ()
    facts_files: tuple[FactsFile, ...] = ()
