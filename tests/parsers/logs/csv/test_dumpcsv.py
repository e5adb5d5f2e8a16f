"""CSV of EvtxECmd and of evtscan's own dump gives the events of the binary log, as far as it carries them."""

import random
from pathlib import Path

import pytest
from exportwriters import SAMPLES, dump_csv, events_of, evtxecmd_csv
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_writer.event import SampleEvent

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.parsers import recognise
from evtscan.parsers.logs.csv import dumpcsv
from evtscan.parsers.logs.csv.dumpcsv import read_log
from evtscan.parsers.logs.csv.formats import is_dump_csv


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return events_of(SAMPLES, tmp_path_factory.mktemp("binary"))


def opened(path: Path, content: str | bytes, query: Query = EVERYTHING) -> LogReader:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_log(Source(path, path.name), query)


def kinds(log: LogReader) -> list[str]:
    return [warning.kind for warning in log.warnings]


@pytest.mark.parametrize("how", [{}, {"raw": True}, {"excel": True}], ids=["plain", "raw", "excel"])
def test_our_own_dump_loses_nothing(tmp_path: Path, events: list[Event], how: dict[str, bool]) -> None:
    named = [replace(events[0], provider="=1+1", computer="'-x"), *events[1:]]
    content = dump_csv(named, **how)
    log = opened(tmp_path / "x.csv", content)
    read = list(log)
    if how.get("excel"):  # Excel gets whole seconds
        assert [str(event.time) for event in read] == [f"{str(event.time)[:19]}Z" for event in named]
        named = [replace(event, time=other.time) for event, other in zip(named, read, strict=True)]
    if how.get("raw"):
        read[0] = replace(read[0], computer="'-x")  # nobody can tell that the apostrophe was the value's own
    assert read == [replace(event, location=other.location) for event, other in zip(named, read, strict=True)]
    assert [event.location.line for event in read] == [2, 3, 4, 5]
    assert log.warnings == []
    assert log.summary.completeness == "wrapped"
    row = recognise(Source(tmp_path / "x.csv", "x.csv"))
    assert row is not None
    assert row.name == "dump-csv"


def test_a_dump_of_local_times_is_local_again(tmp_path: Path, events: list[Event]) -> None:
    for content in (dump_csv(events), dump_csv(events, excel=True)):
        local = content.replace(":53.0000000Z", ":53.0000000").replace("2001-03-14 ", "2001-03-14T")
        log = opened(tmp_path / "x.csv", local)
        assert [event.time.local for event in log if event.time] == [True, False, False, False]
        assert kinds(log) == ["lossy_export"]


def test_columns_that_somebody_left_out_are_unknown(tmp_path: Path, events: list[Event]) -> None:
    lines = [line.split(",")[:4] for line in dump_csv(events).splitlines()]
    assert lines[0] == ["TimeCreated", "EventID", "EventLevel", "Provider"]
    event = next(iter(opened(tmp_path / "x.csv", "\n".join(map(",".join, lines)))))
    assert (str(event.time), event.event_id, event.level, event.provider) == (
        "2001-03-14T09:26:53.0000000Z",
        1008,
        2,
        "Dhcp",
    )
    for field in ("Data1", "Channel", "Computer", "UserID", "Qualifiers", "EventRecordID", "Version"):
        assert field_value(event, field) is UNREADABLE, field


def test_evtxecmd(tmp_path: Path, events: list[Event]) -> None:
    content = evtxecmd_csv(events)
    log = opened(tmp_path / "x.csv", content)
    classic, *others = log
    assert [event.data for event in others] == [event.data for event in events[1:]]
    for name in ("time", "level", "user_id", "event_id", "provider", "channel", "computer", "record_id", "keywords"):
        expected = [getattr(event, name) for event in events]
        assert [getattr(event, name) for event in (classic, *others)] == expected, name
    assert [event.header_id for event in (classic, *others)] == [11, 12, 13, 14]
    assert [event.process_id for event in others] == [492, 4, 676]
    assert (classic.process_id, classic.recovered) == (None, False)
    assert field_value(classic, "Data1") is UNREADABLE, "an empty string before it may be missing"
    assert field_value(classic, "Binary") == "08000000AB"
    assert field_value(classic, "Qualifiers") is UNREADABLE
    assert field_value(others[1], "UserID") is ABSENT
    assert [event.location.line for event in others] == [4, 6, 8]
    assert kinds(log) == ["lossy_export"]
    assert is_dump_csv(content.encode()[:4096], "x.csv")


def test_columns_of_timeline_explorer_in_another_order(tmp_path: Path) -> None:
    content = (
        "Line;Tag;Time Created;Event Id;Level;Provider;Channel;Map Description;Record Number;Hidden Record\r\n"
        "1;False;2020-10-05 20:43:58.4505228;10;Info;P;C;;7;True\r\n"
    )
    (event,) = opened(tmp_path / "x.csv", content)
    assert (str(event.time), event.event_id, event.level, event.provider, event.channel, event.header_id) == (
        "2020-10-05T20:43:58.4505228Z",
        10,
        4,
        "P",
        "C",
        7,
    )
    assert event.recovered
    assert field_value(event, "x") is field_value(event, "UserID") is UNREADABLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Audit failure", "0x8010000000000000"),
        ("Reboot", "0x8000000000000040"),
        ("Classic", "0x8000000000000000"),
        ("0x4000000000000000", "0x4000000000000000"),
        ("", None),
        ("Something new", None),
    ],
)
def test_names_of_keywords(tmp_path: Path, name: str, value: str | None) -> None:
    content = f"EventId,Provider,Payload,Keywords\n1,P,,{name}\n"
    (event,) = opened(tmp_path / "x.csv", content)
    assert event.keywords == value
    assert ("Keywords" in event.unreadable) is (value is None)


def test_times_that_a_spreadsheet_has_changed(tmp_path: Path) -> None:
    content = "TimeCreated,EventId,Provider,Payload\n43:58.5,1,P,\n10/5/2020 20:43,2,P,\n"
    log = opened(tmp_path / "x.csv", content)
    assert [event.time for event in log] == [None, None]
    assert kinds(log) == ["lossy_export", "bad_time"]
    assert "'43:58.5'" in log.warnings[1].message


def test_a_long_script_block_is_read(tmp_path: Path) -> None:
    """32,000 characters of a script block, each of them escaped, and once more in a column of a map."""
    script = '"\\' * 16_000
    sample = SampleEvent(provider="P", event_id=4104, time="2020-01-01T00:00:00Z")
    (binary,) = events_of([sample], tmp_path)
    (event,) = opened(tmp_path / "x.csv", dump_csv([replace(binary, data={"Data1": script})]))
    assert event.data == {"Data1": script}
    named = replace(binary, data={"ScriptBlockText": "\x07" * 32_000}, provider_guid="{" + "0" * 8 + "}")
    (event,) = opened(tmp_path / "x.csv", evtxecmd_csv([named]))
    assert event.data == named.data


# ---------------------------------------------------------------------------------------------------------- damage


def test_rows_that_are_cut_or_changed(tmp_path: Path, events: list[Event]) -> None:
    lines = dump_csv(events).splitlines(keepends=True)
    lines[2] = lines[2].replace("7036", "many")
    log = opened(tmp_path / "x.csv", "".join(lines)[:-300])
    assert [event.event_id for event in log] == [1008, 104]
    assert [(warning.kind, warning.location.line, warning.records_lost) for warning in log.warnings] == [
        ("bad_record", 3, 1),
        ("bad_record", 5, 1),
    ]


def test_a_lost_quotation_mark_is_told(tmp_path: Path, events: list[Event]) -> None:
    for content in (dump_csv(events), evtxecmd_csv(events)):
        broken = content.replace('","0x', '",0x', 1).replace('}"', "}", 1)
        log = opened(tmp_path / "x.csv", broken)
        read = list(log)
        assert len(read) + log.summary.lost >= len(events)
        assert "bad_record" in kinds(log)


def test_a_field_without_end_loses_its_row_and_no_more(
    tmp_path: Path, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumpcsv, "LONGEST_ROW", 3000)
    head, *lines = dump_csv(events).splitlines(keepends=True)
    endless = '"never closed\r\n' + "x" * 200 + "\r\n" + ("y" * 200 + "\r\n") * 20
    log = opened(tmp_path / "x.csv", "".join([head, lines[0], endless, *lines[1:]]))
    assert [event.event_id for event in log] == [event.event_id for event in events]
    first = next(warning for warning in log.warnings if warning.kind == "bad_record")
    assert (first.location.line, first.records_lost) == (3, 1)
    assert "are no row of a table" in first.message


def test_tables_appended_to_each_other(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.csv", "C:\\>type *.csv\r\n" + dump_csv(events[:2]) + evtxecmd_csv(events[2:]))
    assert [event.event_id for event in log] == [1008, 7036, 104, 4624]
    assert kinds(log) == ["lossy_export"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_every_encoding(tmp_path: Path, events: list[Event], encoding: str) -> None:
    content = dump_csv(events).replace("\U0001f600", "é").encode(encoding)
    log = opened(tmp_path / "x.csv", content)
    assert next(iter(log)).data["Data2"] == events[0].data["Data2"]
    assert kinds(log) == (["encoding"] if encoding == "cp1252" else [])
    assert is_dump_csv(content[:4096], "x.csv")


def test_selection(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.csv", evtxecmd_csv(events), Query(frozenset({Selector(event_id=104)})))
    assert [event.event_id for event in log] == [104]
    assert log.summary.records == 4


@pytest.mark.parametrize("content", ["EventId,Provider,Payload\n", "EventId,Provider,Payload\nx,y,z\n"])
def test_nothing_to_read(tmp_path: Path, content: str) -> None:
    if content.count("\n") == 1:
        assert list(opened(tmp_path / "x.csv", content)) == []
    else:
        with pytest.raises(EvidenceError, match=r"x\.csv: no event in it can be read; the row has no event id"):
            opened(tmp_path / "x.csv", content)


@pytest.mark.parametrize(
    "head",
    [
        b"Id,ProviderName,TimeCreated\n",
        b"EventID,SourceName\n",
        b"RecordNumber,Provider,Payload\n",
        b"Level,Date and Time,Source,Event ID,Task Category\r\n",
        b"a,b\nEventId,Provider,Payload\n",
        b"\0EventId,Provider,Payload",
    ],
)
def test_other_tables_are_not_taken_for_one(head: bytes) -> None:
    assert not is_dump_csv(head, "x.csv")


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 1 << 32), flips=st.integers(1, 6))
def test_flipped_bytes_never_end_the_reading(tmp_path_factory: pytest.TempPathFactory, seed: int, flips: int) -> None:
    folder = tmp_path_factory.mktemp("flips")
    chance = random.Random(seed)
    content = bytearray(chance.choice([dump_csv, evtxecmd_csv])(events_of(SAMPLES, folder)).encode())
    for _ in range(flips):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        log = opened(folder / "x.csv", bytes(content[: chance.randrange(1, len(content) + 1)]))
    except EvidenceError:
        return
    assert len(list(log)) == log.summary.records <= len(SAMPLES)
