"""The operand of a condition on the host: the value of another fact or of a field of the event, with its basis."""

from dataclasses import dataclass
from typing import Any

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.fact import Basis, Known
from evtscan.base.model.finding import Explanation
from evtscan.base.model.source import Location
from evtscan.detection.match.eventtests import EXPORT_WHOLE, say_field
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.facts.catalogue import names as catalogue
from evtscan.facts.history.sets import KnownSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A value to compare with; None is absent, and has no meaning if ``basis`` is UNKNOWN.

    ``says`` is its text, or the reason why it is unknown; ``how_to_get`` is set if it is missing and is not a fact.
    """

    name: str
    basis: Basis
    says: str
    value: Any = None
    locations: tuple[Location, ...] = ()
    how_to_get: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether nothing can be compared with it."""
        return self.basis is Basis.UNKNOWN

    def missing(self, text: str) -> Explanation:
        """The leaf for a missing operand; ``text`` is the condition that needs it."""
        return Explanation(
            text=text,
            truth=Truth.UNKNOWN,
            says=self.says,
            fact=self.name,
            locations=self.locations,
            how_to_get=self.how_to_get,
        )


def of_event(name: str, field: str, event: Event | None) -> Operand:
    """A field of the judged event (None: there is no event at that time); ``name`` is its name in the condition."""
    if event is None:
        return Operand(
            name=name, basis=Basis.UNKNOWN, says=f"{field} is a field of the event, and tells of its time only"
        )
    value = field_value(event, field)
    says, locations = say_field(event, field), (event.location,)
    if value is UNREADABLE:
        return Operand(name=name, basis=Basis.UNKNOWN, says=says, locations=locations, how_to_get=EXPORT_WHOLE)
    value = None if value is ABSENT else value
    return Operand(name=name, basis=Basis.STATED, says=says, value=value, locations=locations)


def of_fact(known: Known, why_unknown: str) -> Operand:
    """A fact of the host; a set only if it is known in full."""
    basis = known.others.basis if isinstance(known, KnownSet) else known.basis
    if basis is Basis.UNKNOWN:
        says = f"{catalogue.noun(known.name)} is not known ({why_unknown})"
        return Operand(name=known.name, basis=basis, says=says, locations=known.locations)
    says = catalogue.say(known.name, known.value)
    return Operand(name=known.name, basis=basis, says=says, value=known.value, locations=known.locations)
