"""Whole logs: what they yield, and what is said of them."""

import struct
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from binxml_builder import ChunkBuilder, Element, Fragment, Substitution, event
from evtx_files import CHUNK, HEADER_BLOCK, closed, log_of, read, resealed, source
from sample_writer.event import Data, SampleEvent, Value, ValueType
from sample_writer.evtx import evtx_log

from evtscan.base.errors import EvidenceError
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx import chunk_count, read_log, reader
from evtscan.parsers.logs.evtx.file import read_segments

TIME = 130_000_000_000_000_000


def events(count: int, **given) -> list[SampleEvent]:
    fields = {"provider": "Test", "event_id": 1, "strings": ("x" * 300,)} | given
    return [SampleEvent(time=TIME + number, **fields) for number in range(count)]


def test_the_summary_of_a_whole_log(tmp_path):
    found, log = read(tmp_path, evtx_log(events(200, computer="A", channel="Application")), Query(frozenset()))
    assert found == []
    summary = log.summary
    assert (summary.format, summary.channel, summary.records, summary.lost, summary.holes) == (
        "evtx",
        "Application",
        200,
        0,
        0,
    )
    assert (summary.first_sequence, summary.last_sequence) == (1, 200)
    assert (summary.first_time.ticks, summary.last_time.ticks) == (TIME, TIME + 199)
    assert summary.completeness == "whole"
    assert not summary.dirty


@pytest.mark.parametrize(
    ("untimed", "first", "last"),
    [([4], 0, 3), ([0], 1, 4), ([0, 2, 4], 1, 3), ([0, 1, 2, 3, 4], 0, 4)],
    ids=["the newest", "the oldest", "some", "all"],
)
def test_a_header_without_a_time_is_neither_an_end_nor_a_step(tmp_path, untimed, first, last):
    """A record that was being written when the log was copied has zero there; System has its time."""
    data = bytearray(evtx_log(events(5)))
    position = HEADER_BLOCK + 0x200
    for place in range(5):
        if place in untimed:
            data[position + 16 : position + 24] = bytes(8)
        position += int.from_bytes(data[position + 4 : position + 8], "little")
    found, log = read(tmp_path, bytes(data))
    assert [event.time.ticks for event in found] == [TIME + place for place in range(5)]
    summary = log.summary
    assert (summary.records, summary.first_sequence, summary.last_sequence) == (5, 1, 5)
    assert (summary.first_time.ticks, summary.last_time.ticks) == (TIME + first, TIME + last)
    assert summary.clock_steps == ()


def test_the_names_of_the_selected_events_oldest_first(tmp_path):
    log = evtx_log([*events(3, computer="OLD"), *events(2, computer="NEW")])
    assert read(tmp_path, log)[1].summary.computers == ("OLD", "NEW")


def test_a_wrapped_and_dirty_log(tmp_path):
    data = evtx_log(events(300), first_record=1000, newest_in_front=1, header_after=1)
    found, log = read(tmp_path, data)
    assert [event.sequence for event in found] == list(range(1000, 1300))
    assert (log.summary.records, log.summary.wrapped, log.summary.dirty) == (300, True, True)
    assert log.warnings == []


def test_a_log_that_was_cleared_says_so_in_its_first_record(tmp_path):
    cleared = SampleEvent(provider="Microsoft-Windows-Eventlog", event_id=1102, time=TIME, channel="Security")
    assert read(tmp_path, evtx_log([cleared, *events(3)], first_record=50))[1].summary.cleared
    assert not read(tmp_path, evtx_log([*events(3), cleared], first_record=50))[1].summary.cleared


def test_an_empty_log_whose_counter_runs_was_cleared(tmp_path):
    empty = log_of(closed(ChunkBuilder()), next_record=500)
    assert read(tmp_path, empty)[1].summary.cleared
    assert not read(tmp_path, log_of(closed(ChunkBuilder()), next_record=1))[1].summary.cleared
    assert read(tmp_path, empty)[1].summary.records == 0


def test_an_export_by_source_has_holes_in_its_record_ids_alone(tmp_path):
    rows = [SampleEvent(provider="T", event_id=1, time=TIME + n, record_number=n) for n in (10, 11, 40)]
    assert read(tmp_path, evtx_log(rows))[1].summary.filtered
    rows = [SampleEvent(provider="T", event_id=1, time=TIME + n, record_number=n) for n in (10, 11, 12)]
    assert not read(tmp_path, evtx_log(rows))[1].summary.filtered


def test_an_export_of_a_host_that_was_renamed_is_one_too(tmp_path):
    named = zip((10, 11, 40), ("OLD", "NEW", "NEW"), strict=True)
    rows = [SampleEvent(provider="T", event_id=1, time=TIME + n, record_number=n, computer=name) for n, name in named]
    assert read(tmp_path, evtx_log(rows))[1].summary.filtered


def test_the_oldest_and_the_newest_record_are_named_whatever_is_selected(tmp_path):
    names = ["A", "B", "C", "A"]
    rows = [SampleEvent(provider="T", event_id=n, time=TIME + n, computer=name) for n, name in enumerate(names)]
    summary = read(tmp_path, evtx_log(rows), Query(frozenset({Selector(event_id=2)})))[1].summary
    assert (summary.computers, summary.newest_computer) == (("A", "C"), "A")


@pytest.mark.parametrize("chunks", [1, 256])
def test_steps_of_the_clock_within_and_between_segments(tmp_path, monkeypatch, chunks):
    monkeypatch.setattr(reader, "read_segments", partial(read_segments, chunks_per_segment=chunks))
    minute = 600_000_000
    rows = [replace(one, time=TIME + n * minute) for n, one in enumerate(events(600))]
    rows[300:] = [replace(one, time=one.time - 100 * minute) for one in rows[300:]]
    rows[500:502] = [replace(one, time=one.time - 90 * minute) for one in rows[500:502]]
    steps = read(tmp_path, evtx_log(rows), Query(frozenset()))[1].summary.clock_steps
    found = [(step.sequence, (step.after.ticks - step.before.ticks) // minute, step.until) for step in steps]
    assert found == [(301, -99, None), (501, -89, 503)]


def test_a_missing_chunk_is_a_hole(tmp_path):
    data = evtx_log(events(300))
    without_second = data[: HEADER_BLOCK + CHUNK] + data[HEADER_BLOCK + 2 * CHUNK :]
    found, log = read(tmp_path, without_second)
    assert log.summary.holes == 1
    assert log.summary.records == len(found) < 300


def test_a_record_that_cannot_be_decoded_is_named(tmp_path):
    chunk = ChunkBuilder()
    for number in range(3):
        chunk.record(b"\x0f\x01\x01\x00\x1f" + bytes(30) if number == 1 else Fragment(event()))
    found, log = read(tmp_path, log_of(closed(chunk)))
    assert [event.header_id for event in found] == [1, 3]
    (warning,) = log.warnings
    assert (warning.kind, warning.location.record, warning.records_lost) == ("bad_record", 2, 1)
    assert (log.summary.records, log.summary.lost) == (2, 1)


def test_a_time_that_system_does_not_have_comes_from_the_records_header(tmp_path):
    chunk = ChunkBuilder()
    chunk.record(Fragment(event(event_id=Substitution(0, 6)), [(6, b"\1\0")]), ticks=TIME + 5)
    found, _ = read(tmp_path, log_of(closed(chunk)))
    assert found[0].time.ticks == TIME + 5


def test_slack_is_recovered_only_when_asked_for(tmp_path):
    data = bytearray(evtx_log(events(20)))
    places = []
    position = HEADER_BLOCK + 0x200
    for _ in range(20):
        places.append(position)
        position += struct.unpack_from("<I", data, position + 4)[0]
    struct.pack_into("<4Q2xH4xI", data, HEADER_BLOCK + 8, 1, 15, 1, 15, 0, places[15] - HEADER_BLOCK)
    struct.pack_into("<I", data, HEADER_BLOCK + 40, 128)
    struct.pack_into("<I", data, HEADER_BLOCK + 48, places[15] - HEADER_BLOCK)
    log = bytes(data[:HEADER_BLOCK]) + resealed(bytes(data[HEADER_BLOCK : HEADER_BLOCK + CHUNK]))
    found, reader = read(tmp_path, log)
    assert [event.sequence for event in found] == list(range(1, 16))
    found, reader = read(tmp_path, log, recover=True)
    assert [(event.sequence, event.recovered) for event in found] == [(n, n > 15) for n in range(1, 21)]
    assert reader.summary.records == 15


def test_chunks_can_be_counted_without_reading_them(tmp_path):
    data = evtx_log(events(300))
    assert chunk_count(source(tmp_path, data)) == (len(data) - HEADER_BLOCK) // CHUNK


@pytest.mark.parametrize("data", [b"", b"ElfFile\0", b"x" * 100_000, bytes(5000)])
def test_what_is_no_log_is_refused_by_name(tmp_path, data):
    with pytest.raises(EvidenceError, match=r"log\.evtx"):
        read_log(source(tmp_path, data), EVERYTHING)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(EvidenceError, match="gone"):
        read_log(Source(tmp_path / "gone.evtx", "gone.evtx"), EVERYTHING)


def test_the_reference_decoder_reads_the_same(tmp_path):
    rows = [
        SampleEvent(provider="T", event_id=n, time=TIME, data=(Data("N", Value(n, ValueType.HEX64)),)) for n in range(5)
    ]
    data = evtx_log(rows)
    assert read(tmp_path, data, reference=True)[0] == read(tmp_path, data)[0]


def test_a_reference_decoder_that_cannot_be_imported_costs_its_records_only(tmp_path, monkeypatch):
    """Where file names ignore case, the packages ``evtx`` and python-evtx overwrite each other."""
    rows = [SampleEvent(provider="T", event_id=n, time=TIME) for n in range(3)]
    monkeypatch.setitem(sys.modules, "evtscan.parsers.logs.evtx.reference", None)
    assert len(read(tmp_path, evtx_log(rows))[0]) == 3
    found, log = read(tmp_path, evtx_log(rows), reference=True)
    assert (found, log.summary.lost, {warning.kind for warning in log.warnings}) == ([], 3, {"bad_record"})
    assert "uninstall evtx" in log.warnings[0].message


def test_templates_without_end_are_bounded(tmp_path):
    """Every record brings a template of its own; the file is read all the same."""
    chunk = ChunkBuilder()
    for number in range(150):
        chunk.record(Fragment(event(Element("EventData", Element("Data", str(number).rjust(4), Name="N")))))
    found, _ = read(tmp_path, log_of(closed(chunk)))
    assert [event.data["N"].strip() for event in found] == [str(number) for number in range(150)]


# Records that the Rust wheel counts, from the corpus' manifest.
COUNTS = {
    "dns_log_malformed": 5,
    "rs-MSExchange_Management_wec": 1,
    "rs-new-user-security": 4,
    "rs-Application_no_crc32": 17,
    "rs-Security_short_selected": 7,
    "rs-post-Security": 126,
}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_small_real_logs(corpus: Path, name, count):
    path = corpus / "evtx" / f"{name}.evtx"
    log = read_log(Source(path, path.name), EVERYTHING)
    assert len(list(log)) == count
    assert log.warnings == []


def test_selecting_from_a_real_log(corpus: Path):
    path = corpus / "evtx" / "plaso-System.evtx"
    log = read_log(Source(path, path.name), Query(frozenset({Selector(provider="eventlog", event_id=6009)})))
    found = list(log)
    assert {event.data["Data2"] for event in found} == {"7601"}
    assert found[0].data["Data3"] == "Service Pack 1"
    assert log.summary.records == 5009
    assert log.summary.channel == "System"


@pytest.mark.corpus
def test_parts_of_every_real_log_make_the_whole(corpus: Path):
    for path in sorted((corpus / "evtx").glob("*.evtx")):
        log = Source(path, path.name)
        middle = chunk_count(log) // 2
        parts = [
            *read_log(log, EVERYTHING, chunk_range=(0, middle)),
            *read_log(log, EVERYTHING, chunk_range=(middle, 99)),
        ]
        assert parts == list(read_log(log, EVERYTHING)), path.name
