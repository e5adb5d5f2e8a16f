"""Conditions of a known issue × facts of a host at a point → an explanation: true, false or unknown, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from evtscan.detection.condition import Operator, Test, evaluate, tests_in
from evtscan.detection.modifiers import holds, holds_up_to, holds_within, plain_text
from evtscan.detection.rule import Doubt, KnownIssue
from evtscan.facts import catalogue
from evtscan.facts.host import Host
from evtscan.facts.sets import KnownSet
from evtscan.facts.timeline import Point
from evtscan.logic import Truth, truth
from evtscan.model import Basis, Bound, Explanation, Known, Limit, Location


class Conditions:
    """The conditions of one known issue on one host; ``strict`` refuses values carried from other boot sessions."""

    def __init__(self, issue: KnownIssue, host: Host, strict: bool = False) -> None:
        self.issue, self.host, self.strict = issue, host, strict
        everything = (issue.when, *(doubt.when for doubt in issue.doubts))
        self._facts = tuple(dict.fromkeys(test.field for condition in everything for test in tests_in(condition)))
        self._answers: dict[tuple[int, ...], tuple[Explanation, list[Doubt]]] = {}

    def at(self, point: Point) -> Explanation:
        """Whether the conditions held at a point."""
        return self._judged(point)[0]

    def doubts_at(self, point: Point) -> list[Doubt]:
        """The doubts that are known to be justified at a point."""
        return self._judged(point)[1]

    def _judged(self, point: Point) -> tuple[Explanation, list[Doubt]]:
        """Both, worked out once for all points at which the same is known (a host's time lines keep what is known)."""
        key = tuple(id(self.host.known(fact, point)) for fact in self._facts)
        if key not in self._answers:
            doubts = self._doubts(point)
            doubted = {doubt.about: doubt for doubt in doubts}

            def leaf(test: Test, positive: bool) -> Explanation:
                return self._explain(test, point, positive, doubted.get(test.field))

            self._answers[key] = evaluate(self.issue.when, leaf), doubts
        return self._answers[key]

    def _doubts(self, point: Point) -> list[Doubt]:
        def leaf(test: Test, positive: bool) -> Explanation:
            return self._explain(test, point, positive, None)

        return [doubt for doubt in self.issue.doubts if evaluate(doubt.when, leaf).truth is Truth.TRUE]

    def _explain(self, test: Test, point: Point, positive: bool, doubt: Doubt | None) -> Explanation:
        known = self.host.known(test.field, point)
        answer = decide(test, known, positive, strict=self.strict)
        if doubt is not None and answer.truth is not Truth.UNKNOWN:
            says = f"{answer.says}, which is in doubt: {doubt.reason}"
            answer = Answer(Truth.UNKNOWN, Basis.UNKNOWN, says, answer.locations)
        unknown = answer.truth is Truth.UNKNOWN
        return Explanation(
            text=test.text,
            truth=answer.truth,
            says=answer.says,
            basis="" if unknown else "carried" if answer.basis.carried else "stated",
            fact=test.field,
            locations=answer.locations,
        )


# ------------------------------------------------------------------------------------------------- one test


@dataclass(frozen=True, slots=True)
class Answer:
    """The truth of one test, what it rests on, and that in words and places."""

    truth: Truth
    basis: Basis
    says: str
    locations: tuple[Location, ...] = ()


def decide(test: Test, known: Known, positive: bool, *, strict: bool = False) -> Answer:
    """Answer a test by the first kind of knowledge that settles it; ``strict`` refuses those that are carried.

    A value carried back counts only where it makes the whole condition true (``positive``: the test counts as it
    stands; otherwise it is negated): somebody may have repaired the host before the evidence was collected. Of a fact
    that only rises it is an upper limit besides. Of a set only those names count that the test is about.
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
    """What each kind of knowledge says to a test, firmest first."""
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
    """Where a carried value comes from: ``carried back over 2 restarts from SOFTWARE.reg``."""
    if not known.basis.carried:
        return ""
    source = f" from {known.locations[0].source}" if known.locations else ""
    over = f"{known.basis.value} over {_restarts(known.restarts)}" if known.restarts else "stated at another time"
    way = f"{over}{source}"
    return f"{way}; {known.why}" if known.why else way


def _why_unknown(known: Known) -> str:
    limit = _say_limit(known.name, known.limit) if known.limit else ""
    if known.basis is Basis.UNKNOWN:
        return "; ".join(part for part in (known.why, limit) if part)
    said = catalogue.say(known.name, known.value)
    source = f" in {known.locations[0].source}" if known.locations else ""
    later = f"{said} is stated{source} only {_restarts(known.restarts)} later and may have come in between"
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


def _restarts(number: int) -> str:
    return f"{number} restart{'' if number == 1 else 's'}"


# ------------------------------------------------------------------------------------------ explanations


@dataclass(frozen=True, slots=True)
class Reason:
    """A test in an explanation; ``negated``: it stands under an odd number of negations."""

    leaf: Explanation
    negated: bool

    @property
    def truth(self) -> Truth:
        """The truth of the test as it counts in the whole."""
        return ~self.leaf.truth if self.negated else self.leaf.truth


def deciding(explanation: Explanation, negated: bool = False) -> list[Reason]:
    """The tests that make an explanation what it is: those that fail, or those that are unknown, or that hold."""
    if not explanation.children:
        return [Reason(explanation, negated)]
    if is_negation(explanation):
        children, negated = explanation.children, not negated
    else:
        alike = tuple(child for child in explanation.children if child.truth is explanation.truth)
        children = alike or explanation.children
    return _once(reason for child in children for reason in deciding(child, negated))


def every_test(explanation: Explanation, negated: bool = False) -> list[Reason]:
    """Every test of an explanation, once."""
    if not explanation.children:
        return [Reason(explanation, negated)]
    inside = negated is not is_negation(explanation)
    return _once(reason for child in explanation.children for reason in every_test(child, inside))


def is_negation(explanation: Explanation) -> bool:
    """Whether an explanation says that its one child does not hold."""
    return explanation.text == "not" and len(explanation.children) == 1


def _once(reasons: Iterator[Reason]) -> list[Reason]:
    return list({(reason.leaf.text, reason.negated): reason for reason in reasons}.values())
