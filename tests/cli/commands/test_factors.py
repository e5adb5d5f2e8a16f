"""An audit of a fleet with a planted factor, from files to factors.csv."""

import csv
from pathlib import Path

import pytest
from evidence_files import write
from sample_writer.event import EventType, SampleEvent
from sample_writer.evt import saved_log


@pytest.fixture
def fleet(tmp_path):
    """Five hosts of Service Pack 1 with a bad block, nine of Service Pack 2 without."""
    for number in range(14):
        affected = number < 5
        events = [
            SampleEvent(
                provider="Disk" if affected and hour == 2 else "Service Control Manager",
                event_id=7 if affected and hour == 2 else 7036,
                time=f"2003-03-01T0{hour}:00:00Z",
                computer=f"H{number:02}",
                strings=("\\Device\\Harddisk0",),
                event_type=EventType.ERROR if affected and hour == 2 else EventType.INFORMATION,
            )
            for hour in range(3)
        ]
        facts = f"os.version: '5.1'\nos.service_pack: {1 if affected else 2}\n"
        write(tmp_path / "fleet" / f"h{number:02}", SysEvent__Evt=saved_log(events), facts__yaml=facts)
    return tmp_path / "fleet"


def rows(name):
    with (Path("out") / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_planted_factor(evtscan, fleet):
    result = evtscan("audit", fleet, "-o", "out/")
    assert result.code == 0
    (row,) = rows("factors.csv")
    assert (row["Fact"], row["Value"]) == ("os.service_pack", "1")
    assert [row[name] for name in ("AffectedWith", "Affected", "OthersWith", "Others")] == ["5", "5", "0", "9"]
    assert row["Hosts"] == "h00; h01; h02; h03; h04"
    assert "os.service_pack 1: 5 of 5 affected, 0 of 9 others" in " ".join(result.out.split())


def test_factors_can_be_left_out_or_limited(evtscan, fleet):
    assert evtscan("audit", fleet, "-o", "out/", "--no-factors").code == 0
    assert rows("factors.csv") == []
    assert evtscan("audit", fleet, "-o", "out/", "--factors", "host.*").code == 0
    assert rows("factors.csv") == []
    assert evtscan("audit", fleet, "-o", "out/", "--factors", "os.*").code == 0
    assert len(rows("factors.csv")) == 1


def test_factors_and_no_factors_contradict_each_other(evtscan, fleet):
    assert evtscan("audit", fleet, "--factors", "os.*", "--no-factors").code == 2
