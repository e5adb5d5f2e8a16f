"""Counts and warnings that are collected while an export is read: its summary as a log."""

from dataclasses import dataclass

from evtscan.base.model.log import LogSummary
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.parsers.logs.exportclock import ExportClock
from evtscan.parsers.logs.exportrecords import Record, Series, System, shortened

_MOST_WARNINGS = 1000
MOST_NAMES = 1024
"""Maximum number of computers, and of series, that are distinguished in one file."""

_CLEARED = {"microsoft-windows-eventlog": (104, 1102), "security": (517,)}


class ExportTally:
    """Warnings and counts of an export, for selected and other records.

    ``in_order``: the file has the records in the order of the log. ``on_a_wall``: its times were converted from local
    times. ``chosen``: a user or a rule has selected the records in the file.
    """

    def __init__(self, source: Source) -> None:
        self.warnings: list[ExtractionWarning] = []
        self._source = source.name
        self._untold = self._untold_lost = 0
        self._said: set[str] = set()
        self._records = self._lost = 0
        self._computers: dict[str, int] = {}
        self._channels: set[str | None] = set()
        self._numbers: dict[Series, _Numbers] = {}
        self._unnumbered = False
        self.in_order = True
        self.on_a_wall = self.chosen = False
        self._clock = ExportClock()
        self._oldest: tuple[int, System] | None = None
        self._newest: tuple[int, System] | None = None

    def warn(
        self, kind: str, message: str, *, offset: int | None = None, line: int | None = None, lost: int = 0
    ) -> None:
        """Add a warning about unreadable data; after the limit of a thousand warnings, only count it."""
        self._lost += lost
        if len(self.warnings) >= _MOST_WARNINGS:
            self._untold += 1
            self._untold_lost += lost
            return
        location = Location(source=self._source, offset=offset, line=line)
        self.warnings.append(ExtractionWarning(location=location, kind=kind, message=message, records_lost=lost))

    def warn_once(self, kind: str, message: str, *, offset: int | None = None, line: int | None = None) -> None:
        """Add a warning that applies to the whole file, at the position where its cause first occurs."""
        if kind not in self._said:
            self._said.add(kind)
            self.warn(kind, message, offset=offset, line=line)

    def warn_of_missing_end(self, mark: str) -> None:
        """Warn that a file ends after a complete record, without the closing text that its program writes."""
        self.warn(
            "truncated",
            f"the file ends without {mark}: it is truncated, and later records are missing; export the log again",
        )

    def count(self, record: Record, series: Series, number: int | None, sequence: int) -> None:
        """Count one readable record."""
        system = record.system
        self._records += 1
        if system.get("recovered"):
            return
        if self._oldest is None or sequence < self._oldest[0]:
            self._oldest = sequence, system
        if self._newest is None or sequence > self._newest[0]:
            self._newest = sequence, system
        if self.in_order and (time := system.get("time")) is not None:
            self._clock.add(series, sequence, time)
        computer, channel = shortened(system.get("computer")), shortened(system.get("channel"))
        if computer and sequence < self._computers.get(computer, sequence + 1):
            self._name_computer(computer, sequence)
        if channel not in self._channels and len(self._channels) < MOST_NAMES:
            self._channels.add(channel)
        if number is None:
            self._unnumbered = True
            return
        self._add_number(series, number)
        if "header_id" in system and (record_id := system.get("record_id")) is not None:
            self._add_number((series[0], f"EventRecordID of {channel}"), record_id)

    def close(self) -> None:
        """Add a warning with the number of omitted warnings."""
        if self._untold:
            message = f"{self._untold} more warnings are left out: the file is badly damaged, export the log again"
            location, lost = Location(source=self._source), self._untold_lost
            self.warnings.append(
                ExtractionWarning(location=location, kind="more_warnings", message=message, records_lost=lost)
            )
            self._untold = 0

    def summary(self, format_name: str) -> LogSummary:
        """Return the summary of the log.

        An export does not state its query: if record numbers are missing, records may have been filtered out, so it is
        ``filtered``. If only its oldest records are missing, it looks like a log that has wrapped.
        """
        first = None if self._oldest is None else self._oldest[1]
        last = None if self._newest is None else self._newest[1]
        numbers = self._numbers.values()
        return LogSummary(
            format=format_name,
            channel=next(iter(self._channels)) if len(self._channels) == 1 else None,
            computers=tuple(sorted(self._computers, key=self._computers.__getitem__)),
            records=self._records,
            lost=self._lost,
            first_sequence=None if self._oldest is None else self._oldest[0],
            last_sequence=None if self._newest is None else self._newest[0],
            first_time=None if first is None else first.get("time"),
            last_time=None if last is None else last.get("time"),
            wrapped=any(series.lowest > 1 for series in numbers),
            cleared=first is not None and first["event_id"] in _CLEARED.get(first["provider"].casefold(), ()),
            filtered=self.chosen or self._unnumbered or any(not series.whole for series in numbers),
            clock_steps=self._clock.found(on_a_wall=self.on_a_wall),
        )

    def _add_number(self, series: Series, number: int) -> None:
        numbers = self._numbers.get(series)
        if numbers is not None:
            numbers.add(number)
        elif len(self._numbers) < MOST_NAMES:
            self._numbers[series] = _Numbers(number, number, number)
        else:
            self._unnumbered = True

    def _name_computer(self, computer: str, sequence: int) -> None:
        if computer in self._computers or len(self._computers) < MOST_NAMES:
            self._computers[computer] = sequence


@dataclass(slots=True)
class _Numbers:
    """The record numbers of one series, in the order of the file."""

    lowest: int
    highest: int
    last: int
    count: int = 1
    jumps: int = 0

    def add(self, number: int) -> None:
        self.count += 1
        step = number - self.last
        if step not in (1, -1):
            self.jumps += 1
        self.last = number
        if number < self.lowest:
            self.lowest = number
        elif number > self.highest:
            self.highest = number

    @property
    def whole(self) -> bool:
        """Whether no number between the lowest and the highest is missing (or as many were repeated)."""
        return not self.jumps or self.count == self.highest - self.lowest + 1
