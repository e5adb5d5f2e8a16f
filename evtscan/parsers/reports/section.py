"""The text of a report file → the output of each program in it, line by line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.inventory import FileEntry, Inventory, ServiceEntry
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant
from evtscan.parsers.reports.reportsignatures import (
    likely_tool_of_line,
    prompt,
    remote_host,
    tool_of_command,
    tool_of_line,
)
from evtscan.parsers.shared.localtime import DateOrder, PrintedTime
from evtscan.parsers.shared.printedtimes import survey_of

MAX_LINES = 1_000_000
MAX_LINE = 1 << 16
MAX_SIZE = 128 << 20
"""How much of a file is read: lines, characters of a line, characters."""
_BEGINS_A_REPORT = frozenset({"winmsd", "msinfo", "systeminfo", "ipconfig", "srvinfo"})
"""Programs whose first line comes once: where it comes again, another report begins."""


@dataclass(slots=True)
class Section:
    """The output of one program: its lines as they stand in the file, the first of which is number ``first``.

    ``command`` is what was typed at the prompt before it, if that is in the file. ``closed`` says that it did not end
    where the file was cut off, as far as that can be seen.
    """

    source: str
    tool: str | None
    first: int
    command: str = ""
    lines: list[str] = field(default_factory=list)
    closed: bool = True

    @property
    def begun(self) -> bool:
        """Whether anything was printed yet."""
        return any(self.lines)  # its first line is filled but after a prompt

    def place(self, index: int) -> Location:
        """Where a line stands in the file."""
        return Location(source=self.source, line=self.first + index)


class BoundedLines:
    """The lines of a text with their numbers, from 1, as far as a report can reach.

    ``cut_at`` is the number of the last line that was read, if there are more. Of a line ``MAX_LINE`` characters count.
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
    """Cut a text where the output of another program begins; what no known program printed is left out.

    ``first_tool`` wrote the beginning, if that is known; ``ended`` says that the last line of the file is whole.
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
    """The program whose output begins in this line, if that is not the section's own going on."""
    if not line:
        return None
    tool = tool_of_line(line)
    if tool is None and current.tool in (None, "ver"):
        tool = likely_tool_of_line(line)
    if tool == current.tool:
        return tool if tool in _BEGINS_A_REPORT and current.begun else None
    return tool


@dataclass(slots=True)
class Draft:
    """What was found in a section so far; for each single value the first one said stands."""

    section: Section
    format: str
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)
    taken: Instant | None = None
    warnings: tuple[ExtractionWarning, ...] = ()

    def say(self, name: str, value: str | None, index: int) -> None:
        """Note a single value of the inventory and the line (from 0) in which it stands."""
        if value is not None and name not in self.values:
            self.values[name] = value
            self.places[name] = self.section.place(index)

    def orders(self, times: Iterable[PrintedTime | None]) -> Sequence[DateOrder]:
        """How the dates of a list are to be read, as all of them show together; a warning if that stays open."""
        survey = survey_of(time for time in times if time is not None)
        if survey.assumed is not None:
            message = (
                "nothing shows whether the day or the month comes first in the dates here; they were read month first, "
                "as in the United States, because of AM and PM"
            )
        elif survey.undecided:
            message = (
                "dates here were not read: nothing shows whether the day or the month comes first; collect a longer "
                "list, or the files themselves"
            )
        else:
            return survey.orders
        self.warnings = (
            *self.warnings,
            ExtractionWarning(location=self.section.place(0), kind="date_order", message=message),
        )
        return survey.orders if survey.assumed is None else (survey.assumed,)

    def inventory(
        self,
        *,
        services: Iterable[ServiceEntry] = (),
        hotfixes: Iterable[str] = (),
        files: Iterable[FileEntry] = (),
        whole: Iterable[str] = (),
    ) -> Inventory:
        """All of it as an inventory; where the output names no host, of the one that the command asked."""
        asked = remote_host(self.section.command)
        self.say("computer", asked, -1)
        return Inventory(
            source=self.section.source,
            format=self.format,
            taken=self.taken,
            services=tuple(services),
            hotfixes=tuple(dict.fromkeys(hotfixes)),
            files=tuple(files),
            whole=frozenset(whole),
            places=self.places,
            registries=(),
            remote=asked is not None,
            warnings=self.warnings,
            **self.values,
        )
