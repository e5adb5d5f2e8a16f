"""What one piece of evidence says about a host, before it finds its place in time."""

from dataclasses import dataclass
from enum import Enum

from evtscan.base.model.event import Event
from evtscan.base.model.fact import FactValue
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant


@dataclass(frozen=True, slots=True)
class Undecided:
    """A value that the evidence speaks of without settling it, and why."""

    why: str


class Listing(Enum):
    """What the names in a statement about a set are to the set."""

    WHOLE = "all that are in it"
    PART = "some that are in it"
    ADDED = "came into it"
    REMOVED = "left it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A fact as one event or one snapshot states it.

    ``event`` is the record that states it; without one it comes from a snapshot, taken at ``taken`` (None: the evidence
    does not say when). ``since`` says that the value began to hold at ``taken`` or with the event, so that it tells
    nothing of the time before, not even in the same boot session. ``listing`` says of a set what the names in ``value``
    are to it; ``unsettled`` are other names that a whole list speaks of, without saying whether they are in the set.
    ``note`` is what a reader should know about how it was read.
    """

    name: str
    value: FactValue | Undecided
    location: Location
    event: Event | None = None
    taken: Instant | None = None
    since: bool = False
    listing: Listing = Listing.WHOLE
    unsettled: tuple[str, ...] = ()
    note: str = ""
