"""The reference decoder: what it makes of single records, built and real."""

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from binxml_builder import (
    CData,
    CharacterReference,
    ChunkBuilder,
    Element,
    EntityReference,
    Fragment,
    Substitution,
    event,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.parsers.logs.evtx.record import RecordError
from evtscan.parsers.logs.evtx.reference import ReferenceChunk, decode

CHUNK = 0x10000


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def decoded(*parts, values=(), **system):
    chunk = ChunkBuilder()
    offset = chunk.record(Fragment(event(*parts, **system), values))
    return decode(bytes(chunk), offset)


def data(*parts, values=()):
    return decoded(Element("EventData", *parts), values=values).data


def test_data_by_name_in_log_order():
    fields = data(
        Element("Data", Substitution(1, 0x08), Name="Second"),
        Element("Data", Substitution(0, 0x01), Name="First"),
        values=[(0x01, utf16("text\0")), (0x08, struct.pack("<I", 7))],
    )
    assert list(fields.items()) == [("Second", "7"), ("First", "text")]


def test_strings_of_a_classic_event_become_numbered_data():
    fields = data(
        Element("Data", Substitution(0, 0x81, optional=True), dependency=0),
        Element("Binary", Substitution(1, 0x0E, optional=True), dependency=1),
        values=[(0x81, utf16("0\0" + "10.1.2.3\0" + "\0" + "<string>&\0")), (0x0E, b"\xde\xad")],
    )
    assert fields == {"Data1": "0", "Data2": "10.1.2.3", "Data3": "", "Data4": "<string>&", "Binary": "DEAD"}


def test_an_array_in_named_data_is_a_list():
    fields = data(
        Element("Data", Substitution(0, 0x88), Name="Ports"),
        Element("Data", Substitution(1, 0x81), Name="One"),
        Element("Data", Substitution(2, 0x81), Name="None"),
        values=[(0x88, struct.pack("<2I", 1, 2)), (0x81, utf16("a\0")), (0x81, b"")],
    )
    assert fields == {"Ports": ["1", "2"], "One": "a"}


def test_repeated_names_are_a_list():
    assert data(*(Element("Data", text, Name="X") for text in "abc")) == {"X": ["a", "b", "c"]}


def test_an_optional_value_that_is_null_takes_its_element_or_attribute_away():
    fields = data(
        Element("Data", Substitution(0, 0x01, optional=True), Name="Gone"),
        Element("Data", "stays", Substitution(0, 0x01), Name="Normal"),
        Element("Data", "alone", Name=Substitution(0, 0x01, optional=True)),
        Element("Data", "away", dependency=0),
        Element("Data", Substitution(1, 0x01, optional=True), Name="Empty"),
        values=[(0x00, b""), (0x01, b"")],
    )
    assert fields == {"Normal": "stays", "Data1": "alone", "Empty": ""}


def test_attributes_text_and_nesting():
    record = decoded(
        Element(
            "UserData",
            Element(
                "LogFileCleared",
                Element("SubjectUserName", "ann"),
                Element("Empty"),
                Element("Item", "1", Unit="ms"),
                Element("Item", "2"),
                Element("Mixed", "text", Element("Inner", "in")),
                xmlns="http://example.test",
            ),
        )
    )
    assert record.data == {
        "LogFileCleared": {
            "SubjectUserName": "ann",
            "Empty": "",
            "Item": [{"#attributes": {"Unit": "ms"}, "#text": "1"}, "2"],
            "Mixed": {"Inner": "in", "#text": "text"},
        }
    }


def test_event_data_keeps_its_own_attributes_and_elements_of_other_names():
    record = decoded(Element("EventData", Element("ComplexData", "x", Name="C"), Element("Data", "y"), Name="Set"))
    assert record.data == {
        "#attributes": {"Name": "Set"},
        "ComplexData": {"#attributes": {"Name": "C"}, "#text": "x"},
        "Data1": "y",
    }


def test_other_elements_beside_system_stand_under_their_names():
    record = decoded(Element("ProcessingErrorData", Element("ErrorCode", "15005")))
    assert record.data == {"ProcessingErrorData": {"ErrorCode": "15005"}}


def test_references_to_characters_and_entities():
    fields = data(
        Element("Data", "a", EntityReference("amp"), CharacterReference(0x263A), EntityReference("lt"), "b"),
        Element("Data", EntityReference("other")),
    )
    assert fields == {"Data1": "a&☺<b", "Data2": "&other;"}


def test_an_attribute_made_of_several_tokens():
    # python-evtx takes the first for the value and the rest for children
    several = b"\x45\x01\x01\x00a\0" + b"\x08\x26\x00" + b"\x05\x01\x01\x00b\0"
    assert data(Element("Data", "text", Name=several)) == {"a&b": "text"}


@pytest.mark.parametrize(
    ("kind", "raw", "text"),
    [
        (0x01, utf16("é\0\0"), "é"),
        (0x02, b"caf\xe9\x80\x81\0", "café€\x81"),
        (0x03, b"\xff", "-1"),
        (0x04, b"\xff", "255"),
        (0x05, b"\xfe\xff", "-2"),
        (0x06, b"\xfe\xff", "65534"),
        (0x07, b"\xff\xff\xff\xff", "-1"),
        (0x08, b"\xff\xff\xff\xff", "4294967295"),
        (0x09, b"\xff" * 8, "-1"),
        (0x0A, b"\xff" * 8, "18446744073709551615"),
        (0x0B, struct.pack("<f", 0.1), "0.1"),
        (0x0C, struct.pack("<d", -1.5e-7), "-0.00000015"),
        (0x0D, struct.pack("<I", 0xFFFFFFFF), "true"),
        (0x0D, b"\0\0\0\0", "false"),
        (0x0E, b"\x0a\xff", "0AFF"),
        (0x0F, bytes(range(16)), "{03020100-0504-0706-0809-0A0B0C0D0E0F}"),
        (0x10, struct.pack("<I", 0x3E7), "0x3e7"),
        (0x10, struct.pack("<Q", 0x3E7), "0x3e7"),
        (0x11, struct.pack("<Q", 116_444_736_000_000_001), "1970-01-01T00:00:00.0000001Z"),
        (0x12, struct.pack("<8H", 2001, 3, 3, 14, 9, 26, 53, 7), "2001-03-14T09:26:53.007Z"),
        (0x13, bytes.fromhex("010200000000000520000000200200 00"), "S-1-5-32-544"),
        (0x14, struct.pack("<I", 0), "0x0"),
        (0x15, struct.pack("<Q", 0x8080 << 48), "0x8080000000000000"),
    ],
)
def test_values_as_windows_writes_them(kind, raw, text):
    assert data(Element("Data", Substitution(0, kind), Name="V"), values=[(kind, raw)]) == {"V": text}


@pytest.mark.parametrize(
    ("kind", "raw"), [(0x2A, b"\x01\x02"), (0x08, b"\x01"), (0x88, b"\x01\x02\x03"), (0x13, b"\1")]
)
def test_a_value_that_cannot_be_written_is_kept_as_hex_with_a_note(kind, raw):
    record = decoded(Element("EventData", Element("Data", Substitution(0, kind))), values=[(kind, raw)])
    assert record.data == {"Data1": raw.hex().upper()}
    assert len(record.notes) == 1
    assert record.notes[0].endswith(": shown as hex")


def test_system_fields_from_values():
    system = Element(
        "System",
        Element("Provider", Name="Dhcp", Guid=Substitution(0, 0x0F), EventSourceName="Old"),
        Element("EventID", Substitution(1, 0x06), Qualifiers=Substitution(2, 0x06)),
        Element("Version", Substitution(3, 0x04)),
        Element("Level", Substitution(3, 0x04)),
        Element("Task", Substitution(1, 0x06)),
        Element("Opcode", Substitution(3, 0x04)),
        Element("Keywords", Substitution(4, 0x15)),
        Element("TimeCreated", SystemTime=Substitution(5, 0x11)),
        Element("EventRecordID", Substitution(6, 0x0A)),
        Element(
            "Correlation", ActivityID=Substitution(0, 0x0F), RelatedActivityID=Substitution(7, 0x0F, optional=True)
        ),
        Element("Execution", ProcessID=Substitution(8, 0x08), ThreadID=Substitution(8, 0x08)),
        Element("Channel", "System"),
        Element("Computer", "NTBOX"),
        Element("Security", UserID=Substitution(9, 0x13)),
    )
    values = [
        (0x0F, bytes(16)),
        (0x06, struct.pack("<H", 1008)),
        (0x06, struct.pack("<H", 0xC000)),
        (0x04, b"\x02"),
        (0x15, struct.pack("<Q", 0x80 << 48)),
        (0x11, struct.pack("<Q", 129_347_853_596_264_271)),
        (0x0A, struct.pack("<Q", 2**33)),
        (0x00, b""),
        (0x08, struct.pack("<I", 4)),
        (0x13, bytes.fromhex("010100000000000512000000")),
    ]
    chunk = ChunkBuilder()
    offset = chunk.record(Fragment(Element("Event", system), values))
    record = decode(bytes(chunk), offset)
    nothing = "{00000000-0000-0000-0000-000000000000}"
    assert (record.event_id, record.provider, record.provider_guid) == (1008, "Dhcp", nothing)
    assert (record.event_source_name, record.qualifiers) == ("Old", 0xC000)
    assert (record.version, record.level, record.task, record.opcode) == (2, 2, 1008, 2)
    assert (record.keywords, record.ticks, record.record_id) == ("0x80000000000000", 129_347_853_596_264_271, 2**33)
    assert (record.activity_id, record.related_activity_id) == (nothing, None)
    assert (record.process_id, record.thread_id, record.user_id) == (4, 4, "S-1-5-18")
    assert (record.channel, record.computer, record.data) == ("System", "NTBOX", {})


def test_what_system_does_not_say_is_none():
    record = decoded()
    assert (record.event_id, record.provider) == (7, "Test")
    absent = (record.version, record.level, record.ticks, record.channel, record.user_id, record.qualifiers)
    assert absent == (None,) * 6


def test_a_template_defined_by_an_earlier_record():
    chunk = ChunkBuilder()
    element = event(Element("EventData", Element("Data", Substitution(0, 0x08))), event_id=Substitution(1, 0x06))
    first = chunk.record(Fragment(element, [(0x08, b"\1\0\0\0"), (0x06, b"\5\0")]))
    definition = first + 24 + 14
    second = chunk.record(Fragment(element, [(0x08, b"\2\0\0\0"), (0x06, b"\6\0")], template_at=definition))
    reader = ReferenceChunk(bytes(chunk))
    assert [reader.decode(place).data for place in (second, first)] == [{"Data1": "2"}, {"Data1": "1"}]
    assert [reader.decode(place).event_id for place in (first, second)] == [5, 6]


def test_event_data_in_a_template_of_its_own():
    inner = Fragment(Element("EventData", Element("Data", Substitution(0, 0x01))), [(0x01, utf16("in"))])
    assert decoded(Substitution(0, 0x21), values=[inner]).data == {"Data1": "in"}


def test_event_data_that_was_never_written_is_empty():
    assert decoded(Substitution(0, 0x21), values=[(0x21, bytes(40))]).data == {}


@pytest.mark.parametrize(
    ("fragment", "reason"),
    [
        (Fragment(event(Element("EventData", CData("x")))), "CDATA"),
        (Fragment(event(Element("Other", CData("x"), dependency=0), Element("EventData", "y")), [(0, b"")]), "CDATA"),
        (Fragment(Element("Event")), "no System"),
        (Fragment(Element("Other")), "no Event"),
        (Fragment(event(event_id="x")), "'x' is not an event id"),
        (Fragment(event(Substitution(3, 0x01))), "asks for value 3, the record has 0"),
        (Fragment(event(Substitution(0, 0x21)), [(0x21, b"\x0f\x01\x01\x00\x01\xff\xff")]), "no template"),
        (b"\x0f\x01\x01\x00\x01\xff\xff", "no template"),
        (b"", "ends before its BinXML"),
        (Fragment(event(), template_at=0xFFF0), "python-evtx"),
        (Fragment(event()).encode(0x218)[:-4] + b"\xff\xff\xff\x00", "16777215 values do not fit"),
        (Fragment(event()).encode(0x218)[:-4] + b"\1\0\0\0\xff\xff\x01\0", "run past the end of the record"),
    ],
)
def test_what_cannot_be_read_is_declined(fragment, reason):
    chunk = ChunkBuilder()
    offset = chunk.record(fragment)
    with pytest.raises(RecordError, match=reason):
        decode(bytes(chunk), offset)


@pytest.mark.parametrize("offset", [-1, CHUNK, CHUNK - 8, 0x100])
def test_an_offset_that_holds_no_record_is_declined(offset):
    with pytest.raises(RecordError):
        decode(bytes(ChunkBuilder()), offset)


@pytest.mark.parametrize(
    ("length", "reason"), [(1, "no element in the template at 0x100"), (0x10000, "longer than the chunk")]
)
def test_a_template_that_cannot_be_read_is_tried_once(length, reason):
    chunk = ChunkBuilder()
    struct.pack_into("<I", chunk.data, 0x100 + 20, length)
    offsets = [chunk.record(Fragment(event(), template_at=0x100)) for _ in range(2)]
    reader = ReferenceChunk(bytes(chunk))
    for offset in offsets:
        with pytest.raises(RecordError, match=reason):
            reader.decode(offset)


def test_templates_that_overlap_are_declined():
    chunk = ChunkBuilder()
    offsets = []
    for place in range(0x100, 0x200, 8):
        struct.pack_into("<I", chunk.data, place + 20, 0x8000)
        offsets.append(chunk.record(Fragment(event(), template_at=place)))
    reader = ReferenceChunk(bytes(chunk))
    with pytest.raises(RecordError):
        reader.decode(offsets[0])
    with pytest.raises(RecordError, match="longer than the chunk"):
        reader.decode(offsets[-1])


def test_a_record_whose_size_lies_is_read_up_to_the_end_that_the_caller_knows():
    chunk = ChunkBuilder()
    offset = chunk.record(Fragment(event(Element("EventData", Element("Data", "x")), event_id="8")))
    end = len(chunk.data) - 4
    struct.pack_into("<I", chunk.data, offset + 4, 30)
    with pytest.raises(RecordError, match="ends before"):
        decode(bytes(chunk), offset)
    assert decode(bytes(chunk), offset, end).data == {"Data1": "x"}


def test_elements_nested_without_end_are_declined():
    element = Element("Deep", "x")
    for _ in range(200):
        element = Element("Deep", element)
    with pytest.raises(RecordError):
        decoded(element)


def test_a_template_that_contains_itself_is_declined():
    chunk = ChunkBuilder()
    inside = Fragment(Element("X"), template_at=0x200 + 24 + 14).encode(0)
    offset = chunk.record(Fragment(event(inside)))
    with pytest.raises(RecordError):
        decode(bytes(chunk), offset)


@pytest.mark.parametrize(
    "element",
    [
        Element("EventData", *[Element("Data", Substitution(0, 0x01))] * 900),
        Element("EventData", Element("Data", "x" * 500, *[Substitution(1, 0x81)] * 20)),
    ],
    ids=["one value, many references", "one array, many texts"],
)
def test_a_record_that_unfolds_without_end_is_declined(element):
    with pytest.raises(RecordError, match="unfolds"):
        decoded(element, values=[(0x01, utf16("x" * 2000)), (0x81, utf16("\0" * 4000))])


def test_a_ring_of_names_in_the_chunk_header_is_of_no_interest():
    chunk = ChunkBuilder()
    offset = chunk.record(Fragment(event(Element("EventData", Element("Data", "x")))))
    struct.pack_into("<I", chunk.data, 0x80, 0x1F0)
    struct.pack_into("<I", chunk.data, 0x1F0, 0x1F0)
    struct.pack_into("<I", chunk.data, 0x180, 0x1F0)
    assert decode(bytes(chunk), offset).data == {"Data1": "x"}


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_record_is_read_or_declined(flips):
    chunk = ChunkBuilder()
    inner = Fragment(Element("EventData", Element("Data", Substitution(0, 0x81), Name="N")), [(0x81, utf16("a\0b\0"))])
    offset = chunk.record(Fragment(event(Substitution(0, 0x21)), [inner]))
    for place, byte in flips:
        chunk.data[offset + place % (len(chunk.data) - offset)] = byte
    with suppress(RecordError):
        assert isinstance(decode(bytes(chunk), offset).event_id, int)


def real(corpus: Path, name: str, record_id: int):
    """The record with a number in its header, from one of the real files."""
    content = (corpus / "evtx" / f"{name}.evtx").read_bytes()
    for start in range(0x1000, len(content) - CHUNK + 1, CHUNK):
        chunk = content[start : start + CHUNK]
        offset, free = 0x200, int.from_bytes(chunk[48:52], "little")
        while offset < free:
            size, number = struct.unpack_from("<IQ", chunk, offset + 4)
            if number == record_id:
                return decode(chunk, offset)
            offset += size
    raise AssertionError(f"{name} has no record {record_id}")


def test_a_real_classic_event(corpus):
    record = real(corpus, "plaso-System", 3)
    assert (record.provider, record.event_id, record.qualifiers, record.level) == ("EventLog", 6009, 32768, 4)
    assert record.keywords == "0x80000000000000"
    assert record.data == {
        "Data1": "6.01.",
        "Data2": "7601",
        "Data3": "Service Pack 1",
        "Data4": "Multiprocessor Free",
        "Data5": "17514",
    }


def test_a_real_event_keeps_all_seven_digits(corpus):
    record = real(corpus, "plaso-System", 1)
    assert (record.ticks, record.process_id, record.thread_id) == (129_347_853_596_264_271, 492, 1188)
    assert record.provider_guid == "{555908D1-A6D7-4695-8E1E-26931D2012F4}"
    assert record.data == {
        "param1": "Windows Event Log",
        "param2": "stopped",
        "Binary": "6500760065006E0074006C006F0067002F0031000000",
    }


def test_a_real_event_with_nested_binxml_is_declined(corpus):
    with pytest.raises(RecordError, match="no template"):
        real(corpus, "rs-E_Windows_system32_winevt_logs_Microsoft-Windows-CAPI2%4Operational", 1)
