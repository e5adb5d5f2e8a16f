"""Judged matches → the words of a finding: what was logged, what held, what is missing, what is over."""

from collections.abc import Iterable, Sequence

from evtscan.facts import catalogue
from evtscan.logic import Truth
from evtscan.model import Event, Explanation
from evtscan.verdicts.conditions import all_leaves, leaves


def logged(events: Sequence[Event], *, certain: bool = True) -> str:
    """``Dhcp 1008 was logged 3 times``; not ``certain``: the format leaves open whether it is that event."""
    names = dict.fromkeys(f"{event.provider} {event.event_id}" for event in events)
    many = "once" if len(events) == 1 else "twice" if len(events) == 2 else f"{len(events)} times"
    return f"{joined(names)} {'was' if certain else 'may have been'} logged {many}"


def held(explanation: Explanation) -> str:
    """What is known to hold, in words: ``Windows version 4.0, Service Pack 2 and RAS is installed``."""
    return listed(leaf.says for leaf in all_leaves(explanation) if leaf.truth is Truth.TRUE)


def failed(explanation: Explanation) -> str:
    """What makes the conditions false: ``Service Pack 6 where the rule asks for os.service_pack is 2``."""
    return listed(f"{leaf.says} (the rule asks: {leaf.text})" for leaf in leaves(explanation))


def unknown(explanation: Explanation) -> str:
    """What is missing for a decision, each with what is known of it."""
    return listed(leaf.says or leaf.text for leaf in leaves(explanation))


def missing_facts(explanation: Explanation) -> tuple[str, ...]:
    """The facts that would decide an explanation that is unknown."""
    return tuple(dict.fromkeys(leaf.fact for leaf in leaves(explanation) if leaf.fact))


def how_to_get(facts: Iterable[str]) -> tuple[str, ...]:
    """How to obtain each of the facts; one instruction for all that come the same way."""
    ways: dict[str, list[str]] = {}
    for fact in facts:
        ways.setdefault(catalogue.how_to_get(fact), []).append(fact)
    return tuple(f"{joined(names)}: {way}" for way, names in ways.items())


def joined(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def listed(statements: Iterable[str]) -> str:
    """Statements one after the other, each once."""
    return "; ".join(dict.fromkeys(statement for statement in statements if statement))
