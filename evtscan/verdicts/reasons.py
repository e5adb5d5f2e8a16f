"""Judged matches → the words of a finding: what was logged, what held, what is missing, what is over."""

from collections.abc import Iterable, Sequence

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis
from evtscan.base.model.finding import Explanation
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.detection.model.ranges import EVENT
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.host import Host
from evtscan.verdicts.conditions import deciding, every_test

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def logged(events: Sequence[Event], *, certain: bool = True) -> str:
    """``Dhcp 1008 was logged 3 times``; not ``certain``: the format leaves open whether it is that event."""
    names = dict.fromkeys(f"{event.provider} {event.event_id}" for event in events)
    was = "was" if len(names) == 1 else "were"
    return f"{joined(names)} {was if certain else 'may have been'} logged {times(len(events))}"


def times(number: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def lasting(ticks: int) -> str:
    """A time span in its two largest units: ``3 days 4 hours``, ``2 minutes``."""
    seconds = ticks // TICKS_PER_SECOND
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append((number, unit))
    shown = [f"{number:,} {unit}{'' if number == 1 else 's'}" for number, unit in parts[:2] if number]
    return " ".join(shown) or "0 seconds"


def more_times(number: int) -> str:
    """``once more``, ``twice more``, ``3 more times``."""
    return f"{number:,} more times" if number > 2 else f"{times(number)} more"


def held(explanation: Explanation) -> str:
    """What is known to hold, in words: ``Windows version 4.0; Service Pack 2; RAS is installed``."""
    return listed(reason.leaf.says for reason in every_test(explanation) if reason.truth is Truth.TRUE)


def failed(explanation: Explanation) -> str:
    """What makes the conditions false: ``Service Pack 6, required: os.service_pack is 2``."""
    return listed(
        f"{reason.leaf.says}, required: {'not: ' if reason.negated else ''}{reason.leaf.text}"
        for reason in deciding(explanation)
    )


def unknown(explanation: Explanation) -> str:
    """What keeps an explanation from being decided, each with what is known of it."""
    return listed(
        reason.leaf.says or f"no evidence of this host shows it: {reason.leaf.text}" for reason in deciding(explanation)
    )


def missing_facts(explanation: Explanation) -> tuple[str, ...]:
    """The facts that would decide an explanation that is unknown."""
    leaves = (reason.leaf for reason in deciding(explanation))
    names = (leaf.fact for leaf in leaves if leaf.fact and not leaf.how_to_get)
    return tuple(dict.fromkeys(name for name in names if not name.startswith(EVENT)))


def how_to_get(facts: Iterable[str], host: Host) -> tuple[str, ...]:
    """How to obtain each of the facts; one instruction for all that come the same way.

    Of what is known by now, only the time is missing from which it held; what evidence speaks of and leaves open, more
    of it would not decide.
    """
    ways: dict[str, list[str]] = {}
    for fact in facts:
        known = host.known(fact, host.now)
        way = catalogue.how_to_get(fact)
        if known.basis is not Basis.UNKNOWN:
            way = catalogue.how_to_date(fact)
        elif known.locations:
            in_conflict = bool(host.timeline(fact).conflicts)
            way = catalogue.how_to_date(fact) if in_conflict else catalogue.how_to_settle(fact)
        ways.setdefault(way, []).append(fact)
    return tuple(f"{joined(names)}: {way}" for way, names in ways.items())


def to_ask(explanation: Explanation) -> tuple[str, ...]:
    """What to do about each thing that is missing and no fact: whom to ask, where to look."""
    ways = (reason.leaf.how_to_get for reason in deciding(explanation))
    return tuple(dict.fromkeys(way for way in ways if way))


def joined(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def moment(time: Instant | None) -> str:
    """A time in a sentence: to the second, whatever digits the evidence has."""
    return "an unknown time" if time is None else str(Instant(time.ticks, 0, time.local))


def listed(statements: Iterable[str]) -> str:
    """Statements one after the other, each once."""
    return "; ".join(dict.fromkeys(statement for statement in statements if statement))


def sentence(text: str) -> str:
    """A text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
