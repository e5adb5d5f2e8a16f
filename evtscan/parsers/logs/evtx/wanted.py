"""A query prepared as lookup tables: the event ids that can match, depending on a record's provider and channel."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.query import Query
from evtscan.parsers.logs.eventids import EVENT_IDS, allowed_ids
from evtscan.parsers.logs.evtx.templates import NOT_KNOWN, Template, TemplateTable

_ANY, _NO_NAME = -1, -2
_MOST_NAMED = 64  # tables kept of channels and providers that are values, 64 KiB each

Ids = NDArray[np.bool_]


class WantedIds:
    """For each template, the event ids that can match a query; a template's provider and channel may be literal.

    ``by_name`` means that the query contains names.
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self.by_name = query.names
        self._allowed = allowed_ids(query)
        self._names = _SelectorColumns(query)
        self._kinds: dict[bytes, int] = {}
        self._tables = np.zeros((0, EVENT_IDS), np.bool_)
        self._table: TemplateTable | None = None
        self._kind_of = np.zeros(0, np.int64)
        self._named: dict[tuple[str | None, frozenset[str] | None], Ids] = {}

    def fits(self, table: TemplateTable, template: NDArray[np.int64], event_id: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each row whether its template and event id can match; rows without a template cannot."""
        if self._table is not table:
            self._table, self._kind_of = table, np.zeros(0, np.int64)
        grown = np.full(len(table.templates) + 1, -1, np.int64)
        grown[: len(self._kind_of)] = self._kind_of
        used = np.flatnonzero(np.bincount(template + 1, minlength=len(table.templates) + 1)[1:])
        for number in used[grown[used] < 0].tolist():
            grown[number] = self._kind(table.templates[number])
        self._kind_of = grown[:-1]
        if not len(used):
            return np.zeros(len(template), np.bool_)
        wanted: NDArray[np.bool_] = self._tables[grown[template], event_id] & (template != NOT_KNOWN)
        return wanted

    def _kind(self, template: Template) -> int:
        ids = self._fitting(template.channel, template.providers)
        key = np.packbits(ids).tobytes()
        if key not in self._kinds:
            self._kinds[key] = len(self._kinds)
            self._tables = np.concatenate([self._tables, ids[None]])
        return self._kinds[key]

    def ids(self, channel: str | None, providers: frozenset[str] | None) -> Ids:
        """Return for each event id whether it can match with these lower-case names; None is a name not known yet."""
        key = (channel, providers)
        if key not in self._named:
            if len(self._named) >= _MOST_NAMED:
                self._named.clear()
            self._named[key] = self._fitting(channel, providers)
        return self._named[key]

    def _fitting(self, channel: str | None, providers: frozenset[str] | None) -> Ids:
        if self._query.selectors is None:
            return self._allowed
        ids = np.zeros(EVENT_IDS, np.bool_)
        wanted = self._names.ids(channel, providers)
        if (wanted == _ANY).any():
            ids[:] = True
        else:
            ids[wanted[(wanted >= 0) & (wanted < EVENT_IDS)]] = True
        return ids & self._allowed


class _SelectorColumns:
    """The selectors of a query as columns: the numbers of their channels and providers, and their event ids."""

    def __init__(self, query: Query) -> None:
        selectors = query.selectors or ()
        self._numbers: dict[str | None, int] = {None: _ANY}
        self._channel = self._column(selector.channel for selector in selectors)
        self._provider = self._column(selector.provider for selector in selectors)
        self._event_id = np.array([_ANY if each.event_id is None else each.event_id for each in selectors], np.int64)

    def _column(self, names: Iterable[str | None]) -> NDArray[np.int64]:
        numbers = self._numbers
        return np.array([numbers.setdefault(name and name.casefold(), len(numbers)) for name in names], np.int64)

    def ids(self, channel: str | None, providers: frozenset[str] | None) -> NDArray[np.int64]:
        """Return the event ids of the selectors that match these lower-case names; ``_ANY`` if a selector has no id."""
        fits = np.ones(len(self._event_id), np.bool_)
        if channel:
            fits &= np.isin(self._channel, (_ANY, self._numbers.get(channel, _NO_NAME)))
        if providers is not None:
            fits &= np.isin(self._provider, [_ANY, *(self._numbers.get(name, _NO_NAME) for name in providers)])
        found: NDArray[np.int64] = self._event_id[fits]
        return found
