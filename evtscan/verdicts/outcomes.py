"""Judged matches of one rule on one host → a finding with its verdict, reason and remedy."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation, Finding, MissingFact, Verdict
from evtscan.detection.match.eventtests import EXPORT_WHOLE
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import find
from evtscan.facts.history.timeline import AFTER_EVERYTHING, Point
from evtscan.facts.host import Host
from evtscan.verdicts import wording
from evtscan.verdicts.conditions import Conditions, deciding, every_test
from evtscan.verdicts.eventwords import event_words
from evtscan.verdicts.finding import Judged, covering, describe, events_of, would_show
from evtscan.verdicts.matches import JudgedMatches, together, with_event
from evtscan.verdicts.precedence import AFFECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a rule on a host: the finding, and the judged matches of its entity."""

    finding: Finding
    matches: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class IssueOnHost:
    """One known issue, one host, one entity, and its judged matches in order of time; decides the verdict."""

    rule: Rule
    conditions: Conditions
    host_name: str
    entity: str
    matches: JudgedMatches

    @property
    def host(self) -> Host:
        """The host that is judged."""
        return self.conditions.host

    @property
    def judged(self) -> tuple[Judged, ...]:
        """The matches that count."""
        return self.matches.judged

    def outcome(self) -> Outcome:
        """The first verdict that applies, in order of severity."""
        now = self.conditions.at(self.host.now)
        affected = [item for item in self.judged if item.verdict in AFFECTED]
        if affected and now.truth is not Truth.FALSE:
            confirmed = [item for item in affected if item.verdict is Verdict.CONFIRMED]
            finding = self._confirmed(confirmed, affected) if confirmed else self._possible(affected)
        elif affected:
            foreign = foreign_facts(self.conditions)
            is_foreign = all(is_of_another_system(item, foreign) for item in affected)
            finding = self._foreign(now) if is_foreign else self._resolved(affected, now)
        elif cleared := self._cleared:
            finding = self._over(cleared)
        elif self.conditions.issue.report_exposed and now.truth is Truth.TRUE:
            finding = self._exposed(now)
        else:
            finding = self._unaffected(now)
        return Outcome(finding=finding, matches=self.judged)

    @property
    def _cleared(self) -> list[Judged]:
        """The matches after which an event states that the problem is over."""
        return [item for item in self.judged if item.cleared_by is not None]

    def _confirmed(self, confirmed: list[Judged], affected: list[Judged]) -> Finding:
        best = _best(confirmed)
        explanation = _explanation(best)
        others = len(events_of(affected)) - len(events_of(confirmed))
        reason = wording.confirmed(events_of(confirmed), explanation, others)
        reason += wording.supported(best.support) + self._also_cleared()
        shown = with_event(best.match, together(explanation, best.support))
        finding = self._finding(Verdict.CONFIRMED, affected, reason, shown, best.basis)
        return replace(finding, remedy=self._remedy(best.point, best.event))

    def _possible(self, affected: list[Judged]) -> Finding:
        best = affected[-1]
        explanation = _explanation(best)
        undecided = explanation.truth is Truth.UNKNOWN
        certain = all(item.match.truth is Truth.TRUE for item in affected)
        example = best.match
        if not certain:
            example = next(item.match for item in reversed(affected) if item.match.truth is not Truth.TRUE)
        reason = wording.possible(events_of(affected), explanation, None if certain else example)
        missing: list[MissingFact] = []
        if undecided:
            doubts = self.conditions.doubts_at(best.point, best.event)
            missing += wording.missing(wording.missing_facts(explanation), doubts, self.host)
            missing += wording.questions(wording.to_ask(explanation))
        if not certain:
            missing += wording.questions(wording.to_ask(example.explanation) or (EXPORT_WHOLE,))
        reason += wording.supported(best.support) + self._also_cleared()
        shown = with_event(example, together(explanation, best.support))
        finding = self._finding(Verdict.POSSIBLE, affected, reason, shown, _basis_of_known(explanation))
        remedy = self._remedy(best.point, best.event)
        return replace(finding, missing=tuple(dict.fromkeys(missing)), remedy=remedy)

    def _exposed(self, now: Explanation) -> Finding:
        if self.judged:
            seen = wording.logged_before_conditions_held(events_of(self.judged))
        elif self.matches.refused:
            seen = self._not_as_asked()
        else:
            seen = _unseen(self.host, self.rule, self.matches)
        finding = self._finding(Verdict.EXPOSED, [], wording.exposed(now, seen), now, now.basis)
        return replace(finding, remedy=self._remedy(self.host.now))

    def _resolved(self, affected: list[Judged], now: Explanation) -> Finding:
        confirmed = [item for item in affected if item.verdict is Verdict.CONFIRMED]
        certain = all(item.match.truth is Truth.TRUE for item in affected)
        last = affected[-1]
        later = [item for item in self.judged if item.verdict is Verdict.EXCLUDED and item.order > last.order]
        reason = wording.resolved(events_of(affected), now, certain=certain, held_for_sure=bool(confirmed))
        if later:
            reason += wording.logged_after_change(len(events_of(later)))
        elif not self._covers_full_session_after(last):
            reason += wording.TOO_EARLY
        carried = now.basis == "carried" or (bool(confirmed) and _best(confirmed).basis == "carried")
        shown = with_event(last.match, now)
        return self._finding(Verdict.RESOLVED, affected, reason, shown, "carried" if carried else "stated")

    def _over(self, cleared: list[Judged]) -> Finding:
        """The explanation if each match is followed by an event which states that the problem is over."""
        confirmed = any(item.explanation and item.explanation.truth is Truth.TRUE for item in cleared)
        certain = all(item.match.truth is Truth.TRUE for item in cleared)
        last = cleared[-1]
        leaf = _clearing(last)
        reason = wording.over(events_of(cleared), leaf, certain=certain, held_for_sure=confirmed)
        explanation = together(_explanation(last), (leaf,))
        shown = with_event(last.match, explanation)
        return self._finding(Verdict.RESOLVED, cleared, reason, shown, _basis_of_known(explanation))

    def _also_cleared(self) -> str:
        """The remark if some of the matches are over and others are not."""
        cleared = self._cleared
        if not cleared:
            return ""
        return wording.also_over(len(events_of(cleared)), _clearing(cleared[-1]))

    def _unaffected(self, now: Explanation) -> Finding:
        excluded = [item for item in self.judged if item.verdict is Verdict.EXCLUDED]
        if excluded:
            return self._excluded(excluded)
        if inapplicable := self.judged or self.matches.taken:
            return self._inapplicable(inapplicable)
        if refused := self.matches.refused:
            explanation = _explanation(refused[-1])
            shown = with_event(refused[-1].match, explanation)
            return self._finding(Verdict.CLEAR, [], self._not_as_asked(), shown, explanation.basis)
        verdict = Verdict.CLEAR if would_show(self.host, self.rule) else Verdict.NOT_ASSESSED
        return self._finding(verdict, [], _unseen(self.host, self.rule, self.matches), now, now.basis)

    def _not_as_asked(self) -> str:
        """The explanation for events that are no match because of their context."""
        refused = self.matches.refused
        return wording.refused(events_of(refused), _explanation(refused[-1]))

    def _excluded(self, excluded: list[Judged]) -> Finding:
        best = _best(excluded)
        explanation = _explanation(best)
        reason = wording.excluded(events_of(excluded), explanation, self.rule.info)
        shown = with_event(best.match, explanation)
        return self._finding(Verdict.EXCLUDED, excluded, reason, shown, best.basis)

    def _foreign(self, now: Explanation) -> Finding:
        reason = wording.never_applied(events_of(self.judged), now)
        shown = with_event(self.judged[-1].match, now)
        return self._finding(Verdict.NOT_APPLICABLE, self.judged, reason, shown, now.basis)

    def _inapplicable(self, judged: Sequence[Judged]) -> Finding:
        last = judged[-1]
        explanation = _explanation(last)
        if all(item.explained_by for item in judged):
            reason = _explained_elsewhere(judged)
        else:
            reason = wording.inapplicable(events_of(judged), explanation)
        shown = with_event(last.match, explanation)
        return self._finding(Verdict.NOT_APPLICABLE, judged, reason, shown, last.basis)

    def _finding(
        self, verdict: Verdict, shown: Sequence[Judged], reason: str, explanation: Explanation, basis: str
    ) -> Finding:
        finding = describe(self.host, self.host_name, self.rule, verdict, shown, self.entity)
        says = event_words(shown[-1].match.rule, shown[-1].event) if shown else ""
        reason = wording.with_values(reason, says)
        return replace(finding, reason=reason, explanation=explanation, basis=basis, event_says=says)

    def _remedy(self, point: Point, event: Event | None = None) -> tuple[str, ...]:
        """The steps for this host: those of a justified doubt, else those of the rule; then the workaround."""
        own = [step for doubt in self.conditions.doubts_at(point, event) for step in doubt.remedy]
        info = self.rule.info
        return (*(own or info.remedy), *map(wording.until_then, info.workaround))

    def _covers_full_session_after(self, last: Judged) -> bool:
        """Whether the log holds a boot session in full from the first on in which the conditions are false."""
        sessions = self.host.sessions
        first = len(sessions) if last.point.session is None else last.point.session + 1
        for index in range(first, len(sessions)):
            if self.conditions.at(Point(index, AFTER_EVERYTHING)).truth is Truth.FALSE:
                at_start = self.conditions.at(Point(index, sessions[index].first)).truth is Truth.FALSE
                return any(session.whole for session in sessions[index if at_start else index + 1 :])
        return False


def foreign_facts(conditions: Conditions) -> frozenset[str]:
    """Return the facts of product and version by which a rule does not apply to the system that the host runs now."""
    now = conditions.at(conditions.host.now)
    if now.truth is not Truth.FALSE or conditions.issue.report_excluded:
        return frozenset()
    fails = {reason.leaf.fact for reason in deciding(now)}
    return frozenset(fact for fact in fails if (kind := find(fact)) is not None and kind.applicability)


def is_of_another_system(item: Judged, foreign: Set[str]) -> bool:
    """Whether no evidence shows that the host ran a system of the rule at a match, and it does not run one now.

    The host may have been upgraded; but if no evidence shows that it ever ran a system of the rule, the rule does not
    apply. ``foreign`` are the facts that show that it does not run one now.
    """
    if not foreign or item.explanation is None or item.explanation.truth is not Truth.UNKNOWN:
        return False
    return any(reason.leaf.fact in foreign for reason in deciding(item.explanation))


def _explanation(item: Judged) -> Explanation:
    assert item.explanation is not None, "a match of a known issue is judged by its conditions"
    return item.explanation


def _clearing(item: Judged) -> Explanation:
    """The event which states that the problem of a match is over, as a leaf of its explanation."""
    event = item.cleared_by
    assert event is not None, "only a cleared match is asked for it"
    issue = item.match.rule.known_issue
    return Explanation(
        text=issue.cleared_by.text if issue is not None and issue.cleared_by is not None else "cleared",
        truth=Truth.TRUE,
        says=wording.followed(event),
        basis="stated",
        locations=(event.location,),
    )


def _best(judged: Sequence[Judged]) -> Judged:
    """The match on which a verdict rests: the last that rests on stated facts alone, else the last."""
    return next((item for item in reversed(judged) if item.basis == "stated"), judged[-1])


def _basis_of_known(explanation: Explanation) -> str:
    """Return the basis of the known parts of an explanation that is unknown as a whole."""
    bases = {reason.leaf.basis for reason in every_test(explanation)}
    return "carried" if "carried" in bases else "stated" if "stated" in bases else ""


def _explained_elsewhere(judged: Sequence[Judged]) -> str:
    """The logged events, and the rules that explain them better."""
    names = dict.fromkeys(name for item in judged for name in item.explained_by)
    return wording.explained_elsewhere(events_of(judged), names)


def _unseen(host: Host, rule: Rule, matches: JudgedMatches) -> str:
    """Return why no match of a rule counts: other rules explain them, filters exclude them, or there are none."""
    if matches.taken:
        return _explained_elsewhere(matches.taken)
    if matches.left_out:
        certain = all(match.truth is Truth.TRUE for match in matches.left_out)
        events = list({event.location: event for match in matches.left_out for event in match.events}.values())
        return wording.left_out(events, certain=certain)
    return wording.not_seen(covering(host, rule))


def plain_outcome(host: Host, host_name: str, rule: Rule, matches: JudgedMatches) -> Outcome:
    """The outcome of a rule without ``known_issue``: detected, possibly detected, or not seen."""
    judged = matches.judged
    detected = [item for item in judged if item.verdict is Verdict.DETECTED]
    shown: Sequence[Judged] = detected or judged
    if detected:
        verdict, reason = Verdict.DETECTED, wording.detected(events_of(detected))
    elif judged:
        verdict, reason = Verdict.POSSIBLE, wording.perhaps_detected(events_of(judged), judged[-1].match)
    elif matches.taken:
        verdict, shown = Verdict.NOT_APPLICABLE, matches.taken
        reason = _explained_elsewhere(matches.taken)
    else:
        verdict = Verdict.CLEAR if would_show(host, rule) else Verdict.NOT_ASSESSED
        reason = _unseen(host, rule, matches)
    says = event_words(rule, shown[-1].event) if shown else ""
    finding = replace(
        describe(host, host_name, rule, verdict, shown, ""), reason=wording.with_values(reason, says), event_says=says
    )
    if verdict is Verdict.POSSIBLE:
        explanation = judged[-1].match.explanation
        missing = tuple(wording.questions(wording.to_ask(explanation) or (EXPORT_WHOLE,)))
        finding = replace(finding, explanation=explanation, missing=missing)
    return Outcome(finding=finding, matches=judged)
