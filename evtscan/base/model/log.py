"""Data types for logs: summary, clock steps, and the protocols of readers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from evtscan.base.model.event import Event
from evtscan.base.model.problems import ProblemCounts
from evtscan.base.model.source import ExtractionWarning, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_TICKS = 5 * 60 * TICKS_PER_SECOND
"""Smallest movement of a clock that counts as a step, in ticks; less is drift and its correction."""

MOST_CLOCK_STEPS = 1000
"""The maximum number of clock steps in the summary of a log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """A change of the clock by more than five minutes, beyond the time that passed, between two records of a log.

    ``sequence`` is the sequence of the first record after the step, ``before`` and ``after`` are the times of the two
    records. ``until`` is set if the clock soon returned: the sequence of the first record after its return. The records
    in between were logged late, or by a clock that was corrected.
    """

    sequence: int
    before: Instant
    after: Instant
    until: int | None = None

    def holds(self, sequence: int) -> bool:
        """Return whether a record is after the step and before the clock's return."""
        return self.sequence <= sequence and (self.until is None or sequence < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSummary:
    """The header of one log and the state of its records, independent of the query.

    ``records`` counts the readable records, ``lost`` the unreadable ones. ``first_sequence``/``last_sequence`` and
    ``first_time``/``last_time`` belong to the oldest and the newest record in record order. ``holes`` counts gaps in
    the header numbers. ``computers`` lists the names in order of first appearance, and ``newest_computer`` is the name
    in the newest record, if known. ``clock_steps`` are in record order, and complete only if they are fewer than
    ``MOST_CLOCK_STEPS``. ``dirty`` and ``wrapped`` come from the header or the records. ``cleared`` is set if a record
    states that the log was cleared, or if the log is empty and its counter shows that it had records. ``filtered``: the
    log is an extract, so missing events may have been logged. ``converted``: a newer Windows converted the log from the
    format of NT.
    """

    format: str
    channel: str | None = None
    computers: tuple[str, ...] = ()
    newest_computer: str | None = None
    records: int = 0
    lost: int = 0
    first_sequence: int | None = None
    last_sequence: int | None = None
    first_time: Instant | None = None
    last_time: Instant | None = None
    holes: int = 0
    dirty: bool = False
    wrapped: bool = False
    cleared: bool = False
    filtered: bool = False
    converted: bool = False
    clock_steps: tuple[ClockStep, ...] = ()

    @property
    def flaws(self) -> tuple[str, ...]:
        """The reasons why the log is incomplete, as words; empty if it is complete."""
        flaws = {
            "filtered": self.filtered,
            "cleared": self.cleared,
            "wrapped": self.wrapped,
            "holes": self.holes > 0,
            "damaged": self.lost > 0,
        }
        return tuple(word for word, holds in flaws.items() if holds)

    @property
    def completeness(self) -> str:
        """The reasons why the log is incomplete as text; ``whole`` if there are none."""
        return ", ".join(self.flaws) or "whole"


class LogReader(Protocol):
    """One pass over one log file; iterating yields the selected events, in record order as far as the file has it.

    ``warnings`` and ``summary`` are complete when the iteration has ended. Memory does not grow with the file.
    """

    warnings: list[ExtractionWarning]

    def __iter__(self) -> Iterator[Event]: ...

    @property
    def summary(self) -> LogSummary:
        """The summary of all records, selected or not."""
        ...


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Same:
    """A column that has one value in every row."""

    value: Any


LineLayout = tuple[tuple[bytes, str], ...]
"""The text before each column of a line, and the column's name: ``ticks``, ``data``, ``offset``, ``header_id``,
``recovered`` or a field of System. The last pair has the end of the line, and no column."""


class EventBatch(Protocol):
    """Selected records of a log as columns, in record order; a column is made when it is requested.

    A batch is valid until the next batch of its reader is requested.
    """

    def __len__(self) -> int: ...

    @property
    def offset(self) -> list[int]:
        """The offsets of the records in the file, in bytes."""
        ...

    @property
    def header_id(self) -> list[int]:
        """The numbers in the record headers."""
        ...

    @property
    def recovered(self) -> list[bool]:
        """Whether the record was recovered from slack space."""
        ...

    def column(self, name: str) -> list[Any]:
        """A field of System by its name in ``Event``; ``ticks`` is the time as FILETIME."""
        ...

    def values(self, name: str) -> "Same | NDArray[Any] | list[Any]":
        """A field of System, ``offset`` or ``header_id``: one value for all, an array of numbers, or a list."""
        ...

    def json_lines(self, layout: LineLayout) -> Sequence[bytes | memoryview] | None:
        """Return a line in UTF-8 for each record, or None if the lines must be written value by value.

        Only batches of one structure (see ``parts``) can return lines; for other batches, writing values singly is as
        fast.
        """
        ...

    def data_json(self) -> list[str]:
        """The data of each record as the text of a JSON object, its members in log order."""
        ...

    def data(self) -> list[dict[str, Any]]:
        """The data of each record, every leaf as text."""
        ...

    def data_types(self) -> dict[str, int]:
        """Return the BinXML value types (MS-EVEN6 2.2.12) of the data fields that contain one value in every record."""
        ...

    def parts(self) -> "Sequence[EventBatch]":
        """Return the records grouped by structure, so that many columns of a part are constant; see ``in_order``."""
        ...

    def in_order(self, values: Iterable[Sequence[T]]) -> list[T]:
        """Bring results for the parts (a list for each part, in their order) into record order."""
        ...


@runtime_checkable
class BatchReader(LogReader, Protocol):
    """A reader that also yields its records as columns, instead of one event at a time."""

    def batches(self) -> Iterator[EventBatch]:
        """The selected records in record order, some thousand at a time."""
        ...


class TextColumns(Protocol):
    """Selected records of one structure, whose data fields are all texts, as columns in record order."""

    def __len__(self) -> int: ...

    def column(self, name: str) -> list[Any]:
        """A field of System by its name in ``Event``."""
        ...

    @property
    def data_names(self) -> Sequence[str]:
        """The names of the data of each record, in log order."""
        ...

    def data_texts(self, name: str) -> Iterable[str]:
        """Return the texts of a data field, one for each record."""
        ...


@runtime_checkable
class FilteringReader(LogReader, Protocol):
    """A reader that can discard records by their columns before it builds events."""

    def events_where(self, choose: Callable[[TextColumns], Sequence[int]]) -> Iterator[Event]:
        """Iterate over the selected events that a function keeps, in record order.

        ``choose`` returns the positions of the records to keep, in order. It is called only for records whose data
        fields are all texts; all other records are kept.
        """
        ...


@runtime_checkable
class ProblemReader(LogReader, Protocol):
    """A reader that can count errors and warnings in the pass in which it selects events, independent of the query."""

    def count_problems(self) -> ProblemCounts:
        """Count errors and warnings in the next pass, without recovered records; complete when the pass has ended."""
        ...


class LogHealth(Protocol):
    """The state of a log's structures, checked in full."""

    def __str__(self) -> str:
        """The state in one line."""
        ...

    def figures(self) -> dict[str, object]:
        """The state as named figures, for JSON."""
        ...


@runtime_checkable
class HealthReader(LogReader, Protocol):
    """A reader that can check the structures of its file (headers, checksums)."""

    def health(self) -> LogHealth:
        """Check the whole file.

        Raises:
            EvidenceError: if nothing of the file can be read.
        """
        ...


class LogParts(Protocol):
    """A log of any size whose parts can be read separately."""

    def near(self, event: Event) -> Sequence[Event]:
        """Return the records in the part of the log around an event, with some before and after it if they exist."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One log as read for one host: its summary and the events that the query selected, in record order.

    ``forwarded``: the events are the part of a collector's log that the collector received from the host. ``problems``
    are the log's errors and warnings, if they were counted.
    """

    source: Source
    summary: LogSummary
    events: tuple[Event, ...]
    forwarded: bool = False
    problems: ProblemCounts | None = None
