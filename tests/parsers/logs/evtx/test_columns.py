"""The columnar decoder against the one that takes one record at a time."""

import json
import struct
import sys
from functools import partial
from pathlib import Path
from time import process_time

import pytest
from binxml_builder import ChunkBuilder, Element, Fragment, Substitution, event
from evtx_files import CHUNK, HEADER_BLOCK, closed, log_of, read, resealed, source
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import Data, SampleEvent, Value, ValueType
from sample_writer.event import Element as UserElement
from sample_writer.evtx import evtx_log

from evtscan.base.errors import EvidenceError
from evtscan.base.model.query import EVERYTHING, Query, ReadOptions, Selector
from evtscan.parsers.logs.evtx import chunk_count, read_log
from evtscan.parsers.logs.evtx.columns import Decoder, WantedIds
from evtscan.parsers.logs.evtx.decode import decode_record
from evtscan.parsers.logs.evtx.eventfields import READ_FIELD
from evtscan.parsers.logs.evtx.file import read_layout, read_segments
from evtscan.parsers.logs.evtx.record import RecordError, to_event
from evtscan.parsers.logs.evtx.records import find_records

TIME = 130_000_000_000_000_000


def one_by_one(data: bytes) -> list:
    """Every event of a log, by the decoder that knows no columns."""
    events = []
    for start in range(HEADER_BLOCK, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        position, free = 0x200, struct.unpack_from("<I", chunk, 48)[0]
        while position < free:
            size, number, ticks = struct.unpack_from("<4xIQQ", chunk, position)
            decoded = decode_record(chunk, position + 24, position + size - 4)
            events.append(
                to_event(
                    decoded,
                    source_name="log.evtx",
                    offset=start + position,
                    header_id=number,
                    header_ticks=ticks,
                    recovered=False,
                )
            )
            position += size
    return events


def assert_same(folder: Path, data: bytes) -> list:
    expected = one_by_one(data)
    found, log = read(folder, data)
    assert found == expected
    assert [list(event.data) for event in found] == [list(event.data) for event in expected]
    assert log.summary.records == len(expected)
    (*batches,) = read_log(source(folder, data), EVERYTHING).batches()
    (batch,) = batches or [None]
    if batch is not None:
        assert [json.loads(text) for text in batch.data_json()] == [dict(event.data) for event in expected]
        assert [list(json.loads(text)) for text in batch.data_json()] == [list(event.data) for event in expected]
    return found


def declined(data: bytes, folder: Path) -> int:
    """How many records the columnar decoder leaves to the other one."""
    with source(folder, data).path.open("rb") as stream:
        (segment,) = read_segments(stream, read_layout(stream, "log").chunks)
    records, _ = find_records(segment, "log")
    columns = Decoder().open(segment, records)
    return int(columns.declined.sum()) + len(columns.groups(columns.candidates(WantedIds(EVERYTHING)))[1])


EVERY_TYPE = (
    Data("null", Value(None)),
    Data("text", Value('a "quoted" \\ <b> é\u2028\x01')),
    Data("ansi", Value("plain", ValueType.ANSI)),
    Data("int8", Value(-5, ValueType.INT8)),
    Data("uint8", Value(250, ValueType.UINT8)),
    Data("int16", Value(-5, ValueType.INT16)),
    Data("uint16", Value(65_000, ValueType.UINT16)),
    Data("int32", Value(-5, ValueType.INT32)),
    Data("uint32", Value(4_000_000_000, ValueType.UINT32)),
    Data("int64", Value(-5, ValueType.INT64)),
    Data("uint64", Value(1 << 63, ValueType.UINT64)),
    Data("float", Value(0.5, ValueType.FLOAT)),
    Data("double", Value(0.1, ValueType.DOUBLE)),
    Data("bool", Value(True, ValueType.BOOL)),
    Data("binary", Value(b"\xde\xad", ValueType.BINARY)),
    Data("guid", Value("555908d1-a6d7-4695-8e1e-26931d2012f4", ValueType.GUID)),
    Data("size", Value(0x24C, ValueType.SIZE)),
    Data("filetime", Value("2001-03-14T09:26:53.1234567Z", ValueType.FILETIME)),
    Data("systemtime", Value("2001-03-14T09:26:53.123Z", ValueType.SYSTEMTIME)),
    Data("sid", Value("S-1-5-21-1-2-3-500", ValueType.SID)),
    Data("hex32", Value(0xAF855, ValueType.HEX32)),
    Data("hex64", Value(0x3E7, ValueType.HEX64)),
)
SHOWN = {  # an optional value that is null takes its element with it
    "text": 'a "quoted" \\ <b> é\u2028\x01',
    "ansi": "plain",
    "int8": "-5",
    "uint8": "250",
    "int16": "-5",
    "uint16": "65000",
    "int32": "-5",
    "uint32": "4000000000",
    "int64": "-5",
    "uint64": "9223372036854775808",
    "float": "0.5",
    "double": "0.1",
    "bool": "true",
    "binary": "DEAD",
    "guid": "{555908D1-A6D7-4695-8E1E-26931D2012F4}",
    "size": "0x24c",
    "filetime": "2001-03-14T09:26:53.1234567Z",
    "systemtime": "2001-03-14T09:26:53.123Z",
    "sid": "S-1-5-21-1-2-3-500",
    "hex32": "0xaf855",
    "hex64": "0x3e7",
}


def manifest(**given) -> SampleEvent:
    return SampleEvent(**{"provider": "Test", "event_id": 1, "time": TIME, "level": 4} | given)


def test_every_value_type(tmp_path):
    data = evtx_log([manifest(data=EVERY_TYPE)])
    (event,) = assert_same(tmp_path, data)
    assert event.data == SHOWN
    assert declined(data, tmp_path) == 0


def test_arrays_repeat_their_element(tmp_path):
    arrays = (
        Data("none", Value((), ValueType.UINT16)),
        Data("one", Value((7,), ValueType.UINT16)),
        Data("two", Value((7, 8), ValueType.UINT16)),
        Data("texts", Value(("a", "", "c"))),
    )
    data = evtx_log([manifest(data=arrays), manifest(data=(*arrays[:2], *arrays[1:3], arrays[3]))])
    event, _ = assert_same(tmp_path, data)
    assert event.data == {"one": "7", "two": ["7", "8"], "texts": ["a", "", "c"]}


def test_the_strings_of_classic_events(tmp_path):
    texts = [(), ("one",), ("4.0", "1381", "Service Pack 2"), ("", "x", "")]
    data = evtx_log([SampleEvent(provider="EventLog", event_id=6009, time=TIME, strings=row) for row in texts])
    events = assert_same(tmp_path, data)
    assert [list(event.data.items()) for event in events] == [
        [(f"Data{place}", text) for place, text in enumerate(row, 1)] for row in texts
    ]
    assert declined(data, tmp_path) == 0


def test_user_data_is_nested(tmp_path):
    user_data = UserElement(
        "Cleared",
        children=(
            UserElement("Who", Value("Ada")),
            UserElement("More", children=(UserElement("Deep", Value(5, ValueType.UINT32)),), attributes=(("a", "b"),)),
        ),
    )
    (event,) = assert_same(tmp_path, evtx_log([manifest(user_data=user_data)]))
    assert event.data == {"Cleared": {"Who": "Ada", "More": {"#attributes": {"a": "b"}, "Deep": "5"}}}


def test_every_field_of_system(tmp_path):
    given = {
        "provider": "Microsoft-Windows-Test",
        "event_id": 4624,
        "channel": "Security",
        "computer": "HOST-1.example.com",
        "record_number": 77,
        "user_sid": "S-1-5-18",
        "task": 12_544,
        "level": 3,
        "keywords": 0x8020000000000000,
        "version": 2,
        "opcode": 1,
        "process_id": 4,
        "thread_id": 99,
        "activity_id": "{F4209020-F69F-4297-BC61-C72E8C600000}",
        "related_activity_id": "{F4209020-F69F-4297-BC61-C72E8C600001}",
        "guid": "{555908D1-A6D7-4695-8E1E-26931D2012F4}",
    }
    for static_names in (True, False):
        data = evtx_log([SampleEvent(time=TIME + 1, data=EVERY_TYPE[:1], **given)], static_names=static_names)
        (event,) = assert_same(tmp_path, data)
        assert (event.provider, event.event_id, event.channel, event.computer) == (
            "Microsoft-Windows-Test",
            4624,
            "Security",
            "HOST-1.example.com",
        )
        assert (event.record_id, event.user_id, event.task, event.level) == (77, "S-1-5-18", 12_544, 3)
        assert (event.keywords, event.version, event.opcode) == ("0x8020000000000000", 2, 1)
        assert (event.process_id, event.thread_id) == (4, 99)
        assert (event.activity_id, event.related_activity_id) == (given["activity_id"], given["related_activity_id"])
        assert (event.provider_guid, str(event.time)) == (given["guid"], "2012-12-14T23:06:40.0000001Z")
        assert (event.header_id, event.sequence, event.recovered) == (1, 1, False)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = st.one_of(
    st.builds(Value, TEXT),
    st.just(Value(None)),
    st.builds(Value, st.integers(0, 0xFFFFFFFF), st.sampled_from([ValueType.UINT32, ValueType.HEX32])),
    st.builds(Value, st.integers(0, (1 << 64) - 1), st.sampled_from([ValueType.UINT64, ValueType.HEX64])),
    st.builds(Value, st.booleans(), st.just(ValueType.BOOL)),
    st.builds(Value, st.binary(max_size=9), st.just(ValueType.BINARY)),
    st.builds(Value, st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(Value, st.lists(st.integers(0, 255), max_size=3).map(tuple), st.just(ValueType.UINT8)),
)
NAMES = st.sampled_from(["A", "B", "C"])
EVENTS = st.one_of(
    st.builds(
        manifest,
        event_id=st.integers(0, 65_535),
        provider=st.sampled_from(["One", "Two"]),
        data=st.lists(st.builds(Data, NAMES, VALUES), max_size=4).map(tuple),
    ),
    st.builds(
        SampleEvent,
        provider=st.sampled_from(["Dhcp", "EventLog"]),
        event_id=st.integers(0, 65_535),
        time=st.just(TIME),
        strings=st.lists(TEXT, max_size=3).map(tuple),
        binary=st.binary(max_size=4),
    ),
)


@settings(deadline=None, max_examples=60)
@given(events=st.lists(EVENTS, max_size=8))
def test_any_events_are_read_alike(tmp_path_factory, events):
    found = assert_same(tmp_path_factory.mktemp("log"), evtx_log(events))
    assert [event.event_id for event in found] == [event.event_id for event in events]


# ---------------------------------------------------------------------------------------------- templates


def logon(name: str, value: bytes, kind: int = 0x01) -> Fragment:
    data = Element("EventData", Element("Data", Substitution(1, kind), Name=name))
    return Fragment(event(data, event_id=Substitution(0, 0x06)), [(0x06, b"\x10\x12"), (kind, value)])


def test_templates_with_one_identifier_are_told_apart_by_content(tmp_path):
    chunk = ChunkBuilder()
    for name in ("Alpha", "Gamma", "Alpha", "Delta"):  # the builder gives all of them one GUID, and they have one size
        chunk.record(logon(name, "v".encode("utf-16-le")))
    data = log_of(closed(chunk))
    assert [event.data for event in assert_same(tmp_path, data)] == [
        {"Alpha": "v"},
        {"Gamma": "v"},
        {"Alpha": "v"},
        {"Delta": "v"},
    ]
    assert declined(data, tmp_path) == 0


def test_a_template_is_known_again_in_another_chunk_only_with_the_same_names(tmp_path):
    def chunk(name: str, number: int) -> bytes:
        built = ChunkBuilder(number=number - 1)
        built.record(logon(name, b"v\0"))
        built.number = 1
        return closed(built, first=number)

    data = log_of(*(chunk(name, number) for number, name in enumerate(["Alpha", "Gamma", "Alpha"], 1)))
    assert [list(event.data) for event in assert_same_without_order(tmp_path, data)] == [
        ["Alpha"],
        ["Gamma"],
        ["Alpha"],
    ]


def assert_same_without_order(folder: Path, data: bytes) -> list:
    found, _ = read(folder, data)
    assert found == one_by_one(data)
    return found


@pytest.mark.parametrize(
    ("kind", "value"),
    [(0x77, b"\1\2"), (0x08, b"\1\2"), (0x13, b"\1\5"), (0x88, b"\1\2\3"), (0x8E, b"\1\2"), (0x12, b"")],
)
def test_a_value_that_is_not_what_its_type_says_is_kept_as_hex(tmp_path, kind, value):
    chunk = ChunkBuilder()
    chunk.record(logon("Fine", b"a\0"))
    chunk.record(logon("Odd", value, kind))
    events, log = read(tmp_path, log_of(closed(chunk)))
    assert [event.data for event in events] == [{"Fine": "a"}, {"Odd": value.hex().upper()}]
    assert [warning.kind for warning in log.warnings] == ["odd_value"]
    (batch,) = read_log(source(tmp_path, log_of(closed(chunk))), EVERYTHING).batches()
    assert [json.loads(text) for text in batch.data_json()] == [{"Fine": "a"}, {"Odd": value.hex().upper()}]


def items(*texts: str) -> tuple[int, bytes]:
    return 0x81, b"".join(text.encode("utf-16-le") + b"\0\0" for text in texts)


NUMBERED = Element("Data", Substitution(1, 0x81)), Element("Data", "b", Name="Data1")
TEXT_AROUND = (Element("X", "<", Substitution(1, 0x81), ">", Element("Y", "y")),)


@pytest.mark.parametrize(
    ("inside", "value", "data"),
    [
        pytest.param(NUMBERED, items("a", "c"), {"Data1": ["a", "b"], "Data2": "c"}, id="a name that is made up too"),
        pytest.param(
            TEXT_AROUND,
            items("a", "c"),
            {"X": [{"Y": "y", "#text": "<a>"}, {"Y": "y", "#text": "<c>"}]},
            id="text before and behind an array",
        ),
        pytest.param(TEXT_AROUND, (0x81, b""), {}, id="no items beside other content"),
        pytest.param(
            [Element("X", "x", Q=Substitution(1, 0x01))],
            (0x01, b"\0\0"),
            {"X": "x"},
            id="an attribute of a closing zero",
        ),
        pytest.param([Substitution(1, 0x0E)], (0x0E, b""), {}, id="nothing as the text of EventData"),
        pytest.param(
            [Element("Data", "a", Name="#text"), "b"], (0, b""), {"#text": ["a", "b"]}, id="the name that text has"
        ),
    ],
)
def test_what_templates_may_hold_but_seldom_do(tmp_path, inside, value, data):
    chunk = ChunkBuilder()
    values = [(0x06, b"\1\0"), value]
    chunk.record(Fragment(event(Element("EventData", *inside), event_id=Substitution(0, 0x06)), values))
    (found,) = assert_same(tmp_path, log_of(closed(chunk)))
    assert found.data == data
    (by_reference,), _ = read(tmp_path, log_of(closed(chunk)), reference=True)
    assert by_reference.data == data


def test_the_text_of_a_forwarded_event_is_its_message(tmp_path):
    chunk = ChunkBuilder()
    rendering = Element("RenderingInfo", Element("Message", Substitution(1, 0x01)), Element("Level", "Error"))
    for text in ("It failed.\r\n", ""):
        values = [(0x06, b"\1\0"), (0x01, text.encode("utf-16-le"))]
        tree = event(Element("EventData", Element("Data", "x", Name="N")), rendering, event_id=Substitution(0, 0x06))
        chunk.record(Fragment(tree, values))
    found = assert_same(tmp_path, log_of(closed(chunk)))
    by_reference, _ = read(tmp_path, log_of(closed(chunk)), reference=True)
    for events in (found, by_reference):
        assert [(each.data, each.message) for each in events] == [({"N": "x"}, "It failed.\r\n"), ({"N": "x"}, None)]


def test_an_event_id_that_hangs_on_a_null_is_none_and_no_event(tmp_path):
    chunk = ChunkBuilder()
    number = Element("EventID", Substitution(0, 0x06), dependency=1)
    tree = Element("Event", Element("System", Element("Provider", Name="P"), number))
    for other in ((0x04, b"\1"), (0, b"")):
        chunk.record(Fragment(tree, [(0x06, b"\7\0"), other]))
    events, log = read(tmp_path, log_of(closed(chunk)))
    assert ([each.event_id for each in events], log.summary.lost) == ([7], 1)


def test_an_array_in_system_is_read_alike(tmp_path):
    chunk = ChunkBuilder()
    tree = event(event_id=Substitution(0, 0x06))
    tree.content[0].content += (Element("Task", Substitution(1, 0x86)),)
    chunk.record(Fragment(tree, [(0x06, b"\1\0"), (0x86, b"\5\0\6\0")]))
    (found,) = assert_same(tmp_path, log_of(closed(chunk)))
    assert found.task == 5


@pytest.mark.parametrize("text", ["9" * 20, "0x1" + "0" * 16, "9" * 5000])
def test_a_number_of_more_than_64_bits_is_none(tmp_path, text):
    """Nothing that writes numbers has room for it."""
    chunk = ChunkBuilder()
    tree = event(event_id=Substitution(0, 0x06))
    tree.content[0].content += (Element("EventRecordID", Substitution(1, 0x01)),)
    chunk.record(Fragment(tree, [(0x06, b"\1\0"), (0x01, text.encode("utf-16-le"))]))
    (found,) = assert_same(tmp_path, log_of(closed(chunk)))
    (by_reference,), _ = read(tmp_path, log_of(closed(chunk)), reference=True)
    assert found.record_id is by_reference.record_id is None


def test_an_array_multiplies_no_more_than_a_record_may_hold(tmp_path):
    chunk = ChunkBuilder()
    inside = Element("X", Substitution(1, 0x84), Element("Y", "y" * 9000), Element("Z", "z"))
    tree = event(Element("EventData", inside), event_id=Substitution(0, 0x06))
    chunk.record(Fragment(tree, [(0x06, b"\1\0"), (0x84, bytes(20_000))]))
    events, log = read(tmp_path, log_of(closed(chunk)))
    assert events == []
    assert "unfolds without end" in log.warnings[0].message


def test_what_is_learned_is_bounded_by_its_size(tmp_path, monkeypatch):
    """Crafted templates hold thousands of elements; forgetting what was learned changes nothing that is read."""
    for name in ("columns._MOST_ELEMENTS", "templates._MOST_BYTES", "selection._MOST_CHUNKS"):
        monkeypatch.setattr(f"evtscan.parsers.logs.evtx.{name}", 1)
    monkeypatch.setattr("evtscan.parsers.logs.evtx.reader.read_segments", partial(read_segments, chunks_per_segment=1))
    used, opened = [], Decoder.open
    monkeypatch.setattr(Decoder, "open", lambda self, *given: used.append(self) or opened(self, *given))
    events = [manifest(data=EVERY_TYPE[: number % 7], event_id=number, provider=f"P{number}") for number in range(300)]
    assert [event.event_id for event in read(tmp_path, evtx_log(events))[0]] == list(range(300))
    assert len(used[-1]._shapes) <= 1
    assert len(used[-1].table.templates) < 200


def test_warnings_end_and_lost_records_are_counted_on(tmp_path, monkeypatch):
    monkeypatch.setattr("evtscan.parsers.logs.evtx.reader.MOST_WARNINGS", 20)
    monkeypatch.setattr("evtscan.parsers.logs.evtx.file.SEGMENT_CHUNKS", 1)
    chunk = ChunkBuilder()
    for _ in range(15):
        chunk.record(b"broken")
    _, log = read(tmp_path, log_of(closed(chunk), closed(chunk), closed(chunk)))
    assert (len(log.warnings), log.summary.lost) == (21, 45)
    assert "only counted" in log.warnings[-1].message


def test_templates_that_hold_each_other_are_given_up(tmp_path):
    """Each definition's text holds the head of the next, so that all of them reach to the end."""
    count, step, start = 400, 70, 0x200 + 24
    body = bytearray()
    for number in range(count):
        size = start + count * step + 9000 - (start + number * step) - 24
        body += struct.pack("<I16sI", 0, struct.pack("<I", number) * 4, size) + b"\x0f\x01\x01\0"
        body += struct.pack("<BHIIB", 1, 0xFFFF, 0, start + count * step, 2)
        body += b"\x08A\0" * 8 + struct.pack("<BBH", 5, 1, 21) + b"\0\0"
    body += struct.pack("<IHH", 0, 0, 5) + "Event\0".encode("utf-16-le")
    chunk = ChunkBuilder()
    chunk.record(bytes(body + b"\x08A\0" * 2990)[: count * step + 9000])
    for number in range(count):
        chunk.record(b"\x0f\x01\x01\0\x0c\x01GUID" + struct.pack("<II", start + number * step, 0))
    before = process_time()
    events, log = read(tmp_path, log_of(closed(chunk)))
    assert process_time() - before < 0.5  # seconds; more than one without a bound
    assert (events, log.summary.lost) == ([], count + 1)


def test_the_records_of_a_chunk_unfold_to_so_much_together(tmp_path, monkeypatch):
    """One template in which a value, which is a template too, stands hundreds of times; and records that use it."""
    monkeypatch.setattr("evtscan.parsers.logs.evtx.binxml._MOST_WORK", 400_000)
    inner = Element("EventData", *[Element("D")] * 100)
    tree = event(*[Substitution(1, 0x21)] * 200, event_id=Substitution(0, 0x06))
    chunk = ChunkBuilder()
    outer_at = inner_at = None
    for _ in range(50):
        nested = Fragment(inner, [(0x01, b"a\0")], inner_at)
        start = chunk.record(Fragment(tree, [(0x06, b"\7\0"), nested], outer_at))
        outer_at = outer_at or start + 38
        inner_at = inner_at or bytes(chunk.data).rindex(b"\x0c\x01GUID") + 10
    events, log = read(tmp_path, log_of(closed(chunk)))
    assert 0 < len(events) < 20
    assert log.summary.lost == 50 - len(events)
    assert "of the chunk unfold without end" in log.warnings[-1].message


def chunk_of_copies(inside: Element, values: list, count: int) -> bytes:
    """A chunk whose records share one template."""
    chunk = ChunkBuilder()
    template = None
    for _ in range(count):
        start = chunk.record(
            Fragment(event(inside, event_id=Substitution(0, 0x06)), [(0x06, b"\1\0"), *values], template)
        )
        template = template or start + 38
    return closed(chunk)


@pytest.mark.parametrize(
    ("inside", "values", "count"),
    [
        (
            Element("EventData", Element("Data", *[Substitution(1, 0x01)] * 30)),
            [(0x01, ("😀" + "a" * 1800).encode("utf-16-le"))],
            14,
        ),
        (Element("EventData", Element("Data", "😀" + "a" * 20_000, Substitution(1, 0x01))), [(0x01, b"b\0")], 200),
        (Element("UserData", Element("n" * 20_000, Substitution(1, 0x01))), [(0x01, b"b\0")], 200),
    ],
    ids=["one value many times", "literal text", "names"],
)
def test_what_a_chunk_holds_is_bounded_by_its_bytes(tmp_path, inside, values, count):
    """Whatever templates repeat, in memory and in what is written of it."""
    data = log_of(*[chunk_of_copies(inside, values, count)] * 3)
    reader = read_log(source(tmp_path, data), EVERYTHING)
    written = sum(len(line) for batch in reader.batches() for line in batch.data_json())
    assert written <= 20 * len(data)
    events, log = read(tmp_path, data)
    assert sum(sys.getsizeof(value) for item in events for value in item.data.values()) <= 20 * len(data)
    assert log.summary.lost > 0
    assert log.summary.records + log.summary.lost == 3 * count


def test_places_and_values_stay_together_where_no_record_is_regular(tmp_path):
    """Records that are decoded one at a time come kind by kind; a batch has them in the order of the log."""
    chunk = ChunkBuilder()
    first, second = (Element("UserData", Element(name, Substitution(1, 0x81), "x")) for name in "AB")
    for number, inside in enumerate([first, second, first, second]):
        values = [(0x06, bytes([number, 0])), items(str(number))]
        chunk.record(Fragment(event(inside, event_id=Substitution(0, 0x06)), values))
    (batch,) = read_log(source(tmp_path, log_of(closed(chunk))), EVERYTHING).batches()
    assert (batch.header_id, batch.column("event_id")) == ([1, 2, 3, 4], [0, 1, 2, 3])
    (part,) = batch.parts()
    assert batch.in_order([part.data_json()]) == ['{"A":"0x"}', '{"B":"1x"}', '{"A":"2x"}', '{"B":"3x"}']


def test_an_event_id_that_is_text_is_read(tmp_path):
    chunk = ChunkBuilder()
    chunk.record(Fragment(event(event_id="4624")))
    chunk.record(Fragment(event(event_id=Substitution(0, 0x01)), [(0x01, "4625".encode("utf-16-le"))]))
    events, _ = read(tmp_path, log_of(closed(chunk)), Query(frozenset({Selector(event_id=4625)})))
    assert [event.event_id for event in events] == [4625]


# ---------------------------------------------------------------------------------------------- selection


def accepted(events: list, query: Query) -> list:
    return [
        event
        for event in events
        if query.accepts(event.channel, event.provider, event.event_source_name, event.event_id)
        and query.admits(event.level, event.time, event.record_id)
    ]


@pytest.fixture(scope="module", params=[True, False], ids=["literal names", "names as values"])
def mixed(request) -> bytes:
    events = [
        manifest(
            provider=("Alpha", "Beta", "Gamma")[number % 3],
            channel=("System", "Application")[number % 2],
            event_id=1000 + number % 7,
            level=1 + number % 5,
            time=TIME + number * 10_000_000,
            event_source_name="Old" if number % 3 == 2 else None,
            data=(Data("n", Value(str(number))),),
        )
        for number in range(300)
    ]
    return evtx_log(events, static_names=request.param)


QUERIES = [
    {Selector(event_id=1003)},
    {Selector(event_id=70_000)},
    {Selector(provider="ALPHA")},
    {Selector(provider="old", event_id=1001)},
    {Selector(channel="system", event_id=1002), Selector(provider="Beta", event_id=1003)},
    {Selector(channel="Nowhere")},
    set(),
]


@pytest.mark.parametrize("selectors", QUERIES)
def test_selection_takes_what_the_query_accepts(tmp_path, mixed, selectors):
    everything = one_by_one(mixed)
    query = Query(frozenset(selectors))
    events, log = read(tmp_path, mixed, query)
    assert events == accepted(everything, query)
    assert log.summary.records == len(everything)


@pytest.mark.parametrize(
    "filters",
    [
        {"levels": frozenset({1, 2})},
        {"record_ids": (range(5, 8), range(100, 101))},
        {"include_ids": (range(1001, 1003), range(0, 10_000_000, 1005))},
        {"exclude_ids": (range(1001, 1006),)},
        {"include_ids": (range(1001, 1006),), "exclude_ids": (range(1002, 1005),)},
    ],
)
def test_filters_narrow_the_selection(tmp_path, mixed, filters):
    query = Query(**filters)
    expected = accepted(one_by_one(mixed), query)
    assert 0 < len(expected) < 300
    assert read(tmp_path, mixed, query)[0] == expected


def test_times_are_from_inclusive_to_exclusive(tmp_path, mixed):
    everything = one_by_one(mixed)
    query = Query(start=everything[10].time, end=everything[20].time)
    assert read(tmp_path, mixed, query)[0] == everything[10:20]


def test_both_decoders_select_the_same(tmp_path, mixed):
    query = Query(frozenset({Selector(event_id=1003)}))
    assert read(tmp_path, mixed, query, reference=True)[0] == read(tmp_path, mixed, query)[0]


def test_columns_have_the_fields_of_the_events(tmp_path, mixed):
    events = one_by_one(mixed)
    (batch,) = read_log(source(tmp_path, mixed), EVERYTHING).batches()
    assert len(batch) == 300
    for name in READ_FIELD:
        expected = [event.time.ticks if name == "ticks" else getattr(event, name) for event in events]
        assert batch.column(name) == expected
    assert batch.header_id == [event.header_id for event in events]
    assert batch.offset == [event.location.offset for event in events]
    assert batch.recovered == [False] * 300
    assert batch.data() == [event.data for event in events]


def test_parts_of_a_file_together_are_the_file(tmp_path):
    log = source(tmp_path, evtx_log(manifest(data=(Data("n", Value(str(number) * 50)),)) for number in range(900)))
    whole = list(read_log(log, EVERYTHING))
    chunks = chunk_count(log)
    assert (len(whole), chunks > 2) == (900, True)
    parts = [list(read_log(log, EVERYTHING, chunk_range=(place, place + 1))) for place in range(chunks)]
    assert [event for part in parts for event in part] == whole


# ---------------------------------------------------------------------------------------------- damage


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_no_damage_makes_reading_fail(tmp_path_factory, data):
    sound = evtx_log(
        [
            manifest(data=EVERY_TYPE),
            manifest(data=EVERY_TYPE[:3]),
            SampleEvent(provider="P", event_id=2, time=TIME, strings=("a", "b")),
        ]
    )
    used = struct.unpack_from("<I", sound, HEADER_BLOCK + 48)[0] + HEADER_BLOCK
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.one_of(st.integers(0, used - 1), st.integers(HEADER_BLOCK + 0x200, used - 1)))
        damaged[place] = data.draw(st.sampled_from([0, 1, 2, 4, 0x0C, 0x0E, 0x21, 0x40, 0x7F, 0x81, 0xFF]))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(HEADER_BLOCK + 1, len(damaged))) :]
    folder = tmp_path_factory.mktemp("log")
    try:
        events, log = read(folder, bytes(damaged), recover=True)
    except EvidenceError:  # nothing is left of header and chunk
        return
    for batch in read_log(source(folder, bytes(damaged)), EVERYTHING, ReadOptions(recover=True)).batches():
        assert len(batch.data_json()) == len(batch.column("event_id")) == len(batch)
    assert len(events) + len(log.warnings) > 0


def test_decoders_agree_on_damaged_values(tmp_path):
    """Each byte of a record's values in turn becomes 0xFF; what one decoder reads, the other reads as well."""
    chunk = ChunkBuilder()
    inner = Fragment(Element("EventData", Element("Data", Substitution(0, 0x01), Name="N")), [(0x81, b"a\0\0\0b\0")])
    start = chunk.record(
        Fragment(event(Substitution(1, 0x21), event_id=Substitution(0, 0x06)), [(0x06, b"\1\0"), inner])
    )
    whole = closed(chunk)
    for place in range(start + 24, len(chunk.data) - 4):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        events, _ = read(tmp_path, log_of(resealed(bytes(damaged))))
        try:
            expected = decode_record(bytes(damaged), start + 24, len(chunk.data) - 4)
        except RecordError:
            continue  # python-evtx may still make something of it
        assert [(event.event_id, event.data) for event in events] == [(expected.event_id, expected.data)], hex(place)
