"""When a dump starts workers, and workers that are started ahead."""

import os

import pytest

from evtscan.dump import helpers as module
from evtscan.dump.helpers import WORTH_HELPERS_SELECTING, Helpers, looks_worth_it, start_ahead


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
        assert helpers.submit(os.getpid).result(300) == waiting.pid
    assert module._ahead == []
