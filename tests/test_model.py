from pathlib import Path

import pytest

from evtscan.base.model.finding import Verdict
from evtscan.base.model.log import LogSummary
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Location, Source

DHCP = Query(frozenset({Selector("System", "Dhcp", 1008)}))


@pytest.mark.parametrize(
    ("channel", "provider", "source", "event_id", "wanted"),
    [
        ("System", "Dhcp", None, 1008, True),
        ("SYSTEM", "DHCP", None, 1008, True),
        (None, "Dhcp", None, 1008, True),  # an unknown channel fits every channel
        ("System", "Microsoft-Windows-Dhcp", "dhcp", 1008, True),  # by its EventSourceName
        ("System", "DhcpServer", None, 1008, False),
        ("Application", "Dhcp", None, 1008, False),
        ("System", "Dhcp", None, 1007, False),
    ],
)
def test_query_accepts(channel, provider, source, event_id, wanted):
    assert DHCP.accepts(channel, provider, source, event_id) is wanted


def test_queries_add_up():
    both = DHCP | Query(frozenset({Selector(event_id=6009)}))
    assert both.event_ids() == {1008, 6009}
    assert both.accepts("Any", "Thing", None, 6009)
    assert (DHCP | Query()).selectors is None
    assert Query(frozenset({Selector(provider="Dhcp")})).event_ids() is None


def test_completeness_names_what_a_log_lacks():
    assert LogSummary(format="evt").completeness == "whole"
    assert LogSummary(format="evt", wrapped=True, holes=2, lost=1).completeness == "wrapped, holes, damaged"


def test_verdicts_are_ranked_by_severity():
    assert [verdict.value for verdict in sorted(Verdict, key=lambda verdict: verdict.rank)][:5] == [
        "confirmed",
        "possible",
        "exposed",
        "resolved",
        "excluded",
    ]


def test_location_reads_well():
    place = Location(source="SysEvent.Evt", offset=0x4274C, record=2339)
    assert str(place) == "SysEvent.Evt, record 2339, offset 0x4274c"


@pytest.mark.parametrize(
    ("name", "base"),
    [("a.evt", "a.evt"), ("C/a.evt", "a.evt"), ("b.zip!a.evt", "a.evt"), ("x/b.7z!c.zip!d/a.evt", "a.evt")],
)
def test_base_name_is_that_of_the_file_alone(name, base):
    assert Source(Path("elsewhere"), name).base_name == base


def test_a_file_that_windows_refuses_to_open_names_both_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library of Windows reports a sharing violation as missing permission."""

    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("evtscan.base.model.source.ON_WINDOWS", True)
    with pytest.raises(PermissionError, match="another program has the file open"):
        Source(Path("System.evtx"), "System.evtx").open()
