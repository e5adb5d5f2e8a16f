import csv
import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from sample_writer.event import Data, EventType, SampleEvent, Value, ValueType
from sample_writer.event import Element as UserElement
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log

from evtscan.dump.columns import COLUMNS
from evtscan.dump.evtxecmd import COLUMNS as EVTXECMD

TIME = "2020-01-01T00:00:00Z"
EVENTS = [
    SampleEvent(
        provider="Dhcp",
        event_id=1008,
        time="1997-03-01T08:00:00Z",
        computer="NTWS07",
        strings=("=cmd", "a\nb"),
        binary=b"\x01\xff",
        event_type=EventType.ERROR,
    ),
    SampleEvent(
        provider="Tcpip", event_id=4199, time="1997-03-01T07:59:00Z", computer="NTWS07", strings=("", "10.0.0.9")
    ),
    SampleEvent(
        provider="Service Control Manager",
        event_id=7036,
        time="2020-01-01T00:00:00.1234567Z",
        computer="NTWS07",
        guid="{555908D1-A6D7-4695-8E1E-26931D2012F4}",
        data=(Data("param1", Value("Spooler")), Data("pid", Value(0x3E7, ValueType.HEX64))),
    ),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log(EVENTS))
    return path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_csv_has_every_column_and_one_line_a_row(evtscan, log):
    result = evtscan("dump", log)
    assert result.code == 0
    rows = table(result.out)
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert len(result.out.splitlines()) == 1 + len(EVENTS)
    assert [row["EventID"] for row in rows] == ["1008", "4199", "7036"]
    assert rows[2]["TimeCreated"] == "2020-01-01T00:00:00.1234567Z"
    assert json.loads(rows[0]["Data"]) == {"Data1": "=cmd", "Data2": "a\nb", "Binary": "01FF"}
    assert rows[0]["SourceFile"] == "System.evtx"


def test_json_lines_are_typed(evtscan, log):
    rows = [json.loads(line) for line in evtscan("dump", log, "-t", "jsonl").out.splitlines()]
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert rows[2] | {} == rows[2]
    assert (rows[2]["EventID"], rows[2]["RecordID"], rows[2]["Recovered"]) == (7036, 3, False)
    assert rows[2]["Data"] == {"param1": "Spooler", "pid": "0x3e7"}
    assert rows[2]["ProviderGUID"] == "{555908D1-A6D7-4695-8E1E-26931D2012F4}"
    assert rows[0]["Message"] is None
    nobody = log.with_name("nobody.evtx")
    nobody.write_bytes(evtx_log([SampleEvent(provider="", event_id=1, time=TIME)]))
    assert json.loads(evtscan("dump", nobody, "-t", "jsonl").out)["Provider"] is None


def test_both_decoders_and_any_number_of_workers_write_the_same(evtscan, log):
    first = evtscan("dump", log, "-t", "jsonl").out
    assert evtscan("dump", log, "-t", "jsonl", "--decoder", "reference").out == first
    assert evtscan("dump", log, "-t", "jsonl", "-j", "2").out == first


@pytest.mark.parametrize(("filters", "rows"), [((), 6 * len(EVENTS)), (("--include-eid", "1008"), 6)])
def test_workers_write_the_bytes_of_one_process(evtscan, tmp_path, log, monkeypatch, filters, rows):
    chunk = log.read_bytes()[4096:]
    large = tmp_path / "large.evtx"
    large.write_bytes(log.read_bytes() + 4 * chunk)
    monkeypatch.setattr("evtscan.dump.run.WORTH_HELPERS", 0)
    monkeypatch.setattr("evtscan.dump.run.TASK_CHUNKS", 2)
    results = {jobs: evtscan("dump", "-t", "jsonl", large, log, "--jobs", jobs, *filters) for jobs in ("1", "2")}
    assert results["2"].code == 0
    assert results["2"].out == results["1"].out
    assert len(results["2"].out.splitlines()) == rows


def test_a_selection_needs_no_helper(evtscan, tmp_path, log, monkeypatch):
    large = tmp_path / "large.evtx"
    large.write_bytes(log.read_bytes() + 4 * log.read_bytes()[4096:])
    monkeypatch.setattr("evtscan.dump.run.WORTH_HELPERS", 0)
    monkeypatch.setattr("evtscan.dump.run.TASK_CHUNKS", 1)
    monkeypatch.setattr("sys.executable", os.devnull)
    result = evtscan("dump", "-t", "jsonl", large, "--jobs", "2", "--include-eid", "1008")
    assert (result.code, len(result.out.splitlines())) == (0, 5)


def test_a_large_file_that_cannot_be_read_is_said_once(evtscan, tmp_path, log, monkeypatch):
    monkeypatch.setattr("evtscan.dump.run.WORTH_HELPERS", 0)
    monkeypatch.setattr("evtscan.dump.run.TASK_CHUNKS", 1)
    (tmp_path / "broken.evtx").write_bytes(b"ElfFile\0" + bytes(300_000))
    alone = evtscan("dump", tmp_path / "broken.evtx", "-j", "1")
    assert (alone.code, alone.err.count("broken.evtx: neither the header nor any chunk")) == (1, 1)
    beside = evtscan("dump", tmp_path / "broken.evtx", log, "-j", "1")
    assert (beside.code, beside.err.count("broken.evtx: neither the header nor any chunk")) == (0, 1)


def test_evt_and_evtx_say_the_same(evtscan, tmp_path, log):
    old = tmp_path / "SysEvent.Evt"
    old.write_bytes(saved_log(EVENTS[:2]))
    ours = [json.loads(line) for line in evtscan("dump", old, "-t", "jsonl").out.splitlines()]
    theirs = [json.loads(line) for line in evtscan("dump", log, "-t", "jsonl").out.splitlines()][:2]
    for name in ("EventID", "EventLevel", "Provider", "Channel", "Computer", "RecordID", "Data"):
        assert [row[name] for row in ours] == [row[name] for row in theirs], name
    assert ours[0]["TimeCreated"] == "1997-03-01T08:00:00Z"  # whole seconds, as the format has them
    assert ours[0]["EventType"] == "Error"


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("--include-eid", "1008,7000-7999"), [1008, 7036]),
        (("--exclude-eid", "4199"), [1008, 7036]),
        (("--provider", "TCPIP"), [4199]),
        (("--provider", "tcp"), []),
        (("--channel", "system", "--provider", "Dhcp", "--provider", "Tcpip"), [1008, 4199]),
        (("--level", "2"), [1008]),
        (("--record-id", "2-3"), [4199, 7036]),
        (("--from", "1997-03-01T08:00:00Z"), [1008, 7036]),
        (("--to", "1997-03-01T08:00:00Z"), [4199]),
        (("--contains", "spool"), [7036]),
        (("--contains", "param1"), []),  # a name is no value
        (("--contains", "dhcp"), [1008]),
        (("--contains", "555908d1-a6d7"), [7036]),  # the provider's GUID is one
        (("--since", "1d"), [7036]),  # from the end of the log
        (("--since", "1200w", "--from", "1997-03-01T08:00:00Z"), [1008, 7036]),
        (("--sort", "time"), [4199, 1008, 7036]),
    ],
)
def test_filters(evtscan, log, arguments, ids):
    rows = [json.loads(line) for line in evtscan("dump", log, "-t", "jsonl", *arguments).out.splitlines()]
    assert [row["EventID"] for row in rows] == ids


def test_profile_of_evtxecmd(evtscan, log):
    text = evtscan("dump", log, "--profile", "evtxecmd").out
    assert text.startswith("\ufeffRecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,")
    rows = table(text)
    assert tuple(rows[0]) == tuple(EVTXECMD)
    assert len(EVTXECMD) == 27
    assert (rows[0]["Level"], rows[0]["TimeCreated"]) == ("Error", "1997-03-01 08:00:00.0000000")
    assert json.loads(rows[2]["Payload"]) == {
        "EventData": {"Data": [{"@Name": "param1", "#text": "Spooler"}, {"@Name": "pid", "#text": "0x3e7"}]}
    }


def test_payloads_of_evtxecmd(evtscan, tmp_path):
    """One element is no list, none has an empty text, strings are joined, and keywords have its names."""
    guid = "{555908D1-A6D7-4695-8E1E-26931D2012F4}"
    events = [
        EVENTS[0],
        SampleEvent(provider="P", event_id=1, time=TIME, guid=guid, data=(Data("only", Value("x")),), keywords=1 << 63),
        SampleEvent(provider="P", event_id=2, time=TIME, guid=guid, data=(Data("a", Value("")), Data("b", Value("y")))),
        SampleEvent(
            provider="P",
            event_id=3,
            time=TIME,
            guid=guid,
            user_data=UserElement("U", children=(UserElement("V", Value("z"), attributes=(("k", "w"),)),)),
        ),
    ]
    events.append(replace(events[1], data=(Data("#attributes", Value("x")), Data("#attributes", Value("y")))))
    (tmp_path / "x.evtx").write_bytes(evtx_log(events))
    rows = table(evtscan("dump", tmp_path / "x.evtx", "--profile", "evtxecmd").out)
    assert [json.loads(row["Payload"]) for row in rows] == [
        {"EventData": {"Data": "=cmd, a\nb", "Binary": "01-FF"}},
        {"EventData": {"Data": {"@Name": "only", "#text": "x"}}},
        {"EventData": {"Data": [{"@Name": "a"}, {"@Name": "b", "#text": "y"}]}},
        {"UserData": {"U": {"V": {"@k": "w", "#text": "z"}}}},
        {"UserData": {"#attributes": ["x", "y"]}},  # nobody calls data so but to see what happens
    ]
    assert (rows[1]["Keywords"], rows[0]["Keywords"]) == ("Classic", "0x80000000000000")
    assert {row["HiddenRecord"] for row in rows} == {"False"}


def test_folder_gets_a_file_for_each_log(evtscan, tmp_path, log):
    (tmp_path / "case" / "sub").mkdir(parents=True)
    (tmp_path / "case" / "a.evtx").write_bytes(log.read_bytes())
    (tmp_path / "case" / "sub" / "a.evtx").write_bytes(log.read_bytes())
    (tmp_path / "case" / "notes.txt").write_text("no log")
    assert evtscan("dump", tmp_path / "case", "-o", "out/").code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.evtx.csv", "sub_a.evtx.csv"]
    again = evtscan("dump", tmp_path / "case", "-o", "out/")
    assert again.code == 1
    assert "-C" in again.err


def test_formulas_are_neutralised_unless_raw(evtscan, tmp_path):
    path = tmp_path / "x.evtx"
    path.write_bytes(evtx_log([SampleEvent(provider="=1+1", event_id=1, time="2020-01-01T00:00:00Z")]))
    assert table(evtscan("dump", path).out)[0]["Provider"] == "'=1+1"
    assert table(evtscan("dump", path, "--raw").out)[0]["Provider"] == "=1+1"


def test_nothing_to_read(evtscan, tmp_path):
    (tmp_path / "notes.txt").write_text("no log")
    result = evtscan("dump", tmp_path)
    assert result.code == 1
    assert "nothing could be read" in result.err


def test_several_outputs(evtscan, log):
    result = evtscan("dump", log, "-o", "a.csv", "-o", "b.jsonl", "-o", "-", "-o", "folder/")
    assert result.code == 0
    assert Path("a.csv").read_text() == result.out.replace("\r\n", "\n")
    assert len(Path("b.jsonl").read_text().splitlines()) == len(EVENTS)
    assert Path("folder/System.evtx.csv").read_bytes() == Path("a.csv").read_bytes()
    assert "3 read, 0 lost" in result.err
    refused = evtscan("dump", log, "-o", "new.csv", "-o", "a.csv")
    assert (refused.code, Path("new.csv").exists()) == (1, False)


@pytest.mark.parametrize(
    "options",
    [
        ("-o", ""),
        ("-o", "a.csv", "-o", "./a.csv"),
        ("-t", "jsonl", "--excel"),
        ("--since", "30"),
        ("--include-eid", "9-5"),
        ("-o", "a.jsonl", "--profile", "evtxecmd"),
    ],
)
def test_wrong_options(evtscan, log, options):
    result = evtscan("dump", log, *options)
    assert result.code == 2
    assert result.err.startswith("evtscan: ")


@pytest.mark.parametrize(("arguments", "code"), [(("x" * 300,), 2), (("System.evtx", "-o", "x" * 300 + ".csv"), 1)])
def test_names_that_are_too_long(evtscan, log, arguments, code):
    result = evtscan("dump", *arguments)
    assert result.code == code
    assert result.err.startswith("evtscan: xxx")


def test_evidence_is_not_replaced(evtscan, log):
    before = log.read_bytes()
    assert evtscan("dump", log, "-o", log, "-t", "csv", "-C").code == 1
    assert log.read_bytes() == before


def test_the_type_of_a_classic_event_is_a_value(evtscan, tmp_path):
    (tmp_path / "SysEvent.evt").write_bytes(saved_log(EVENTS[:2]))
    result = evtscan("dump", tmp_path / "SysEvent.evt", "--contains", "INFORMATION")
    assert [row["EventID"] for row in table(result.out)] == ["4199"]


def test_an_archive_that_is_read_is_not_replaced(evtscan, tmp_path, log):
    archive = tmp_path / "case.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.write(log, "System.evtx")
    before = archive.read_bytes()
    result = evtscan("dump", archive, "-o", archive, "-t", "csv", "-C")
    assert (result.code, archive.read_bytes()) == (1, before)
    assert "is evidence that is read" in result.err


def test_one_output_by_two_names_is_noticed(evtscan, log):
    result = evtscan("dump", log, "-o", "out.csv", "-o", "there/../out.csv", "-C")
    assert result.code == 2
    assert "two outputs of one name" in result.err


def test_logs_whose_names_meet_get_files_of_their_own(evtscan, tmp_path, log):
    for name in ("a/b.evtx", "a_b.evtx", "A_B.evtx"):
        (tmp_path / "case" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "case" / name).write_bytes(log.read_bytes())
    assert evtscan("dump", tmp_path / "case", "-o", "out/").code == 0
    logs = list((tmp_path / "case").rglob("*.evtx"))  # two of three where names ignore case
    assert len({path.name.casefold() for path in Path("out").iterdir()}) == len(logs)


def test_for_excel(evtscan, log):
    text = evtscan("dump", log, "--excel").out
    assert text.startswith("\ufeffTimeCreated,")
    times = [row["TimeCreated"] for row in table(text)]
    assert times == ["1997-03-01 08:00:00", "1997-03-01 07:59:00", "2020-01-01 00:00:00"]


def test_ledger_and_exit_code_of_damage(evtscan, tmp_path, log):
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "cut.evtx").write_bytes(log.read_bytes()[:-1000])
    (tmp_path / "case" / "no.evtx").write_bytes(b"ElfFile\0")
    (tmp_path / "case" / "empty.evtx").write_bytes(b"")
    (tmp_path / "case" / "notes.txt").write_text("no log")
    result = evtscan("dump", tmp_path / "case", "--strict", "-v")
    assert result.code == 3
    assert evtscan("dump", tmp_path / "case").code == 0
    lines = [line.split(maxsplit=1) for line in result.err.splitlines()]
    assert ["files", "4 seen, 1 read, 3 skipped"] in lines
    assert ["skipped", "1 empty: empty.evtx"] in lines
    assert any(line[1:] == ["not an event log: notes.txt"] for line in lines)
    assert ["damaged", "cut.evtx: 3 records read, 0 lost"] in lines
    assert "no.evtx: neither" in result.err
    assert evtscan("dump", tmp_path / "case", "-q").err == ""


def test_output_that_does_not_say_its_format(evtscan, log):
    result = evtscan("dump", log, "-o", "events.xml")
    assert result.code == 2
    assert "events.xml" in result.err
