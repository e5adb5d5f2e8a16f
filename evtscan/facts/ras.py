"""Events and registry keys of Remote Access Service → whether a Windows NT host has it installed."""

from collections.abc import Iterable, Iterator

from evtscan.facts.sessions import is_from
from evtscan.facts.statement import Statement, Undecided
from evtscan.model import Event, Location, Registry, Selector

REMOTE_ACCESS = "RemoteAccess"
LEFTOVERS = {("Tcpip", 4119), ("NetBT", 4311)}
"""A registry key of an adapter that is gone could not be opened: what a removal of RAS leaves behind (Q181548)."""
SELECTORS = frozenset(
    {Selector("System", REMOTE_ACCESS), *(Selector("System", source, number) for source, number in LEFTOVERS)}
)
PROVIDES = ("component.ras", "component.ras.leftovers")
SERVICES = r"SYSTEM\CurrentControlSet\Services"
_RAS_DRIVER = "RasArp"
_ROUTING = ("Router", "WanArp")


def collect_events(events: Iterable[Event]) -> Iterator[Statement]:
    """An event of source RemoteAccess shows that RAS ran; none proves nothing, as dial-out logs little."""
    for event in events:
        if is_from(event, REMOTE_ACCESS):
            yield Statement(name="component.ras", value=True, location=event.location, event=event)
        elif any(event.event_id == number and is_from(event, source) for source, number in LEFTOVERS):
            yield Statement(name="component.ras.leftovers", value=True, location=event.location, event=event)


def collect_registry(registry: Registry) -> Iterator[Statement]:
    """RasArp is the key that RAS has and RRAS has not (Q177118, Q175719).

    Without it, Router or WanArp show RRAS, of which nobody knows whether it counts; with neither, RAS is absent where
    the evidence holds all services.
    """
    driver = registry.key(rf"{SERVICES}\{_RAS_DRIVER}")
    if driver is not None:
        yield Statement(name="component.ras", value=True, location=driver.location, taken=registry.taken)
        return
    for name in _ROUTING:
        key = registry.key(rf"{SERVICES}\{name}")
        if key is not None:
            why = (
                f"Routing and Remote Access is installed ({name}) without RasArp, and no article says whether it "
                "behaves as RAS does"
            )
            yield Statement(name="component.ras", value=Undecided(why), location=key.location, taken=registry.taken)
            return
    if registry.covers(SERVICES):
        location = Location(source=registry.source, key=SERVICES)
        yield Statement(
            name="component.ras",
            value=False,
            location=location,
            taken=registry.taken,
            note=f"{registry.source} holds all services, and RasArp is not among them",
        )
