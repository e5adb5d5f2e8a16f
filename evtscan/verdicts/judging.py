"""Matches of rules × facts of a host → findings: what each match means on this host, at its time, and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evtscan.base.model.event import Event
from evtscan.base.model.finding import Verdict
from evtscan.detection.match.matcher import Detected, Match
from evtscan.detection.model.rule import Rule
from evtscan.facts.host import Host
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.conditions import Conditions
from evtscan.verdicts.context import Sightings
from evtscan.verdicts.correlating import Matches
from evtscan.verdicts.finding import Judged
from evtscan.verdicts.matches import JudgedMatches, entity_of, judge_matches, only_detected
from evtscan.verdicts.outcomes import IssueOnHost, Outcome, foreign_facts, is_of_another_system, plain_outcome
from evtscan.verdicts.precedence import Explained


def judge(
    host: Host,
    host_name: str,
    rules: Sequence[Rule],
    detected: Detected,
    *,
    strict_facts: bool = False,
    admits: Callable[[Event], bool] = lambda event: True,
    unseen: bool = True,
) -> list[Outcome]:
    """Judge all matches on one host: one outcome for each article (or rule) and entity.

    A match counts if one of its events is admitted. ``unseen`` adds an outcome for each rule without a match:
    ``clear``, ``not_assessed`` or ``not_applicable``.
    """
    spoken = [rule for rule in rules if unseen or rule.info.id in detected.concerned or rule.speaks_unseen]
    spoken = [rule for rule in spoken if not rule.silent]
    chronology = Chronology(host)
    judging = _Judging(host, chronology, Matches(detected, chronology), detected.sightings, strict_facts, admits)
    found = [(rule, conditions := judging.conditions(rule), judging.judged(rule, conditions)) for rule in spoken]
    explained = Explained(item for _, conditions, matches in found for item in _explaining(conditions, matches))
    outcomes: list[Outcome] = []
    for rule, conditions, matches in found:
        if conditions is None:
            outcomes.append(plain_outcome(host, host_name, rule, explained.apply(matches)))
        else:
            outcomes.extend(_by_entity(conditions, host_name, rule, explained.apply(matches)))
    return _one_per_article(outcomes, {rule.info.id: rule for rule in spoken})


@dataclass(frozen=True, slots=True)
class _Judging:
    """The shared inputs for judging every rule on one host."""

    host: Host
    chronology: Chronology
    matches: Matches
    sightings: Sightings
    strict_facts: bool
    admits: Callable[[Event], bool]

    def conditions(self, rule: Rule) -> Conditions | None:
        """The conditions of a rule on the host; None for a rule without ``known_issue``."""
        return Conditions(rule.known_issue, self.host, self.strict_facts) if rule.known_issue else None

    def judged(self, rule: Rule, conditions: Conditions | None) -> JudgedMatches:
        """The matches of a rule, judged."""
        matches = self.matches.of(rule)
        if conditions is None:
            return only_detected(self.chronology, matches, self._is_admitted)
        return judge_matches(rule, conditions, self.chronology, matches, self.sightings, self._is_admitted)

    def _is_admitted(self, match: Match) -> bool:
        return any(map(self.admits, match.events))


def _explaining(conditions: Conditions | None, matches: JudgedMatches) -> Iterator[Judged]:
    """The matches of a rule that may explain events for other rules: not those of a rule about another system."""
    foreign = foreign_facts(conditions) if conditions is not None and matches.judged else frozenset()
    return (item for item in matches.judged if not is_of_another_system(item, foreign))


# ------------------------------------------------------------------------------------------------ findings


def _by_entity(conditions: Conditions, host_name: str, rule: Rule, matches: JudgedMatches) -> Iterator[Outcome]:
    entities: dict[str, tuple[list[Judged], list[Judged]]] = {}
    for place, items in enumerate((matches.judged, matches.refused)):
        for item in items:
            entities.setdefault(entity_of(item.match, rule), ([], []))[place].append(item)
    for entity, (kept, near) in entities.items():
        own = JudgedMatches(tuple(map(_settled, kept)), tuple(near))
        yield IssueOnHost(rule, conditions, host_name, entity, own).outcome()
    if not entities:
        yield IssueOnHost(rule, conditions, host_name, "", matches).outcome()


def _settled(item: Judged) -> Judged:
    """A match, resolved if a later event states that the problem is over."""
    return item if item.cleared_by is None else replace(item, verdict=Verdict.RESOLVED)


def _one_per_article(outcomes: Iterable[Outcome], rules: Mapping[str, Rule]) -> list[Outcome]:
    """One outcome for each article and entity: the most severe of its rules, with the matches of all of them."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        finding = outcome.finding
        article = rules[finding.rule_id].info.article
        groups.setdefault((f"article {article}" if article else finding.rule_id, finding.entity), []).append(outcome)
    return [
        replace(
            min(group, key=lambda outcome: Verdict(outcome.finding.verdict).rank),
            matches=tuple(item for outcome in group for item in outcome.matches),
        )
        for group in groups.values()
    ]
