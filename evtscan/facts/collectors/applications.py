r"""Installed programs and their versions, from records of Windows Installer and from registry keys.

A program that can be removed has a key below ``Uninstall`` with ``DisplayName`` and, as a rule, ``DisplayVersion``
(Windows Installer, "Uninstall Registry Key"); a 32-bit program on 64-bit Windows has it below ``Wow6432Node``. An
update of a program names its program in ``ParentKeyName`` and is not a program itself. A program that Windows
Installer installed for one user has its key in the hive of that user, and also as ``InstallProperties`` below
``UserData`` in the hive of the host. A program that another setup installed for one user is in no hive of the host.

Windows Installer logs its actions with name, version, language, status and manufacturer of the program (1033, 1034 and
1035, from version 4 on), or as a sentence in the language of the package: ``Product: NAME -- Installation operation
completed successfully.`` (Windows Installer, "Event Logging"); newer versions log both, in either order. The binary
data of each record begins with the product code, which distinguishes versions of one name that are installed side by
side.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.query import Selector
from evtscan.base.model.registry import Registry, RegistryKey
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant
from evtscan.facts.history.sessions import is_from
from evtscan.facts.history.statement import Listing, Statement, Undecided

INSTALLER = "MsiInstaller"
FACT = "application"
PROVIDES = (FACT, "application.NAME.version")
ROOTS = tuple(rf"SOFTWARE\{branch}Microsoft\Windows\CurrentVersion\Uninstall" for branch in ("", "Wow6432Node" + "\\"))
USERS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData"
"""Below it for each user, and for all of them (S-1-5-18), the products of Windows Installer."""
MAX_PROGRAMS = 10_000
"""How many keys of programs are looked at; a host that was used for ten years has some hundred."""

_LONGEST_NAME = 256
_SUCCESS = frozenset({"0", "1641", "3010"})
"""Statuses of an installation that succeeded, the latter two with a restart that is begun or still needed."""
_WITH_STATUS: Mapping[int, Listing] = {1033: Listing.ADDED, 1034: Listing.REMOVED, 1035: Listing.PART}
_AS_SENTENCE: Mapping[int, Listing] = {11707: Listing.ADDED, 11724: Listing.REMOVED, 11728: Listing.PART}
"""Installed, removed, and configured anew, which shows that it is there."""
_SENTENCE = re.compile(r"\S[^:]{0,60}: (\S.{0,255}?) -- ")
_CODE = re.compile(r"7B[0-9A-F]{72}7D", re.IGNORECASE)
"""A GUID in braces, in ASCII."""
_VERSION_OF = re.compile(r"application\.(.+)\.version", re.IGNORECASE | re.DOTALL)
SELECTORS = frozenset(Selector("Application", INSTALLER, number) for number in (*_WITH_STATUS, *_AS_SENTENCE))


# ------------------------------------------------------------------------------------------------- events


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read which programs Windows Installer installed, removed or configured, and in which version.

    An event describes its own program only. An installed program is present from the record on. A removed program was
    present before the record, in that version, and is absent after it unless another version of the same name is
    present.
    """
    products: dict[str, dict[str, str]] = {}
    held: Statement | None = None
    for event in events:
        told = _told_by(event)
        if told is None:
            continue
        fact = version_fact(told.name)
        if held is not None and not (told.version and fact.casefold() == held.name.casefold()):
            yield held
        held = None
        for statement in _take(event, told, products.setdefault(told.name.casefold(), {})):
            if isinstance(statement.value, Undecided) and not told.version:
                held = statement  # the next event may say in which version
            else:
                yield statement
    if held is not None:
        yield held


def _take(event: Event, told: "_Told", known: dict[str, str]) -> Iterator[Statement]:
    """Apply one event to the versions of products with one name, and return the resulting statement.

    The versions are kept by product code.
    """
    fact, listing = version_fact(told.name), told.listing
    if listing is Listing.REMOVED:
        _forget(known, told.code)
        if known:
            listing = Listing.PART
    else:
        version = told.version or known.get(told.code, "")
        if not told.code:
            known.clear()
        known[told.code] = version
    note = _NOTES.get(listing, "")
    yield Statement(name=FACT, value=(told.name,), location=event.location, event=event, listing=listing, note=note)
    if told.listing is Listing.REMOVED:
        yield from _version(event, fact, [told.version], note=_BEFORE)
    if listing is Listing.REMOVED:
        yield Statement(name=fact, value=None, location=event.location, event=event)
    elif told.version or told.listing is Listing.REMOVED:
        yield from _version(event, fact, known.values(), since=told.listing is not Listing.PART)
    elif listing is Listing.ADDED and not known[told.code]:
        yield _undecided(event, fact, "it was installed, and the record does not say in which version")


def _forget(known: dict[str, str], code: str) -> None:
    """Remove a product from the products of one name; without a code, or for products without one, remove all."""
    if code:
        known.pop(code, None)
        known.pop("", None)
    else:
        known.clear()


def _version(
    event: Event, fact: str, versions: Iterable[str], *, since: bool = False, note: str = ""
) -> Iterator[Statement]:
    """The version of a program, from the products of its name; empty if they have none."""
    different = sorted({version for version in versions if version})
    if len(different) > 1:
        yield _undecided(event, fact, _SEVERAL.format(" and ".join(different)))
    elif different:
        yield Statement(name=fact, value=different[0], location=event.location, event=event, since=since, note=note)


def _undecided(event: Event, fact: str, why: str) -> Statement:
    return Statement(name=fact, value=Undecided(why), location=event.location, event=event, since=True)


_NOTES = {Listing.ADDED: "installed", Listing.REMOVED: "removed"}
_BEFORE = "before its removal, which is on record"
_SEVERAL = "it is installed in several versions: {}"


def version_fact(name: str) -> str:
    """The name of the fact that has the version of a program."""
    return f"application.{name}.version"


def is_version(fact: str) -> bool:
    """Whether a fact is the version of a program."""
    return _VERSION_OF.fullmatch(fact) is not None


@dataclass(frozen=True, slots=True)
class _Told:
    """The statement of one event about a program; a missing version or product ``code`` is empty."""

    name: str
    version: str
    code: str
    listing: Listing


def _told_by(event: Event) -> _Told | None:
    """The program that an event is about, and what became of it."""
    code = _code_of(event)
    listing = _WITH_STATUS.get(event.event_id)
    if listing is not None and is_from(event, INSTALLER):
        name, succeeded = _text(event, "Data1"), _text(event, "Data4") in _SUCCESS
        return _Told(name, _text(event, "Data2"), code, listing) if name and succeeded else None
    listing = _AS_SENTENCE.get(event.event_id)
    if listing is not None and is_from(event, INSTALLER):
        found = _SENTENCE.match(_text(event, "Data1"))
        return _Told(found[1].strip(), "", code, listing) if found else None
    return None


def _code_of(event: Event) -> str:
    """The product code, with which the binary data begins, as its hexadecimal digits."""
    data = event.data.get("Binary")
    found = _CODE.match(data) if isinstance(data, str) else None
    return found[0].upper() if found else ""


def _text(event: Event, field: str) -> str:
    value = event.data.get(field)
    return value.strip() if isinstance(value, str) and len(value) <= 4 * _LONGEST_NAME else ""


# ----------------------------------------------------------------------------------------------- registry


@dataclass(frozen=True, slots=True)
class _Program:
    """A program in a list of a registry; an unknown ``version`` is empty."""

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
            undecided = Undecided(_SEVERAL.format(" and ".join(sorted(versions))))
            value = next(iter(versions)) if len(versions) == 1 else undecided
            yield Statement(name=fact, value=value, location=next(iter(versions.values())), taken=self.taken)
        elif self.whole and not found:
            yield Statement(name=fact, value=None, location=self.location, taken=self.taken)


def look_up_in(registry: Registry) -> Callable[[str], Iterator[Statement]]:
    """A function that answers for the version of one program; it lists the programs of the registry once."""
    listed: list[Programs] = []

    def look_up(name: str) -> Iterator[Statement]:
        if is_version(name):
            if not listed:
                listed.append(read_programs(registry))
            yield from listed[0].version_of(name)

    return look_up


def read_programs(registry: Registry) -> Programs:
    """Return the programs in a registry.

    The result is complete only if the registry contains each list in full, or shows that a list does not exist.
    """
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
    whole &= _add_those_of_users(registry, items)
    return Programs(tuple(items), whole, Location(source=registry.source, key=ROOTS[0]), registry.taken)


def _add_those_of_users(registry: Registry, items: list[_Program]) -> bool:
    """Add programs that Windows Installer installed and the lists lack; return whether the result is complete.

    If a list contains the program, the list has priority: setups correct the name and the version there.
    """
    users = registry.key(USERS)
    if users is None:
        return registry.covers(USERS)
    whole = users.whole
    listed = {item.name.casefold() for item in items}
    for user in users.subkeys:
        path = rf"{USERS}\{user}\Products"
        products = registry.key(path)
        whole &= registry.covers(path) if products is None else products.whole
        for product in products.subkeys if products is not None else ():
            entry = registry.key(rf"{path}\{product}\InstallProperties")
            if len(items) >= MAX_PROGRAMS:
                return False
            if entry is None:
                whole &= registry.covers(rf"{path}\{product}\InstallProperties")
            elif (shown := _value(entry, "displayname")) and shown.casefold() not in listed:
                items.append(_Program(shown, _value(entry, "displayversion"), entry.location))
    return whole


def collect_registry(registry: Registry) -> Iterator[Statement]:
    """The names of the programs in a registry; their versions are numerous, and are read on request."""
    programs = read_programs(registry)
    if programs.items or programs.whole:
        names = tuple(sorted({item.name for item in programs.items}))
        listing = Listing.WHOLE if programs.whole else Listing.PART
        yield Statement(name=FACT, value=names, location=programs.location, taken=registry.taken, listing=listing)


def _value(key: RegistryKey, name: str) -> str:
    value = key.values.get(name)
    data = value.data if value is not None else None
    return data.strip(" \0")[:_LONGEST_NAME] if isinstance(data, str) else ""
