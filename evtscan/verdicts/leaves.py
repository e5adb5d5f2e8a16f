"""Results about the context of a match → leaves of an explanation: a location, or what is missing."""

from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation
from evtscan.base.model.source import Location
from evtscan.detection.model.context import Around

BY_HAND = "compare the records by hand, in the order of their numbers"
COLLECT_SYSTEM = "collect the whole System log, in its own format (.evt or .evtx), which shows the starts of the host"
COLLECT_OLDER = "find older copies of the System log and of the log of the event, which show the boot sessions before"


def known(entry: Around, holds: Truth, says: str, *locations: Location) -> Explanation:
    """A condition that is known to hold, or not to hold, and what shows it."""
    return Explanation(text=entry.text, truth=holds, says=says, basis="stated", locations=locations)


def undecided(entry: Around, says: str, how_to_get: str, *locations: Location) -> Explanation:
    """A condition whose truth is unknown, with the reason and how to get the evidence that would decide it."""
    return Explanation(text=entry.text, truth=Truth.UNKNOWN, says=says, locations=locations, how_to_get=how_to_get)
