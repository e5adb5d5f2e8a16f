"""Boot events of the System log → the computer name under which the host started."""

from collections.abc import Iterable, Iterator

from evtscan.facts.sessions import BOOTED, EVENT_LOG, STARTED, UNCLEAN, is_from
from evtscan.facts.statement import Statement
from evtscan.model import Event, Selector

_BOOT = (STARTED, UNCLEAN, BOOTED)
SELECTORS = frozenset(Selector("System", EVENT_LOG, number) for number in _BOOT)
PROVIDES = ("host.name",)


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Every record carries the name; those of a start suffice, because Windows takes a new one at a restart."""
    for event in events:
        if event.computer and event.event_id in _BOOT and is_from(event, EVENT_LOG):
            yield Statement(name="host.name", value=event.computer, location=event.location, event=event)
