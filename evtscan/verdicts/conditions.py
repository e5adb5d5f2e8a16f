"""Conditions of a known issue × facts of a host at a point → an explanation: true, false or unknown, and why."""

from dataclasses import dataclass

from evtscan.detection.condition import Test, evaluate
from evtscan.detection.modifiers import holds, holds_up_to, holds_within
from evtscan.detection.rule import Doubt, KnownIssue
from evtscan.facts import catalogue
from evtscan.facts.host import Host
from evtscan.facts.timeline import Point
from evtscan.logic import Truth, truth
from evtscan.model import Basis, Bound, Explanation, Known


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of one known issue on one host; ``strict`` refuses values carried from other boot sessions."""

    issue: KnownIssue
    host: Host
    strict: bool = False

    def at(self, point: Point) -> Explanation:
        """Whether the conditions held at a point."""
        doubted = {doubt.about: doubt for doubt in self.doubts_at(point)}

        def leaf(test: Test, positive: bool) -> Explanation:
            return self._answer(test, point, positive, doubted.get(test.field))

        return evaluate(self.issue.when, leaf)

    def doubts_at(self, point: Point) -> list[Doubt]:
        """The doubts that are known to be justified at a point."""

        def leaf(test: Test, positive: bool) -> Explanation:
            return self._answer(test, point, positive, None)

        return [doubt for doubt in self.issue.doubts if evaluate(doubt.when, leaf).truth is Truth.TRUE]

    def _answer(self, test: Test, point: Point, positive: bool, doubt: Doubt | None) -> Explanation:
        known = self.host.known(test.field, point)
        if doubt is not None and known.basis is not Basis.UNKNOWN:
            says = f"{catalogue.say(test.field, known.value)}, which is in doubt: {doubt.reason}"
            return Explanation(
                text=test.text, truth=Truth.UNKNOWN, says=says, fact=test.field, locations=known.locations
            )
        result, basis = decide(test, known, positive)
        if self.strict and basis.carried:
            says = f"{_say(known)}, which --strict-facts does not accept"
            return Explanation(
                text=test.text, truth=Truth.UNKNOWN, says=says, fact=test.field, locations=known.locations
            )
        return Explanation(
            text=test.text,
            truth=result,
            says=_say(known) if result is not Truth.UNKNOWN else _say_undecided(test.field, known),
            basis="" if result is Truth.UNKNOWN else "carried" if basis.carried else "stated",
            fact=test.field,
            locations=known.locations,
        )


def decide(test: Test, known: Known, positive: bool) -> tuple[Truth, Basis]:
    """The truth of one test and what it rests on.

    A value carried back counts only where it makes the whole condition true (``positive``: the test counts as it
    stands; otherwise it is negated): somebody may have repaired the host before the evidence was collected. What only
    rises is an upper bound there.
    """
    if known.basis in (Basis.STATED, Basis.CARRIED_FORWARD):
        return truth(holds(test, known.value)), known.basis
    if known.basis is Basis.CARRIED_BACK:
        result = truth(holds(test, known.value))
        if result is (Truth.TRUE if positive else Truth.FALSE):
            return result, Basis.CARRIED_BACK
        return _within_bounds(test, known), Basis.CARRIED_BACK
    return _within_bounds(test, known), known.bound_basis


def _within_bounds(test: Test, known: Known) -> Truth:
    if known.bound is not None:
        return holds_within(test, known.bound)
    if known.upper_version is not None:
        return holds_up_to(test, known.upper_version)
    return Truth.UNKNOWN


def _say(known: Known) -> str:
    """Word what is known: ``Service Pack 2 (carried back over 1 restart)``."""
    if known.basis is Basis.UNKNOWN:
        return _say_bound(known)
    said = catalogue.say(known.name, known.value)
    if known.basis is Basis.STATED:
        return said
    restarts = f"{known.restarts} restart{'' if known.restarts == 1 else 's'}"
    over = f" over {restarts}" if known.restarts else " within the boot session"
    source = f" from {known.locations[0].source}" if known.locations else ""
    why = f"; {known.why}" if known.why else ""
    return f"{said} ({known.basis.value}{over}{source}{why})"


def _say_undecided(name: str, known: Known) -> str:
    if known.basis is Basis.UNKNOWN:
        return f"{name} is not known" + (f" ({_say_bound(known)})" if known.bound or known.why else "")
    later = catalogue.say(name, known.value)
    restarts = f"{known.restarts} restart{'' if known.restarts == 1 else 's'}"
    return f"{name} is not known then: {later} is stated only {restarts} later, and may have come in between"


def _say_bound(known: Known) -> str:
    if known.bound is None:
        return known.why
    bounded = f"{known.name} was {known.bound}" if known.name != "os.service_pack" else _say_packs(known.bound)
    return f"{bounded}, as {known.why}" if known.why else bounded


def _say_packs(bound: Bound) -> str:
    if bound.high is None:
        return f"Service Pack {bound.low} or later"
    return f"Service Pack {bound.high} at most"


def leaves(explanation: Explanation) -> list[Explanation]:
    """The tests that make an explanation what it is: those that fail, or those that are unknown."""
    if not explanation.children:
        return [explanation]
    deciding = [child for child in explanation.children if child.truth is explanation.truth]
    found = [leaf for child in deciding or explanation.children for leaf in leaves(child)]
    return list({leaf.text: leaf for leaf in found}.values())


def all_leaves(explanation: Explanation) -> list[Explanation]:
    """Every test of an explanation, once."""
    if not explanation.children:
        return [explanation]
    found = [leaf for child in explanation.children for leaf in all_leaves(child)]
    return list({leaf.text: leaf for leaf in found}.values())
