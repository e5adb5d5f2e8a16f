"""Data types for queries: which records to read, and how to read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evtscan.base.wintypes import Instant


@dataclass(frozen=True, slots=True)
class Selector:
    """Selects records by channel, provider and event id; None matches any. Whole names are compared, ignoring case."""

    channel: str | None = None
    provider: str | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A query for records of a log. A parser tests it on the fixed parts of records before it decodes any record.

    A record matches if it matches one of ``selectors``, or if ``selectors`` is None. An unknown channel matches every
    channel; a provider is compared with the record's provider and with its EventSourceName.

    Each of the other fields narrows the selection if it is set: Windows' ``levels``, times from ``start`` (inclusive)
    to ``end`` (exclusive), ``record_ids`` (EventRecordID), and ranges of event ids to include and to exclude. A missing
    value (time, level) does not match; a local time of an unknown zone matches if the true time can be in the period.
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
        """Return a query that matches at least the records of both queries; filters that are equal in both remain."""
        selectors = None
        if self.selectors is not None and other.selectors is not None:
            selectors = self.selectors | other.selectors
        filters = ("levels", "start", "end", "record_ids", "include_ids", "exclude_ids")
        shared = {name: getattr(self, name) for name in filters if getattr(self, name) == getattr(other, name)}
        return Query(selectors, **shared)

    @classmethod
    def union(cls, queries: Iterable["Query"]) -> "Query":
        """Return the query that matches the records of any of several queries without filters."""
        found = [query.selectors for query in queries]
        known = [selectors for selectors in found if selectors is not None]
        return cls(frozenset[Selector]().union(*known) if len(known) == len(found) else None)

    @property
    def filters(self) -> bool:
        """Whether the query has filters, so that ``admits`` can return False."""
        return (self.levels, self.start, self.end, self.record_ids) != (None, None, None, None)

    @property
    def names(self) -> bool:
        """Whether a selector names a channel or a provider."""
        return any(selector.channel or selector.provider for selector in self.selectors or ())

    def event_ids(self) -> frozenset[int] | None:
        """Return all event ids that the selectors can match, or None if any id can match."""
        if self.selectors is None:
            return None
        ids = {selector.event_id for selector in self.selectors}
        return None if None in ids else frozenset(number for number in ids if number is not None)

    def accepts_id(self, event_id: int) -> bool:
        """Return whether the ranges of event ids include this one."""
        if any(event_id in excluded for excluded in self.exclude_ids):
            return False
        return self.include_ids is None or any(event_id in included for included in self.include_ids)

    def accepts(self, channel: str | None, provider: str | None, event_source_name: str | None, event_id: int) -> bool:
        """Whether a record with these System fields matches the selectors and the ranges of event ids."""
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
        """Return the channels and providers of the selectors in lower case, by the selectors' event id."""
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
    """Options for reading logs; each applies only to some formats.

    ``recover`` adds records from slack space, marked as recovered. ``reference`` reads EVTX with the slow reference
    decoder. ``zone`` is the zone of local times, in the form of ``--source-timezone``, for formats that print times
    without a zone. ``hashed`` adds the SHA-256 of each file to its row. ``problems`` counts errors and warnings in
    ``Log.problems``.
    """

    recover: bool = False
    reference: bool = False
    zone: str = ""
    hashed: bool = False
    problems: bool = False


PLAIN = ReadOptions()
