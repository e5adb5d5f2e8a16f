import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

EVENTS = [
    SampleEvent(provider="Dhcp", event_id=1008, time=f"2020-01-01T00:00:{second:02}Z", record_number=number)
    for second, number in enumerate((10, 11, 15, 16, 20))
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log([*EVENTS, SampleEvent(provider="Tcpip", event_id=4199, time="2020-01-02T00:00:00Z")]))
    return path


def test_counts_span_gaps_and_health(evtscan, log):
    document = json.loads(evtscan("metrics", log, "-t", "json").out)
    (figures,) = document["logs"]
    assert figures["Records"] == 6
    assert figures["FirstTime"] == "2020-01-01T00:00:00.0000000Z"
    assert figures["LastTime"] == "2020-01-02T00:00:00.0000000Z"
    assert figures["Counts"] == document["total"]
    assert figures["Counts"][0] == {"Channel": "System", "Provider": "Dhcp", "EventID": 1008, "Count": 5}
    assert (figures["Gaps"], figures["Missing"], figures["LargestGaps"]) == (2, 6, [[17, 19], [12, 14]])
    assert "header intact" in figures["Health"]
    assert "all intact" in figures["Health"]


@pytest.mark.parametrize("format_", ["evtx", "jsonl"])
def test_computers_in_order_of_first_appearance(evtscan, tmp_path, format_):
    names = ["PC-B", "PC-A", "PC-B"]
    events = [
        replace(event, computer=name, record_number=10 + n)
        for n, (event, name) in enumerate(zip(EVENTS, names, strict=False))
    ]
    path = tmp_path / "Security.evtx"
    path.write_bytes(evtx_log(events))
    if format_ == "jsonl":
        (tmp_path / "export.jsonl").write_text(evtscan("dump", path, "-t", "jsonl").out, "utf-8")
        path = tmp_path / "export.jsonl"
    (figures,) = json.loads(evtscan("metrics", path, "-t", "json").out)["logs"]
    assert figures["Computers"] == ["PC-B", "PC-A"]
    assert "PC-A, PC-B" in evtscan("metrics", path).out


def test_one_chunk_is_singular(evtscan, log):
    (figures,) = json.loads(evtscan("metrics", log, "-t", "json").out)["logs"]
    assert figures["Structures"]["Chunks"] == 1
    assert "1 chunk (1 announced)" in figures["Health"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_gaps_of_a_list_whichever_record_stands_first(evtscan, tmp_path, newest_first):
    rows = [f"{n},System,Dhcp,ERROR,NTBOX,3/{n}/2001 9:26:53 AM,1008,None,The text\r\n" for n in (10, 11, 15, 16, 20)]
    (tmp_path / "list.txt").write_text("".join(reversed(rows) if newest_first else rows), newline="")
    (figures,) = json.loads(evtscan("metrics", tmp_path / "list.txt", "-t", "json").out)["logs"]
    assert (figures["Records"], figures["Gaps"], figures["Missing"]) == (5, 2, 6)
    assert figures["LargestGaps"] == [[17, 19], [12, 14]]


def test_bad_checksums_are_counted(evtscan, log):
    data = bytearray(log.read_bytes())
    data[0x1000 + 0x240] ^= 1
    log.write_bytes(data)
    (figures,) = json.loads(evtscan("metrics", log, "-t", "json").out)["logs"]
    assert "1 with a bad records checksum" in figures["Health"]


def test_evidence_is_not_replaced(evtscan, tmp_path, log):
    export = tmp_path / "export.json"
    export.write_text(evtscan("dump", log, "-t", "jsonl").out)
    before = export.read_bytes()
    assert evtscan("metrics", export, "-o", export, "-C").code == 1
    assert export.read_bytes() == before


def test_csv_of_the_counts(evtscan, log):
    rows = list(csv.DictReader(io.StringIO(evtscan("metrics", log, "-t", "csv").out, newline="")))
    assert [(row["EventID"], row["Count"]) for row in rows] == [("1008", "5"), ("4199", "1")]


def test_console_shows_each_log_and_the_total(evtscan, tmp_path, log):
    (tmp_path / "again.evtx").write_bytes(log.read_bytes())
    result = evtscan("metrics", log, tmp_path / "again.evtx")
    assert result.code == 0
    assert "2 logs, 12 records" in result.out
    assert "Dhcp" in result.out


def test_recovered_records_count_apart(evtscan, log):
    data = bytearray(log.read_bytes())
    data[0x1000 + 48 : 0x1000 + 52] = (0x200).to_bytes(4, "little")  # the chunk says that it holds nothing
    data[0x1000 + 32 : 0x1000 + 40] = bytes(8)
    log.write_bytes(data)
    (figures,) = json.loads(evtscan("metrics", log, "-t", "json", "--recover").out)["logs"]
    assert (figures["Recovered"], sum(row["Count"] for row in figures["Counts"])) == (6 - figures["Records"], 6)
    assert figures["Recovered"] > 0
    assert figures["Gaps"] == 0


def test_of_very_many_kinds_the_last_are_counted_by_their_ids(evtscan, log, monkeypatch):
    monkeypatch.setattr("evtscan.metrics.MOST_KINDS", 1)
    (figures,) = json.loads(evtscan("metrics", log, "-t", "json").out)["logs"]
    assert [(row["Provider"], row["EventID"], row["Count"]) for row in figures["Counts"]] == [
        ("Dhcp", 1008, 5),
        ("(others)", 4199, 1),
    ]


def test_nothing_to_read(evtscan, tmp_path):
    (tmp_path / "x.txt").write_text("no log")
    assert evtscan("metrics", tmp_path / "x.txt").code == 1


def test_files_totals_and_structures(evtscan, tmp_path, log):
    (tmp_path / "again.evtx").write_bytes(log.read_bytes()[:-1000])
    result = evtscan("metrics", log, tmp_path / "again.evtx", "-o", "m.json", "-o", "m.csv", "--strict")
    assert (result.code, result.out) == (3, "")
    assert "2 seen, 2 read, 0 skipped" in result.err
    document = json.loads(Path("m.json").read_text())
    assert document["summary"] == {
        "Logs": 2,
        "Size": sum(figures["Size"] for figures in document["logs"]),
        "Records": 12,
        "Lost": 0,
        "FirstTime": "2020-01-01T00:00:00.0000000Z",
        "LastTime": "2020-01-02T00:00:00.0000000Z",
        "Gaps": 4,
        "Missing": 12,
    }
    assert document["logs"][0]["Structures"]["Truncated"] == 0
    assert document["logs"][1]["Structures"] | {"Truncated": 1} == document["logs"][1]["Structures"]
    assert len(Path("m.csv").read_text().splitlines()) == 1 + 4
    assert evtscan("metrics", log, "-o", "m.json").code == 1
    assert evtscan("metrics", log, "-o", "m.xml").code == 2


def test_times_in_a_zone(evtscan, log):
    """On the console; JSON stays UTC."""
    assert (
        "2020-01-01T02:00:00.0000000+02:00 to 2020-01-02T02:00" in evtscan("metrics", log, "--timezone", "+02:00").out
    )
    assert "2020-01-01T00:00:00.0000000Z" in evtscan("metrics", log, "--timezone", "+02:00", "-t", "json").out
