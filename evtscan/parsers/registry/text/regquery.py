r"""``reg query`` → registry keys.

    HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\RasArp       XP and later: columns four blanks apart
        Start    REG_DWORD    0x3

    ! REG.EXE VERSION 3.0                                              2000 and XP: a heading, and TABs between columns
    HKEY_LOCAL_MACHINE\…
        <NO NAME>       REG_SZ  text

DWORDs are hexadecimal, the strings of a multi-string are joined by ``\0``, the default value is ``<NO NAME>`` or a
word in parentheses in the language of the host. A file may contain the output of several runs.

**What the file covers.** With ``/s``: a key and everything below it. Without ``/s``: the key's values and the names of
its direct subkeys, printed like keys without values. So values of a subkey, or a second level of subkeys, show that
``/s`` was used. A key with one value and no subkeys may be the answer to a query for that value (``/v``), and a search
(``/f``) prints only matches: in both cases no key or value is known to be absent.
"""

import re
from collections.abc import Iterator

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import RegistryData
from evtscan.base.model.source import Source
from evtscan.base.text import read_text
from evtscan.parsers.registry.regdata import REG_MULTI_SZ
from evtscan.parsers.registry.text.regdump import NUMBERS, TEXTS, TYPES, DumpedKey, DumpedRegistry, lines_of, number
from evtscan.parsers.registry.text.regtree import MAX_KEYS, is_path
from evtscan.parsers.reports.prompts import prompt
from evtscan.parsers.reports.recognition import REGISTRY, tool_of_command, tool_of_line
from evtscan.parsers.shared.textlines import OEM

MAX_TEXT = 4096
"""Maximum number of characters of a text that continues on further lines."""

_KEY = re.compile(r"(?P<path>HKEY_[A-Z_]{4,30}(?:\\.*)?|HK(?:LM|U|CU|CR)\\.*)\Z")
_TYPE = re.compile(r"(?:\t| {2,4})(?P<type>REG_[A-Z_]{2,40})(?:(?:\t| {1,4})(?P<data>.*))?\Z", re.DOTALL)
_DEFAULT = re.compile(r"<NO NAME>|\([^()]{3,40}\)")
_NARROWED = re.compile(r"\s/(?:v|ve|f|k|d|t)\b", re.IGNORECASE)
_SEARCHED = re.compile(r"\S.{0,40}: \d{1,9} \S.{0,60}[.。]?\Z")
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.IGNORECASE)


def read_registry(source: Source) -> DumpedRegistry:
    """Read a file with the output of one or several runs.

    Raises:
        EvidenceError: if the file cannot be read, is too large, or contains no key.
    """
    return read_printed(source.name, read_text(source, fallback=OEM).text.rstrip("\x1a\0"))


def read_printed(source_name: str, text: str) -> DumpedRegistry:
    """Parse the output of one or several runs.

    Raises:
        EvidenceError: if the text contains no key.
    """
    registry = DumpedRegistry(source_name, "reg query")
    runs = [run for run in _runs(registry, text) if run.keys]
    if not runs:
        raise EvidenceError(f"{source_name}: shows no registry key")
    registry.fill([key for run in runs for key in _judged(run)], cut=_breaks_off(text, runs[-1]))
    return registry


def _breaks_off(text: str, last: "_Run") -> bool:
    """Return whether a text is truncated: its last line is incomplete, or no blank line follows the last values.

    Output of ``/s`` always ends with a blank line; a list of names alone ends with a name.
    """
    *_, line, rest = ("", *text.rsplit("\n", 2))
    if rest or not line.strip():
        return bool(rest.strip()) and prompt(rest) is None
    return line[:1].isspace() or (last.is_recursive and _KEY.match(line) is not None)


class _Run:
    """The output of one run; ``narrowed``: the command requested only some values."""

    def __init__(self, command: str = "") -> None:
        self.keys: list[DumpedKey] = []
        self.narrowed = _NARROWED.search(command) is not None
        self._recursive = " /s" in command.lower()

    @property
    def is_recursive(self) -> bool:
        """Whether the output contains all keys below the requested one, as the command or the listed keys show."""
        depth = len(self.keys[0].path) if self.keys else 0
        return self._recursive or any(key.values or len(key.path) > depth + 1 for key in self.keys[1:])

    def holds(self, path: tuple[str, ...]) -> bool:
        """Return whether a key is the requested key or is below it."""
        root = self.keys[0].path if self.keys else ()
        return [part.lower() for part in path[: len(root)]] == [part.lower() for part in root]


def _runs(registry: DumpedRegistry, text: str) -> Iterator[_Run]:
    run, last, count = _Run(), "", 0
    reports: list[int] = []
    for line_number, line in lines_of(text):
        if (key := _KEY.match(line)) is not None and is_path(line):
            path = tuple(part for part in key["path"].rstrip().split("\\") if part)
            if not run.holds(path):
                yield run
                run = _Run()
            run.keys.append(DumpedKey(path, line_number))
            count += 1
            last = ""
            if count >= MAX_KEYS:
                registry.bad_line(None, line_number, f"more than {MAX_KEYS} keys: {line}")
                break
        elif (command := prompt(line)) is not None:
            yield run
            run, last = _Run(command), ""
            reports += [line_number] if tool_of_command(command) not in (None, REGISTRY) else []
        elif not line.strip():
            last = ""
        elif not line[0].isspace() and tool_of_line(line) not in (None, REGISTRY):
            yield run
            run, last = _Run(), ""
            reports.append(line_number)
        elif run.keys:
            last = _read_line(registry, run, line, line_number, last)
    yield run
    if reports:
        registry.mixed(reports[0])


def _read_line(registry: DumpedRegistry, run: _Run, line: str, line_number: int, last: str) -> str:
    """Parse a line below a key and return the name of its value.

    ``last`` is the name of the previous value, which a line without a value name continues.
    """
    key = run.keys[-1]
    found = _TYPE.search(line) if line[:1].isspace() else None
    if found is not None and (name := line[: found.start()].strip()):
        if not key.values and _DEFAULT.fullmatch(name):
            name = ""
        data = _data(found["type"], found["data"] or "")
        if data is None:
            registry.bad_line(key, line_number, line)
            return ""
        key.take(registry.source, name, data, line_number)
        return name or "\0"
    value = key.values.get(last.strip("\0").lower()) if last else None
    if value is not None and isinstance(value.data, str) and len(value.data) < MAX_TEXT:  # with a line break in it
        key.take(registry.source, value.name, f"{value.data}\n{line}", value.location.line or line_number)
        return last
    if _SEARCHED.match(line[:200]):
        run.narrowed = True
    elif line[:1].isspace():
        registry.bad_line(key, line_number, line)
    return ""


def _data(kind: str, text: str) -> RegistryData | None:
    code = TYPES.get(kind)
    if code in NUMBERS:
        return number(text)
    if code in TEXTS:
        return text
    if code == REG_MULTI_SZ:
        parts = tuple(text.split(r"\0"))
        while parts and not parts[-1]:
            parts = parts[:-1]
        return parts
    digits = text.strip()
    return bytes.fromhex(digits) if not digits or _HEX.fullmatch(digits) else text


def _judged(run: _Run) -> list[DumpedKey]:
    """Return the keys of a run, marked ``shallow`` or ``damaged`` if subkeys or values may be missing."""
    root, *below = run.keys
    recursive = run.is_recursive
    for key in run.keys:
        if run.narrowed:
            key.shallow = key.damaged = True
        elif not recursive:
            key.shallow = True
            key.damaged = key.damaged or key is not root or (not below and len(key.values) < 2)
    return run.keys
