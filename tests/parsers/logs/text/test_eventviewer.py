from pathlib import Path

import pytest
from text_writers import STORY, Clock, event_viewer, german, kinds, read

from evtscan.parsers.logs.text.eventviewer import read_log


@pytest.mark.parametrize("separator", [",", "\t"])
def test_records(tmp_path: Path, separator: str) -> None:
    events, reader = read(read_log, tmp_path, event_viewer(STORY, separator=separator), name="Security.csv")
    assert [(event.provider, event.event_id) for event in events] == [
        (event.provider, event.event_id) for event in STORY
    ]
    assert [str(event.time) for event in events] == [event.time for event in STORY]
    assert [event.level for event in events] == [4, 3, 2, 0]
    assert [event.message for event in events] == ['The "text",\nof it'] * 4
    assert events[0].channel == "Security"
    assert {"Data", "Computer", "EventRecordID", "Keywords", "UserID"} <= events[0].unreadable
    assert [event.location.line for event in events] == [8, 6, 4, 2]
    assert kinds(reader) == []
    assert reader.summary.filtered
    assert reader.summary.computers == ()


def test_a_headline_in_another_language(tmp_path: Path) -> None:
    text = event_viewer(STORY, Clock(german)).replace(
        "Level,Date and Time,Source,Event ID,Task Category",
        "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie",
    )
    events, reader = read(read_log, tmp_path, text.replace("Error,", "Fehler,"))
    assert [str(event.time) for event in events] == [event.time for event in STORY]
    assert "Level" in events[2].unreadable
    assert kinds(reader) == ["foreign_words"]


def test_a_lost_quotation_mark_is_noticed(tmp_path: Path) -> None:
    text = event_viewer(STORY)
    place = text.index('of it"') + 5
    events, reader = read(read_log, tmp_path, text[:place] + text[place + 1 :])
    assert len(events) + reader.summary.lost >= 4
    assert set(kinds(reader)) == {"bad_record"}


def test_each_event_has_the_offset_of_its_own_day(tmp_path: Path) -> None:
    text = event_viewer(STORY[3:], Clock(offset=2)) + event_viewer(STORY[:3], Clock(offset=1))
    events, _ = read(read_log, tmp_path, text, zone="Europe/Berlin")
    assert sorted(str(event.time) for event in events) == [event.time for event in STORY]


def test_an_empty_list(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, event_viewer([]))
    assert events == []
    assert reader.summary.records == 0
    assert reader.warnings == []
