"""Matches of one known issue → judged matches: the meaning of each in its own boot session, with all reasons."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from evtscan.base.logic import Truth, all_of
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Explanation, NodeKind, Verdict
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.rule import Rule
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.conditions import Conditions, is_foreign
from evtscan.verdicts.context import Context, Sightings
from evtscan.verdicts.finding import Judged

EXPERIMENTAL = "experimental"
_UNCHECKED = Explanation(
    text="the rule was checked against a source",
    truth=Truth.UNKNOWN,
    says="the rule is experimental: nobody has checked it against a source",
    how_to_get="compare what the rule says with its references and with this host",
)


@dataclass(frozen=True, slots=True)
class JudgedMatches:
    """The matches of a rule on one host, in the host's order.

    ``judged`` are those that count; ``refused`` are no matches because of their context. ``taken`` are those that a
    rule of higher precedence explains; ``left_out`` are excluded by the filters of the run.
    """

    judged: tuple[Judged, ...]
    refused: tuple[Judged, ...] = ()
    taken: tuple[Judged, ...] = ()
    left_out: tuple[Match, ...] = ()


def judge_matches(
    rule: Rule,
    conditions: Conditions,
    chronology: Chronology,
    matches: Sequence[Match],
    sightings: Sightings,
    admits: Callable[[Match], bool],
) -> JudgedMatches:
    """Judge the admitted matches of a known issue; the others count as context."""
    context = Context(rule, chronology, sightings, [(match, entity_of(match, rule)) for match in matches])
    admitted, left_out = _divided(matches, admits)
    judged = (_judge(conditions, context, chronology, match) for match in admitted)
    ordered = sorted(judged, key=lambda item: item.order)
    refused = tuple(item for item in ordered if item.verdict is Verdict.CLEAR)
    kept = tuple(item for item in ordered if item.verdict is not Verdict.CLEAR)
    return JudgedMatches(tuple(_with_clearing(kept, context)), refused, left_out=left_out)


def only_detected(chronology: Chronology, matches: Sequence[Match], admits: Callable[[Match], bool]) -> JudgedMatches:
    """The admitted matches of a rule without ``known_issue``, which are only detected."""
    verdicts = {Truth.TRUE: Verdict.DETECTED, Truth.UNKNOWN: Verdict.POSSIBLE}
    admitted, left_out = _divided(matches, admits)
    judged = (
        Judged(match=match, point=chronology.host.point_of(match.event), verdict=verdicts[match.truth])
        for match in admitted
    )
    return JudgedMatches(tuple(sorted(judged, key=lambda item: item.order)), left_out=left_out)


def _divided(matches: Iterable[Match], admits: Callable[[Match], bool]) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """The matches that are admitted, and the others."""
    admitted: list[Match] = []
    left_out: list[Match] = []
    for match in matches:
        (admitted if admits(match) else left_out).append(match)
    return tuple(admitted), tuple(left_out)


def entity_of(match: Match, rule: Rule) -> str:
    """The entity of a match (a disk, an account), if the rule gives one finding for each."""
    names = rule.known_issue.entity if rule.known_issue is not None else ()
    values = (_value(match, name) for name in names)
    return "; ".join(value for value in values if value)


def _value(match: Match, name: str) -> str:
    """The value of a group-by field of a match, else the value of its last event that has the field."""
    if name in match.group:
        return match.group[name]
    for event in reversed(match.events):
        value = field_value(event, name)
        if value not in (ABSENT, UNREADABLE):
            return str(value)
    return ""


# -------------------------------------------------------------------------------------------------- one match


def _judge(conditions: Conditions, context: Context, chronology: Chronology, match: Match) -> Judged:
    """Judge one match in its own boot session; ``clear`` means that its context makes it no match."""
    point = chronology.host.point_of(match.event)
    explanation = conditions.at(point, match.event)
    failed = explanation.truth is Truth.FALSE
    if failed and not conditions.issue.report_excluded and is_foreign(explanation):
        return Judged(match=match, point=point, verdict=Verdict.NOT_APPLICABLE, explanation=explanation)
    around = context.around(match)
    if (surroundings := all_of(leaf.truth for leaf in around)) is Truth.FALSE:
        return Judged(match=match, point=point, verdict=Verdict.CLEAR, explanation=together(explanation, around))
    if failed:
        return Judged(match=match, point=point, verdict=Verdict.EXCLUDED, explanation=explanation)
    unchecked = (_UNCHECKED,) if match.rule.info.status == EXPERIMENTAL else ()
    explanation = together(explanation, (*around, *unchecked))
    certain = explanation.truth is Truth.TRUE and match.truth is Truth.TRUE and surroundings is Truth.TRUE
    verdict = Verdict.CONFIRMED if certain else Verdict.POSSIBLE
    support = context.supporting(match)
    return Judged(match=match, point=point, verdict=verdict, explanation=explanation, support=support)


def together(explanation: Explanation, more: Sequence[Explanation]) -> Explanation:
    """The conditions on the host and additional requirements, as one explanation."""
    return _all_of(explanation, (*_parts(explanation), *more)) if more else explanation


def with_event(match: Match, explanation: Explanation) -> Explanation:
    """Why an event, or a group, is a match, and additional requirements, as one explanation."""
    return _all_of(explanation, (match.explanation, *_parts(explanation)))


def _parts(explanation: Explanation) -> tuple[Explanation, ...]:
    return explanation.children if explanation.kind is NodeKind.ALL else (explanation,)


def _all_of(explanation: Explanation, children: tuple[Explanation, ...]) -> Explanation:
    """An explanation that has more children; what they rest on is stated."""
    truth = all_of(child.truth for child in children)
    basis = "" if truth is Truth.UNKNOWN else explanation.basis or "stated"
    return Explanation(text="all of", truth=truth, kind=NodeKind.ALL, basis=basis, children=children)


def _with_clearing(judged: Iterable[Judged], context: Context) -> Iterable[Judged]:
    for item in judged:
        clearing: Event | None = None
        if item.verdict in (Verdict.CONFIRMED, Verdict.POSSIBLE):
            clearing = context.clearing(item.match)
        yield item if clearing is None else replace(item, cleared_by=clearing)
