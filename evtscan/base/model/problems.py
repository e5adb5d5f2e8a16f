"""Count the errors and warnings of a log by kind while the log is read, independent of the query."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant

PROBLEM_LEVELS = (1, 2, 3)
"""Windows' levels for critical events, errors and warnings."""

MOST_KINDS = 2000
"""Kinds of problems of one log that are counted separately; a crafted log has any number."""

MOST_EXAMPLES = 50
"""Kinds of one log whose newest record is decoded."""

_LONGEST_NAME = 300
_LONGEST_VALUE = 1000


class ProblemKind(NamedTuple):
    """The kind of an error or a warning: events with equal values are counted together."""

    computer: str
    channel: str
    provider: str
    event_id: int
    level: int


Example = Callable[[], Mapping[str, Any]]
"""Decodes the data of an event; empty if it cannot be read."""


@dataclass(slots=True)
class ProblemCount:
    """The number of events of one kind in a log, with the times of the first and the last one in record order.

    ``location``, ``record_id`` and ``example`` belong to the last one.
    """

    count: int
    first: Instant | None
    last: Instant | None
    location: Location
    record_id: int | None
    example: Example


class ProblemCounts:
    """Counts problems by kind. ``omitted`` counts the records of kinds beyond ``MOST_KINDS``."""

    def __init__(self) -> None:
        self._counts: dict[ProblemKind, ProblemCount] = {}
        self.omitted = 0

    def __len__(self) -> int:
        return len(self._counts)

    def items(self) -> Iterator[tuple[ProblemKind, ProblemCount]]:
        """Yield each kind with its count, in order of first appearance."""
        return iter(self._counts.items())

    def add(
        self,
        kind: ProblemKind,
        first: Instant | None,
        last: Instant | None,
        location: Location,
        record_id: int | None,
        example: Example,
        count: int = 1,
    ) -> None:
        """Add the next records of a kind; ``location``, ``record_id`` and ``example`` belong to the last of them."""
        known = self._counts.get(kind)
        if known is None:
            if len(self._counts) >= MOST_KINDS or any(len(name) > _LONGEST_NAME for name in kind[:3]):
                self.omitted += count
                return
            self._counts[kind] = ProblemCount(count, first, last, location, record_id, example)
            return
        known.count += count
        known.first = known.first or first
        known.last = last or known.last
        known.location, known.record_id, known.example = location, record_id, example

    def decode_examples(self) -> None:
        """Decode the newest record of the most severe kinds, and release the undecoded records of the other kinds."""
        ranked = sorted(self._counts.items(), key=lambda entry: entry[0].level)
        for rank, (_, count) in enumerate(ranked):
            data = count.example() if rank < MOST_EXAMPLES else {}
            count.example = partial(dict, {name: _cut(value) for name, value in data.items()})

    def of(self, includes: Callable[[ProblemKind], bool]) -> "ProblemCounts":
        """Return the counts of the kinds that ``includes`` accepts."""
        part = ProblemCounts()
        part._counts = {kind: count for kind, count in self._counts.items() if includes(kind)}
        return part


def _cut(value: Any) -> Any:
    """Return a value, shortened to a limited size."""
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE]
