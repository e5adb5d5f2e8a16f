from pathlib import Path

import pytest
from text_writers import STORY, kinds, psloglist, psloglist_rows, read

from evtscan.parsers.logs.text.psloglist import read_log

REAL = r"""
PsLoglist v2.81 - local and remote event log viewer
Copyright (C) 2000-2019 Mark Russinovich
Sysinternals - www.sysinternals.com

System log on \\LABPC-77:
[513] Microsoft-Windows-Kernel-General
   Type:     INFORMATION 
   Computer: labpc-77.example.net
   Time:     9/25/2020 8:36:52 AM   ID:       16 
   User:     NT AUTHORITY\SYSTEM
Message text not available.  Insertion strings:
	49 \??\C:\Windows\AppCompat\Programs\Amcache.hve.tmp 0 0  

[512] Service Control Manager
   Type:     ERROR 
   Computer: labpc-77.example.net
   Time:     9/25/2020 8:36:47 AM   ID:       7000 
The PORTMON service failed to start due to the following error: 
%%1275

""".replace("\n", "\r\n")  # noqa: W291


def test_blocks_of_a_real_host(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, REAL, name="out.txt")
    assert [(event.record_id, event.header_id, event.sequence) for event in events] == [(512,) * 3, (513,) * 3]
    older, newer = events
    assert (older.provider, older.event_id, older.level, older.channel) == (
        "Service Control Manager",
        7000,
        2,
        "System",
    )
    assert older.message == "The PORTMON service failed to start due to the following error: \n%%1275"
    assert (newer.user_id, newer.computer, str(newer.time)) == (
        "S-1-5-18",
        "labpc-77.example.net",
        "2020-09-25T08:36:52Z",
    )
    assert newer.data == {"Strings": r"49 \??\C:\Windows\AppCompat\Programs\Amcache.hve.tmp 0 0"}
    assert newer.message is None
    assert {"Data", "Binary", "Qualifiers", "Keywords", "Opcode", "Message"} <= newer.unreadable
    assert newer.location.line == 7
    assert newer.location.record == 513
    assert reader.warnings == []
    assert not reader.summary.filtered
    assert reader.summary.completeness == "wrapped"


def test_blocks(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, psloglist(STORY))
    assert [event.event_id for event in events] == [6005, 1008, 7000, 529]
    assert [event.event_type for event in events] == ["Information", "Warning", "Error", "Audit Failure"]
    assert [str(event.time) for event in events] == [sample.time for sample in STORY]
    assert [event.message for event in events] == ["The text\nof it"] * 4
    assert reader.summary.completeness == "whole"
    assert kinds(reader) == []


def test_one_string_without_spaces_is_exact(tmp_path: Path) -> None:
    events, _ = read(read_log, tmp_path, psloglist(STORY, text=""))
    assert events[2].data == {"Data1": "Server"}
    assert "Data" not in events[2].unreadable
    assert events[3].data == {"Strings": "x y z"}
    assert "Data" in events[3].unreadable


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_rows(tmp_path: Path, separator: str) -> None:
    events, reader = read(read_log, tmp_path, psloglist_rows(STORY, separator=separator), name="x.txt")
    assert [event.event_id for event in events] == [6005, 1008, 7000, 529]
    assert [event.record_id for event in events] == [1, 2, 3, 4]
    assert [event.provider for event in events] == [sample.provider for sample in STORY]
    assert [event.channel for event in events] == ["System"] * 4
    assert [event.event_type for event in events] == ["Information", "Warning", "Error", "Audit Failure"]
    assert [event.user_id for event in events] == [None, None, "S-1-5-18", None]
    assert events[0].message == "The text, of it"
    assert reader.warnings == []


def test_two_logs_in_one_file(tmp_path: Path) -> None:
    application = psloglist(STORY[:2]).replace("System log on", "Application log on").replace("NTBOX", "OTHER")
    events, reader = read(read_log, tmp_path, psloglist(STORY[2:]) + application)
    assert [event.channel for event in events] == ["System"] * 2 + ["Application"] * 2
    assert [event.sequence for event in events] == [0, 1, 2, 3]
    assert [event.record_id for event in events] == [1, 2, 1, 2]
    assert reader.summary.channel is None
    assert reader.summary.computers == ("NTBOX", "OTHER")
    assert "Sysinternals" not in str([event.message for event in events])


def test_missing_record_numbers_show_a_filter(tmp_path: Path) -> None:
    text = psloglist(STORY).replace("[00002]", "[00000]")
    _, reader = read(read_log, tmp_path, text)
    assert reader.summary.filtered


def test_a_record_without_its_event_id(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, psloglist(STORY).replace("ID:       7000", "ID:       7x00"))
    assert [event.event_id for event in events] == [6005, 1008, 529]
    assert kinds(reader) == ["bad_record"]
    assert reader.summary.lost == 1


def test_an_empty_string_may_be_the_first_one(tmp_path: Path) -> None:
    texts = ["Message text not available.  Insertion strings:\r\n\t" + strings for strings in ("b  ", " b  ")]
    found = [read(read_log, tmp_path, psloglist(STORY[:1], text=text))[0][0] for text in texts]
    assert [dict(event.data) for event in found] == [{"Data1": "b"}, {"Strings": "b"}]
    assert ["Data" in event.unreadable for event in found] == [False, True]
