"""Every record and every value, beside libevt.

libevt differs in this, and the reader is right:

* In the slack of the corpus' SysEvent.Evt it lists one record more than the reader recovers: number 1572, the tail of
  which a newer record has overwritten. Its strings are those of both, spliced.
* Of a wrapped log with unused bytes at its end it gives the newest records, those after the wrap, as recovered ones,
  and where the bytes are dwords 0x00000027 it loses the last of them; so it does with a dirty log whose EOF record is
  split over the end. The tests take what it has, and the reader must have it too, as records of the log.
"""

from pathlib import Path

import pyevt
import pytest
from evt_reading import read_file
from sample_writer.event import EventType, SampleEvent
from sample_writer.evt import GAP_BYTES, GAP_DWORDS, live_log, saved_log

from evtscan.base.model.event import Event

EPOCH = 116_444_736_000_000_000
TYPES = {"Success": 0, "Error": 1, "Warning": 2, "Information": 4, "Audit Success": 8, "Audit Failure": 16}
SPLICED = 1572


def theirs(record: pyevt.record) -> tuple[object, ...]:
    try:
        data = record.get_data()
    except OSError:  # what it says of a record without data
        data = None
    return (
        record.offset,
        record.identifier,
        record.get_creation_time_as_integer(),
        record.get_written_time_as_integer(),
        record.event_identifier,
        record.event_type,
        record.event_category,
        record.source_name,
        record.computer_name,
        record.user_security_identifier,
        tuple(record.get_string(index) for index in range(record.get_number_of_strings())),
        data or None,
    )


def ours(event: Event) -> tuple[object, ...]:
    binary = event.data.get("Binary")
    return (
        event.location.offset,
        event.record_id,
        (event.time.ticks - EPOCH) // 10_000_000,
        (event.time_written.ticks - EPOCH) // 10_000_000,
        event.qualifiers << 16 | event.event_id,
        TYPES[event.event_type],
        event.task,
        event.provider,
        event.computer,
        event.user_id,
        tuple(text for name, text in event.data.items() if name != "Binary"),
        None if binary is None else bytes.fromhex(binary),
    )


def with_libevt(path: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    log = pyevt.file()
    log.open(str(path))
    try:
        return [theirs(record) for record in log.records], [theirs(record) for record in log.recovered_records]
    finally:
        log.close()


@pytest.mark.parametrize(
    ("name", "records", "recovered"), [("SysEvent.Evt", 6063, 437), ("TestLog.evt", 5, 0), ("TestLog-dirty.evt", 5, 0)]
)
def test_real_logs(corpus, name, records, recovered):
    reading = read_file(corpus / "evt" / name, recover=True)
    kept, deleted = with_libevt(corpus / "evt" / name)
    assert [ours(event) for event in reading.events] == kept
    assert [ours(event) for event in reading.recovered] == [row for row in deleted if row[1] != SPLICED]
    assert (len(reading.events), len(reading.recovered)) == (records, recovered)
    assert reading.warnings == []
    assert (reading.summary.records, reading.summary.lost, reading.summary.holes) == (records, 0, 0)


def test_what_is_known_of_the_real_log(corpus):
    summary = read_file(corpus / "evt" / "SysEvent.Evt").summary
    assert (summary.first_sequence, summary.last_sequence) == (1392, 7454)
    assert (str(summary.first_time), str(summary.last_time)) == ("2011-07-27T06:41:47Z", "2012-04-07T04:58:01Z")
    assert summary.computers == ("WKS-WINXP32BIT",)
    assert (summary.channel, summary.dirty, summary.wrapped, summary.cleared) == ("System", True, True, False)


def varied(count: int) -> list[SampleEvent]:
    return [
        SampleEvent(
            provider=("EventLog", "Dhcp", "Ärger", "日本語")[place % 4],
            event_id=place * 997 % 65536,
            qualifiers=0xC000 if place % 2 else 0,
            time=f"2001-03-14T{place // 60 % 24:02}:{place % 60:02}:00Z",
            time_written=f"2001-03-14T{place // 60 % 24:02}:{place % 60:02}:01Z",
            computer="NTBOX",
            strings=("%%20013", "日本", "", "x" * place)[: place % 5],
            binary=bytes(range(place % 7)),
            event_type=list(EventType)[place % 6],
            task=place % 9,
            user_sid=(None, "S-1-5-18", "S-1-5-21-1-2-3-500")[place % 3],
        )
        for place in range(count)
    ]


@pytest.mark.parametrize("image", [saved_log(varied(300)), live_log(varied(300), size=1 << 17)], ids=["saved", "live"])
def test_written_logs(tmp_path, image):
    path = tmp_path / "SysEvent.evt"
    path.write_bytes(image)
    reading = read_file(path)
    kept, deleted = with_libevt(path)
    assert len(reading.events) == 300
    assert [ours(event) for event in reading.events] == kept
    assert deleted == []


@pytest.mark.parametrize("gap", [GAP_BYTES, GAP_DWORDS], ids=["bytes", "dwords"])
@pytest.mark.parametrize("stale", [None, 20], ids=["clean", "dirty"])
@pytest.mark.parametrize("start", range(6000, 6200, 20))
def test_wrapped_logs(tmp_path, gap, stale, start):
    path = tmp_path / "SysEvent.evt"
    path.write_bytes(live_log(varied(200), size=8192, start=start, gap=gap, header_after=stale))
    reading = read_file(path)
    assert reading.events[-1].record_id == 200
    assert reading.numbers == list(range(reading.numbers[0], 201))
    kept, deleted = with_libevt(path)
    assert set(kept) <= {ours(event) for event in reading.events}
    known = {ours(event) for event in read_file(path, recover=True).recovered} | {
        ours(event) for event in reading.events
    }
    whole = {row for row in deleted if row[1] in reading.numbers}
    assert whole <= known
