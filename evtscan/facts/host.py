"""Evidence of one host → its boot sessions, and the value of each fact at each record."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from evtscan.base.model.event import Event
from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import Basis, Known
from evtscan.base.model.log import Log
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.versions import version_key
from evtscan.base.wintypes import Instant
from evtscan.evidence.imagenames import image_end, is_image_name
from evtscan.facts import COLLECTORS
from evtscan.facts.catalogue.names import CATALOGUE, find
from evtscan.facts.collectors import applications, presence, product, registryvalues
from evtscan.facts.collectors.bounds import bounds_on
from evtscan.facts.history.logs import LogIndex
from evtscan.facts.history.sessions import DAY, Clock, Places, Session, boot_sessions, find_starts
from evtscan.facts.history.sets import timeline_of
from evtscan.facts.history.statement import Listing, Statement
from evtscan.facts.history.steppedclock import Elapsed, SteppedClock
from evtscan.facts.history.stretches import Stretch, join
from evtscan.facts.history.timeline import AFTER_EVERYTHING, FactTimeline, Placed, Point


class Host:
    """A host according to its evidence; it answers the value of a fact at a record, and now.

    ``stretches`` are its System logs, joined, and ``sessions`` its boot sessions in order; ``sessions_of`` has the
    sessions of each stretch. Evidence taken before the first session belongs to session -1. Evidence taken more than a
    day after the last record of a session belongs after the last one. A host is complete when it is created:
    ``warnings`` are the problems in the statements of all stated facts, and of the requested ones (``asked``).
    """

    def __init__(self, evidence: Evidence, asked: Iterable[str] = ()) -> None:
        self.evidence = evidence
        warnings: list[ExtractionWarning] = []
        self.sessions: list[Session] = []
        self._logs = LogIndex(evidence.logs)
        self._own_sessions: dict[int, range] = {}
        chosen = boot_logs(evidence.logs)
        self.stretches = join(chosen)
        self.sessions_of: list[range] = []
        for stretch in self.stretches:
            own = boot_sessions(stretch)
            numbers = range(len(self.sessions), len(self.sessions) + len(own))
            for number, log in enumerate(evidence.logs):
                if log.source.name in stretch.sources and any(log is one for one in chosen):
                    self._own_sessions[number] = numbers
            self.sessions_of.append(numbers)
            self.sessions += own
        if not self.stretches:
            self.sessions = _one_session(evidence.logs)
        self.ends = _end_of(self.stretches, evidence.logs)
        beside = [log for log in chosen if self.stretches and self._is_beside(log)]
        self._beside = {number for number, log in enumerate(evidence.logs) if any(log is one for one in beside)}
        self._clock = Clock(self.sessions, runs_on=not any(map(self._goes_beyond, beside)))
        self._places: dict[int, Places] = {}
        self._stepped_clock = SteppedClock(evidence.logs)
        self._image_ends = [image_end(log.events) for log in evidence.logs]
        self._timelines: dict[str, FactTimeline] = {}
        self._spellings: dict[str, str] = {}
        self._placed = self._place_all(self._collect(warnings), warnings)
        self._place_by_version()
        for name in (*self._placed, *asked):
            self.timeline(name)
        warnings.extend(warning for timeline in self._timelines.values() for warning in timeline.warnings())
        warnings.extend(self._doubted_packs())
        self.warnings = tuple(warnings)

    # ------------------------------------------------------------------------------------------- answers

    @cached_property
    def now(self) -> Point:
        """Return the point after the last record and any later snapshot."""
        taken = [registry.taken for registry in self.evidence.registries]
        taken += [entry.since for facts in self.evidence.facts_files for entry in facts.entries]
        later = any(self._is_later(time) for time in taken if time is not None)
        return Point(max(len(self.sessions) - 1, 0) + later, AFTER_EVERYTHING)

    def point_of(self, event: Event) -> Point:
        """The position of an event in the time line.

        Events of a log with its own boot sessions belong to these; others to the session that covers their time, if
        exactly one does.
        """
        log = self._logs.of(event)
        own = self._own_sessions.get(log) if log is not None else None
        if own:
            at = bisect_right(own, event.sequence, key=lambda index: self.sessions[index].first)
            return Point(own[max(at - 1, 0)], event.sequence)
        if event.time is None:
            return Point(0 if len(self.sessions) == 1 and not self._own_sessions else None, AFTER_EVERYTHING)
        if log in self._beside and self.ends is not None and event.time.latest > self.ends.earliest:
            return Point(None, 0)
        session = self._clock.covering(event.time)
        return Point(None, 0) if session is None else self._point_in(session, event.time)

    def point_of_record(self, event: Event) -> Point:
        """Return the position of an event that is not among the selected ones, as ``point_of``."""
        point = self.point_of(event)
        if point.session is None or event.time is None or not self.has_own_sessions(event):
            return point
        at_hand = [one.sequence for one in self.sessions[point.session].events]
        before = bisect_right(at_hand, event.sequence)
        return Point(
            point.session, at_hand[before - 1] if before else self.sessions[point.session].first - 1, event.time.ticks
        )

    def point_at(self, time: Instant) -> Point:
        """Return the position of a time in the timeline; the session is unknown if several sessions showed that time.

        A time before the first record is session -1; a time more than a day after the last one is the session after the
        last.
        """
        session = self._clock.covering(time)
        if session is not None:
            return self._point_in(session, time)
        is_outside = not self.sessions or self._is_later(time) or self._clock.begun_by(time) == (-1, -1)
        return self._point_of_snapshot(time, since=False)[0] if is_outside else Point(None, 0)

    def has_own_sessions(self, event: Event) -> bool:
        """Whether the log of an event divides time into boot sessions, so that record order gives its position."""
        return self._logs.of(event) in self._own_sessions

    def elapsed(self, one: Event, other: Event) -> Elapsed:
        """Return the time from one event to another, as far as clock steps leave it known."""
        return self._stepped_clock.elapsed(one, other)

    def is_from_image(self, event: Event) -> bool:
        """Whether a record is from an installation image of Windows; such a record does not describe this host."""
        log = self._logs.of(event)
        end = self._image_ends[log] if log is not None else None
        return end is not None and event.sequence < end

    @property
    def image_ends(self) -> dict[str, int]:
        """The files whose oldest records come from an installation image, each with the first record of the host's."""
        ends = zip(self.evidence.logs, self._image_ends, strict=True)
        return {log.source.name: end for log, end in ends if end is not None}

    def known(self, name: str, point: Point) -> Known:
        """Return the known value of a fact at a point."""
        return self.timeline(name).at(point)

    def timeline(self, name: str) -> FactTimeline:
        """Return all statements of one fact, in order; names of services, files and keys are compared without case.

        Timelines are cached; a call changes nothing else.
        """
        name = self._spellings.get(name.casefold(), name)
        if name not in self._timelines:
            placed = [
                *self._placed.get(name, ()),
                *self._looked_up(name),
                *registryvalues.of_other_facts(name, self._placed),
            ]
            bounds = bounds_on(name, self.sessions, self.timeline)
            self._timelines[name] = timeline_of(name, placed, bounds)
        return self._timelines[name]

    @property
    def fact_names(self) -> list[str]:
        """The facts with at least one statement, in the order of the catalogue."""
        order = {kind.pattern: rank for rank, kind in enumerate(CATALOGUE)}

        def rank(name: str) -> tuple[int, str]:
            kind = find(name)
            return (order[kind.pattern] if kind else len(order), name)

        return sorted(self._placed, key=rank)

    @property
    def fact_names_on_request(self) -> list[str]:
        """Return the names of facts about program versions in registries.

        There are so many that they are listed only if every fact is requested.
        """
        programs = self.known(applications.FACT, self.now).value
        names = map(applications.version_fact, programs if isinstance(programs, tuple) else ())
        return [name for name in names if name.casefold() not in self._spellings and self.timeline(name).placed]

    @cached_property
    def names(self) -> list[str]:
        """Computer names that the evidence gives, newest first, each once (by its first label, in any case).

        The name of an installation image is left out where the host has another.
        """
        stated_name = self.known("host.name", self.now).value
        found = [stated_name] if isinstance(stated_name, str) else []

        def recency(item: tuple[int, Log]) -> tuple[bool, Instant, str]:
            number, log = item
            return (number in self._own_sessions, log.summary.last_time or Instant(0), log.source.name)

        for _, log in sorted(enumerate(self.evidence.logs), key=recency, reverse=True):
            newest = log.summary.newest_computer
            found.extend([newest] if newest else [])
            found.extend(reversed(log.summary.computers))
        unique: dict[str, str] = {}
        for name in found:
            unique.setdefault(name.partition(".")[0].casefold(), name)
        own = [name for name in unique.values() if not is_image_name(name)]
        return own or list(unique.values())

    # ------------------------------------------------------------------------------------------- collecting

    def _collect(self, warnings: list[ExtractionWarning]) -> Iterator[Statement]:
        """The statements of all evidence; what is wrong with a statement is added to ``warnings``."""
        for collector in COLLECTORS:
            if collector.from_events is not None:
                for log in self.evidence.logs:
                    yield from collector.from_events(log.events)
            if collector.from_registry is not None:
                for registry in self.evidence.registries:
                    yield from collector.from_registry(registry)
            if collector.from_inventory is not None:
                for inventory in self.evidence.inventories:
                    yield from collector.from_inventory(inventory)
            if collector.from_facts_file is not None:
                for facts in self.evidence.facts_files:
                    statements, wrong = collector.from_facts_file(facts)
                    warnings.extend(wrong)
                    yield from statements

    def _place_by_version(self) -> None:
        """Correct the statements about product, components and updates, using the version that any evidence states."""
        version = self.timeline("os.version")
        by_hand = {facts.source for facts in self.evidence.facts_files}
        for name, before in presence.BEFORE.items():
            items = self._placed.pop(name, [])
            kept = [
                item
                for item in items
                if item.statement.location.source in by_hand or not _reaches(version, item, before)
            ]
            if kept:
                self._placed[name] = kept
        reports = {inventory.source for inventory in self.evidence.inventories}
        if "hotfix" in self._placed:
            self._placed["hotfix"] = [
                _in_part(item) if item.statement.location.source in reports and _reaches(version, item, _TEN) else item
                for item in self._placed["hotfix"]
            ]
        names = (product.PRODUCT_TYPE, product.PRODUCT_SUITE)
        kinds, suites = (list(self._looked_up(name)) for name in names)
        stated_product = self._placed.get(product.FACT, ())
        placed = product.told_by_options(stated_product, kinds, suites, version)
        if placed:
            self._placed[product.FACT] = placed

    def _doubted_packs(self) -> Iterator[ExtractionWarning]:
        """Warnings about service packs that a person states for Windows 10 or later, which has none."""
        packs = self._timelines.get("os.service_pack")
        by_hand = {facts.source for facts in self.evidence.facts_files}
        for item in packs.placed if packs is not None and by_hand else ():
            statement = item.statement
            is_pack = isinstance(statement.value, int) and statement.value > 0
            if is_pack and statement.location.source in by_hand and _reaches(self.timeline("os.version"), item, _TEN):
                yield ExtractionWarning(
                    location=statement.location,
                    kind="doubtful_value",
                    message=f"os.service_pack is {statement.value}, but Windows 10 and later have no service packs: "
                    "check this value and os.version; the value is used",
                )

    def _looked_up(self, name: str) -> Iterator[Placed]:
        """Return the statements of registries about a fact of an open class: services, programs and single values."""
        placed = (self._place(statement) for look_up in self._look_ups for statement in look_up(name))
        return (item for item in placed if item is not None)

    @cached_property
    def _look_ups(self) -> list[Callable[[str], Iterator[Statement]]]:
        makers = [collector.look_up_in for collector in COLLECTORS if collector.look_up_in is not None]
        return [make(registry) for registry in self.evidence.registries for make in makers]

    # --------------------------------------------------------------------------------------------- placing

    def _place_all(self, statements: Iterable[Statement], warnings: list[ExtractionWarning]) -> dict[str, list[Placed]]:
        """Return the statements by fact, with their positions.

        Statements without a position are omitted, with one warning for each file.
        """
        placed: dict[str, list[Placed]] = {}
        left_out: Counter[tuple[str, str]] = Counter()
        for statement in statements:
            item = self._place(statement)
            if item is None:
                left_out[statement.name, statement.location.source] += 1
            else:
                name = self._spellings.setdefault(statement.name.casefold(), statement.name)
                placed.setdefault(name, []).append(item)
        for (name, source), count in left_out.items():
            events = "1 event states" if count == 1 else f"{count} events state"
            warnings.append(
                ExtractionWarning(
                    location=Location(source=source),
                    kind="unplaced",
                    message=f"{events} {name}, but at times that no boot session, or more than one, covers: left out",
                )
            )
        return placed

    def _place(self, statement: Statement) -> Placed | None:
        if statement.event is not None:
            point, assumed = self.point_of(statement.event), False
        elif statement.taken is not None:
            point, assumed = self._point_of_snapshot(statement.taken, statement.since)
        else:
            point, assumed = Point(max(len(self.sessions) - 1, 0), AFTER_EVERYTHING), True
        if point.session is None:
            return None
        return Placed(
            statement=statement, session=point.session, sequence=point.sequence, ticks=point.ticks, assumed=assumed
        )

    def _point_of_snapshot(self, taken: Instant, since: bool) -> tuple[Point, bool]:
        """Return the position of a dated snapshot, and whether the session is assumed.

        The session is the one that had begun last, or the end after all sessions. A value that began at a time
        (``since``) is placed before the records of that time, a snapshot after them. If local times allow several
        sessions, the snapshot is assumed to be taken at the end of the last of them.
        """
        if not self.sessions:
            return Point(0, 0, taken.ticks), False
        if self._is_later(taken):
            return Point(len(self.sessions), 0, taken.ticks), False
        first, session = self._clock.begun_by(taken)
        if first != session:
            return Point(session, AFTER_EVERYTHING), True
        if session < 0:
            return Point(-1, 0, taken.ticks), False
        return self._point_in(session, Instant(taken.ticks - 1) if since else taken), False

    def _is_later(self, time: Instant) -> bool:
        """Whether a time is more than a day after the last record, in every time zone."""
        return bool(self.sessions) and self.ends is not None and time.earliest > self.ends.latest + DAY

    def _is_beside(self, log: Log) -> bool:
        """Whether a log of local times has no position in the order of the System logs."""
        times = (log.summary.first_time, log.summary.last_time)
        known = any(log.source.name in stretch.sources for stretch in self.stretches)
        return not known and any(time is not None and time.local for time in times)

    def _goes_beyond(self, log: Log) -> bool:
        """Whether a log ends after the last record of all logs with a position in the order, in every time zone."""
        last = log.summary.last_time
        return last is not None and self.ends is not None and last.earliest > self.ends.latest

    def _point_in(self, session: int, time: Instant) -> Point:
        if session not in self._places:
            self._places[session] = Places(self.sessions[session])
        return Point(session, self._places[session].of(time), time.ticks)


_TEN = (10,)
"""From this version on each update contains those before it, and reports list the newest of them alone."""


def _in_part(item: Placed) -> Placed:
    """A list of updates, marked as incomplete."""
    return replace(item, statement=replace(item.statement, listing=Listing.PART))


def _reaches(version: FactTimeline, item: Placed, least: tuple[int, ...]) -> bool:
    """Whether the version of Windows at a statement is known to be at least this one."""
    known = version.at(Point(item.session, item.sequence, item.ticks))
    if known.basis is Basis.UNKNOWN or known.at_most or not isinstance(known.value, str):
        return False
    return (version_key(known.value) or ()) >= least


def boot_logs(logs: Iterable[Log]) -> list[Log]:
    """The logs whose records divide the time of a host into boot sessions.

    These are the System logs, and logs of unknown channel that contain a start; if there are none, a log that is the
    only one.
    """
    filled = [log for log in logs if log.summary.records]
    chosen = [log for log in filled if _divides(log)]
    return chosen or (filled if len(filled) == 1 else [])


def _divides(log: Log) -> bool:
    if log.summary.channel is not None:
        return log.summary.channel.casefold() == "system"
    return bool(find_starts(log.events))


def _end_of(stretches: Sequence[Stretch], logs: Iterable[Log]) -> Instant | None:
    """The time of the last record of the System log, else of any log."""
    if stretches:
        return stretches[-1].last_time
    return _last(log.summary.last_time for log in logs)


def _one_session(logs: Iterable[Log]) -> list[Session]:
    """Logs without starts, as one session in the order of time, whatever the zone of local times is."""
    filled = [log.summary for log in logs if log.summary.records]
    if not filled:
        return []
    first_times = (summary.first_time for summary in filled if summary.first_time is not None)
    begins = min(first_times, key=lambda time: time.earliest, default=None)
    ends = _last(summary.last_time for summary in filled)
    span = (begins and Instant(begins.earliest), ends and Instant(ends.latest))
    return [Session(first=0, last=0, begins=begins, ends=ends, spans=(span,))]


def _last(times: Iterable[Instant | None]) -> Instant | None:
    return max((time for time in times if time is not None), key=lambda time: time.latest, default=None)
