"""Worker processes: a host that harms its worker harms no other host."""

import os
import time

import msgspec
import pytest
from evidence_files import DHCP, evt, write
from misbehaving import Deadly, DeadlyOnce, Endless, Faulty, having

from evtscan.audit import workers
from evtscan.audit.hosts import scan_plan
from evtscan.audit.plan import plan
from evtscan.audit.workers import in_workers
from evtscan.base.errors import EvtscanError
from evtscan.base.processes import Worker


def judged(plans, work, count=2, **options):
    begun = []
    done = {}
    for finished in in_workers(plans, work, count, started=lambda item: begun.append(item.name), **options):
        assert finished.plan.name not in done
        done[finished.plan.name] = [msgspec.json.decode(report) for report in finished.reports]
    assert set(done) == {item.name for item in plans}
    return done, begun


def kinds(reports):
    return [warning["kind"] for report in reports for warning in report["warnings"]]


def verdicts(reports):
    return [finding["verdict"] for report in reports for finding in report["findings"]]


@pytest.fixture(autouse=True)
def hired(monkeypatch):
    """The workers that a test starts, all of which have ended after it."""
    started = []

    class Recorded(Worker):
        def __init__(self, modules):
            super().__init__(modules)
            started.append(self)

    monkeypatch.setattr(workers, "Worker", Recorded)
    yield started
    assert all(worker.has_ended for worker in started)


@pytest.fixture
def plans(fleet):
    return plan(fleet)


def test_workers_give_what_one_process_gives(plans, work):
    done, begun = judged(plans, work)
    assert begun == ["ALPHA", "beta", "gamma"]
    assert done == {item.name: [msgspec.json.decode(report) for report in scan_plan(item, work)] for item in plans}


def test_one_worker_judges_one_host_after_the_other(plans, work, hired):
    assert judged(plans, work, 1)[1] == ["ALPHA", "beta", "gamma"]
    assert len(hired) == 1


def test_a_host_that_ends_its_worker_is_left_out_after_a_second_try(plans, work):
    plans[1] = having(plans[1], Deadly)
    done, begun = judged(plans, work)
    assert kinds(done["beta"]) == ["host_failed"]
    assert "its worker process ended twice" in done["beta"][0]["warnings"][0]["message"]
    assert verdicts(done["ALPHA"]) == ["confirmed"]
    assert begun == ["ALPHA", "beta", "gamma", "beta"]


def test_a_host_whose_worker_died_by_chance_is_judged_all_the_same(plans, work, tmp_path):
    path = write(tmp_path, System__evt=evt(DHCP, computer="BETA")) / "System.evt"
    plans[1] = having(plans[1], DeadlyOnce, path)
    done, _ = judged(plans, work)
    assert kinds(done["beta"]) == []
    assert verdicts(done["beta"]) == ["possible"]


def test_a_host_that_takes_too_long_is_left_out(plans, work):
    plans[1] = having(plans[1], Endless)
    began = time.monotonic()
    done, begun = judged(plans, work, timeout=2.0)
    assert time.monotonic() - began < 60
    assert kinds(done["beta"]) == ["host_timeout"]
    assert "took longer than the 2 seconds of --host-timeout" in done["beta"][0]["warnings"][0]["message"]
    assert verdicts(done["ALPHA"]) == ["confirmed"]
    assert begun.count("beta") == 1


def test_an_error_that_nobody_expects_is_a_warning(plans, work):
    plans[1] = having(plans[1], Faulty)
    done, _ = judged(plans, work, count=1)
    assert kinds(done["beta"]) == ["host_failed"]
    assert "RuntimeError: boom" in done["beta"][0]["warnings"][0]["message"]


def test_workers_end_when_nobody_wants_any_more(plans, work):
    plans[1] = having(plans[1], Endless)
    results = in_workers(plans, work, 2, started=lambda item: None)
    assert next(results).plan.name in ("ALPHA", "gamma")
    results.close()


def test_workers_that_never_become_ready_are_given_up(plans, work, monkeypatch, hired):
    monkeypatch.setattr(workers, "_prepare", _ends_at_once)
    with pytest.raises(EvtscanError, match="-j 1"):
        judged(plans, work)
    assert len(hired) < 6


def _ends_at_once(packed):
    os._exit(3)


def test_an_audit_that_is_interrupted_ends_its_workers(plans, work, hired):
    plans[1] = having(plans[1], Endless)

    def interrupt(plan):
        if plan.name == "gamma":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(in_workers(plans, work, 2, started=interrupt))
    assert hired
