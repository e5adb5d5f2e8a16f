from dataclasses import replace
from pathlib import Path

import pytest
from text_writers import STORY, Clock, get_eventlog, get_winevent, kinds, log_parser, read

from evtscan.base.errors import EvidenceError
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.parsers.logs.csv import csvexports
from evtscan.parsers.logs.csv.csvexports import read_log
from evtscan.parsers.logs.csv.formats import csv_header, is_field_csv


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_get_winevent(tmp_path: Path, separator: str) -> None:
    events, reader = read(read_log, tmp_path, get_winevent(STORY, separator=separator), name="x.csv")
    assert [(event.provider, event.event_id) for event in events] == [
        (event.provider, event.event_id) for event in STORY
    ]
    assert [(event.record_id, event.header_id, event.sequence) for event in events] == [
        (number, None, number) for number in (1, 2, 3, 4)
    ]
    event = events[2]
    assert (event.channel, event.computer, event.user_id, event.level, event.task) == (
        "System",
        "NTBOX",
        "S-1-5-18",
        4,
        3,
    )
    assert (event.keywords, event.qualifiers, event.version) == ("0x80000000000000", 0, None)
    assert event.message == "The text\nof it"
    assert str(event.time) == STORY[2].time
    assert "Data" in event.unreadable
    assert not {"Version", "Opcode", "Keywords", "Channel", "Security_UserID"} & event.unreadable
    assert {"Correlation_ActivityID", "Provider_EventSourceName"} <= event.unreadable
    assert kinds(reader) == []
    assert reader.summary.completeness == "whole"


def test_keywords_and_guids_as_windows_writes_them(tmp_path: Path) -> None:
    text = (
        '"Id","ProviderName","Keywords","ProviderId","TimeCreated"\r\n'
        '"7036","Service Control Manager","-9187343239835811840","555908d1-a6d7-4695-8e1e-26931d2012f4",'
        '"14/03/2001 09:26:53"\r\n'
    )
    (event,), _ = read(read_log, tmp_path, text, name="x.csv")
    assert event.keywords == "0x8080000000000000"
    assert event.provider_guid == "{555908D1-A6D7-4695-8E1E-26931D2012F4}"
    assert {"Level", "Channel", "Computer", "EventRecordID", "UserID"} <= event.unreadable
    assert event.message is None


def test_get_eventlog(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, get_eventlog(STORY), name="Security.csv")
    assert [(event.provider, event.event_id) for event in events] == [
        (event.provider, event.event_id) for event in STORY
    ]
    assert [event.event_type for event in events] == ["Information", "Warning", "Error", "Audit Failure"]
    assert [event.level for event in events] == [4, 3, 2, 0]
    assert [event.record_id for event in events] == [1, 2, 3, 4]
    assert [event.user_id for event in events] == [None, None, "S-1-5-18", None]
    assert events[2].qualifiers == 0
    assert events[2].task == 3
    assert events[2].time_written == events[2].time
    assert events[2].channel == "Security"
    assert {"Data", "Keywords", "Opcode"} <= events[2].unreadable
    assert not {"Qualifiers", "Channel", "Task", "Level", "EventType"} & events[2].unreadable
    assert kinds(reader) == []


def test_get_eventlog_by_instance_id(tmp_path: Path) -> None:
    text = (
        '"TimeGenerated";"Source";"Category";"EntryType";"Message";"InstanceID"\r\n'
        f'"14.03.2001 09:26:53";"Dhcp";"(0)";"Warning";"Text";"{0x80000000 | 1008}"\r\n'
    )
    (event,), _ = read(read_log, tmp_path, text, name="x.csv")
    assert (event.event_id, event.qualifiers, event.level, event.task) == (1008, 0x8000, 3, 0)


def test_log_parser_carries_strings_and_data(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, log_parser(STORY), name="x.csv")
    assert [(event.provider, event.event_id) for event in events] == [
        (event.provider, event.event_id) for event in STORY
    ]
    assert [dict(event.data) for event in events] == [
        {},
        {"Data1": "00A0C9112233", "Data2": "The semaphore timeout period has expired.", "Binary": "79000000"},
        {"Data1": "Server"},
        {"Data1": "x", "Data2": "y", "Data3": "z"},
    ]
    assert [event.channel for event in events] == ["System"] * 4
    assert [event.user_id for event in events] == [event.user_sid for event in STORY]
    assert events[1].message == "The text"
    assert not {"Data", "Binary", "Message"} & events[1].unreadable
    assert {"Qualifiers", "Keywords"} <= events[1].unreadable
    assert kinds(reader) == []


def test_log_parser_loses_the_names_of_vista_and_later(tmp_path: Path) -> None:
    """A rule on ``TargetUserName`` must not be false because the value stands there without its name."""
    modern = replace(STORY[3], provider="Microsoft-Windows-Security-Auditing", event_id=4624)
    events, reader = read(read_log, tmp_path, log_parser([*STORY, modern]), name="x.csv")
    assert [field_value(event, "TargetUserName") for event in events] == [UNREADABLE] * 5, "all are of one host"
    assert field_value(events[4], "Data2") == "y"
    assert kinds(reader) == ["names"]
    events, reader = read(read_log, tmp_path, log_parser(STORY), name="x.csv")
    assert [field_value(event, "TargetUserName") for event in events] == [ABSENT] * 4
    assert kinds(reader) == []


def test_log_parser_times_in_utc_beat_local_ones(tmp_path: Path) -> None:
    text = log_parser(STORY, Clock(offset=2), utc=True)
    events, reader = read(read_log, tmp_path, text, name="x.csv", zone="")
    assert [str(event.time) for event in events] == [event.time for event in STORY]
    assert {event.time_written for event in events} == {None}
    assert all("TimeWritten" in event.unreadable for event in events), "it is there in local time alone"
    assert kinds(reader) == []


def test_log_parser_has_both_times_in_utc(tmp_path: Path) -> None:
    text = "TO_UTCTIME(TimeGenerated),TO_UTCTIME(TimeWritten),SourceName,EventID\r\n"
    text += "2001-03-14 08:00:00,2001-03-14 08:00:01,Dhcp,1008\r\n"
    (event,), _ = read(read_log, tmp_path, text, name="x.csv", zone="")
    assert (str(event.time), str(event.time_written)) == ("2001-03-14T08:00:00Z", "2001-03-14T08:00:01Z")
    assert "TimeWritten" not in event.unreadable


def test_log_parser_prints_local_times_with_one_offset(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, log_parser(STORY), name="x.csv", zone="Europe/Berlin")
    assert all(event.time and event.time.local for event in events)
    assert kinds(reader) == ["local_time"]


def test_columns_that_users_left_out(tmp_path: Path) -> None:
    text = "SourceName,EventID,Message\r\nDhcp,1008,Text\r\n"
    (event,), reader = read(read_log, tmp_path, text, name="x.csv")
    assert event.time is None
    assert event.message == "Text"
    assert {"Data", "Channel", "Computer", "Level", "Task"} <= event.unreadable
    assert kinds(reader) == ["bad_time"]


def test_tables_appended_to_each_other(tmp_path: Path) -> None:
    text = get_winevent(STORY[:2]) + "PS C:\\> more\r\n" + get_eventlog(STORY[2:]) + get_eventlog(STORY[:1])
    events, reader = read(read_log, tmp_path, text.replace("PS C:", "C:"), name="x.csv")
    assert [event.event_id for event in events] == [6005, 1008, 7000, 529, 6005]
    assert kinds(reader) == []


def test_statistics_at_the_end_are_no_records(tmp_path: Path) -> None:
    text = log_parser(STORY) + "\r\nStatistics:\r\n-----------\r\nElements processed: 4\r\nElements output:    4\r\n"
    events, reader = read(read_log, tmp_path, text + "Execution time:     0.01 seconds\r\n", name="x.csv")
    assert len(events) == 4
    assert kinds(reader) == []


def test_rows_that_are_no_records(tmp_path: Path) -> None:
    lines = get_eventlog(STORY).splitlines(keepends=True)
    lines[2] = lines[2].replace('"7000"', '"seven"')
    lines[3] = lines[3].replace('"NTBOX",', "")
    events, reader = read(read_log, tmp_path, "".join(lines), name="x.csv")
    assert [event.event_id for event in events] == [6005, 529]
    assert kinds(reader) == ["bad_record", "bad_record"]
    assert [warning.location.line for warning in reader.warnings] == [3, 4]


def test_broken_rows_of_one_field_are_not_looked_at_for_names_of_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There can be a million of them in a file of two megabytes."""
    asked: list[list[str]] = []
    monkeypatch.setattr(csvexports, "csv_header", lambda names: asked.append(list(names)) or csv_header(names))
    events, reader = read(read_log, tmp_path, get_eventlog(STORY) + "1\r\n" * 500, name="x.csv")
    assert (len(events), kinds(reader)) == (4, ["bad_record"] * 500)
    assert asked
    assert all(len(names) > 1 for names in asked)


def test_a_field_without_end_costs_what_it_swallows_and_no_more(tmp_path: Path) -> None:
    text = get_eventlog(STORY)
    broken = text + '"' + "x" * 200_000 + "\r\n" + text
    events, reader = read(read_log, tmp_path, broken, name="x.csv")
    assert len(events) == 8
    assert kinds(reader) == ["bad_record"]


@pytest.mark.parametrize("names", ["TimeCreated,Id,LevelDisplayName,Message", "TimeGenerated,EntryType,EventID"])
def test_a_table_without_the_source_says_what_it_lacks(tmp_path: Path, names: str) -> None:
    assert is_field_csv(names.encode(), "x.csv")
    with pytest.raises(EvidenceError, match="no column for the source of an event"):
        read(read_log, tmp_path, f"{names}\r\n3/14/2001 9:26:53 AM,7036,Information,x\r\n", name="x.csv")


def test_get_eventlog_needs_no_type(tmp_path: Path) -> None:
    text = "TimeGenerated,Source,EventID,Message\r\n3/14/2001 9:26:53 AM,Dhcp,1008,Text\r\n"
    assert is_field_csv(text.encode(), "x.csv")
    (event,), _ = read(read_log, tmp_path, text, name="x.csv")
    assert (event.provider, event.event_id, event.message) == ("Dhcp", 1008, "Text")
    assert {"Level", "EventType"} <= event.unreadable


def test_what_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no event in it can be read"):
        read(read_log, tmp_path, "a,b,c\r\n1,2,3\r\n", name="x.csv")


@pytest.mark.parametrize("names", [("Id", "RecordId", '""ProviderName"'), ('""Id"', "RecordId", "ProviderName")])
def test_a_headline_that_was_quoted_twice(tmp_path: Path, names: tuple[str, ...]) -> None:
    row = {"id": "7036", "recordid": "5", "providername": "Dhcp"}
    cells = ",".join(row[name.strip('"').lower()] for name in names)
    (event,), _ = read(read_log, tmp_path, f"{','.join(names)}\r\n{cells}\r\n", name="x.csv")
    assert (event.event_id, event.record_id, event.provider) == (7036, 5, "Dhcp")
