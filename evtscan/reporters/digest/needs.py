"""Findings → what to collect next: each missing fact once, with the findings that it would help to decide."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evtscan.base.model.finding import Verdict
from evtscan.reporters.digest.summary import ReportedFinding


@dataclass(slots=True)
class Need:
    """A fact that is missing, and the open findings that lack it.

    ``fact`` is empty where an instruction is about none: something to ask, or a log to export again. ``alone`` counts
    the findings that lack nothing else. ``findings`` are their places among all that were looked through, counted
    from 0.
    """

    fact: str
    alone: int = 0
    findings: list[int] = field(default_factory=list)
    _ways: dict[str, None] = field(default_factory=dict)
    _hosts: dict[str, None] = field(default_factory=dict)

    def add(self, item: ReportedFinding, place: int, ways: Iterable[str], *, alone: bool) -> None:
        """Take a finding that lacks it, with ways to get it there."""
        self.alone += alone
        self.findings.append(place)
        self._ways.update(dict.fromkeys(filter(None, ways)))
        self._hosts[item.host.host] = None

    @property
    def ways(self) -> tuple[str, ...]:
        """How to get it, each way once."""
        return tuple(self._ways)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it is missing on, each once."""
        return tuple(self._hosts)

    @property
    def rank(self) -> tuple[int, int, str, tuple[str, ...]]:
        """Sort key: what would decide the most findings first."""
        return -len(self.findings), -self.alone, self.fact, self.ways


class Needs:
    """Takes findings one by one, and keeps of them what ``ranked`` tells."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Need] = {}
        self._seen = 0

    def add(self, item: ReportedFinding) -> None:
        """Take the next finding; those that are decided, or that nobody would act upon, only count."""
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
        """What is missing, most decisive first."""
        return sorted(self._found.values(), key=lambda need: need.rank)
