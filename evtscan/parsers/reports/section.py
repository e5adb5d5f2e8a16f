"""The output of one program, and the inventory that is built from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.inventory import FileEntry, Inventory, ServiceEntry
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant
from evtscan.parsers.reports.prompts import remote_host
from evtscan.parsers.shared.localtime import DateOrder, PrintedTime
from evtscan.parsers.shared.printedtimes import survey_of


@dataclass(slots=True)
class Section:
    """The output of one program. ``lines[0]`` has the line number ``first`` in the file.

    ``command`` is the command at the prompt before it, if the file contains one. ``closed`` is false if the output may
    be truncated by the end of the file.
    """

    source: str
    tool: str | None
    first: int
    command: str = ""
    lines: list[str] = field(default_factory=list)
    closed: bool = True

    @property
    def begun(self) -> bool:
        """Whether the section contains any text yet."""
        return any(self.lines)  # its first line is filled but after a prompt

    def place(self, index: int) -> Location:
        """Return the location of a line in the file."""
        return Location(source=self.source, line=self.first + index)


@dataclass(slots=True)
class Draft:
    """The inventory of a section while it is being parsed; the first value of each name is kept."""

    section: Section
    format: str
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)
    taken: Instant | None = None
    warnings: tuple[ExtractionWarning, ...] = ()

    def say(self, name: str, value: str | None, index: int) -> None:
        """Set a value of the inventory that was found in this line (from 0), unless it is already set."""
        if value is not None and name not in self.values:
            self.values[name] = value
            self.places[name] = self.section.place(index)

    def orders(self, times: Iterable[PrintedTime | None]) -> Sequence[DateOrder]:
        """Return the possible date orders of a list, from all of its dates; add a warning if they remain ambiguous."""
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
        """Return the complete inventory; without a printed host name, the host is the one that the command queried."""
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
