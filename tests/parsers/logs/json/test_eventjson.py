"""JSON exports of each tool give the events of the binary log, as far as they carry them."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exportcorpus import as_json, binary_leaves, differences, key_of, leaves
from exportwriters import (
    MESSAGE,
    SAMPLES,
    chainsaw,
    chainsaw_hunt,
    elasticsearch,
    events_of,
    evtx_dump,
    evtxecmd,
    evtxecmd_whole,
    lines,
    velociraptor,
    velociraptor_row,
    winlogbeat,
    xmltodict,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_writer.event import SampleEvent

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import Instant
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.dump.blocks import of_events
from evtscan.dump.lines import JsonLines
from evtscan.parsers.logs.formats import is_event_json
from evtscan.parsers.logs.json.eventjson import read_log
from evtscan.parsers.logs.json.pieces import json_pieces

Writer = Callable[[Event], dict[str, Any]]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return events_of(SAMPLES, tmp_path_factory.mktemp("binary"))


def opened(path: Path, content: str | bytes, query: Query = EVERYTHING) -> LogReader:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_log(Source(path, path.name), query)


def exported(event: Event, read: Event, **changes: Any) -> Event:
    return replace(event, header_id=None, sequence=event.record_id or 0, location=read.location, **changes)


def assert_lossless(read: list[Event], events: list[Event], **changes: Any) -> None:
    assert read == [exported(event, other, **changes) for event, other in zip(events, read, strict=True)]


LAYOUTS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "lines": lines,
    "array": json.dumps,
    "array of lines": lambda documents: "[\n" + ",\n".join(map(json.dumps, documents)) + "\n]\n",
    "pretty array": lambda documents: json.dumps(documents, indent=2),
    "numbered records": lambda documents: "".join(
        f"Record {number}\n{json.dumps(document, indent=2)}\n" for number, document in enumerate(documents, 1)
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("writer", [evtx_dump, chainsaw])
def test_evtx_dump_and_chainsaw(tmp_path: Path, events: list[Event], writer: Writer, layout: str) -> None:
    content = LAYOUTS[layout]([writer(event) for event in events])
    log = opened(tmp_path / "x.json", content)
    assert_lossless(list(log), events)
    assert log.warnings == []
    assert (log.summary.records, log.summary.channel, log.summary.filtered) == (4, "System", False)
    assert is_event_json(content.encode()[:4096], "x.json")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding(tmp_path: Path, events: list[Event], encoding: str) -> None:
    content = lines(map(evtx_dump, events)).encode(encoding)
    assert_lossless(list(opened(tmp_path / "x.json", content)), events)
    assert is_event_json(content[:4096], "x.json")


def test_velociraptor(tmp_path: Path, events: list[Event]) -> None:
    content = lines(velociraptor(event) for event in events)
    log = opened(tmp_path / "x.json", content)
    assert_lossless(rounded(list(log)), rounded(events), message=MESSAGE)
    assert log.warnings == []
    assert is_event_json(content.encode()[:4096], "x.json")


def rounded(events: list[Event]) -> list[Event]:
    """Times to the microsecond, as seconds in a JSON number have them."""
    return [replace(event, time=event.time and Instant(event.time.ticks // 100 * 100)) for event in events]


def test_velociraptor_with_decimal_numbers(tmp_path: Path, events: list[Event]) -> None:
    """Before 2025 it turned hexadecimal values into decimal ones: known fields of the Security log are turned back."""
    log = opened(tmp_path / "x.json", lines(velociraptor(event, decimal=True) for event in events))
    read = list(log)
    assert read[3].data["SubjectLogonId"] == "0x3e7"
    assert read[3].data["LogonType"] == "5"
    assert read[3].keywords == "0x8020000000000000"
    assert read[2].data["LogFileCleared"]["Handle"] == "999"
    assert [warning.kind for warning in log.warnings] == ["lossy_export"]


def test_velociraptor_names_beside_values(tmp_path: Path) -> None:
    document = {
        "System": {"Provider": {"Name": "A"}, "EventID": {"Value": 1}},
        "EventData": {"Data": [{"Name": "x", "Value": 1}, {"Name": "y", "Value": None}]},
    }
    (event,) = opened(tmp_path / "x.json", json.dumps(document))
    assert event.data == {"x": "1", "y": ""}


def test_rows_of_velociraptor(tmp_path: Path, events: list[Event]) -> None:
    content = lines(map(velociraptor_row, events))
    log = opened(tmp_path / "x.json", content)
    read = list(log)
    assert [event.data for event in read] == [event.data for event in events]
    assert [str(event.time) for event in read] == [f"{str(event.time)[:19]}Z" for event in events]
    assert [(event.provider, event.event_id, event.record_id, event.user_id) for event in read] == [
        (event.provider, event.event_id, event.record_id, event.user_id) for event in events
    ]
    assert field_value(read[0], "Level") is UNREADABLE
    assert field_value(read[0], "UserID") is ABSENT
    assert [warning.kind for warning in log.warnings] == ["lossy_export"]
    assert is_event_json(content.encode()[:4096], "x.json")


def test_evtxecmd(tmp_path: Path, events: list[Event]) -> None:
    content = lines(map(evtxecmd, events))
    log = opened(tmp_path / "x.json", content)
    classic, *others = log
    assert [event.data for event in others] == [event.data for event in events[1:]]
    assert [(event.time, event.level, event.user_id) for event in (classic, *others)] == [
        (event.time, event.level, event.user_id) for event in events
    ]
    assert (classic.record_id, classic.header_id, classic.process_id) == (11, 11, None)
    assert field_value(classic, "Data1") is UNREADABLE, "an empty string before it may be missing"
    assert field_value(classic, "Binary") == "08000000AB"
    assert field_value(classic, "Qualifiers") is UNREADABLE
    assert [warning.kind for warning in log.warnings] == ["lossy_export"]
    assert is_event_json(content.encode()[:4096], "x.json")


def test_whole_events_of_evtxecmd(tmp_path: Path, events: list[Event]) -> None:
    content = lines(map(evtxecmd_whole, events))
    log = opened(tmp_path / "x.json", content)
    classic, *others = log
    assert others == [exported(event, other) for event, other in zip(events[1:], others, strict=True)]
    assert (classic.qualifiers, classic.level, classic.time) == (0x8000, 2, events[0].time)
    assert field_value(classic, "Data1") is UNREADABLE
    assert [warning.kind for warning in log.warnings] == ["lossy_export"]
    assert is_event_json(content.encode()[:4096], "x.json")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_xml_in_json(tmp_path: Path, events: list[Event], layout: str) -> None:
    """Attributes as members ``@name``: a provider's name is one of them."""
    content = LAYOUTS[layout]([xmltodict(event) for event in events])
    log = opened(tmp_path / "x.json", content)
    assert_lossless(list(log), events)
    assert log.warnings == []
    assert is_event_json(content.encode()[:4096], "x.json")


def test_xml_in_json_says_what_stands_beside_the_data(tmp_path: Path) -> None:
    document = {
        "?xml": {"@version": "1.0"},
        "Event": {
            "@xmlns": "x",
            "System": {"Provider": {"@Name": "A"}, "EventID": "1", "Security": None},
            "EventData": {"@Name": "T", "Data": None, "Item": {"@k": "v", "#text": "i"}},
            "DebugData": {"Level": "3"},
            "RenderingInfo": {"@Culture": "en-US", "Message": "It failed."},
        },
    }
    (event,) = opened(tmp_path / "x.json", json.dumps(document))
    assert (event.provider, event.message) == ("A", "It failed.")
    assert event.data == {
        "#attributes": {"Name": "T"},
        "Data1": "",
        "Item": {"#attributes": {"k": "v"}, "#text": "i"},
        "DebugData": {"Level": "3"},
    }


def test_what_chainsaw_has_detected(tmp_path: Path, events: list[Event]) -> None:
    """Each event once, however many rules match it; that there are no others proves nothing."""
    for layout in LAYOUTS.values():
        content = layout(chainsaw_hunt(events))
        log = opened(tmp_path / "x.json", content)
        assert_lossless(list(log), events)
        assert log.warnings == []
        assert log.summary.filtered
        assert is_event_json(content.encode()[:4096], "x.json")
    log = opened(
        tmp_path / "x.json", lines([{"group": "G", "kind": "individual", "document": 1}, *chainsaw_hunt(events)])
    )
    assert [event.event_id for event in log] == [1008, 7036, 104, 4624]
    assert [warning.kind for warning in log.warnings] == ["bad_record"]


@pytest.mark.parametrize("indent", [None, 2])
def test_the_answer_of_elasticsearch(tmp_path: Path, events: list[Event], indent: int | None) -> None:
    content = elasticsearch(events, indent)
    log = opened(tmp_path / "x.json", content)
    assert [event.record_id for event in log] == [11, 12, 13, 14]
    assert [warning.kind for warning in log.warnings] == ["lossy_export"]
    assert log.summary.filtered
    assert is_event_json(content.encode()[:4096], "x.json")
    more = content[:-1] + ', "aggregations": {"a": {"b": 1}}}'
    log = opened(tmp_path / "x.json", more)
    assert len(list(log)) == 4
    assert [warning.kind for warning in log.warnings] == ["lossy_export", "foreign_bytes"]


def test_a_whole_document_of_xml_in_json(tmp_path: Path, events: list[Event]) -> None:
    documents = [xmltodict(event)["Event"] for event in events]
    content = json.dumps({"Events": {"Event": documents}}, indent=1)
    log = opened(tmp_path / "x.json", content)
    assert_lossless(list(log), events)
    assert log.warnings == []
    assert is_event_json(content.encode()[:4096], "x.json")


def test_winlogbeat(tmp_path: Path, events: list[Event]) -> None:
    content = lines(map(winlogbeat, events))
    log = opened(tmp_path / "x.ndjson", content)
    read = list(log)
    fields = ("event_source_name", "qualifiers", "task", "opcode", "keywords")
    lost = {"message": MESSAGE} | dict.fromkeys(fields)
    assert [replace(event, unreadable=frozenset(), data={}) for event in read] == [
        exported(event, other, **lost, data={}) for event, other in zip(events, read, strict=True)
    ]
    classic, named, user, security = read
    assert classic.data == {name: text for name, text in events[0].data.items() if text}
    assert list(classic.data) == ["Binary", "Data1", "Data2", "Data4", "Data5"]
    assert named.data == {"param1": "Windows Event Log", "param2": "stopped"}
    assert user.data["LogFileCleared"]["SubjectUserName"] == "admin"
    assert security.data == events[3].data
    assert [warning.kind for warning in log.warnings] == ["lossy_export"]
    assert is_event_json(content.encode()[:4096], "x.ndjson")


def test_what_winlogbeat_cannot_tell(tmp_path: Path, events: list[Event]) -> None:
    classic, named, *_ = opened(tmp_path / "x.json", lines(map(winlogbeat, events)))
    for field in ("Task", "Opcode", "Keywords", "Qualifiers", "Provider_EventSourceName"):
        assert field_value(classic, field) is UNREADABLE
    assert field_value(classic, "Data9") is ABSENT
    assert field_value(named, "Data1") is UNREADABLE, "param1 may stand for unnamed data"
    assert field_value(named, "Data3") is ABSENT
    assert field_value(classic, "Correlation_ActivityID") is ABSENT
    assert field_value(classic, "UserID") is field_value(classic, "Security_UserID") is UNREADABLE


@pytest.mark.parametrize(
    "wrap",
    [
        lambda document: {"_index": "winlogbeat-8", "_source": document},
        lambda document: {
            "@timestamp": document["@timestamp"],
            **{f"winlog.{name}": value for name, value in document["winlog"].items() if name != "event_data"},
            **{f"winlog.event_data.{name}": value for name, value in document["winlog"]["event_data"].items()},
            "log.level": document["log"]["level"],
        },
        lambda document: {
            "@timestamp": document["@timestamp"],
            "beat": {"name": "x"},
            "log_name": "System",
            "source_name": "Dhcp",
            "event_id": 1008,
            "record_number": "11",
            "computer_name": "NTBOX",
            "level": "Error",
            "event_data": document["winlog"]["event_data"],
        },
    ],
    ids=["elasticsearch", "flat", "version 6"],
)
def test_winlogbeat_in_other_wrappings(tmp_path: Path, events: list[Event], wrap: Writer) -> None:
    content = lines([wrap(winlogbeat(events[0]))])
    (event,) = opened(tmp_path / "x.json", content)
    assert (event.event_id, event.provider, event.channel, event.record_id) == (1008, "Dhcp", "System", 11)
    assert (event.computer, event.level, event.time) == ("NTBOX", 2, events[0].time)
    assert event.data == {name: text for name, text in events[0].data.items() if text}
    assert is_event_json(content.encode()[:4096], "x.json")


DUMPED = {
    "TimeCreated": "2001-03-14T09:26:53Z",
    "EventID": 1008,
    "EventLevel": 2,
    "Provider": "Dhcp",
    "Channel": "System",
    "Computer": "NTBOX",
    "RecordID": 7,
    "UserID": None,
    "ProcessID": None,
    "ThreadID": None,
    "Task": 0,
    "Opcode": None,
    "Keywords": "0x80000000000000",
    "Qualifiers": 32768,
    "Data": {"Data1": "0", "Item": ["a", "b"], "Nested": {"#attributes": {"x": "y"}, "z": "1"}},
    "SourceFile": "HOST/SysEvent.Evt",
    "Offset": 4608,
    "Recovered": False,
    "HeaderID": 3,
    "Version": None,
    "ProviderGUID": None,
    "EventSourceName": None,
    "ActivityID": None,
    "RelatedActivityID": None,
    "EventType": "error",
    "TimeWritten": "2001-03-14T09:26:54Z",
    "Message": "Something failed.",
}


def test_our_own_dump(tmp_path: Path) -> None:
    content = lines([DUMPED])
    log = opened(tmp_path / "x.jsonl", content)
    (event,) = log
    assert event == Event(
        location=event.location,
        sequence=3,
        event_id=1008,
        provider="Dhcp",
        channel="System",
        time=event.time,
        record_id=7,
        header_id=3,
        computer="NTBOX",
        qualifiers=32768,
        level=2,
        task=0,
        keywords="0x80000000000000",
        event_type="error",
        time_written=event.time_written,
        data=DUMPED["Data"],
        message="Something failed.",
    )
    assert (str(event.time), str(event.time_written)) == ("2001-03-14T09:26:53Z", "2001-03-14T09:26:54Z")
    assert log.warnings == []
    assert is_event_json(content.encode()[:4096], "x.jsonl")


def test_what_dump_writes_is_read_again(tmp_path: Path, events: list[Event]) -> None:
    writer = JsonLines()
    content = "".join(line for block in of_events(events) for line in writer.lines(block))
    read = list(opened(tmp_path / "x.jsonl", content))
    assert read == [replace(event, location=other.location) for event, other in zip(events, read, strict=True)]


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({}, set()),
        ({"Message": None, "HeaderID": None}, {"Version", "UserID"}),
        ({"RecordID": None, "HeaderID": None}, {"Version", "UserID", "EventRecordID", "Data9"}),
        ({"Keywords": None}, {"Version", "UserID", "Keywords", "Data9"}),
        ({"HeaderID": None, "Data": {}}, {"Version", "UserID", "Data9"}),
    ],
    ids=["log", "xml", "list", "psloglist", "powershell"],
)
def test_what_an_export_had_lost_stays_lost_in_a_dump_of_it(
    tmp_path: Path, changes: dict[str, Any], lost: set[str]
) -> None:
    (event,) = opened(tmp_path / "x.jsonl", lines([DUMPED | changes]))
    fields = ("Version", "UserID", "EventRecordID", "Keywords", "Data9")
    assert {name for name in fields if field_value(event, name) is UNREADABLE} == lost


def test_a_dump_of_several_files_keeps_them_apart(tmp_path: Path) -> None:
    rows = [
        DUMPED | {"SourceFile": name, "HeaderID": number} for name in ("a.evt", "b.evt") for number in range(1, 301)
    ]
    log = opened(tmp_path / "x.jsonl", lines(rows))
    sequences = [event.sequence for event in log]
    assert sequences == sorted(set(sequences))
    assert len(sequences) == 600


def test_a_filtered_log_stays_filtered_in_its_dump(tmp_path: Path) -> None:
    """Header numbers without holes, and record numbers with them: the log that was dumped was an export itself."""
    rows = [DUMPED | {"HeaderID": number, "RecordID": number * 5} for number in range(1, 9)]
    log = opened(tmp_path / "x.jsonl", lines(rows))
    assert len(list(log)) == 8
    assert log.summary.filtered


# -------------------------------------------------------------------------------------- order, selection, location


@pytest.mark.parametrize("writer", [evtx_dump, velociraptor, winlogbeat])
def test_newest_first(tmp_path: Path, events: list[Event], writer: Writer) -> None:
    log = opened(tmp_path / "x.json", lines(writer(event) for event in reversed(events)))
    assert [event.sequence for event in log] == [14, 13, 12, 11]
    assert log.summary.first_time == rounded(events)[0].time


def test_without_record_numbers_times_tell_the_direction(tmp_path: Path, events: list[Event]) -> None:
    documents = [winlogbeat(event) for event in reversed(events)]
    for document in documents:
        del document["winlog"]["record_id"]
    log = opened(tmp_path / "x.json", lines(documents))
    read = sorted(log, key=lambda event: event.sequence)
    assert [event.event_id for event in read] == [1008, 7036, 104, 4624]
    assert log.summary.filtered


@pytest.mark.parametrize("writer", [evtx_dump, velociraptor, winlogbeat])
def test_selection(tmp_path: Path, events: list[Event], writer: Writer) -> None:
    log = opened(tmp_path / "x.json", lines(map(writer, events)), Query(frozenset({Selector(event_id=104)})))
    assert [event.event_id for event in log] == [104]
    assert log.summary.records == 4


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_location_leads_to_the_object(tmp_path: Path, events: list[Event], layout: str, encoding: str) -> None:
    content = LAYOUTS[layout]([evtx_dump(event) for event in events])
    for event in opened(tmp_path / "x.json", content.encode(encoding)):
        assert event.location.offset is not None
        before = content.encode(encoding)[: event.location.offset].decode(encoding)
        assert content[len(before) :].lstrip("[\n").startswith("{")
        assert event.location.line == before.count("\n") + 1


# ---------------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_broken_object_loses_itself(tmp_path: Path, events: list[Event], layout: str) -> None:
    content = LAYOUTS[layout]([evtx_dump(event) for event in events])
    broken = content.replace('"param2"', '"param2', 1)
    log = opened(tmp_path / "x.json", broken)
    assert [event.event_id for event in log] == [1008, 104, 4624]
    assert log.summary.lost == 1
    assert {warning.kind for warning in log.warnings} <= {"bad_record", "truncated", "foreign_bytes"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_short(tmp_path: Path, events: list[Event], layout: str) -> None:
    content = LAYOUTS[layout]([evtx_dump(event) for event in events])
    log = opened(tmp_path / "x.json", content[: content.rindex("LogonType")])
    assert [event.event_id for event in log] == [1008, 7036, 104]
    (warning,) = log.warnings
    assert (warning.kind, warning.records_lost) == ("truncated", 1)


@pytest.mark.parametrize("layout", ["array", "array of lines", "pretty array"])
@pytest.mark.parametrize("behind", ["", ",", ",\n"])
def test_cut_between_two_objects(tmp_path: Path, events: list[Event], layout: str, behind: str) -> None:
    content = LAYOUTS[layout]([evtx_dump(event) for event in events]).rstrip().removesuffix("]").rstrip()
    log = opened(tmp_path / "x.json", content + behind)
    assert len(list(log)) == 4
    (warning,) = log.warnings
    assert (warning.kind, warning.records_lost) == ("truncated", 0)
    assert "without the bracket" in warning.message
    log = opened(tmp_path / "x.json", elasticsearch(events).removesuffix("]}}") + behind)
    assert len(list(log)) == 4
    assert [warning.kind for warning in log.warnings] == ["lossy_export", "truncated"]


def test_half_a_surrogate_pair_is_read(tmp_path: Path) -> None:
    content = '{"Event": {"System": {"EventID": 1, "Channel": "\\ud83d!"}, "EventData": {"x": "\\ud83d!"}}}'
    (event,) = opened(tmp_path / "x.json", content)
    assert (event.channel, event.data) == ("\ufffd!", {"x": "\ufffd!"})


def test_nesting_is_bounded(tmp_path: Path, events: list[Event]) -> None:
    deep = '{"a": ' * 200 + "1" + "}" * 200
    content = '{"Event": {"System": {"EventID": 1}, "UserData": ' + deep + "}}\n" + lines([evtx_dump(events[0])])
    log = opened(tmp_path / "x.json", content)
    first, second = log
    assert ("Data" in first.unreadable, second.event_id) == (True, 1008)
    assert [warning.kind for warning in log.warnings] == ["bad_record"]
    content = '{"Event": {"System": {"EventID": ' + "[" * 100_000 + "}}\n" + lines([evtx_dump(events[0])])
    log = opened(tmp_path / "x.json", content)
    assert [event.event_id for event in log] == [1008]


def test_a_line_without_end_is_bounded(tmp_path: Path, events: list[Event]) -> None:
    endless = json.dumps(evtx_dump(events[1])).replace("stopped", "x" * (9 << 20))
    log = opened(tmp_path / "x.json", lines([evtx_dump(events[0])]) + endless + "\n" + lines([evtx_dump(events[2])]))
    assert [event.event_id for event in log] == [1008, 104]
    assert log.summary.lost == 1


@pytest.mark.parametrize("content", [b"[1, 2, 3]", b'{"a": 1}', b"{", b'"Event"', b"\xff\xfe{\0", b"{" * 10_000])
def test_nothing_to_read(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"x\.json: no event in it can be read"):
        opened(tmp_path / "x.json", content)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pieces_are_the_file(events: list[Event], layout: str) -> None:
    content = LAYOUTS[layout]([evtx_dump(event) for event in events]).encode()
    for size in (7, 100, 4096):
        blocks = [content[at : at + size] for at in range(0, len(content), size)]
        pieces = list(json_pieces(blocks))
        assert b"".join(pieces) == content
        assert sum(b'"System"' in piece for piece in pieces) == 4


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 1 << 32), flips=st.integers(1, 6), layout=st.sampled_from(list(LAYOUTS)))
def test_flipped_bytes_never_end_the_reading(
    tmp_path_factory: pytest.TempPathFactory, seed: int, flips: int, layout: str
) -> None:
    folder = tmp_path_factory.mktemp("flips")
    chance = random.Random(seed)
    writer = chance.choice([evtx_dump, chainsaw, velociraptor, winlogbeat])
    content = bytearray(LAYOUTS[layout]([writer(event) for event in events_of(SAMPLES, folder)]).encode())
    for _ in range(flips):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        log = opened(folder / "x.json", bytes(content[: chance.randrange(1, len(content) + 1)]))
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
    for writer in (evtx_dump, chainsaw, velociraptor):
        (event,) = opened(folder / "x.json", lines([writer(binary[0])]))
        assert event.data == binary[0].data


def test_names_that_evtx_dump_repeats(tmp_path: Path) -> None:
    content = '{"Event": {"System": {"EventID": 1}, "EventData": {"Guid": "a", "x": 1, "Guid": "b", "y": 2, "y_1": 3}}}'
    (event,) = opened(tmp_path / "x.json", content)
    assert event.data == {"Guid": ["a", "b"], "x": "1", "y": ["2", "3"]}


@pytest.mark.corpus
def test_real_logs_through_another_decoder(tmp_path: Path, corpus: Path) -> None:
    """Every record that the Rust decoder exports reads as the binary log does."""
    compared = 0
    for path in sorted((corpus / "evtx").glob("*.evtx")):
        log = opened(tmp_path / "x.json", "".join(f"{line}\n" for line in as_json(path)))
        binary = binary_leaves(path)
        for event in log:
            if key_of(event) in binary:  # else that decoder made it up, and ours warns of it
                assert differences(leaves(event), binary[key_of(event)]) == [], path.name
                compared += 1
        assert log.summary.lost == 0, path.name
    assert compared == 27_134
