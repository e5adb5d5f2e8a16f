"""The nouns of a rule that reports show: level, kind, texts, and refused rules."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How much a rule's problem matters (Sigma's levels)."""

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
    """What a report says about a rule; ``tags`` are Sigma's, such as ``attack.t1059.001``, in lower case."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRule:
    """A rule of a rule folder that did not load, and why: it took no part in the run."""

    file: str
    message: str
    line: int | None = None
    key: str = ""
