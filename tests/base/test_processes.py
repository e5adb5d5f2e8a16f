"""Calls in worker processes: answers, errors where there is none, and no process left at the end."""

import operator
import os
import pickle
import sys
import time

import pytest

from evtscan.base import processes
from evtscan.base.processes import WorkerLostError, Workers, error_of, first_done


def test_calls_are_answered_by_other_processes():
    with Workers(2) as workers:
        products = [workers.submit(operator.mul, number, "ab") for number in range(20)]
        other = workers.submit(os.getpid)
        assert [product.result(300) for product in products] == ["ab" * number for number in range(20)]
        assert other.result(300) != os.getpid()


def test_what_is_printed_there_is_no_answer():
    with Workers(1) as workers:
        assert workers.submit(print, "text").result(300) is None
        assert workers.submit(operator.neg, 5).result(300) == -5


def test_a_worker_that_ends_is_lost():
    with Workers(1) as workers:
        assert isinstance(workers.submit(os._exit, 0).exception(300), WorkerLostError)
        assert isinstance(workers.submit(operator.neg, 5).exception(300), WorkerLostError)


def test_an_error_ends_its_worker():
    with Workers(1) as workers:
        assert isinstance(workers.submit(operator.neg, "text").exception(300), WorkerLostError)


def test_what_cannot_be_sent_is_an_error_here():
    with Workers(1) as workers:
        assert isinstance(workers.submit(lambda: 1).exception(300), AttributeError | pickle.PicklingError)
        assert workers.submit(operator.neg, 5).result(300) == -5


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", os.devnull)
    with Workers(1) as workers:
        assert isinstance(workers.submit(operator.neg, 5).exception(300), WorkerLostError)


def test_workers_ignore_interrupts_also_while_they_load(tmp_path, monkeypatch):
    (tmp_path / "interrupting.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Workers(1, ("interrupting",)) as workers:
        assert workers.submit(operator.neg, 5).result(300) == -5


def test_at_the_end_they_are_stopped_whatever_they_do():
    with Workers(1) as workers:
        workers.submit(os.getpid).result(300)
        calls = [workers.submit(time.sleep, 1000) for _ in range(2)]
    assert all(call.done() for call in calls)


def test_none_are_started_for_nothing():
    with Workers(0) as workers:
        assert workers.count == 0


def test_the_end_of_a_call_is_waited_for_in_steps(monkeypatch):
    """On Windows Ctrl+C is handled only between two waits."""
    monkeypatch.setattr(processes, "_STEP", 0.01)
    with Workers(1) as workers:
        slow, lost = workers.submit(time.sleep, 0.2), workers.submit(os._exit, 0)
        assert first_done([slow], timeout=0.02) == set()
        assert (error_of(slow), type(error_of(lost))) == (None, WorkerLostError)


def test_files_of_workers_are_closed_when_they_are_stopped(tmp_path):
    """Windows deletes no file that another process has open."""
    with Workers(1) as workers:
        workers.submit(open, tmp_path / "x", "w")
        call = workers.submit(time.sleep, 1000)
        workers.stop()
        (tmp_path / "x").unlink(missing_ok=True)
        assert call.done()
