"""The text of a report file → the output of each program in it, line by line."""

from collections.abc import Iterable, Iterator
from functools import cache

from evtscan.parsers.reports.programs import PROGRAMS
from evtscan.parsers.reports.prompts import prompt
from evtscan.parsers.reports.recognition import likely_tool_of_line, tool_of_command, tool_of_line
from evtscan.parsers.reports.section import Section

MAX_LINES = 1_000_000
MAX_LINE = 1 << 16
MAX_SIZE = 128 << 20
"""Limits of a file: number of lines, characters per line, characters in total."""


@cache
def _begins_once() -> frozenset[str]:
    """Return the programs whose first line occurs once in each report; a second such line begins another report."""
    return frozenset(program.name for program in PROGRAMS if program.begins_once)


class BoundedLines:
    """The lines of a text with their numbers, from 1, up to the size limits of a report.

    ``cut_at`` is the number of the last line that was read, if there are more. At most ``MAX_LINE`` characters of a
    line are kept.
    """

    def __init__(self, lines: Iterable[tuple[int, str]]) -> None:
        self.cut_at: int | None = None
        self._lines = lines

    def __iter__(self) -> Iterator[tuple[int, str]]:
        last = size = 0
        for number, line in self._lines:
            if number == last:
                continue  # a piece of a line that is longer than any report's
            size += min(len(line), MAX_LINE)
            if number > MAX_LINES or size > MAX_SIZE:
                self.cut_at = last
                return
            last = number
            yield number, line[:MAX_LINE].rstrip("\r\0")


def sections_of(source: str, lines: BoundedLines, first_tool: str | None, *, ended: bool) -> Iterator[Section]:
    """Split a text at the lines where the output of another program begins; text of unknown programs is skipped.

    ``first_tool`` is the program that printed the beginning, if it is known; ``ended``: the last line of the file is
    complete.
    """
    current = Section(source, first_tool, 1)
    for number, line in lines:
        command = prompt(line)
        if command is not None:
            if current.tool is not None and current.begun:
                yield current
            current = Section(source, tool_of_command(command), number + 1, command)
            continue
        if (tool := _begins(current, line)) is not None:
            if current.tool is not None and current.begun:
                yield current
            current = Section(source, tool, number)
        current.lines.append(line)
    current.closed = ended and lines.cut_at is None
    if current.tool is not None and current.begun:
        yield current


def _begins(current: Section, line: str) -> str | None:
    """Return the program whose output begins at this line, or None if the line continues the section."""
    if not line:
        return None
    tool = tool_of_line(line)
    if tool is None and current.tool in (None, "ver"):
        tool = likely_tool_of_line(line)
    if tool == current.tool:
        return tool if tool in _begins_once() and current.begun else None
    return tool
