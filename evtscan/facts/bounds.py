"""How a Windows NT 4.0 host starts and stops in the log → bounds on its service pack.

Windows NT 4.0 writes EventLog 6006, 6008 and 6009 only from Service Pack 4 on (Q194507, Q196452): a start without
a 6009 was made below it, and any of the three was written by Service Pack 4 or later.
"""

from collections.abc import Iterable, Sequence

from evtscan.facts.sessions import BOOTED, EVENT_LOG, STARTED, STOPPED, UNCLEAN, Session, is_from
from evtscan.facts.timeline import FactTimeline, Point, SessionBound
from evtscan.model import Bound, Event, Log

BOUNDED = "os.service_pack"
_NT4 = "4.0"
_SINCE_SP4 = frozenset({STOPPED, UNCLEAN, BOOTED})
_MAY_BE_CUT_OFF = 3
"""A 6009 stands at most two records before its 6005: with fewer before the start, it may have been overwritten."""


def service_pack_bounds(
    sessions: Sequence[Session], logs: Iterable[Log], version: FactTimeline
) -> dict[int, SessionBound]:
    """Bounds on ``os.service_pack`` by session index, where the version is known to be 4.0 (stated or carried)."""
    by_source = {log.source.name: log for log in logs}
    bounds = {}
    for index, session in enumerate(sessions):
        log = by_source.get(session.source)
        if log is None or version.at(Point(index, session.first)).value != _NT4:
            continue
        bound = _bound(session, log)
        if bound is not None:
            bounds[index] = bound
    return bounds


def _bound(session: Session, log: Log) -> SessionBound | None:
    since_sp4 = [event for event in _within(log, session) if event.event_id in _SINCE_SP4 and is_from(event, EVENT_LOG)]
    if since_sp4:
        first = since_sp4[0]
        why = f"event {first.event_id} of EventLog is written only by Service Pack 4 and later"
        return SessionBound(Bound(low=4), (first.location,), why)
    start = session.start
    if start is None or not start.announces(STARTED) or log.summary.filtered:
        return None
    if log.summary.first_sequence is None or start.first - log.summary.first_sequence < _MAY_BE_CUT_OFF:
        return None
    why = "the host started without event 6009 of EventLog, which Service Pack 4 and later write"
    return SessionBound(Bound(low=0, high=3), tuple(event.location for event in start.events), why)


def _within(log: Log, session: Session) -> Iterable[Event]:
    return (event for event in log.events if session.first <= event.sequence <= session.last)
