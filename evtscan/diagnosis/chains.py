"""Findings of one host → which of them follow from which, as their rules say (``consequence_of``).

A finding follows from another one if at least half of its matches come within the rule's time after a match of that
one. Logs are written by many services, so a cause may also be logged some minutes after its consequence.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evtscan.base.model.finding import Verdict
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.model.rule import Rule
from evtscan.verdicts.outcomes import Outcome

LATE = 5 * 60 * TICKS_PER_SECOND
"""How long after its consequence a cause may be logged, in ticks."""

_SEEN = frozenset({Verdict.CONFIRMED, Verdict.POSSIBLE, Verdict.RESOLVED, Verdict.DETECTED})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A finding with matches: the rules that matched and the times of their matches, in order."""

    finding_id: str
    rules: tuple[Rule, ...]
    ticks: tuple[int, ...]

    @property
    def names(self) -> frozenset[str]:
        """The ids, articles and titles of its rules in lower case."""
        infos = [rule.info for rule in self.rules]
        return frozenset(name.casefold() for info in infos for name in (info.id, info.article, info.title) if name)


def consequences(outcomes: Sequence[Outcome]) -> dict[str, tuple[str, ...]]:
    """The ids of the findings that each finding follows from; findings that follow from none are left out."""
    seen = list(_seen(outcomes))
    by_name: dict[str, list[_Seen]] = {}
    for item in seen:
        for name in item.names:
            by_name.setdefault(name, []).append(item)
    found = {item.finding_id: tuple(dict.fromkeys(_causes(item, by_name))) for item in seen}
    return {finding_id: causes for finding_id, causes in found.items() if causes}


def _seen(outcomes: Iterable[Outcome]) -> Iterator[_Seen]:
    for outcome in outcomes:
        if Verdict(outcome.finding.verdict) not in _SEEN:
            continue
        matches = [item for item in outcome.matches if item.verdict in _SEEN]
        rules = {item.match.rule.info.id: item.match.rule for item in matches}
        ticks = sorted(item.event.time.ticks for item in matches if item.event.time is not None)
        if ticks:
            yield _Seen(outcome.finding.finding_id, tuple(rules.values()), tuple(ticks))


def _causes(item: _Seen, by_name: Mapping[str, Sequence[_Seen]]) -> Iterator[str]:
    for rule in item.rules:
        for named in rule.known_issue.consequence_of if rule.known_issue is not None else ():
            for cause in by_name.get(named.name.casefold(), ()):
                if cause.finding_id != item.finding_id and follows(item.ticks, cause.ticks, named.within):
                    yield cause.finding_id


def follows(ticks: Sequence[int], causes: Sequence[int], within: int) -> bool:
    """Whether at least half of some times come within a span after one of the times of a cause."""
    after = 0
    for time in ticks:
        index = bisect_left(causes, time - within)
        after += index < len(causes) and causes[index] <= time + LATE
    return 2 * after >= len(ticks)


def roots(consequence_of: Mapping[str, Sequence[str]], finding_id: str) -> tuple[str, ...]:
    """Return the findings at the beginning of the chains that lead to a finding; itself if it follows from none.

    A cycle has no root, so each of its findings counts as one.
    """
    found: dict[str, None] = {}
    waiting, visited = [finding_id], {finding_id}
    while waiting:
        current = waiting.pop()
        causes = consequence_of.get(current, ())
        if not causes:
            found[current] = None
        for cause in causes:
            if cause not in visited:
                visited.add(cause)
                waiting.append(cause)
    return tuple(found) or (finding_id,)
