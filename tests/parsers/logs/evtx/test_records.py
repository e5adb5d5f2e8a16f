"""Where the records of a chunk are found, and what damage costs."""

import io
import struct

import pytest
from binxml_builder import ChunkBuilder, Fragment, event
from evtx_files import CHUNK, FIRST_RECORD, HEADER_BLOCK, closed, log_of, resealed
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.parsers.logs.evtx.file import read_layout, read_segments
from evtscan.parsers.logs.evtx.records import find_records

COUNT = 6


@pytest.fixture(scope="module")
def built() -> tuple[bytes, list[int]]:
    """A chunk of six records, and their offsets."""
    builder = ChunkBuilder()
    offsets = [builder.record(Fragment(event(event_id="7"))) for _ in range(COUNT)]
    return closed(builder), [*offsets, len(builder.data)]


def find(chunk: bytes, recover: bool = False):
    stream = io.BytesIO(log_of(chunk))
    layout = read_layout(stream, "log")
    (segment,) = read_segments(stream, layout.chunks)
    return find_records(segment, "log", recover=recover)


def numbers(chunk: bytes) -> list[int]:
    return find(chunk)[0].number.tolist()


def changed(chunk: bytes, offset: int, value: bytes) -> bytes:
    data = bytearray(chunk)
    data[offset : offset + len(value)] = value
    return bytes(data)


def test_records_of_a_sound_chunk(built):
    chunk, offsets = built
    records, warnings = find(chunk)
    assert records.start.tolist() == offsets[:-1]
    assert records.end.tolist() == [offset - 4 for offset in offsets[1:]]
    assert records.number.tolist() == [1, 2, 3, 4, 5, 6]
    assert set(records.ticks.tolist()) == {130_000_000_000_000_000}
    assert warnings == []


def test_a_lost_magic_number_costs_one_record(built):
    chunk, offsets = built
    records, warnings = find(changed(chunk, offsets[2], b"XX"))
    assert records.number.tolist() == [1, 2, 4, 5, 6]
    (warning,) = warnings
    assert (warning.kind, warning.location.offset, warning.records_lost) == ("bad_record", HEADER_BLOCK + offsets[2], 1)


@pytest.mark.parametrize("size", [0, 27, 28, 100_000, 0xFFFFFFFF])
def test_a_size_that_lies_costs_nothing(built, size):
    chunk, offsets = built
    records, warnings = find(changed(chunk, offsets[2] + 4, struct.pack("<I", size)))
    assert records.number.tolist() == [1, 2, 3, 4, 5, 6]
    assert records.start.tolist() == offsets[:-1]
    assert [(warning.kind, warning.records_lost) for warning in warnings] == [("bad_record", 0)]


@pytest.mark.parametrize("record", range(COUNT))
def test_a_closing_size_that_lies_is_noticed(built, record):
    chunk, offsets = built
    found, warnings = find(changed(chunk, offsets[record + 1] - 4, struct.pack("<I", 9999)))
    assert found.number.tolist() == list(range(1, COUNT + 1))
    assert [warning.kind for warning in warnings] == ["bad_record"]
    assert warnings[0].location.offset == HEADER_BLOCK + offsets[record]


def test_a_size_that_leads_to_a_later_record_hides_none(built):
    chunk, offsets = built
    lying = struct.pack("<I", offsets[4] - offsets[2])
    assert numbers(changed(chunk, offsets[2] + 4, lying)) == [1, 2, 3, 4, 5, 6]


def test_three_records_overwritten_are_three_records_lost(built):
    chunk, offsets = built
    gap = offsets[4] - offsets[1]
    records, warnings = find(changed(chunk, offsets[1], b"\xaa" * gap))
    assert records.number.tolist() == [1, 5, 6]
    assert [warning.records_lost for warning in warnings] == [3]


@pytest.mark.parametrize("free", [0, 100, 511, CHUNK + 1, 0xFFFFFFFF])
def test_an_impossible_free_space_offset_is_not_used(built, free):
    chunk, _ = built
    found = find(resealed(changed(chunk, 48, struct.pack("<I", free))))
    assert found[0].number.tolist() == [1, 2, 3, 4, 5, 6]
    assert [warning.kind for warning in found[1]] == ["bad_chunk"]


def test_records_behind_a_damaged_header_that_lost_its_place_are_counted(built):
    chunk, _ = built
    shifted = chunk[:31] + b"\xaa" + chunk[31:-1]
    records, warnings = find(shifted)
    assert records.number.tolist() == [2, 3, 4, 5, 6]
    assert [(warning.kind, warning.records_lost) for warning in warnings] == [("bad_chunk", 0), ("bad_record", 1)]


def test_a_free_space_offset_that_is_older_than_the_records_hides_none(built):
    chunk, offsets = built
    assert numbers(resealed(changed(chunk, 48, struct.pack("<I", offsets[3])))) == [1, 2, 3, 4, 5, 6]


def test_a_failed_checksum_is_a_warning_only(built):
    chunk, _ = built
    records, warnings = find(changed(chunk, 124, b"\0\0\0\0"))
    assert len(records) == COUNT
    assert [(warning.kind, warning.records_lost) for warning in warnings] == [("bad_chunk", 0)]


def test_records_behind_the_free_space_offset_are_slack(built):
    chunk, offsets = built
    shorter = changed(chunk, 32, struct.pack("<Q", 4))
    shorter = resealed(changed(shorter, 48, struct.pack("<I", offsets[4])))
    assert numbers(shorter) == [1, 2, 3, 4]
    records, _ = find(shorter, recover=True)
    assert list(zip(records.number.tolist(), records.recovered.tolist(), strict=True)) == [
        (1, False),
        (2, False),
        (3, False),
        (4, False),
        (5, True),
        (6, True),
    ]


def test_records_that_the_header_announces_and_the_chunk_lacks_are_lost(built):
    chunk, _ = built
    records, warnings = find(resealed(changed(chunk, 32, struct.pack("<Q", COUNT + 3))))
    assert len(records) == COUNT
    assert [warning.records_lost for warning in warnings] == [3]


def with_foreign(chunk: bytes, offsets: list[int], *places: int) -> bytes:
    for place in places:
        chunk = changed(chunk, offsets[place] + 8, struct.pack("<Q", 900 + place))
    return chunk


def test_records_of_another_chunk_behind_damage_can_only_be_recovered(built):
    chunk, offsets = built
    mixed = with_foreign(changed(chunk, offsets[1], b"XX"), offsets, 2, 3)
    records, warnings = find(mixed)
    assert records.number.tolist() == [1, 5, 6]
    assert [(warning.kind, warning.location.offset - HEADER_BLOCK, warning.records_lost) for warning in warnings] == [
        ("bad_record", offsets[1], 3),
        ("foreign_records", offsets[2], 0),
    ]
    assert "2 records of another chunk (902 to 903)" in warnings[1].message
    records, _ = find(mixed, recover=True)
    assert records.number.tolist() == [1, 902, 903, 5, 6]
    assert records.recovered.tolist() == [False, True, True, False, False]


def test_a_record_of_another_chunk_across_the_free_space_offset_is_recovered(built):
    chunk, offsets = built
    mixed = with_foreign(changed(chunk, offsets[3], b"XX"), offsets, 4, 5)
    mixed = resealed(changed(mixed, 48, struct.pack("<I", offsets[5] + 40)))
    records, warnings = find(mixed)
    assert records.number.tolist() == [1, 2, 3]
    assert "foreign_records" in {warning.kind for warning in warnings}
    records, _ = find(mixed, recover=True)
    assert [number for number, slack in zip(records.number, records.recovered, strict=True) if slack] == [904, 905]


def test_a_chain_of_records_without_damage_is_read_whatever_their_numbers(built):
    chunk, offsets = built
    assert numbers(with_foreign(chunk, offsets, 2, 3)) == [1, 2, 902, 903, 5, 6]


def test_an_empty_chunk_has_no_records():
    assert numbers(closed(ChunkBuilder())) == []


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_whatever_one_byte_becomes_at_most_two_records_suffer(built, data):
    chunk, offsets = built
    at = data.draw(st.integers(0, offsets[-1] - 1))
    flipped = changed(chunk, at, bytes([chunk[at] ^ data.draw(st.integers(1, 255))]))
    found, _ = find(flipped)
    assert len(set(found.number.tolist()) & {1, 2, 3, 4, 5, 6}) >= COUNT - 2
    assert all(FIRST_RECORD <= start < end <= CHUNK for start, end in zip(found.start, found.end, strict=True))
