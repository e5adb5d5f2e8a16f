"""One pass over a ``.evt`` file, and all that it gives."""

from dataclasses import dataclass
from pathlib import Path

from evtscan.base.model.event import Event
from evtscan.base.model.log import LogSummary
from evtscan.base.model.query import Query, ReadOptions
from evtscan.base.model.source import ExtractionWarning, Source
from evtscan.parsers.logs.evt import read_log


@dataclass(frozen=True)
class Reading:
    """All that one pass over a file gives."""

    events: list[Event]
    recovered: list[Event]
    summary: LogSummary
    warnings: list[ExtractionWarning]

    @property
    def numbers(self) -> list[int | None]:
        return [event.record_id for event in self.events]

    @property
    def kinds(self) -> list[str]:
        return [warning.kind for warning in self.warnings]


def read_file(path: Path, query: Query | None = None, *, recover: bool = False) -> Reading:
    reader = read_log(Source(path, f"HOST/{path.name}"), query or Query(), ReadOptions(recover=recover))
    events = list(reader)
    return Reading(
        [event for event in events if not event.recovered],
        [event for event in events if event.recovered],
        reader.summary,
        reader.warnings,
    )
