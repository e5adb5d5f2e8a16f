"""The writer of ``.evt``: what it writes is what libevt reads, and a ring is where its header says."""

import io
import struct
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyevt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import EventType, SampleEvent, ticks
from sample_writer.evt import GAP_BYTES, GAP_DWORDS, SEGMENT, live_log, saved_log

EOF_MARK = bytes.fromhex("28000000111111112222222233333333 44444444")

TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=30)
NAME = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=["Cs"]), min_size=1, max_size=15
)

EVENTS = st.lists(
    st.builds(
        SampleEvent,
        provider=NAME,
        computer=NAME,
        event_id=st.integers(0, 0xFFFF),
        qualifiers=st.integers(0, 0xFFFF),
        time=st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)).map(
            lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"
        ),
        event_type=st.sampled_from(EventType),
        task=st.integers(0, 0xFFFF),
        strings=st.lists(TEXT, max_size=4).map(tuple),
        binary=st.binary(max_size=40),
        user_sid=st.none() | st.sampled_from(["S-1-5-18", "S-1-5-21-1-2-4294967295-500"]),
    ),
    max_size=6,
)


def plain_event(number: int) -> SampleEvent:
    return SampleEvent(
        provider="Dhcp",
        event_id=1008,
        time=f"1997-02-03T04:{number // 60 % 60:02}:{number % 60:02}Z",
        strings=(f"string {number}",),
    )


def as_read(record: Any) -> dict[str, Any]:
    return {
        "number": record.identifier,
        "provider": record.source_name,
        "computer": record.computer_name,
        "event": record.event_identifier,
        "time": record.get_creation_time_as_integer(),  # as a date libevt gets the last day of 1999 wrong
        "type": record.event_type,
        "category": record.event_category,
        "strings": tuple(record.get_string(index) or "" for index in range(record.number_of_strings)),
        "binary": binary(record),
        "sid": record.user_security_identifier,
    }


def binary(record: Any) -> bytes:
    try:
        data: bytes = record.data
    except OSError:  # libevt's way to say that there is none
        return b""
    return data


def as_meant(event: SampleEvent, number: int) -> dict[str, Any]:
    return {
        "number": number % 2**32,
        "provider": event.provider,
        "computer": event.computer,
        "event": (event.qualifiers or 0) << 16 | event.event_id,
        "time": ticks(event.time) // 10_000_000 - 11_644_473_600,
        "type": event.event_type,
        "category": event.task,
        "strings": event.strings,
        "binary": event.binary,
        "sid": event.user_sid,
    }


def libevt(image: bytes) -> Any:
    log = pyevt.file()
    log.open_file_object(io.BytesIO(image))
    return log


def ring_numbers(image: bytes, start: int, end: int) -> list[int]:
    """The record numbers on a walk from one offset to the other, with every length checked."""
    numbers = []
    offset = start
    for _ in range(len(image) // 56 + 1):
        if offset == end:
            return numbers
        if len(image) - offset < 56:
            offset = 48
            continue
        length, magic, number = struct.unpack_from("<I4sI", image, offset)
        assert magic == b"LfLe"
        record = image[offset : offset + length]
        record += image[48 : 48 + length - len(record)]
        assert record[-4:] == record[:4]
        numbers.append(number)
        offset += length
        if offset >= len(image):
            offset += 48 - len(image)
    raise AssertionError("the walk does not end at the EOF record")


def header(image: bytes) -> tuple[int, ...]:
    """Start, end, next number, oldest number, size, flags."""
    return struct.unpack_from("<6I", image, 16)


@given(EVENTS, st.integers(1, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_saved_log_is_read_back_equal(events: list[SampleEvent], first: int) -> None:
    log = libevt(saved_log(events, first_record=first))
    assert not log.is_corrupted()
    expected = [as_meant(event, first + index) for index, event in enumerate(events)]
    assert [as_read(log.get_record(index)) for index in range(log.number_of_records)] == expected


@given(EVENTS, st.integers(1, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_live_log_is_read_back_equal(events: list[SampleEvent], first: int) -> None:
    image = live_log(events, first_record=first)
    assert len(image) == SEGMENT
    log = libevt(image)
    expected = [as_meant(event, first + index) for index, event in enumerate(events)]
    assert [as_read(log.get_record(index)) for index in range(log.number_of_records)] == expected


@given(
    count=st.integers(0, 60),
    first=st.sampled_from([1, 2**31 + 5, 2**32 - 20]),
    start=st.integers(12, 1023).map(lambda dword: dword * 4),
    length=st.integers(0, 30),
    gap=st.sampled_from([GAP_BYTES, GAP_DWORDS]),
)
@settings(deadline=None, max_examples=100)
def test_ring_holds_the_newest_records_wherever_it_starts(
    count: int, first: int, start: int, length: int, gap: bytes
) -> None:
    events = [replace(plain_event(number), binary=bytes(length + number % 3)) for number in range(count)]
    image = live_log(events, first_record=first, size=4096, start=start, gap=gap)
    oldest_at, end, following, oldest, size, flags = header(image)
    numbers = ring_numbers(image, oldest_at, end)
    assert numbers == [(first + count - len(numbers) + index) % 2**32 for index in range(len(numbers))]
    assert len(numbers) == min(count, len(numbers)) >= min(count, 15)
    assert (following, size) == ((first + count) % 2**32, 4096)
    assert oldest == (numbers[0] if numbers else 0)
    assert flags == (2 if flags & 2 else 0)
    record = struct.pack(
        "<10I", 40, 0x11111111, 0x22222222, 0x33333333, 0x44444444, oldest_at, end, following, oldest, 40
    )
    assert (image[end : end + 40] + image[48:])[:40] == record if end + 40 > 4096 else image[end : end + 40] == record


@pytest.mark.parametrize("left", [0, 24, 52])
@pytest.mark.parametrize("gap", [GAP_BYTES, GAP_DWORDS])
def test_gap_before_the_end_of_the_file(left: int, gap: bytes) -> None:
    length = len(saved_log([plain_event(0)])) - 88
    image = live_log([plain_event(number) for number in range(3)], start=SEGMENT - left - length, gap=gap)
    assert image[SEGMENT - left :] == gap * (left // 4)
    assert header(image)[1] == 48 + 2 * length
    assert header(image)[5] == 2
    assert image[48 + 4 : 48 + 12] == b"LfLe\2\0\0\0"


def test_record_split_over_the_end() -> None:
    image = live_log([plain_event(0)], start=SEGMENT - 60)
    record = saved_log([plain_event(0)])[48:-40]
    assert image[-60:] + image[48 : 48 + len(record) - 60] == record
    log = libevt(image)
    assert as_read(log.get_record(0)) == as_meant(plain_event(0), 1)


def test_eof_record_split_over_the_end() -> None:
    length = len(saved_log([plain_event(0)])) - 88
    image = live_log([plain_event(0)], start=SEGMENT - 20 - length)
    assert image[-20:] + image[48:68] == struct.pack(
        "<10I", 40, 0x11111111, 0x22222222, 0x33333333, 0x44444444, SEGMENT - 20 - length, SEGMENT - 20, 2, 1, 40
    )


def test_cleared_log_keeps_its_counter_and_holds_nothing() -> None:
    image = live_log([], first_record=813)
    assert header(image) == (48, 48, 813, 0, SEGMENT, 0)
    assert libevt(image).number_of_records == 0


def test_stale_header_is_from_an_earlier_moment() -> None:
    events = [plain_event(number) for number in range(10)]
    image = live_log(events, header_after=4)
    early = live_log(events[:4])
    assert header(image)[:4] == header(early)[:4]
    assert header(image)[5] == 1
    log = libevt(image)
    assert [log.get_record(index).identifier for index in range(log.number_of_records)] == list(range(1, 11))


def test_what_is_not_overwritten_stays_with_its_eof_record() -> None:
    before = live_log([plain_event(number) for number in range(10)])
    image = live_log([plain_event(0)], first_record=11, before=before)
    assert image.count(EOF_MARK) == 2
    length = len(saved_log([plain_event(0)])) - 88
    assert image[48 + 40 + length : 48 + 11 * length] == before[48 + 40 + length : 48 + 11 * length]


def test_record_numbers_can_be_given() -> None:
    events = [replace(plain_event(0), record_number=5), plain_event(1), replace(plain_event(2), record_number=9)]
    log = libevt(saved_log(events))
    assert [log.get_record(index).identifier for index in range(3)] == [5, 6, 9]


def test_event_larger_than_the_log_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit into a log of 4096"):
        live_log([replace(plain_event(0), binary=bytes(5000))], size=4096)
