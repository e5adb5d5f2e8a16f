"""``--since``: the events of the last days of each log, counted back from the end of the log."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from evtscan.base.errors import raise_unless_about_file
from evtscan.base.model.query import PLAIN, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import Instant
from evtscan.dump.run import Task
from evtscan.parsers import format_named, read_log

_NOTHING = Query(frozenset())


def newest(tasks: Iterable[Task], ticks: int, start: Instant | None, options: ReadOptions = PLAIN) -> Iterator[Task]:
    """Yield the tasks, each limited to the last ``ticks`` of its log and to events from ``start`` on.

    Each log is read once to find the time of its last record; no record is decoded for this.
    """
    ends: dict[Source, Instant | None] = {}
    for task in tasks:
        if task.source not in ends:
            ends[task.source] = _end_of(task, options)
        end = ends[task.source]
        if end is None:
            yield task
            continue
        since = Instant(max(end.ticks - ticks, 0), end.digits, end.local)
        yield replace(task, start=since if start is None else max(since, start))


def _end_of(task: Task, options: ReadOptions) -> Instant | None:
    try:
        reader = read_log(format_named(task.format), task.source, _NOTHING, options)
        deque(reader, maxlen=0)
    except Exception as error:
        raise_unless_about_file(error)
        return None  # the warning comes when the log is read
    return reader.summary.last_time
