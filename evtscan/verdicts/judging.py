"""Matches of rules × facts of a host → findings: what each match means on this host, at its time, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evtscan.detection.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.matcher import Match
from evtscan.detection.rule import KnownIssue, Rule
from evtscan.facts.catalogue import find
from evtscan.facts.host import Host
from evtscan.facts.timeline import AFTER_EVERYTHING, Point
from evtscan.logic import Truth
from evtscan.model import Explanation, Finding, Location, Verdict
from evtscan.verdicts import reasons
from evtscan.verdicts.conditions import Conditions, deciding, every_test
from evtscan.verdicts.finding import Judged, describe, events_of, not_seen, would_show

SHOWN_ONLY_WITH_ALL = frozenset({Verdict.CLEAR.value, Verdict.NOT_ASSESSED.value, Verdict.NOT_APPLICABLE.value})
"""Verdicts that a report leaves out unless it is asked for all of them."""
_AFFECTED = (Verdict.CONFIRMED, Verdict.POSSIBLE)
_EXPORT_WHOLE = "export the log in its own format (.evt or .evtx), which carries every field of the event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rule comes to on a host: the finding, and the judged matches of its entity."""

    finding: Finding
    matches: tuple[Judged, ...]


def judge(
    host: Host, host_name: str, rules: Sequence[Rule], matches: Iterable[Match], *, strict_facts: bool = False
) -> list[Outcome]:
    """Judge all matches on one host: one outcome for each article (or rule) and entity, also where nothing was found.

    Outcomes with the verdicts ``clear``, ``not_assessed`` and ``not_applicable`` are for readers who ask for all.
    """
    issues = {rule.info.id: Conditions(rule.known_issue, host, strict_facts) for rule in rules if rule.known_issue}
    judged: dict[str, list[Judged]] = {rule.info.id: [] for rule in rules}
    for match in matches:
        judged[match.rule.info.id].append(_judge_match(issues.get(match.rule.info.id), host, match))
    explained = _Explained(judged)
    outcomes: list[Outcome] = []
    for rule in rules:
        found = sorted(explained.apply(rule, judged[rule.info.id]), key=lambda item: item.order)
        conditions = issues.get(rule.info.id)
        if conditions is None:
            outcomes.append(_plain(host, host_name, rule, found))
        else:
            outcomes.extend(_by_entity(conditions, host_name, rule, found))
    return _one_per_article(outcomes, {rule.info.id: rule for rule in rules})


# ------------------------------------------------------------------------------------------------- matches


def _judge_match(conditions: Conditions | None, host: Host, match: Match) -> Judged:
    """What one match means in its own boot session; a rule that says nothing of hosts only detects."""
    point = host.point_of(match.event)
    if conditions is None:
        verdict = Verdict.DETECTED if match.truth is Truth.TRUE else Verdict.POSSIBLE
        return Judged(match=match, point=point, verdict=verdict)
    explanation = conditions.at(point)
    if explanation.truth is Truth.FALSE:
        applicable = conditions.issue.report_excluded or not _is_inapplicable(explanation)
        verdict = Verdict.EXCLUDED if applicable else Verdict.NOT_APPLICABLE
    elif explanation.truth is Truth.TRUE and match.truth is Truth.TRUE:
        verdict = Verdict.CONFIRMED
    else:
        verdict = Verdict.POSSIBLE
    return Judged(match=match, point=point, verdict=verdict, explanation=explanation)


def _is_inapplicable(explanation: Explanation) -> bool:
    """Whether the rule is not about such a host at all: another product, version or build."""
    kinds = [find(reason.leaf.fact) for reason in deciding(explanation)]
    return any(kind is not None and kind.applicability for kind in kinds)


class _Explained:
    """Which rules explain which events, so that others need not speak of them."""

    def __init__(self, judged: Mapping[str, Sequence[Judged]]) -> None:
        self._by_event: dict[Location, list[Rule]] = {}
        for items in judged.values():
            for item in items:
                if item.verdict in _AFFECTED and item.match.rule.known_issue is not None:
                    self._by_event.setdefault(item.event.location, []).append(item.match.rule)

    def apply(self, rule: Rule, judged: Iterable[Judged]) -> Iterator[Judged]:
        """The matches of a rule without those that a rule of higher precedence takes from it.

        One that is excluded while another rule explains its event does not apply, unless the rule wants it reported.
        """
        for item in judged:
            others = [other for other in self._by_event.get(item.event.location, ()) if other is not rule]
            if any(_goes_before(other, rule) for other in others):
                continue
            if (
                others
                and item.verdict is Verdict.EXCLUDED
                and not (rule.known_issue and rule.known_issue.report_excluded)
            ):
                names = reasons.joined(other.info.article or other.info.title for other in others)
                yield replace(item, verdict=Verdict.NOT_APPLICABLE, explained_by=names)
            else:
                yield item


def _goes_before(one: Rule, other: Rule) -> bool:
    names = {other.info.id, other.info.article} - {""}
    return one.known_issue is not None and not names.isdisjoint(one.known_issue.precedence)


# ------------------------------------------------------------------------------------------------ findings


def _by_entity(conditions: Conditions, host_name: str, rule: Rule, judged: Sequence[Judged]) -> Iterator[Outcome]:
    entities: dict[str, list[Judged]] = {}
    for item in judged:
        entities.setdefault(_entity(item.match, conditions.issue), []).append(item)
    for entity, found in (entities or {"": []}).items():
        yield _Case(rule, conditions, host_name, entity, tuple(found)).outcome()


def _entity(match: Match, issue: KnownIssue) -> str:
    """What a match is about (a disk, an account), where the rule gives one finding for each."""
    value = field_value(match.event, issue.entity) if issue.entity else ABSENT
    return "" if value in (ABSENT, UNREADABLE) else str(value)


@dataclass(frozen=True, slots=True)
class _Case:
    """One known issue, one host, one entity: what its judged matches, in order of time, come to."""

    rule: Rule
    conditions: Conditions
    host_name: str
    entity: str
    judged: tuple[Judged, ...]

    @property
    def host(self) -> Host:
        return self.conditions.host

    def outcome(self) -> Outcome:
        """The first verdict that applies, in order of severity."""
        now = self.conditions.at(self.host.now)
        affected = [item for item in self.judged if item.verdict in _AFFECTED]
        if affected and now.truth is not Truth.FALSE:
            confirmed = [item for item in affected if item.verdict is Verdict.CONFIRMED]
            finding = self._confirmed(confirmed, affected) if confirmed else self._possible(affected)
        elif affected:
            finding = self._resolved(affected, now)
        elif self.conditions.issue.report_exposed and now.truth is Truth.TRUE:
            finding = self._exposed(now)
        else:
            finding = self._unaffected(now)
        return Outcome(finding=finding, matches=self.judged)

    def _confirmed(self, confirmed: list[Judged], affected: list[Judged]) -> Finding:
        best = _best(confirmed)
        explanation = _explanation(best)
        reason = f"{reasons.logged(events_of(confirmed))} while every condition held: {reasons.held(explanation)}."
        others = len(affected) - len(confirmed)
        if others:
            more = "One more record" if others == 1 else f"{others:,} more records"
            reason += f" {more} came at a time when not every condition is known."
        finding = self._finding(Verdict.CONFIRMED, affected, reason, explanation, best.basis)
        return replace(finding, remedy=self._remedy(best.point))

    def _possible(self, affected: list[Judged]) -> Finding:
        best = affected[-1]
        explanation = _explanation(best)
        undecided = explanation.truth is Truth.UNKNOWN
        certain = all(item.match.truth is Truth.TRUE for item in affected)
        parts = [f"{reasons.logged(events_of(affected), certain=certain)}."]
        if not certain:
            candidate = next(item for item in reversed(affected) if item.match.truth is not Truth.TRUE)
            parts.append(f"Whether it is this event is open: {reasons.unknown(candidate.match.explanation)}.")
        if undecided:
            parts.append(reasons.sentence(reasons.unknown(explanation)))
        if known := reasons.held(explanation):
            parts.append(f"What is known fits: {known}.")
        missing = reasons.missing_facts(explanation) if undecided else ()
        doubts = [doubt for doubt in self.conditions.doubts_at(best.point) if doubt.about in missing]
        doubted = {doubt.about for doubt in doubts if doubt.missing}
        ways = [way for doubt in doubts for way in doubt.missing]
        ways.extend(reasons.how_to_get((fact for fact in missing if fact not in doubted), self.host))
        if undecided:
            ways.extend(reasons.to_ask(explanation))
        if not certain:
            ways.append(_EXPORT_WHOLE)
        finding = self._finding(Verdict.POSSIBLE, affected, " ".join(parts), explanation, _basis_of_known(explanation))
        return replace(finding, missing_facts=missing, how_to_get=tuple(ways), remedy=self._remedy(best.point))

    def _exposed(self, now: Explanation) -> Finding:
        seen = not_seen(self.host, self.rule)
        if self.judged:
            seen = f"{reasons.logged(events_of(self.judged))}, but at a time when they did not all hold."
        reason = f"Every condition holds now: {reasons.held(now)}. {seen}"
        finding = self._finding(Verdict.EXPOSED, [], reason, now, now.basis)
        return replace(finding, remedy=self._remedy(self.host.now))

    def _resolved(self, affected: list[Judged], now: Explanation) -> Finding:
        confirmed = [item for item in affected if item.verdict is Verdict.CONFIRMED]
        might = "held" if confirmed else "may have held"
        certain = all(item.match.truth is Truth.TRUE for item in affected)
        logged = reasons.logged(events_of(affected), certain=certain)
        parts = [f"{logged} while the conditions {might}, and they no longer do: {reasons.failed(now)}."]
        last = affected[-1]
        later = [item for item in self.judged if item.verdict is Verdict.EXCLUDED and item.order > last.order]
        if later:
            more = reasons.more_times(len(later))
            parts.append(f"Logged {more} after the change: check that the fix reached the file.")
        elif not self._covers_full_session_after(last):
            parts.append("Fix seen, too early to tell: the log covers no full boot session after it.")
        carried = now.basis == "carried" or (bool(confirmed) and _best(confirmed).basis == "carried")
        return self._finding(Verdict.RESOLVED, affected, " ".join(parts), now, "carried" if carried else "stated")

    def _unaffected(self, now: Explanation) -> Finding:
        excluded = [item for item in self.judged if item.verdict is Verdict.EXCLUDED]
        if excluded:
            return self._excluded(excluded)
        if self.judged:
            return self._inapplicable()
        verdict = Verdict.CLEAR if would_show(self.host, self.rule) else Verdict.NOT_ASSESSED
        return self._finding(verdict, [], not_seen(self.host, self.rule), now, now.basis)

    def _excluded(self, excluded: list[Judged]) -> Finding:
        best = _best(excluded)
        explanation = _explanation(best)
        name = self.rule.info.article or "this rule"
        parts = [
            f"{reasons.logged(events_of(excluded))}, but {name} does not explain it: {reasons.failed(explanation)}."
        ]
        if self.rule.info.lookalikes:
            parts.append(f"What else logs it: {reasons.listed(self.rule.info.lookalikes)}.")
        return self._finding(Verdict.EXCLUDED, excluded, " ".join(parts), explanation, best.basis)

    def _inapplicable(self) -> Finding:
        last = self.judged[-1]
        explanation = _explanation(last)
        logged = reasons.logged(events_of(self.judged))
        if all(item.explained_by for item in self.judged):
            reason = f"{logged}, which {last.explained_by} explains."
        else:
            reason = f"{logged}, but the rule is not about such a host: {reasons.failed(explanation)}."
        return self._finding(Verdict.NOT_APPLICABLE, self.judged, reason, explanation, last.basis)

    def _finding(
        self, verdict: Verdict, shown: Sequence[Judged], reason: str, explanation: Explanation, basis: str
    ) -> Finding:
        finding = describe(self.host, self.host_name, self.rule, verdict, shown, self.entity)
        return replace(finding, reason=reason, explanation=explanation, basis=basis)

    def _remedy(self, point: Point) -> tuple[str, ...]:
        """What to do on this host: the steps of a doubt that is justified, else the rule's; then the workaround."""
        own = [step for doubt in self.conditions.doubts_at(point) for step in doubt.remedy]
        info = self.rule.info
        return (*(own or info.remedy), *(f"Until then: {step}" for step in info.workaround))

    def _covers_full_session_after(self, last: Judged) -> bool:
        """Whether the log holds a boot session in full from the first on in which the conditions are false."""
        sessions = self.host.sessions
        first = len(sessions) if last.point.session is None else last.point.session + 1
        for index in range(first, len(sessions)):
            if self.conditions.at(Point(index, AFTER_EVERYTHING)).truth is Truth.FALSE:
                at_start = self.conditions.at(Point(index, sessions[index].first)).truth is Truth.FALSE
                return any(session.whole for session in sessions[index if at_start else index + 1 :])
        return False


def _explanation(item: Judged) -> Explanation:
    assert item.explanation is not None, "a match of a known issue is judged by its conditions"
    return item.explanation


def _best(judged: Sequence[Judged]) -> Judged:
    """The match on which a verdict rests: the last that rests on stated facts alone, else the last."""
    return next((item for item in reversed(judged) if item.basis == "stated"), judged[-1])


def _basis_of_known(explanation: Explanation) -> str:
    """The basis of what is known in an explanation that is unknown as a whole."""
    bases = {reason.leaf.basis for reason in every_test(explanation)}
    return "carried" if "carried" in bases else "stated" if "stated" in bases else ""


def _plain(host: Host, host_name: str, rule: Rule, judged: Sequence[Judged]) -> Outcome:
    """A rule that says nothing of hosts: it was detected, may have been, or was not."""
    detected = [item for item in judged if item.verdict is Verdict.DETECTED]
    shown = detected or judged
    if detected:
        verdict, reason = Verdict.DETECTED, f"{reasons.logged(events_of(detected))}."
    elif judged:
        verdict, reason = Verdict.POSSIBLE, f"{reasons.logged(events_of(judged), certain=False)}."
        reason += f" Whether it is this event is open: {reasons.unknown(judged[-1].match.explanation)}."
    else:
        verdict = Verdict.CLEAR if would_show(host, rule) else Verdict.NOT_ASSESSED
        reason = not_seen(host, rule)
    finding = replace(describe(host, host_name, rule, verdict, shown, ""), reason=reason)
    if verdict is Verdict.POSSIBLE:
        finding = replace(finding, how_to_get=(_EXPORT_WHOLE,))
    return Outcome(finding=finding, matches=tuple(judged))


def _one_per_article(outcomes: Iterable[Outcome], rules: Mapping[str, Rule]) -> list[Outcome]:
    """One outcome for each article and entity: the most severe of its rules', with the matches of all of them."""
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
