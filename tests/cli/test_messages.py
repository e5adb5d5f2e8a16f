"""``--messages``: the sentences of a host's own message files, in dumps, reports and explanations."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from message_files import DHCP_2000, message_file, winevt_rc
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log

NT4_TEXT = {0x3F0: "DHCP was unable to decline the address for the card with network address %1.%0\r\n"}
SENTENCE = "DHCP was unable to decline the address for the card with network address 0000E8123456."


@pytest.fixture
def nt4_files(tmp_path: Path) -> Path:
    folder = tmp_path / "system32"
    folder.mkdir()
    raw = message_file(NT4_TEXT, (4, 0, 1381, 4), "Microsoft(R) Windows NT(TM) Operating System")
    (folder / "dhcpcsvc.dll").write_bytes(raw)
    return folder


@pytest.fixture
def w2k_files(tmp_path: Path) -> Path:
    folder = tmp_path / "w2k"
    folder.mkdir()
    (folder / "dhcpcsvc.dll").write_bytes(message_file(DHCP_2000))
    return folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_dump_renders_with_the_tables_of_the_same_windows(evtscan, affected, nt4_files):
    result = evtscan("dump", affected, "--messages", nt4_files)
    assert result.code == 0
    assert [row["Message"] for row in rows(result.out)] == [SENTENCE] * 2
    assert "took dhcpcsvc.dll for Dhcp" in result.err
    result = evtscan("dump", affected, "-t", "jsonl", "--messages", nt4_files)
    assert [json.loads(line)["Message"] for line in result.out.splitlines()] == [SENTENCE] * 2


def test_the_registry_of_the_host_says_which_file(evtscan, affected, nt4_files):
    (nt4_files / "dhcpcsvc.dll").rename(nt4_files / "other.dll")
    (affected / "system.reg").write_text(
        "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\System\\Dhcp]\n"
        '"EventMessageFile"="%SystemRoot%\\\\System32\\\\OTHER.DLL"\n'
    )
    result = evtscan("dump", affected, "--messages", nt4_files)
    assert [row["Message"] for row in rows(result.out)] == [SENTENCE] * 2
    assert "took" not in result.err


def test_no_event_of_nt_4_gets_a_sentence_of_windows_2000(evtscan, affected, w2k_files):
    result = evtscan("dump", affected, "--messages", w2k_files)
    assert result.code == 0
    assert [row["Message"] for row in rows(result.out)] == ["", ""]
    assert result.err.count("is of Windows 5.0, so the events of Windows 4.0 get no message from it") == 1


def test_no_message_where_it_is_not_known_which_windows_logged(evtscan, affected, nt4_files):
    (affected / "facts.yaml").unlink()
    result = evtscan("dump", affected, "--messages", nt4_files)
    assert [row["Message"] for row in rows(result.out)] == ["", ""]
    assert result.err.count("not known which Windows logged them") == 1


def test_evtx_goes_the_same_way(evtscan, tmp_path, w2k_files):
    folder = tmp_path / "HOST"
    folder.mkdir()
    event = SampleEvent(
        provider="Dhcp", event_id=1005, qualifiers=0, time="2001-03-01T08:00:00Z", strings=("10.0.0.9", "00A024")
    )
    (folder / "System.evtx").write_bytes(evtx_log([event]))
    (folder / "facts.yaml").write_text("os.version: '5.0'\n")
    result = evtscan("dump", folder, "--messages", w2k_files, "-j", 2)
    (row,) = rows(result.out)
    assert row["Message"] == "The IP address 10.0.0.9 for the card with network address 00A024 is already in use."


def test_reports_end_the_details_with_the_message(evtscan, tmp_path, affected, nt4_files):
    result = evtscan("scan", affected, "--messages", nt4_files, "-o", "out/")
    assert result.code == 0
    details = [row["Details"] for row in rows((tmp_path / "out" / "events.csv").read_text())]
    assert details == [f"Data1=0000E8123456; {SENTENCE}"] * 2
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [match["message"] for match in report["hosts"][0]["matches"]] == [SENTENCE] * 2
    kinds = [row["Kind"] for row in rows((tmp_path / "out" / "warnings.csv").read_text())]
    assert kinds.count("message_file_assumed") == 1
    assert evtscan("report", "out/report.json", "-t", "json").out.count(SENTENCE) == 2


def test_an_audit_renders_each_host_by_its_own_windows(evtscan, tmp_path, fleet, nt4_files):
    shutil.copytree(fleet / "NTWS07", fleet / "W2K")
    (fleet / "W2K" / "facts.yaml").write_text("os.version: '5.0'\n")
    result = evtscan("audit", fleet, "--messages", nt4_files, "-o", "out/", "-j", 2, "--all")
    assert result.code == 0
    found = {row["Host"]: row["Details"] for row in rows((tmp_path / "out" / "events.csv").read_text())}
    assert {host: SENTENCE in details for host, details in found.items()} == {
        "NTWS07": True,
        "NTWS08": False,
        "W2K": False,
    }


def test_explain_shows_what_was_logged(evtscan, affected, nt4_files, w2k_files):
    result = evtscan("explain", "Q162396", affected, "--messages", nt4_files)
    assert " ".join(result.out.split()).count(f"Logged at 1997-03-01T08:00:00Z: {SENTENCE}") == 1
    result = evtscan("explain", "Q162396", affected, "--messages", w2k_files)
    assert "Logged at" not in result.out
    assert "is of Windows 5.0" in result.out


def test_a_database_for_the_windows_that_the_user_names(evtscan, tmp_path, affected):
    winevt_rc(tmp_path / "winevt-rc.db", messages=NT4_TEXT)
    result = evtscan("dump", affected, "--messages", "winevt-rc.db@4.0")
    assert [row["Message"] for row in rows(result.out)] == [SENTENCE] * 2
    result = evtscan("dump", affected, "--messages", "winevt-rc.db")
    assert [row["Message"] for row in rows(result.out)] == ["", ""]
    assert "--messages winevt-rc.db@4.0" in result.err


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("nowhere", 2, "there is no such file or folder"),
        ("x" * 300, 2, "there is no such file or folder"),
        ("x" * 300 + "@5.1", 2, "there is no such file or folder"),
        ("system32@NT", 2, "'NT' is no version of Windows"),
        ("facts.txt", 1, "no message texts: give a folder of message files"),
    ],
)
def test_what_is_no_place_of_messages(evtscan, tmp_path, affected, nt4_files, value, code, words):
    (tmp_path / "facts.txt").write_text("os.version")
    result = evtscan("dump", affected, "--messages", value)
    assert result.code == code
    assert words in result.err
    assert evtscan("scan", affected, "--messages", value).code == code


def test_a_profile_without_a_column_for_messages(evtscan, affected, nt4_files):
    result = evtscan("dump", affected, "--messages", nt4_files, "--profile", "evtxecmd")
    assert result.code == 2
    assert "has no column for messages" in result.err


def test_a_message_that_an_export_brings_stays(evtscan, tmp_path, nt4_files):
    folder = tmp_path / "exported"
    folder.mkdir()
    line = "3/14/01\t9:26:53 AM\tDhcp\tError\tNone\t1008\tN/A\tNTBOX\tAs the viewer printed it. \r\n"
    (folder / "system.txt").write_text(line)
    (folder / "facts.yaml").write_text("os.version: '4.0'\n")
    result = evtscan("dump", folder, "--messages", nt4_files)
    assert [row["Message"].strip() for row in rows(result.out)] == ["As the viewer printed it."]


def test_a_second_log_of_the_same_run_is_judged_by_what_names_its_computer(evtscan, tmp_path, affected, nt4_files):
    event = SampleEvent(provider="Dhcp", event_id=1008, time="2019-03-01T08:00:00Z", computer="OTHER", strings=("x",))
    (affected / "OTHER.Evt").write_bytes(saved_log([event]))
    result = evtscan("dump", affected, "--messages", nt4_files)
    found = {row["Computer"]: row["Message"] for row in rows(result.out)}
    assert found["OTHER"] == ""
