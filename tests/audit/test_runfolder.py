"""The run folder: what is finished stays, whole, and counts as long as nothing that it was made of has changed."""

import errno
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from evtscan.audit.changes import KnownFinding
from evtscan.audit.hosts import Finished, failed
from evtscan.audit.plan import HostPlan
from evtscan.audit.runfolder import FORM, FileMark, RunFolder, RunState
from evtscan.base.errors import OutputError
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.report.model import HostReport
from evtscan.reporters.json.report import host_to_json

HOLDING = """
import sys, time
from pathlib import Path
from evtscan.audit.runfolder import RunFolder
with RunFolder(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    time.sleep(600)
"""


def host(name):
    return HostPlan(name=name, sources=())


def finished(name, *reports):
    return Finished(host(name), tuple(host_to_json(report) for report in reports or [HostReport(host=name)]))


def test_a_result_is_there_for_its_key_only(folder):
    folder.put(finished("A"), "key")
    other = RunFolder(folder.path)
    assert other.has(host("A"), "key")
    assert not other.has(host("A"), "other key")
    assert not other.has(host("B"), "key")


def test_hosts_come_in_order_of_their_names_and_are_read_again_each_time(folder):
    folder.put(finished("b", HostReport(host="b/TWO", os="2000"), HostReport(host="b/ONE")), "")
    folder.put(finished("A"), "")
    stored = folder.stored([host("b"), host("A")])
    assert [report.host for report in stored] == ["A", "b/ONE", "b/TWO"]
    assert stored[2] == HostReport(host="b/TWO", os="2000")
    assert [report.host for report in stored[1:]] == ["b/ONE", "b/TWO"]
    assert len(stored) == 3
    assert stored[0] is not stored[0]
    folder.put(finished("A", HostReport(host="A", os="NT 4.0")), "")
    assert stored[0].os == "NT 4.0"


def test_changes_are_made_to_each_host_in_turn(folder):
    folder.put(finished("A"), "")
    stored = folder.stored([host("A")]).changed(lambda report: replace(report, os="x"))
    assert stored.changed(lambda report: replace(report, os=report.os + "y"))[0].os == "xy"
    assert stored[0].os == "x"


def test_names_with_halves_of_characters_are_kept(folder):
    name = os.fsdecode(b"caf\xe9") if os.name != "nt" else "caf\udce9"
    folder.put(finished(name), "key")
    assert RunFolder(folder.path).has(host(name), "key")
    assert [report.host for report in folder.stored([host(name)])] == ["caf\\udce9"]


@pytest.mark.parametrize("kind", ["host_failed", "host_timeout", "unreadable"])
def test_what_failed_is_tried_again(folder, kind):
    warning = ExtractionWarning(location=Location(source="x"), kind=kind, message="no")
    folder.put(finished("A", HostReport(host="A", warnings=(warning,))), "key")
    assert not folder.has(host("A"), "key")
    assert [report.host for report in folder.stored([host("A")])] == ["A"]


def test_a_failure_names_its_host(folder):
    (report,) = folder.put(failed(host("A"), "it went up in smoke"), "key")
    assert report.warnings[0].message == "A: it went up in smoke"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"form":99}\n', b"[]\n"])
def test_a_file_that_is_none_of_ours_does_not_count(folder, content):
    folder.put(finished("A"), "key")
    (file,) = (folder.path / "hosts").iterdir()
    file.write_bytes(content)
    assert not RunFolder(folder.path).has(host("A"), "key")


def test_a_full_disk_leaves_what_is_finished(folder, monkeypatch):
    folder.put(finished("A"), "key")

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\); finished hosts are stored"):
        folder.put(finished("B"), "key")
    with pytest.raises(OutputError, match="No space left"):
        folder.put(finished("A", HostReport(host="A", os="new")), "other")
    assert len(list((folder.path / "hosts").iterdir())) == 1
    assert RunFolder(folder.path).has(host("A"), "key")


def test_hosts_that_are_not_planned_any_more_are_forgotten(folder):
    for name in "AB":
        folder.put(finished(name), "key")
    (folder.path / "hosts" / "half-1234.tmp").write_bytes(b"{")
    folder.keep_only([host("B")])
    assert len(list((folder.path / "hosts").iterdir())) == 1
    assert folder.has(host("B"), "key")


def test_a_stored_host_that_somebody_removed(folder):
    folder.put(finished("A"), "key")
    stored = folder.stored([host("A")])
    (file,) = (folder.path / "hosts").iterdir()
    file.write_bytes(b"")
    with pytest.raises(OutputError, match="was changed by another program"):
        list(stored)
    file.unlink()
    with pytest.raises(OutputError, match="No such file"):
        list(stored)


def test_a_stored_host_that_a_disk_damaged_is_read_anew_by_the_next_run(folder):
    folder.put(finished("A"), "key")
    (file,) = (folder.path / "hosts").iterdir()
    head, _ = file.read_bytes().split(b"\n", 1)
    file.write_bytes(head + b"\n" + bytes(512))
    assert folder.has(host("A"), "key")
    with pytest.raises(OutputError, match=r"damaged, or not JSON: .*; it is deleted: run the audit again"):
        list(folder.stored([host("A")]))
    assert not folder.has(host("A"), "key")


def test_the_state_comes_back(folder):
    assert folder.state() is None
    findings = {"A": {"id": KnownFinding("confirmed", "rule")}}
    state = RunState(evidence="e", finished="f", findings=findings, outputs={"a": FileMark(1, 2), "b": None})
    folder.write_state(state)
    assert RunFolder(folder.path).state() == state


@pytest.mark.parametrize("content", [b"", b"{}", b'{"form": "x"}', b"\xff", f'{{"form": {FORM}}}'.encode()])
def test_a_damaged_state_is_none(folder, content):
    (folder.path / "audit.json").write_bytes(content)
    assert folder.state() is None


def test_a_later_form_is_refused(folder):
    (folder.path / "audit.json").write_bytes(b'{"form": 99, "evidence": ["new"]}')
    with pytest.raises(OutputError, match=r"written by a later evtscan \(form 99; this one reads forms up to 1\)"):
        folder.state()


def test_a_second_audit_is_refused_until_the_first_one_ends_even_if_it_is_killed(tmp_path):
    path = tmp_path / "out" / "run"
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"locked"
        try:
            with pytest.raises(OutputError, match="another audit is using this folder"), RunFolder(path).locked():
                pass
        finally:
            holder.kill()
    with RunFolder(path).locked():
        assert (path / "hosts").is_dir()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"), RunFolder(tmp_path / "out" / "run").locked():
        pass
