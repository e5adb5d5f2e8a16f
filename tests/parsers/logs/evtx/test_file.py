"""Which chunks of a file are found, and in which order."""

import io
import struct

import pytest
from evtx_files import CHUNK, HEADER_BLOCK
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.parsers.logs.evtx.file import ChunkPlace, FileHeader, read_layout, read_segments


@pytest.fixture(scope="module")
def log() -> bytes:
    """Three chunks, of records 1 to about 150."""
    events = [
        SampleEvent(provider="Test", event_id=1, time=130_000_000_000_000_000 + number, strings=("x" * 500,))
        for number in range(140)
    ]
    data = evtx_log(events)
    assert len(data) == HEADER_BLOCK + 3 * CHUNK
    return data


def layout(data: bytes):
    return read_layout(io.BytesIO(data), "log")


def chunk(data: bytes, number: int) -> bytes:
    return data[HEADER_BLOCK + number * CHUNK :][:CHUNK]


def kinds(found) -> list[tuple[str, int | None]]:
    return [(warning.kind, warning.location.offset) for warning in found.warnings]


def test_chunks_stand_in_the_order_of_their_records_not_of_their_places(log):
    wrapped = log[:HEADER_BLOCK] + chunk(log, 2) + chunk(log, 0) + chunk(log, 1)
    assert [place.offset for place in layout(wrapped).chunks] == [0x11000, 0x21000, 0x1000]
    assert layout(wrapped).warnings == ()


def test_chunks_beyond_the_headers_count_are_found(log):
    stale = log[:42] + struct.pack("<H", 1) + log[44:]
    assert len(layout(stale).chunks) == 3
    assert kinds(layout(stale)) == [("bad_header", 0)]


def test_space_that_was_never_used_is_no_damage(log):
    assert layout(log + bytes(2 * CHUNK)).chunks == layout(log).chunks
    assert layout(log + bytes(2 * CHUNK)).warnings == ()


@pytest.mark.parametrize("removed", [8, 700, 40_000])
def test_chunks_are_found_again_where_bytes_are_missing(log, removed):
    torn = log[: HEADER_BLOCK + 5000] + log[HEADER_BLOCK + 5000 + removed :]
    found = layout(torn)
    assert [place.offset for place in found.chunks] == [0x1000, 0x11000 - removed, 0x21000 - removed]
    assert kinds(found)[0] == ("displaced_chunk", 0x11000 - removed)


def test_a_chunk_is_found_where_bytes_of_the_header_block_are_missing(log):
    found = layout(log[:200] + log[205:])
    assert [place.offset for place in found.chunks] == [0xFFB, 0x10FFB, 0x20FFB]
    assert kinds(found) == [("displaced_chunk", 0xFFB)]


def test_records_between_the_grid_and_a_displaced_chunk_are_not_lost_silently(log):
    torn = bytearray(log[:200] + log[205:])
    torn[0xFFB : 0xFFB + 0x1000] = bytes(0x1000)
    found = layout(bytes(torn))
    assert [(place.offset, place.orphan) for place in found.chunks] == [
        (0x1000, True),
        (0x10FFB, False),
        (0x20FFB, False),
    ]
    assert [(warning.kind, warning.location.offset, warning.records_lost) for warning in found.warnings] == [
        ("bad_chunk", 0x1000, 1),
        ("displaced_chunk", 0x10FFB, 0),
    ]


def test_chunks_are_found_again_behind_foreign_bytes(log):
    found = layout(log[:HEADER_BLOCK] + b"\xaa" * 12_345 + log[HEADER_BLOCK:])
    assert [place.offset for place in found.chunks] == [0x1000 + 12_345 + number * CHUNK for number in range(3)]


def test_a_chunk_without_its_magic_number_is_read(log):
    broken = bytearray(log)
    broken[HEADER_BLOCK : HEADER_BLOCK + 8] = bytes(8)
    assert [place.offset for place in layout(bytes(broken)).chunks] == [0x1000, 0x11000, 0x21000]


def test_a_chunk_whose_head_is_gone_is_an_orphan(log):
    broken = bytearray(log)
    broken[HEADER_BLOCK + CHUNK : HEADER_BLOCK + CHUNK + 0x1000] = bytes(0x1000)
    found = layout(bytes(broken))
    assert [(place.offset, place.orphan) for place in found.chunks] == [
        (0x1000, False),
        (0x11000, True),
        (0x21000, False),
    ]
    assert kinds(found) == [("bad_chunk", 0x11000)]


def test_foreign_bytes_in_place_of_a_chunk_are_a_loss(log):
    found = layout(log[: HEADER_BLOCK + CHUNK] + b"\xaa" * CHUNK + chunk(log, 2))
    assert [place.offset for place in found.chunks] == [0x1000, 0x21000]
    assert [(warning.kind, warning.location.offset, warning.records_lost) for warning in found.warnings] == [
        ("bad_chunk", 0x11000, 1)
    ]


def test_a_truncated_chunk_is_named_with_what_is_left_of_it(log):
    found = layout(log[: HEADER_BLOCK + 2 * CHUNK + 30_000])
    assert found.chunks[-1].size == 30_000
    assert kinds(found) == [("truncated", 0x21000)]


@pytest.mark.parametrize("size", [0, 1, 127, 4096, 4100])
def test_a_file_without_a_chunk_has_none(log, size):
    assert layout(log[:size]).chunks == ()


def test_chunks_with_something_between_them_stand_side_by_side_in_a_segment(log):
    places = [ChunkPlace(0x1000, CHUNK, 0), ChunkPlace(0x21000, CHUNK, 0)]
    (segment,) = read_segments(io.BytesIO(log), places)
    assert [bytes(segment.chunk(slot)) for slot in range(segment.slots)] == [chunk(log, 0), chunk(log, 2)]


def test_the_header_says_whether_the_log_was_closed():
    header = FileHeader.parse(struct.pack("<8s3Q", b"ElfFile\0", 2, 1, 77).ljust(120, b"\0") + struct.pack("<2I", 1, 0))
    assert (header.next_record, header.dirty, header.full, header.checksums, header.intact) == (
        77,
        True,
        False,
        True,
        False,
    )


def test_segments_hold_chunks_in_order_with_zeros_for_what_is_missing(log):
    places = [ChunkPlace(0x11000, CHUNK, 0), ChunkPlace(0x1000, CHUNK, 0), ChunkPlace(0x21000, 100, 0)]
    parts = []
    for segment in read_segments(io.BytesIO(log[: 0x21000 + 100]), places, 2):
        parts += [bytes(segment.chunk(slot)) for slot in range(segment.slots)]
        assert segment.file_offset(5) == int(segment.offsets[0]) + 5
    assert parts == [chunk(log, 1), chunk(log, 0), chunk(log, 2)[:100].ljust(CHUNK, b"\0")]


def test_numbers_are_read_at_any_byte(log):
    segment = next(read_segments(io.BytesIO(log), [ChunkPlace(0x1000, CHUNK, 0)]))
    assert segment.u16[513] == struct.unpack_from("<H", log, 0x1201)[0]
    assert segment.u32[513] == struct.unpack_from("<I", log, 0x1201)[0]
    assert segment.u64[513] == struct.unpack_from("<Q", log, 0x1201)[0]
