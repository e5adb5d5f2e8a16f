"""The nouns of evidence, in order of flow: where, what was read, what is known. Those of reports: ``report``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from evtscan.wintypes import Instant

# ---------------------------------------------------------------------------------------------- where


@dataclass(frozen=True, slots=True)
class Source:
    """One evidence file: where it lies, and the name that reports print for it.

    ``name`` is relative to the host's folder, with ``/``; ``case.zip!path/inside`` is a file out of an archive. No
    report ever shows ``path``, whose own name may be another one.
    """

    path: Path
    name: str

    @property
    def base_name(self) -> str:
        """The name of the file without folders and archives."""
        return self.name.replace("!", "/").rpartition("/")[2]

    def open(self) -> BinaryIO:
        """Open the file for reading, never for writing."""
        return self.path.open("rb")

    def sha256(self) -> str:
        """The digest of the file, in hexadecimal."""
        import hashlib

        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


class Location(msgspec.Struct, frozen=True, gc=False):  # as many of them as of events (see ``Event``)
    """Where a statement comes from: an evidence file and the place in it that applies to its format.

    ``source`` is empty where a warning is about a host as a whole.
    ``offset`` counts bytes from the start of the file, ``line`` from 1, ``record`` is the number in the
    record's header, ``key`` a registry key with its value name, or an entry of ``facts.yaml``.
    """

    source: str
    offset: int | None = None
    record: int | None = None
    key: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = [self.source]
        if self.record is not None:
            parts.append(f"record {self.record}")
        if self.key is not None:
            parts.append(self.key)
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.offset is not None:
            parts.append(f"offset 0x{self.offset:x}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionWarning:
    """Something that could not be read, or could not be used: data of the report, not a log line.

    ``kind`` is a stable word for scripts (``bad_record``, ``bad_chunk``, ``truncated``, ``conflict`` …),
    ``message`` says what and what to do, ``records_lost`` how many records at least.
    """

    location: Location
    kind: str
    message: str
    records_lost: int = 0


# ------------------------------------------------------------------------------------------- what was read


class Absent(Enum):
    """The value of a field that a record does not have, as opposed to one that its format cannot carry."""

    ABSENT = "absent"


class Event(msgspec.Struct, frozen=True, gc=False):  # it never refers back to itself: no cycles to look for
    """One log record, decoded. (A struct, since a dataclass would take most of the time of reading short records.)

    ``sequence`` is its place in record order: ``header_id``, unwrapped where the format counts modulo 2^32.
    ``data`` maps field names to values in log order. Leaves are text as Windows renders it, lists where a name
    repeats or the value is an array, maps for nested elements of UserData; unnamed data is ``Data1``, ``Data2`` …,
    raw data ``Binary`` in upper-case hex. ``unreadable`` names the fields that this record's format cannot
    carry (a test of one of them is unknown, not false); ``Data`` in it stands for all data.
    ``message`` is the text that an export rendered. None means that the record does not say.
    """

    location: Location
    sequence: int
    event_id: int
    provider: str
    channel: str | None = None
    time: Instant | None = None
    record_id: int | None = None
    header_id: int | None = None
    computer: str | None = None
    event_source_name: str | None = None
    provider_guid: str | None = None
    qualifiers: int | None = None
    version: int | None = None
    level: int | None = None
    task: int | None = None
    opcode: int | None = None
    keywords: str | None = None
    process_id: int | None = None
    thread_id: int | None = None
    user_id: str | None = None
    activity_id: str | None = None
    related_activity_id: str | None = None
    event_type: str | None = None
    time_written: Instant | None = None
    recovered: bool = False
    data: Mapping[str, Any] = msgspec.field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Selector:
    """Records that somebody can use: None stands for any. Names compare whole and without regard to case."""

    channel: str | None = None
    provider: str | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What to take out of a log. A parser answers it from the fixed parts of records before it decodes any.

    A record is taken if it fits one of ``selectors``, or if there are none given (None). An unknown channel fits
    every channel; a provider is compared with the record's provider and with its EventSourceName.

    The other fields narrow that down, each where it is given: Windows' ``levels``, times from ``start`` (inclusive)
    to ``end`` (exclusive), ``record_ids`` (EventRecordID), and event ids in and not in some ranges. What a record does
    not say (a time, a level) does not fit; a local time of unknown zone fits wherever it can lie.
    """

    selectors: frozenset[Selector] | None = None
    levels: frozenset[int] | None = None
    start: Instant | None = None
    end: Instant | None = None
    record_ids: tuple[range, ...] | None = None
    include_ids: tuple[range, ...] | None = None
    exclude_ids: tuple[range, ...] = ()
    _names: dict[int | None, list[tuple[str | None, str | None]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __or__(self, other: "Query") -> "Query":
        """A query that takes at least what one of the two takes: filters stay where both have the same."""
        selectors = None
        if self.selectors is not None and other.selectors is not None:
            selectors = self.selectors | other.selectors
        filters = ("levels", "start", "end", "record_ids", "include_ids", "exclude_ids")
        shared = {name: getattr(self, name) for name in filters if getattr(self, name) == getattr(other, name)}
        return Query(selectors, **shared)

    @classmethod
    def union(cls, queries: Iterable["Query"]) -> "Query":
        """What any of several queries takes, which have no filters."""
        found = [query.selectors for query in queries]
        known = [selectors for selectors in found if selectors is not None]
        return cls(frozenset[Selector]().union(*known) if len(known) == len(found) else None)

    @property
    def filters(self) -> bool:
        """Whether ``admits`` can refuse anything."""
        return (self.levels, self.start, self.end, self.record_ids) != (None, None, None, None)

    @property
    def names(self) -> bool:
        """Whether a channel or a provider is asked for."""
        return any(selector.channel or selector.provider for selector in self.selectors or ())

    def event_ids(self) -> frozenset[int] | None:
        """Every event id that the selectors can take, or None if any can."""
        if self.selectors is None:
            return None
        ids = {selector.event_id for selector in self.selectors}
        return None if None in ids else frozenset(number for number in ids if number is not None)

    def accepts_id(self, event_id: int) -> bool:
        """Whether the ranges of event ids allow this one."""
        if any(event_id in excluded for excluded in self.exclude_ids):
            return False
        return self.include_ids is None or any(event_id in included for included in self.include_ids)

    def accepts(self, channel: str | None, provider: str | None, event_source_name: str | None, event_id: int) -> bool:
        """Whether a record with these System fields is wanted, as far as they say."""
        if not self.accepts_id(event_id):
            return False
        if self.selectors is None:
            return True
        names = {name.casefold() for name in (provider, event_source_name) if name}
        wanted_channel = channel.casefold() if channel else None
        by_id = self._names_by_id()
        return any(
            (wanted_provider is None or wanted_provider in names)
            and (selected is None or wanted_channel is None or selected == wanted_channel)
            for number in (event_id, None)
            for selected, wanted_provider in by_id.get(number, ())
        )

    def _names_by_id(self) -> Mapping[int | None, list[tuple[str | None, str | None]]]:
        """Channel and provider of the selectors in lower case, by the event id that they ask for."""
        if not self._names:
            for each in self.selectors or ():
                names = (each.channel and each.channel.casefold(), each.provider and each.provider.casefold())
                self._names.setdefault(each.event_id, []).append(names)
        return self._names

    def admits(self, level: int | None, time: Instant | None, record_id: int | None) -> bool:
        """Whether a record with these System fields passes the filters."""
        if self.levels is not None and level not in self.levels:
            return False
        bounded = self.start is not None or self.end is not None
        if bounded and (time is None or not time.may_lie_in(self.start, self.end)):
            return False
        return self.record_ids is None or (
            record_id is not None and any(record_id in wanted for wanted in self.record_ids)
        )


EVERYTHING = Query()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read logs, for the formats that have a choice.

    ``recover`` adds records from slack space, marked as recovered. ``reference`` reads EVTX with the slow reference
    decoder. ``zone`` is the zone of local times, as ``--source-timezone`` puts it, for formats that print them without
    one. ``hashed`` adds the SHA-256 of each file to its row.
    """

    recover: bool = False
    reference: bool = False
    zone: str = ""
    hashed: bool = False


PLAIN = ReadOptions()


MOST_CLOCK_STEPS = 1000
"""How many steps of its clock a log's summary lists at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """More than five minutes by which the clock moved otherwise than time does, between two records of a log.

    ``sequence`` is that of the first record behind the step, ``before`` and ``after`` are the clock's two readings.
    ``until`` is set where the clock soon read what it did before: the sequence of the first record to do so. Those
    from ``sequence`` up to it were logged late, or by a clock that was corrected; the others are not parted by them.
    """

    sequence: int
    before: Instant
    after: Instant
    until: int | None = None

    def holds(self, sequence: int) -> bool:
        """Whether a record stands behind the step, and before the clock is back."""
        return self.sequence <= sequence and (self.until is None or sequence < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSummary:
    """What one log says of itself and what was read of it, whatever the query selected.

    ``records`` counts the readable records, ``lost`` those known to be there and not readable.
    ``first_sequence``/``last_sequence`` and ``first_time``/``last_time`` belong to the oldest and the newest record
    in record order. ``holes`` counts gaps in the header numbers. ``computers`` lists the names found,
    in order of first appearance, and ``newest_computer`` is that of the newest record, where it is known.
    ``clock_steps`` are in record order, and complete only if they are fewer than ``MOST_CLOCK_STEPS``.
    ``dirty``, ``wrapped`` as the header or the records show; ``cleared`` if a record says so, or if
    the log holds nothing and its counter says that it held records. ``filtered``: it was written as a part of a log, so
    that what is not in it may have been logged all the same. ``converted``: a newer Windows made it out of a log in the
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
    def completeness(self) -> str:
        """In one word or two what the log lacks: ``whole`` if nothing."""
        flaws = {
            "filtered": self.filtered,
            "cleared": self.cleared,
            "wrapped": self.wrapped,
            "holes": self.holes > 0,
            "damaged": self.lost > 0,
        }
        return ", ".join(word for word, holds in flaws.items() if holds) or "whole"


class LogReader(Protocol):
    """One pass over one log file: iterate once for the selected events, in record order as far as the file goes.

    ``warnings`` and ``summary`` are complete when the iteration has ended. Memory does not grow with the file.
    """

    warnings: list[ExtractionWarning]

    def __iter__(self) -> Iterator[Event]: ...

    @property
    def summary(self) -> LogSummary:
        """What was read, selected or not."""
        ...


RegistryData = str | int | bytes | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryValue:
    """One value of a key: strings as str, dwords and qwords as int, multi-strings as a tuple, the rest as bytes."""

    name: str
    data: RegistryData
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKey:
    r"""One key with its values; ``path`` is canonical (``SYSTEM\CurrentControlSet\Services\Dhcp``).

    ``values`` maps lower-case names (the default value is ``""``), ``subkeys`` lists the names of direct children.
    ``whole`` says that the evidence holds the key in full, so that what is not there is known to be absent.
    """

    path: str
    values: Mapping[str, RegistryValue]
    subkeys: tuple[str, ...]
    whole: bool
    location: Location
    last_written: Instant | None = None


class Registry(Protocol):
    r"""The registry keys of one evidence file, whatever its format.

    Paths are canonical: ``SOFTWARE\…`` or ``SYSTEM\CurrentControlSet\…`` (the current control set, however the file
    names it), compared without regard to case.
    """

    source: str
    format: str
    taken: Instant | None
    warnings: list[ExtractionWarning]

    def key(self, path: str) -> RegistryKey | None:
        """The key, or None if the evidence does not show it."""
        ...

    def covers(self, path: str) -> bool:
        """Whether the evidence holds this key in full if it exists: not shown then means that it does not exist."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """A service or driver as a report lists it: by name, by display name or by both; what it does not say is None.

    ``start`` is Windows' number: 0 boot, 1 system, 2 automatic, 3 manual, 4 disabled.
    """

    location: Location
    name: str | None = None
    display_name: str | None = None
    running: bool | None = None
    start: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file as a listing, a report or the file itself shows it; ``name`` is lower case with suffix.

    ``date`` (of the copy, the listing or the archive entry) and ``linked`` (of the linker) are YYYY-MM-DD; ``folder``
    is where the host has the file, as the report prints it.
    """

    location: Location
    name: str
    folder: str | None = None
    size: int | None = None
    date: str | None = None
    version: str | None = None
    linked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a system report says of a host, whatever program wrote it; what it does not say is None or empty.

    ``taken`` is the report's own time. ``version`` is as printed (``4.0``, ``5.1.2600``), ``service_pack`` too, and
    the empty text where the report would print one and prints none. ``whole`` names what it lists in full, so that what
    is not listed is known to be absent: ``services``, ``running services``, ``drivers``, ``hotfixes``. ``places`` maps
    the names of the single values to where they stand. ``registries`` are keys that were printed among reports.
    ``remote``: a host was asked over the network, which need not be that of the reports around it.
    """

    source: str
    format: str
    taken: Instant | None = None
    computer: str | None = None
    product: str | None = None
    version: str | None = None
    build: str | None = None
    service_pack: str | None = None
    kernel_type: str | None = None
    role: str | None = None
    services: tuple[ServiceEntry, ...] = ()
    hotfixes: tuple[str, ...] = ()
    files: tuple[FileEntry, ...] = ()
    whole: frozenset[str] = frozenset()
    places: Mapping[str, Location] = field(default_factory=dict)
    registries: tuple[Registry, ...] = ()
    remote: bool = False
    warnings: tuple[ExtractionWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FactEntry:
    """One entry of a ``facts.yaml``: value, since when (None: when the evidence was taken), and who says so."""

    name: str
    value: Any
    location: Location
    since: Instant | None = None
    said_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsFile:
    """The content of one ``facts.yaml``."""

    source: str
    entries: tuple[FactEntry, ...]
    warnings: tuple[ExtractionWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One log as read for one host: its summary and the events that the query selected, in record order.

    ``forwarded``: they are what a collector received from the host, a part of the collector's log.
    """

    source: Source
    summary: LogSummary
    events: tuple[Event, ...]
    forwarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was read of one host."""

    logs: tuple[Log, ...] = ()
    registries: tuple[Registry, ...] = ()
    inventories: tuple[Inventory, ...] = ()
    facts_files: tuple[FactsFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One evidence file, as a row of ``evidence.csv``. ``records`` is None where the file is not a log.

    ``channels`` are those that a log says, or is known by its name, to hold.
    """

    source_file: str
    size: int
    format: str
    sha256: str = ""
    computer: str = ""
    first_time: str = ""
    last_time: str = ""
    records: int | None = None
    lost: int = 0
    dirty: bool = False
    wrapped: bool = False
    cleared: bool = False
    filtered: bool = False
    holes: int = 0
    clock_steps: int = 0
    time_zone: str = ""
    note: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file that is not evidence, or cannot be opened, and why.

    ``unreadable``: it may well be evidence, but this run could not get at it.
    """

    source_file: str
    reason: str
    unreadable: bool = False


# --------------------------------------------------------------------------------------------- what is known

FactValue = str | int | bool | tuple[str, ...] | None
"""The value of a fact; a tuple where it is a set (``hotfix``). None says: collected, and not there."""


@dataclass(frozen=True, slots=True)
class Bound:
    """All that is known of an integer fact: it lies in ``low``…``high``, both included; None is open."""

    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low} or more"
        return f"{self.low or 0}…{self.high}"

    def admits(self, value: FactValue) -> bool:
        """Whether a value lies in the bound; what is no integer is not bounded."""
        if not isinstance(value, int) or isinstance(value, bool):
            return True
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def up_to(self, value: int) -> "Bound":
        """The part of the bound that is not above a value."""
        return Bound(self.low, value if self.high is None else min(self.high, value))


class Basis(Enum):
    """How a value comes to be known at a moment."""

    STATED = "stated"
    CARRIED_FORWARD = "carried forward"
    CARRIED_BACK = "carried back"
    UNKNOWN = "unknown"

    @property
    def carried(self) -> bool:
        """Whether the value is assumed from another boot session."""
        return self in (Basis.CARRIED_FORWARD, Basis.CARRIED_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound on a fact at one moment, how it is known there, and what shows it."""

    bound: Bound
    basis: Basis
    locations: tuple[Location, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one fact at one moment.

    ``value`` is meaningless where ``basis`` is UNKNOWN. ``at_most`` says that it is an upper limit as well: carried
    back, of a fact that only rises. ``limit`` bounds the fact besides, whether or not a value is known. ``restarts``
    counts the boots between the statement and the moment. ``why`` says in words why nothing is known, or what is
    assumed.
    """

    name: str
    basis: Basis
    value: FactValue = None
    at_most: bool = False
    limit: Limit | None = None
    locations: tuple[Location, ...] = ()
    restarts: int = 0
    why: str = ""
