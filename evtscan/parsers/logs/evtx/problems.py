"""Count the errors and warnings of a segment by kind, from the fixed parts of its records."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from evtscan.base.model.problems import PROBLEM_LEVELS, Example, ProblemCounts, ProblemKind
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.evtx.columns import Group, SegmentColumns
from evtscan.parsers.logs.evtx.record import RecordError
from evtscan.parsers.logs.evtx.selection import Kept, Singly

_FIELDS = ("computer", "channel", "provider", "event_id", "level")
_MOST_KEPT = 100
"""Kinds of one log whose newest record is kept until the log has been read; each keeps a chunk, 64 KiB."""


@dataclass(slots=True)
class SegmentProblems:
    """Counts the errors and warnings of segments; ``kept`` are the kinds whose newest record is kept."""

    counts: ProblemCounts
    kept: set[ProblemKind] = field(default_factory=set)

    def add(self, singly: Singly, columns: SegmentColumns | None) -> None:
        """Count the errors and warnings of one segment; without ``columns`` every record is decoded."""
        if columns is None:
            self._add_singly(singly, range(len(singly.records)))
            return
        groups, declined = columns.groups(columns.with_level(PROBLEM_LEVELS[0], PROBLEM_LEVELS[-1]))
        for group in groups:
            try:
                self._add_group(singly, columns, group)
            except ValueError:  # a value of one of these rows cannot be written as text
                self._add_singly(singly, group.rows.tolist())
        self._add_singly(singly, [*np.flatnonzero(columns.declined).tolist(), *declined.tolist()])

    def _add_group(self, singly: Singly, columns: SegmentColumns, group: Group) -> None:
        levels = columns.system(group, "level")
        if any(level not in PROBLEM_LEVELS for level in levels):
            group = group.take(np.array([level in PROBLEM_LEVELS for level in levels], np.bool_))
        if not len(group.rows):
            return
        named = [columns.system(group, name) for name in _FIELDS]
        kinds = list(zip(*named, strict=True))
        first = dict(zip(reversed(kinds), range(len(kinds) - 1, -1, -1), strict=True))
        last = dict(zip(kinds, range(len(kinds)), strict=True))
        ticks, rows = columns.ticks(group), group.rows.tolist()
        for kind, count in Counter(kinds).items():
            begin, end = first[kind], last[kind]
            only_last = group.take(np.arange(len(rows)) == end)
            record_id = columns.system(only_last, "record_id")[0]
            self._add(singly, kind, Instant(ticks[begin]), Instant(ticks[end]), rows[end], record_id, count)

    def _add_singly(self, singly: Singly, rows: Any) -> None:
        for row in rows:
            event = None if singly.records.recovered[row] else singly.event(row)[0]
            if event is not None and event.level in PROBLEM_LEVELS:
                kind = tuple(getattr(event, name) for name in _FIELDS)
                self._add(singly, kind, event.time, event.time, row, event.record_id, 1)

    def _add(
        self,
        singly: Singly,
        kind: tuple[Any, ...],
        first: Instant | None,
        last: Instant | None,
        row: int,
        record_id: int | None,
        count: int,
    ) -> None:
        computer, channel, provider, event_id, level = kind
        records = singly.records
        location = Location(
            source=singly.source,
            offset=singly.segment.file_offset(int(records.start[row])),
            record=int(records.number[row]),
        )
        key = ProblemKind(computer or "", channel or "", provider or "", event_id, level)
        if key in self.kept or len(self.kept) < _MOST_KEPT:
            self.kept.add(key)
            example: Example = partial(_data, singly.kept(row))
        else:
            example = dict
        self.counts.add(key, first, last, location, record_id, example, count)


def _data(kept: Kept) -> Mapping[str, Any]:
    try:
        return kept.decode().data
    except RecordError:
        return {}
