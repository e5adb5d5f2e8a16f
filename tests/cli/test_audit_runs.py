"""An audit that goes on where an earlier one stopped, and its output folder."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from evidence_files import dhcp_log
from links import link

from evtscan.audit import runfolder


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def state(folder):
    return json.loads((Path(folder) / "run" / "audit.json").read_bytes())


def times_of(folder: str) -> dict[str, int]:
    """When the files in a folder were written; the lock in the run folder is deleted on Windows."""
    return {path.name: path.stat().st_mtime_ns for path in Path(folder).iterdir() if path.is_file()}


def test_a_second_run_reads_nothing_and_writes_nothing(evtscan, fleet):
    assert evtscan("audit", fleet, "-o", "out/").code == 0
    before, times = contents("out"), times_of("out")
    second = evtscan("audit", fleet, "-o", "out/")
    assert second.code == 0
    assert "hosts     0 read, 3 unchanged since the last run" in second.err
    assert "the outputs of the last run are current" in second.err
    assert contents("out") == before
    assert times_of("out") == times


def test_what_has_changed_since_the_last_run_is_said(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    (fleet / "EMPTY" / "SysEvent.Evt").write_bytes(dhcp_log(computer="EMPTY"))
    second = evtscan("audit", fleet, "-o", "out/")
    assert "hosts     1 read, 2 unchanged since the last run" in second.err
    assert "since the last run: 1 new, 0 gone, 0 better, 0 worse" in second.err
    statuses = {
        host["host"]: [finding["status"] for finding in host["findings"]]
        for host in json.loads(contents("out")["report.json"])["hosts"]
    }
    assert statuses == {"EMPTY": ["new"], "NTWS07": ["known"], "NTWS08": ["known"]}
    (fleet / "NTWS07" / "facts.yaml").unlink()
    third = evtscan("audit", fleet, "-o", "out/")
    assert "since the last run: 0 new, 0 gone, 1 better, 0 worse" in third.err


def test_an_audit_that_was_killed_goes_on_and_ends_with_the_same_bytes(evtscan, fleet, monkeypatch):
    put = runfolder.RunFolder.put

    def killed_after_one(folder, finished, key):
        put(folder, finished, key)
        raise KeyboardInterrupt

    evtscan("audit", fleet, "-o", "undisturbed/")
    monkeypatch.setattr(runfolder.RunFolder, "put", killed_after_one)
    first = evtscan("audit", fleet, "-o", "out/", "-j", 1)
    assert (first.code, contents("out")) == (130, {})
    monkeypatch.setattr(runfolder.RunFolder, "put", put)
    second = evtscan("audit", fleet, "-o", "out/")
    assert "hosts     2 read, 1 unchanged since the last run" in second.err
    assert contents("out") == contents("undisturbed")


def test_an_audit_that_was_killed_by_force_goes_on_too(evtscan, tmp_path):
    fleet = tmp_path / "fleet"
    for number in range(60):
        (fleet / f"HOST{number:02}").mkdir(parents=True)
        (fleet / f"HOST{number:02}" / "SysEvent.Evt").write_bytes(dhcp_log(computer=f"HOST{number:02}"))
    command = [sys.executable, "-m", "evtscan", "audit", str(fleet), "-o", "out/", "-j", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as audit:
        hosts = Path("out/run/hosts")
        deadline = time.monotonic() + 60
        while not (hosts.is_dir() and len(list(hosts.glob("*.jsonl"))) >= 2) and time.monotonic() < deadline:
            time.sleep(0.005)
        audit.kill()
    finished = len(list(hosts.glob("*.jsonl")))
    assert finished >= 2
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"hosts     {60 - finished:,} read, {finished:,} unchanged since the last run" in second.stderr
    evtscan("audit", fleet, "-o", "undisturbed/")
    assert contents("out") == contents("undisturbed")


def test_what_a_killed_audit_left_half_written_goes_away(evtscan, fleet):
    left = [Path("out/.evtscan-0123456789ab.tmp"), Path("out/run/audit-0123.tmp"), Path("out/run/hosts/0-1.tmp")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert evtscan("audit", fleet, "-o", "out/").code == 0
    assert not any(path.exists() for path in left)


def test_every_host_is_read_again_on_request(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    assert "hosts     3 read, 0 unchanged" in evtscan("audit", fleet, "-o", "out/", "--no-cache").err


def test_other_rules_or_options_read_every_host_again(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    assert "hosts     3 read, 0 unchanged" in evtscan("audit", fleet, "-o", "out/", "--min-level", "high").err
    assert "hosts     3 read, 0 unchanged" in evtscan("audit", fleet, "-o", "out/", "--strict-facts").err


def test_an_output_that_somebody_changed_is_not_replaced(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    Path("out/findings.csv").write_text("my notes")
    (fleet / "EMPTY" / "SysEvent.Evt").write_bytes(dhcp_log(computer="EMPTY"))
    refused = evtscan("audit", fleet, "-o", "out/")
    assert refused.code == 1
    assert "findings.csv: exists already" in refused.err
    assert Path("out/findings.csv").read_text() == "my notes"
    assert evtscan("audit", fleet, "-o", "out/", "-C").code == 0
    assert Path("out/findings.csv").read_text() != "my notes"


def test_an_output_that_somebody_removed_is_written_again(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    before = Path("out/hosts.csv").read_bytes()
    Path("out/hosts.csv").unlink()
    evtscan("audit", fleet, "-o", "out/")
    assert Path("out/hosts.csv").read_bytes() == before


def test_an_output_folder_of_other_evidence_is_refused(evtscan, fleet, tmp_path):
    evtscan("audit", fleet, "-o", "out/")
    before = contents("out")
    other = shutil.copytree(fleet, tmp_path / "other")
    refused = evtscan("audit", other, "-o", "out/")
    assert refused.code == 1
    assert "contains an audit of other evidence" in refused.err
    assert contents("out") == before
    replaced = evtscan("audit", other, "-o", "out/", "-C")
    assert replaced.code == 0
    assert "hosts     3 read, 0 unchanged" in replaced.err
    assert "0 new" not in replaced.err


def test_an_audit_that_came_to_nothing_does_not_keep_its_folder(evtscan, fleet):
    assert evtscan("audit", "memory://no-such-fleet", "-o", "out/").code == 2
    assert evtscan("audit", fleet, "-o", "out/").code == 0


def test_results_of_another_version_are_not_used(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    file = Path("out/run/audit.json")
    file.write_text(json.dumps({**state("out"), "evtscan": "0.0.1"}))
    monkeyed = evtscan("audit", fleet, "-o", "out/")
    assert "results of evtscan 0.0.1 are not used" in monkeyed.err


def test_an_output_folder_of_a_later_form_is_refused(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    Path("out/run/audit.json").write_text(json.dumps({**state("out"), "form": 7}))
    refused = evtscan("audit", fleet, "-o", "out/")
    assert refused.code == 1
    assert "written by a later evtscan (form 7" in refused.err


def test_an_output_folder_in_the_evidence_is_no_host(evtscan, fleet):
    outside = evtscan("audit", fleet, "-o", "outside/")
    assert outside.code == 0
    for words in ("3 read, 0 unchanged", "0 read, 3 unchanged"):
        assert words in evtscan("audit", fleet, "-o", f"{fleet}/out/").err
    assert contents(fleet / "out") == contents("outside")


def test_the_evidence_folder_itself_takes_no_outputs(evtscan, fleet):
    refused = evtscan("audit", fleet, "-o", f"{fleet}/")
    assert refused.code == 2
    assert "is the folder of the evidence" in refused.err


def test_a_full_disk_ends_the_audit_and_keeps_what_is_finished(evtscan, fleet, monkeypatch):
    replace = os.replace
    left = [3]  # the state, and two hosts

    def full(source, target):
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    first = evtscan("audit", fleet, "-o", "out/", "-j", 1)
    assert first.code == 1
    assert "cannot be written (No space left on device); finished hosts are stored" in first.err
    monkeypatch.setattr(os, "replace", replace)
    assert "hosts     1 read, 2 unchanged" in evtscan("audit", fleet, "-o", "out/").err


def test_files_that_cannot_be_read_are_tried_again(evtscan, fleet):
    log = fleet / "NTWS08" / "SysEvent.Evt"
    log.chmod(0)
    if os.access(log, os.R_OK):
        pytest.skip("this user may read everything")
    first = evtscan("audit", fleet, "-o", "out/")
    assert "NTWS08/SysEvent.Evt: cannot be read (Permission denied)" in first.err
    log.chmod(0o600)
    second = evtscan("audit", fleet, "-o", "out/")
    assert "hosts     1 read, 2 unchanged" in second.err


def test_what_planning_could_not_open_is_tried_again_when_that_changes(evtscan, fleet):
    broken = fleet / "NTWS08" / "Security.evtx"
    link(broken, "nowhere")
    evtscan("audit", fleet, "-o", "out/")
    assert "0 read, 3 unchanged" in evtscan("audit", fleet, "-o", "out/").err
    broken.unlink()
    assert "1 read, 2 unchanged" in evtscan("audit", fleet, "-o", "out/").err


def test_hosts_without_logs_are_in_the_report(evtscan, fleet):
    (fleet / "BARE").mkdir()
    evtscan("audit", fleet, "-o", "out/")
    hosts = {line.split(",")[0] for line in Path("out/hosts.csv").read_text().splitlines()[1:]}
    assert hosts == {"BARE", "EMPTY", "NTWS07", "NTWS08"}


def test_one_host_of_many_leaves_the_others_results_alone(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    one = evtscan("audit", fleet, "-o", "out/", "--host", "NTWS08")
    assert "since the last run: 0 new, 0 gone, 0 better, 0 worse; 2 of its hosts not read" in one.err
    again = evtscan("audit", fleet, "-o", "out/").err
    assert "0 read, 3 unchanged" in again
    assert "since the last run: 0 new, 0 gone" in again


@pytest.mark.parametrize("narrower", [("--verdict", "possible"), ("--exclude-rule", "Q162396"), ("--to", "1990-01-01")])
def test_what_was_not_looked_for_is_not_gone(evtscan, fleet, narrower):
    evtscan("audit", fleet, "-o", "out/")
    assert "since the last run: 0 new, 0 gone" in evtscan("audit", fleet, "-o", "out/", *narrower).err
    assert "since the last run: 0 new, 0 gone" in evtscan("audit", fleet, "-o", "out/").err


def test_what_was_found_on_a_host_that_cannot_be_read_is_not_gone(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    (fleet / "NTWS07" / "SysEvent.Evt").unlink()
    link(fleet / "NTWS07" / "SysEvent.Evt", "SysEvent.Evt")
    assert "since the last run: 0 new, 0 gone" in evtscan("audit", fleet, "-o", "out/").err


def test_a_wrong_way_to_name_hosts(evtscan, fleet):
    assert evtscan("audit", fleet, "--host-from", "names").code == 2
    assert evtscan("audit", fleet, "--host-from", "computer", "--depth", "2").code == 2
    result = evtscan("audit", fleet, "--host-from", "computer", "-o", "out/")
    assert result.code == 0
    hosts = [line.split(",")[0] for line in Path("out/hosts.csv").read_text().splitlines()[1:]]
    assert hosts == ["(loose files)", "NTWS07", "NTWS08"]
