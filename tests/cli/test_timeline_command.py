import csv
import io
import json

import pytest
from rich.console import Console
from rich.text import Text

from evtscan.cli.output import terminal


def rows_of(result):
    return list(csv.DictReader(io.StringIO(result.out, newline="")))


def test_a_picture_and_a_list(evtscan, affected):
    result = evtscan("timeline", affected)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "Time line of NTWS07 (NTWS07)"
    assert lines[1].split() == [
        "1",
        "1997-03-01",
        "08:00:00",
        "!" + "-" * 19 + "!" + "-" * 18 + "f",
        "2",
        "records,",
        "1",
        "day",
    ]
    assert "! match  ~ clock step  ] stop  [ start  f fact  # gap  - records" in lines[2]
    (match,) = [line for line in lines if "Dhcp 1008, confirmed (Q162396" in line]
    assert "2 times up to here  SysEvent.Evt, record 2" in match
    assert not any(line.endswith(" ") for line in lines)


def test_times_in_a_zone(evtscan, affected):
    """On the console; CSV stays UTC."""
    lines = evtscan("timeline", affected, "--timezone", "+02:00").out.splitlines()
    assert lines[1].split()[1:3] == ["1997-03-01", "10:00:00"]
    (match,) = [line for line in lines if "Dhcp 1008, confirmed" in line]
    assert match.split()[0] == "1997-03-02T10:00:00+02:00"
    assert rows_of(evtscan("timeline", affected, "--timezone", "+02:00", "-t", "csv"))[1]["Time"].endswith("Z")


def test_csv_has_every_row_in_order(evtscan, affected):
    rows = rows_of(evtscan("timeline", affected, "-t", "csv"))
    assert [(row["Session"], row["Kind"], row["Verdict"], row["SourceFile"], row["Record"]) for row in rows] == [
        ("1", "gap", "", "SysEvent.Evt", "1"),
        ("1", "match", "confirmed", "SysEvent.Evt", "1"),
        ("1", "match", "confirmed", "SysEvent.Evt", "2"),
        ("1", "fact", "", "facts.yaml", ""),
        ("1", "fact", "", "facts.yaml", ""),
        ("1", "fact", "", "facts.yaml", ""),
    ]
    assert {row["Host"] for row in rows} == {"NTWS07"}
    assert rows[1]["Time"] == "1997-03-01T08:00:00Z"
    assert [row["Key"] for row in rows[3:]] == ["os.version", "os.service_pack", "component.ras"]


def test_json_has_the_sessions_too(evtscan, affected):
    document = json.loads(evtscan("timeline", affected, "-t", "json").out)
    assert (document["Host"], document["Names"], len(document["Rows"])) == ("NTWS07", ["NTWS07"], 6)
    (session,) = document["Sessions"]
    assert (session["FirstRecord"], session["LastRecord"], session["Started"], session["Complete"]) == (
        1,
        2,
        False,
        False,
    )
    assert (session["Begins"], session["Ends"], session["ClockSteps"]) == (
        "1997-03-01T08:00:00Z",
        "1997-03-02T08:00:00Z",
        0,
    )


def test_one_of_several_machines(evtscan, fleet):
    rows = rows_of(evtscan("timeline", fleet, "--host", "NTWS08", "-t", "csv"))
    assert [row["SourceFile"] for row in rows if row["Kind"] == "match"] == ["NTWS08/SysEvent.Evt"]


def test_long_runs_of_facts_are_cut(evtscan, tmp_path):
    facts = "".join(f"file.f{number:02}.sys.size: {number}\n" for number in range(20))
    (tmp_path / "facts.yaml").write_text(facts)
    short = evtscan("timeline", tmp_path / "facts.yaml")
    assert "file f11.sys" in short.out or "f11.sys has 11 bytes" in short.out
    assert "f12.sys" not in short.out
    assert "and 8 more facts: --all shows them" in short.out
    assert "f19.sys has 19 bytes" in evtscan("timeline", tmp_path / "facts.yaml", "--all").out


@pytest.mark.parametrize("format_name", ["console", "csv", "json"])
def test_nothing_to_read(evtscan, tmp_path, format_name):
    (tmp_path / "x.txt").write_text("no evidence")
    result = evtscan("timeline", tmp_path / "x.txt", "-t", format_name)
    assert (result.code, result.out) == (1, "")


def test_quiet_prints_nothing(evtscan, affected):
    result = evtscan("timeline", affected, "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_on_a_terminal_a_row_goes_on_below_its_text():
    stream = io.StringIO()
    console = Console(file=stream, width=70, force_terminal=True, color_system=None, legacy_windows=False)
    terminal.print_hanging(
        console, "  1997-03-01  ", Text("match       Dhcp 1008, confirmed, and a very long explanation of why")
    )
    assert stream.getvalue().splitlines() == [
        "  1997-03-01  match       Dhcp 1008, confirmed, and a very long",
        "              explanation of why",
    ]
