"""Kinds of unexplained events over all hosts: each once, most urgent first."""

from evtscan.base.model.diagnosis import UnexplainedRow
from evtscan.report.model import HostReport
from evtscan.reporters.digest.unexplainedkinds import UnexplainedKinds


def row(provider, level=2, count=1, last="2020-01-01T00:00:00Z", **more):
    return UnexplainedRow(
        computer="", channel="System", provider=provider, event_id=7, level=level, count=count, last_seen=last, **more
    )


def ranked(**hosts):
    kinds = UnexplainedKinds()
    for name, rows in hosts.items():
        kinds.add(HostReport(host=name, unexplained=tuple(rows)))
    return kinds.ranked()


def test_counts_hosts_and_the_newest_example():
    (kind,) = ranked(
        a=[row("Disk", count=2, example="old"), row("DISK", count=1, last="2019-01-01T00:00:00Z", example="older")],
        b=[row("disk", count=3, last="2021-01-01T00:00:00Z", example="new")],
    )
    assert (kind.name, kind.count, kind.hosts, kind.last_seen, kind.example) == (
        "Disk 7, error",
        6,
        ["a", "b"],
        "2021-01-01T00:00:00Z",
        "new",
    )


def test_new_first_then_critical_then_hosts_then_recency():
    found = ranked(
        a=[
            row("warning", level=3),
            row("recent", last="2022-01-01T00:00:00Z"),
            row("old"),
            row("wide"),
            row("critical", level=1),
            row("new", level=3, is_new=True),
        ],
        b=[row("wide")],
    )
    assert [kind.provider for kind in found] == ["new", "critical", "wide", "recent", "old", "warning"]
