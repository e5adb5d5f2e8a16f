"""Report → the data in ``report.html``: an index of all hosts, and the details of the hosts in parts.

The index has the data of lists, counts and rankings; the page is usable as soon as the index is read. A part is read
only when a reader opens one of its hosts.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec

from evtscan.base.model.diagnosis import EventTally
from evtscan.base.model.finding import Verdict
from evtscan.facts.catalogue import names as catalogue
from evtscan.report.model import Report
from evtscan.reporters.digest.blindspots import KINDS, BlindSpot, blind_spots
from evtscan.reporters.digest.needs import Needs
from evtscan.reporters.digest.remedies import Remedies
from evtscan.reporters.digest.summary import HostSummary, ReportedFinding
from evtscan.reporters.digest.unexplainedkinds import UnexplainedKinds
from evtscan.reporters.html.details import Part
from evtscan.reporters.html.rows import ROW_OF, SHAPES, Row
from evtscan.reporters.html.rules import RuleRows
from evtscan.reporters.json.report import without_surrogates
from evtscan.reporters.text.phrases import common_factors, explained, has_service_packs

HOSTS_IN_PART = 64
"""How many hosts share a part: enough to compress well, few enough to open at once."""

_LEVEL = 6  # 9 takes twice the time for two in a hundred

_VERDICTS = [verdict.value for verdict in Verdict]

UNEXPLAINED_SHOWN = 10
"""How many kinds of unexplained events the overview lists."""

BLIND_SPOTS_SHOWN = 10
"""How many blind spots of a kind a host lists before it only counts them."""


class Content:
    """Collects the data of the page; it receives the hosts of a report one by one, in order of their names.

    ``parts`` contain the details of ``HOSTS_IN_PART`` hosts each, ``index`` everything else. Both are deflated JSON.
    """

    def __init__(self, report: Report) -> None:
        self.parts: list[bytes] = []
        self._report = report
        self._rules = RuleRows(report)
        self._hosts: list[Row] = []
        self._findings: list[Row] = []
        self._blind: list[Row] = []
        self._remedies, self._needs = Remedies(), Needs()
        self._unexplained = UnexplainedKinds()
        self._tally = EventTally()
        self._host_keys, self._finding_keys = _Keys(), _Keys()
        self._part = Part()

    def add(self, summary: HostSummary) -> None:
        """Add a host."""
        spots = _few_of_each_kind(blind_spots(summary.host))
        self._blind.extend([len(self._hosts), spot.kind, spot.source_file, spot.text] for spot in spots)
        self._hosts.append(_host_row(self._host_keys.new(summary.host.host), summary))
        self._tally += summary.host.tally
        self._unexplained.add(summary.host)
        for item in summary.findings:
            self._findings.append(_finding_row(self._finding_keys.new(item.finding.finding_id), item, self._rules))
            self._remedies.add(item)
            self._needs.add(item)
        self._part.add(summary, self._rules)
        if len(self._part.hosts) == HOSTS_IN_PART:
            self._end_part()

    def close(self) -> None:
        """Finish the last part."""
        if self._part.hosts:
            self._end_part()

    def _end_part(self) -> None:
        self.parts.append(_deflated(self._part.document))
        self._part = Part()

    @property
    def index(self) -> bytes:
        """Return the data of lists, counts and rankings as deflated JSON."""
        report, rules = self._report, self._rules
        factors = {item.rule_id: item for item in report.factors}
        return _deflated(
            {
                "evtscan": report.evtscan,
                "shapes": SHAPES,
                "hostsInPart": HOSTS_IN_PART,
                "verdicts": _VERDICTS,
                "rules": rules.rows(),
                "refused": sorted(map(ROW_OF["refused"], report.refused), key=str),
                "hosts": self._hosts,
                "findings": self._findings,
                "remedies": [
                    [
                        rules.number(remedy.rule),
                        remedy.steps,
                        remedy.findings,
                        list(common_factors(factors[remedy.rule.id])) if remedy.rule.id in factors else [],
                    ]
                    for remedy in self._remedies.ranked()
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
                "title": report.title,
                "date": report.date,
                "explained": explained(self._tally) if self._tally.errors else "",
                "unexplained": [
                    [
                        kind.provider,
                        kind.event_id,
                        kind.level,
                        len(kind.hosts),
                        kind.count,
                        kind.last_seen,
                        kind.example,
                    ]
                    for kind in self._unexplained.ranked()[:UNEXPLAINED_SHOWN]
                ],
                "blindKinds": [[kind, title, text] for kind, (title, text) in KINDS.items()],
                "blindSpots": self._blind,
            }
        )


def _deflated(document: Mapping[str, Any]) -> bytes:
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(without_surrogates(document))
    return zlib.compress(data, _LEVEL)


class _Keys:
    """Unique names for addresses in the page: a repeated name gets a number."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def new(self, name: str) -> str:
        """Return a unique key for the next item with this name."""
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
        "" if host.service_pack == "0" and not has_service_packs(host.version) else host.service_pack,
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
        summary.is_judged,
    ]


def _finding_row(key: str, item: ReportedFinding, rules: RuleRows) -> Row:
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
        item.calls_for_action,
    ]
