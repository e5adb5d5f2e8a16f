"""Options of a scan: filters on the events that may match, and how evidence is read."""

from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.query import PLAIN, ReadOptions
from evtscan.base.wintypes import Instant
from evtscan.messages import MessagesFrom


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """Options of a scan. Its filters decide which events may match; facts and coverage use all events.

    since, until: bounds on the time of an event, inclusive and exclusive. A local time of an unknown zone passes if it
        passes in one zone: dropping an event that may belong to the range would lose it silently.
    newest: largest distance of an event from the end of its log, in ticks of 100 ns.
    include_ids, exclude_ids: event ids; None includes every id.
    providers, channels: names in lower case; empty means all. An event of unknown channel passes.
    verdicts: report only findings with these verdicts; empty means the default set.
    show_all: also report rules that do not apply, were not seen, or could not be assessed.
    every_fact: collect facts that no rule asks for as well, such as each update and each start type of a service.
    strict_facts: treat values carried from another boot session as unknown.
    """

    since: Instant | None = None
    until: Instant | None = None
    include_ids: frozenset[int] | None = None
    exclude_ids: frozenset[int] = frozenset()
    newest: int | None = None
    providers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    verdicts: frozenset[str] = frozenset()
    show_all: bool = False
    read: ReadOptions = PLAIN
    every_fact: bool = False
    messages: MessagesFrom | None = None
    strict_facts: bool = False

    @property
    def filters_events(self) -> bool:
        """Whether some events cannot match."""
        bounds = (self.since, self.until, self.newest, self.include_ids)
        return any(bound is not None for bound in bounds) or bool(self.exclude_ids or self.providers or self.channels)

    @property
    def narrows(self) -> bool:
        """Whether the report leaves out events or verdicts that the evidence may contain."""
        return self.filters_events or bool(self.verdicts)

    def includes(self, event: Event, log_end: Instant | None = None) -> bool:
        """Whether an event may match; ``log_end`` is the time of the last record of its log."""
        if event.event_id in self.exclude_ids:
            return False
        if self.include_ids is not None and event.event_id not in self.include_ids:
            return False
        if self.providers and not self.providers & _provider_names(event):
            return False
        if self.channels and event.channel and event.channel.casefold() not in self.channels:
            return False
        if event.time is None:
            return self.since is None and self.until is None and self.newest is None
        if self.newest is not None and log_end is not None and event.time.latest < log_end.earliest - self.newest:
            return False
        return event.time.may_lie_in(self.since, self.until)


def _provider_names(event: Event) -> set[str]:
    return {name.casefold() for name in (event.provider, event.event_source_name) if name}
