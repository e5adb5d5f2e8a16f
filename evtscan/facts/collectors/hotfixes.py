"""Events that an update was installed or removed → the hotfixes of a host, each from its own record on."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.query import Selector
from evtscan.base.versions import service_pack
from evtscan.facts.history.sessions import is_from
from evtscan.facts.history.statement import Listing, Statement

PROVIDES = ("hotfix", "os.service_pack")
SPMSG = 0x400E
"""Qualifiers of what spmsg.dll words, the messages of Update.exe. The source is NtServicePack, or is named after the
product that the update is for (WindowsMedia, Windows Installer 3.1), so that it cannot be listed."""
NT_SERVICE_PACK = "NtServicePack"
UPDATE_AGENTS = ("Windows Update Agent", "Microsoft-Windows-WindowsUpdateClient")
SERVICING = "Microsoft-Windows-Servicing"
INSTALLER = "MsiInstaller"
_LONGEST_NAME = 64
_ARTICLE = re.compile(r"(?<![A-Za-z0-9])(?:KB|Q)\d{5,8}(?![0-9])", re.IGNORECASE | re.ASCII)
_INSTALLED_STATES = frozenset({"5112", "installed"})
_ABSENT_STATES = frozenset({"5000", "absent"})
_SUCCESS = frozenset({"", "0", "0x0", "0x00000000"})

Reading = tuple[tuple[str, ...], Listing]
"""Names of updates, and whether they came or went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A kind of event about updates: its selectors, a predicate, and the function that reads the names."""

    selectors: frozenset[Selector]
    fits: Callable[[Event], bool]
    read: Callable[[Event], Reading]


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read the updates that Update.exe, Windows Update, component servicing and Windows Installer logged.

    An event describes its own update and implies nothing about others. Update.exe also logs the previous service pack;
    the new one takes effect after a restart, whose 6009 states it.
    """
    for event in events:
        for kind in _KINDS:
            if kind.fits(event):
                names, listing = kind.read(event)
                if names:
                    yield Statement(
                        name="hotfix",
                        value=names,
                        location=event.location,
                        event=event,
                        listing=listing,
                        note="installed" if listing is Listing.ADDED else "removed",
                    )
                break
        field = _PREVIOUS_PACK.get(event.event_id)
        if field is not None and is_from(event, NT_SERVICE_PACK):
            pack = service_pack(text) if (text := _text(event, field)) else None
            if pack is not None:
                yield Statement(name="os.service_pack", value=pack, location=event.location, event=event)


def names_in(text: str) -> tuple[str, ...]:
    """The articles that a text names, as it spells them, each once.

    >>> names_in("Security Update for Windows XP (KB943055)")
    ('KB943055',)
    """
    return tuple(dict.fromkeys(match[0].upper() for match in _ARTICLE.finditer(text)))


def _text(event: Event, *fields: str) -> str:
    """The first of some fields that the event has, as text."""
    value = next((event.data[field] for field in fields if field in event.data), "")
    return value if isinstance(value, str) else ""


# --------------------------------------------------------------------------------------------- Update.exe

_PREVIOUS_PACK: Mapping[int, str] = {4353: "Data2", 4371: "Data3"}
_NAMED_BY_SPMSG: Mapping[int, tuple[str, Listing]] = {
    4359: ("Data1", Listing.ADDED),
    4360: ("Data1", Listing.REMOVED),
    4377: ("Data2", Listing.ADDED),
    4378: ("Data2", Listing.REMOVED),
}
"""Ids of spmsg.dll with the string that names the hotfix: 4359 and 4360 print a fixed product (Windows 2000), 4377 and
4378 have it as their first string. A service pack installs with 4353 or 4371, "(%2 was previously installed)"."""


def _is_spmsg(event: Event) -> bool:
    """Whether the event has a message of spmsg.dll: Vista's servicing has other messages under the same ids.

    For example, 0x40001113 is 4371.
    """
    return event.qualifiers == SPMSG or (event.qualifiers is None and is_from(event, NT_SERVICE_PACK))


def _read_spmsg(event: Event) -> Reading:
    """Return the name as Update.exe prints it, and its article: that of KB951376-v2 is KB951376.

    KB978695_WM9 belongs to KB978695 in the same way.
    """
    field, listing = _NAMED_BY_SPMSG[event.event_id]
    name = _text(event, field).strip()
    names = (name, *names_in(name)) if 0 < len(name) <= _LONGEST_NAME else ()
    return tuple(dict.fromkeys(names)), listing


# ---------------------------------------------------------------------------------- Windows Update, servicing

_UPDATED = 19


def _read_update(event: Event) -> Reading:
    """The article in the title of event 19; an update without one (a driver, an app) is no hotfix."""
    return names_in(_text(event, "updateTitle", "Data1")), Listing.ADDED


_PACKAGE_CHANGED = (2, 4373)
"""A package reached its state: in the Setup log, and in the System log of Vista and 2008."""


def _read_package(event: Event) -> Reading:
    """Data of CbsPackageChangeState: the package, the state that it was to reach (5112 Installed, 5000 Absent)."""
    changed = event.data.get("CbsPackageChangeState")
    if not isinstance(changed, Mapping):
        return (), Listing.ADDED
    fields = {name: value for name, value in changed.items() if isinstance(value, str)}
    state = (fields.get("IntendedPackageState") or fields.get("PackageState") or "").strip().casefold()
    succeeded = fields.get("ErrorCode", "").strip().casefold() in _SUCCESS
    names = names_in(fields.get("PackageIdentifier", "").replace("_", " "))
    if succeeded and state in _INSTALLED_STATES:
        return names, Listing.ADDED
    return (names if succeeded and state in _ABSENT_STATES else ()), Listing.REMOVED


# ------------------------------------------------------------------------------------------ Windows Installer

_NAMED_BY_INSTALLER: Mapping[int, tuple[str, str, Listing]] = {
    1019: ("Data2", "", Listing.REMOVED),
    1022: ("Data2", "", Listing.ADDED),
    1036: ("Data4", "Data5", Listing.ADDED),
    1037: ("Data4", "Data5", Listing.REMOVED),
}
"""Ids of msimsg.dll with the strings that name the update and, where there is one, give the status."""


def _read_installer(event: Event) -> Reading:
    field, status, listing = _NAMED_BY_INSTALLER[event.event_id]
    succeeded = not status or _text(event, status).strip() == "0"
    return (names_in(_text(event, field)) if succeeded else ()), listing


_KINDS = (
    _Kind(
        selectors=frozenset(
            {
                *(Selector("System", None, number) for number in _NAMED_BY_SPMSG),
                *(Selector("System", NT_SERVICE_PACK, number) for number in _PREVIOUS_PACK),
            }
        ),
        fits=lambda event: event.event_id in _NAMED_BY_SPMSG and _is_spmsg(event),
        read=_read_spmsg,
    ),
    _Kind(
        selectors=frozenset(Selector("System", source, _UPDATED) for source in UPDATE_AGENTS),
        fits=lambda event: event.event_id == _UPDATED and any(is_from(event, source) for source in UPDATE_AGENTS),
        read=_read_update,
    ),
    _Kind(
        selectors=frozenset({Selector("Setup", SERVICING, 2), Selector("System", SERVICING, 4373)}),
        fits=lambda event: event.event_id in _PACKAGE_CHANGED and is_from(event, SERVICING),
        read=_read_package,
    ),
    _Kind(
        selectors=frozenset(Selector("Application", INSTALLER, number) for number in _NAMED_BY_INSTALLER),
        fits=lambda event: event.event_id in _NAMED_BY_INSTALLER and is_from(event, INSTALLER),
        read=_read_installer,
    ),
)
SELECTORS = frozenset(selector for kind in _KINDS for selector in kind.selectors)
