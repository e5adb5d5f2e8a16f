"""One pass over a log: its summary, its warnings, and its parts."""

import struct
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from binxml_builder import ChunkBuilder, Element, Fragment, Substitution, event
from evtx_files import CHUNK, HEADER_BLOCK, closed, log_of, read, source
from sample_writer.event import Data, SampleEvent, Value
from sample_writer.evtx import evtx_log

from evtscan.base.errors import EvidenceError
from evtscan.base.model.log import LogSummary
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.evtx import reader
from evtscan.parsers.logs.evtx.file import read_segments
from evtscan.parsers.logs.evtx.reader import EvtxLog, Tally, chunk_at, chunk_count, open_layout

TIME = 130_000_000_000_000_000
UINT16, STRING = 0x06, 0x01
UNREADABLE = b"\x0f\x01\x01\0\x1f" + bytes(30)


@pytest.fixture(params=[1, 2, 256], ids=["segments of one chunk", "of two chunks", "one segment"])
def segments(request, monkeypatch) -> int:
    monkeypatch.setattr(reader, "read_segments", partial(read_segments, chunks_per_segment=request.param))
    return request.param


def sample(number: int, **given) -> SampleEvent:
    fields = {"provider": "P", "event_id": number % 1000, "computer": "HOST", "channel": "System"}
    padding = (Data("padding", Value("x" * 2000)),)
    return SampleEvent(**{"time": TIME + number, "data": padding, **fields, **given})


def summary(folder: Path, data: bytes, query: Query = EVERYTHING, **options) -> LogSummary:
    return read(folder, data, query, **options)[1].summary


def chunk_of(*contents: Fragment | bytes, first: int = 1, ticks: int = TIME) -> bytes:
    """A chunk whose records are numbered from ``first``; their times are one tick apart."""
    built = ChunkBuilder(number=first - 1)
    for place, content in enumerate(contents):
        built.record(content, ticks + place)
    built.number = len(contents)
    return closed(built, first=first)


def record(number: int, computer: str = "HOST") -> Fragment:
    tree = event(event_id=Substitution(0, UINT16))
    tree.content[0].content += (Element("Computer", Substitution(1, STRING)),)
    return Fragment(tree, [(UINT16, struct.pack("<H", number)), (STRING, computer.encode("utf-16-le"))])


# ---------------------------------------------------------------------------------------------- summary


def test_the_summary_of_several_chunks(tmp_path, segments):
    data = evtx_log([sample(number) for number in range(100)], first_record=50)
    assert len(data) >= HEADER_BLOCK + 4 * CHUNK
    for query in (EVERYTHING, Query(frozenset()), Query(frozenset({Selector(event_id=3)}))):
        found, log = read(tmp_path, data, query)
        assert len(found) == len([number for number in range(100) if query.accepts("System", "P", None, number)])
        assert log.warnings == []
        assert log.summary == LogSummary(
            format="evtx",
            channel="System",
            computers=("HOST",),
            newest_computer="HOST",
            records=100,
            lost=0,
            first_sequence=50,
            last_sequence=149,
            first_time=Instant(TIME),
            last_time=Instant(TIME + 99),
            wrapped=True,
        )


@pytest.mark.parametrize(("first", "wrapped"), [(1, False), (2, True)])
def test_a_log_has_wrapped_if_its_first_number_is_not_one(tmp_path, first, wrapped):
    found = summary(tmp_path, evtx_log([sample(0)], first_record=first))
    assert (found.first_sequence, found.last_sequence, found.wrapped) == (first, first, wrapped)


def test_holes_within_and_between_chunks_are_counted(tmp_path, segments):
    def chunk(*numbers: int) -> bytes:
        built = ChunkBuilder()
        for number in numbers:
            built.number = number - 1
            built.record(record(1))
        built.number = len(numbers)
        return closed(built, first=numbers[0])

    data = log_of(chunk(1, 2), chunk(3, 4), chunk(6, 7), chunk(8, 11, 12), chunk(13, 14))
    found = summary(tmp_path, data)
    assert (found.records, found.holes, found.first_sequence, found.last_sequence) == (11, 2, 1, 14)


def test_computers_are_listed_in_order_of_appearance(tmp_path, segments):
    names = ["B"] * 40 + ["A"] * 40 + ["C", "B"] + ["D"] * 40
    data = evtx_log([sample(number, computer=name) for number, name in enumerate(names)])
    found = summary(tmp_path, data)
    assert (found.computers, found.newest_computer) == (("B", "A", "C", "D"), "D")
    found = summary(tmp_path, data, Query(frozenset({Selector(event_id=80)})))
    assert (found.computers, found.newest_computer) == (("B", "C", "D"), "D")
    for walk in (EvtxLog.batches, lambda log: log.events_where(lambda columns: [])):
        log = EvtxLog(source(tmp_path, data), EVERYTHING)
        for _ in walk(log):
            pass
        assert log.summary.computers == ("B", "A", "C", "D")


def test_the_list_of_computers_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_MOST_COMPUTERS", 2)
    tally = Tally(open_layout(source(tmp_path, evtx_log([sample(0)]))))
    for names in (["A", None, ""], ["A", "B"], ["C"]):
        tally.name(names)
    assert list(tally.computers) == ["A", "B"]
    assert tally.summary().computers == ("A", "B")


@pytest.mark.parametrize(
    ("event_id", "provider", "cleared"),
    [
        (104, "Microsoft-Windows-Eventlog", True),
        (1102, "MICROSOFT-Windows-EventLog", True),
        (103, "Microsoft-Windows-Eventlog", False),
        (1103, "Microsoft-Windows-Eventlog", False),
        (1102, "Eventlog", False),
    ],
)
def test_a_log_was_cleared_if_its_first_event_says_so(tmp_path, event_id, provider, cleared):
    first = sample(0, event_id=event_id, provider=provider)
    assert summary(tmp_path, evtx_log([first, sample(1)])).cleared == cleared
    assert not summary(tmp_path, evtx_log([sample(0), first])).cleared


@pytest.mark.parametrize(("next_record", "cleared"), [(0, False), (1, False), (2, True)])
def test_an_empty_log_was_cleared_if_it_had_a_record(tmp_path, next_record, cleared):
    found = summary(tmp_path, log_of(closed(ChunkBuilder()), next_record=next_record))
    assert (found.cleared, found.records, found.first_sequence, found.last_time) == (cleared, 0, None, None)
    damaged = bytearray(log_of(closed(ChunkBuilder()), next_record=next_record))
    damaged[124] ^= 1  # the checksum of the header
    assert not summary(tmp_path, bytes(damaged)).cleared


@pytest.mark.parametrize(
    ("ids", "channel", "filtered"),
    [
        ((10, 11, 12), "System", False),
        ((10, 11, 13), "System", True),
        ((10, 12, 11), "System", False),
        ((10, 11, 13), "ForwardedEvents", False),
    ],
)
def test_a_log_is_filtered_if_its_record_ids_have_gaps(tmp_path, ids, channel, filtered):
    events = [sample(place, record_number=number, channel=channel) for place, number in enumerate(ids)]
    assert summary(tmp_path, evtx_log(events)).filtered == filtered


def test_a_log_with_gaps_in_its_numbers_is_not_called_filtered(tmp_path):
    def tree(number: int) -> Fragment:
        built = event(event_id="1")
        built.content[0].content += (Element("EventRecordID", str(number)),)
        return Fragment(built)

    data = log_of(chunk_of(tree(1), tree(2)), chunk_of(tree(5), tree(9), first=5))
    assert (summary(tmp_path, data).holes, summary(tmp_path, data).filtered) == (1, False)
    data = log_of(chunk_of(tree(1), tree(2)), chunk_of(tree(5), tree(9), first=3))
    assert (summary(tmp_path, data).holes, summary(tmp_path, data).filtered) == (0, True)


def test_a_converted_log_has_whole_seconds_in_all_headers(tmp_path):
    second = 10_000_000
    classic = [
        SampleEvent(provider="P", event_id=1, time=TIME + second * number, strings=("a",), qualifiers=0)
        for number in range(3)
    ]
    data = bytearray(evtx_log(classic))
    plain = summary(tmp_path, bytes(data))
    position = HEADER_BLOCK + 0x200
    position += int.from_bytes(data[position + 4 : position + 8], "little")
    struct.pack_into("<Q", data, position + 16, TIME + second + 1)
    assert (plain.converted, summary(tmp_path, bytes(data)).converted) == (True, False)


# ---------------------------------------------------------------------------------------------- ends


@pytest.mark.parametrize(("broken", "computer"), [(0, "A"), (7, "A"), (8, None)])
def test_the_first_record_that_can_be_decoded_is_the_oldest(tmp_path, broken, computer):
    chunk = chunk_of(*[UNREADABLE] * broken, record(1, "A"), *[record(1, "B")] * 8)
    found = summary(tmp_path, log_of(chunk), Query(frozenset()))
    assert found.computers == tuple(filter(None, (computer, "B")))
    assert (found.records, found.lost) == (9, broken)
    assert (found.first_sequence, found.first_time.ticks) == (1, TIME)


@pytest.mark.parametrize(("broken", "computer"), [(0, "Z"), (7, "Z"), (8, None)])
def test_the_last_record_that_can_be_decoded_is_the_newest(tmp_path, broken, computer):
    chunk = chunk_of(*[record(1, "B")] * 8, record(1, "Z"), *[UNREADABLE] * broken)
    found = summary(tmp_path, log_of(chunk), Query(frozenset()))
    assert found.newest_computer == computer
    assert (found.last_sequence, found.last_time.ticks) == (9 + broken, TIME + 8 + broken)


@pytest.mark.parametrize(("kept", "computer"), [(3, "A"), (2, None)])
def test_the_ends_are_looked_for_in_several_segments(tmp_path, monkeypatch, kept, computer):
    monkeypatch.setattr(reader, "read_segments", partial(read_segments, chunks_per_segment=1))
    monkeypatch.setattr(reader, "_LAST_SEGMENTS", kept)
    chunks = [chunk_of(UNREADABLE), chunk_of(record(1, "A"), first=2)]
    chunks += [chunk_of(UNREADABLE, first=number) for number in (3, 4)]
    found = summary(tmp_path, log_of(*chunks), Query(frozenset()))
    assert found.computers == ("A",)
    assert found.newest_computer == computer


# ---------------------------------------------------------------------------------------------- chunk ranges


def test_chunk_ranges_together_give_the_whole(tmp_path):
    chunks = [chunk_of(*(record(7, f"H{place}") for _ in range(3)), first=1 + 3 * place) for place in range(5)]
    broken = chunk_of(record(7), UNREADABLE, record(7), first=16)
    data = bytearray(log_of(*chunks, broken))
    data[124] ^= 1  # the checksum of the header: a warning of the whole file
    log = source(tmp_path, bytes(data))
    whole = EvtxLog(log, EVERYTHING)
    events = list(whole)
    assert [each.header_id for each in events] == [*range(1, 17), 18]
    assert chunk_count(log) == 6
    for borders in ([0, 6], [0, 1, 6], [0, 2, 4, 6], [0, 1, 2, 3, 4, 5, 6], [0, 5, 99]):
        parts = [EvtxLog(log, EVERYTHING, chunk_range=pair) for pair in pairwise(borders)]
        assert [each for part in parts for each in part] == events
        assert [warning for part in parts for warning in part.warnings] == whole.warnings
        assert sum(part.summary.records for part in parts) == whole.summary.records == 17
        assert sum(part.summary.lost for part in parts) == whole.summary.lost == 1
        assert parts[0].summary.first_time == whole.summary.first_time
        assert parts[-1].summary.last_time == whole.summary.last_time
        assert parts[-1].summary.last_sequence == 18
        names = dict.fromkeys(name for part in parts for name in part.summary.computers)
        assert tuple(names) == whole.summary.computers == ("H0", "H1", "H2", "H3", "H4", "HOST")
    assert [warning.kind for warning in whole.warnings] == ["bad_header", "bad_record"]
    assert list(EvtxLog(log, EVERYTHING, chunk_range=(6, 7))) == []


def test_the_chunk_at_an_offset(tmp_path):
    log = source(tmp_path, log_of(chunk_of(record(1)), chunk_of(record(2), first=2)))
    ends = [HEADER_BLOCK, HEADER_BLOCK + CHUNK, HEADER_BLOCK + 2 * CHUNK]
    assert [chunk_at(log, offset) for offset in ends] == [0, 1, None]
    assert [chunk_at(log, offset - 1) for offset in ends] == [None, 0, 1]
    assert chunk_at(log, 0) is None


def test_chunks_are_counted_in_record_order_and_again_after_a_change(tmp_path):
    first, second = chunk_of(record(1)), chunk_of(record(2), first=2)
    log = source(tmp_path, log_of(second, first))
    assert (chunk_count(log), chunk_at(log, HEADER_BLOCK)) == (2, 1)
    assert [each.event_id for each in EvtxLog(log, EVERYTHING, chunk_range=(0, 1))] == [1]
    source(tmp_path, log_of(second))
    assert (chunk_count(log), chunk_at(log, HEADER_BLOCK)) == (1, 0)


# ---------------------------------------------------------------------------------------------- warnings, errors


@pytest.mark.parametrize(("limit", "kept"), [(6, 6), (5, 6), (4, 5), (1, 2)])
def test_warnings_are_limited_and_lost_records_are_not(tmp_path, monkeypatch, segments, limit, kept):
    monkeypatch.setattr(reader, "MOST_WARNINGS", limit)
    chunks = [chunk_of(*[UNREADABLE] * 2, first=1 + 2 * place) for place in range(3)]
    _, log = read(tmp_path, log_of(*chunks))
    assert len(log.warnings) == kept
    assert {warning.kind for warning in log.warnings} == {"bad_record"}
    assert (log.summary.lost, log.summary.records) == (6, 0)
    lost = sum(warning.records_lost for warning in log.warnings)
    assert lost == limit


def test_a_file_without_header_and_chunks_is_an_error(tmp_path):
    with pytest.raises(EvidenceError, match=r"gone\.evtx"):
        chunk_count(Source(tmp_path / "gone.evtx", "gone.evtx"))
    with pytest.raises(EvidenceError, match=r"log\.evtx"):
        open_layout(source(tmp_path, bytes(HEADER_BLOCK + CHUNK)))
    assert open_layout(source(tmp_path, log_of())).chunks == ()
    headless = bytes(HEADER_BLOCK) + chunk_of(record(1))
    assert len(open_layout(source(tmp_path, headless)).chunks) == 1


# ---------------------------------------------------------------------------------------------- forms of reading


def test_batches_and_chosen_events_are_the_events(tmp_path, segments):
    data = evtx_log([sample(number) for number in range(100)])
    log = source(tmp_path, data)
    events = list(EvtxLog(log, EVERYTHING))
    assert [number for batch in EvtxLog(log, EVERYTHING).batches() for number in batch.header_id] == [*range(1, 101)]
    odd = EvtxLog(log, EVERYTHING).events_where(
        lambda columns: np.flatnonzero([number % 2 for number in columns.column("event_id")]).tolist()
    )
    assert list(odd) == events[1::2]
    by_reference = EvtxLog(log, Query(frozenset({Selector(event_id=5)})), decoder="reference")
    assert list(by_reference) == [events[5]]


def test_problems_are_counted_whatever_is_selected(tmp_path, segments):
    levels = [1, 2, 2, 3, 4, 0]
    events = [sample(number, event_id=9, level=levels[number % 6]) for number in range(60)]
    log = EvtxLog(source(tmp_path, evtx_log(events)), Query(frozenset()))
    counts = log.count_problems()
    assert list(log) == []
    found = {kind.level: (problem.count, problem.first, problem.last) for kind, problem in counts.items()}
    assert found == {
        1: (10, Instant(TIME), Instant(TIME + 54)),
        2: (20, Instant(TIME + 1), Instant(TIME + 56)),
        3: (10, Instant(TIME + 3), Instant(TIME + 57)),
    }
