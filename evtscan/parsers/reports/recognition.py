"""The first bytes of a file, or one line of a text → the name of the program that printed it, by content alone.

The output of a program begins at a line that only this program prints, or at a prompt with its command, anywhere in a
file. For output in other languages no such line is known; it is recognised by its shape, but only at the beginning of a
file.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from evtscan.parsers.reports.programs import PROGRAMS
from evtscan.parsers.reports.prompts import prompt
from evtscan.parsers.shared.headtext import text_of_head

REGISTRY = "registry"
"""The name for programs that print registry keys; their output is read as a registry."""

_HEAD_LINES = 60
_LONGEST_LINE = 4096
_REGISTRY_BEGINS = r"! REG\.EXE VERSION|\[?HKEY_(?:LOCAL_MACHINE|USERS|CURRENT_USER|CLASSES_ROOT)(?:\\|\]?$)"
_REGISTRY_COMMANDS = ("reg", "regdmp")
_BINARY = (b"regf", b"MZ", b"PK", b"SZDD", b"ElfFile")


@cache  # compiled when the first text is read: that takes as long as reading a small log
def _beginning() -> re.Pattern[str]:
    return _any_of({program.name: program.begins for program in PROGRAMS} | {REGISTRY: _REGISTRY_BEGINS})


@cache
def _possible_beginning() -> re.Pattern[str]:
    return _any_of({program.name: program.may_begin for program in PROGRAMS if program.may_begin})


def _any_of(patterns: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{tool}>{pattern})" for tool, pattern in patterns.items()))


@cache
def _commands() -> dict[str, str]:
    named = {command: program.name for program in PROGRAMS for command in program.commands}
    return named | dict.fromkeys(_REGISTRY_COMMANDS, REGISTRY)


def tool_of_line(line: str) -> str | None:
    """Return the program whose output begins with this line."""
    match = _beginning().match(line[:_LONGEST_LINE])
    return match.lastgroup if match else None


def likely_tool_of_line(line: str) -> str | None:
    """Return the program whose output begins with this line, unless the line is part of another program's output."""
    match = _possible_beginning().match(line[:_LONGEST_LINE])
    return match.lastgroup if match else None


def tool_of_command(command: str) -> str | None:
    """Return the program that a command line runs, if its output can be parsed."""
    words = command.lower().replace('"', " ").split()
    if not words:
        return None
    program = words[0].rpartition("\\")[2].removesuffix(".exe")
    if program in ("net", "wmic"):
        if program == "net" and words[1:] == ["start"]:
            return "netstart"
        return "hotfixes" if program == "wmic" and "qfe" in words[1:] else None
    return _commands().get(program)


@lru_cache(maxsize=4)
def tool_of_head(head: bytes) -> str | None:
    """Return the program that printed the first report in a file whose first bytes are ``head``."""
    if head.startswith(_BINARY):
        return None
    text = text_of_head(head)
    if text.lstrip().startswith("<") and "<MsInfo" in text:
        return None  # the XML report of msinfo32
    lines = [line.rstrip("\r\n\x1a \0") for line in text.splitlines(keepends=False)[:_HEAD_LINES]]
    for line in lines:
        command = prompt(line)
        tool = (tool_of_line(line) or likely_tool_of_line(line)) if command is None else tool_of_command(command)
        if tool is not None:
            return tool
    shaped = (program.name for program in PROGRAMS if program.has_shape is not None and program.has_shape(lines))
    return next(shaped, None)
