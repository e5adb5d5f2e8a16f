"""The interface between a hunt and the matching engine: an open log → its records with the rules that match them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.detection.match.engine import Engine
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Matched:
    """A record with the positions of the rules that match it (``rules``) and that may match it (``unknown``).

    A rule may match if it tests a field that the format of the log cannot contain.
    """

    event: Event
    rules: list[int]
    unknown: list[int]


class Matching:
    """Matches logs against the rules of a table."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._engine = Engine(rules)
        self._position = {rule.info.id: position for position, rule in enumerate(rules)}

    def of(self, log: Iterable[Event]) -> Iterator[Matched]:
        """Yield the records of a log that at least one rule matches or may match, in record order."""
        for _, matches in groupby(self._engine.match_log(log), _record):
            certain: list[int] = []
            unknown: list[int] = []
            for match in matches:
                (certain if match.truth is Truth.TRUE else unknown).append(self._position[match.rule.info.id])
            yield Matched(match.event, certain, unknown)


def _record(match: Match) -> object:
    """Return a key that differs between consecutive records of a log."""
    return match.event.sequence, match.event.location
