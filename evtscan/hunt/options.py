"""Settings of a hunt: the events that may match, how logs are read, and the form of the time line."""

from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, PLAIN, Query, ReadOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntOptions:
    """Settings of a run. The results are the same for any number of ``jobs``.

    ``query`` filters the events that may match: its selectors contain providers and channels. ``newest`` limits each
    log to this number of ticks before its end. ``group_record``: all rules of a record share a row. ``by_time``: rows
    in order of time instead of the order of files and records. ``map_fields``: rules about Sysmon's events also match
    equivalent events of the Security log. ``logons``: count logons in the same pass. ``jobs`` is the number of
    processes; 0 chooses it by the size of the logs.
    """

    query: Query = EVERYTHING
    newest: int | None = None
    read: ReadOptions = PLAIN
    group_record: bool = False
    by_time: bool = False
    map_fields: bool = True
    logons: bool = False
    jobs: int = 0

    def includes(self, event: Event) -> bool:
        """Return whether the query selects the provider and channel of an event; readers apply its other conditions."""
        query = self.query
        return query.selectors is None or query.accepts(
            event.channel, event.provider, event.event_source_name, event.event_id
        )
