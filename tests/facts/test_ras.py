"""Remote Access Service: told from RRAS, absent only where all services are at hand."""

import pytest
from host_builder import FakeRegistry, at, event

from evtscan.facts import ras
from evtscan.facts.statement import Undecided

SERVICES = r"SYSTEM\CurrentControlSet\Services"


def keys(*names):
    return {rf"{SERVICES}\{name}": {} for name in names}


REGISTRIES = {
    "RasArp": (keys("RasArp", "RasMan"), (), True),
    "RasArp beside Router": (keys("RasArp", "Router"), (SERVICES,), True),
    "Router without RasArp": (keys("Router"), (SERVICES,), "undecided"),
    "WanArp without RasArp": (keys("WanArp"), (), "undecided"),
    "all services, none of them": (keys("Dhcp", "RasMan"), (SERVICES,), False),
    "some services": (keys("Dhcp", "RasMan"), (), None),
    "a single service in full": (keys("Dhcp"), (rf"{SERVICES}\Dhcp",), None),
}


@pytest.mark.parametrize(("held", "whole", "expected"), REGISTRIES.values(), ids=REGISTRIES)
def test_registry(held, whole, expected):
    statements = list(ras.collect_registry(FakeRegistry(held, whole, taken=at(5))))
    values = ["undecided" if isinstance(item.value, Undecided) else item.value for item in statements]
    assert values == ([] if expected is None else [expected])
    assert all(item.taken == at(5) and item.location.source == "export.reg" for item in statements)


EVENTS = {
    "RemoteAccess": (event(1, "RemoteAccess", 20050), ("component.ras", True)),
    "any case": (event(1, "REMOTEACCESS", 20013), ("component.ras", True)),
    "Router": (event(1, "Router", 20106), None),
    "rasctrs": (event(1, "rasctrs", 2001), None),
    "Tcpip 4119": (event(1, "Tcpip", 4119), ("component.ras.leftovers", True)),
    "NetBT 4311": (event(1, "NetBT", 4311), ("component.ras.leftovers", True)),
    "NetBT 4119": (event(1, "NetBT", 4119), None),
}


@pytest.mark.parametrize(("logged", "expected"), EVENTS.values(), ids=EVENTS)
def test_events(logged, expected):
    assert [(item.name, item.value) for item in ras.collect_events([logged])] == ([expected] if expected else [])
