"""Evidence of one host → the host: its boot sessions, and what is known of each fact at each of its records."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from evtscan.facts import COLLECTORS, stated
from evtscan.facts.bounds import BOUNDED, service_pack_bounds
from evtscan.facts.catalogue import CATALOGUE, find
from evtscan.facts.sessions import Session, divide
from evtscan.facts.statement import Statement
from evtscan.facts.timeline import AFTER_EVERYTHING, FactTimeline, Placed, Point
from evtscan.model import Event, Evidence, ExtractionWarning, Known, Location, Log, Registry
from evtscan.wintypes import TICKS_PER_SECOND, Instant

_DAY = 86_400 * TICKS_PER_SECOND
_SERVICES = r"SYSTEM\CurrentControlSet\Services"


class Host:
    """A host as its evidence shows it; answers what is known of a fact at a record, and now."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.session_logs, self.sessions = _sessions(evidence.logs)
        self._indexes = {
            log.source.name: [index for index, session in enumerate(self.sessions) if session.source == log.source.name]
            for log in self.session_logs
        }
        self.warnings: list[ExtractionWarning] = []
        self._placed: dict[str, list[Placed]] = {}
        for statement in self._collect():
            placed = self._place(statement)
            if placed is None:
                self.warnings.append(_unplaced(statement))
            else:
                self._placed.setdefault(statement.name, []).append(placed)
        self._timelines: dict[str, FactTimeline] = {}
        for name in self._placed:
            self.warnings.extend(self.timeline(name).conflicts())

    # ------------------------------------------------------------------------------------------- answers

    @cached_property
    def now(self) -> Point:
        """After the last record and any later snapshot."""
        later = [item.session for items in self._placed.values() for item in items]
        return Point(max([len(self.sessions) - 1, *later], default=0), AFTER_EVERYTHING)

    def point_of(self, event: Event) -> Point:
        """The place of an event in the time line.

        Events of a log that has boot sessions of its own belong to theirs; others to the session that covers their
        time, if exactly one does.
        """
        own = self._indexes.get(event.location.source)
        if own:
            at = bisect_right(own, event.sequence, key=lambda index: self.sessions[index].first)
            return Point(own[max(at - 1, 0)], event.sequence)
        return Point(self._session_covering(event.time), self._sequence_at(event.time))

    def known(self, name: str, point: Point) -> Known:
        """What is known of a fact at a point."""
        return self.timeline(name).at(point)

    def timeline(self, name: str) -> FactTimeline:
        """All that is stated of one fact, in order."""
        if name not in self._timelines:
            placed = self._placed.get(name)
            if placed is None:
                found = (self._place(statement) for statement in self._look_up(name))
                placed = [item for item in found if item is not None]
            bounds = None
            if name == BOUNDED:
                bounds = service_pack_bounds(self.sessions, self.session_logs, self.timeline("os.version"))
            self._timelines[name] = FactTimeline(name, placed, bounds)
        return self._timelines[name]

    @property
    def fact_names(self) -> list[str]:
        """The facts of which something is stated, in the order of the catalogue."""
        order = {kind.pattern: rank for rank, kind in enumerate(CATALOGUE)}

        def rank(name: str) -> tuple[int, str]:
            kind = find(name)
            return (order[kind.pattern] if kind else len(order), name)

        return sorted(self._placed, key=rank)

    @property
    def names(self) -> list[str]:
        """Computer names that the evidence gives, newest first, each once without regard to case."""
        logs = [log for log in self.evidence.logs if log not in self.session_logs]
        found = [name for log in [*self.session_logs, *logs] for name in reversed(log.summary.computers)]
        stated_name = self.known("host.name", self.now).value
        if isinstance(stated_name, str):
            found.append(stated_name)
        unique: dict[str, str] = {}
        for name in found:
            unique.setdefault(name.casefold(), name)
        return list(unique.values())

    @property
    def ends(self) -> Instant | None:
        """The time of the last record of the log that sets the pace: System, else any."""
        times = [log.summary.last_time for log in self.session_logs or self.evidence.logs if log.summary.last_time]
        return max(times, default=None)

    # ------------------------------------------------------------------------------------------- collecting

    def _collect(self) -> Iterator[Statement]:
        for collector in COLLECTORS:
            if collector.from_events is not None:
                for log in self.evidence.logs:
                    yield from collector.from_events(log.events)
            if collector.from_registry is not None:
                for registry in self.evidence.registries:
                    yield from collector.from_registry(registry)
        for facts in self.evidence.facts_files:
            statements, warnings = stated.collect(facts)
            self.warnings.extend(warnings)
            yield from statements

    def _look_up(self, name: str) -> Iterator[Statement]:
        """Facts of the open classes that registries answer when asked: services and single values."""
        for registry in self.evidence.registries:
            if name.startswith("registry."):
                key_path, _, value_name = name.removeprefix("registry.").rpartition("\\")
                yield from _value_of(registry, name, key_path, value_name)
            elif name.startswith("service.") and name.endswith(".start"):
                service = name.removeprefix("service.").removesuffix(".start")
                yield from _value_of(registry, name, rf"{_SERVICES}\{service}", "Start")

    # --------------------------------------------------------------------------------------------- placing

    def _place(self, statement: Statement) -> Placed | None:
        event = statement.event
        if event is not None:
            point = self.point_of(event)
            if point.session is None:
                return None
            return Placed(statement=statement, session=point.session, sequence=point.sequence)
        last = max(len(self.sessions) - 1, 0)
        taken = statement.taken
        if taken is None:
            return Placed(statement=statement, session=last, sequence=AFTER_EVERYTHING, assumed=True)
        if not self.sessions:
            return Placed(statement=statement, session=last, sequence=taken.ticks)
        ends, begins = self.ends, self.sessions[0].begins
        if ends is not None and taken.ticks > ends.ticks + _DAY:
            return Placed(statement=statement, session=last + 1, sequence=taken.ticks)
        if begins is not None and taken < begins:
            return Placed(statement=statement, session=-1, sequence=taken.ticks)
        return Placed(statement=statement, session=self._last_begun_by(taken), sequence=self._sequence_at(taken))

    def _last_begun_by(self, time: Instant) -> int:
        begun = [index for index, session in enumerate(self.sessions) if session.begins and session.begins <= time]
        return max(begun, default=0)

    def _session_covering(self, time: Instant | None) -> int | None:
        if len(self.sessions) == 1:
            return 0
        if time is None:
            return None
        covering = [
            index
            for index, session in enumerate(self.sessions)
            if session.begins is not None and session.begins <= time and _not_after(time, session, self.sessions, index)
        ]
        return covering[0] if len(covering) == 1 else None

    def _sequence_at(self, time: Instant | None) -> float:
        """Where in record order a time falls, between the events at hand."""
        if time is None:
            return AFTER_EVERYTHING
        earlier = [
            event.sequence
            for log in self.session_logs
            for event in log.events
            if event.time is not None and event.time <= time
        ]
        return max(earlier, default=-1) + 0.5


def _not_after(time: Instant, session: Session, sessions: Sequence[Session], index: int) -> bool:
    if session.ends is None:
        return True
    is_last = index + 1 == len(sessions)
    return time.ticks <= session.ends.ticks + _DAY if is_last else time < session.ends


def _unplaced(statement: Statement) -> ExtractionWarning:
    return ExtractionWarning(
        location=statement.location,
        kind="unplaced",
        message=f"it states {statement.name}, but belongs to no boot session of the System log, and was left out",
    )


def _sessions(logs: Iterable[Log]) -> tuple[list[Log], list[Session]]:
    """The logs that divide a host's time into boot sessions, oldest first, and those sessions.

    These are the logs with a start in them, else the System logs, else all of them together as one session.
    """
    logs = [log for log in logs if log.summary.records]
    divided = [(log, divide(log)) for log in logs]
    chosen = [pair for pair in divided if any(session.start for session in pair[1])]
    if not chosen:
        chosen = [pair for pair in divided if (pair[0].summary.channel or "").casefold() == "system"]
    if not chosen and divided:
        return [], [_one_session(logs)]
    chosen.sort(key=lambda pair: (pair[0].summary.first_time or Instant(0), pair[0].source.name))
    return [log for log, _ in chosen], [session for _, sessions in chosen for session in sessions]


def _one_session(logs: Sequence[Log]) -> Session:
    begins = [log.summary.first_time for log in logs if log.summary.first_time is not None]
    ends = [log.summary.last_time for log in logs if log.summary.last_time is not None]
    return Session(
        source=logs[0].source.name,
        first=0,
        last=0,
        begins=min(begins, default=None),
        ends=max(ends, default=None),
        start=None,
        whole=False,
    )


def _value_of(registry: Registry, name: str, key_path: str, value_name: str) -> Iterator[Statement]:
    key = registry.key(key_path)
    value = key.values.get(value_name.lower()) if key is not None else None
    if value is not None:
        data = value.data.hex().upper() if isinstance(value.data, bytes) else value.data
        yield Statement(name=name, value=data, location=value.location, taken=registry.taken)
    elif (key is not None and key.whole) or (key is None and registry.covers(key_path)):
        location = Location(source=registry.source, key=key_path)
        yield Statement(name=name, value=None, location=location, taken=registry.taken)
