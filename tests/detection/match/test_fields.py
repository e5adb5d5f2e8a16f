"""Fields that rules name ↔ what events carry."""

import pytest
from example_rules import event

from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant, parse_time
from evtscan.detection.match.fields import ABSENT, UNREADABLE, all_values, event_of_fields, field_value

FULL = event(
    event_id=7,
    provider="Microsoft-Windows-Disk",
    event_source_name="disk",
    channel="System",
    computer="PC1",
    time=parse_time("2001-02-03T04:05:06.1234567Z"),
    record_id=12,
    header_id=34,
    level=2,
    task=3,
    opcode=4,
    version=1,
    keywords="0x80000000000000",
    qualifiers=49152,
    process_id=5,
    thread_id=6,
    user_id="S-1-5-18",
    event_type="Error",
    data={"Data1": "a", "Binary": "0A", "Info": {"Drive": {"Name": "C:", "Size": "1"}, "Name": "x"}, "Level": "high"},
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("EventID", 7),
        ("Provider_Name", ["Microsoft-Windows-Disk", "disk"]),
        ("Channel", "System"),
        ("Computer", "PC1"),
        ("EventRecordID", 12),
        ("TimeCreated", "2001-02-03T04:05:06.1234567Z"),
        ("Level", 2),
        ("Task", 3),
        ("Opcode", 4),
        ("Version", 1),
        ("Keywords", "0x80000000000000"),
        ("Qualifiers", 49152),
        ("Execution_ProcessID", 5),
        ("Execution_ThreadID", 6),
        ("UserID", "S-1-5-18"),
        ("Security_UserID", "S-1-5-18"),
        ("EventType", "Error"),
        ("Data1", "a"),
        ("Binary", "0A"),
        ("Size", "1"),
        ("Data2", ABSENT),
        ("eventid", ABSENT),
        ("Correlation_ActivityID", ABSENT),
        ("Message", UNREADABLE),
    ],
)
def test_fields_of_an_event(field, value):
    assert field_value(FULL, field) == value


def test_a_nested_name_that_stands_twice_gives_both_values():
    assert sorted(field_value(FULL, "Name")) == ["C:", "x"]
    assert field_value(event(data={"List": [{"P": "1"}, {"P": "2"}]}), "P") in (["1", "2"], ["2", "1"])


def test_data_goes_before_names_that_events_use_for_data():
    found = event(event_type="Error", user_id="S-1-5-18", data={"EventType": "SetValue", "UserID": "x", "Message": "m"})
    assert [field_value(found, name) for name in ("EventType", "UserID", "Message")] == ["SetValue", "x", "m"]


def test_a_message_that_an_export_brings_is_a_field_and_a_keyword():
    found = event(message="The lease was lost.")
    assert field_value(found, "Message") == "The lease was lost."
    assert "The lease was lost." in all_values(found)
    assert UNREADABLE not in all_values(event())


def test_data_stands_in_for_a_system_attribute_that_the_record_lacks():
    assert field_value(event(data={"Task": "backup"}), "Task") == "backup"


def test_what_the_format_cannot_carry_is_unreadable_and_not_absent():
    found = event(unreadable=frozenset({"Binary", "Computer"}), data={"Data1": "a"})
    values = [field_value(found, name) for name in ("Binary", "Computer", "Data1", "Data2")]
    assert values == [UNREADABLE, UNREADABLE, "a", ABSENT]
    assert field_value(found, "Channel") is UNREADABLE  # no channel is an unknown channel


def test_a_format_without_data_carries_no_data_field():
    found = event(unreadable=frozenset({"Data"}))
    assert [field_value(found, name) for name in ("Data7", "param1", "EventID", "Task")] == [
        UNREADABLE,
        UNREADABLE,
        7,
        ABSENT,
    ]


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"Data1": "a", "Data2": "b", "Data": "c", "Data10": "d", "DataX": "x"}, "Data", ["a", "b", "c", "d"]),
        ({"Data1": "a", "Other": "b"}, "Data", "a"),
        ({"Other": "b", "Data0": "c"}, "Data", ABSENT),
        ({"Source Name": "x"}, "SourceName", "x"),
        ({"Source Name": "x", "SourceName": "y"}, "SourceName", "y"),
        ({"SourceName": "x"}, "Source Name", ABSENT),
        ({"New Value": "x"}, "Source Name", ABSENT),
    ],
)
def test_names_of_data_that_a_field_stands_for(data, field, value):
    assert field_value(event(data=data), field) == value


def test_keywords_see_every_value():
    assert all_values(FULL)[:2] == ["a", "0A"]
    assert {7, "PC1", "Error"} <= {value for value in all_values(FULL) if not isinstance(value, (list, dict))}


def test_fields_make_an_event():
    found = event_of_fields(
        {
            "EventID": 7,
            "Provider_Name": "Disk",
            "Computer": "PC2",
            "EventType": "Warning",
            "Data1": 1381,
            "Flag": True,
            "List": [1, "b"],
        },
        location=Location(source="case", record=3),
        sequence=3,
        channel="System",
        time=Instant(0),
    )
    assert (found.event_id, found.provider, found.channel, found.computer) == (7, "Disk", "System", "PC2")
    assert (found.sequence, found.header_id, found.record_id, found.event_type) == (3, 3, 3, "Warning")
    assert found.data == {"Data1": "1381", "Flag": "true", "List": ["1", "b"]}


def test_fields_may_name_another_channel():
    found = event_of_fields(
        {"EventID": 7, "Provider_Name": "Disk", "Channel": "Application"},
        location=Location(source="case"),
        sequence=1,
        channel="System",
        time=None,
    )
    assert found.channel == "Application"
