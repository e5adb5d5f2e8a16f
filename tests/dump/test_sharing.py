"""A selection is the same whoever makes it: this process, its helpers, or helpers that are lost."""

from concurrent.futures import Future
from pathlib import Path

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.dump import run
from evtscan.dump.helpers import HelperLostError
from evtscan.dump.run import DumpOptions, execute, helpers_for, plan
from evtscan.model import Query, Selector, Source

QUERY = Query(frozenset({Selector(event_id=7)}))
OPTIONS = DumpOptions(query=QUERY, writer="jsonl")


class Answering:
    """Helpers that answer at once, but for those of the calls, counted from the last task, that are lost."""

    count = 1

    def __init__(self, *lost):
        self.lost = lost
        self.calls = []

    def submit(self, function, *arguments):
        future = Future()
        if len(self.calls) in self.lost:
            future.set_exception(HelperLostError())
        else:
            future.set_result(function(*arguments))
        self.calls.append(arguments[0].chunks)
        return future


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "WORTH_WORKERS", 0)
    monkeypatch.setattr(run, "TASK_CHUNKS", 1)
    path = tmp_path / "large.evtx"
    logged = [
        SampleEvent(provider="Dhcp", event_id=7 + n % 2, time="1997-03-01T08:00:00Z", computer="N", strings=("x" * n,))
        for n in range(900)
    ]
    path.write_bytes(evtx_log(logged))
    made, _ = plan([Source(path, path.name)])
    assert len(made) > 4
    return made


@pytest.mark.parametrize("lost", [(), (0,), (1, 2), range(100)])
def test_the_same_bytes_in_the_same_order(tasks, lost):
    alone = list(execute(tasks, OPTIONS, 1))
    helpers = Answering(*lost)
    shared = list(execute(tasks, OPTIONS, 2, helpers))
    assert helpers.calls == [task.chunks for task in reversed(tasks)]
    assert b"".join(part.data for part in shared) == b"".join(part.data for part in alone) != b""
    for number in ("rows", "records", "lost"):
        assert sum(getattr(part, number) for part in shared) == sum(getattr(part, number) for part in alone)
    assert sum(part.rows for part in shared) == 450


@pytest.mark.parametrize(
    ("size", "query", "jobs", "count"),
    [(1000, QUERY, 4, 0), (3 * run.TASK_CHUNKS << 16, QUERY, 2, 1), (3 * run.TASK_CHUNKS << 16, QUERY, 9, 3),
     (3 * run.TASK_CHUNKS << 16, QUERY, 1, 0), (3 * run.TASK_CHUNKS << 16, Query(), 9, 0),
     (3 * run.TASK_CHUNKS << 16, QUERY, 0, 0)],
)  # fmt: skip
def test_as_many_helpers_as_have_work(tmp_path, monkeypatch, size, query, jobs, count):
    monkeypatch.setattr(run, "Helpers", lambda number, modules=(): number)
    with (tmp_path / "x.evtx").open("wb") as stream:
        stream.truncate(size)
    assert helpers_for([Source(tmp_path / "x.evtx", "x.evtx")], query, jobs) == count
