r"""Packages of component servicing, from Windows Vista on → the updates that are installed, and the update revision.

A key ``Component Based Servicing\Packages`` of SOFTWARE has a key for each package that Windows ever knew, named
``NAME~PUBLISHER~PROCESSOR~LANGUAGE~VERSION``, with its state in ``CurrentState``:

    Package_for_KB2483187~31bf3856ad364e35~amd64~~6.1.1.0           0x70: KB2483187 is installed
    Package_1_for_KB2483187~31bf3856ad364e35~amd64~~6.1.1.0         a part of it, with a state of its own
    Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.1234.1.8    the cumulative update 19041.1234; no article

(States: Microsoft, "Tip of the Day: CBS Servicing States Chart - Refresher", 2015-10-12.)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from evtscan.base.model.registry import Registry, RegistryKey
from evtscan.base.versions import version_key
from evtscan.facts.collectors import updates
from evtscan.facts.collectors.registry import CURRENT_VERSION
from evtscan.facts.history.statement import Listing, Statement

PACKAGES: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
PROVIDES: Final = ("hotfix", "os.ubr", updates.FACT)
MAX_PACKAGES = 100_000
"""How many packages are looked at; a host that was updated for ten years has some ten thousand."""

_UPDATE = re.compile(r"Package_(?:\d{1,9}_)?for_([^~]{1,200})~[^~]*~[^~]*~[^~]*~(\d[\d.]{0,40})\Z", re.ASCII | re.I)
_ARTICLE = re.compile(r"KB\d{5,8}(?![0-9])", re.ASCII | re.I)
_ROLLUP = "rollupfix"
_FIRST_WITH_UBR = 10240


class _State(Enum):
    """The meaning of a package's state for its update."""

    INSTALLED = "installed"
    NOT_INSTALLED = "not installed"
    UNSETTLED = "partly, or until the next start, or replaced by a newer update"


_STATES: Final = {
    0x00: _State.NOT_INSTALLED,
    0x10: _State.NOT_INSTALLED,  # resolving
    0x20: _State.NOT_INSTALLED,  # resolved
    0x30: _State.NOT_INSTALLED,  # staging
    0x40: _State.NOT_INSTALLED,  # staged
    0x70: _State.INSTALLED,
    0x80: _State.INSTALLED,  # permanent
}
"""The others settle nothing: superseded (0x50), uninstall or install pending (0x05, 0x60), partially installed (0x65),
and the states of a broken package. Whether what a superseded one brought was ever on the host, none of them says."""


@dataclass(slots=True)
class _Found:
    """The articles of the packages by state, and whether there is an update with an unknown article."""

    articles: dict[_State, dict[str, None]] = field(default_factory=lambda: {state: {} for state in _State})
    nameless: bool = False
    rollups: list[tuple[int, int]] = field(default_factory=list)

    def is_settled(self, title: str) -> bool:
        """Whether this package's update is already known to be installed; most updates have many packages."""
        return _article(title) in self.articles[_State.INSTALLED]


def collect(registry: Registry) -> Iterator[Statement]:
    """The updates whose packages are installed, and the revision of the newest cumulative update among them.

    The list is complete only if every installed package names its article: from Windows 10 on some do not. The revision
    counts if CurrentVersion states none, and only if the build there is one that the update is for.
    """
    packages = registry.key(PACKAGES)
    if packages is None:
        return
    found = _Found()
    for name in packages.subkeys[:MAX_PACKAGES]:
        package = _UPDATE.match(name)
        if package is not None and not found.is_settled(package[1]):
            _add(found, package[1], package[2], _state(registry.key(rf"{PACKAGES}\{name}")))
    yield from _hotfixes(registry, packages, found)
    yield from _revision(registry, packages, found)


def _state(package: RegistryKey | None) -> _State:
    value = package.values.get("currentstate") if package is not None else None
    state = value.data if value is not None else None
    return _STATES.get(state, _State.UNSETTLED) if isinstance(state, int) else _State.UNSETTLED


def _add(found: _Found, title: str, version: str, state: _State) -> None:
    article = _article(title)
    if title.casefold() == _ROLLUP and (revision := _build_and_revision(version)) is not None:
        if state is _State.INSTALLED:
            found.rollups.append(revision)
        update = updates.newest_update(*revision)
        article = update.article if update is not None and update.revision == revision[1] else ""
    if article:
        found.articles[state][article] = None
    elif state is not _State.NOT_INSTALLED:
        found.nameless = True


def _article(title: str) -> str:
    """``KB2533552_SP1`` → ``KB2533552``; empty if the title names none."""
    named = _ARTICLE.match(title)
    return named[0].upper() if named else ""


def _build_and_revision(version: str) -> tuple[int, int] | None:
    """``19041.1234.1.8`` → (19041, 1234); None for the rollups of Windows 8.1 and before, which has no revisions."""
    numbers = version_key(version) or ()
    return (numbers[0], numbers[1]) if len(numbers) > 1 and numbers[0] >= _FIRST_WITH_UBR else None


def _hotfixes(registry: Registry, packages: RegistryKey, found: _Found) -> Iterator[Statement]:
    """An update is installed if one of its packages is: many of its parts are for other editions or service packs."""
    installed = found.articles[_State.INSTALLED]
    unsettled = [name for name in found.articles[_State.UNSETTLED] if name not in installed]
    whole = packages.whole and not found.nameless and len(packages.subkeys) <= MAX_PACKAGES
    if whole or installed:
        yield Statement(
            name="hotfix",
            value=tuple(sorted(installed)),
            location=packages.location,
            taken=registry.taken,
            listing=Listing.WHOLE if whole else Listing.PART,
            unsettled=tuple(sorted(unsettled)) if whole else (),
        )


def _revision(registry: Registry, packages: RegistryKey, found: _Found) -> Iterator[Statement]:
    current = registry.key(CURRENT_VERSION)
    if current is None or "ubr" in current.values or not found.rollups:
        return
    value = current.values.get("currentbuildnumber")
    text = str(value.data).strip() if value is not None else ""
    build, revision = max(found.rollups)
    if not text.isdigit() or int(text[:9]) not in updates.possible_builds(build, revision):
        return
    dated, note = updates.date_of(int(text), revision)
    shown = f"the newest cumulative update that is installed is {build}.{revision}"
    for name, said, why in (("os.ubr", revision, shown), (updates.FACT, dated, note)):
        yield Statement(name=name, value=said, location=packages.location, taken=registry.taken, note=why)
