"""Errors and warnings of a host × the matches of rules → the kinds that no rule explains, and the number by level.

An event is explained if a rule matched it, even if the match is only a candidate or the rule reports something
harmless. A match that turned out to be excluded, not applicable or refused by its context explains nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.diagnosis import EventTally, UnexplainedRow
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Verdict
from evtscan.base.model.log import Log
from evtscan.base.model.problems import ProblemCount, ProblemKind
from evtscan.base.wintypes import Instant
from evtscan.base.wording import data_text

EXPLAINING = frozenset({Verdict.CONFIRMED, Verdict.POSSIBLE, Verdict.RESOLVED, Verdict.DETECTED})
"""Verdicts of matches that explain their events."""

MOST_ROWS = 500
"""Kinds that a report lists for one host; counts include all of them."""

MOST_EXAMPLES = 50
"""Kinds with an example: decoding one takes as long as selecting some hundred records."""

WARNING = 3
_LONGEST_EXAMPLE = 300


_Key = tuple[str, int, int]


@dataclass(slots=True)
class _Kind:
    """One kind of problem in a group of logs that are copies of each other.

    ``kind`` and ``count`` are those with the newest record; ``first`` is the time of the oldest one. ``logs`` has the
    number of records by log.
    """

    kind: ProblemKind
    count: ProblemCount
    first: Instant | None = None
    logs: Counter[str] = field(default_factory=Counter)

    def add(self, log: str, kind: ProblemKind, count: ProblemCount) -> None:
        """Add the records of one log, or of one computer name or channel in it."""
        self.logs[log] += count.count
        times = [time for time in (self.first, count.first) if time is not None]
        self.first = min(times, key=lambda time: time.ticks, default=None)
        if _ticks(count.last) > _ticks(self.count.last) or (kind.channel and not self.kind.channel):
            self.kind, self.count = kind, count


def _ticks(time: Instant | None) -> int:
    return -1 if time is None else time.ticks


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The kinds that no rule explains, most urgent first, and the tally of all errors and warnings."""

    rows: tuple[UnexplainedRow, ...]
    tally: EventTally


def unexplained(
    logs: Sequence[Log],
    explained: Iterable[Event],
    copies: Iterable[tuple[str, str]] = (),
    image_ends: Mapping[str, int] | None = None,
) -> Unexplained:
    """Subtract the explained events from the problems of all logs.

    ``explained`` are the events of matches with a verdict of ``EXPLAINING``. ``copies`` are pairs of files with the
    same events, which are counted once. ``image_ends`` has the files whose oldest records come from an installation
    image, with the number of the host's own first record; kinds without a later record are left out.
    """
    group_of = _groups({log.source.name for log in logs}, copies)
    matched = Counter(
        (group_of.get(event.location.source, event.location.source), _key(_kind_of(event)))
        for event in {event.location: event for event in explained}.values()
    )
    tally = EventTally()
    rows: list[tuple[_Kind, int]] = []
    for (group, key), item in _counted(logs, group_of, image_ends or {}).items():
        total = max(item.logs.values())
        left = max(total - matched[group, key], 0)
        tally += _tally_of(item.kind.level, total, total - left)
        if left:
            rows.append((item, left))
    rows.sort(key=lambda entry: _urgency(*entry))
    listed = (_row(*entry, with_example=rank < MOST_EXAMPLES) for rank, entry in enumerate(rows[:MOST_ROWS]))
    return Unexplained(rows=tuple(listed), tally=tally)


def _counted(
    logs: Iterable[Log], group_of: Mapping[str, str], image_ends: Mapping[str, int]
) -> dict[tuple[str, _Key], _Kind]:
    found: dict[tuple[str, _Key], _Kind] = {}
    for log in logs:
        name = log.source.name
        for kind, count in log.problems.items() if log.problems is not None else ():
            record = count.location.record
            if record is not None and record < image_ends.get(name, 0):
                continue
            key = group_of[name], _key(kind)
            found.setdefault(key, _Kind(kind, count)).add(name, kind, count)
    return found


def _groups(names: set[str], copies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first file of the copies that each file belongs to."""
    group = {name: name for name in names}
    for one, other in copies:
        first, second = sorted((group.get(one, one), group.get(other, other)))
        for name, leader in group.items():
            if leader == second:
                group[name] = first
    return group


def _key(kind: ProblemKind) -> _Key:
    """Return a key that is equal for all names of a host and all copies of an event.

    The channel is not a part of it, because a format may lack it.
    """
    return kind.provider.casefold(), kind.event_id, kind.level


def _kind_of(event: Event) -> ProblemKind:
    return ProblemKind(
        event.computer or "",
        event.channel or "",
        event.provider,
        event.event_id,
        -1 if event.level is None else event.level,
    )


def _tally_of(level: int, total: int, explained: int) -> EventTally:
    if level == WARNING:
        return EventTally(warnings=total, warnings_explained=explained)
    return EventTally(errors=total, errors_explained=explained)


def _urgency(item: _Kind, left: int) -> tuple[int, int, int, ProblemKind]:
    """Sort key: critical events, errors, warnings; then the most recent, then the most frequent."""
    return item.kind.level, -_ticks(item.count.last), -left, item.kind


def _row(item: _Kind, left: int, *, with_example: bool) -> UnexplainedRow:
    kind, count = item.kind, item.count
    return UnexplainedRow(
        computer=kind.computer,
        channel=kind.channel,
        provider=kind.provider,
        event_id=kind.event_id,
        level=kind.level,
        count=left,
        first_seen=str(item.first or ""),
        last_seen=str(count.last or ""),
        example=_example(count) if with_example else "",
        source_file=count.location.source,
        record_id=count.record_id,
    )


def _example(count: ProblemCount) -> str:
    """The data of the newest record on one line; binary data only if there is no other."""
    data = {
        name: value for name, value in count.example().items() if not name.startswith("#") and value not in ("", None)
    }
    told = {name: value for name, value in data.items() if name != "Binary"}
    return data_text(told or data, _LONGEST_EXAMPLE)
