"""Hosts are judged once, kept, and told apart."""

import os
import pickle
from dataclasses import replace

import pytest
from evidence_files import DHCP, OTHER, evt, write
from misbehaving import Faulty, having

from evtscan.audit import plan, run
from evtscan.audit.hosts import Work
from evtscan.audit.keys import key_of_host, key_of_work
from evtscan.audit.run import Callbacks, Execution, workers_that_pay
from evtscan.audit.run import audit as judge
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.source import SkippedFile
from evtscan.messages import MessagesFrom
from evtscan.scan import ScanOptions


def keys_of(plans, shared=""):
    return {item.name: key_of_host(shared, item) for item in plans}


def judged(plans, work, folder, shared="", **how):
    """The reports, and the names of the hosts that were read for them."""
    read, kept = [], []
    callbacks = Callbacks(done=lambda item, reports: read.append(item.name), kept=lambda item: kept.append(item.name))
    hosts = judge(plans, keys_of(plans, shared), work, folder, Execution(**{"jobs": 1, **how}), callbacks)
    assert sorted(read + kept) == sorted(item.name for item in plans)
    return list(hosts), read


def test_reports_come_in_the_order_of_names_whatever_the_order_of_work(fleet, rules):
    done = []
    reports = run(plan(fleet), rules, ScanOptions(), jobs=1, done=lambda item: done.append(item.name))
    assert [report.host for report in reports] == ["ALPHA", "beta", "gamma"]
    assert [[item.verdict for item in report.findings] for report in reports] == [["confirmed"], [], []]
    assert done == ["ALPHA", "beta", "gamma"]


def test_worker_processes_give_the_same_reports(fleet, rules):
    assert run(plan(fleet), rules, ScanOptions(), jobs=2) == run(plan(fleet), rules, ScanOptions(), jobs=1)


def test_what_crosses_to_a_worker_and_back_can_be_pickled(fleet, work):
    everything = (plan(fleet), work)
    assert pickle.loads(pickle.dumps(everything)) == everything


def test_a_host_that_fails_does_not_end_the_audit(fleet, rules):
    plans = plan(fleet)
    plans[1] = having(plans[1], Faulty)
    reports = {report.host: report for report in run(plans, rules, ScanOptions(), jobs=1)}
    assert [warning.kind for warning in reports["beta"].warnings] == ["host_failed"]
    assert "RuntimeError: boom" in reports["beta"].warnings[0].message
    assert [item.verdict for item in reports["ALPHA"].findings] == ["confirmed"]


def test_mixed_machines_become_hosts_of_their_own(tmp_path, rules):
    write(tmp_path / "F", a__evt=evt(DHCP, OTHER, computer="ONE"), b__evt=evt(OTHER, OTHER, computer="TWO"))
    assert [report.host for report in run(plan(tmp_path), rules, ScanOptions(), jobs=1)] == ["F/ONE", "F/TWO"]


def test_only_what_has_changed_is_read_again(fleet, work, folder):
    first, read = judged(plan(fleet), work, folder)
    assert read == ["ALPHA", "beta", "gamma"]
    assert judged(plan(fleet), work, folder) == (first, [])
    write(fleet / "beta", more__evt=evt(DHCP, computer="BETA"))
    second, read = judged(plan(fleet), work, folder)
    assert read == ["beta"]
    assert [report == before for report, before in zip(second, first, strict=True)] == [True, False, True]
    assert judged(plan(fleet), work, folder, reuse=False)[1] == ["beta", "ALPHA", "gamma"]  # largest first


def test_what_was_finished_before_an_audit_was_stopped_is_not_read_again(fleet, work, folder):
    class StopError(Exception):
        pass

    def stop(item, reports):
        raise StopError

    plans = plan(fleet)
    with pytest.raises(StopError):
        judge(plans, keys_of(plans), work, folder, Execution(jobs=1), Callbacks(done=stop))
    undisturbed = run(plans, work.rules, ScanOptions(), jobs=1)
    assert judged(plans, work, folder) == (undisturbed, ["beta", "gamma"])


def test_a_key_stands_for_all_that_a_host_is_made_of(fleet):
    alpha = plan(fleet)[0]
    facts = FactsFile(source="fleet.csv", entries=())
    others = [
        replace(alpha, name="alpha"),
        replace(alpha, sources=alpha.sources[:1], states=alpha.states[:1]),
        replace(alpha, states=(replace(alpha.states[0], size=1), alpha.states[1])),
        replace(alpha, states=(replace(alpha.states[0], mark="1"), alpha.states[1])),
        replace(alpha, skipped=(SkippedFile(source_file="x", reason="y"),)),
        replace(alpha, stated=(facts,)),
    ]
    keys = {key_of_host("", item) for item in [alpha, *others]}
    assert len(keys) == 7
    assert key_of_host("", alpha) == key_of_host("", plan(fleet)[0])
    assert key_of_host("x", alpha) not in keys


def test_a_key_stands_for_rules_options_place_and_message_files(tmp_path):
    tables = write(tmp_path / "messages", a__dll=b"1")
    with_messages = ScanOptions(messages=MessagesFrom(tables))
    keys = [
        key_of_work(b"1", ["a"], ScanOptions(), "here"),
        key_of_work(b"2", ["a"], ScanOptions(), "here"),
        key_of_work(b"1", ["a", "b"], ScanOptions(), "here"),
        key_of_work(b"1", ["a"], ScanOptions(strict_facts=True), "here"),
        key_of_work(b"1", ["a"], ScanOptions(exclude_ids=frozenset({1, 2})), "here"),
        key_of_work(b"1", ["a"], ScanOptions(), "there"),
        key_of_work(b"1", ["a"], with_messages, "here"),
    ]
    write(tables, a__dll=b"22")
    keys.append(key_of_work(b"1", ["a"], with_messages, "here"))
    assert len(set(keys)) == 8
    assert key_of_work(b"1", ["a"], ScanOptions(exclude_ids=frozenset({2, 1})), "here") == keys[4]


def test_one_computer_in_two_folders_is_said_of_both(tmp_path, rules):
    write(tmp_path / "A", a__evt=evt(DHCP, computer="NTBOX.example.com"))
    write(tmp_path / "B", a__evt=evt(OTHER, computer="ntbox"))
    write(tmp_path / "C", a__evt=evt(OTHER, computer="other"))
    reports = run(plan(tmp_path), rules, ScanOptions(), jobs=1)
    said = {report.host: [item.message for item in report.warnings if item.kind == "host_twice"] for report in reports}
    message = "A, B contain evidence of the same computer: if they are one host, put it in one folder"
    assert said == {"A": [message], "B": [message], "C": []}


def test_hosts_whose_names_differ_in_case_only_are_told_apart(tmp_path, rules):
    write(tmp_path / "a", a__evt=evt(DHCP, computer="ONE"))
    if (tmp_path / "A").exists():
        pytest.skip("this file system does not tell case apart")
    write(tmp_path / "A", a__evt=evt(OTHER, computer="TWO"))
    reports = run(plan(tmp_path), rules, ScanOptions(), jobs=1)
    assert [(report.host, report.computer) for report in reports] == [("A", "TWO"), ("a", "ONE")]
    assert [[item.kind for item in report.warnings] for report in reports] == [["host_name_case"], ["host_name_case"]]


def test_workers_are_started_where_they_pay(fleet):
    plans = plan(fleet)
    assert workers_that_pay(plans) == 1
    assert workers_that_pay(plans * 1000) == os.cpu_count()


def test_an_audit_of_nothing(folder, rules):
    assert judged([], Work(rules, ScanOptions()), folder) == ([], [])
    assert judged([], Work(rules, ScanOptions()), folder, timeout=1.0) == ([], [])
