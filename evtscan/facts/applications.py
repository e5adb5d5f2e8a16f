r"""Programs that are installed, and their versions: what Windows Installer logs, and what set-ups register.

A program that can be removed has a key below ``Uninstall`` with ``DisplayName`` and, as a rule, ``DisplayVersion``
(Windows Installer, "Uninstall Registry Key"); one of 32 bits on a Windows of 64 has it below ``Wow6432Node``. An update
of a program names what it belongs to in ``ParentKeyName`` and is none itself. Programs that one user installed for
himself alone are in no hive of the host.

Windows Installer logs what it did with the program's name, version, language, status and manufacturer (1033, 1034 and
1035, from version 4 on), or with a sentence in the language of the package: ``Product: NAME -- Installation operation
completed successfully.`` (Windows Installer, "Event Logging").
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from evtscan.facts.sessions import is_from
from evtscan.facts.statement import Listing, Statement, Undecided
from evtscan.model import Event, Location, Registry, RegistryKey, Selector
from evtscan.wintypes import Instant

INSTALLER = "MsiInstaller"
FACT = "application"
PROVIDES = (FACT, "application.NAME.version")
ROOTS = tuple(rf"SOFTWARE\{branch}Microsoft\Windows\CurrentVersion\Uninstall" for branch in ("", "Wow6432Node" + "\\"))
MAX_PROGRAMS = 10_000
"""How many keys of programs are looked at; a host that was used for ten years has some hundred."""

_LONGEST_NAME = 256
_SUCCESS = frozenset({"0", "1641", "3010"})
"""Statuses of an installation that succeeded, the latter two with a restart that is begun or still needed."""
_WITH_STATUS: Mapping[int, Listing] = {1033: Listing.ADDED, 1034: Listing.REMOVED, 1035: Listing.PART}
_AS_SENTENCE: Mapping[int, Listing] = {11707: Listing.ADDED, 11724: Listing.REMOVED, 11728: Listing.PART}
"""Installed, removed, and configured anew, which shows that it is there."""
_SENTENCE = re.compile(r"\S[^:]{0,60}: (\S.{0,255}?) -- ")
_VERSION_OF = re.compile(r"application\.(.+)\.version", re.IGNORECASE | re.DOTALL)
SELECTORS = frozenset(Selector("Application", INSTALLER, number) for number in (*_WITH_STATUS, *_AS_SENTENCE))


# ------------------------------------------------------------------------------------------------- events


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read which programs Windows Installer installed, removed or configured, and in which version.

    An event speaks of its own program alone. What it installs holds from its record on; what it removes was there
    before it, in that version.
    """
    for event in events:
        told = _told_by(event)
        if told is None:
            continue
        name, version, listing = told
        note = _NOTES.get(listing, "")
        yield Statement(name=FACT, value=(name,), location=event.location, event=event, listing=listing, note=note)
        fact = version_fact(name)
        if listing is Listing.ADDED and version:
            yield Statement(name=fact, value=version, location=event.location, event=event, since=True)
        elif version:
            note = _BEFORE if listing is Listing.REMOVED else ""
            yield Statement(name=fact, value=version, location=event.location, event=event, note=note)
        if listing is Listing.REMOVED:
            yield Statement(name=fact, value=None, location=event.location, event=event)


_NOTES = {Listing.ADDED: "installed", Listing.REMOVED: "removed"}
_BEFORE = "before its removal, which is on record"


def version_fact(name: str) -> str:
    """The name of the fact that has the version of a program."""
    return f"application.{name}.version"


def is_version(fact: str) -> bool:
    """Whether a fact is the version of a program."""
    return _VERSION_OF.fullmatch(fact) is not None


def _told_by(event: Event) -> tuple[str, str, Listing] | None:
    """The program that an event is about, its version if it says it, and what became of it."""
    listing = _WITH_STATUS.get(event.event_id)
    if listing is not None and is_from(event, INSTALLER):
        name, succeeded = _text(event, "Data1"), _text(event, "Data4") in _SUCCESS
        return (name, _text(event, "Data2"), listing) if name and succeeded else None
    listing = _AS_SENTENCE.get(event.event_id)
    if listing is not None and is_from(event, INSTALLER):
        found = _SENTENCE.match(_text(event, "Data1"))
        return (found[1].strip(), "", listing) if found else None
    return None


def _text(event: Event, field: str) -> str:
    value = event.data.get(field)
    return value.strip() if isinstance(value, str) and len(value) <= 4 * _LONGEST_NAME else ""


# ----------------------------------------------------------------------------------------------- registry


@dataclass(frozen=True, slots=True)
class _Program:
    """A program as a registry lists it; ``version`` is empty where it has none."""

    name: str
    version: str
    location: Location


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs that a registry lists; ``whole``: there are no others. ``location`` is where the list is."""

    items: tuple[_Program, ...]
    whole: bool
    location: Location
    taken: Instant | None

    def version_of(self, fact: str) -> Iterator[Statement]:
        """The version that a fact's name asks for, if this list has the answer."""
        asked = _VERSION_OF.fullmatch(fact)
        if asked is None:
            return
        found = [item for item in self.items if item.name.casefold() == asked[1].casefold()]
        versions = {item.version: item.location for item in found if item.version}
        if versions:
            shown = " and ".join(sorted(versions))
            undecided = Undecided(f"it is installed in several versions: {shown}")
            value = next(iter(versions)) if len(versions) == 1 else undecided
            yield Statement(name=fact, value=value, location=next(iter(versions.values())), taken=self.taken)
        elif self.whole and not found:
            yield Statement(name=fact, value=None, location=self.location, taken=self.taken)


def read_programs(registry: Registry) -> Programs:
    """The programs that a registry lists: all only where it holds both keys in full, or shows that there is none."""
    items: list[_Program] = []
    whole = True
    for root in ROOTS:
        key = registry.key(root)
        whole &= registry.covers(root) if key is None else key.whole and len(key.subkeys) <= MAX_PROGRAMS
        for name in key.subkeys[:MAX_PROGRAMS] if key is not None else ():
            entry = registry.key(rf"{root}\{name}")
            if entry is None:
                whole = False
            elif (shown := _value(entry, "displayname")) and not _value(entry, "parentkeyname"):
                items.append(_Program(shown, _value(entry, "displayversion"), entry.location))
    return Programs(tuple(items), whole, Location(source=registry.source, key=ROOTS[0]), registry.taken)


def collect_registry(registry: Registry) -> Iterator[Statement]:
    """The names of the programs that a registry lists; their versions are many, and told on request."""
    programs = read_programs(registry)
    if programs.items or programs.whole:
        names = tuple(sorted({item.name for item in programs.items}))
        listing = Listing.WHOLE if programs.whole else Listing.PART
        yield Statement(name=FACT, value=names, location=programs.location, taken=registry.taken, listing=listing)


def _value(key: RegistryKey, name: str) -> str:
    value = key.values.get(name)
    data = value.data if value is not None else None
    return data.strip(" \0")[:_LONGEST_NAME] if isinstance(data, str) else ""
