"""Computer names in the records of a log → the name under which the host started.

Names of installation images are not names of the host.
"""

from collections.abc import Iterable, Iterator

from evtscan.base.model.event import Event
from evtscan.base.model.query import Selector
from evtscan.evidence.imagenames import image_end
from evtscan.facts.history.sessions import BOOTED, EVENT_LOG, STARTED, UNCLEAN, is_from
from evtscan.facts.history.statement import Statement

_BOOT = (STARTED, UNCLEAN, BOOTED)
SELECTORS = frozenset(Selector("System", EVENT_LOG, number) for number in _BOOT)
PROVIDES = ("host.name",)


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read the computer name from the records of starts; Windows changes its name only across a restart.

    Records of an installation image have the name of the machine on which the image was made.
    """
    events = list(events)
    own_from = image_end(events)
    for event in events:
        if own_from is not None and event.sequence < own_from:
            continue
        if event.computer and event.event_id in _BOOT and is_from(event, EVENT_LOG):
            yield Statement(name="host.name", value=event.computer, location=event.location, event=event)
