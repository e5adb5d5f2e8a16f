"""The writer of ``.evtx``: python-evtx, libevtx and the Rust wheel read back what it was given.

Where one of the three is known to be wrong, that value is left out for it alone (``fails_on``, ``misreads``).
"""

import base64
import io
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pyevtx
import pytest
from Evtx.Evtx import Evtx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from peers import rust_evtx
from sample_writer.event import Data, Element, EventType, SampleEvent, Value, ValueType
from sample_writer.evtx import CHUNK_SIZE, FILE_HEADER_SIZE, evtx_log

from evtscan.base.wintypes import parse_time

T = ValueType
GUID = "{555908d1-a6d7-4695-8e1e-26931d2012f4}"
OTHER_GUID = "{96f4a050-7e31-453c-88be-9634f4e02139}"
SIDS = ["S-1-5-18", "S-1-5-21-1085031214-1563985344-725345543-500"]
SIGNED = {T.INT8, T.INT16, T.INT32, T.INT64}

# ------------------------------------------------------------------------------------------------ any events

TEXT = st.text(st.sampled_from("ab<>&\"'-äß漢字€Ж"), max_size=12)
NAME = st.text(st.sampled_from("ABCabc019-_"), min_size=1, max_size=12)
TIME = st.integers(116_444_736_000_000_000, 150_000_000_000_000_000)

CONTENTS: dict[ValueType, st.SearchStrategy[Any]] = {
    T.STRING: TEXT,
    T.ANSI: st.text(st.sampled_from("abc-"), min_size=1, max_size=8),
    T.INT8: st.integers(-(2**7), 2**7 - 1),
    T.UINT8: st.integers(0, 2**8 - 1),
    T.INT16: st.integers(-(2**15), 2**15 - 1),
    T.UINT16: st.integers(0, 2**16 - 1),
    T.INT32: st.integers(-(2**31), 2**31 - 1),
    T.UINT32: st.integers(0, 2**32 - 1),
    T.INT64: st.integers(-(2**63), 2**63 - 1),
    T.UINT64: st.integers(0, 2**64 - 1),
    T.FLOAT: st.integers(-399_999, 399_999).map(lambda number: number / 4),  # libevtx prints seven digits
    T.DOUBLE: st.integers(-399_999, 399_999).map(lambda number: number / 4),
    T.BOOL: st.booleans(),
    T.BINARY: st.binary(max_size=20),
    T.GUID: st.sampled_from([GUID, OTHER_GUID]),
    T.SIZE: st.integers(0, 2**64 - 1),
    T.FILETIME: TIME,
    T.SYSTEMTIME: TIME.map(lambda ticks: ticks // 10_000 * 10_000),
    T.SID: st.sampled_from(SIDS),
    T.HEX32: st.integers(0, 2**32 - 1),
    T.HEX64: st.integers(0, 2**64 - 1),
}
ARRAYS = set(CONTENTS) - {T.ANSI, T.BINARY, T.SIZE}


def values() -> st.SearchStrategy[Value]:
    def of_type(type_: ValueType) -> st.SearchStrategy[Value]:
        content = st.none() | CONTENTS[type_]
        if type_ in ARRAYS:
            content |= st.lists(CONTENTS[type_], min_size=1, max_size=3).map(tuple)
        return content.map(lambda chosen: Value(chosen, type_))

    return st.sampled_from(list(CONTENTS)).flatmap(of_type)


EVENTS = st.builds(
    SampleEvent,
    provider=NAME,
    event_id=st.integers(0, 0xFFFF),
    time=TIME,
    channel=NAME,
    computer=NAME,
    event_type=st.sampled_from(EventType),
    qualifiers=st.none() | st.integers(0, 0xFFFF),
    user_sid=st.none() | st.sampled_from(SIDS),
    task=st.integers(0, 0xFFFF),
)
CLASSIC = st.builds(
    lambda event, strings, binary, number: replace(event, strings=strings, binary=binary, record_number=number),
    EVENTS,
    st.lists(TEXT, max_size=3).map(tuple),
    st.binary(max_size=9),
    st.none() | st.integers(1, 2**40),
)
MANIFEST = st.builds(
    lambda event, data, binary, source, ids, activity: replace(
        event,
        guid=GUID,
        data=tuple(Data(f"name{index}", value) for index, value in enumerate(data)),
        binary=binary if data else b"",
        event_source_name=source,
        version=1,
        opcode=ids,
        process_id=ids,
        thread_id=7,
        activity_id=activity,
        related_activity_id=activity,
    ),
    EVENTS,
    st.lists(values(), max_size=4),
    st.binary(max_size=5),
    st.none() | NAME,
    st.none() | st.integers(0, 255),
    st.none() | st.just(OTHER_GUID),
)
USER_DATA = st.builds(
    lambda event, first, second: replace(
        event,
        guid=OTHER_GUID,
        version=0,
        user_data=Element(
            "Outer",
            attributes=(("xmlns", "urn:sample"), ("kind", "a b")),
            children=(Element("First", first), Element("Inner", children=(Element("Second", second),))),
        ),
    ),
    EVENTS,
    values(),
    values(),
)
LOG = st.lists(CLASSIC | MANIFEST | USER_DATA, max_size=8)

# ------------------------------------------------------------------------------------- what a reader makes of it

Said = list[tuple[str, str]]
Shown = tuple[dict[str, str | None], Said]


def shown(xml: str) -> Shown:
    """System as texts by name, absent or empty as None, and the leaves of what the event says."""
    root = etree.fromstring(xml.encode())
    system: dict[str, str | None] = {}
    for element in root[0]:
        tag = etree.QName(element).localname
        system[tag] = text(element) or None
        system |= {f"{tag}/{name}": value or None for name, value in element.attrib.items()}
    nodes = [node for part in root[1:] for node in part.iter() if node.getparent() is not root]
    leaves = [node for node in nodes if len(node) == 0 and etree.QName(node).localname != "Inner"]
    return system, [(leaf.get("Name") or etree.QName(leaf).localname, text(leaf)) for leaf in leaves]


def text(element: Any) -> str:
    content = element.text or ""
    return content if content.strip() else ""


def by_python_evtx(path: Path) -> Iterator[Shown]:
    with Evtx(str(path)) as log:
        assert log.get_file_header().verify()
        assert all(chunk.verify() for chunk in log.chunks())
        for record in log.records():
            system, said = shown(record.xml())
            yield system, [leaf for name, value in said for leaf in unpacked(name, value)]


def unpacked(name: str, value: str) -> Iterator[tuple[str, str]]:
    """python-evtx writes a string array into one text, with tags of its own."""
    if not value.startswith("<string>"):
        yield name, value
        return
    for item in value.removesuffix("</string>\n").split("</string>\n"):
        yield name, item.removeprefix("<string>")


def by_libevtx(path: Path) -> Iterator[Shown]:
    log = pyevtx.file()
    log.open(str(path))
    assert not log.is_corrupted()
    assert log.number_of_recovered_records == 0
    for index in range(log.number_of_records):
        yield shown(log.get_record(index).xml_string)
    log.close()


def by_wheel(path: Path) -> Iterator[Shown]:
    for record in rust_evtx().PyEvtxParser(str(path), validate_checksums=True, number_of_threads=1).records():
        yield shown(record["data"])


READERS: dict[str, Callable[[Path], Iterator[Shown]]] = {
    "python-evtx": by_python_evtx,
    "libevtx": by_libevtx,
    "wheel": by_wheel,
}


def fails_on(reader: str, value: Value) -> bool:
    """Whether the reader is known to refuse a record with this value: arrays that it has no decoder for."""
    if not isinstance(value.content, tuple):
        return False
    return {"python-evtx": value.type is not T.STRING, "libevtx": value.type in (T.BOOL, T.SID)}.get(reader, False)


def misreads(reader: str, value: Value) -> bool:
    """Whether the reader is known to show this value wrongly."""
    contents = value.content if isinstance(value.content, tuple) else (value.content,)
    if reader == "python-evtx":  # milliseconds as microseconds; empty texts of an array moved to its end
        return value.type is T.SYSTEMTIME or (isinstance(value.content, tuple) and "" in contents)
    if reader == "libevtx":  # the sign bit of integers taken for a sign; size_t shown as 0
        negative = value.type in SIGNED and any(isinstance(item, int) and item < 0 for item in contents)
        return negative or value.type is T.SIZE
    return False


def meaning(reader: str, type_: ValueType, content: str) -> object:
    """The Python value that a reader's text stands for."""
    if type_ in (T.STRING, T.ANSI, T.SID):
        return content
    if type_ in (T.FLOAT, T.DOUBLE):
        return float(content)
    if type_ is T.BOOL:
        return {"true": True, "false": False}[content.lower()]
    if type_ is T.BINARY:
        return base64.b64decode(content) if reader == "python-evtx" else bytes.fromhex(content)
    if type_ is T.GUID:
        return f"{{{content.strip('{}').lower()}}}"
    if type_ in (T.FILETIME, T.SYSTEMTIME):
        return pytest.approx(microseconds(content), abs=5, rel=0)
    return int(content, 0)


def microseconds(content: str) -> int:
    return parse_time(content).ticks // 10


def told(value: Value) -> list[object]:
    """The contents of a value as ``meaning`` gives them."""
    contents = value.content if isinstance(value.content, tuple) else (value.content,)
    times = (T.FILETIME, T.SYSTEMTIME)
    return [item // 10 if value.type in times and isinstance(item, int) else item for item in contents]


def leaves(event: SampleEvent) -> list[tuple[str, Value]]:
    binary = [("Binary", Value(event.binary, T.BINARY))]
    if event.user_data is not None:
        first, inner = event.user_data.children
        return [(element.name, element.value) for element in (first, inner.children[0]) if element.value]
    if event.data:
        return [(data.name or "Data", data.value) for data in event.data] + (binary if event.binary else [])
    if event.guid is not None:
        return []
    return [("Data", Value(event.strings or None)), *(binary if event.binary else [("Binary", Value(None))])]


def check_said(reader: str, said: Said, event: SampleEvent) -> None:
    left = list(said)
    for name, value in leaves(event):
        contents = told(value)
        if value.content is None:
            if left and left[0] == (name, ""):  # a reader may leave null out
                left.pop(0)
            continue
        if misreads(reader, value):
            while left and left[0][0] == name:
                left.pop(0)
            continue
        here = left[: len(contents)]
        del left[: len(contents)]
        assert [given_name for given_name, _ in here] == [name] * len(contents)
        assert contents == [meaning(reader, value.type, text) for _, text in here]
    assert left == []


def check_system(system: dict[str, str | None], event: SampleEvent, number: int) -> None:
    def said(key: str) -> Any:
        return system.get(key)

    def number_of(key: str) -> int | None:
        return None if said(key) is None else int(said(key), 0)

    def guid_of(key: str) -> str | None:
        return None if said(key) is None else f"{{{said(key).strip('{}').lower()}}}"

    audit = {EventType.AUDIT_SUCCESS: 0x20 << 48, EventType.AUDIT_FAILURE: 0x10 << 48}.get(event.event_type, 0)
    classic = event.guid is None or event.event_source_name is not None
    assert {
        "provider": said("Provider/Name"),
        "guid": guid_of("Provider/Guid"),
        "source": said("Provider/EventSourceName"),
        "id": number_of("EventID"),
        "qualifiers": number_of("EventID/Qualifiers"),
        "version": number_of("Version"),
        "level": number_of("Level"),
        "task": number_of("Task"),
        "opcode": number_of("Opcode"),
        "keywords": number_of("Keywords"),
        "record": number_of("EventRecordID"),
        "activity": guid_of("Correlation/ActivityID"),
        "related": guid_of("Correlation/RelatedActivityID"),
        "process": number_of("Execution/ProcessID"),
        "thread": number_of("Execution/ThreadID"),
        "channel": said("Channel"),
        "computer": said("Computer"),
        "user": said("Security/UserID"),
    } == {
        "provider": event.provider,
        "guid": event.guid,
        "source": event.event_source_name,
        "id": event.event_id,
        "qualifiers": event.qualifiers,
        "version": event.version,
        "level": {1: 2, 2: 3, 8: 0, 16: 0}.get(event.event_type, 4),
        "task": event.task,
        "opcode": event.opcode,
        "keywords": (0x80 << 48 if classic else 0) | audit | (1 << 63 if event.guid else 0),
        "record": number if event.record_number is None else event.record_number,
        "activity": event.activity_id,
        "related": event.related_activity_id,
        "process": event.process_id,
        "thread": event.thread_id,
        "channel": event.channel,
        "computer": event.computer,
        "user": event.user_sid,
    }
    assert isinstance(event.time, int)
    assert abs(microseconds(said("TimeCreated/SystemTime")) - event.time // 10) <= 5  # python-evtx computes with floats


@pytest.mark.parametrize("reader", READERS)
@given(events=LOG, first=st.integers(1, 2**40), static_names=st.booleans())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_value_is_read_back_equal(
    reader: str, tmp_path: Path, events: list[SampleEvent], first: int, static_names: bool
) -> None:
    events = [event for event in events if not any(fails_on(reader, value) for _, value in leaves(event))]
    path = tmp_path / "any.evtx"
    path.write_bytes(evtx_log(events, first_record=first, static_names=static_names))
    records = list(READERS[reader](path))
    assert len(records) == len(events)
    for index, ((system, said), event) in enumerate(zip(records, events, strict=True)):
        check_system(system, event, first + index)
        check_said(reader, said, event)


# --------------------------------------------------------------------------------------------- chunks and header


def plain(number: int, length: int = 40) -> SampleEvent:
    return SampleEvent(
        provider="Tcpip",
        event_id=4199,
        time="1997-02-03T04:05:06Z",
        computer="NTWS07",
        strings=(f"{number:06}", "x" * length),
    )


def numbers(path: Path) -> dict[str, list[int]]:
    """EventRecordIDs in file order by every reader that reads beyond the header's count."""
    log = pyevtx.file()
    log.open(str(path))
    listed = [log.get_record(index).identifier for index in range(log.number_of_records)]
    log.close()
    return {
        "libevtx": listed,
        "wheel": [record["event_record_id"] for record in rust_evtx().PyEvtxParser(str(path)).records()],
    }


def header(image: bytes) -> dict[str, int]:
    names = ("first_chunk", "last_chunk", "next_record", "size", "minor", "major", "block", "chunks")
    return dict(zip(names, struct.unpack_from("<3QI4H", image, 8), strict=True))


def test_as_many_chunks_as_the_events_need(tmp_path: Path) -> None:
    image = evtx_log([plain(number) for number in range(600)], first_record=5)
    (tmp_path / "log.evtx").write_bytes(image)
    count = (len(image) - FILE_HEADER_SIZE) // CHUNK_SIZE
    assert count == 3
    expected = {"first_chunk": 0, "last_chunk": 2, "next_record": 605, "chunks": 3}
    assert {key: header(image)[key] for key in expected} == expected
    assert numbers(tmp_path / "log.evtx") == {"libevtx": list(range(5, 605)), "wheel": list(range(5, 605))}
    assert len(list(by_python_evtx(tmp_path / "log.evtx"))) == 600


def test_newest_chunks_in_front(tmp_path: Path) -> None:
    straight = evtx_log([plain(number) for number in range(600)])
    image = evtx_log([plain(number) for number in range(600)], newest_in_front=1)
    assert image[FILE_HEADER_SIZE:][:CHUNK_SIZE] == straight[-CHUNK_SIZE:]
    assert image[FILE_HEADER_SIZE + CHUNK_SIZE :] == straight[FILE_HEADER_SIZE:-CHUNK_SIZE]
    assert (header(image)["first_chunk"], header(image)["last_chunk"]) == (1, 0)
    (tmp_path / "log.evtx").write_bytes(image)
    assert sorted(numbers(tmp_path / "log.evtx")["wheel"]) == list(range(1, 601))


def test_dirty_header_knows_fewer_chunks(tmp_path: Path) -> None:
    image = evtx_log([plain(number) for number in range(600)], header_after=1)
    (tmp_path / "log.evtx").write_bytes(image)
    assert header(image)["chunks"] == 1
    assert header(image)["last_chunk"] == 0
    assert struct.unpack_from("<I", image, 120)[0] == 1
    first_chunk = struct.unpack_from("<QQ", image, FILE_HEADER_SIZE + 8)
    assert header(image)["next_record"] == first_chunk[1] + 1
    assert numbers(tmp_path / "log.evtx")["wheel"] == list(range(1, 601))


def test_log_without_events_is_one_empty_chunk(tmp_path: Path) -> None:
    (tmp_path / "log.evtx").write_bytes(evtx_log([]))
    assert numbers(tmp_path / "log.evtx") == {"libevtx": [], "wheel": []}
    assert list(by_python_evtx(tmp_path / "log.evtx")) == []


def test_checksums_of_headers_and_records() -> None:
    image = evtx_log([plain(0)])
    chunk = image[FILE_HEADER_SIZE:]
    assert struct.unpack_from("<I", image, 124)[0] == crc32(image[:120])
    free, data_checksum = struct.unpack_from("<II", chunk, 48)
    assert data_checksum == crc32(chunk[512:free])
    assert struct.unpack_from("<I", chunk, 124)[0] == crc32(chunk[128:512], crc32(chunk[:120]))


def test_tables_lead_to_every_name_and_template() -> None:
    chunk = evtx_log([plain(0), replace(plain(1), channel="Application")])[FILE_HEADER_SIZE:]
    names = set()
    for bucket, offset in enumerate(struct.unpack_from("<64I", chunk, 128)):
        while offset:
            following, hashed, length = struct.unpack_from("<IHH", chunk, offset)
            assert hashed % 64 == bucket
            names.add(chunk[offset + 8 : offset + 8 + 2 * length].decode("utf-16-le"))
            offset = following
    assert {"Event", "System", "Provider", "Name", "EventData", "Data", "Binary", "xmlns"} <= names
    templates = 0
    for offset in struct.unpack_from("<32I", chunk, 384):
        while offset:
            templates += 1
            assert chunk[offset - 8 : offset - 4] == chunk[offset + 4 : offset + 8]
            (offset,) = struct.unpack_from("<I", chunk, offset)
    assert templates == 3  # two events that differ in their channel, one EventData of classic events


def test_definition_stands_in_the_first_record_that_needs_it() -> None:
    chunk = evtx_log([plain(0), plain(1)])[FILE_HEADER_SIZE:]
    (first_size,) = struct.unpack_from("<I", chunk, 512 + 4)
    second = 512 + first_size
    definitions = [struct.unpack_from("<I", chunk, record + 24 + 4 + 6)[0] for record in (512, second)]
    assert definitions == [512 + 24 + 4 + 10] * 2


def test_ansi_array_is_terminated_texts() -> None:
    event = SampleEvent(
        provider="P", guid=GUID, event_id=1, time=0, data=(Data("v", Value(("ab", "c"), ValueType.ANSI)),)
    )
    image = evtx_log([event])
    assert struct.pack("<IHBB", 1, 5, 0x82, 0) + b"ab\0c\0" in image


def test_name_hash_is_that_of_windows() -> None:
    chunk = evtx_log([plain(0)])[FILE_HEADER_SIZE:]
    assert struct.pack("<HH", 0x0CBA, 5) + "Event".encode("utf-16-le") in chunk  # the hash as Windows 7 wrote it


def test_event_too_large_for_a_chunk_is_refused() -> None:
    with pytest.raises(ValueError, match="event Tcpip 4199 is too large"):
        evtx_log([plain(0, length=40_000)])


def test_strings_and_named_data_do_not_mix() -> None:
    with pytest.raises(ValueError, match="strings and named data"):
        evtx_log([replace(plain(0), data=(Data("a", Value("b")),))])


def test_same_events_give_the_same_bytes() -> None:
    assert evtx_log([plain(0), plain(1)]) == evtx_log(iter([plain(0), plain(1)]))
    assert io.BytesIO(evtx_log([plain(0)])).read(8) == b"ElfFile\0"
    assert math.isclose(len(evtx_log([plain(0)])), FILE_HEADER_SIZE + CHUNK_SIZE)
