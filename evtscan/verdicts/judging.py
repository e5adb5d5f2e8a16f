"""Matches of rules × facts of a host → findings: what each match means on this host, at its time, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evtscan.detection.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.matcher import Match
from evtscan.detection.rule import KnownIssue, Rule
from evtscan.facts.catalogue import find
from evtscan.facts.host import Host
from evtscan.facts.timeline import Point
from evtscan.logic import Truth
from evtscan.model import Explanation, Finding, Location, Verdict
from evtscan.verdicts import reasons
from evtscan.verdicts.conditions import Conditions, leaves
from evtscan.verdicts.finding import Judged, covering, describe, events_of, not_seen

SHOWN_ONLY_WITH_ALL = frozenset({Verdict.CLEAR.value, Verdict.NOT_ASSESSED.value, Verdict.NOT_APPLICABLE.value})
"""Verdicts that a report leaves out unless it is asked for all of them."""
_AFFECTED = (Verdict.CONFIRMED, Verdict.POSSIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rule comes to on a host: the finding, and the judged matches of its entity."""

    finding: Finding
    matches: tuple[Judged, ...]


def judge(
    host: Host, host_name: str, rules: Sequence[Rule], matches: Iterable[Match], *, strict_facts: bool = False
) -> list[Outcome]:
    """Judge all matches on one host: one outcome for each rule and entity, also where the rule found nothing.

    Outcomes with the verdicts ``clear``, ``not_assessed`` and ``not_applicable`` are for readers who ask for all. An
    ``excluded`` one that another rule explains better is ``not_applicable`` too.
    """
    by_rule: dict[str, list[Match]] = {}
    for match in matches:
        by_rule.setdefault(match.rule.info.id, []).append(match)
    outcomes: list[Outcome] = []
    for rule in rules:
        found = sorted(by_rule.get(rule.info.id, ()), key=_in_order)
        outcomes.extend(_judge_rule(host, host_name, rule, found, strict_facts))
    return _without_explained(outcomes, {rule.info.id: rule for rule in rules})


def _entity(match: Match, issue: KnownIssue) -> str:
    """What a match is about (a disk, an account), where the rule gives one finding for each."""
    value = field_value(match.event, issue.entity) if issue.entity else ABSENT
    return "" if value in (ABSENT, UNREADABLE) else str(value)


def _in_order(match: Match) -> tuple[str, int]:
    return (match.event.location.source, match.event.sequence)


def _judge_rule(host: Host, host_name: str, rule: Rule, matches: Sequence[Match], strict: bool) -> Iterator[Outcome]:
    issue = rule.known_issue
    if issue is None:
        yield _plain(host, host_name, rule, matches)
        return
    conditions = Conditions(issue, host, strict)
    entities: dict[str, list[Match]] = {}
    for match in matches:
        entities.setdefault(_entity(match, issue), []).append(match)
    for entity, found in (entities or {"": []}).items():
        judged = tuple(_judge_match(conditions, host, match) for match in found)
        yield _Case(rule, issue, conditions, host, host_name, entity, judged).outcome()


def _judge_match(conditions: Conditions, host: Host, match: Match) -> Judged:
    point = host.point_of(match.event)
    explanation = conditions.at(point)
    if explanation.truth is Truth.FALSE:
        verdict = Verdict.EXCLUDED
        if not conditions.issue.report_excluded and _is_inapplicable(explanation):
            verdict = Verdict.NOT_APPLICABLE
    elif explanation.truth is Truth.TRUE and match.truth is Truth.TRUE:
        verdict = Verdict.CONFIRMED
    else:
        verdict = Verdict.POSSIBLE
    return Judged(match=match, point=point, verdict=verdict, explanation=explanation)


def _is_inapplicable(explanation: Explanation) -> bool:
    """Whether the rule is not about such a host at all: another product, version or build."""
    kinds = [find(leaf.fact) for leaf in leaves(explanation)]
    return any(kind is not None and kind.applicability for kind in kinds)


@dataclass(frozen=True, slots=True)
class _Case:
    """One known issue, one host, one entity: what its judged matches come to."""

    rule: Rule
    issue: KnownIssue
    conditions: Conditions
    host: Host
    host_name: str
    entity: str
    judged: tuple[Judged, ...]

    def outcome(self) -> Outcome:
        """The first verdict that applies, in order of severity."""
        now = self.conditions.at(self.host.now)
        affected = [item for item in self.judged if item.verdict in _AFFECTED]
        if affected and now.truth is not Truth.FALSE:
            confirmed = [item for item in affected if item.verdict is Verdict.CONFIRMED]
            finding = self._confirmed(confirmed, affected) if confirmed else self._possible(affected)
        elif not affected and self.issue.report_exposed and now.truth is Truth.TRUE:
            finding = self._exposed(now)
        elif affected:
            finding = self._resolved(affected, now)
        else:
            finding = self._excluded(now)
        return Outcome(finding=finding, matches=self.judged)

    def _confirmed(self, confirmed: list[Judged], affected: list[Judged]) -> Finding:
        explanation = confirmed[-1].explanation
        assert explanation is not None
        reason = f"{reasons.logged(events_of(confirmed))} while every condition held: {reasons.held(explanation)}."
        others = len(affected) - len(confirmed)
        if others:
            reason += f" {others} more of its records came at a time when not every condition is known."
        carried = any(item.basis == "carried" for item in confirmed)
        finding = self._finding(Verdict.CONFIRMED, affected, reason, explanation, "carried" if carried else "stated")
        return replace(finding, remedy=self._remedy(confirmed[-1].point))

    def _possible(self, affected: list[Judged]) -> Finding:
        last = affected[-1]
        explanation = last.explanation
        assert explanation is not None
        certain = all(item.match.truth is Truth.TRUE for item in affected)
        parts = [f"{reasons.logged(events_of(affected), certain=certain)}."]
        if not certain:
            parts.append(f"Whether it is this event is open: {reasons.unknown(last.match.explanation)}.")
        if explanation.truth is Truth.UNKNOWN:
            parts.append(f"To decide: {reasons.unknown(explanation)}.")
        known = reasons.held(explanation)
        if known:
            parts.append(f"What holds: {known}.")
        doubts = self.conditions.doubts_at(last.point)
        missing = [*reasons.missing_facts(explanation)] if explanation.truth is Truth.UNKNOWN else []
        ways = [way for doubt in doubts for way in doubt.missing]
        doubted = {doubt.about for doubt in doubts}
        ways.extend(reasons.how_to_get(fact for fact in missing if fact not in doubted))
        if not certain:
            ways.append("export the log in its own format (.evt or .evtx), which carries every field of the event")
        finding = self._finding(Verdict.POSSIBLE, affected, " ".join(parts), explanation, _weakest_basis(explanation))
        return replace(finding, missing_facts=tuple(missing), how_to_get=tuple(ways), remedy=self._remedy(last.point))

    def _exposed(self, now: Explanation) -> Finding:
        reason = f"Every condition holds now: {reasons.held(now)}. {not_seen(self.host, self.rule)}"
        finding = self._finding(Verdict.EXPOSED, [], reason, now, now.basis)
        return replace(finding, remedy=self._remedy(self.host.now))

    def _resolved(self, affected: list[Judged], now: Explanation) -> Finding:
        explanation = affected[-1].explanation
        assert explanation is not None
        might = "held" if any(item.verdict is Verdict.CONFIRMED for item in affected) else "may have held"
        parts = [f"{reasons.logged(events_of(affected))} while the conditions {might}, and they no longer do:"]
        parts.append(f"{reasons.failed(now)}.")
        change = self._change_after(affected[-1])
        later = [item for item in self.judged if item.verdict is Verdict.EXCLUDED and _is_after(item, affected[-1])]
        if later:
            parts.append(f"Logged {len(later)} more times after the change: check that the fix reached the file.")
        elif not any(session.whole for session in self.host.sessions[change:]):
            parts.append("Fix seen, too early to tell: the log covers no full boot session after it.")
        return self._finding(Verdict.RESOLVED, affected, " ".join(parts), now, now.basis)

    def _excluded(self, now: Explanation) -> Finding:
        excluded = [item for item in self.judged if item.verdict is Verdict.EXCLUDED]
        if excluded:
            explanation = excluded[-1].explanation
            assert explanation is not None
            reason = (
                f"{reasons.logged(events_of(excluded))}, but this article does not explain it: "
                f"{reasons.failed(explanation)}."
            )
            if self.rule.info.lookalikes:
                reason += f" What else logs it: {reasons.listed(self.rule.info.lookalikes)}."
            return self._finding(Verdict.EXCLUDED, excluded, reason, explanation, explanation.basis)
        if self.judged:
            explanation = self.judged[-1].explanation
            assert explanation is not None
            reason = f"The rule is not about such a host: {reasons.failed(explanation)}."
            return self._finding(Verdict.NOT_APPLICABLE, self.judged, reason, explanation, explanation.basis)
        verdict = Verdict.CLEAR if covering(self.host, self.rule) else Verdict.NOT_ASSESSED
        return self._finding(verdict, [], not_seen(self.host, self.rule), now, now.basis)

    def _finding(
        self, verdict: Verdict, shown: Sequence[Judged], reason: str, explanation: Explanation, basis: str
    ) -> Finding:
        finding = describe(self.host, self.host_name, self.rule, verdict, shown, self.entity)
        return replace(finding, reason=reason, explanation=explanation, basis=basis)

    def _remedy(self, point: Point) -> tuple[str, ...]:
        """What to do on this host: the steps of a doubt that is justified, else the rule's; then the workaround."""
        doubts = self.conditions.doubts_at(point)
        own = [step for doubt in doubts for step in doubt.remedy]
        info = self.rule.info
        return (*(own or info.remedy), *(f"Until then: {step}" for step in info.workaround))

    def _change_after(self, last: Judged) -> int:
        """Index of the first session in which the conditions are known to be false after the last affected match."""
        sessions = self.host.sessions
        for index in range((last.point.session or 0) + 1, len(sessions)):
            if self.conditions.at(Point(index, sessions[index].first)).truth is Truth.FALSE:
                return index
        return len(sessions)


def _plain(host: Host, host_name: str, rule: Rule, matches: Sequence[Match]) -> Outcome:
    """A rule that says nothing of hosts: it was detected, or it was not."""
    judged = tuple(Judged(match=match, point=host.point_of(match.event), verdict=Verdict.DETECTED) for match in matches)
    if judged:
        finding = describe(host, host_name, rule, Verdict.DETECTED, judged, "")
        return Outcome(finding=replace(finding, reason=f"{reasons.logged(events_of(judged))}."), matches=judged)
    verdict = Verdict.CLEAR if covering(host, rule) else Verdict.NOT_ASSESSED
    finding = replace(describe(host, host_name, rule, verdict, (), ""), reason=not_seen(host, rule))
    return Outcome(finding=finding, matches=())


def _is_after(item: Judged, other: Judged) -> bool:
    return (item.point.session or 0, item.point.sequence) > (other.point.session or 0, other.point.sequence)


def _weakest_basis(explanation: Explanation) -> str:
    """The basis of what is known in an explanation that is unknown as a whole."""
    bases = {node.basis for node in _walk(explanation) if not node.children and node.basis}
    return "carried" if "carried" in bases else "stated" if bases else ""


def _walk(explanation: Explanation) -> Iterator[Explanation]:
    yield explanation
    for child in explanation.children:
        yield from _walk(child)


def _without_explained(outcomes: list[Outcome], rules: dict[str, Rule]) -> list[Outcome]:
    """Turn an excluded finding into one that does not apply where another rule explains each of its events."""
    explained: set[Location] = {
        item.event.location
        for outcome in outcomes
        if outcome.finding.verdict in {Verdict.CONFIRMED.value, Verdict.POSSIBLE.value, Verdict.RESOLVED.value}
        for item in outcome.matches
        if item.verdict in _AFFECTED
    }

    def is_explained(outcome: Outcome) -> bool:
        issue = rules[outcome.finding.rule_id].known_issue
        return (
            outcome.finding.verdict == Verdict.EXCLUDED.value
            and issue is not None
            and not issue.report_excluded
            and all(item.event.location in explained for item in outcome.matches)
        )

    return [
        replace(outcome, finding=replace(outcome.finding, verdict=Verdict.NOT_APPLICABLE.value))
        if is_explained(outcome)
        else outcome
        for outcome in outcomes
    ]
