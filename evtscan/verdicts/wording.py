"""All sentences of the reason of a finding, and the instructions to get what it lacks.

``outcomes`` decides, this module words it. Nothing reads these texts again.
"""

from collections.abc import Iterable, Iterator, Sequence

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis
from evtscan.base.model.finding import Explanation, MissingFact
from evtscan.base.model.log import Log
from evtscan.base.model.rule import RuleInfo
from evtscan.base.wintypes import Instant
from evtscan.base.wording import listing, sentence, times
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.ranges import EVENT
from evtscan.detection.model.rule import Doubt
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.host import Host
from evtscan.verdicts.conditions import deciding, every_test


def logged(events: Sequence[Event], *, certain: bool = True) -> str:
    """Return a text such as ``Dhcp 1008 was logged 3 times``.

    Not ``certain``: the format does not show whether it is that event.
    """
    names = dict.fromkeys(f"{event.provider} {event.event_id}" for event in events)
    was = "was" if len(names) == 1 else "were"
    return f"{listing(names)} {was if certain else 'may have been'} logged {times(len(events))}"


def more_times(number: int) -> str:
    """Return ``once more``, ``twice more``, ``3 more times``."""
    return f"{number:,} more times" if number > 2 else f"{times(number)} more"


def held(explanation: Explanation) -> str:
    """The conditions that are known to hold, in words: ``Windows version 4.0; Service Pack 2; RAS is installed``."""
    return listed(reason.leaf.says for reason in every_test(explanation) if reason.truth is Truth.TRUE)


def failed(explanation: Explanation) -> str:
    """The failed conditions in words: ``Service Pack 6, required: os.service_pack is 2``."""
    return listed(
        f"{reason.leaf.says}, required: {'not: ' if reason.negated else ''}{reason.leaf.text}"
        for reason in deciding(explanation)
    )


def unknown(explanation: Explanation) -> str:
    """The undecided conditions in words, each with what is known of it."""
    return listed(
        reason.leaf.says or f"no evidence of this host shows it: {reason.leaf.text}" for reason in deciding(explanation)
    )


def missing_facts(explanation: Explanation) -> tuple[str, ...]:
    """The names of the facts that would decide an unknown explanation."""
    leaves = (reason.leaf for reason in deciding(explanation))
    names = (leaf.fact for leaf in leaves if leaf.fact and not leaf.how_to_get)
    return tuple(dict.fromkeys(name for name in names if not name.startswith(EVENT)))


def missing(facts: Iterable[str], doubts: Sequence[Doubt], host: Host) -> Iterator[MissingFact]:
    """Each fact with every way to get it: what a doubt about it asks for, else the way of the catalogue."""
    for fact in facts:
        own = [way for doubt in doubts if doubt.about == fact for way in doubt.missing]
        if own:
            yield from (MissingFact(fact=fact, how_to_get=way) for way in own)
        else:
            yield _usual_way(fact, host)


def _usual_way(fact: str, host: Host) -> MissingFact:
    """The way to get a fact: collect it, find out since when it holds, or settle a contradiction in the evidence."""
    known = host.known(fact, host.now)
    in_conflict = known.basis is Basis.UNKNOWN and bool(host.timeline(fact).conflicts)
    if known.basis is not Basis.UNKNOWN or (known.locations and in_conflict):
        return MissingFact(fact=fact, how_to_get=catalogue.how_to_date(fact))
    if known.locations:
        return MissingFact(fact=fact, how_to_get=catalogue.how_to_settle(fact))
    return MissingFact(fact=fact, how_to_get=catalogue.how_to_get(fact), collectable=True)


def to_ask(explanation: Explanation) -> tuple[str, ...]:
    """Return how to decide each unknown test that does not depend on a fact: whom to ask, where to look."""
    ways = (reason.leaf.how_to_get for reason in deciding(explanation))
    return tuple(dict.fromkeys(way for way in ways if way))


def questions(ways: Iterable[str]) -> Iterator[MissingFact]:
    """Return the instructions that are not about a fact."""
    return (MissingFact(how_to_get=way) for way in ways)


def moment(time: Instant | None) -> str:
    """A time in a sentence: to the second, whatever digits the evidence has."""
    return "an unknown time" if time is None else str(Instant(time.ticks, 0, time.local))


def listed(statements: Iterable[str]) -> str:
    """Statements joined in order, each once."""
    return "; ".join(dict.fromkeys(statement for statement in statements if statement))


def with_values(reason: str, event_says: str) -> str:
    """A reason with the values of the last event that it counts, if there are any."""
    if not event_says:
        return reason
    return f"{reason} The last event says: {event_says}{'' if event_says.endswith(('.', '!', '?')) else '.'}"


# --------------------------------------------------------------------------------------- reasons, by verdict

TOO_EARLY = " Fix seen, too early to tell: the log covers no full boot session after it."


def confirmed(events: Sequence[Event], explanation: Explanation, others: int) -> str:
    """Reason: logged while every condition held; ``others`` is the number of further, undecided events."""
    conditions = held(explanation)
    reason = f"{logged(events)}{f' while every condition held: {conditions}' if conditions else ''}."
    if others:
        more = "One more record" if others == 1 else f"{others:,} more records"
        reason += f" {more} came at a time when not every condition is known."
    return reason


def possible(events: Sequence[Event], explanation: Explanation, candidate: Match | None) -> str:
    """Reason: logged while conditions may have held; ``candidate``: the match itself is not certain."""
    parts = [f"{logged(events, certain=candidate is None)}."]
    if candidate is not None:
        parts.append(_open_detection(candidate))
    if explanation.truth is Truth.UNKNOWN:
        parts.append(sentence(unknown(explanation)))
    if known := held(explanation):
        parts.append(f"What is known fits: {known}.")
    return " ".join(parts)


def _open_detection(match: Match) -> str:
    what = "it is this event" if len(match.events) == 1 else "these events belong together"
    return f"Whether {what} is open: {unknown(match.explanation)}."


def exposed(now: Explanation, seen: str) -> str:
    """Reason: every condition holds now; ``seen`` states whether and when the event was logged."""
    return f"Every condition holds now: {held(now)}. {seen}"


def logged_before_conditions_held(events: Sequence[Event]) -> str:
    """Reason: logged, but not while the conditions held."""
    return f"{logged(events)}, but at a time when they did not all hold."


def resolved(events: Sequence[Event], now: Explanation, *, certain: bool, held_for_sure: bool) -> str:
    """Reason: logged while the conditions held or may have held, and they no longer do."""
    return f"{_logged_while(events, certain, held_for_sure)}, and they no longer do: {failed(now)}."


def logged_after_change(number: int) -> str:
    """Remark to ``resolved``: the event was logged after the change too."""
    return f" Logged {more_times(number)} after the change: check that the fix reached the file."


def over(events: Sequence[Event], clearing: Explanation, *, certain: bool, held_for_sure: bool) -> str:
    """Reason: logged while the conditions held or may have held, and a later event states that the problem is over."""
    return f"{_logged_while(events, certain, held_for_sure)}, and it is over: {clearing.says}."


def _logged_while(events: Sequence[Event], certain: bool, held_for_sure: bool) -> str:
    return f"{logged(events, certain=certain)} while the conditions {'held' if held_for_sure else 'may have held'}"


def also_over(number: int, clearing: Explanation) -> str:
    """Remark: the number of further events whose problem is over."""
    return f" {sentence(more_times(number)).removesuffix('.')} it was over: {clearing.says}."


def followed(event: Event) -> str:
    """The part of a reason that names the event which states that the problem is over."""
    return f"{event.provider} {event.event_id} followed at {moment(event.time)}"


def supported(support: Sequence[Explanation]) -> str:
    """Remark: other events that support the match."""
    return f" In support: {listed(leaf.says for leaf in support)}." if support else ""


def refused(events: Sequence[Event], explanation: Explanation) -> str:
    """Reason: logged, but without the context that the rule requires."""
    return f"{logged(events)}, but not as the rule asks: {failed(explanation)}."


def excluded(events: Sequence[Event], explanation: Explanation, info: RuleInfo) -> str:
    """Reason: logged, but a condition was false, with the other known causes of the event."""
    reason = f"{logged(events)}, but {info.article or 'this rule'} does not explain it: {failed(explanation)}."
    return f"{reason} What else logs it: {listed(info.lookalikes)}." if info.lookalikes else reason


def never_applied(events: Sequence[Event], now: Explanation) -> str:
    """Reason: logged on a host without evidence that it ever ran a system of the rule."""
    return f"{logged(events)}, but no evidence shows that the host ever ran a system of the rule: {failed(now)}."


def inapplicable(events: Sequence[Event], explanation: Explanation) -> str:
    """Reason: logged on a host with a system that the rule does not apply to."""
    return f"{logged(events)}, but the rule is not about such a host: {failed(explanation)}."


def explained_elsewhere(events: Sequence[Event], names: Iterable[str]) -> str:
    """Reason: logged, but other rules explain it better."""
    return f"{logged(events)}, which is explained by {listing(names)}."


def left_out(events: Sequence[Event], *, certain: bool) -> str:
    """Reason: logged, but excluded by a filter."""
    return f"{logged(events, certain=certain)}, but the filters of this run leave it out."


def detected(events: Sequence[Event]) -> str:
    """Reason: logged; the rule has no conditions on hosts."""
    return f"{logged(events)}."


def perhaps_detected(events: Sequence[Event], example: Match) -> str:
    """Reason: possibly logged; the rule has no conditions on hosts."""
    return f"{logged(events, certain=False)}. Whether it is this event is open: {unknown(example.explanation)}."


def not_seen(logs: Sequence[Log]) -> str:
    """Reason: not logged; with the logs that would contain the event, and their time spans."""
    if not logs:
        return "No log was collected that would contain the event."
    spans = (
        f"{log.source.name} ({log.summary.first_time or '?'} to {log.summary.last_time or '?'}, "
        f"{log.summary.completeness})"
        if log.summary.records
        else f"{log.source.name} (without records)"
        for log in logs
    )
    return f"The event is not in {listing(spans)}."


def until_then(step: str) -> str:
    """Return a step of a workaround, marked as such."""
    return f"Until then: {step}"
