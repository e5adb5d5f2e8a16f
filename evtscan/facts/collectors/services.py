"""Events of the Service Control Manager → the start types of services and drivers, from the record on."""

import re
from collections.abc import Iterable, Iterator, Mapping

from evtscan.base.model.event import Event
from evtscan.base.model.query import Selector
from evtscan.facts.catalogue.displaynames import service_name
from evtscan.facts.history.sessions import is_from
from evtscan.facts.history.statement import Statement

CONTROL_MANAGER = "Service Control Manager"
INSTALLED, START_CHANGED = 7045, 7040
SELECTORS = frozenset(Selector("System", CONTROL_MANAGER, number) for number in (INSTALLED, START_CHANGED))
PROVIDES = ("service.NAME.start",)
_START_TYPES: Mapping[str, int] = {
    "boot start": 0,
    "system start": 1,
    "auto start": 2,
    "demand start": 3,
    "disabled": 4,
}
"""As English Windows words them; the words of other languages are not known."""
_SWITCHED_BY_WINDOWS = frozenset({"bits", "trustedinstaller"})
"""Windows itself switches their start type to and fro, many times a day: that tells nothing of the host."""
_LONGEST_NAME = 256
_IS_START = re.compile(r"service\..+\.start", re.IGNORECASE).fullmatch


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read 7045 (a service was installed) and 7040 (its start type was changed).

    Both also state the previous value: no service of that name, or the old start type.
    """
    for event in events:
        name = whose_start(event)
        if name is None:
            continue
        if event.event_id == INSTALLED:
            before, after = None, _start_type(event, "StartType", "Data4")
        else:
            before, after = _start_type(event, "param2", "Data2"), _start_type(event, "param3", "Data3")
            if before is None:
                continue
        if after is not None:
            for value, note in ((before, _BEFORE), (after, "")):
                fact = f"service.{name}.start"
                yield Statement(name=fact, value=value, location=event.location, event=event, note=note)


_BEFORE = "before a change that is on record"


def named_in(facts: Iterable[str]) -> frozenset[str]:
    """The services in lower case whose start type is among some facts."""
    parts = (fact.casefold().removeprefix("service.").removesuffix(".start") for fact in facts if _IS_START(fact))
    return frozenset(parts)


def tells(event: Event, services: frozenset[str] | None) -> bool:
    """Whether an event states the start type of one of these services (lower case), or of any service (None)."""
    name = whose_start(event)
    return name is not None and (services is None or name.casefold() in services)


def whose_start(event: Event) -> str | None:
    """The service whose start type an event states, or None."""
    if event.event_id not in (INSTALLED, START_CHANGED) or not is_from(event, CONTROL_MANAGER):
        return None
    name = service_of(event)
    return None if name is None or name.lower() in _SWITCHED_BY_WINDOWS else name


def service_of(event: Event) -> str | None:
    """The name of the service that an event of the Service Control Manager is about, or None if it is not known.

    Most events print the display name, which is looked up. From Vista on, 7040 has the name as its fourth string, and
    other events have it in their raw data. A text without blanks is taken for the name itself: drivers seldom have a
    display name.
    """
    if event.event_id == START_CHANGED and (name := _text(event, "param4", "Data4")):
        return name
    if event.event_id != INSTALLED and (name := _in_raw_data(event)):
        return name
    shown = _text(event, *_FIELDS_OF_NAME.get(event.event_id, ("param1", "Data1")))
    if not shown:
        return None
    return service_name(shown) or (shown if " " not in shown else None)


_FIELDS_OF_NAME: Mapping[int, tuple[str, str]] = {
    7009: ("param2", "Data2"),
    7011: ("param2", "Data2"),
    INSTALLED: ("ServiceName", "Data1"),
}
"""Where the name is not the first string: timeouts (7009, 7011) begin with the milliseconds."""


def _text(event: Event, *fields: str) -> str:
    value = next((event.data[field] for field in fields if field in event.data), "")
    return value.strip() if isinstance(value, str) and len(value) <= _LONGEST_NAME else ""


def _in_raw_data(event: Event) -> str:
    """A name in UTF-16, ended by a zero; in 7036 followed by ``/`` and a state (``DNS/4``)."""
    data = event.data.get("Binary")
    if not isinstance(data, str) or len(data) > 4 * _LONGEST_NAME:
        return ""
    try:
        text = bytes.fromhex(data).decode("utf-16-le")
    except ValueError:
        return ""
    name = text.partition("\0")[0].partition("/")[0]
    return name if name.isascii() and name.isprintable() else ""


def _start_type(event: Event, *fields: str) -> int | None:
    return _START_TYPES.get(_text(event, *fields).casefold())
