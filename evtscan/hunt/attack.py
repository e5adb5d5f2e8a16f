"""MITRE ATT&CK tags of rules → tactics and techniques (Sigma specification, appendix "tags", namespace ``attack``)."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

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
    """The tactics that tags name, as ``defense-evasion``; older tags have underscores."""
    for name in _names(tags):
        if not _TECHNIQUE.match(name) and not _GROUP_OR_SOFTWARE.match(name):
            yield name.replace("_", "-")


def techniques_of(tags: Iterable[str]) -> Iterator[str]:
    """The techniques that tags name, as ``T1059.001``."""
    return (name.upper() for name in _names(tags) if _TECHNIQUE.match(name))


def _names(tags: Iterable[str]) -> Iterator[str]:
    return (tag.removeprefix(_PREFIX) for tag in tags if tag.startswith(_PREFIX))


def has_tag(tags: Iterable[str], wanted: str) -> bool:
    """Whether one of the tags is the one wanted, or one below it: ``attack.t1059`` includes ``attack.t1059.001``.

    >>> has_tag(["attack.t1059.001"], "T1059"), has_tag(["attack.defense_evasion"], "defense-evasion")
    (True, True)
    """
    name = _normal(wanted)
    return any(own == name or own.startswith(f"{name}.") for own in map(_normal, tags))


def _normal(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").removeprefix(_PREFIX)
