"""Local times of a zone that nobody told: every output shows them without Z, and nothing takes them for UTC."""

import csv
import io
import json

import pytest
from evidence_files import NT4_SP2
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

import evtscan as package
from evtscan.base.model.query import ReadOptions

ROWS = (
    "3/14/2001\t9:26:53 AM\tDhcp\tError\tNone\t1008\tN/A\tNTBOX\tThe text\r\n"
    "3/13/2001\t11:00:00 PM\tEventLog\tInformation\tNone\t6005\tN/A\tNTBOX\tThe text\r\n"
)
LOCAL, UTC = "2001-03-14T09:26:53", "2001-03-14T07:26:53Z"
ZONE = ("--source-timezone", "+02:00")


@pytest.fixture
def host(tmp_path):
    folder = tmp_path / "NTBOX"
    folder.mkdir()
    (folder / "SysEvent.txt").write_text(ROWS)
    (folder / "facts.yaml").write_text(NT4_SP2)
    return folder


def table(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(("zone", "shown", "known"), [((), LOCAL, "not known"), (ZONE, UTC, "UTC")])
@pytest.mark.parametrize("command", ["scan", "audit"])
def test_tables_of_a_run(evtscan, host, tmp_path, command, zone, shown, known):
    out = tmp_path / "out"
    result = evtscan(command, host if command == "scan" else tmp_path, "-o", f"{out}/", *zone)
    assert result.code == 0
    rows = {name: table((out / f"{name}.csv").read_text("utf-8")) for name in ("findings", "events", "evidence")}
    (finding,) = rows["findings"]
    assert (finding["Verdict"], finding["FirstSeen"], finding["LastSeen"]) == ("confirmed", shown, shown)
    assert finding["CoverageTo"] == shown
    assert [row["Timestamp"] for row in rows["events"]] == [shown]
    assert (rows["evidence"][0]["LastTime"], rows["evidence"][0]["TimeZone"]) == (shown, known)
    assert ("give it with --source-timezone" in result.err) is (not zone)


@pytest.mark.parametrize(("zone", "shown"), [((), LOCAL), (ZONE, UTC)])
def test_dumps(evtscan, host, zone, shown):
    log = host / "SysEvent.txt"
    assert next(row["TimeCreated"] for row in table(evtscan("dump", log, *zone).out)) == shown
    lines = evtscan("dump", log, "-t", "jsonl", *zone).out.splitlines()
    assert json.loads(lines[0])["TimeCreated"] == shown


def test_the_columns_of_evtxecmd_are_utc_or_empty(evtscan, host):
    log = host / "SysEvent.txt"
    command = ("dump", log, "--profile", "evtxecmd", "--include-eid", "1008")
    assert [row["TimeCreated"] for row in table(evtscan(*command).out)] == [""]
    assert [row["TimeCreated"] for row in table(evtscan(*command, *ZONE).out)] == ["2001-03-14 07:26:53.0000000"]


def test_a_dump_of_local_times_is_read_as_such_again(evtscan, host, tmp_path):
    dumped = tmp_path / "dumped"
    dumped.mkdir()
    (dumped / "System.jsonl").write_text(evtscan("dump", host / "SysEvent.txt", "-t", "jsonl").out)
    again = evtscan("dump", dumped / "System.jsonl", "-t", "jsonl")
    assert json.loads(again.out.splitlines()[0])["TimeCreated"] == LOCAL
    assert "dump the export again with --source-timezone" in again.err


def test_filters_of_a_dump_let_a_local_time_in_wherever_it_can_lie(evtscan, host):
    def count(*options):
        return len(table(evtscan("dump", host / "SysEvent.txt", "--include-eid", "1008", *options).out))

    assert count("--from", "2001-03-14T23:26:53Z") == 1
    assert count("--from", "2001-03-14T23:26:54Z") == 0
    assert count("--to", "2001-03-13T19:26:54Z") == 1
    assert count("--to", "2001-03-13T19:26:53Z") == 0
    assert count("--from", "2001-03-14T07:26:54Z", *ZONE) == 0


def test_a_data_frame_has_naive_times_for_local_ones(host):
    path = host / "SysEvent.txt"
    local = package.read_events(path)["TimeCreated"]
    assert (str(local.dtype), local.iloc[0].isoformat()) == ("datetime64[ns]", LOCAL)
    told = package.read_events(path, options=ReadOptions(zone="+02:00"))["TimeCreated"]
    assert (str(told.dtype), told.iloc[0].isoformat()) == ("datetime64[ns, UTC]", UTC.replace("Z", "+00:00"))


def test_metrics_and_dumps_show_every_record_of_every_file(evtscan, host):
    binary = saved_log(
        [
            SampleEvent(provider="EventLog", event_id=6005, time="2001-03-13T21:00:00Z", computer="NTBOX"),
            SampleEvent(provider="Dhcp", event_id=1008, time=UTC, computer="NTBOX"),
        ]
    )
    (host / "SysEvent.Evt").write_bytes(binary)
    assert len(table(evtscan("dump", host).out)) == 4
    assert json.loads(evtscan("metrics", host, "-t", "json").out)["total"] == [
        {"Channel": "System", "Provider": "Dhcp", "EventID": 1008, "Count": 2},
        {"Channel": "System", "Provider": "EventLog", "EventID": 6005, "Count": 2},
    ]


def test_a_run_counts_the_same_event_of_two_files_once_and_its_ledger_says_so(evtscan, host):
    binary = saved_log([SampleEvent(provider="Dhcp", event_id=1008, time=UTC, computer="NTBOX")])
    (host / "SysEvent.Evt").write_bytes(binary)
    result = evtscan("scan", host, "-t", "csv", "-v")
    assert [row["Count"] for row in table(result.out)] == ["1"]
    assert "SysEvent.txt: 1 of the selected events is also in SysEvent.Evt" in result.err


@pytest.mark.parametrize(("zone", "shown"), [((), LOCAL), (ZONE, UTC)])
def test_metrics_and_explain_take_the_zone(evtscan, host, zone, shown):
    (figures,) = json.loads(evtscan("metrics", host, "-t", "json", *zone).out)["logs"]
    assert figures["LastTime"] == shown
    assert f"Logged at {shown}: The text" in evtscan("explain", "Q162396", host, *zone).out


@pytest.mark.parametrize("command", [("metrics",), ("explain", "Q162396")])
def test_a_zone_that_is_none_is_refused(evtscan, host, command):
    assert evtscan(*command, host, "--source-timezone", "Mars/Olympus").code == 2
