"""Events → the log of a host that contains each event."""

from collections.abc import Sequence

from evtscan.base.model.event import Event
from evtscan.base.model.log import Log


class LogIndex:
    """Finds the log of an event by its file; if a file contains several logs, by the channel."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._by_source: dict[str, dict[str, int]] = {}
        for number, log in enumerate(logs):
            self._by_source.setdefault(log.source.name, {})[(log.summary.channel or "").casefold()] = number

    def of(self, event: Event) -> int | None:
        """Return the number of the event's log, or None if no log contains it."""
        logs = self._by_source.get(event.location.source, {})
        if len(logs) == 1:
            return next(iter(logs.values()))
        return logs.get((event.channel or "").casefold())
