"""Bounds on facts that the log implies without stating a value, by boot session.

Windows NT 4.0 writes EventLog 6006, 6008 and 6009 only from Service Pack 4 on (Q194507, Q196452): a start without 6009
happened below it, and any of the three was written by Service Pack 4 or later.

Kernel-General 12 gives the build of the kernel file, which several builds of Windows 10 and 11 share: an enablement
package raises the build that Windows reports, and does not change the files.
"""

from collections.abc import Callable, Sequence

from evtscan.base.model.fact import Basis, Bound
from evtscan.evidence.timechanges import KERNEL_GENERAL
from evtscan.facts.collectors.kernel import builds_at_start
from evtscan.facts.history.sessions import (
    BOOTED,
    EVENT_LOG,
    KERNEL_STARTED,
    STARTED,
    STOPPED,
    UNCLEAN,
    Session,
    is_from,
)
from evtscan.facts.history.timeline import FactTimeline, Point, SessionBound

_SERVICE_PACK, _BUILD, _VERSION = "os.service_pack", "os.build", "os.version"
_NT4 = "4.0"
_SINCE_SP4 = frozenset({STOPPED, UNCLEAN, BOOTED})


def bounds_on(
    fact: str, sessions: Sequence[Session], timeline: Callable[[str], FactTimeline]
) -> dict[int, SessionBound] | None:
    """The bounds on a fact by session index; None if nothing bounds it. ``timeline`` gives other facts."""
    if fact == _SERVICE_PACK:
        return _service_pack_bounds(sessions, timeline(_VERSION))
    return _build_bounds(sessions) if fact == _BUILD else None


def _build_bounds(sessions: Sequence[Session]) -> dict[int, SessionBound]:
    """Bounds on ``os.build`` by session index, if the kernel of the host belongs to several builds."""
    bounds = {}
    for index, session in enumerate(sessions):
        for event in session.events:
            if event.event_id != KERNEL_STARTED or not is_from(event, KERNEL_GENERAL):
                continue
            builds = builds_at_start(event)
            if len(builds) > 1:
                why = f"its kernel is of build {builds[0]}, as that of every build up to {builds[-1]}"
                bound = Bound(low=builds[0], high=builds[-1])
                bounds[index] = SessionBound(bound=bound, basis=Basis.STATED, locations=(event.location,), why=why)
    return bounds


def _service_pack_bounds(sessions: Sequence[Session], version: FactTimeline) -> dict[int, SessionBound]:
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
