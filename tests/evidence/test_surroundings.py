"""The records around an event, of every kind of log, read from a part of the file alone."""

import random

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Location, Source
from evtscan.evidence import neighbours as surroundings
from evtscan.evidence.neighbours import MOST_BYTES, RECORDS, around
from evtscan.parsers import read_log, recognise
from evtscan.parsers.logs.evt import parts as evt_parts
from evtscan.parsers.logs.evtx import EvtxLog, chunk_count
from evtscan.parsers.logs.evtx import parts as evtx_parts


def source_of(path):
    return Source(path, path.name)


def everything(source):
    return list(read_log(recognise(source), source, EVERYTHING))


def made_up(count):
    for number in range(1, count + 1):
        time = f"2010-03-01T{number // 60:02}:{number % 60:02}:00Z"
        yield SampleEvent(provider="Dhcp", event_id=number, time=time, strings=("x" * (number % 97),))


def an_evt(folder, count=400):
    path = folder / "SysEvent.Evt"
    path.write_bytes(saved_log(made_up(count), first_record=1000))
    return source_of(path)


def expected(events, event):
    return tuple(one for one in events if abs(one.sequence - event.sequence) <= RECORDS)


def test_five_records_before_and_after_and_itself(tmp_path):
    source = an_evt(tmp_path)
    events = everything(source)
    middle = events[200]
    found = around({source.name: source}, [middle])
    assert list(found) == [middle.location]
    assert [event.event_id for event in found[middle.location]] == list(range(196, 207))
    assert [event.location for event in found[middle.location]] == [event.location for event in events[195:206]]


def test_fewer_at_the_ends_of_a_log(tmp_path):
    source = an_evt(tmp_path)
    first, *_, last = everything(source)
    found = around({source.name: source}, [first, last])
    assert [event.event_id for event in found[first.location]] == [1, 2, 3, 4, 5, 6]
    assert [event.event_id for event in found[last.location]] == [395, 396, 397, 398, 399, 400]


def test_only_a_part_of_the_file_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(evt_parts, "_WINDOW", 2048)
    source = an_evt(tmp_path)
    events = everything(source)
    read = []
    original = evt_parts._Window
    monkeypatch.setattr(
        evt_parts, "_Window", lambda path, name, data: read.append(len(data)) or original(path, name, data)
    )
    assert around({source.name: source}, [events[200]])[events[200].location] == expected(events, events[200])
    assert read == [4096]


def test_an_evtx_log_is_read_by_chunks(tmp_path, monkeypatch):
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log(made_up(700)))
    source = source_of(path)
    assert chunk_count(source) == 4
    events = everything(source)
    read = []
    monkeypatch.setattr(
        evtx_parts,
        "EvtxLog",
        lambda *given, chunk_range, **options: (
            read.append(chunk_range) or EvtxLog(*given, chunk_range=chunk_range, **options)
        ),
    )
    assert around({source.name: source}, [events[50]])[events[50].location] == expected(events, events[50])
    assert read == [(0, 1)]
    assert around({source.name: source}, events) == {event.location: expected(events, event) for event in events}


def test_a_small_text_log_is_read_again_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "system.txt"
    lines = (f"3/13/98,{1 + number % 12}:00:00 AM,4,0,{number},Dhcp,N/A,NTBOX,text\n" for number in range(30))
    path.write_text("".join(lines))
    source = source_of(path)
    events = everything(source)
    found = around({source.name: source}, [events[10]])
    assert found[events[10].location] == expected(events, events[10])
    monkeypatch.setattr(surroundings, "MOST_BYTES", 10)
    assert around({source.name: source}, [events[10]]) == {}
    assert MOST_BYTES == 4 << 20


def test_what_cannot_be_read_again_is_left_out(tmp_path):
    source = an_evt(tmp_path)
    event = everything(source)[0]
    assert around({}, [event]) == {}
    assert around({source.name: source_of(tmp_path / "gone.evt")}, [event]) == {}
    source.path.write_bytes(b"")
    assert around({source.name: source}, [event]) == {}
    source.path.write_bytes(b"\0" * 70_000)
    assert around({source.name: source}, [event]) == {}


def test_an_event_that_is_not_where_it_was_is_left_out(tmp_path):
    source = an_evt(tmp_path)
    moved = Event(location=Location(source=source.name, offset=7, record=1), sequence=1, event_id=1, provider="Nobody")
    assert around({source.name: source}, [moved]) == {}


@pytest.mark.corpus
def test_real_logs(corpus):
    chosen = random.Random(1)
    for path in sorted([*corpus.rglob("*.evtx"), *corpus.rglob("*.[eE]vt")]):
        source = source_of(path)
        row = recognise(source)
        if row is None or row.name not in ("evt", "evtx") or path.stat().st_size > 8 << 20:
            continue
        events = everything(source)
        some = chosen.sample(events, min(20, len(events)))
        found = around({source.name: source}, some)
        for event in some:
            near = [one.location for one in found[event.location]]
            assert event.location in near
            assert set(near) <= {one.location for one in expected(events, event)}, path.name
