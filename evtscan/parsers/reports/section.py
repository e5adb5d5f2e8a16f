"""The output of one program, and the inventory that is made of it."""

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
