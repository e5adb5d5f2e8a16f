"""How a Windows NT 4.0 host starts and stops in the log → bounds on its service pack.

Windows NT 4.0 writes EventLog 6006, 6008 and 6009 only from Service Pack 4 on (Q194507, Q196452): a start without
a 6009 was made below it, and any of the three was written by Service Pack 4 or later.
"""

from collections.abc import Sequence

from evtscan.facts.sessions import BOOTED, EVENT_LOG, STARTED, STOPPED, UNCLEAN, Session, is_from
from evtscan.facts.timeline import FactTimeline, Point, SessionBound
from evtscan.model import Basis, Bound

BOUNDED = "os.service_pack"
_NT4 = "4.0"
_SINCE_SP4 = frozenset({STOPPED, UNCLEAN, BOOTED})


def service_pack_bounds(sessions: Sequence[Session], version: FactTimeline) -> dict[int, SessionBound]:
    """Bounds on ``os.service_pack`` by session index, where the version is known to be 4.0 (stated or carried)."""
    bounds = {}
    for index, session in enumerate(sessions):
        known = version.at(Point(index, session.first))
        if known.basis is Basis.UNKNOWN or known.value != _NT4:
            continue
        bound = _bound(session, known.basis)
        if bound is not None:
            bounds[index] = bound
    return bounds


def _bound(session: Session, basis: Basis) -> SessionBound | None:
    for event in session.events:
        if event.event_id in _SINCE_SP4 and is_from(event, EVENT_LOG):
            why = f"Windows NT 4.0 writes event {event.event_id} of EventLog only from Service Pack 4 on"
            return SessionBound(bound=Bound(low=4), basis=basis, locations=(event.location,), why=why)
    start = session.start
    if start is None or not session.start_is_whole or not start.announces(STARTED):
        return None
    why = "the host started without event 6009 of EventLog, which Windows NT 4.0 writes from Service Pack 4 on"
    locations = tuple(event.location for event in start.events)
    return SessionBound(bound=Bound(low=0, high=3), basis=basis, locations=locations, why=why)
