"""Arrow tables: the same values as a data frame, with a stable schema."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest
from sample_writer.event import Data, SampleEvent, Value, ValueType
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log

import evtscan
from evtscan.dump.arrow import SCHEMA

CLASSIC = SampleEvent(provider="Dhcp", event_id=1008, time="1997-03-01T08:00:00.1234567Z", strings=("a", "\U0001f600"))
GUID = "{11111111-2222-3333-4444-555555555555}"


def logon(number):
    values = {
        "LogonType": Value(number % 12, ValueType.UINT32),
        "Elevated": Value(number % 2 == 0, ValueType.BOOL),
        "Since": Value("2020-01-01T00:00:00.0000001Z", ValueType.FILETIME),
        "Name": Value(f"user{number}"),
        "LogonId": Value(number, ValueType.HEX64),
        "Channel": Value("x"),
        "Ratio": Value(number / 4, ValueType.DOUBLE),
    }
    data = tuple(Data(name, value) for name, value in values.items())
    return SampleEvent(
        provider="Audit", event_id=4624, time=f"2024-05-01T00:{number // 60:02}:{number % 60:02}Z", data=data, guid=GUID
    )


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "Security.evtx"
    events = [event for number in range(120) for event in (logon(number), replace(CLASSIC, event_id=number))]
    path.write_bytes(evtx_log(events))
    return path


def test_schema_is_the_same_for_every_log(mixed, tmp_path):
    evt = tmp_path / "SysEvent.Evt"
    evt.write_bytes(saved_log([CLASSIC]))
    for path in (mixed, evt):
        table = evtscan.read_table(path)
        assert table.schema == SCHEMA
        for batch in evtscan.iter_batches(path, event_ids=[1008]):
            assert batch.schema == SCHEMA
    assert evtscan.read_table(mixed, event_ids=[65_000]).schema == SCHEMA
    assert SCHEMA.field("TimeCreated").type == pa.timestamp("ns", "UTC")
    assert SCHEMA.field("Provider").type == pa.dictionary(pa.int32(), pa.string())


def test_values_are_those_of_a_frame(mixed):
    table, frame = evtscan.read_table(mixed), evtscan.read_events(mixed)
    assert table.num_rows == len(frame) == 240
    for name in frame.columns:
        column = frame[name].astype(object)
        expected = [None if value is None or value != value else value for value in column.where(column.notna(), None)]
        if name == "TimeCreated":
            assert table[name].cast(pa.int64()).to_pylist() == frame[name].astype("int64").tolist()
        else:
            assert table[name].to_pylist() == expected, name


def test_values_are_those_of_the_events(mixed):
    events = list(evtscan.iter_events(mixed))
    rows = evtscan.read_table(mixed).to_pylist()
    for event, row in zip(events, rows, strict=True):
        assert json.loads(row["Data"]) == event.data
        assert (row["EventID"], row["Provider"], row["RecordID"]) == (event.event_id, event.provider, event.record_id)
        assert (row["Offset"], row["HeaderID"]) == (event.location.offset, event.header_id)
        assert (row["Qualifiers"], row["ProviderGUID"]) == (event.qualifiers, event.provider_guid)


def test_fields_as_columns(mixed):
    table = evtscan.read_table(mixed, event_ids=[4624], provider="Audit", columns="data")
    assert "Data" not in table.schema.names
    assert table["LogonType"].to_pylist() == [number % 12 for number in range(120)]
    types = {name: table.schema.field(name).type for name in ("LogonType", "Elevated", "Since", "Name", "Ratio")}
    assert types == {
        "LogonType": pa.int64(),
        "Elevated": pa.bool_(),
        "Since": pa.timestamp("ns", "UTC"),
        "Name": pa.string(),
        "Ratio": pa.float64(),
    }
    assert table["LogonId"].to_pylist()[17] == "0x11"
    assert table["Data_Channel"].to_pylist() == ["x"] * 120
    assert table["Since"].cast(pa.int64()).to_pylist()[0] % 1000 == 100


def test_fields_of_several_kinds(mixed):
    table = evtscan.read_table(mixed, columns="data")
    assert table["Data1"].to_pylist()[:2] == [None, "a"]
    assert table["Data2"].to_pylist()[1] == "\U0001f600"
    assert table["LogonType"].null_count == 120


def test_local_times_of_an_unknown_zone(tmp_path):
    path = tmp_path / "system.txt"
    path.write_text("3/13/98,1:00:00 AM,4,0,1008,Dhcp,N/A,NTBOX,text\n")
    table = evtscan.read_table(path)
    assert table["TimeCreated"].to_pylist() == [None]
    assert str(table["LocalTime"].to_pylist()[0]) == "1998-03-13 01:00:00"


def test_numbers_and_times_that_do_not_fit_are_null(tmp_path):
    path = tmp_path / "log.evtx"
    path.write_bytes(evtx_log([replace(CLASSIC, record_number=(1 << 64) - 1, time=0), CLASSIC]))
    table = evtscan.read_table(path)
    assert table["RecordID"].to_pylist() == [None, 2]
    assert table["TimeCreated"].is_null().to_pylist() == [True, False]


def test_wrong_columns_are_refused(mixed):
    with pytest.raises(ValueError, match="columns="):
        evtscan.read_table(mixed, columns="all")
