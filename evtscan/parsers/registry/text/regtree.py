r"""Keys of a text in sequence → a registry with canonical names, and whether each key is complete.

Common rules of all text formats: a hive may have been loaded under any name
(``HKEY_LOCAL_MACHINE\OFFLINE\ControlSet001\…``), so keys below a control set belong to SYSTEM, and keys below
``Microsoft`` belong to SOFTWARE (a user's ``Software`` key belongs to neither). A program writes a key before the keys
below it, so in a truncated text only the last keys are uncertain.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from evtscan.base.model.registry import RegistryKey, RegistryValue
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant

MAX_KEYS = 1_000_000
MAX_DEPTH = 512
"""Registry keys nest no deeper than 512 levels (Windows' own limit)."""
MAX_WARNINGS = 100

_CONTROL_SET = re.compile(r"(?:Current)?ControlSet(?:\d{3})?", re.IGNORECASE)
_ROOTS = {"hklm": "hkey_local_machine", "hku": "hkey_users"}
_MACHINE = "hkey_local_machine"
_CURRENT = "CurrentControlSet"


@dataclass(slots=True)
class KeySection:
    """One key of a text.

    ``deletes``: importing the text would remove the key. ``shallow``: the section lists all direct subkeys, and nothing
    below them. ``damaged``: some of it is unreadable, or may have been omitted. ``written`` is the last write time of
    the key.
    """

    path: tuple[str, ...]
    line: int
    deletes: bool = False
    shallow: bool = False
    damaged: bool = False
    written: Instant | None = None


S = TypeVar("S", bound=KeySection)


@dataclass(slots=True)
class _Key(Generic[S]):
    """A key in the tree of canonical names; without ``sections`` it is known only from the keys below it."""

    name: str
    shown_in_line: int
    sections: list[S] = field(default_factory=list)
    below: dict[str, "_Key[S]"] = field(default_factory=dict)


class TextRegistry(Generic[S]):
    """The registry keys of one text file (see ``model.Registry``).

    The parser of a format adds the sections (``_plant``) and implements reading the values of one (``_read_values``).
    ``_cut``: the file is truncated. ``_partial``: keys that are missing from the file may exist.
    """

    format = ""

    def __init__(self, source: str) -> None:
        self.source = source
        self.taken: Instant | None = None
        self.warnings: list[ExtractionWarning] = []
        self._cut = False
        self._partial = False
        self._bad_lines = 0
        self._tree: _Key[S] = _Key("", 1)
        self._unfinished: list[_Key[S]] = []

    def _read_values(self, section: S, values: dict[str, RegistryValue]) -> None:
        """Read the values of a section into ``values``; later values replace earlier ones."""
        raise NotImplementedError

    def key(self, path: str) -> RegistryKey | None:
        """Return the key with this canonical path; None if the file does not contain it."""
        found = self._walk(path)[-1]
        if found is None:
            return None
        values: dict[str, RegistryValue] = {}
        for section in found.sections:
            self._read_values(section, values)
        shown = "\\".join(found.sections[0].path) if found.sections else path
        line = found.sections[0].line if found.sections else found.shown_in_line
        return RegistryKey(
            path=path,
            values=values,
            subkeys=tuple(key.name for key in found.below.values()),
            whole=self.covers(path),
            location=Location(source=self.source, key=shown, line=line),
            last_written=found.sections[0].written if found.sections else None,
        )

    def covers(self, path: str) -> bool:
        """Return whether the file contains this key completely if it exists; each format documents its rules."""
        way = self._walk(path)
        shown = [key for key in way if key is not None]
        held = any(not section.shallow for key in shown for section in key.sections)
        held = held or any(not section.damaged for section in shown[-1].sections)
        if self._partial or not held:
            return False
        if len(shown) < 2 or (len(shown) == 2 and _parts(path)[1:2] == [_CURRENT.lower()]):
            return False
        if any(key is shown[-1] for key in self._unfinished):
            return False
        return way[-1] is None or not any(section.damaged for section in way[-1].sections)

    def _walk(self, path: str) -> list[_Key[S] | None]:
        """Return the keys from the top of the tree to ``path``; None ends the list if a key is missing."""
        way: list[_Key[S] | None] = [self._tree]
        key: _Key[S] | None = self._tree
        for part in _parts(path):
            key = key.below.get(part) if key else None
            way.append(key)
            if key is None:
                break
        return way

    def _warn(self, line: int, kind: str, message: str) -> None:
        location = Location(source=self.source, line=line)
        self.warnings.append(ExtractionWarning(location=location, kind=kind, message=message))

    def _warn_of_line(self, line: int, message: str) -> None:
        self._bad_lines += 1
        if self._bad_lines <= MAX_WARNINGS:
            self._warn(line, "bad_line", message)

    def _close(self, sections: Sequence[S]) -> None:
        """Add the warnings about the file as a whole."""
        if self._bad_lines > MAX_WARNINGS:
            more = self._bad_lines - MAX_WARNINGS
            self._warn(1, "bad_line", f"{more} more lines cannot be read")
        if self._cut:
            last = sections[-1].line if sections else 1
            self._warn(
                last, "truncated", "the file is cut off below this key: what is missing is unknown; export it again"
            )

    # ------------------------------------------------------------------------------------ canonical names

    def _plant(self, sections: Sequence[S]) -> None:
        """Insert the sections of SYSTEM and SOFTWARE at their canonical paths in the tree, in the order of the file."""
        system = self._mount("SYSTEM", sections)
        software = self._mount("SOFTWARE", sections)
        control_set = self._control_set(system, sections) if system is not None else None
        keys = 0
        for section in sections:
            lower = _lower(section.path)
            if system is not None and lower[: len(system)] == system:
                below = section.path[len(system) :]
                if below and below[0].lower() == control_set:
                    below = (_CURRENT, *below[1:])
                place: tuple[str, ...] = ("SYSTEM", *below)
            elif software is not None and lower[: len(software)] == software:
                place = ("SOFTWARE", *section.path[len(software) :])
            elif lower == (_MACHINE,):
                place = ()
            else:
                self._unfinished = [self._tree]
                continue
            keys += self._plant_one(section, place)
            if keys > MAX_KEYS:
                self._cut = True
                self._warn(
                    section.line, "too_large", f"more than {MAX_KEYS} keys; those from this line on are not read"
                )
                break
        if not self._cut:
            self._unfinished = []

    def _plant_one(self, section: S, place: tuple[str, ...]) -> int:
        """Add one section to the tree, or remove the keys that it deletes; return the number of new keys."""
        if section.deletes:
            *above, deleted = (name.lower() for name in place or ("",))
            parent: _Key[S] | None = self._tree
            for name in above:
                parent = parent.below.get(name) if parent else None
            if parent is not None:
                parent.below.pop(deleted, None)
            return 0
        key, new = self._tree, 0
        self._unfinished = [key]
        for name in place:
            if (found := key.below.get(name.lower())) is None:
                found = key.below[name.lower()] = _Key(name, section.line)
                new += 1
            key = found
            self._unfinished.append(key)
        key.sections.append(section)
        return new

    def _mount(self, hive: str, sections: Sequence[S]) -> tuple[str, ...] | None:
        """Return the path under which the file contains a hive: the usual one, or the only other one."""
        usual = (_MACHINE, hive.lower())
        found: dict[tuple[str, ...], int] = {}
        for section in sections:
            if (mount := _mount_of(section.path, hive)) is not None:
                found.setdefault(mount, section.line)
        if len(found) > 1:
            names = ", ".join("\\".join(mount) or "\\" for mount in found)
            chosen = "only the first of the usual name is read" if usual in found else "none is read"
            advice = "export each into a file of its own"
            self._warn(
                min(found.values()), "conflict", f"several {hive} hives in one file ({names}): {chosen}; {advice}"
            )
        if usual in found:
            return usual
        return next(iter(found)) if len(found) == 1 else None

    def _control_set(self, system: tuple[str, ...], sections: Sequence[S]) -> str | None:
        """Return the lower-case name of the current control set of the host."""
        depth = len(system)
        inside = [section for section in sections if _lower(section.path[:depth]) == system and section.path[depth:]]
        names = {section.path[depth].lower() for section in inside if _CONTROL_SET.fullmatch(section.path[depth])}
        if not names or _CURRENT.lower() in names:
            return _CURRENT.lower()
        select: dict[str, RegistryValue] = {}
        for section in inside:
            if _lower(section.path[depth:]) == ("select",):
                self._read_values(section, select)
        if "current" in select and isinstance(number := select["current"].data, int):
            return f"controlset{number:03}"
        if len(names) == 1:
            return names.pop()
        message = "several control sets, and no key Select to name the current one: none is read; export Select too"
        self._warn(inside[0].line, "unknown_control_set", message)
        return None


def _parts(path: str) -> list[str]:
    return [part for part in path.lower().split("\\") if part]


def _lower(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return a path in lower case, with the full name of its root."""
    lower = tuple(part.lower() for part in path)
    return (_ROOTS.get(lower[0], lower[0]), *lower[1:]) if lower else ()


def is_path(path: str) -> bool:
    """Return whether a path is no deeper than the registry allows."""
    return path.count("\\") <= MAX_DEPTH


def _mount_of(path: tuple[str, ...], hive: str) -> tuple[str, ...] | None:
    """Return the path at which this key shows a hive to be loaded (``()`` for an export without a root), or None."""
    lower = _lower(path)
    if lower[:2] == (_MACHINE, hive.lower()):
        return lower[:2]
    depth = 2 if lower[:1] in ((_MACHINE,), ("hkey_users",)) else 0
    if len(lower) <= depth:
        return None
    shows_system = _CONTROL_SET.fullmatch(lower[depth]) is not None
    if shows_system if hive == "SYSTEM" else lower[depth] == "microsoft":
        return lower[:depth]
    return None
