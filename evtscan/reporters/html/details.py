"""Hosts → the details that ``report.html`` shows when a reader opens a host."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from evtscan.base.model.finding import Finding
from evtscan.base.model.source import Location
from evtscan.facts.catalogue import names as catalogue
from evtscan.report.model import FactRow, MatchRow, SessionRow
from evtscan.reporters.digest.summary import HostSummary
from evtscan.reporters.html.rows import ROW_OF, Row
from evtscan.reporters.html.rules import RuleRows
from evtscan.reporters.text.explanation import said, walk
from evtscan.reporters.text.phrases import changes_before

EVENTS_SHOWN = 40
"""How many matches a finding lists, half of them its first ones, half its last ones."""

MARKS_SHOWN = 400
"""How many places of matches the picture of a finding has."""

WARNINGS_SHOWN = 200
"""How many warnings, and how many files that were not read, a host lists."""

PLACES_SHOWN = 5
"""How many places a condition lists before it only counts them."""

_CELLS = 200
"""Into how many places a boot session is divided: matches in one of them are one mark."""


class Part:
    """The details of some hosts; facts that several hosts share are stored once."""

    def __init__(self) -> None:
        self.hosts: list[Row] = []
        self._facts: dict[tuple[Any, ...], int] = {}

    def add(self, summary: HostSummary, rules: RuleRows) -> None:
        """Add a host."""
        facts = [self._facts.setdefault(row, len(self._facts)) for row in _facts(summary.host.facts)]
        self.hosts.append(_host_detail(summary, rules, facts))

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the part as stored in the page: each fact once, and a row per host that refers to facts by number."""
        return {"facts": list(self._facts), "hosts": self.hosts}


def _host_detail(summary: HostSummary, rules: RuleRows, facts: list[int]) -> Row:
    host = summary.host
    matches: dict[tuple[str, str], list[MatchRow]] = {}
    for row in host.matches:
        matches.setdefault((rules.group(row.rule_id), row.entity), []).append(row)
    sessions = {row.session: row for row in host.sessions}
    return [
        host.other_names,
        host.version,
        host.build,
        host.ubr,
        host.update_date,
        host.components,
        host.snapshot_time,
        facts,
        sorted(map(ROW_OF["evidence"], host.evidence), key=lambda row: str(row[0])),
        [
            [_place(item.location), item.kind, item.message, item.records_lost]
            for item in host.warnings[:WARNINGS_SHOWN]
        ],
        list(map(ROW_OF["skipped"], host.skipped[:WARNINGS_SHOWN])),
        list(map(ROW_OF["session"], host.sessions)),
        [[row.session, row.sequence, row.time, row.kind, row.text, _record(row.location)] for row in host.timeline],
        [
            _finding_detail(item.finding, matches.get((rules.group(item.rule.id), item.finding.entity), []), sessions)
            for item in summary.findings
        ],
    ]


def _place(location: Location | None) -> str:
    return "" if location is None else str(location)


def _record(location: Location | None) -> str:
    """Return the location of a record without its byte offset."""
    return "" if location is None else str(msgspec.structs.replace(location, offset=None))


def _facts(rows: Iterable[FactRow]) -> Iterator[tuple[Any, ...]]:
    """Yield each fact with its current value, and its statements without what they repeat from that value."""
    for name, group in groupby(rows, key=lambda row: row.name):
        members = list(group)
        now = next((row for row in members if not row.history), None)
        place, note = (_place(now.location), now.note) if now else ("", "")
        statements = tuple(
            (
                row.value,
                row.time,
                row.session,
                row.sequence,
                "" if row.note == note else row.note,
                "" if (where := _place(row.location)) == place else where,
            )
            for row in members
            if row.history
        )
        kind = catalogue.find(name)
        across_restart = kind is not None and kind.across_restart
        yield name, now.value if now else "", now.basis if now else "", note, place, across_restart, statements


def _finding_detail(finding: Finding, matches: Sequence[MatchRow], sessions: Mapping[int, SessionRow]) -> Row:
    return [
        finding.reason,
        finding.channels,
        finding.providers,
        finding.event_ids,
        finding.missing_facts,
        finding.how_to_get,
        list(changes_before(finding)),
        finding.remedy,
        finding.coverage_from,
        finding.coverage_to,
        finding.complete,
        finding.source_files,
        list(_conditions(finding)),
        len(matches),
        list(map(ROW_OF["event"], _first_and_last(matches))),
        _marks(matches, sessions),
        [[near.source_file, list(map(ROW_OF["nearby"], near.rows))] for near in finding.surroundings],
    ]


def _conditions(finding: Finding) -> Iterator[Row]:
    if finding.explanation is None:
        return
    for depth, node in walk(finding.explanation):
        places = [str(location) for location in node.locations[:PLACES_SHOWN]]
        more = len(node.locations) - len(places)
        fact = node.fact if catalogue.is_known(node.fact) else ""  # a field of the event has no history
        yield [depth, node.truth.value, node.text, said(node), node.basis, fact, places, more]


def _first_and_last(matches: Sequence[MatchRow]) -> Sequence[MatchRow]:
    half = EVENTS_SHOWN // 2
    return matches if len(matches) <= EVENTS_SHOWN else [*matches[:half], *matches[-half:]]


def _marks(matches: Iterable[MatchRow], sessions: Mapping[int, SessionRow]) -> list[Row]:
    """Return the positions of matches in the history of the host; matches close to each other give one mark."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in matches:
        session = None if row.session is None else sessions.get(row.session)
        cell = row.sequence
        if session is not None and cell is not None:
            cell = (cell - session.first) * _CELLS // max(session.last - session.first + 1, 1)
        found.setdefault((row.session, cell, row.verdict), [row.session, row.sequence, row.verdict])
        if len(found) == MARKS_SHOWN:
            break
    return list(found.values())
