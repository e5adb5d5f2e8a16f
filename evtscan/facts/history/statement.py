"""What one piece of evidence states about a host, before it is placed in time."""

from dataclasses import dataclass
from enum import Enum

from evtscan.base.model.event import Event
from evtscan.base.model.fact import FactValue
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant


@dataclass(frozen=True, slots=True)
class Undecided:
    """A value that the evidence mentions without deciding it, and the reason."""

    why: str


class Listing(Enum):
    """The relation of the names in a statement to the set."""

    WHOLE = "all that are in it"
    PART = "some that are in it"
    ADDED = "came into it"
    REMOVED = "left it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A fact as one event or one snapshot states it.

    ``event`` is the record that states it; None for a snapshot, which was taken at ``taken`` (None: unknown). ``since``
    means that the value began at ``taken`` or with the event, so it implies nothing about the time before, not even in
    the same boot session. ``listing`` is the relation of the names in ``value`` to the set; ``unsettled`` are other
    names that a complete list mentions without deciding them. ``note`` is a remark for the reader about how the value
    was read.
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
