"""Findings → what to collect next: each missing fact once, with the findings that it would help to decide."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evtscan.base.model.finding import Verdict
from evtscan.reporters.digest.summary import ReportedFinding


@dataclass(slots=True)
class Need:
    """A missing fact, and the open findings that need it.

    ``fact`` is empty if the instruction is not about a fact: a question to ask, or a log to export again. ``alone`` is
    the number of findings that need nothing else. ``findings`` are their indexes among all findings, counted from 0.
    """

    fact: str
    alone: int = 0
    findings: list[int] = field(default_factory=list)
    _ways: dict[str, None] = field(default_factory=dict)
    _hosts: dict[str, None] = field(default_factory=dict)

    def add(self, item: ReportedFinding, place: int, ways: Iterable[str], *, alone: bool) -> None:
        """Add a finding that needs this fact, with the instructions to get the fact on that host."""
        self.alone += alone
        self.findings.append(place)
        self._ways.update(dict.fromkeys(filter(None, ways)))
        self._hosts[item.host.host] = None

    @property
    def ways(self) -> tuple[str, ...]:
        """Return the instructions to get the fact, without duplicates."""
        return tuple(self._ways)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that lack the fact, without duplicates."""
        return tuple(self._hosts)

    @property
    def rank(self) -> tuple[int, int, str, tuple[str, ...]]:
        """Sort key: facts that would decide the most findings first."""
        return -len(self.findings), -self.alone, self.fact, self.ways


class Needs:
    """Collects the missing facts of findings, which it receives one by one."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Need] = {}
        self._seen = 0

    def add(self, item: ReportedFinding) -> None:
        """Add a finding; a decided finding, or one that calls for no action, only advances the index."""
        place = self._seen
        self._seen += 1
        if item.verdict is not Verdict.POSSIBLE or not item.calls_for_action:
            return
        lacking: dict[tuple[str, str], list[str]] = {}
        for gap in item.finding.missing:
            lacking.setdefault((gap.fact, "" if gap.fact else gap.how_to_get), []).append(gap.how_to_get)
        for key, ways in lacking.items():
            need = self._found.setdefault(key, Need(key[0]))
            need.add(item, place, ways, alone=len(lacking) == 1)

    def ranked(self) -> list[Need]:
        """Return the missing facts; those that would decide the most findings first."""
        return sorted(self._found.values(), key=lambda need: need.rank)
