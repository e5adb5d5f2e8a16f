"""Judged matches → the words of a finding: what was logged, what held, what is missing, what is over."""

from collections.abc import Iterable, Iterator, Sequence

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis
from evtscan.base.model.finding import Explanation, MissingFact
from evtscan.base.wintypes import Instant
from evtscan.base.wording import listing, sentence, times
from evtscan.detection.model.ranges import EVENT
from evtscan.detection.model.rule import Doubt
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.host import Host
from evtscan.verdicts.conditions import deciding, every_test


def logged(events: Sequence[Event], *, certain: bool = True) -> str:
    """``Dhcp 1008 was logged 3 times``; not ``certain``: the format leaves open whether it is that event."""
    names = dict.fromkeys(f"{event.provider} {event.event_id}" for event in events)
    was = "was" if len(names) == 1 else "were"
    return f"{listing(names)} {was if certain else 'may have been'} logged {times(len(events))}"


def more_times(number: int) -> str:
    """``once more``, ``twice more``, ``3 more times``."""
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
    """How to decide each unknown test that does not depend on a fact: whom to ask, where to look."""
    ways = (reason.leaf.how_to_get for reason in deciding(explanation))
    return tuple(dict.fromkeys(way for way in ways if way))


def questions(ways: Iterable[str]) -> Iterator[MissingFact]:
    """Instructions that are about no fact."""
    return (MissingFact(how_to_get=way) for way in ways)


def moment(time: Instant | None) -> str:
    """A time in a sentence: to the second, whatever digits the evidence has."""
    return "an unknown time" if time is None else str(Instant(time.ticks, 0, time.local))


def listed(statements: Iterable[str]) -> str:
    """Statements joined in order, each once."""
    return "; ".join(dict.fromkeys(statement for statement in statements if statement))


def with_values(reason: str, event_says: str) -> str:
    """A reason with the values of the last event that it counts, if there are any."""
    return f"{reason} The last event says: {sentence(event_says)}" if event_says else reason
