from pathlib import Path

import pytest
from text_writers import STORY, Clock, kinds, read, wevtutil

from evtscan.parsers.logs.text.wevtutiltext import read_log


@pytest.mark.parametrize("colon", [":", ""])
def test_records(tmp_path: Path, colon: str) -> None:
    events, reader = read(read_log, tmp_path, wevtutil(STORY, colon=colon), name="x.txt")
    assert [(event.provider, event.event_id) for event in events] == [
        (event.provider, event.event_id) for event in STORY
    ]
    assert [event.channel for event in events] == ["System"] * 4
    assert [str(event.time) for event in events] == [str(event.time).replace("Z", ".000Z") for event in STORY]
    assert [event.level for event in events] == [4, 3, 2, None]
    assert "Level" in events[3].unreadable
    assert [event.user_id for event in events] == [None, None, "S-1-5-18", "S-1-5-21-1-2-3-500"]
    assert events[0].message == "The text\nof it"
    assert {"Data", "EventRecordID", "Opcode", "Keywords"} <= events[0].unreadable
    assert not {"Channel", "Computer", "UserID", "Message"} & events[0].unreadable
    assert [event.location.line for event in events] == [1, 17, 33, 49]
    assert kinds(reader) == ["foreign_words"]
    assert reader.summary.filtered


def test_newest_first_with_rd(tmp_path: Path) -> None:
    events, _ = read(read_log, tmp_path, wevtutil(STORY[::-1]), name="x.txt")
    assert [event.event_id for event in events] == [6005, 1008, 7000, 529]


def test_each_event_has_the_offset_of_its_own_day(tmp_path: Path) -> None:
    winter, summer = Clock(offset=1), Clock(offset=2)
    text = wevtutil(STORY[:3], winter) + wevtutil(STORY[3:], summer)
    events, reader = read(read_log, tmp_path, text, zone="Europe/Berlin")
    assert [str(event.time) for event in events] == [str(event.time).replace("Z", ".000Z") for event in STORY]
    assert "local_time" not in kinds(reader)


def test_an_hour_that_clocks_showed_twice(tmp_path: Path) -> None:
    text = wevtutil(STORY[:1]).replace("2001-03-14T08:00:00", "2001-10-28T02:30:00")
    (event,), reader = read(read_log, tmp_path, text, zone="Europe/Berlin")
    assert str(event.time) == "2001-10-28T00:30:00.000Z"
    assert kinds(reader) == ["local_time"]
    assert "twice" in reader.warnings[0].message


def test_z_proves_nothing(tmp_path: Path) -> None:
    text = wevtutil(STORY[:3], zone="Z")
    events, reader = read(read_log, tmp_path, text, zone="")
    assert [event.time and event.time.local for event in events] == [True] * 3
    assert sorted(kinds(reader)) == ["local_time", "zone"]
    events, reader = read(read_log, tmp_path, text, zone="UTC")
    assert str(events[0].time) == "2001-03-14T08:00:00.000Z"
    assert kinds(reader) == []


def test_values_in_another_language(tmp_path: Path) -> None:
    text = wevtutil(STORY[:1]).replace("Level: Information", "Level: 信息")
    (event,), reader = read(read_log, tmp_path, text.encode("utf-16"))
    assert event.level is None
    assert "Level" in event.unreadable
    assert "信息" in reader.warnings[0].message


def test_a_message_that_looks_like_a_record(tmp_path: Path) -> None:
    text = wevtutil(STORY[:1]).replace("The text", "Event[1]:\r\nText")
    (event,), _ = read(read_log, tmp_path, text)
    assert event.message == "Event[1]:\nText\nof it"


def test_a_record_without_its_event_id(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, wevtutil(STORY[:3]).replace("Event ID: 1008", "Event ID: x"))
    assert [event.event_id for event in events] == [6005, 7000]
    assert kinds(reader) == ["bad_record"]
    assert reader.warnings[0].location.line == 17
