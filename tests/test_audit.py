"""A folder of hosts: who is who, and that one host never ends the audit of the others."""

import pickle
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest
from evidence_files import DHCP, NT4_SP2, OTHER, REG, evt, write

from evtscan import audit
from evtscan.audit import LOOSE, HostPlan, plan, run
from evtscan.detection import catalogue
from evtscan.detection.loader import load_rules
from evtscan.errors import UsageError
from evtscan.facts.catalogue import is_known
from evtscan.scan import ScanOptions


@pytest.fixture(scope="module")
def rules():
    return load_rules([catalogue.folder()], fact_known=is_known).rules


def planned(folder):
    return {item.name: [source.name for source in item.sources] for item in plan(folder)}


@pytest.fixture
def fleet(tmp_path):
    write(tmp_path / "ALPHA", SysEvent__Evt=evt(DHCP), facts__yaml=NT4_SP2)
    write(tmp_path / "beta" / "deep", System__evt=evt(OTHER))
    write(tmp_path / "gamma")
    return tmp_path


def test_each_first_level_folder_is_a_host_with_the_name_of_the_folder(fleet):
    assert planned(fleet) == {"ALPHA": ["SysEvent.Evt", "facts.yaml"], "beta": ["deep/System.evt"], "gamma": []}


def test_loose_files_are_grouped_by_the_computer_that_they_name(fleet):
    write(
        fleet,
        a__evt=evt(DHCP, computer="NTBOX.example.com"),
        b__evt=evt(OTHER, computer="ntbox"),
        c__reg=REG.format(name="NtBox"),
        d__reg="REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\x]\n",
        facts__yaml=NT4_SP2,
        readme__txt="x",
    )
    found = planned(fleet)
    assert found["NTBOX"] == ["a.evt", "b.evt", "c.reg"]
    assert found[LOOSE] == ["d.reg", "facts.yaml", "readme.txt"]


def test_a_loose_file_never_joins_a_folder(fleet):
    write(fleet, x__evt=evt(DHCP, computer="alpha"))
    assert planned(fleet)[f"alpha {LOOSE}"] == ["x.evt"]


def test_links_in_the_folder_are_passed_over(fleet, tmp_path_factory):
    outside = write(tmp_path_factory.mktemp("outside"), System__evt=evt(DHCP))
    try:
        (fleet / "linked").symlink_to(outside, target_is_directory=True)
        (fleet / "broken").symlink_to(fleet / "nothing")
    except OSError:
        pytest.skip("this system does not let us make links")
    (loose,) = [item for item in plan(fleet) if item.name == LOOSE]
    assert loose.sources == ()
    assert sorted(item.source_file for item in loose.skipped) == ["broken", "linked"]


def test_a_folder_that_cannot_be_listed(tmp_path):
    with pytest.raises(UsageError, match="cannot be listed"):
        plan(tmp_path / "nothing")


def test_reports_come_in_the_order_of_names_whatever_the_order_of_work(fleet, rules):
    done = []
    reports = run(plan(fleet), rules, ScanOptions(), jobs=1, done=lambda item: done.append(item.name))
    assert [report.host for report in reports] == ["ALPHA", "beta", "gamma"]
    assert [[item.verdict for item in report.findings] for report in reports] == [["confirmed"], [], []]
    assert done == ["ALPHA", "beta", "gamma"]


def test_worker_processes_give_the_same_reports(fleet, rules):
    assert run(plan(fleet), rules, ScanOptions(), jobs=2) == run(plan(fleet), rules, ScanOptions(), jobs=1)


def test_what_crosses_to_a_worker_and_back_can_be_pickled(fleet, rules):
    plans = plan(fleet)
    reports = run(plans, rules, ScanOptions(), jobs=1)
    everything = (plans, rules, ScanOptions(), reports)
    assert pickle.loads(pickle.dumps(everything)) == everything


def test_a_host_that_fails_does_not_end_the_audit(fleet, rules, monkeypatch):
    scan_machines = audit.scan_machines

    def fails_on_beta(*args, folder, **more):
        if folder == "beta":
            raise RuntimeError("boom")
        return scan_machines(*args, folder=folder, **more)

    monkeypatch.setattr(audit, "scan_machines", fails_on_beta)
    reports = {report.host: report for report in run(plan(fleet), rules, ScanOptions(), jobs=1)}
    assert [warning.kind for warning in reports["beta"].warnings] == ["host_failed"]
    assert "RuntimeError: boom" in reports["beta"].warnings[0].message
    assert [item.verdict for item in reports["ALPHA"].findings] == ["confirmed"]


def test_a_host_that_takes_its_worker_with_it_does_not_end_the_audit(fleet, rules, monkeypatch):
    class Pool:
        def __init__(self, *args):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return False

        def submit(self, function, item):
            future = Future()
            if item.name == "beta":
                future.set_exception(BrokenProcessPool("gone"))
            else:
                future.set_result(audit._scan_one(item, rules, ScanOptions()))
            return future

    monkeypatch.setattr(audit, "_pool", Pool)
    reports = {report.host: report for report in run(plan(fleet), rules, ScanOptions(), jobs=2)}
    assert [warning.kind for warning in reports["beta"].warnings] == ["host_failed"]
    assert "its worker process ended" in reports["beta"].warnings[0].message
    assert [item.verdict for item in reports["ALPHA"].findings] == ["confirmed"]


def test_the_size_of_a_host_that_vanished(tmp_path):
    write(tmp_path / "A", a__evt=evt(DHCP))
    (item,) = plan(tmp_path)
    assert item.size == (tmp_path / "A" / "a.evt").stat().st_size
    (tmp_path / "A" / "a.evt").unlink()
    assert item.size == 0
    assert isinstance(item, HostPlan)


def test_mixed_machines_become_hosts_of_their_own(tmp_path, rules):
    write(tmp_path / "F", a__evt=evt(DHCP, OTHER, computer="ONE"), b__evt=evt(OTHER, OTHER, computer="TWO"))
    assert [report.host for report in run(plan(tmp_path), rules, ScanOptions(), jobs=1)] == ["F/ONE", "F/TWO"]
