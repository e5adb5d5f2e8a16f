"""Evidence → facts of a host with their position in time: one collector per file.

To add a kind of evidence, write a module with a collector and add its row to ``COLLECTORS``. The query of a scan and
the documentation read this table.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import ExtractionWarning
from evtscan.evidence import timechanges
from evtscan.facts.catalogue.names import CATALOGUE, find
from evtscan.facts.collectors import (
    applications,
    boot,
    hotfixes,
    inventory,
    kernel,
    names,
    presence,
    registry,
    registryvalues,
    roles,
    services,
    servicing,
    stated,
)
from evtscan.facts.history.sessions import SELECTORS as SESSION_SELECTORS
from evtscan.facts.history.statement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A row of ``COLLECTORS``: the facts that it provides, the events that it reads, and the functions that read them.

    ``look_up_in`` returns, for a registry, a function that answers for one fact by name, of an open class such as
    registry values; it is called only for requested facts. ``on_request``: its events are numerous, and are read only
    if one of its facts is requested.
    """

    title: str
    provides: tuple[str, ...]
    selectors: frozenset[Selector] = frozenset()
    from_events: Callable[[Iterable[Event]], Iterator[Statement]] | None = None
    from_registry: Callable[[Registry], Iterator[Statement]] | None = None
    from_inventory: Callable[[Inventory], Iterator[Statement]] | None = None
    from_facts_file: Callable[[FactsFile], tuple[list[Statement], list[ExtractionWarning]]] | None = None
    look_up_in: Callable[[Registry], Callable[[str], Iterator[Statement]]] | None = None
    on_request: bool = False


COLLECTORS: tuple[Collector, ...] = (
    Collector(
        title="Boot event 6009 of EventLog",
        provides=boot.PROVIDES,
        selectors=boot.SELECTORS,
        from_events=boot.collect,
    ),
    Collector(
        title="Kernel-General 12 and the data of EventLog 6013, from Windows Vista on",
        provides=kernel.PROVIDES,
        selectors=kernel.SELECTORS,
        from_events=kernel.collect,
    ),
    Collector(
        title="Computer name in the boot events of EventLog",
        provides=names.PROVIDES,
        selectors=names.SELECTORS,
        from_events=names.collect,
    ),
    Collector(
        title="Registry: Windows NT CurrentVersion, ProductOptions, ComputerName",
        provides=registry.PROVIDES,
        from_registry=registry.collect,
    ),
    Collector(
        title="Registry: packages of component servicing, from Windows Vista on",
        provides=servicing.PROVIDES,
        from_registry=servicing.collect,
    ),
    Collector(
        title="System reports, lists and copied files",
        provides=inventory.PROVIDES,
        from_inventory=inventory.collect,
    ),
    Collector(
        title="Updates installed and removed: Update.exe, Windows Update, component servicing, Windows Installer",
        provides=hotfixes.PROVIDES,
        selectors=hotfixes.SELECTORS,
        from_events=hotfixes.collect,
        on_request=True,
    ),
    Collector(
        title="Programs: Windows Installer 1033, 1034, 1035, 11707, 11724 and 11728; registry: Uninstall",
        provides=applications.PROVIDES,
        selectors=applications.SELECTORS,
        from_events=applications.collect,
        from_registry=applications.collect_registry,
        look_up_in=applications.look_up_in,
        on_request=True,
    ),
    Collector(
        title="Components: their events, services, drivers and features",
        provides=presence.PROVIDES,
        selectors=presence.SELECTORS,
        from_events=presence.collect_events,
        from_registry=presence.collect_registry,
        from_inventory=presence.collect_inventory,
    ),
    Collector(
        title="Service Control Manager 7040 and 7045: start types",
        provides=services.PROVIDES,
        selectors=services.SELECTORS,
        from_events=services.collect,
        on_request=True,
    ),
    Collector(
        title="Events that only a domain controller logs",
        provides=roles.PROVIDES,
        selectors=roles.SELECTORS,
        from_events=roles.collect,
    ),
    Collector(
        title="Registry: single values, and the start types of services and drivers",
        provides=registryvalues.PROVIDES,
        look_up_in=registryvalues.look_up_in,
    ),
    Collector(
        title="facts.yaml, and the table of a fleet",
        provides=tuple(kind.pattern for kind in CATALOGUE),
        from_facts_file=stated.collect,
    ),
)

CLEARED_SELECTORS = frozenset({Selector("System", "Microsoft-Windows-Eventlog", 104)})
"""The event that says of other logs that they were cleared; what a log says of itself (517, 1102) its reader sees."""


def query(asked: Iterable[str] | None = None) -> Query:
    """The records of a log that facts, boot sessions and coverage use.

    ``asked`` are the names of the requested facts; None requests all facts.
    """
    selectors = SESSION_SELECTORS | CLEARED_SELECTORS
    names = None if asked is None else tuple(asked)
    for collector in COLLECTORS:
        if not collector.on_request or _is_asked(collector, names):
            selectors |= collector.selectors
    return Query(selectors)


class Wanted:
    """The events that facts, boot sessions and coverage use, tested after their data is decoded.

    ``asked`` are the names of the requested facts; None requests all.
    """

    def __init__(self, asked: Iterable[str] | None = None) -> None:
        names = None if asked is None else tuple(asked)
        self.query = query(names)
        self._services = None if names is None else services.named_in(names)
        self._kinds: dict[tuple[str | None, str, str | None, int], bool] = {}

    def tells(self, event: Event) -> bool:
        """Whether facts, boot sessions or coverage can use an event.

        Services log many events, but few are about a component; the clock is corrected often, but seldom by much.
        """
        if not self._accepts(event):
            return False
        if timechanges.tells_of_setting(event):
            return timechanges.step_of(event) is not None
        return not presence.is_idle(event) or services.tells(event, self._services)

    def _accepts(self, event: Event) -> bool:
        """Whether an event of this kind is requested at all; the answers are cached by kind."""
        kind = (event.channel, event.provider, event.event_source_name, event.event_id)
        found = self._kinds.get(kind)
        if found is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            found = self._kinds[kind] = self.query.accepts(*kind)
        return found


_MOST_KINDS = 4096


def _is_asked(collector: Collector, asked: Sequence[str] | None) -> bool:
    if asked is None:
        return True
    return any(kind is not None and kind.pattern in collector.provides for kind in map(find, asked))
