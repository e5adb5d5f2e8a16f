r"""A ``.reg`` export → registry keys: REGEDIT4 (ANSI) and ``Windows Registry Editor Version 5.00``.

    REGEDIT4 | Windows Registry Editor Version 5.00
    [HKEY_LOCAL_MACHINE\SYSTEM\…]           a section; [-KEY] deletes a key
    @="default value"                       "name"="text" with \\ and \" escaped, line breaks raw
    "name"=dword:0000000a                   "name"=- deletes a value
    "name"=hex(7):41,00,00,00,\             hex = binary, hex(n) = type n (hexadecimal); a line goes on after ,\
      00,00                                 ; comment

(Format: KB310516. Data of hex(1), hex(2) and hex(7) are ANSI under REGEDIT4 and UTF-16 under version 5.00: the header
decides, not how the file happens to be encoded.)

The file is gone through once, for its sections and its broken lines; values are read when a key is asked for. A hive
may have been loaded under any name to export it (``HKEY_LOCAL_MACHINE\OFFLINE\ControlSet001\…``): what lies under a
control set is SYSTEM, what lies under ``Microsoft`` is SOFTWARE. A user's ``Software`` key is neither.

**What the file covers.** A key is held in full when a section for it or for a key above it stands in the file, for
regedit writes all that lies below an exported key. This ends

- where the file is cut off: regedit writes depth first, so the last key, the keys above it, and whatever is not there
  below those are unknown; keys that were finished before are not;
- where lines are unreadable: a value makes its key unknown, a section everything that is not there;
- where anything is deleted: such a file is a script to be imported, and no export;
- where the file does not tell which control set is the current one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evtscan.errors import EvidenceError
from evtscan.model import ExtractionWarning, Location, RegistryData, RegistryKey, RegistryValue, Source
from evtscan.parsers.regdata import decode_data
from evtscan.parsers.text import DecodedText, read_text
from evtscan.wintypes import Instant

MAX_KEYS = 1_000_000
MAX_DEPTH = 512
"""Registry keys nest no deeper than 512 levels (Windows' own limit)."""
MAX_WARNINGS = 100

_END = r"[ \t\r]*(?:;[^\n]*)?(?:\n|\Z)"
_BLANK = re.compile(_END)
_HEADER = re.compile(r"\ufeff?(?P<version>REGEDIT4|Windows Registry Editor Version 5\.\d\d)" + _END)
_SECTION = re.compile(r"[ \t]*\[(?P<deleted>-?)(?P<path>[^\n]*)\]" + _END)
_NAME = r'[ \t]*(?:@|"(?P<name>(?:[^"\\\n]|\\[^\n])*+)")[ \t]*=[ \t]*'
_VALUE = re.compile(
    _NAME + r"(?:(?P<deleted>-)"
    r'|"(?P<text>(?:[^"\\]|\\.)*+)"'
    r"|dword:(?P<dword>[0-9a-fA-F]{1,8})"
    r"|hex(?:\((?P<kind>[0-9a-fA-F]{1,8})\))?:(?P<hex>[0-9a-fA-F, \t]*+(?:\\[ \t\r]*\n[0-9a-fA-F, \t]*+)*+)"
    r")" + _END,
    re.DOTALL,
)
_BROKEN_HEX = re.compile(r"[0-9a-fA-F]{3}|\\\s*\Z")  # more than a byte; a line that should go on and does not
_OPEN_TEXT = re.compile(_NAME + r'"(?:[^"\\]|\\.)*+\\?\Z', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')
_CONTROL_SET = re.compile(r"(?:Current)?ControlSet(?:\d{3})?", re.IGNORECASE)
_ROOTS = {"hklm": "hkey_local_machine", "hku": "hkey_users"}
_MACHINE = "hkey_local_machine"
_CURRENT = "CurrentControlSet"


def read_registry(source: Source) -> "RegFile":
    """Read a ``.reg`` file of either version.

    Raises:
        EvidenceError: if the file cannot be read, is too large, or does not begin as a registry export does.
    """
    return RegFile(source.name, read_text(source))


# ------------------------------------------------------------------------------------------------ the text


@dataclass(frozen=True, slots=True)
class _Item:
    """One statement of the file, or a line that is none (``match`` is None); offsets count characters."""

    match: re.Match[str] | None
    offset: int
    end: int
    line: int


def _items(text: str, offset: int, end: int, line: int) -> Iterator[_Item]:
    """Everything between two offsets but blank lines and comments."""
    while offset < end:
        match = next((found for form in _FORMS if (found := form.match(text, offset, end))), None)
        if match is not None and match.re is _VALUE and match["hex"] and _BROKEN_HEX.search(match["hex"]):
            match = None
        after = match.end() if match else text.find("\n", offset, end) + 1 or end
        if match is None or match.re is not _BLANK:
            yield _Item(match, offset, after, line)
        line += text.count("\n", offset, after)
        offset = after


_FORMS = (_VALUE, _BLANK, _SECTION, _HEADER)


@dataclass(slots=True)
class _Section:
    """One ``[KEY]`` as it stands in the file, and where its values stand in the text."""

    path: tuple[str, ...]
    line: int
    wide: bool
    deletes: bool
    start: int
    end: int
    damaged: bool = False


@dataclass(slots=True)
class _Key:
    """A key in the tree of canonical names; without ``sections`` the file only shows that something lies below it."""

    name: str
    shown_in_line: int
    sections: list[_Section] = field(default_factory=list)
    below: dict[str, "_Key"] = field(default_factory=dict)


class RegFile:
    """The registry keys of one ``.reg`` file (see ``model.Registry``). A ``.reg`` file carries no time."""

    format = "reg"

    def __init__(self, source: str, decoded: DecodedText) -> None:
        self.source = source
        self.taken: Instant | None = None
        self.warnings: list[ExtractionWarning] = []
        text = decoded.text.rstrip("\x1a")
        self._text = text.rstrip("\0")  # what a crash leaves of a file that was being written
        self._cut = not self._text.endswith("\n") or len(self._text) < len(text)
        self._ansi = "cp1252" if decoded.encoding.startswith("utf") else decoded.encoding
        self._bad_lines = 0
        self._section_lost = False
        self._script = False
        self._tree = _Key("", 1)
        self._unfinished: list[_Key] = []
        if decoded.lossy:
            self._warn(1, "undecodable", f"some bytes are not {decoded.encoding}; they are kept as they are")
        sections = self._read_sections()
        for section in sections:
            self._script = self._script or section.deletes
        self._plant(sections)
        if self._bad_lines > MAX_WARNINGS:
            more = self._bad_lines - MAX_WARNINGS
            self._warn(1, "bad_line", f"{more} more lines cannot be read")
        if self._cut:
            last = sections[-1].line if sections else 1
            self._warn(
                last, "truncated", "the file is cut off below this key: what is missing is unknown; export it again"
            )
        if self._script:
            message = "the file deletes keys or values, so it is a script: what is not there is unknown"
            self._warn(1, "not_an_export", message)

    def key(self, path: str) -> RegistryKey | None:
        """The key with this canonical path, or None if the file does not show it."""
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
        )

    def covers(self, path: str) -> bool:
        """Whether the file holds this key in full if it exists (the module's description says when)."""
        way = self._walk(path)
        shown = [key for key in way if key is not None]
        if self._script or self._section_lost or not any(key.sections for key in shown):
            return False
        if len(shown) < 2 or (len(shown) == 2 and _parts(path)[1:2] == [_CURRENT.lower()]):
            return False
        if any(key is shown[-1] for key in self._unfinished):
            return False
        return way[-1] is None or not any(section.damaged for section in way[-1].sections)

    def _walk(self, path: str) -> list[_Key | None]:
        """The keys from the top of the tree to ``path``; where one is missing, None ends the list."""
        way: list[_Key | None] = [self._tree]
        key: _Key | None = self._tree
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

    # ---------------------------------------------------------------------------------------- sections

    def _read_sections(self) -> list[_Section]:
        """Go through the whole text: the sections in their order, and a warning for each line that is broken."""
        sections: list[_Section] = []
        current: _Section | None = None
        wide: bool | None = None
        for item in _items(self._text, 0, len(self._text), 1):
            match = item.match
            if match is not None and match.re is _HEADER:
                wide = match["version"] != "REGEDIT4"
            elif wide is None:
                raise EvidenceError(f"{self.source}: does not begin as a registry export does (line {item.line})")
            elif match is not None and match.re is _VALUE:
                self._script = self._script or match["deleted"] is not None
                if current is None and not self._section_lost:
                    self._warn_of_line(item.line, "a value that stands under no key is left out")
            elif match is not None and _is_path(match["path"]):
                path = tuple(part for part in match["path"].split("\\") if part)
                current = _Section(path, item.line, wide, match["deleted"] != "", item.end, item.end)
                sections.append(current)
            else:
                current = self._broken(item, current)
            if current is not None:
                current.end = item.end
            if len(sections) >= MAX_KEYS:
                self._cut = True
                self._warn(item.line, "too_large", f"more than {MAX_KEYS} keys; those from this line on are not read")
                break
        if wide is None:
            raise EvidenceError(f"{self.source}: holds nothing")
        return sections

    def _broken(self, item: _Item, current: _Section | None) -> _Section | None:
        """Account for a line that cannot be read; return the section that goes on after it."""
        line = self._text[item.offset : item.end].strip()
        if item.end == len(self._text) or _OPEN_TEXT.match(self._text, item.offset):
            self._cut = True
        elif line[:1] not in ('"', "@") and ("[" in line or "]" in line or "HKEY_" in line.upper()):
            self._section_lost = True
            self._warn_of_line(item.line, "a key that cannot be read is left out with its values")
            return None
        if current is not None:
            current.damaged = True
        self._warn_of_line(item.line, f"{line[:60]!r} cannot be read and is left out")
        return current

    # ------------------------------------------------------------------------------------ canonical names

    def _plant(self, sections: list[_Section]) -> None:
        """Give the sections of SYSTEM and SOFTWARE their canonical places in the tree, in the order of the file."""
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

    def _plant_one(self, section: _Section, place: tuple[str, ...]) -> int:
        """Put one section into the tree, or take out what it deletes; return how many keys are new."""
        if section.deletes:
            *above, deleted = (name.lower() for name in place or ("",))
            parent: _Key | None = self._tree
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

    def _mount(self, hive: str, sections: list[_Section]) -> tuple[str, ...] | None:
        """Under which name the file holds a hive: the usual one, or the only other one."""
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

    def _control_set(self, system: tuple[str, ...], sections: list[_Section]) -> str | None:
        """The lower-case name of the control set that the host ran from."""
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

    # ------------------------------------------------------------------------------------------ values

    def _read_values(self, section: _Section, values: dict[str, RegistryValue]) -> None:
        """Read the values of a section into ``values``: later ones replace earlier ones."""
        for item in _items(self._text, section.start, section.end, section.line + 1):
            match = item.match
            if match is None or match.re is not _VALUE:
                continue
            name = _ESCAPE.sub(r"\1", match["name"] or "")
            if match["deleted"]:
                values.pop(name.lower(), None)
                continue
            place = "\\".join((*section.path, name or "(Default)"))
            values[name.lower()] = RegistryValue(
                name=name,
                data=self._data(match, section.wide),
                location=Location(source=self.source, key=place, line=item.line),
            )

    def _data(self, match: re.Match[str], wide: bool) -> RegistryData:
        if match["text"] is not None:
            return _ESCAPE.sub(r"\1", match["text"]).partition("\0")[0]
        if match["dword"] is not None:
            return int(match["dword"], 16)
        raw = bytes(int(byte, 16) for byte in re.findall("[0-9a-fA-F]+", match["hex"]))
        return decode_data(int(match["kind"] or "3", 16), raw, "utf-16-le" if wide else self._ansi)


def _parts(path: str) -> list[str]:
    return [part for part in path.lower().split("\\") if part]


def _lower(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path of the file in lower case, its root spelled out."""
    lower = tuple(part.lower() for part in path)
    return (_ROOTS.get(lower[0], lower[0]), *lower[1:]) if lower else ()


def _is_path(path: str) -> bool:
    return path.count("\\") <= MAX_DEPTH


def _mount_of(path: tuple[str, ...], hive: str) -> tuple[str, ...] | None:
    """The name under which ``path`` shows that a hive is loaded (``()`` for an export without a root)."""
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
