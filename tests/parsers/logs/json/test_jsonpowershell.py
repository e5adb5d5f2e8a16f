"""Event objects that PowerShell has turned into JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from exportwriters import MESSAGE, SAMPLES, events_of, get_eventlog_json, get_winevent_json
from msgspec.structs import replace

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.base.wintypes import Instant
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.parsers.logs.formats import is_event_json
from evtscan.parsers.logs.json.eventjson import read_log


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return events_of(SAMPLES, tmp_path_factory.mktemp("binary"))


def opened(path: Path, documents: Any, indent: int | None = 4) -> LogReader:
    content = json.dumps(documents, indent=indent).replace("/Date", "\\/Date").encode("utf-16")
    assert is_event_json(content[:4096], path.name)
    path.write_bytes(content)
    return read_log(Source(path, path.name), EVERYTHING)


def kinds(log: LogReader) -> list[str]:
    return [warning.kind for warning in log.warnings]


@pytest.mark.parametrize("version", [5, 7])
def test_get_winevent(tmp_path: Path, events: list[Event], version: int) -> None:
    log = opened(tmp_path / "x.json", [get_winevent_json(event, version=version) for event in events])
    read = list(log)
    lost = {"header_id": None, "event_source_name": None, "message": MESSAGE, "data": {}, "unreadable": frozenset()}
    assert [replace(event, data={}, unreadable=frozenset()) for event in read] == [
        replace(
            event,
            location=other.location,
            sequence=event.record_id or 0,
            time=event.time if version == 7 or event.time is None else Instant(event.time.ticks // 10_000 * 10_000, 3),
            **lost,
        )
        for event, other in zip(events, read, strict=True)
    ]
    assert read[0].data == events[0].data, "values of a provider without a manifest have no names to lose"
    assert [str(event.time) for event in read[1:2]] == [f"2010-11-21T03:55:59.{'626' if version == 5 else '6264271'}Z"]
    assert field_value(read[0], "Data9") is ABSENT
    assert field_value(read[1], "param1") is field_value(read[1], "Provider_EventSourceName") is UNREADABLE
    assert field_value(read[2], "UserID") is UNREADABLE, "an unnamed value may be it"
    assert "Security_UserID" not in read[2].unreadable
    assert kinds(log) == ["lossy_export"]


def test_without_depth_the_values_are_unknown(tmp_path: Path, events: list[Event]) -> None:
    (event,) = opened(tmp_path / "x.json", get_winevent_json(events[0], values=False))
    assert event.data == {}
    assert field_value(event, "Data1") is field_value(event, "Binary") is UNREADABLE


def test_bytes_that_have_become_text_are_unknown(tmp_path: Path, events: list[Event]) -> None:
    document = get_winevent_json(events[0]) | {"Properties": [{"Value": "0"}, {"Value": "8 0 0 171"}]}
    (event,) = opened(tmp_path / "x.json", document)
    assert event.data == {"Data1": "0"}
    assert field_value(event, "Data2") is field_value(event, "Binary") is UNREADABLE
    assert field_value(event, "Data3") is ABSENT


@pytest.mark.parametrize(
    ("text", "time", "said"),
    [
        ("/Date(1595374458918)/", "2020-07-21T23:34:18.918Z", ""),
        ("/Date(1595374458918+0200)/", "2020-07-21T23:34:18.918Z", ""),
        ({"value": "/Date(0)/", "DisplayHint": 2, "DateTime": "x"}, "1970-01-01T00:00:00.000Z", ""),
        ("2022-05-20T03:01:30.2834368-04:00", "2022-05-20T07:01:30.2834368Z", ""),
        ("2022-05-20T03:01:30.2834368", "2022-05-20T03:01:30.2834368", "its times are local ones"),
        ("5/20/2022 3:01:30 AM", None, "'5/20/2022 3:01:30 AM' cannot be read"),
    ],
)
def test_times(tmp_path: Path, events: list[Event], text: Any, time: str | None, said: str) -> None:
    log = opened(tmp_path / "x.json", [get_winevent_json(events[0]) | {"TimeCreated": text}])
    (event,) = log
    assert (None if event.time is None else str(event.time)) == time
    assert said in log.warnings[0].message


def test_chosen_properties(tmp_path: Path) -> None:
    """``Select-Object``: what was not chosen is unknown."""
    document = {"TimeCreated": "/Date(0)/", "Id": 7, "ProviderName": "P", "LevelDisplayName": "Error"}
    (event,) = opened(tmp_path / "System.json", document)
    assert (event.level, event.channel) == (2, "System")
    for field in ("Keywords", "Computer", "EventRecordID", "Security_UserID", "Data1"):
        assert field_value(event, field) is UNREADABLE, field


def test_without_the_source_an_id_means_nothing(tmp_path: Path) -> None:
    document = {"Id": 7, "TimeCreated": "/Date(0)/", "LogName": "System", "Message": "x"}
    with pytest.raises(EvidenceError, match="no ProviderName"):
        opened(tmp_path / "x.json", [document])


def test_an_array_with_its_count(tmp_path: Path, events: list[Event]) -> None:
    documents = [get_winevent_json(event, version=5) for event in events]
    log = opened(tmp_path / "x.json", {"value": documents, "Count": 4})
    assert [event.event_id for event in log] == [1008, 7036, 104, 4624]
    assert kinds(log) == ["lossy_export"]


def test_get_eventlog(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "System.json", [get_eventlog_json(event) for event in reversed(events)])
    security, user, named, classic = log
    assert classic.data == events[0].data
    assert (classic.record_id, classic.header_id, classic.sequence) == (11, 11, 11)
    assert (classic.event_type, classic.level, classic.qualifiers) == ("Error", 2, 0x8000)
    assert (str(classic.time), classic.time_written) == ("2001-03-14T09:26:53.000Z", classic.time)
    assert (classic.channel, classic.computer, classic.message) == ("System", "NTBOX", MESSAGE)
    assert (named.user_id, user.user_id) == ("S-1-5-18", None)
    assert (security.event_type, security.level) == ("Audit Success", 0)
    assert named.data == {"Data1": "Windows Event Log", "Data2": "", "Data3": "stopped", "Binary": ""}
    assert field_value(named, "param1") is field_value(named, "Keywords") is UNREADABLE
    assert "Qualifiers" not in named.unreadable
    assert kinds(log) == ["lossy_export"]
    assert log.summary.completeness == "wrapped"
