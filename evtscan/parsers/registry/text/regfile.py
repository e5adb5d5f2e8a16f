r"""A ``.reg`` export → registry keys: REGEDIT4 (ANSI) and ``Windows Registry Editor Version 5.00``.

    REGEDIT4 | Windows Registry Editor Version 5.00
    [HKEY_LOCAL_MACHINE\SYSTEM\…]           a section; [-KEY] deletes a key
    @="default value"                       "name"="text" with \\ and \" escaped, line breaks raw
    "name"=dword:0000000a                   "name"=- deletes a value
    "name"=hex(7):41,00,00,00,\             hex = binary, hex(n) = type n (hexadecimal); a line goes on after ,\
      00,00                                 ; comment

(Format: KB310516. Data of hex(1), hex(2) and hex(7) are ANSI under REGEDIT4 and UTF-16 under version 5.00: the header
decides, not the encoding of the file.)

The file is scanned once, for its sections and its invalid lines; values are parsed when a key is requested. A hive may
have been loaded under any name to export it (``HKEY_LOCAL_MACHINE\OFFLINE\ControlSet001\…``): keys below a control set
belong to SYSTEM, keys below ``Microsoft`` to SOFTWARE. A user's ``Software`` key belongs to neither.

**What the file covers.** A key is complete if the file has a section for it or for a key above it, because regedit
writes everything below an exported key. Exceptions:

- a truncated file: regedit writes depth first, so the last key, the keys above it, and all missing keys below those
  are unknown; keys that were finished before are complete;
- unreadable lines: after an unreadable value its key is unknown, after an unreadable section every missing key;
- deletions: a file that deletes anything is a script to be imported, not an export;
- a file that does not show which control set is the current one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import RegistryData, RegistryValue
from evtscan.base.model.source import Location, Source
from evtscan.base.text import DecodedText, read_text
from evtscan.parsers.registry.regdata import decode_data
from evtscan.parsers.registry.text.regtree import MAX_KEYS, KeySection, TextRegistry, is_path

_END = r"[ \t\r]*(?:;[^\n]*)?(?:\n|\Z)"
_BLANK = re.compile(_END)
_HEADER = re.compile(r"\ufeff?(?P<version>REGEDIT4|Windows Registry Editor Version 5\.\d\d)" + _END)
_SECTION = re.compile(r"[ \t]*\[(?P<deleted>-?)(?P<path>[^\n]*)\]" + _END)
_NAME = r'[ \t]*(?:@|"(?P<name>(?:(?>[^"\\\n]|\\[^\n]))*+)")[ \t]*=[ \t]*'
_VALUE = re.compile(
    _NAME + r"(?:(?P<deleted>-)"
    r'|"(?P<text>(?:(?>[^"\\]|\\.))*+)"'
    r"|dword:(?P<dword>[0-9a-fA-F]{1,8})"
    r"|hex(?:\((?P<kind>[0-9a-fA-F]{1,8})\))?:(?P<hex>[0-9a-fA-F, \t]*+(?:(?>\\[ \t\r]*\n[0-9a-fA-F, \t]*+))*+)"
    r")" + _END,
    re.DOTALL,
)
_BROKEN_HEX = re.compile(r"[0-9a-fA-F]{3}|\\\s*\Z")  # more than a byte; a line that should go on and does not
_OPEN_TEXT = re.compile(_NAME + r'"(?:(?>[^"\\]|\\.))*+\\?\Z', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')


def read_registry(source: Source) -> "RegFile":
    """Read a ``.reg`` file of either version.

    Raises:
        EvidenceError: if the file cannot be read, is too large, or does not begin like a registry export.
    """
    return RegFile(source.name, read_text(source))


# ------------------------------------------------------------------------------------------------ the text


@dataclass(frozen=True, slots=True)
class _Item:
    """One statement of the file, or an invalid line (``match`` is None); offsets count characters."""

    match: re.Match[str] | None
    offset: int
    end: int
    line: int


def _items(text: str, offset: int, end: int, line: int) -> Iterator[_Item]:
    """Yield the statements between two offsets; blank lines and comments are skipped."""
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
class _Section(KeySection):
    """One ``[KEY]``, and the range of its values in the text; ``wide`` values are UTF-16."""

    wide: bool = False
    start: int = 0
    end: int = 0


class RegFile(TextRegistry[_Section]):
    """The registry keys of one ``.reg`` file (see ``model.Registry``). The format contains no times."""

    format = "reg"

    def __init__(self, source: str, decoded: DecodedText) -> None:
        super().__init__(source)
        text = decoded.text.rstrip("\x1a")
        self._text = text.rstrip("\0")  # a crash leaves zeros in a file that was being written
        self._cut = not self._text.endswith("\n") or len(self._text) < len(text)
        self._ansi = "cp1252" if decoded.encoding.startswith("utf") else decoded.encoding
        self._section_lost = False
        self._script = False
        if decoded.lossy:
            self._warn(1, "undecodable", f"some bytes are not {decoded.encoding}; they are kept as they are")
        sections = self._read_sections()
        for section in sections:
            self._script = self._script or section.deletes
        self._partial = self._script or self._section_lost
        self._plant(sections)
        self._close(sections)
        if self._script:
            message = "the file deletes keys or values, so it is a script: what is not there is unknown"
            self._warn(1, "not_an_export", message)

    # ---------------------------------------------------------------------------------------- sections

    def _read_sections(self) -> list[_Section]:
        """Scan the whole text: return the sections in order, and add a warning for each invalid line."""
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
            elif match is not None and is_path(match["path"]):
                path = tuple(part for part in match["path"].split("\\") if part)
                current = _Section(
                    path, item.line, deletes=match["deleted"] != "", wide=wide, start=item.end, end=item.end
                )
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
        """Register a line that cannot be parsed; return the section that continues after it."""
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
