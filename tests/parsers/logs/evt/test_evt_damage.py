"""Damaged and hostile files: what is left is read, what is lost is said, and nothing breaks or takes forever."""

import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import SampleEvent
from sample_writer.evt import live_log, saved_log

from evtscan.base.errors import EvidenceError
from evtscan.base.model.query import Query
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evt import read_log, reader

HEADER_SIZE = 48
LENGTH, MAGIC, STRING_COUNT, STRING_OFFSET, SID_LENGTH, SID_OFFSET, DATA_LENGTH, DATA_OFFSET = (
    0,
    4,
    26,
    36,
    40,
    44,
    48,
    52,
)
DAMAGE = {
    "bad_record",
    "bad_header",
    "bad_number",
    "foreign_bytes",
    "no_eof_record",
    "overwritten",
    "truncated",
    "several_logs",
}


def logged(count: int) -> list[SampleEvent]:
    return [
        SampleEvent(
            provider="EventLog",
            event_id=6000 + place,
            time=f"2001-03-14T09:{place:02}:00Z",
            strings=("first", "second" * (place % 3)),
            binary=b"\1\2\3\4",
            user_sid="S-1-5-18",
        )
        for place in range(count)
    ]


SAVED = saved_log(logged(6))
WRAPPED = live_log(logged(20), size=2048, start=1000)
DIRTY = live_log(logged(20), size=2048, start=1000, header_after=3)
IMAGES = {"saved": SAVED, "wrapped": WRAPPED, "dirty": DIRTY}


def patched(image: bytes, offset: int, value: int) -> bytes:
    changed = bytearray(image)
    struct.pack_into("<I", changed, offset, value)
    return bytes(changed)


def starts(image: bytes) -> list[int]:
    """Offsets of the records of a saved log."""
    found = [HEADER_SIZE]
    while image[found[-1] + 4 : found[-1] + 8] == b"LfLe":
        found.append(found[-1] + int.from_bytes(image[found[-1] : found[-1] + 4], "little"))
    return found[:-1]


@pytest.mark.parametrize("length", [0, 1, 55, 56, 60, 3000, 2**20 + 4, 2**31, 2**32 - 4, 2**32 - 1])
@pytest.mark.parametrize("end", ["head", "tail"])
def test_a_record_with_a_false_length_costs_only_itself(read, length, end):
    here, following = starts(SAVED)[2:4]
    reading = read(patched(SAVED, here if end == "head" else following - 4, length))
    assert reading.numbers == [1, 2, 4, 5, 6]
    (warning,) = reading.warnings
    assert (warning.kind, warning.location.offset, warning.records_lost) == ("bad_record", here, 1)
    assert "HOST/SysEvent.Evt" in str(warning.location)
    assert (reading.summary.records, reading.summary.lost, reading.summary.holes) == (5, 1, 1)


def test_a_length_that_is_no_multiple_of_four_is_false_even_if_repeated(read):
    here, following = starts(SAVED)[2:4]
    length = following - here - 2
    changed = patched(patched(SAVED, here, length), here + length - 4, length)
    assert read(changed).numbers == [1, 2, 4, 5, 6]


def test_a_lost_signature_costs_one_record(read):
    reading = read(patched(SAVED, starts(SAVED)[0] + MAGIC, 0))
    assert reading.numbers == [2, 3, 4, 5, 6]
    assert [(warning.kind, warning.records_lost) for warning in reading.warnings] == [("overwritten", 1)]


def test_the_newest_record_is_missed_if_it_is_damaged(read):
    here = starts(SAVED)[-1]
    reading = read(patched(SAVED, here + MAGIC, 0))
    assert reading.numbers == [1, 2, 3, 4, 5]
    assert [(warning.kind, warning.location.offset, warning.records_lost) for warning in reading.warnings] == [
        ("bad_record", here, 1)
    ]


def test_foreign_bytes_between_records_are_told_but_cost_nothing(read):
    third = starts(SAVED)[2]
    image = patched(SAVED[:third] + b"?" * 64 + SAVED[third:], 20, len(SAVED) + 64 - 40)
    end = bytearray(image)
    struct.pack_into("<I", end, len(end) - 40 + 24, len(end) - 40)
    reading = read(bytes(end))
    assert reading.numbers == [1, 2, 3, 4, 5, 6]
    assert [(warning.kind, warning.location.offset, warning.records_lost) for warning in reading.warnings] == [
        ("foreign_bytes", third, 0)
    ]


PARTS = [
    ("strings overstated", STRING_COUNT, "<H", 9, {"Data1": "first", "Data2": "", "Binary": "01020304"}),
    ("strings outside", STRING_OFFSET, "<I", 2**31, {"Binary": "01020304"}),
    ("strings over the fixed part", STRING_OFFSET, "<I", 8, {"Binary": "01020304"}),
    ("data outside", DATA_OFFSET, "<I", 2**32 - 1, {"Data1": "first", "Data2": "", "Binary": ""}),
    ("data over the fixed part", DATA_OFFSET, "<I", 1, {"Data1": "first", "Data2": "", "Binary": ""}),
]


@pytest.mark.parametrize(("offset", "form", "value", "data"), [row[1:] for row in PARTS], ids=[row[0] for row in PARTS])
def test_of_a_record_with_false_offsets_the_rest_is_read(read, offset, form, value, data):
    image = bytearray(SAVED)
    struct.pack_into(form, image, HEADER_SIZE + offset, value)
    reading = read(bytes(image))
    assert dict(reading.events[0].data) == data
    assert (reading.events[0].provider, reading.events[0].user_id) == ("EventLog", "S-1-5-18")
    assert [(warning.kind, warning.location.record, warning.records_lost) for warning in reading.warnings] == [
        ("bad_record", 1, 0)
    ]


@pytest.mark.parametrize(
    ("offset", "value"), [(SID_LENGTH, 5), (SID_LENGTH, 2**32 - 1), (SID_OFFSET, 2**31), (SID_OFFSET, 0)]
)
def test_of_a_record_with_a_false_user_the_rest_is_read(read, offset, value):
    reading = read(patched(SAVED, HEADER_SIZE + offset, value))
    event = reading.events[0]
    assert event.data == {"Data1": "first", "Data2": "", "Binary": "01020304"}
    assert event.user_id in (None, "S-1-5-18")
    assert (event.user_id is None) == bool(reading.warnings)


def test_names_without_end_are_read_as_far_as_they_go(read):
    here, following = starts(SAVED)[:2]
    image = bytearray(SAVED)
    image[here + 56 : following - 4] = b"A\0" * ((following - 60 - here) // 2)
    event = read(bytes(image)).events[0]
    assert event.provider == "A" * ((following - 60 - here) // 2)
    assert event.computer == ""


def test_a_lost_header_is_made_up_for_by_the_eof_record(read):
    for image in IMAGES.values():
        reading = read(patched(image, 8, 7))
        assert reading.numbers == read(image).numbers
        assert reading.kinds == ["bad_header"]


def test_a_lost_eof_record_is_made_up_for_by_the_record_numbers(read):
    mark = struct.pack("<2I", 0x22222222, 0x33333333)
    for image in (WRAPPED, DIRTY):
        reading = read(image.replace(mark, bytes(8)))
        assert set(read(image).numbers) <= set(reading.numbers)
        assert reading.numbers == sorted(reading.numbers)
        assert reading.kinds[0] == "no_eof_record"
        assert reading.summary.lost == 0


def test_a_false_start_in_the_eof_record_is_found_out(read):
    for image in (WRAPPED, DIRTY):
        end = image.find(struct.pack("<2I", 0x33333333, 0x44444444)) - 12
        for false in (48, 52, 1500):
            assert read(patched(image, end + 20, false)).numbers == read(image).numbers


def test_an_oldest_record_that_is_partly_overwritten(read):
    (oldest,) = struct.unpack_from("<I", WRAPPED, 16)
    reading = read(patched(WRAPPED, oldest, 0x27272727))
    assert reading.numbers == read(WRAPPED).numbers[1:]
    assert [(warning.kind, warning.location.offset, warning.records_lost) for warning in reading.warnings] == [
        ("overwritten", oldest, 1)
    ]


@pytest.mark.parametrize("name", IMAGES)
def test_a_truncated_file_gives_what_is_left_and_says_what_is_not(read, name):
    image = IMAGES[name]
    whole = read(image).numbers
    for size in range(HEADER_SIZE, len(image), 4):
        reading = read(image[:size])
        lost = [number for number in whole if number not in reading.numbers]
        assert reading.numbers == [number for number in whole if number in reading.numbers]
        assert not lost or reading.warnings
        if name != "dirty":  # whose header does not know how many there should be
            assert len(lost) <= reading.summary.lost <= len(lost) + 1
        assert sum(warning.records_lost for warning in reading.warnings) == reading.summary.lost


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("mask", [0xFF, 0x01])
def test_one_wrong_byte_costs_one_record_at_most(read, name, mask):
    image = IMAGES[name]
    whole = read(image)
    for place in range(0, len(image), 3):
        damaged = bytearray(image)
        damaged[place] ^= mask
        reading = read(bytes(damaged), recover=bool(place % 2))
        lost = set(whole.numbers) - set(reading.numbers)
        assert len(lost) <= 1, place
        assert not lost or reading.warnings, place
        assert set(reading.kinds) <= DAMAGE


@settings(deadline=None, max_examples=100)
@given(
    image=st.sampled_from(sorted(IMAGES.values())),
    changes=st.lists(st.tuples(st.integers(0, 2047), st.binary(min_size=1, max_size=40)), max_size=6),
    cut=st.integers(0, 2048),
)
def test_any_damage_ends_in_a_result_or_a_clear_error(read, image, changes, cut):
    damaged = bytearray(image)
    for place, piece in changes:
        damaged[place : place + len(piece)] = piece
    try:
        reading = read(bytes(damaged[:cut]), recover=True)
    except EvidenceError:
        return
    assert reading.summary.records == len(reading.events)
    assert all(warning.location.source == "HOST/SysEvent.Evt" for warning in reading.warnings)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=3000))
def test_random_bytes_are_no_log(read, noise):
    with pytest.raises(
        EvidenceError, match=r"^HOST/SysEvent\.Evt: holds neither the header of an event log nor a record"
    ):
        read(noise)


@pytest.mark.parametrize("size", [0, 3, 47])
def test_a_file_without_a_whole_header_is_refused(read, size):
    with pytest.raises(EvidenceError, match="copy the log again"):
        read(SAVED[:size])


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(EvidenceError, match=r"^HOST/no\.evt: cannot be read \("):
        read_log(Source(tmp_path / "no.evt", "HOST/no.evt"), Query())


def test_a_file_larger_than_the_format_allows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_LARGEST_FILE", len(SAVED))
    path = Path(tmp_path, "big.evt")
    path.write_bytes(SAVED + b"\0")
    with pytest.raises(EvidenceError, match="larger than 4 GiB"):
        read_log(Source(path, "big.evt"), Query())
    path.write_bytes(SAVED)
    assert len(list(read_log(Source(path, "big.evt"), Query()))) == 6


def test_warnings_are_limited_and_still_count_every_record(read):
    record = bytearray(SAVED[HEADER_SIZE : starts(SAVED)[1]])
    pieces = []
    for number in range(1, 2001):
        struct.pack_into("<I", record, 8, number * 2)
        pieces.append(bytes(record) + b"?" * 64)
    reading = read(SAVED[:HEADER_SIZE] + b"".join(pieces))
    assert len(reading.warnings) == 1001
    assert reading.kinds[-1] == "more_warnings"
    assert reading.summary.records == 2000
    assert sum(warning.records_lost for warning in reading.warnings) == reading.summary.lost == 1999


HOSTILE = {
    "signatures": b"LfLe" * 200_000,
    "headers": SAVED[:HEADER_SIZE] * 20_000,
    "false lengths": (struct.pack("<I", 1 << 20) + SAVED[HEADER_SIZE + 4 : HEADER_SIZE + 60]) * 13_000,
    "records at odd places": (SAVED[HEADER_SIZE : starts(SAVED)[1]] + b"?") * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_rises_with_size_and_no_faster(read, name):
    begun = time.process_time()
    read(SAVED[:HEADER_SIZE] + HOSTILE[name], recover=True)
    assert time.process_time() - begun < 5
