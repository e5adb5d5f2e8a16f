"""What a hunt can vary: which events may match, how logs are read, and the form of the time line."""

from dataclasses import dataclass

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, PLAIN, Query, ReadOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntOptions:
    """Settings of a run. The same settings give the same results for any number of ``jobs``.

    ``query`` filters the events that may match: its selectors name providers and channels. ``newest`` is the number of
    ticks before the end of each log from which on events count. ``group_record``: all rules of a record share a row.
    ``by_time``: rows in order of time instead of the order of files and records. ``map_fields``: rules about Sysmon's
    events match events of the Security log that say the same. ``logons``: count logons in the same pass. ``jobs`` is
    the number of processes, 0 to choose by the size of the logs.
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
        """Whether the provider and the channel of an event are among those asked for; readers apply the rest."""
        query = self.query
        return query.selectors is None or query.accepts(
            event.channel, event.provider, event.event_source_name, event.event_id
        )
