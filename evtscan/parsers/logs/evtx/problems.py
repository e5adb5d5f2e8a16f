"""Records of one segment → its errors and warnings, counted by kind from their fixed parts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evtscan.base.model.event import Event
from evtscan.base.model.problems import PROBLEM_LEVELS, ProblemCounts, ProblemKind
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.evtx.columns import Group, SegmentColumns
from evtscan.parsers.logs.evtx.record import RecordError
from evtscan.parsers.logs.evtx.selection import Kept, Singly

_FIELDS = ("computer", "channel", "provider", "event_id", "level")
_MOST_EXAMPLES = 500
"""Examples of one log that are kept as bytes; each keeps the chunk of its record, 64 KiB."""


@dataclass(slots=True)
class SegmentProblems:
    """Counts the problems of segments; ``examples`` is how many examples have been kept."""

    counts: ProblemCounts
    examples: int = 0

    def add(self, singly: Singly, columns: SegmentColumns | None) -> None:
        """Count the problems of one segment; without ``columns`` every record is decoded."""
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
        example = dict
        if self.examples < _MOST_EXAMPLES:
            self.examples += 1
            example = partial(_data, singly.kept(row))  # type: ignore[assignment]
        key = ProblemKind(computer or "", channel or "", provider or "", event_id, level)
        self.counts.add(key, first, last, location, record_id, example, count)


def _data(kept: Kept) -> Mapping[str, Any]:
    try:
        return kept.decode().data
    except RecordError:
        return {}


def is_problem(event: Event) -> bool:
    """Whether an event is critical, an error or a warning."""
    return event.level in PROBLEM_LEVELS
