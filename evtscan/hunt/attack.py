"""MITRE ATT&CK tags of rules → tactics and techniques (Sigma specification, appendix "tags", namespace ``attack``)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from evtscan.base.yamltext import load

TACTICS: Final = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)
"""The tactics of the Enterprise matrix, in its order (https://attack.mitre.org/tactics/enterprise/)."""

_PREFIX = "attack."
_TECHNIQUE = re.compile(r"t\d{4}(?:\.\d{3})?\Z")
_GROUP_OR_SOFTWARE = re.compile(r"[gsc]\d{4}\Z")


def tactics_of(tags: Iterable[str]) -> Iterator[str]:
    """Yield the tactics in the tags, such as ``defense-evasion``; underscores of older tags become hyphens."""
    for name in _names(tags):
        if not _TECHNIQUE.match(name) and not _GROUP_OR_SOFTWARE.match(name):
            yield name.replace("_", "-")


def techniques_of(tags: Iterable[str]) -> Iterator[str]:
    """Return the techniques in the tags, such as ``T1059.001``."""
    return (name.upper() for name in _names(tags) if _TECHNIQUE.match(name))


def _names(tags: Iterable[str]) -> Iterator[str]:
    return (tag.removeprefix(_PREFIX) for tag in tags if tag.startswith(_PREFIX))


def has_tag(tags: Iterable[str], wanted: str) -> bool:
    """Return whether the tags contain the wanted tag or one below it: ``attack.t1059`` includes ``attack.t1059.001``.

    >>> has_tag(["attack.t1059.001"], "T1059"), has_tag(["attack.defense_evasion"], "defense-evasion")
    (True, True)
    """
    name = _normal(wanted)
    return any(own == name or own.startswith(f"{name}.") for own in map(_normal, tags))


def _normal(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").removeprefix(_PREFIX)


@cache
def matrix() -> Mapping[str, Mapping[str, str]]:
    """Return the techniques of each tactic with their names, from the table ``attack.yaml`` in this folder."""
    table: Mapping[str, Mapping[str, str]] = load((files("evtscan.hunt") / "attack.yaml").read_text("utf-8")).data
    return table


def name_of(technique: str) -> str:
    """Return the name of a technique, for a sub-technique that of its parent; empty if the table does not have it."""
    parent = technique.partition(".")[0]
    return next((names[parent] for names in matrix().values() if parent in names), "")


def places_of(technique: str, tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tactics under which a technique is shown for a rule with these tags.

    These are the tactics of the technique that are also in the tags; if the tags contain none of them, all tactics of
    the technique; if the table does not have the technique, all tactics in the tags.
    """
    parent = technique.partition(".")[0]
    of_technique = [tactic for tactic, names in matrix().items() if parent in names]
    named = tuple(tactics_of(tags))
    return tuple(tactic for tactic in of_technique if tactic in named) or tuple(of_technique) or named
