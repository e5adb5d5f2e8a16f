"""A selection is the same whoever makes it: this process, its helpers, or helpers that are lost."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.processes import WorkerLostError
from evtscan.dump import run
from evtscan.dump.run import DumpOptions, execute, helpers_for, plan

QUERY = Query(frozenset({Selector(event_id=7)}))
SELECTING = DumpOptions(query=QUERY, writer="jsonl")
EVERYTHING = DumpOptions(writer="jsonl")


class Answering:
    """Helpers that answer at once, but for those of the calls that are lost, counted from the first."""

    count = 1

    def __init__(self, *lost):
        self.lost = lost
        self.calls = []
        self.answers = []

    def submit(self, function, *arguments):
        future = Future()
        if len(self.calls) in self.lost:
            future.set_exception(WorkerLostError())
        else:
            future.set_result(function(*arguments))
        self.calls.append(arguments[0].chunks)
        self.answers.append(future)
        return future


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "WORTH_HELPERS", 0)
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
@pytest.mark.parametrize(("options", "rows"), [(SELECTING, 450), (EVERYTHING, 900)], ids=["selecting", "everything"])
def test_the_same_bytes_in_the_same_order(tasks, options, rows, lost):
    alone = list(execute(tasks, options))
    helpers = Answering(*lost)
    shared = list(execute(tasks, options, helpers))
    assert sorted(helpers.calls) == [task.chunks for task in tasks]
    assert b"".join(part.data for part in shared) == b"".join(part.data for part in alone) != b""
    for number in ("rows", "records", "lost"):
        assert sum(getattr(part, number) for part in shared) == sum(getattr(part, number) for part in alone)
    assert sum(part.rows for part in shared) == rows


@pytest.mark.parametrize("writer", ["jsonl", "csv"])
def test_lines_with_times_wait_on_disk(tasks, writer):
    """Of a large log that is sorted they would not fit into the memory."""
    options = replace(SELECTING, writer=writer, with_times=True)
    alone = list(execute(tasks, options))
    helpers = Answering()
    shared = list(execute(tasks, options, helpers))
    for column in ("lines", "times"):
        assert [item for part in shared for item in getattr(part, column)] == [
            item for part in alone for item in getattr(part, column)
        ]
    assert sum(part.rows for part in shared) == sum(part.rows for part in alone) == 450
    assert all(answer.result().lines == [] for answer in helpers.answers)


def test_helpers_of_a_selection_begin_with_what_this_process_comes_to_last(tasks):
    helpers = Answering()
    list(execute(tasks, SELECTING, helpers))
    assert helpers.calls == [task.chunks for task in reversed(tasks)]


@pytest.mark.parametrize(
    ("ranges", "query", "jobs", "count"),
    [(0, QUERY, 4, 0), (0, Query(), 4, 0), (4, QUERY, 2, 1), (4, QUERY, 9, 3), (4, QUERY, 1, 0), (4, QUERY, 0, 0),
     (4, Query(), 2, 2), (4, Query(), 9, 4), (4, Query(), 1, 0), (4, Query(), 0, 4)],
)  # fmt: skip
def test_as_many_helpers_as_have_work(tmp_path, monkeypatch, ranges, query, jobs, count):
    monkeypatch.setattr(run, "Helpers", lambda number: number)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    with (tmp_path / "x.evtx").open("wb") as stream:
        stream.write(b"ElfFile\0")
        stream.truncate(max(ranges * run.TASK_CHUNKS - 1, 0) << 16 or 1000)
    tasks, _ = plan([Source(tmp_path / "x.evtx", "x.evtx")])
    assert helpers_for(tasks, query, jobs) == count
