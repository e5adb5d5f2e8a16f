"""The text of a report file → the output of each program in it, line by line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from evtscan.model import ExtractionWarning, FileEntry, Inventory, Location, ServiceEntry
from evtscan.parsers.reportsignatures import likely_tool_of_line, prompt, tool_of_command, tool_of_line
from evtscan.wintypes import Instant

MAX_LINES = 1_000_000
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


def sections_of(
    source: str, lines: Iterable[tuple[int, str]], first_tool: str | None, *, ended: bool
) -> Iterator[Section]:
    """Cut a text where the output of another program begins; what no known program printed is left out.

    ``lines`` come with their numbers, from 1. ``first_tool`` wrote the beginning, if that is known; ``ended`` says that
    the last line is whole. What stands beyond ``MAX_LINES`` lines is not read, and its section is not ``closed``.
    """
    current = Section(source, first_tool, 1)
    last = 0
    for number, line in lines:
        if number == last:
            continue  # the rest of a line that is longer than any report's
        if number > MAX_LINES:
            ended = False
            break
        last = number
        line = line.rstrip("\r\0")
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
    current.closed = ended
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

    def inventory(
        self,
        *,
        services: Iterable[ServiceEntry] = (),
        hotfixes: Iterable[str] = (),
        files: Iterable[FileEntry] = (),
        whole: Iterable[str] = (),
    ) -> Inventory:
        """All of it as an inventory."""
        return Inventory(
            source=self.section.source,
            format=self.format,
            taken=self.taken,
            services=tuple(services),
            hotfixes=tuple(dict.fromkeys(hotfixes)),
            files=tuple(files),
            whole=frozenset(whole),
            places=self.places,
            warnings=self.warnings,
            **self.values,
        )
