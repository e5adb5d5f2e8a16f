"""Data types for facts: stated entries, bounds, and the known value of a fact at one record."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant

FactValue = str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactEntry:
    """One entry of a ``facts.yaml``: value, start of validity (None: when the evidence was collected), and source."""

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
    """The known bound of an integer fact: ``low`` to ``high``, both inclusive; None means no limit."""

    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low} or more"
        return f"{self.low or 0}…{self.high}"

    def admits(self, value: FactValue) -> bool:
        """Whether a value is inside the bound; a value that is not an integer always is."""
        if not isinstance(value, int) or isinstance(value, bool):
            return True
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def up_to(self, value: int) -> "Bound":
        """Return the bound, limited to values of at most ``value``."""
        return Bound(self.low, value if self.high is None else min(self.high, value))


class Basis(Enum):
    """The way in which the value of a fact is known at a moment."""

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
    """A bound on a fact at one moment, with its basis and the evidence for it."""

    bound: Bound
    basis: Basis
    locations: tuple[Location, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The knowledge about one fact at one moment.

    ``value`` has no meaning if ``basis`` is UNKNOWN. ``at_most`` means that the value is only an upper limit: it was
    stated for a later moment, and the fact only rises. ``limit`` also bounds the fact, whether or not a value is known.
    ``restarts`` counts the boots between the statement and the moment. ``why`` is the reason why nothing is known, or
    the assumption that was made.
    """

    name: str
    basis: Basis
    value: FactValue = None
    at_most: bool = False
    limit: Limit | None = None
    locations: tuple[Location, ...] = ()
    restarts: int = 0
    why: str = ""
