"""Events → the log of a host that each stands in."""

from collections.abc import Sequence

from evtscan.base.model.event import Event
from evtscan.base.model.log import Log


class LogIndex:
    """Finds the log of an event: by its file, and where one file holds several logs, by its channel."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._by_source: dict[str, dict[str, int]] = {}
        for number, log in enumerate(logs):
            self._by_source.setdefault(log.source.name, {})[(log.summary.channel or "").casefold()] = number

    def of(self, event: Event) -> int | None:
        """The number of its log, or None if it stands in none of them."""
        logs = self._by_source.get(event.location.source, {})
        if len(logs) == 1:
            return next(iter(logs.values()))
        return logs.get((event.channel or "").casefold())
