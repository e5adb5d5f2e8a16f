"""Judged matches of several rules → the rules that explain each event, so that less specific rules do not report it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from evtscan.base.model.finding import Verdict
from evtscan.base.model.source import Location
from evtscan.detection.model.rule import Rule
from evtscan.verdicts.finding import Judged
from evtscan.verdicts.matches import JudgedMatches

AFFECTED = (Verdict.CONFIRMED, Verdict.POSSIBLE)


@dataclass(frozen=True, slots=True)
class _By:
    """A rule that explains an event; ``sure``: a match of it is confirmed."""

    rule: Rule
    sure: bool


class Explained:
    """The events of one host that known issues explain, each with the rules that do.

    Hundreds of thousands of events are explained by few combinations of rules, so events share the combinations.
    """

    def __init__(self, judged: Iterable[Judged]) -> None:
        self._by_event: dict[Location, Mapping[str, _By]] = {}
        joined: dict[tuple[int, str, bool], Mapping[str, _By]] = {}
        nothing: Mapping[str, _By] = {}
        for item in judged:
            rule, sure = item.match.rule, item.verdict is Verdict.CONFIRMED
            if item.verdict not in AFFECTED or rule.known_issue is None:
                continue
            for event in item.match.events:
                before = self._by_event.get(event.location, nothing)
                key = (id(before), rule.info.id, sure)  # all that are joined are kept, so that no id is used twice
                if key not in joined:
                    known = before.get(rule.info.id)
                    joined[key] = {**before, rule.info.id: _By(rule, sure or (known is not None and known.sure))}
                self._by_event[event.location] = joined[key]

    def apply(self, matches: JudgedMatches) -> JudgedMatches:
        """The matches of a rule, without those whose events are all explained by a rule of higher precedence.

        A possible match does not replace a confirmed one: the reader would know less. A match that is excluded while
        others explain its events does not apply, unless its rule wants it reported.
        """
        judged: list[Judged] = []
        taken: list[Judged] = []
        for item in matches.judged:
            rule, others = item.match.rule, self._explaining(item)
            before = [other for other in others if _goes_before(other, rule, others) and self._is_as_sure(other, item)]
            if before:
                taken.append(_explained_by(before, item))
            elif others and item.verdict is Verdict.EXCLUDED and not _reports_excluded(rule):
                judged.append(_explained_by(others, item))
            else:
                judged.append(item)
        return replace(matches, judged=tuple(judged), taken=tuple(taken))

    def _is_as_sure(self, other: Rule, item: Judged) -> bool:
        if item.verdict is not Verdict.CONFIRMED:
            return True
        return all(self._by_event[event.location][other.info.id].sure for event in item.match.events)

    def _explaining(self, item: Judged) -> list[Rule]:
        """The other rules that explain every event of a match."""
        first, *more = (self._by_event.get(event.location, {}) for event in item.match.events)
        common = (by.rule for number, by in first.items() if all(number in others for others in more))
        return [rule for rule in common if rule.info.id != item.match.rule.info.id]


def _explained_by(rules: Iterable[Rule], item: Judged) -> Judged:
    names = tuple(dict.fromkeys(rule.info.article or rule.info.title for rule in rules))
    return replace(item, verdict=Verdict.NOT_APPLICABLE, explained_by=names)


def _goes_before(one: Rule, other: Rule, explaining: Iterable[Rule]) -> bool:
    """Whether a rule silences another one; of rules that name each other, also in a circle, none does.

    ``explaining`` are the rules that explain the event: only they can be part of the circle.
    """
    if not _names(one, other):
        return False
    unreached, reached = list(explaining), [other]
    for rule in reached:
        if _names(rule, one):
            return False
        reached += [further for further in unreached if _names(rule, further)]
        unreached = [further for further in unreached if not _names(rule, further)]
    return True


def _names(one: Rule, other: Rule) -> bool:
    """Whether a rule names another one in its precedence, by id, article, title or name."""
    info = other.info
    names = {name.casefold() for name in (info.id, info.article, info.title, other.name) if name}
    issue = one.known_issue
    return issue is not None and any(name.casefold() in names for name in issue.precedence)


def _reports_excluded(rule: Rule) -> bool:
    return rule.known_issue is not None and rule.known_issue.report_excluded
