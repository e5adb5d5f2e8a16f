"""The nouns of facts: stated entries, bounds, and what is known of a fact at one record."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant

FactValue = str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactEntry:
    """One entry of a ``facts.yaml``: value, since when (None: when the evidence was taken), and who says so."""

    name: str
    value: Any
    location: Location
    since: Instant | None = None
    said_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsFile:
    """The content of one ``facts.yaml``."""

    source: str
    entries: tuple[FactEntry, ...]
    warnings: tuple[ExtractionWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """All that is known of an integer fact: it lies in ``low``…``high``, both included; None is open."""

    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low} or more"
        return f"{self.low or 0}…{self.high}"

    def admits(self, value: FactValue) -> bool:
        """Whether a value lies in the bound; what is no integer is not bounded."""
        if not isinstance(value, int) or isinstance(value, bool):
            return True
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def up_to(self, value: int) -> "Bound":
        """The part of the bound that is not above a value."""
        return Bound(self.low, value if self.high is None else min(self.high, value))


class Basis(Enum):
    """How a value comes to be known at a moment."""

    STATED = "stated"
    CARRIED_FORWARD = "carried forward"
    CARRIED_BACK = "carried back"
    UNKNOWN = "unknown"

    @property
    def carried(self) -> bool:
        """Whether the value is assumed from another boot session."""
        return self in (Basis.CARRIED_FORWARD, Basis.CARRIED_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound on a fact at one moment, how it is known there, and what shows it."""

    bound: Bound
    basis: Basis
    locations: tuple[Location, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one fact at one moment.

    ``value`` is meaningless where ``basis`` is UNKNOWN. ``at_most`` says that it is an upper limit as well: carried
    back, of a fact that only rises. ``limit`` bounds the fact besides, whether or not a value is known. ``restarts``
    counts the boots between the statement and the moment. ``why`` says in words why nothing is known, or what is
    assumed.
    """

    name: str
    basis: Basis
    value: FactValue = None
    at_most: bool = False
    limit: Limit | None = None
    locations: tuple[Location, ...] = ()
    restarts: int = 0
    why: str = ""
