from dataclasses import replace
from pathlib import Path

import pytest
from sample_writer.event import SampleEvent
from text_writers import STORY, Clock, british, german, kinds, message, read, viewer, viewer_list

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant, parse_time
from evtscan.parsers.logs.text.ntviewer import category_number, read_log, unquoted

LOST = {"Data", "EventRecordID", "Qualifiers", "TimeWritten"}


def test_a_record_of_the_viewer_of_nt(tmp_path: Path) -> None:
    line = "3/14/01\t9:26:53 AM\tDhcp\tWarning\tNone\t1008\tN/A\tNTBOX\tThe DHCP Client \r\ncould not decline. \r\n"
    (event,), reader = read(read_log, tmp_path, line)
    assert event == Event(
        location=Location(source="SysEvent.txt", line=1),
        sequence=0,
        event_id=1008,
        provider="Dhcp",
        channel="System",
        time=parse_time("2001-03-14T09:26:53"),
        computer="NTBOX",
        level=3,
        task=0,
        keywords="0x80000000000000",
        event_type="Warning",
        message="The DHCP Client \ncould not decline.",
        unreadable=frozenset(LOST),
    )
    assert kinds(reader) == []
    assert reader.summary.filtered
    assert reader.summary.completeness == "filtered"


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_a_whole_list(tmp_path: Path, separator: str, encoding: str) -> None:
    content = viewer(STORY, separator=separator).encode(encoding)
    events, reader = read(read_log, tmp_path, content)
    assert [(event.provider, event.event_id, event.sequence) for event in events] == [
        (sample.provider, sample.event_id, place) for place, sample in enumerate(STORY)
    ]
    assert [str(event.time) for event in events] == [sample.time for sample in STORY]
    assert [event.location.line for event in events] == [4, 3, 2, 1]
    assert [event.event_type for event in events] == ["Information", "Warning", "Error", "Audit Failure"]
    assert [event.level for event in events] == [4, 3, 2, 0]
    assert [event.keywords for event in events][2:] == ["0x80000000000000", "0x90000000000000"]
    assert [event.task for event in events] == [0, 0, 3, 0]
    assert [event.user_id for event in events] == [None, None, "S-1-5-18", None]
    assert {"UserID", "Security_UserID"} <= events[3].unreadable
    assert not {"UserID", "Security_UserID"} & events[2].unreadable
    summary = reader.summary
    assert (summary.records, summary.channel, summary.computers) == (4, "System", ("NTBOX",))
    assert (str(summary.first_time), str(summary.last_time)) == ("2001-03-14T08:00:00Z", "2001-04-02T00:05:00Z")
    assert reader.warnings == []


def test_strings_come_back_from_the_sentence_for_a_missing_message(tmp_path: Path) -> None:
    events, _ = read(read_log, tmp_path, viewer(STORY))
    assert [dict(event.data) for event in events] == [
        {},
        {"Data1": "00A0C9112233", "Data2": "The semaphore timeout period has expired."},
        {"Data1": "Server"},
        {"Data1": "x", "Data2": "y", "Data3": "z"},
    ]
    assert ["Data" in event.unreadable for event in events] == [True, True, False, True]
    assert "Binary" in events[2].unreadable
    assert events[1].message == message(STORY[1])


def test_an_exported_list_has_no_description(tmp_path: Path) -> None:
    for separator in "\t,":
        events, reader = read(read_log, tmp_path, viewer_list(STORY, separator=separator))
        assert [event.event_id for event in events] == [6005, 1008, 7000, 529]
        assert [event.event_type for event in events] == ["Information", "Warning", "Error", "Audit Failure"]
        assert events[1].message is None
        assert events[1].unreadable >= LOST
        assert reader.warnings == []
        assert events[0].location.line == 5


@pytest.mark.parametrize("style", [british, german])
def test_dates_of_other_countries(tmp_path: Path, style: object) -> None:
    assert callable(style)
    events, reader = read(read_log, tmp_path, viewer(STORY, Clock(style)))
    assert [str(event.time) for event in events] == [sample.time for sample in STORY]
    assert reader.warnings == []


def test_words_in_another_language_leave_fields_open(tmp_path: Path) -> None:
    line = "14.03.01\t9:26:53\tDhcp\tFehler\tKeine\t1008\tNicht zutreffend\tNTBOX\tText\r\n"
    (event,), reader = read(read_log, tmp_path, line)
    assert (event.event_type, event.level, event.keywords, event.task, event.user_id) == (None,) * 5
    assert event.unreadable >= LOST | {"EventType", "Level", "Keywords", "Task", "UserID", "Security_UserID"}
    assert kinds(reader) == ["foreign_words"]
    assert "Fehler" in reader.warnings[0].message


def test_a_name_that_is_no_channel(tmp_path: Path) -> None:
    (event, *_), reader = read(read_log, tmp_path, viewer(STORY), name="export.txt")
    assert event.channel is None
    assert "Channel" in event.unreadable
    assert reader.summary.channel is None


def test_a_quoted_description(tmp_path: Path) -> None:
    line = '3/14/2001,9:26:53 AM,Dhcp,Error,None,1008,N/A,NTBOX,"The ""client"", of\r\ncourse"\r\n'
    (event,), _ = read(read_log, tmp_path, line)
    assert event.message == 'The "client", of\ncourse'
    assert unquoted('"') == '"'


def test_a_damaged_record_is_a_warning_and_not_a_description(tmp_path: Path) -> None:
    lines = viewer(STORY).splitlines(keepends=True)
    lines[1] = lines[1].replace("\t7000\t", "\t7x00\t")
    events, reader = read(read_log, tmp_path, "".join(lines))
    assert [event.event_id for event in events] == [6005, 1008, 529]
    assert kinds(reader) == ["bad_record"]
    assert reader.warnings[0].location.line == 2
    assert reader.warnings[0].records_lost == 1
    assert reader.summary.lost == 1
    assert events[-1].message == message(STORY[3])


def test_prompts_and_several_lists_in_one_file(tmp_path: Path) -> None:
    older, newer = viewer(STORY[:2]), viewer(STORY[2:])
    text = f"C:\\>type a.txt\r\n{older}\r\nC:\\>type b.txt\r\n{newer}\r\nC:\\>\r\n\x1a"
    events, reader = read(read_log, tmp_path, text)
    assert [event.event_id for event in events] == [6005, 1008, 7000, 529]
    assert events[0].message == message(STORY[0])
    assert reader.warnings == []


def test_text_around_the_list_is_reported(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, "Here is the log you wanted\r\nas text\r\n\r\n" + viewer(STORY))
    assert len(events) == 4
    assert kinds(reader) == ["stray_lines"]
    assert "Here is the log" in reader.warnings[0].message


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    query = Query(frozenset({Selector("System", "dhcp", 1008)}))
    (event,), reader = read(read_log, tmp_path, viewer(STORY), query=query)
    assert event.event_id == 1008
    assert reader.summary.records == 4
    (event,), _ = read(read_log, tmp_path, viewer(STORY), query=Query(levels=frozenset({2})))
    assert event.event_id == 7000
    start = parse_time("2001-03-15")
    events, _ = read(read_log, tmp_path, viewer(STORY), query=Query(start=start))
    assert [event.event_id for event in events] == [7000, 529]


def test_without_zone_times_are_local(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, viewer(STORY), zone="")
    assert events[0].time == Instant(parse_time("2001-03-14T08:00:00").ticks)
    assert events[0].time is not None
    assert events[0].time.local
    assert str(events[0].time) == "2001-03-14T08:00:00"
    assert kinds(reader) == ["local_time"]


def test_the_offset_of_the_day_of_the_export(tmp_path: Path) -> None:
    """KB 158588: printed on a summer's day, a winter's event is an hour off; only zone@date puts that right."""
    winter = SampleEvent(provider="Dhcp", event_id=1008, time="2001-01-15T12:00:00Z", computer="NTBOX")
    events = [winter, replace(winter, time="2001-07-10T12:00:00Z")]
    printed_in_summer = viewer(events, Clock(offset=2))
    found, reader = read(read_log, tmp_path, printed_in_summer, zone="Europe/Berlin@2001-07-15")
    assert [str(event.time) for event in found] == [event.time for event in events]
    assert reader.warnings == []
    found, _ = read(read_log, tmp_path, printed_in_summer, zone="+02:00")
    assert [str(event.time) for event in found] == [event.time for event in events]
    found, reader = read(read_log, tmp_path, printed_in_summer, zone="Europe/Berlin")
    assert [event.time and event.time.local for event in found] == [True, True]
    assert kinds(reader) == ["local_time"]
    assert "Europe/Berlin@2001-07-15" in reader.warnings[0].message


def test_a_zone_without_summer_time_needs_no_day(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, viewer(STORY, Clock(offset=9)), zone="Asia/Tokyo")
    assert [str(event.time) for event in events] == [sample.time for sample in STORY]
    assert reader.warnings == []


def test_dates_that_nothing_settles_are_not_read(tmp_path: Path) -> None:
    row = "{}\t9:26:53{}\tDhcp\tError\tNone\t1008\tN/A\tNTBOX\tText\r\n"
    undecided = row.format("3/4/01", "") + row.format("3/3/01", "")
    events, reader = read(read_log, tmp_path, undecided)
    assert [str(event.time) for event in events] == ["2001-03-03T09:26:53Z", "None"]
    assert kinds(reader) == ["date_order"]
    american = row.format("3/4/01", " AM") + row.format("3/3/01", " AM")
    events, reader = read(read_log, tmp_path, american)
    assert [str(event.time) for event in events] == ["2001-03-03T09:26:53Z", "2001-03-04T09:26:53Z"]
    assert kinds(reader) == ["date_order"]
    assert "month first" in reader.warnings[0].message


def test_a_list_sorted_by_source_has_no_order(tmp_path: Path) -> None:
    samples = [replace(STORY[1], time=f"2001-03-{13 + day:02}T00:00:00Z") for day in (3, 1, 6, 2, 5, 0, 4, 2, 6, 1)]
    _, reader = read(read_log, tmp_path, viewer(samples))
    assert kinds(reader) == ["record_order"]


def test_what_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"no event in it can be read; line 1"):
        read(read_log, tmp_path, "nothing\r\nof the kind\r\n")


def test_categories() -> None:
    assert [category_number(text) for text in ("None", "(7)", "7", "Logon/Logoff", "")] == [0, 7, 7, None, None]
