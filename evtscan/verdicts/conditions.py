"""Conditions of a known issue × facts of a host at a point → an explanation: true, false or unknown, and why."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from evtscan.base.logic import Truth, all_of, any_of, truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis, Bound, Known, Limit
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.base.model.source import Location
from evtscan.detection.match.eventtests import explain_in, shown
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.model.condition import (
    Condition,
    Operator,
    Test,
    Unobservable,
    evaluate,
    explain_unobservable,
    tests_in,
    unobservables_in,
)
from evtscan.detection.model.modifiers import holds, holds_up_to, holds_within, plain_text, with_references
from evtscan.detection.model.ranges import EVENT, event_fields_in, facts_in, references_in
from evtscan.detection.model.rule import Doubt, KnownIssue
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.history.sets import KnownSet
from evtscan.facts.history.timeline import Point, restarts
from evtscan.facts.host import Host
from evtscan.verdicts import operands
from evtscan.verdicts.operands import Operand


class Conditions:
    """The conditions of one known issue on one host; ``strict`` refuses values carried from other boot sessions."""

    def __init__(self, issue: KnownIssue, host: Host, strict: bool = False) -> None:
        self.issue, self.host, self.strict = issue, host, strict
        everything = (issue.when, *(doubt.when for doubt in issue.doubts))
        tests = [test for condition in everything for test in tests_in(condition)]
        self._facts = tuple(dict.fromkeys(fact for test in tests for fact in facts_in(test)))
        self._asks_event = any(map(event_fields_in, tests)) or any(map(_names_fields, everything))
        self._answers: dict[tuple[int, ...], tuple[Explanation, list[Doubt]]] = {}

    def at(self, point: Point, event: Event | None = None) -> Explanation:
        """Whether the conditions held at a point; ``event`` is the event that is judged there, if any."""
        return self._judged(point, event)[0]

    def doubts_at(self, point: Point, event: Event | None = None) -> list[Doubt]:
        """The doubts that are known to be justified at a point."""
        return self._judged(point, event)[1]

    def _judged(self, point: Point, event: Event | None) -> tuple[Explanation, list[Doubt]]:
        """Return the explanation and its reasons, cached for all points with the same knowledge.

        The timelines of a host return the same object for such points. Conditions on a field of the event are evaluated
        for each event.
        """
        if event is not None and self._asks_event:
            return self._judge(point, event)
        key = tuple(id(self.host.known(fact, point)) for fact in self._facts)
        if key not in self._answers:
            self._answers[key] = self._judge(point, None)
        return self._answers[key]

    def _judge(self, point: Point, event: Event | None) -> tuple[Explanation, list[Doubt]]:
        at = _Moment(self.host, point, event, self.strict)
        doubts = [doubt for doubt in self.issue.doubts if at.explain(doubt.when, {}).truth is Truth.TRUE]
        return at.explain(self.issue.when, {doubt.about: doubt for doubt in doubts}), doubts


@dataclass(frozen=True, slots=True)
class _Moment:
    """A host at a point, where an event is judged (or none: now)."""

    host: Host
    point: Point
    event: Event | None
    strict: bool

    def explain(self, condition: Condition, doubted: Mapping[str, Doubt]) -> Explanation:
        """Whether a condition held, with its reasons; facts that are doubted count as unknown."""

        def leaf(test: Test, positive: bool) -> Explanation:
            return self._explain(test, positive, doubted)

        def unobservable(stated: Unobservable) -> Explanation:
            return explain_unobservable(replace(stated, text=_with_fields(stated.text, self.event)))

        return evaluate(condition, leaf, unobservable=unobservable)

    def _explain(self, test: Test, positive: bool, doubted: Mapping[str, Doubt]) -> Explanation:
        others = [self._operand(name, doubted) for name in references_in(test)]
        missing = [other for other in others if other.is_missing]
        if missing:
            return _explain_missing(test, [*self._own_operand_if_missing(test, doubted), *missing])
        compared = with_references(test, {other.name: other.value for other in others}) if others else test
        if test.field.startswith(EVENT):
            answer = self._answer_of_event(compared)
        else:
            known = self.host.known(test.field, self.point)
            answer = decide(compared, known, positive, strict=self.strict)
            answer = _doubted(answer, doubted.get(test.field))
        return _explanation(test, _compared(answer, others, positive))

    def _answer_of_event(self, test: Test) -> "Answer":
        operand = self._operand(test.field, {})
        if operand.is_missing:
            return Answer(Truth.UNKNOWN, Basis.UNKNOWN, operand.says, operand.locations, operand.how_to_get)
        assert self.event is not None, "without an event its fields are missing"
        found = explain_in(self.event, test, test.field.removeprefix(EVENT))
        basis = Basis.UNKNOWN if found.truth is Truth.UNKNOWN else Basis.STATED
        return Answer(found.truth, basis, found.says, found.locations, found.how_to_get)

    def _operand(self, name: str, doubted: Mapping[str, Doubt]) -> Operand:
        if name.startswith(EVENT):
            return operands.of_event(name, name.removeprefix(EVENT), self.event)
        known = self.host.known(name, self.point)
        operand = operands.of_fact(known, _why_unknown(known))
        if operand.is_missing:
            return operand
        doubt = doubted.get(name)
        if doubt is not None:
            return replace(operand, basis=Basis.UNKNOWN, says=_in_doubt(operand.says, doubt))
        if not operand.basis.carried:
            return operand
        says = f"{operand.says} ({_stated_elsewhere(known)})"
        if self.strict:
            refused = f"{_stated_elsewhere(known)}, which --strict-facts does not accept"
            says = f"{catalogue.noun(name)} is not known ({refused})"
            return replace(operand, basis=Basis.UNKNOWN, says=says)
        return replace(operand, says=says)

    def _own_operand_if_missing(self, test: Test, doubted: Mapping[str, Doubt]) -> list[Operand]:
        own = self._operand(test.field, doubted)
        return [own] if own.is_missing else []


def _explain_missing(test: Test, missing: list[Operand]) -> Explanation:
    """Why a comparison cannot be made: one leaf for each missing value."""
    if len(missing) == 1:
        return missing[0].missing(test.text)
    children = tuple(operand.missing(f"{operand.name} is known") for operand in missing)
    return Explanation(text=test.text, truth=Truth.UNKNOWN, children=children)


def _compared(answer: "Answer", others: Iterable[Operand], positive: bool) -> "Answer":
    """Return an answer combined with the compared value.

    A value carried back counts only if it makes the whole condition true.
    """
    for other in others:
        says = f"{answer.says}; {other.says}"
        favourable = answer.truth is (Truth.TRUE if positive else Truth.FALSE)
        if answer.truth is Truth.UNKNOWN or (other.basis is Basis.CARRIED_BACK and not favourable):
            answer = replace(answer, truth=Truth.UNKNOWN, basis=Basis.UNKNOWN, says=says)
            continue
        basis = other.basis if other.basis.carried else answer.basis
        locations = tuple(dict.fromkeys((*answer.locations, *other.locations)))
        answer = replace(answer, basis=basis, says=says, locations=locations)
    return answer


def _doubted(answer: "Answer", doubt: Doubt | None) -> "Answer":
    if doubt is None or answer.truth is Truth.UNKNOWN:
        return answer
    return Answer(Truth.UNKNOWN, Basis.UNKNOWN, _in_doubt(answer.says, doubt), answer.locations)


def _in_doubt(says: str, doubt: Doubt) -> str:
    return f"{says}, which is in doubt: {doubt.reason}"


def _explanation(test: Test, answer: "Answer") -> Explanation:
    unknown = answer.truth is Truth.UNKNOWN
    return Explanation(
        text=test.text,
        truth=answer.truth,
        says=answer.says,
        basis="" if unknown else "carried" if answer.basis.carried else "stated",
        fact=test.field,
        locations=answer.locations,
        how_to_get=answer.how_to_get,
    )


_FIELD_IN_TEXT = re.compile(r"\{([A-Za-z_][\w.]*)\}")
"""A field of the event that a text names; a GUID in braces is none."""


def _names_fields(condition: Condition) -> bool:
    return any(_FIELD_IN_TEXT.search(stated.text) for stated in unobservables_in(condition))


def _with_fields(text: str, event: Event | None) -> str:
    def value(match: re.Match[str]) -> str:
        found = field_value(event, match[1]) if event is not None else ABSENT
        return f"({match[1]} of the event)" if found in (ABSENT, UNREADABLE) else shown(found)

    return _FIELD_IN_TEXT.sub(value, text)


# ------------------------------------------------------------------------------------------------- one test


@dataclass(frozen=True, slots=True)
class Answer:
    """The truth of one test, its basis, and both in words and locations."""

    truth: Truth
    basis: Basis
    says: str
    locations: tuple[Location, ...] = ()
    how_to_get: str = ""


def decide(test: Test, known: Known, positive: bool, *, strict: bool = False) -> Answer:
    """Evaluate a test with the first kind of knowledge that decides it; ``strict`` refuses carried values.

    A value carried back counts only if it makes the whole condition true (``positive``: the test is not negated):
    somebody may have repaired the host before the evidence was collected. For a fact that only rises it is also an
    upper limit. For a set, only the names that the test is about count.
    """
    if isinstance(known, KnownSet):
        known = known.about(lambda value: holds(test, value), _names(test))
    refused = False
    for answer in _answers(test, known, positive):
        if answer.truth is Truth.UNKNOWN:
            continue
        if not (strict and answer.basis.carried):
            return answer
        refused = True
    why = _why_unknown(known)
    if refused:
        why = f"{_stated_elsewhere(known) or known.why}, which --strict-facts does not accept"
    noun = catalogue.noun(known.name)
    return Answer(Truth.UNKNOWN, Basis.UNKNOWN, f"{noun} is not known ({why})", known.locations)


def _names(test: Test) -> list[str] | None:
    """The only names that can pass a test of a set, or None if it does not spell them out."""
    names = [plain_text(value) for value in test.values if isinstance(value, str)]
    if test.operator is not Operator.IS or len(names) < len(test.values):
        return None
    spelled_out = [name for name in names if name is not None]
    return spelled_out if len(spelled_out) == len(names) else None


def _answers(test: Test, known: Known, positive: bool) -> Iterator[Answer]:
    """The answer of each kind of knowledge to a test, the most certain first."""
    held = truth(holds(test, known.value)) if known.basis is not Basis.UNKNOWN else Truth.UNKNOWN
    says = catalogue.say(known.name, known.value) if known.basis is not Basis.UNKNOWN else ""
    if known.basis is Basis.STATED:
        yield Answer(held, Basis.STATED, says, known.locations)
        return
    if known.limit is not None:
        limit = known.limit
        yield Answer(holds_within(test, limit.bound), limit.basis, _say_limit(known.name, limit), limit.locations)
    said = f"{says} ({_stated_elsewhere(known)})"
    if known.basis is Basis.CARRIED_FORWARD:
        yield Answer(held, known.basis, said, known.locations)
    elif known.basis is Basis.CARRIED_BACK:
        if held is (Truth.TRUE if positive else Truth.FALSE):
            yield Answer(held, known.basis, said, known.locations)
        if known.at_most:
            limited = f"{says} at most ({_stated_elsewhere(known)})"
            yield Answer(_holds_at_most(test, known), known.basis, limited, known.locations)


def _holds_at_most(test: Test, known: Known) -> Truth:
    if isinstance(known.value, str):
        return holds_up_to(test, known.value)
    if not isinstance(known.value, int):
        return Truth.UNKNOWN
    return holds_within(test, (known.limit.bound if known.limit else Bound()).up_to(known.value))


# ----------------------------------------------------------------------------------------------- in words


def _stated_elsewhere(known: Known) -> str:
    """The origin of a carried value: ``carried back over 2 restarts from SOFTWARE.reg``."""
    if not known.basis.carried:
        return ""
    source = f" from {known.locations[0].source}" if known.locations else ""
    over = f"{known.basis.value} over {restarts(known.restarts)}" if known.restarts else "stated at another time"
    way = f"{over}{source}"
    return f"{way}; {known.why}" if known.why else way


def _why_unknown(known: Known) -> str:
    limit = _say_limit(known.name, known.limit) if known.limit else ""
    if known.basis is Basis.UNKNOWN:
        return "; ".join(part for part in (known.why, limit) if part)
    said = catalogue.say(known.name, known.value)
    source = f" in {known.locations[0].source}" if known.locations else ""
    later = f"{said} is stated{source} only {restarts(known.restarts)} later and may have come in between"
    return "; ".join(part for part in (later, limit) if part)


def _say_limit(name: str, limit: Limit) -> str:
    bound = limit.bound
    if name != "os.service_pack":
        said = f"{catalogue.noun(name)} was {bound}"
    elif bound.high is None:
        said = f"Service Pack {bound.low} or later"
    else:
        said = f"Service Pack {bound.high} at most"
    return f"{said}, because {limit.why}" if limit.why else said


# ------------------------------------------------------------------------------------------ explanations


@dataclass(frozen=True, slots=True)
class Reason:
    """A test in an explanation; ``negated`` means that it is below an odd number of negations."""

    leaf: Explanation
    negated: bool

    @property
    def truth(self) -> Truth:
        """The truth of the test as it counts in the whole."""
        return ~self.leaf.truth if self.negated else self.leaf.truth


def deciding(explanation: Explanation, negated: bool = False) -> list[Reason]:
    """The tests that decide the truth of an explanation: the failed ones, the unknown ones, or the ones that hold.

    If all alternatives fail, those about another system are left out, if at least one is about this system.
    """
    if not explanation.children:
        return [Reason(explanation, negated)]
    if is_negation(explanation):
        children, negated = explanation.children, not negated
    else:
        alike = tuple(child for child in explanation.children if child.truth is explanation.truth)
        children = alike or explanation.children
        if _is_alternative(explanation) and explanation.truth is Truth.FALSE:
            children = tuple(child for child in children if not is_foreign(child)) or children
    return _once(reason for child in children for reason in deciding(child, negated))


def every_test(explanation: Explanation, negated: bool = False) -> list[Reason]:
    """Every test of an explanation, once."""
    if not explanation.children:
        return [Reason(explanation, negated)]
    inside = negated is not is_negation(explanation)
    return _once(reason for child in explanation.children for reason in every_test(child, inside))


def is_negation(explanation: Explanation) -> bool:
    """Whether an explanation negates its one child."""
    return explanation.kind is NodeKind.NOT


def is_foreign(explanation: Explanation) -> bool:
    """Whether product, version and build alone make it false: the condition is about another system."""
    return _by_system(explanation) is Truth.FALSE


def _by_system(explanation: Explanation) -> Truth:
    if not explanation.children:
        kind = catalogue.find(explanation.fact)
        return explanation.truth if kind is not None and kind.applicability else Truth.UNKNOWN
    children = [_by_system(child) for child in explanation.children]
    if is_negation(explanation):
        return ~children[0]
    return any_of(children) if _is_alternative(explanation) else all_of(children)


def _is_alternative(explanation: Explanation) -> bool:
    return explanation.kind is NodeKind.ANY


def _once(reasons: Iterator[Reason]) -> list[Reason]:
    return list({(reason.leaf.text, reason.negated): reason for reason in reasons}.values())
