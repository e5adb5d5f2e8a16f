"""Data types for the parts of a rule that reports show: level, kind, texts, and refused rules."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """The severity of a rule's problem (Sigma's levels)."""

    INFORMATIONAL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The level as rules and reports write it."""
        return self.name.lower()


QUIET_KINDS = frozenset({"benign", "notice", "success"})
"""Kinds of rules that never count in ``--fail-on``, in the worst verdict, or in what to do first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """The part of a rule that reports show.

    ``tags`` are Sigma's tags, such as ``attack.t1059.001``, in lower case. ``channels`` are the channels in which its
    events are logged, in lower case; empty for any channel. ``consequence_of`` names other rules by article, id or
    title: findings of this rule may be a consequence of their findings.
    """

    id: str
    title: str
    level: str
    status: str = ""
    kind: str = ""
    article: str = ""
    description: str = ""
    cause: str = ""
    remedy: tuple[str, ...] = ()
    workaround: tuple[str, ...] = ()
    fixed_in: str = ""
    lookalikes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    file: str = ""
    tags: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    consequence_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRule:
    """A rule of a rule folder that was not loaded and was not used, with the reason."""

    file: str
    message: str
    line: int | None = None
    key: str = ""
