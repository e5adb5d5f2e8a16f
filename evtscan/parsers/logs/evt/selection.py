"""Select the records of a batch that may match a query, by their fixed parts."""

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.query import Query
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers.logs.eventids import EVENT_IDS, allowed_ids
from evtscan.parsers.logs.eventtypes import of_record
from evtscan.parsers.logs.evt.records import Batch

_FOLDED = 0x0020_0020_0020_0020
"""Makes four characters the same in both cases, if they are ASCII letters."""

_MOST_DECISIONS = 4096
_EPOCH = Instant.from_unix(0).ticks


class Selection:
    """A query, prepared for one log.

    ``candidates`` tests all records of a batch by their fixed parts and the first four characters of the source name,
    and may return too many; ``accepts`` then tests the whole name.
    """

    def __init__(self, query: Query, channel: str | None) -> None:
        self._query = query
        self._channel = channel
        here = [
            each
            for each in query.selectors or ()
            if None in (each.channel, channel) or str(each.channel).casefold() == str(channel).casefold()
        ]
        self._everything = query.selectors is None or any(
            each.provider is None and each.event_id is None for each in here
        )
        self._allowed = allowed_ids(query)
        self._ids = np.full(EVENT_IDS, self._everything)
        wanted = {each.event_id for each in here if each.event_id is not None}
        self._ids[[number for number in wanted if 0 <= number < EVENT_IDS]] = True
        self._ids &= self._allowed
        self._heads = sorted({_head(each.provider) for each in here if each.event_id is None and each.provider})
        self._decisions: dict[tuple[int, str], bool] = {}

    def candidates(self, batch: Batch) -> NDArray[np.int64]:
        """Return the indexes of the records that may match."""
        hits = self._ids[batch.ids]
        if self._heads and not self._everything:
            heads = batch.rows["source_head"] | np.uint64(_FOLDED)
            for value, mask in self._heads:
                hits |= (heads & np.uint64(mask)) == np.uint64(value)
            hits &= self._allowed[batch.ids]
        found = np.flatnonzero(hits)
        return found[self._admitted(batch.rows[found])] if self._query.filters else found

    def _admitted(self, rows: NDArray[np.void]) -> NDArray[np.bool_]:
        """Return for each record whether it passes the filters (``Query.admits`` for all of them)."""
        query = self._query
        admitted = np.ones(rows.size, np.bool_)
        if query.levels is not None:
            kinds = np.unique(rows["event_type"]).tolist()
            admitted &= np.isin(rows["event_type"], [kind for kind in kinds if of_record(kind).level in query.levels])
        ticks = rows["time_generated"].astype(np.int64) * TICKS_PER_SECOND + _EPOCH
        if query.start is not None:
            admitted &= ticks >= query.start.earliest
        if query.end is not None:
            admitted &= ticks < query.end.latest
        if query.record_ids is not None:
            numbers = rows["number"].tolist()
            admitted &= np.array([any(number in wanted for wanted in query.record_ids) for number in numbers], np.bool_)
        return admitted

    def accepts(self, event_id: int, source_name: str) -> bool:
        """Whether a record with this id and source matches."""
        key = event_id, source_name
        decision = self._decisions.get(key)
        if decision is None:
            if len(self._decisions) >= _MOST_DECISIONS:
                self._decisions.clear()
            decision = self._decisions[key] = self._query.accepts(self._channel, source_name, None, event_id)
        return decision


def _head(provider: str) -> tuple[int, int]:
    """Return value and mask of a name's first eight bytes in UTF-16, including its end.

    Characters other than ASCII are masked, so that they match any character.
    """
    units = [*provider.encode("utf-16-le")[::2], 0][:4]
    highs = [*provider.encode("utf-16-le")[1::2], 0][:4]
    value = mask = 0
    for place, (low, high) in enumerate(zip(units, highs, strict=True)):
        if high == 0 and low < 0x80:
            value |= (low | 0x20) << 16 * place
            mask |= 0xFFFF << 16 * place
    return value, mask
