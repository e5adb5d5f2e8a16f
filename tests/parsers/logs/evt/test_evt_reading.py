"""Whole logs in every state that Windows leaves them in: each event is read back as it was written."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import EventType, SampleEvent
from sample_writer.evt import GAP_BYTES, GAP_DWORDS, live_log, saved_log

from evtscan.base.model.event import Event
from evtscan.base.model.log import LogSummary
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Location
from evtscan.base.wintypes import parse_time
from evtscan.parsers.logs.evt import reader, records

HEADER_SIZE, END_SIZE = 48, 40
TYPE_NAMES = {
    EventType.SUCCESS: "Success",
    EventType.ERROR: "Error",
    EventType.WARNING: "Warning",
    EventType.INFORMATION: "Information",
    EventType.AUDIT_SUCCESS: "Audit Success",
    EventType.AUDIT_FAILURE: "Audit Failure",
}
EPOCH = 116_444_736_000_000_000


def written(event: SampleEvent, number: int) -> tuple[object, ...]:
    data = {f"Data{place}": text for place, text in enumerate(event.strings, 1)}
    if event.binary:
        data["Binary"] = event.binary.hex().upper()
    times = [
        parse_time(time).ticks if isinstance(time, str) else time for time in (event.time, event.time_written) if time
    ]
    return (
        number % (1 << 32),
        number,
        event.provider,
        event.event_id,
        event.qualifiers or 0,
        TYPE_NAMES[event.event_type],
        event.task,
        event.computer,
        event.user_sid,
        times[0],
        times[-1],
        data,
    )


def read_back(event: Event) -> tuple[object, ...]:
    assert event.time is not None
    assert event.time_written is not None
    return (
        event.record_id,
        event.sequence,
        event.provider,
        event.event_id,
        event.qualifiers,
        event.event_type,
        event.task,
        event.computer,
        event.user_id,
        event.time.ticks,
        event.time_written.ticks,
        dict(event.data),
    )


def simple(count: int, text: str = "text") -> list[SampleEvent]:
    return [
        SampleEvent(provider="EventLog", event_id=6000 + place, time=f"2001-03-14T09:{place:02}:00Z", strings=(text,))
        for place in range(count)
    ]


names = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=12)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
sids = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5).map(
    lambda parts: "-".join(map(str, ["S-1-5", *parts]))
)
times = st.integers(0, 2**32 - 1).map(lambda seconds: EPOCH + seconds * 10_000_000)
events = st.builds(
    SampleEvent,
    provider=names,
    event_id=st.integers(0, 0xFFFF),
    qualifiers=st.integers(0, 0xFFFF),
    time=times,
    time_written=times,
    computer=names,
    strings=st.lists(texts, max_size=4).map(tuple),
    binary=st.binary(max_size=9),
    event_type=st.sampled_from(EventType),
    task=st.integers(0, 0xFFFF),
    user_sid=st.none() | sids,
)


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments so small that records straddle them all the time."""
    monkeypatch.setattr(records, "SEGMENT_SIZE", 1024)
    monkeypatch.setattr(records, "LONGEST_RECORD", 1024)


@settings(deadline=None, max_examples=60)
@given(st.lists(events, min_size=1, max_size=12), st.sampled_from([1, 77, 2**31 - 3, 2**32 - 5]))
def test_a_saved_log_is_read_back(read, logged, first):
    reading = read(saved_log(logged, first_record=first))
    assert [read_back(event) for event in reading.events] == [
        written(event, first + n) for n, event in enumerate(logged)
    ]
    assert reading.warnings == []
    assert reading.summary.records == len(logged)
    assert (reading.summary.first_sequence, reading.summary.last_sequence) == (first, first + len(logged) - 1)
    assert (reading.summary.lost, reading.summary.holes) == (0, 0)


@settings(deadline=None, max_examples=100)
@given(
    logged=st.lists(events, min_size=1, max_size=40),
    first=st.sampled_from([1, 77, 2**32 - 5]),
    dwords=st.integers(500, 1500),
    place=st.floats(0, 1, exclude_max=True),
    gap=st.sampled_from([GAP_BYTES, GAP_DWORDS, b"\0\0\0\0", b"LfLe"]),
    stale=st.none() | st.floats(0, 1),
    earlier=st.binary(min_size=1, max_size=50),
)
@pytest.mark.usefixtures("small_segments")
def test_a_live_log_is_read_back_however_it_wrapped(read, logged, first, dwords, place, gap, stale, earlier):
    size = dwords * 4
    start = HEADER_SIZE + int(place * (dwords - HEADER_SIZE // 4)) * 4
    before = (earlier * size)[:size]
    clean = live_log(logged, first_record=first, size=size, start=start, gap=gap, before=before)
    (oldest,) = struct.unpack_from("<I", clean, 28)
    after = None if stale is None else int(stale * len(logged))
    image = live_log(logged, first_record=first, size=size, start=start, gap=gap, before=before, header_after=after)
    overwritten = [written(event, first + n)[0] for n, event in enumerate(logged)].index(oldest)
    # of a log that begins behind number 2^32 - 1 nothing shows that it ever got there: it counts from its oldest record
    held = [written(event, oldest + n) for n, event in enumerate(logged[overwritten:])]

    reading = read(image)

    assert [read_back(event) for event in reading.events] == held
    assert reading.warnings == []
    assert (reading.summary.lost, reading.summary.holes) == (0, 0)
    assert reading.summary.dirty == (after is not None)


def test_every_value_of_a_record(read):
    event = SampleEvent(
        provider="Dhcp",
        event_id=1008,
        qualifiers=0xC000,
        time="2001-03-14T09:26:53Z",
        time_written="2001-03-14T09:26:54Z",
        computer="NTBOX",
        strings=("0", "", "Grüße", "日本"),
        binary=b"\xde\xad\x01",
        event_type=EventType.ERROR,
        task=3,
        user_sid="S-1-5-21-1-2-3-500",
    )
    reading = read(saved_log([event], first_record=12))
    assert reading.events == [
        Event(
            location=Location(source="HOST/SysEvent.Evt", offset=48, record=12),
            sequence=12,
            event_id=1008,
            provider="Dhcp",
            channel="System",
            time=parse_time("2001-03-14T09:26:53Z"),
            record_id=12,
            header_id=12,
            computer="NTBOX",
            qualifiers=0xC000,
            level=2,
            task=3,
            keywords="0x80000000000000",
            user_id="S-1-5-21-1-2-3-500",
            event_type="Error",
            time_written=parse_time("2001-03-14T09:26:54Z"),
            data={"Data1": "0", "Data2": "", "Data3": "Grüße", "Data4": "日本", "Binary": "DEAD01"},
        )
    ]
    assert str(reading.events[0].time) == "2001-03-14T09:26:53Z"
    assert reading.summary == LogSummary(
        format="evt",
        channel="System",
        computers=("NTBOX",),
        newest_computer="NTBOX",
        records=1,
        first_sequence=12,
        last_sequence=12,
        first_time=parse_time("2001-03-14T09:26:53Z"),
        last_time=parse_time("2001-03-14T09:26:53Z"),
        wrapped=True,
    )


@pytest.mark.parametrize(
    ("event_type", "name", "level", "keywords"),
    [
        (EventType.SUCCESS, "Success", 4, "0x80000000000000"),
        (EventType.ERROR, "Error", 2, "0x80000000000000"),
        (EventType.WARNING, "Warning", 3, "0x80000000000000"),
        (EventType.INFORMATION, "Information", 4, "0x80000000000000"),
        (EventType.AUDIT_SUCCESS, "Audit Success", 0, "0xa0000000000000"),
        (EventType.AUDIT_FAILURE, "Audit Failure", 0, "0x90000000000000"),
    ],
)
def test_type_gives_level_and_keywords(read, event_type, name, level, keywords):
    (event,) = read(saved_log([replace(simple(1)[0], event_type=event_type)])).events
    assert (event.event_type, event.level, event.keywords) == (name, level, keywords)


def test_an_unknown_type_is_shown_as_its_number(read):
    image = bytearray(saved_log(simple(1)))
    struct.pack_into("<H", image, HEADER_SIZE + 24, 77)
    (event,) = read(bytes(image)).events
    assert (event.event_type, event.level) == ("77", 4)


def test_a_log_without_a_standard_name_has_no_channel(read):
    (event,) = read(saved_log(simple(1)), name="backup.evt").events
    assert event.channel is None
    assert event.unreadable == {"Channel"}


@pytest.mark.parametrize("gap", [GAP_BYTES, GAP_DWORDS], ids=["bytes", "dwords"])
@pytest.mark.parametrize("left", [0, 24, 52])
@pytest.mark.parametrize("stale", [None, 5], ids=["clean", "dirty"])
def test_the_newest_records_of_a_wrapped_log_are_not_lost(read, left, gap, stale):
    """libevt gives the records after such a gap as recovered ones, or not at all."""
    logged = simple(60)
    length = len(saved_log(logged[:1])) - HEADER_SIZE - END_SIZE
    size = HEADER_SIZE + 40 * length + left
    image = live_log(logged, size=size, gap=gap, header_after=stale)
    reading = read(image, recover=True)
    assert reading.numbers == list(range(reading.numbers[0], 61))
    assert len(reading.numbers) >= 38
    assert reading.events[-1].location.offset < reading.events[0].location.offset
    assert reading.warnings == []
    assert reading.summary.wrapped


@pytest.mark.parametrize("split", range(4, 40, 4))
@pytest.mark.parametrize("stale", [None, 3], ids=["clean", "dirty"])
def test_an_eof_record_split_over_the_end(read, split, stale):
    logged = simple(60)
    length = len(saved_log(logged[:1])) - HEADER_SIZE - END_SIZE
    size = 8192
    start = size - split - 30 * length
    image = live_log(logged[:30], size=size, start=start, header_after=stale)
    assert image[size - split : size - split + 4] == END_SIZE.to_bytes(4, "little")
    reading = read(image)
    assert reading.numbers == list(range(1, 31))
    assert reading.warnings == []


def test_the_newest_of_several_eof_records_counts(read):
    logged = simple(20)
    old = live_log(logged, size=8192, start=4096)
    new = live_log(logged[:10], first_record=100, size=8192, before=old, header_after=0)
    assert new.count(struct.pack("<2I", 0x33333333, 0x44444444)) == 2
    reading = read(new)
    assert reading.numbers == list(range(100, 110))
    assert len(read(new, recover=True).recovered) == 20


def test_a_clean_header_is_not_believed_if_its_eof_record_says_otherwise(read):
    image = bytearray(live_log(simple(20), size=8192, header_after=4))
    image[36] = 0  # the dirty flag
    reading = read(bytes(image))
    assert reading.numbers == list(range(1, 21))
    assert not reading.summary.dirty


@pytest.mark.parametrize("stale", [None, 0], ids=["clean", "dirty"])
def test_a_cleared_log_is_empty_and_known_to_be_cleared(read, stale):
    reading = read(live_log([], first_record=500, header_after=stale))
    assert reading.events == []
    assert reading.warnings == []
    assert reading.summary == LogSummary(format="evt", channel="System", dirty=stale is not None, cleared=True)


def test_a_new_log_is_empty_and_not_cleared(read):
    summary = read(live_log([], first_record=1)).summary
    assert (summary.records, summary.cleared, summary.completeness) == (0, False, "whole")


def test_the_audit_log_says_that_it_was_cleared(read):
    cleared = replace(simple(1)[0], provider="Security", event_id=517)
    assert read(saved_log([cleared]), Query(frozenset({Selector(event_id=1)}))).summary.cleared
    assert not read(saved_log([replace(cleared, provider="Other")])).summary.cleared


def test_numbers_that_start_again_keep_rising_in_sequence(read):
    reading = read(saved_log(simple(4), first_record=2**32 - 2))
    assert reading.numbers == [2**32 - 2, 2**32 - 1, 0, 1]
    assert [event.sequence for event in reading.events] == [2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1]
    assert reading.summary.holes == 0


def test_holes_are_counted_and_shown(read):
    logged = [replace(event, record_number=number) for event, number in zip(simple(4), (5, 6, 9, 12), strict=True)]
    reading = read(saved_log(logged))
    assert reading.numbers == [5, 6, 9, 12]
    assert (reading.summary.holes, reading.summary.lost) == (2, 0)
    assert [(warning.kind, warning.location.offset) for warning in reading.warnings] == [
        ("bad_number", reading.events[2].location.offset),
        ("bad_number", reading.events[3].location.offset),
    ]


def test_records_in_slack_are_recovered_only_if_asked(read):
    old = live_log([replace(event, time="2001-03-13T00:00:00Z") for event in simple(30, "old")], size=8192)
    new = live_log(simple(5, "new"), size=8192, before=old, header_after=0)
    assert read(new).recovered == []
    reading = read(new, recover=True)
    assert reading.numbers == [1, 2, 3, 4, 5]
    assert [event.record_id for event in reading.recovered] == list(range(7, 31))  # the EOF record overwrote number 6
    assert reading.recovered[0].data == {"Data1": "old"}
    assert reading.summary.records == 5
    assert reading.warnings == []


def test_logs_appended_to_each_other_are_all_read(read):
    first = saved_log(simple(3, "first"), first_record=8)
    second = live_log(simple(4, "second"), size=4096, header_after=1)
    third = saved_log(simple(2, "third"))
    reading = read(first + second + third)
    assert [event.data["Data1"] for event in reading.events] == ["first"] * 3 + ["second"] * 4 + ["third"] * 2
    assert reading.numbers == [8, 9, 10, 1, 2, 3, 4, 1, 2]
    assert [event.sequence % 2**32 for event in reading.events] == reading.numbers
    assert [event.sequence for event in reading.events] == sorted(event.sequence for event in reading.events)
    assert [(warning.kind, warning.location.offset) for warning in reading.warnings] == [
        ("several_logs", len(first)),
        ("several_logs", len(first) + len(second)),
    ]
    assert (reading.summary.records, reading.summary.holes) == (9, 0)
    assert reading.summary.last_sequence == reading.events[-1].sequence


def test_a_log_appended_at_an_odd_offset_is_read(read):
    reading = read(saved_log(simple(3)) + b"?" + saved_log(simple(2)))
    assert reading.numbers == [1, 2, 3, 1, 2]
    assert reading.kinds == ["several_logs"]


def test_what_looks_like_a_log_inside_of_a_record_is_none(read):
    inner = saved_log(simple(2, "inner"))
    logged = [*simple(2), replace(simple(1)[0], binary=inner), *simple(2)]
    for image in (saved_log(logged), live_log(logged, header_after=0), saved_log(logged) + bytes(9)):
        reading = read(image, recover=True)
        assert reading.numbers == [1, 2, 3, 4, 5]
        assert reading.events[2].data["Binary"] == inner.hex().upper()
        assert reading.recovered == []
        assert reading.warnings == []


def test_filling_behind_a_wrapped_log_is_not_part_of_its_ring(read):
    image = live_log(simple(60), size=4096)
    reading = read(image + bytes(5000))
    assert reading.numbers == read(image).numbers
    assert reading.warnings == []


def test_a_size_that_is_only_configured_does_not_matter(read):
    image = bytearray(saved_log(simple(3)))
    struct.pack_into("<I", image, 32, 0x80000)
    reading = read(bytes(image))
    assert reading.numbers == [1, 2, 3]
    assert reading.warnings == []


def test_computers_are_listed_in_order_of_appearance(read):
    computers = ["MINWINPC", "MINWINPC", "NTBOX", "SERVER", "NTBOX"]
    logged = [replace(event, computer=name) for event, name in zip(simple(5), computers, strict=True)]
    reading = read(saved_log(logged), Query(frozenset({Selector(event_id=1)})))
    assert reading.events == []
    assert reading.summary.computers == ("MINWINPC", "NTBOX", "SERVER")
    assert reading.summary.newest_computer == "NTBOX"


def test_computers_that_come_late_are_listed_too(read, monkeypatch):
    """Names that end as one before them are told without being decoded, from the second segment on."""
    monkeypatch.setattr(records, "SEGMENT_SIZE", 2048)
    names = ["NTBOX"] * 40 + ["SERVER"] + ["NTBOX"] * 40 + ["ANTBOX", "NTBOX2"] + ["NTBOX"] * 5
    logged = [replace(event, computer=name) for event, name in zip(simple(50) * 2, names, strict=False)]
    assert read(saved_log(logged)).summary.computers == ("NTBOX", "SERVER", "ANTBOX", "NTBOX2")


def test_the_clock_is_that_by_which_records_were_written(read):
    """What a driver notes before the event log runs is written late, and is no step of the clock."""
    written = ["09:00", "09:01", "08:00", "08:01"]
    noted = ["09:00", "05:00", "08:00", "08:01"]
    logged = [
        replace(one, time=f"2001-03-14T{early}:00Z", time_written=f"2001-03-14T{late}:00Z")
        for one, early, late in zip(simple(4), noted, written, strict=True)
    ]
    (step,) = read(saved_log(logged, first_record=70), Query(frozenset())).summary.clock_steps
    assert (step.sequence, str(step.before), str(step.after)) == (72, "2001-03-14T09:01:00Z", "2001-03-14T08:00:00Z")


def test_a_crafted_record_does_not_hide_its_computer(read, monkeypatch):
    """The end of known names stands in its fixed part, and an offset that means nothing leads there."""
    monkeypatch.setattr(records, "SEGMENT_SIZE", 1000)
    monkeypatch.setattr(records, "LONGEST_RECORD", 1000)
    last = replace(simple(1)[0], computer="EVIL")
    log = bytearray(saved_log([replace(event, computer="BOX") for event in simple(20)] + [last]))
    first, crafted = HEADER_SIZE, log.rfind(b"LfLe", 0, -END_SIZE) - 4
    string_offset = struct.unpack_from("<I", log, first + 36)[0]
    names = bytes(log[first + 56 : first + string_offset])
    tail = names[names.rfind("\0BOX\0".encode("utf-16-le")) :]
    assert len(tail) <= 12  # times and event id have room for it
    log[crafted + 24 - len(tail) : crafted + 24] = tail
    struct.pack_into("<2I", log, crafted + 40, 0, 24)  # no user, and where he would stand
    assert read(bytes(log)).summary.computers == ("BOX", "EVIL")


def test_many_computers_are_listed_only_in_part(read):
    logged = [replace(event, computer=f"PC{place}") for place, event in enumerate(simple(60) * 2)]
    assert read(saved_log(logged)).summary.computers == tuple(f"PC{place}" for place in range(64))


SELECTIONS = [
    (Selector(event_id=1008), ["Dhcp", "dhcp", "DhcpServer"]),
    (Selector(provider="DHCP", event_id=1008), ["Dhcp", "dhcp"]),
    (Selector(provider="Dhcp"), ["Dhcp", "dhcp", "Dhcp"]),
    (Selector(provider="DhcpServer"), ["DhcpServer"]),
    (Selector(provider="sm"), ["SM"]),
    (Selector(provider="ÄRGER"), ["Ärger"]),
    (Selector(channel="System", provider="SM"), ["SM"]),
    (Selector(channel="Security"), []),
    (Selector(event_id=70000), []),
]


@pytest.mark.parametrize(("selector", "providers"), SELECTIONS)
def test_a_query_selects_by_id_source_and_channel(read, selector, providers):
    sources = [("Dhcp", 1008), ("dhcp", 1008), ("DhcpServer", 1008), ("Dhcp", 5), ("SM", 7), ("Small", 8), ("Ärger", 9)]
    logged = [replace(simple(1)[0], provider=name, event_id=number, qualifiers=0xC000) for name, number in sources]
    reading = read(saved_log(logged), Query(frozenset({selector})))
    assert [event.provider for event in reading.events] == providers
    assert reading.summary.records == len(sources)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (Query(levels=frozenset({2})), [2]),
        (Query(levels=frozenset({0})), [5, 6]),
        (Query(levels=frozenset({4})), [1, 4, 7]),
        (Query(levels=frozenset({1})), []),
        (Query(record_ids=(range(2, 4), range(7, 99))), [2, 3, 7]),
        (Query(start=parse_time("2001-03-14T10:00:03Z")), [4, 5, 6, 7]),
        (Query(start=parse_time("2001-03-14T10:00:02.0000001Z"), end=parse_time("2001-03-14T10:00:04Z")), [4]),
        (Query(end=parse_time("2001-03-14T10:00:04.0000001Z")), [1, 2, 3, 4, 5]),
        (Query(include_ids=(range(101, 103), range(105, 106))), [2, 3, 6]),
        (Query(exclude_ids=(range(101, 106),)), [1, 7]),
        (Query(frozenset({Selector(provider="dhcp")}), exclude_ids=(range(101, 103),)), [1, 5, 7]),
        (Query(frozenset({Selector(event_id=104)}), frozenset({0}), include_ids=(range(9999),)), [5]),
    ],
)
def test_filters_narrow_the_selection(read, query, numbers):
    """Types 0 to 16, one each, and one that nobody knows, a second after the other."""
    logged = [
        SampleEvent(
            provider=("Dhcp", "Print")[place % 2],
            event_id=100 + place,
            time=f"2001-03-14T10:00:0{place}Z",
            computer="PC",
            event_type=kind,
            qualifiers=0x8000,
        )
        for place, kind in enumerate((0, 1, 2, 4, 8, 16, 32))
    ]
    reading = read(saved_log(logged), query)
    assert reading.numbers == numbers
    assert reading.summary.records == 7


def test_only_what_is_selected_is_looked_at_by_name(read, monkeypatch):
    """Also where ranges of ids select, as those of the command line."""
    looked_at = []
    monkeypatch.setattr(reader, "source_name", lambda record: looked_at.append(record) or "Print")
    assert read(saved_log(simple(60)), Query(include_ids=(range(6001, 6003),))).numbers == [2, 3]
    assert len(looked_at) == 2


def test_an_unknown_channel_fits_every_selector(read):
    reading = read(saved_log(simple(1)), Query(frozenset({Selector(channel="Security")})), name="log.evt")
    assert reading.numbers == [1]


def test_a_log_of_many_segments_is_read_whole(read):
    logged = simple(60, "x" * 8000) * 5
    image = saved_log(logged)
    assert len(image) > 2 * records.SEGMENT_SIZE
    reading = read(image, Query(frozenset({Selector(event_id=6001)})))
    assert reading.numbers == [2, 62, 122, 182, 242]
    assert reading.summary.records == 300
