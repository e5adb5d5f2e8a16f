"""A report → a view of it in which each host is filtered or changed. The view is computed anew on each access."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import overload

from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import in_order

Shown = Callable[[HostReport], HostReport]
"""What is shown of a host."""


class View(Sequence[HostReport]):
    """A sequence of hosts in order of their names; ``shown`` transforms each host on access, and none is kept."""

    def __init__(self, hosts: Sequence[HostReport], shown: Shown) -> None:
        self._hosts = in_order(hosts)
        self._shown = shown

    def __len__(self) -> int:
        return len(self._hosts)

    def __iter__(self) -> Iterator[HostReport]:
        return map(self._shown, self._hosts)

    @overload
    def __getitem__(self, place: int) -> HostReport: ...

    @overload
    def __getitem__(self, place: slice) -> list[HostReport]: ...

    def __getitem__(self, place: int | slice) -> HostReport | list[HostReport]:
        if isinstance(place, slice):
            return [self._shown(host) for host in self._hosts[place]]
        return self._shown(self._hosts[place])


def as_shown(report: Report, shown: Shown | None) -> Report:
    """Return the report with each host transformed by ``shown``; None returns the report unchanged."""
    return report if shown is None else replace(report, hosts=View(report.hosts, shown))
