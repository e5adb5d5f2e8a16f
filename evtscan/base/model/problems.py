"""Errors and warnings of a log, counted by kind while the log is read, whatever the query selects."""

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
    """The kind of an error or a warning: what has the same values is counted together."""

    computer: str
    channel: str
    provider: str
    event_id: int
    level: int


Example = Callable[[], Mapping[str, Any]]
"""Decodes the data of an event; empty if it cannot be read."""


@dataclass(slots=True)
class ProblemCount:
    """How often a kind of problem is in a log, with the first and the last record in record order."""

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
        """Each kind with its count, in order of first appearance."""
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
        """Add the next records of a kind; ``location``, ``record_id`` and ``example`` are those of the last of them."""
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
        """Decode the newest record of the most severe kinds, and release what the others would be decoded from."""
        ranked = sorted(self._counts.items(), key=lambda entry: entry[0].level)
        for rank, (_, count) in enumerate(ranked):
            data = count.example() if rank < MOST_EXAMPLES else {}
            count.example = partial(dict, {name: _cut(value) for name, value in data.items()})

    def of(self, includes: Callable[[ProblemKind], bool]) -> "ProblemCounts":
        """The counts of some kinds."""
        part = ProblemCounts()
        part._counts = {kind: count for kind, count in self._counts.items() if includes(kind)}
        return part


def _cut(value: Any) -> Any:
    """A value of bounded size."""
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE]
