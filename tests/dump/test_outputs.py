"""Outputs of a dump besides CSV and JSON Lines: a JSON array, Parquet, rows for Timesketch."""

import io
import json
from dataclasses import replace

import duckdb
import pyarrow.parquet as pq
import pytest
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log
from typer.testing import CliRunner

import evtscan
from evtscan.cli import build
from evtscan.dump.arrow import frame
from evtscan.dump.outputs import JsonArray
from evtscan.dump.parquet import Frames, folder_name

EVENT = SampleEvent(provider="Dhcp", event_id=1008, time="1997-03-01T08:00:00.1234567Z", strings=("a,\n",))


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.evtx"
    channels = ("System", "Microsoft-Windows-X/Operational")
    path.write_bytes(
        evtx_log(replace(EVENT, event_id=number, channel=channels[number % 3 == 0]) for number in range(200))
    )
    return path


def dump(*words, code=0):
    result = CliRunner().invoke(build(), ["dump", "-q", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_array_whatever_the_pieces(size, count):
    lines = b"".join(b'{"a":"\\n%d"}\n' % number for number in range(count))
    stream = io.BytesIO()
    output = JsonArray(stream)
    for start in range(0, len(lines), size):
        output.write(lines[start : start + size])
    output.write(b"")
    output.close()
    assert json.loads(stream.getvalue()) == [{"a": f"\n{number}"} for number in range(count)]


def test_json(log, tmp_path):
    dump(log, "-o", tmp_path / "out.json", "-o", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert json.loads((tmp_path / "out.json").read_bytes()) == rows
    assert len(rows) == 200
    dump(log, "-t", "json", "--sort", "time", "-o", f"{tmp_path}/folder/")
    (path,) = (tmp_path / "folder").glob("*.json")
    assert json.loads(path.read_bytes()) == rows


def test_parquet_has_the_rows_of_read_table(log, tmp_path):
    dump(log, "-o", tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.to_pylist() == evtscan.read_table(log).to_pylist()
    assert table.schema.equals(evtscan.read_table(log).schema)
    dump(log, "--contains", "dhcp", "--include-eid", "7", "--clobber", "-o", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["EventID"].to_pylist() == [7]
    dump(log, "--include-eid", "60000", "--clobber", "-o", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_a_folder_of_parquet_is_partitioned_by_channel(log, tmp_path):
    folder = tmp_path / "out"
    dump(log, "-t", "parquet", "-o", f"{folder}/")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))
    assert names == ["Channel=Microsoft-Windows-X%2FOperational/part-0.parquet", "Channel=System/part-0.parquet"]
    counts = duckdb.sql(f"SELECT Channel, count(*) FROM '{folder.as_posix()}/**/*.parquet' GROUP BY 1 ORDER BY 1")
    assert counts.fetchall() == [("Microsoft-Windows-X/Operational", 67), ("System", 133)]
    dump(log, "-t", "parquet", "-o", f"{folder}/", code=1)
    dump(log, "-t", "parquet", "--channel", "System", "--clobber", "-o", f"{folder}/")
    assert [path.parent.name for path in folder.rglob("*.parquet")] == ["Channel=System"]


def test_times_order_no_parquet(log, tmp_path):
    dump(log, "--sort", "time", "-o", tmp_path / "out.parquet", code=2)
    dump(log, "--profile", "evtxecmd", "-o", tmp_path / "out.parquet", code=2)


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_frames_in_pieces(log, size):
    batches = list(evtscan.iter_batches(log))
    data = b"".join(map(frame, batches * 2))
    frames = Frames()
    found = [batch for at in range(0, len(data), size) for batch in frames.batches(data[at : at + size])]
    assert [batch.to_pylist() for batch in found] == [batch.to_pylist() for batch in batches * 2]


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (None, "Channel=__HIVE_DEFAULT_PARTITION__"),
        ("../../x", "Channel=%2E%2E%2F%2E%2E%2Fx"),
        ("a:b*", "Channel=a%3Ab%2A"),
        ("CON", "Channel=CON"),
    ],
)
def test_folders_of_channels(channel, name):
    assert folder_name(channel) == name


def test_timesketch(tmp_path):
    path = tmp_path / "log.evtx"
    path.write_bytes(evtx_log([EVENT, replace(EVENT, time=0)]))
    dump(path, "-t", "timesketch", "-o", tmp_path / "out.jsonl")
    known, unknown = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert known["datetime"] == "1997-03-01T08:00:00.123456+00:00"
    assert known["timestamp"] == 857_203_200_123_456
    assert (known["timestamp_desc"], unknown["timestamp_desc"]) == ("Event Logged", "Time Unknown")
    assert known["message"].startswith("Dhcp 1008: Data1: a")
    assert unknown["datetime"].startswith("1970-01-01T00:00:00")
    assert (known["EventID"], known["Data"], "TimeCreated" in known) == (1008, {"Data1": "a,\n"}, False)
