"""Errors and warnings that no rule explains, host by host → each kind once, with its hosts, most urgent first."""

from dataclasses import dataclass, field

from evtscan.base.model.diagnosis import LEVEL_WORDS, UnexplainedRow
from evtscan.report.model import HostReport

MOST_KINDS = 10_000
"""Kinds that are kept of all hosts."""


@dataclass(slots=True)
class UnexplainedKind:
    """One kind of event on all hosts; ``example`` is the data of the newest event in the report."""

    provider: str
    event_id: int
    level: int
    count: int = 0
    last_seen: str = ""
    is_new: bool = False
    example: str = ""
    hosts: list[str] = field(default_factory=list)

    def add(self, host: str, row: UnexplainedRow) -> None:
        """Add the events of one host."""
        self.count += row.count
        self.is_new = self.is_new or row.is_new
        if not self.hosts or self.hosts[-1] != host:
            self.hosts.append(host)
        if row.last_seen >= self.last_seen:
            self.last_seen, self.example = row.last_seen, row.example or self.example

    @property
    def name(self) -> str:
        """Provider, event id and level: ``Disk 7, error``."""
        return f"{self.provider} {self.event_id}, {LEVEL_WORDS.get(self.level, self.level)}"


class UnexplainedKinds:
    """Collects the kinds of unexplained events of hosts, which it receives one by one."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, int, int], UnexplainedKind] = {}

    def add(self, host: HostReport) -> None:
        """Add a host."""
        for row in host.unexplained:
            key = (row.provider.casefold(), row.event_id, row.level)
            if key not in self._kinds and len(self._kinds) >= MOST_KINDS:
                continue
            kind = self._kinds.setdefault(key, UnexplainedKind(row.provider, row.event_id, row.level))
            kind.add(host.host, row)

    def ranked(self) -> list[UnexplainedKind]:
        """Return the kinds: new ones first, then by severity, then by number of hosts, then the most recent."""
        by_time = sorted(self._kinds.values(), key=lambda kind: kind.last_seen, reverse=True)
        return sorted(by_time, key=lambda kind: (not kind.is_new, kind.level, -len(kind.hosts)))
