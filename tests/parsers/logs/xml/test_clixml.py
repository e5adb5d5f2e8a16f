"""Exported event objects of PowerShell give the events of the binary log, as far as they carry them."""

import random
from pathlib import Path

import pytest
from exportwriters import MESSAGE, SAMPLES, clixml, events_of
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_writer.event import SampleEvent

from evtscan.base.errors import EvidenceError, UsageError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, Query, ReadOptions, Selector
from evtscan.base.model.source import Source
from evtscan.detection.match.fields import UNREADABLE, field_value
from evtscan.parsers.logs.formats import is_clixml
from evtscan.parsers.logs.xml.clixml import read_log


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return events_of(SAMPLES, tmp_path_factory.mktemp("binary"))


def opened(path: Path, content: str | bytes, query: Query = EVERYTHING, zone: str = "") -> LogReader:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_log(Source(path, path.name), query, ReadOptions(zone=zone))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_classic_event_is_whole(tmp_path: Path, events: list[Event], encoding: str) -> None:
    content = clixml(events).encode(encoding)
    read = next(iter(opened(tmp_path / "x.xml", content)))
    expected = replace(events[0], header_id=None, sequence=11, message=MESSAGE, location=read.location)
    assert replace(read, unreadable=frozenset()) == expected
    assert read.unreadable == frozenset()
    assert field_value(read, "Data2") == "Größe <&> 'x' \"y\""
    assert is_clixml(content[:4096], "x.xml")


def test_system_of_an_event_with_a_manifest(tmp_path: Path, events: list[Event]) -> None:
    read = list(opened(tmp_path / "x.xml", clixml(events)))[1]
    expected = replace(
        events[1],
        header_id=None,
        sequence=12,
        message=MESSAGE,
        location=read.location,
        event_source_name=None,
        data={"Data1": "Windows Event Log", "Data2": "", "Data3": "stopped"},
        unreadable=frozenset({"Data", "Provider_EventSourceName"}),
    )
    assert read == expected
    assert field_value(read, "param1") is UNREADABLE
    assert field_value(read, "Data1") == "Windows Event Log"


def test_what_is_lost_is_said_once(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", clixml(events))
    assert [event.event_id for event in log] == [1008, 7036, 104, 4624]
    assert [(warning.kind, warning.records_lost) for warning in log.warnings] == [("lossy_export", 0)]
    summary = log.summary
    assert (summary.format, summary.records, summary.lost, summary.filtered) == ("clixml", 4, 0, False)
    assert (summary.channel, summary.computers) == ("System", ("NTBOX",))


def test_types_of_values(tmp_path: Path, events: list[Event]) -> None:
    content = clixml(events[:1])
    head, _, rest = content.partition('<S N="Value">0</S>')
    typed = (
        '<U32 N="Value">3664</U32>',
        '<G N="Value">ba5c6bbb-5b9c-5dc4-0000-00107660a900</G>',
        '<B N="Value">true</B>',
        '<Nil N="Value" />',
        '<DT N="Value">2019-11-07T09:59:56.5265735-08:00</DT>',
        '<Db N="Value">1E+20</Db>',
        '<Obj N="Value" RefId="9"><TN RefId="2"><T>System.Security.Principal.SecurityIdentifier</T></TN>'
        "<ToString>S-1-5-18</ToString></Obj>",
        '<Obj N="Value" RefId="9"><TN RefId="2"><T>System.String[]</T></TN><LST><S>a</S><S>b</S></LST></Obj>',
        '<S N="Value">_x005F_x000A__x000D__x000A__xD83D__xDE00_</S>',
    )
    wanted = (
        "3664",
        "{BA5C6BBB-5B9C-5DC4-0000-00107660A900}",
        "true",
        "",
        "2019-11-07T17:59:56.5265735Z",
        "100000000000000000000.0",
        "S-1-5-18",
        ["a", "b"],
        "_x000A_\r\n\U0001f600",
    )
    for value, text in zip(typed, wanted, strict=True):
        (event,) = opened(tmp_path / "x.xml", head + value + rest)
        assert event.data["Data1"] == text


def test_selected_properties_only(tmp_path: Path) -> None:
    """``Select-Object`` before the export: a column that is not there is unknown, not absent."""
    content = (
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0">'
        "<T>Selected.System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN><MS>"
        '<DT N="TimeCreated">2001-03-14T09:26:53</DT><I32 N="Id">1008</I32><S N="ProviderName">Dhcp</S>'
        '<Nil N="UserId" /></MS></Obj></Objs>'
    )
    log = opened(tmp_path / "x.xml", content)
    (event,) = log
    assert (event.event_id, event.provider, str(event.time)) == (1008, "Dhcp", "2001-03-14T09:26:53")
    assert {"Data", "Channel", "Computer", "EventRecordID", "Level"} <= event.unreadable
    assert not {"TimeCreated", "Security_UserID"} & event.unreadable
    assert log.summary.filtered
    (zoned,) = opened(tmp_path / "x.xml", content, zone="+02:00")
    assert str(zoned.time) == "2001-03-14T07:26:53Z"
    with pytest.raises(UsageError, match="Atlantis"):
        opened(tmp_path / "x.xml", content, zone="Atlantis")


def test_newest_first_and_selection(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", clixml(events[::-1]), Query(frozenset({Selector(provider="Dhcp", event_id=1008)})))
    assert [(event.event_id, event.sequence) for event in log] == [(1008, 11)]
    assert (log.summary.first_sequence, log.summary.last_sequence, log.summary.records) == (11, 14, 4)


def test_other_objects_are_no_events(tmp_path: Path, events: list[Event]) -> None:
    other = '<Obj RefId="999"><TN RefId="77"><T>System.Diagnostics.Process</T></TN><Props><I32 N="Pid">4</I32></Props>'
    log = opened(tmp_path / "x.xml", clixml(events).replace("</Objs>", other + "</Obj></Objs>"))
    assert len(list(log)) == 4


def test_location(tmp_path: Path, events: list[Event]) -> None:
    content = clixml(events)
    for event in opened(tmp_path / "x.xml", content):
        offset, line = event.location.offset, event.location.line
        assert offset is not None
        assert line is not None
        assert content.encode()[offset:].startswith(b"<Obj RefId=")
        assert content.encode()[:offset].count(b"\n") == line - 1


def test_cut_short(tmp_path: Path, events: list[Event]) -> None:
    content = clixml(events)
    log = opened(tmp_path / "x.xml", content[: content.rindex('N="Properties"')])
    read = list(log)
    assert [event.event_id for event in read][:3] == [1008, 7036, 104]
    assert "Data" in read[3].unreadable
    assert "bad_record" in [warning.kind for warning in log.warnings]


def test_a_broken_object_leaves_the_rest(tmp_path: Path, events: list[Event]) -> None:
    content = clixml(events).replace('<I32 N="Id">7036</I32>', '<I32 N="Id">x</I32>')
    log = opened(tmp_path / "x.xml", content)
    assert [event.event_id for event in log] == [1008, 104, 4624]
    assert [(warning.kind, warning.records_lost) for warning in log.warnings if warning.records_lost] == [
        ("bad_record", 1)
    ]


@pytest.mark.parametrize("content", [b"<Objs", b"<Objs><Obj RefId='1'/></Objs>junk", b"\xff\xfe<\0", b"text"])
def test_nothing_to_read(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EvidenceError, match="no event in it can be read"):
        opened(tmp_path / "x.xml", content)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 1 << 32), flips=st.integers(1, 6))
def test_flipped_bytes_never_end_the_reading(tmp_path_factory: pytest.TempPathFactory, seed: int, flips: int) -> None:
    folder = tmp_path_factory.mktemp("flips")
    content = bytearray(clixml(events_of(SAMPLES, folder)).encode())
    chance = random.Random(seed)
    for _ in range(flips):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        log = opened(folder / "x.xml", bytes(content[: chance.randrange(1, len(content) + 1)]))
    except EvidenceError:
        return
    assert len(list(log)) == log.summary.records <= len(SAMPLES)


@settings(deadline=None, max_examples=60)
@given(
    strings=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), max_size=5
    )
)
def test_round_trip_of_strings(tmp_path_factory: pytest.TempPathFactory, strings: list[str]) -> None:
    folder = tmp_path_factory.mktemp("round")
    sample = SampleEvent(provider="Dhcp", event_id=1008, time="2001-03-14T09:26:53Z", strings=tuple(strings))
    binary = events_of([sample], folder)
    (event,) = opened(folder / "x.xml", clixml(binary))
    assert event.data == binary[0].data


def test_cut_between_two_objects(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", clixml(events).removesuffix("</Objs>"))
    assert len(list(log)) == 4
    assert [warning.kind for warning in log.warnings] == ["lossy_export", "truncated"]
