"""Report → what ``report.html`` carries: an index of everything, and the details of some hosts at a time.

The index is what lists, counts and rankings need; a page opens as soon as it is read. The details come in parts, each
read when somebody looks at one of its hosts. Rows are arrays, whose members ``SHAPES`` names: ten thousand hosts have
half a million rows, and their names would be most of the file.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from evtscan.facts import catalogue
from evtscan.model import Location
from evtscan.report import QUIET_KINDS, FactRow, Finding, MatchRow, Report, RuleInfo, SessionRow, Verdict
from evtscan.reporters.blindspots import KINDS, BlindSpot, blind_spots
from evtscan.reporters.explanation import said, walk
from evtscan.reporters.json import without_surrogates
from evtscan.reporters.needs import Needs
from evtscan.reporters.remedies import Remedies, calls_for_action
from evtscan.reporters.summary import HostSummary, ReportedFinding, level_rank

HOSTS_IN_PART = 64
"""How many hosts share a part: enough to compress well, few enough to open at once."""

EVENTS_SHOWN = 40
"""How many matches a finding lists, half of them its first ones, half its last ones."""

MARKS_SHOWN = 400
"""How many places of matches the picture of a finding has."""

_LEVEL = 6  # 9 takes twice the time for two in a hundred

_CELLS = 200
"""Into how many places a boot session is divided: matches in one of them are one mark."""

_VERDICTS = [verdict.value for verdict in Verdict]

Row = list[Any]
Document = Mapping[str, Any]

_FROM_MODEL: Mapping[str, tuple[str, ...]] = {
    "rule": ("id", "title", "article", "level", "kind", "status"),
    "ruleText": ("description", "cause", "remedy", "workaround", "fixed_in", "lookalikes", "references", "file"),
    "refused": ("file", "line", "key", "message"),
    "event": (
        "timestamp",
        "computer",
        "verdict",
        "channel",
        "provider",
        "event_id",
        "event_level",
        "record_id",
        "details",
        "message",
        "source_file",
        "session",
        "sequence",
    ),
    "nearby": (
        "distance",
        "timestamp",
        "computer",
        "channel",
        "provider",
        "event_id",
        "event_level",
        "record_id",
        "details",
    ),
    "evidence": (
        "source_file",
        "size",
        "format",
        "sha256",
        "computer",
        "first_time",
        "last_time",
        "records",
        "lost",
        "dirty",
        "wrapped",
        "cleared",
        "filtered",
        "holes",
        "clock_steps",
        "time_zone",
        "note",
    ),
    "session": ("session", "begins", "ends", "first", "last", "started", "whole"),
    "skipped": ("source_file", "reason"),
}
"""Rows that are a selection of what a class of the model holds."""

_ROW_OF: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    name: attrgetter(*fields) for name, fields in _FROM_MODEL.items()
}

SHAPES: Mapping[str, tuple[str, ...]] = {
    **_FROM_MODEL,
    "rule": (*_FROM_MODEL["rule"], "quiet", "text"),
    "host": (
        "key",
        "name",
        "computer",
        "os",
        "service_pack",
        "role",
        "worst",
        "worst_level",
        "first_event",
        "last_event",
        "records",
        "logs",
        "warnings",
        "skipped",
        "findings",
    ),
    "finding": (
        "key",
        "rule",
        "verdict",
        "activity",
        "status",
        "entity",
        "first_seen",
        "last_seen",
        "count",
        "basis",
        "action",
    ),
    "remedy": ("rule", "steps", "findings"),
    "need": ("fact", "noun", "ways", "alone", "findings"),
    "blindKind": ("kind", "title", "text"),
    "blindSpot": ("host", "kind", "source_file", "text"),
    "hostDetail": (
        "other_names",
        "version",
        "build",
        "ubr",
        "update_date",
        "components",
        "snapshot_time",
        "facts",
        "evidence",
        "warnings",
        "skipped",
        "sessions",
        "timeline",
        "findings",
    ),
    "fact": ("name", "value", "basis", "note", "place", "across_restart", "statements"),
    "statement": ("value", "time", "session", "sequence", "note", "place"),
    "warning": ("place", "kind", "message", "records_lost"),
    "timeline": ("session", "sequence", "time", "kind", "text", "place"),
    "findingDetail": (
        "reason",
        "channels",
        "providers",
        "event_ids",
        "missing_facts",
        "how_to_get",
        "remedy",
        "coverage_from",
        "coverage_to",
        "complete",
        "source_files",
        "explanation",
        "matches",
        "events",
        "marks",
        "surroundings",
    ),
    "condition": ("depth", "truth", "text", "says", "basis", "fact", "places", "more"),
    "mark": ("session", "sequence", "verdict"),
}
"""Every kind of row with the names of its members, in order."""

BLIND_SPOTS_SHOWN = 10
"""How many blind spots of a kind a host lists before it only counts them."""

WARNINGS_SHOWN = 200
"""How many warnings, and how many files that were not read, a host lists."""

PLACES_SHOWN = 5
"""How many places a condition lists before it only counts them."""


class Content:
    """Takes the hosts of a report one by one, in order of their names, and keeps what the page carries.

    ``parts`` are the details of ``HOSTS_IN_PART`` hosts each, and ``index`` everything else, both as deflated JSON.
    """

    def __init__(self, report: Report) -> None:
        self.parts: list[bytes] = []
        self._report = report
        self._rules = _Rules(report)
        self._hosts: list[Row] = []
        self._findings: list[Row] = []
        self._blind: list[Row] = []
        self._remedies, self._needs = Remedies(), Needs()
        self._host_keys, self._finding_keys = _Keys(), _Keys()
        self._part = _Part()

    def add(self, summary: HostSummary) -> None:
        """Take the next host."""
        spots = _few_of_each_kind(blind_spots(summary.host))
        self._blind.extend([len(self._hosts), spot.kind, spot.source_file, spot.text] for spot in spots)
        self._hosts.append(_host_row(self._host_keys.new(summary.host.host), summary))
        for item in summary.findings:
            self._findings.append(_finding_row(self._finding_keys.new(item.finding.finding_id), item, self._rules))
            self._remedies.add(item)
            self._needs.add(item)
        self._part.add(summary, self._rules)
        if len(self._part.hosts) == HOSTS_IN_PART:
            self._end_part()

    def close(self) -> None:
        """End the last part."""
        if self._part.hosts:
            self._end_part()

    def _end_part(self) -> None:
        self.parts.append(_deflated(self._part.document))
        self._part = _Part()

    @property
    def index(self) -> bytes:
        """All that lists, counts and rankings need."""
        report, rules = self._report, self._rules
        return _deflated(
            {
                "evtscan": report.evtscan,
                "shapes": SHAPES,
                "hostsInPart": HOSTS_IN_PART,
                "verdicts": _VERDICTS,
                "rules": rules.rows(),
                "refused": sorted(map(_ROW_OF["refused"], report.refused), key=str),
                "hosts": self._hosts,
                "findings": self._findings,
                "remedies": [
                    [rules.number(remedy.rule), remedy.steps, remedy.findings] for remedy in self._remedies.ranked()
                ],
                "needs": [
                    [
                        need.fact,
                        catalogue.noun(need.fact) if need.fact else "",
                        need.ways,
                        need.alone,
                        need.findings,
                    ]
                    for need in self._needs.ranked()
                ],
                "blindKinds": [[kind, title, text] for kind, (title, text) in KINDS.items()],
                "blindSpots": self._blind,
            }
        )


def _deflated(document: Document) -> bytes:
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(without_surrogates(document))
    return zlib.compress(data, _LEVEL)


# ------------------------------------------------------------------------------------------------- the index


class _Rules:
    """The rules of a report, most important first, and behind them those that only findings name, by number."""

    def __init__(self, report: Report) -> None:
        infos = sorted(report.rules, key=lambda rule: (-level_rank(rule.level), rule.article, rule.id))
        self._by_id = {rule.id: rule for rule in infos}
        self._numbers = {rule_id: number for number, rule_id in enumerate(self._by_id)}
        self._found: set[str] = set()

    def number(self, rule: RuleInfo) -> int:
        """The number of a rule that has a finding."""
        self._by_id.setdefault(rule.id, rule)
        self._found.add(rule.id)
        return self._numbers.setdefault(rule.id, len(self._numbers))

    def group(self, rule_id: str) -> str:
        """What the matches of a finding have in common with it: the article, or the rule."""
        rule = self._by_id.get(rule_id)
        return f"article {rule.article}" if rule is not None and rule.article else rule_id

    def rows(self) -> list[Row]:
        """All rules; the texts only of those that have findings."""
        return [
            [
                *_ROW_OF["rule"](rule),
                rule.kind in QUIET_KINDS,
                _ROW_OF["ruleText"](rule) if rule.id in self._found else None,
            ]
            for rule in self._by_id.values()
        ]


class _Keys:
    """Names for addresses in the page: a name that came before gets a number."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def new(self, name: str) -> str:
        """What the next thing of this name is called."""
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}~{self._seen[name]}"


def _few_of_each_kind(spots: Iterable[BlindSpot]) -> Iterator[BlindSpot]:
    for kind, group in groupby(spots, key=lambda spot: spot.kind):
        members = list(group)
        yield from members[:BLIND_SPOTS_SHOWN]
        more = len(members) - BLIND_SPOTS_SHOWN
        if more > 0:
            yield BlindSpot(kind, "", f"and {more:,} more file{'' if more == 1 else 's'}")


def _host_row(key: str, summary: HostSummary) -> Row:
    host = summary.host
    return [
        key,
        host.host,
        host.computer,
        host.os or (f"Windows version {host.version}" if host.version else ""),
        host.service_pack,
        host.role,
        summary.worst_verdict.value if summary.worst_verdict else "",
        summary.worst_level,
        summary.first_event,
        summary.last_event,
        summary.records,
        summary.logs,
        len(host.warnings),
        len(host.skipped),
        len(summary.findings),
    ]


def _finding_row(key: str, item: ReportedFinding, rules: _Rules) -> Row:
    finding = item.finding
    return [
        key,
        rules.number(item.rule),
        _VERDICTS.index(finding.verdict),
        finding.activity,
        finding.status,
        finding.entity,
        finding.first_seen,
        finding.last_seen,
        finding.count,
        finding.basis,
        calls_for_action(item),
    ]


# ----------------------------------------------------------------------------------------------- the details


class _Part:
    """The details of some hosts; facts that they have in common stand in it once."""

    def __init__(self) -> None:
        self.hosts: list[Row] = []
        self._facts: dict[tuple[Any, ...], int] = {}

    def add(self, summary: HostSummary, rules: _Rules) -> None:
        facts = [self._facts.setdefault(row, len(self._facts)) for row in _facts(summary.host.facts)]
        self.hosts.append(_host_detail(summary, rules, facts))

    @property
    def document(self) -> Document:
        return {"facts": list(self._facts), "hosts": self.hosts}


def _host_detail(summary: HostSummary, rules: _Rules, facts: list[int]) -> Row:
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
        sorted(map(_ROW_OF["evidence"], host.evidence), key=lambda row: str(row[0])),
        [
            [_place(item.location), item.kind, item.message, item.records_lost]
            for item in host.warnings[:WARNINGS_SHOWN]
        ],
        list(map(_ROW_OF["skipped"], host.skipped[:WARNINGS_SHOWN])),
        list(map(_ROW_OF["session"], host.sessions)),
        [[row.session, row.sequence, row.time, row.kind, row.text, _record(row.location)] for row in host.timeline],
        [
            _finding_detail(item.finding, matches.get((rules.group(item.rule.id), item.finding.entity), []), sessions)
            for item in summary.findings
        ],
    ]


def _place(location: Location | None) -> str:
    return "" if location is None else str(location)


def _record(location: Location | None) -> str:
    """The place of a record without its offset, which nobody looks up."""
    return "" if location is None else str(msgspec.structs.replace(location, offset=None))


def _facts(rows: Iterable[FactRow]) -> Iterator[tuple[Any, ...]]:
    """Each fact with what is known of it now and its statements; what these repeat of it is left out."""
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
        finding.remedy,
        finding.coverage_from,
        finding.coverage_to,
        finding.complete,
        finding.source_files,
        list(_conditions(finding)),
        len(matches),
        list(map(_ROW_OF["event"], _first_and_last(matches))),
        _marks(matches, sessions),
        [[near.source_file, list(map(_ROW_OF["nearby"], near.rows))] for near in finding.surroundings],
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
    """Where matches stand in the history of the host, those close to each other once."""
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
