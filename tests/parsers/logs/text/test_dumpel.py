from dataclasses import replace
from pathlib import Path

import pytest
from sample_writer.evt import saved_log
from text_writers import STORY, Clock, dumpel, german, kinds, read

from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.detection.match.fields import UNREADABLE, field_value
from evtscan.parsers.logs.evt import read_log as read_evt
from evtscan.parsers.logs.text.dumpel import data_of_strings, read_log

CARRIED = ("event_id", "provider", "channel", "time", "computer", "level", "task", "keywords", "event_type", "sequence")


@pytest.mark.parametrize("style", ["american", "german"])
@pytest.mark.parametrize("column", ["\t", ","])
def test_the_same_as_the_binary_as_far_as_it_carries(tmp_path: Path, style: str, column: str) -> None:
    path = tmp_path / "SysEvent.Evt"
    path.write_bytes(saved_log(STORY, first_record=0))
    binary = list(read_evt(Source(path, path.name), EVERYTHING))
    clock = Clock(german) if style == "german" else Clock()
    events, reader = read(read_log, tmp_path, dumpel(STORY, clock, column=column))
    assert len(events) == 4
    for event, original in zip(events, binary, strict=True):
        for name in CARRIED:
            assert getattr(event, name) == getattr(original, name), name
        strings = {name: text for name, text in original.data.items() if name != "Binary"}
        assert dict(event.data) == strings
        assert {"Binary", "Qualifiers", "EventRecordID", "TimeWritten", "Message"} <= event.unreadable
        assert "Data" not in event.unreadable
    assert reader.warnings == []
    assert reader.summary.filtered


def test_spaces_between_strings_are_not_taken_for_ends(tmp_path: Path) -> None:
    events, reader = read(read_log, tmp_path, dumpel(STORY, string=" "))
    assert [dict(event.data) for event in events] == [
        {},
        {"Strings": "00A0C9112233 The semaphore timeout period has expired."},
        {"Data1": "Server"},
        {"Strings": "x y z"},
    ]
    assert ["Data" in event.unreadable for event in events] == [False, True, False, True]
    assert kinds(reader) == ["strings"]
    assert "option -t" in reader.warnings[0].message


def test_no_strings_at_all_may_be_option_ns(tmp_path: Path) -> None:
    text = "".join(line.rsplit("\t", 1)[0] + "\r\n" for line in dumpel(STORY, string=" ").splitlines())
    events, reader = read(read_log, tmp_path, text)
    assert all("Data" in event.unreadable for event in events)
    assert kinds(reader) == ["strings"]


def test_the_order_of_nt_3_5(tmp_path: Path) -> None:
    events, _ = read(read_log, tmp_path, dumpel(STORY, user_first=True))
    assert [event.provider for event in events] == [sample.provider for sample in STORY]
    assert [event.user_id for event in events] == [None, None, "S-1-5-18", None]
    assert "UserID" in events[3].unreadable


@pytest.mark.parametrize("user_first", [False, True])
def test_columns_between_spaces(tmp_path: Path, user_first: bool) -> None:
    text = dumpel(STORY, column="  ", string=" ", user_first=user_first)
    events, _ = read(read_log, tmp_path, text)
    assert [event.provider for event in events] == [sample.provider for sample in STORY]
    assert [event.computer for event in events] == ["NTBOX"] * 4
    assert [event.user_id for event in events] == [None, None, "S-1-5-18", None]
    assert events[2].data == {"Data1": "Server"}


@pytest.mark.parametrize(("gap", "exact"), [("\t", True), ("\t ", False), (" ", True), ("  ", False)])
def test_an_empty_string_may_be_the_first_one(tmp_path: Path, gap: str, exact: bool) -> None:
    """A blank more than between columns: "" and "Server", or "Server" alone behind an expanded tab."""
    column = gap[0]
    row = column.join(("3/14/2001", "9:26:53 AM", "1", "0", "7000", "X", "N/A", "NTBOX"))
    (event,), _ = read(read_log, tmp_path, f"{row}{gap}Server\r\n", name="x.txt")
    assert field_value(event, "Data1") == ("Server" if exact else UNREADABLE)
    assert ("Strings" in event.data) is not exact


def test_the_line_of_kb_129266(tmp_path: Path) -> None:
    line = "  4/11/95 4:58:39 AM  1   0   1016    N/A DhcpServer  REDIPSRVP2  %%20013\r\n".lstrip(" ")
    (event,), _ = read(read_log, tmp_path, line + line.replace("4/11", "4/13"), name="x.txt")[0][:1], None
    assert (event.provider, event.event_id, event.computer) == ("DhcpServer", 1016, "REDIPSRVP2")
    assert event.data == {"Data1": "%%20013"}
    assert str(event.time) == "1995-04-11T04:58:39Z"
    assert event.event_type == "Error"


def test_a_name_proves_only_channels_that_every_host_has(tmp_path: Path) -> None:
    (event, *_), _ = read(read_log, tmp_path, dumpel(STORY), name="HOST_System.txt")
    assert event.channel == "System"
    (event, *_), _ = read(read_log, tmp_path, dumpel(STORY), name="DNS Server.txt")
    assert event.channel is None
    assert "Channel" in event.unreadable


def test_strings_with_line_breaks(tmp_path: Path) -> None:
    text = dumpel(STORY[1:2]).replace("timeout period", "timeout\r\nperiod") + dumpel(STORY[2:3])
    events, _ = read(read_log, tmp_path, text)
    assert events[0].data["Data2"] == "The semaphore timeout\nperiod has expired."
    assert events[1].event_id == 7000


def test_names_of_vista_and_later_are_lost(tmp_path: Path) -> None:
    modern = replace(STORY[1], provider="Microsoft-Windows-WindowsUpdateClient", event_id=20)
    events, reader = read(read_log, tmp_path, dumpel([STORY[0], modern]))
    assert [field_value(event, "updateTitle") for event in events] == [UNREADABLE, UNREADABLE]
    assert field_value(events[1], "Data1") == "00A0C9112233"
    assert kinds(reader) == ["names"]


def test_a_whole_event_identifier(tmp_path: Path) -> None:
    text = dumpel(STORY[2:3]).replace("\t7000\t", f"\t{0xC0000000 | 7000}\t")
    (event,), _ = read(read_log, tmp_path, text)
    assert (event.event_id, event.qualifiers) == (7000, 0xC000)


def test_strings() -> None:
    assert data_of_strings("", exact=False) == ({}, frozenset())
    assert data_of_strings("a b\tc", exact=True) == ({"Data1": "a b", "Data2": "c"}, frozenset())
