"""Calls in other processes: answers, what is raised where there is none, and that no process is left."""

import operator
import os
import pickle
import sys
import time

import pytest

from evtscan.dump import helpers as module
from evtscan.dump.helpers import WORTH_HELPERS_SELECTING, HelperLostError, Helpers, looks_worth_it, start_ahead


def test_calls_are_answered_by_other_processes():
    with Helpers(2) as helpers:
        products = [helpers.submit(operator.mul, number, "ab") for number in range(20)]
        other = helpers.submit(os.getpid)
        assert [product.result(60) for product in products] == ["ab" * number for number in range(20)]
        assert other.result(60) != os.getpid()


def test_what_is_printed_there_is_no_answer():
    with Helpers(1) as helpers:
        assert helpers.submit(print, "text").result(60) is None
        assert helpers.submit(operator.neg, 5).result(60) == -5


def test_a_helper_that_ends_is_lost():
    with Helpers(1) as helpers:
        assert isinstance(helpers.submit(os._exit, 0).exception(60), HelperLostError)
        assert isinstance(helpers.submit(operator.neg, 5).exception(60), HelperLostError)


def test_an_error_ends_its_helper():
    with Helpers(1) as helpers:
        assert isinstance(helpers.submit(operator.neg, "text").exception(60), HelperLostError)


def test_what_cannot_be_sent_is_an_error_here():
    with Helpers(1) as helpers:
        assert isinstance(helpers.submit(lambda: 1).exception(60), AttributeError | pickle.PicklingError)
        assert helpers.submit(operator.neg, 5).result(60) == -5


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", os.devnull)
    with Helpers(1) as helpers:
        assert isinstance(helpers.submit(operator.neg, 5).exception(60), HelperLostError)


def test_an_interrupt_is_not_theirs_not_even_while_they_load(tmp_path, monkeypatch):
    (tmp_path / "interrupting.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "MODULES", ("interrupting",))
    with Helpers(1) as helpers:
        assert helpers.submit(operator.neg, 5).result(60) == -5


def test_at_the_end_they_are_stopped_whatever_they_do():
    with Helpers(1) as helpers:
        helpers.submit(os.getpid).result(60)
        calls = [helpers.submit(time.sleep, 1000) for _ in range(2)]
    assert all(call.done() for call in calls)


def test_none_are_started_for_nothing():
    with Helpers(0) as helpers:
        assert helpers.count == 0


@pytest.fixture
def large(tmp_path):
    with (tmp_path / "x.evtx").open("wb") as stream:
        stream.truncate(WORTH_HELPERS_SELECTING)
    return tmp_path / "x.evtx"


@pytest.mark.parametrize(
    ("words", "worth"),
    [
        (["LARGE", "--include-eid", "7"], True),
        (["--provider=Dhcp", "LARGE"], True),
        (["LARGE", "--exclude-eid", "7"], False),
        (["LARGE"], False),
        (["small", "--channel", "System"], False),
        (["\0", "--channel", "System"], False),
        (["LARGE", "--include-eid", "4624," * 100], True),
        ([], False),
    ],
)
def test_what_a_command_line_looks_like(large, words, worth):
    assert looks_worth_it([word.replace("LARGE", str(large)) for word in words]) is worth


def test_helpers_that_were_started_ahead_are_taken_over(large, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    start_ahead([str(large), "--include-eid", "7"])
    (waiting,) = module._ahead
    with Helpers(1) as helpers:
        assert helpers.submit(os.getpid).result(60) == waiting._process.pid
    assert module._ahead == []
