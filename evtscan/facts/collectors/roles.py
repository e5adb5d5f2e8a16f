"""Events that only a domain controller logs → the role of the host."""

from collections.abc import Iterable, Iterator

from evtscan.base.model.event import Event
from evtscan.base.model.query import Selector
from evtscan.facts.history.sessions import is_from
from evtscan.facts.history.statement import Statement

DOMAIN_CONTROLLER = "domain controller"
PROVIDES = ("host.role",)

_ONLY_ON_DOMAIN_CONTROLLERS: tuple[Selector, ...] = (
    # the directory service completed its start; AD LDS has logs of its own
    Selector("Directory Service", "NTDS General", 1000),
    Selector("Directory Service", "Microsoft-Windows-ActiveDirectory_DomainService", 1000),
    # the system volume is shared, by file replication (13516) and by DFS replication (4602 first, 4604 later ones)
    Selector("File Replication Service", "NtFrs", 13516),
    Selector("DFS Replication", "DFSR", 4602),
    Selector("DFS Replication", "DFSR", 4604),
    # the key distribution centre looks for its certificate
    Selector("System", "KDC", 29),
    # a computer failed to set up a session with this domain controller
    Selector("System", "NETLOGON", 5722),
    Selector("System", "NETLOGON", 5723),
    Selector("System", "NETLOGON", 5805),
)
SELECTORS = frozenset(_ONLY_ON_DOMAIN_CONTROLLERS)


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read events that only a domain controller logs; the absence of such events proves nothing."""
    for event in events:
        if any(_fits(event, selector) for selector in _ONLY_ON_DOMAIN_CONTROLLERS):
            yield Statement(name="host.role", value=DOMAIN_CONTROLLER, location=event.location, event=event)


def _fits(event: Event, selector: Selector) -> bool:
    """Whether an event matches a selector; here an unknown channel matches no selector."""
    return (
        event.event_id == selector.event_id
        and is_from(event, selector.provider or "")
        and (event.channel or "").casefold() == (selector.channel or "").casefold()
    )
