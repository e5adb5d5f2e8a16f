"""Rules and facts → which records of a log to read, and which of these to discard once their data is known."""

from collections.abc import Iterable, Sequence

from evtscan.base.model.event import Event
from evtscan.base.model.log import TextColumns
from evtscan.base.model.query import Query
from evtscan.base.model.source import Source
from evtscan.detection.match.engine import Engine
from evtscan.detection.model.rule import Rule, asked_by
from evtscan.evidence.reading import log_formats
from evtscan.facts import Wanted

_FULL_FORMATS = ({"evtx"}, {"evt"})
"""Sets of log formats of a host in which every log carries all fields of an event."""


def query_of(rules: Iterable[Rule]) -> Query:
    """The query for all records that the detections of rules can use."""
    return Query.union(rule.query() for rule in rules)


class RecordFilter:
    """Selects the records that rules or facts can use: ``query`` before decoding, ``is_unused`` after it.

    In between, ``used_rows`` discards records by their columns, where a reader has columns.

    A record that matches no rule can be discarded only if all logs have the same full format. Otherwise another log
    may contain a less complete copy of it that is a candidate match, and the full record decides it.
    """

    def __init__(self, engine: Engine, sources: Iterable[Source], *, every_fact: bool = False) -> None:
        self._facts = Wanted(None if every_fact else asked_by(engine.rules))
        self._rules, self._engine = engine.query(), engine
        self._same_format = log_formats(sources) in _FULL_FORMATS
        self.query = self._rules | self._facts.query

    def used_rows(self, columns: TextColumns) -> Sequence[int]:
        """The positions of the records that a rule or fact may use; of some kinds of events these are all records."""
        names = (columns.column(name) for name in ("event_id", "provider", "event_source_name", "channel"))
        kinds = set(zip(*names, strict=True))
        wanted = self._facts.query.accepts
        if not self._same_format or any(
            wanted(channel, name, source, number) for number, name, source, channel in kinds
        ):
            return range(len(columns))
        return self._engine.rows_that_may_match(columns)

    def is_unused(self, event: Event) -> bool:
        """Whether neither a fact nor a rule can use a selected event."""
        if self._facts.tells(event):
            return False
        if self._same_format:
            return not self._engine.remember(event)
        return not self._rules.accepts(event.channel, event.provider, event.event_source_name, event.event_id)
