"""A .evt that a newer Windows converted: recognised by its records, and no word on the product."""

from dataclasses import replace

import pytest
from host_builder import event, evidence, log
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.base.model.fact import Basis
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.evidence.reading import CONVERTED, read
from evtscan.facts.host import Host
from evtscan.parsers.logs.evtx.converted import was_converted
from evtscan.parsers.logs.evtx.reader import EvtxLog
from evtscan.parsers.logs.evtx.record import DecodedRecord

CLASSIC = SampleEvent(
    provider="Dhcp", event_id=1008, time="1997-03-01T08:00:00Z", computer="NTWS07", strings=("x",), qualifiers=0
)
LATER = replace(CLASSIC, time="1997-03-02T08:00:00Z")
FRACTION = replace(CLASSIC, time="2019-03-01T08:00:00.1234567Z")
MODERN = SampleEvent(
    provider="Microsoft-Windows-Kernel-General",
    event_id=12,
    time="2019-03-01T08:00:00Z",
    computer="NTWS07",
    guid="{A68CA8B7-004F-D7B6-A698-07E2DE0F1F5D}",
    version=0,
    opcode=0,
    process_id=4,
    thread_id=8,
)


def summary(tmp_path, *events, query=EVERYTHING):
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log(list(events)))
    reader = EvtxLog(Source(path, "System.evtx"), query)
    list(reader)
    return reader.summary


@pytest.mark.parametrize(
    ("events", "converted"),
    [
        ((CLASSIC, LATER), True),
        ((CLASSIC,), True),
        ((CLASSIC, FRACTION, LATER), False),
        ((MODERN, LATER), False),
        ((CLASSIC, MODERN), False),
    ],
)
def test_all_records_must_look_like_those_of_a_classic_log(tmp_path, events, converted):
    assert summary(tmp_path, *events).converted is converted
    nothing = Query(frozenset({Selector(event_id=1)}))
    assert summary(tmp_path, *events, query=nothing).converted is converted


def test_an_empty_log_is_not_converted(tmp_path):
    assert summary(tmp_path).converted is False


def test_headers_that_tell_the_time_of_the_conversion():
    logged = parse_time("1997-03-01T08:00:00Z").ticks
    record = DecodedRecord(event_id=1008, qualifiers=0, ticks=logged)
    today = parse_time("2009-05-06T07:08:09.1234567Z").ticks
    assert was_converted(((record, today), (record, today)), headers_whole=False)
    at_once = logged + 1234567
    assert not was_converted(((record, at_once), (record, at_once)), headers_whole=False)
    assert not was_converted(((replace(record, qualifiers=None), today), (record, today)), headers_whole=True)


def test_the_note_in_the_evidence(tmp_path):
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log([CLASSIC, LATER]))
    (row,) = read([Source(path, "System.evtx")], EVERYTHING).rows
    assert CONVERTED in row.note.split("; ")
    path.write_bytes(evtx_log([CLASSIC, MODERN]))
    (row,) = read([Source(path, "System.evtx")], EVERYTHING).rows
    assert CONVERTED not in row.note


@pytest.mark.parametrize("converted", [True, False])
def test_no_fact_follows_from_the_format_of_a_log(converted):
    item = event(1, source="System.evtx")
    host = Host(evidence(log(item, source="System.evtx", format="evtx", converted=converted)))
    assert [name for name in host.fact_names if name.startswith("os.")] == []
    assert {host.known(name, host.now).basis for name in ("os.version", "os.product", "os.build")} == {Basis.UNKNOWN}
