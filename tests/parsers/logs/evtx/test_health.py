"""The state of a log's structures: every checksum is looked at."""

import struct

import pytest
from evtx_files import CHUNK, FIRST_RECORD, HEADER_BLOCK, source
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.base.model.log import HealthReader
from evtscan.base.model.query import EVERYTHING
from evtscan.parsers.logs.evtx import chunk_at, chunk_count, read_log
from evtscan.parsers.logs.evtx.health import examine


@pytest.fixture
def data():
    events = [
        SampleEvent(provider="Dhcp", event_id=number, time="2010-03-01T08:00:00Z", strings=("x" * 200,))
        for number in range(250)
    ]
    return bytearray(evtx_log(events))


def test_an_intact_log(tmp_path, data):
    health = examine(source(tmp_path, bytes(data)))
    chunks = (len(data) - HEADER_BLOCK) // CHUNK
    assert chunks >= 2
    assert (health.header_intact, health.dirty, health.full, health.checksums) == (True, False, False, True)
    assert (health.announced, health.chunks) == (chunks, chunks)
    assert (health.bad_header, health.bad_records, health.headerless, health.truncated) == (0, 0, 0, 0)
    assert str(health) == f"header intact, {chunks} chunks ({chunks} announced): all intact"
    assert health.figures()["BadRecords"] == 0


def test_each_damage_is_counted(tmp_path, data):
    data[HEADER_BLOCK + FIRST_RECORD + 100] ^= 1  # a record of the first chunk
    data[HEADER_BLOCK + CHUNK + 9] ^= 1  # the header of the second
    health = examine(source(tmp_path, bytes(data)))
    assert (health.bad_records, health.bad_header) == (1, 1)
    assert health.figures()["BadHeaders"] == 1
    assert "1 with a bad header checksum, 1 with a bad records checksum" in str(health)


def test_a_damaged_and_a_dirty_header(tmp_path, data):
    struct.pack_into("<I", data, 120, 1)
    health = examine(source(tmp_path, bytes(data)))
    assert (health.header_intact, health.dirty) == (True, True)  # its checksum leaves the flags out
    data[24] ^= 1
    health = examine(source(tmp_path, bytes(data)))
    assert not health.header_intact
    assert str(health).startswith("header damaged, dirty, ")


def test_a_truncated_log(tmp_path, data):
    health = examine(source(tmp_path, bytes(data[: HEADER_BLOCK + CHUNK + 3000])))
    assert (health.chunks, health.truncated) == (2, 1)


def test_a_reader_declares_its_abilities(tmp_path, data):
    log = source(tmp_path, bytes(data))
    reader = read_log(log, EVERYTHING)
    assert isinstance(reader, HealthReader)
    assert str(reader.health()) == str(examine(log))


def test_chunks_by_offset(tmp_path, data):
    log = source(tmp_path, bytes(data))
    assert chunk_count(log) == (len(data) - HEADER_BLOCK) // CHUNK
    places = [HEADER_BLOCK - 1, HEADER_BLOCK, HEADER_BLOCK + CHUNK - 1, HEADER_BLOCK + CHUNK, len(data)]
    assert [chunk_at(log, offset) for offset in places] == [None, 0, 0, 1, None]
