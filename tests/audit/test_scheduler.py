"""A cluster finds what one process finds, also when one of its workers is killed on the way."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from evidence_files import DHCP, NT4_SP2, evt, write
from misbehaving import Endless, having

pytest.importorskip("distributed", reason="needs the extra dask")

from evtscan.audit import scheduler
from evtscan.audit.plan import plan
from evtscan.audit.run import run
from evtscan.audit.scheduler import on_cluster
from evtscan.base.errors import UsageError
from evtscan.scan import ScanOptions

TESTS = Path(__file__).parent


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def started(*arguments):
    """A program of Dask, until it is not needed any more."""
    paths = [str(TESTS.parents[1]), str(TESTS), str(TESTS.parent / "support"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, **quiet) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler, and its two workers."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    here = ("--host", "127.0.0.1", "--no-dashboard")
    own = ("--no-nanny", "--nthreads", "1", "--local-directory", str(tmp_path / "dask"))
    with ExitStack() as stack:
        stack.enter_context(started("dask_scheduler", "--port", str(port), *here))
        workers = [stack.enter_context(started("dask_worker", address, *here, *own)) for _ in range(2)]
        yield address, workers


def many(folder, count=30):
    for number in range(count):
        name = f"HOST{number:02}"
        write(folder / name, SysEvent__Evt=evt(DHCP, computer=name), facts__yaml=NT4_SP2)
    return folder


def reports_of(results):
    return {finished.plan.name: [json.loads(report) for report in finished.reports] for finished in results}


def expected(plans, work):
    from evtscan.audit.hosts import scan_plan

    return {item.name: [json.loads(report) for report in scan_plan(item, work)] for item in plans}


def test_a_worker_that_is_killed_on_the_way_changes_nothing(tmp_path, work, cluster):
    address, workers = cluster
    plans = plan(many(tmp_path / "fleet"))
    results = on_cluster(plans, work, address, timeout=None, started=lambda item: None)
    done = [next(results) for _ in range(3)]
    workers[0].kill()
    workers[0].wait()
    done.extend(results)
    assert len(done) == len(plans)
    assert reports_of(done) == expected(plans, work)


def test_files_at_an_address_are_fetched_by_the_workers(tmp_path, work, cluster):
    from evtscan.audit.fetching import plan_remote

    folder = many(tmp_path / "fleet", 3)
    plans = plan_remote(folder.as_uri())
    assert [(item.name, item.remote) for item in plans] == [(f"HOST0{n}", folder.as_uri()) for n in range(3)]
    done = reports_of(on_cluster(plans, work, cluster[0], timeout=None, started=lambda item: None))
    assert done == expected(plan(folder), work)


def test_a_host_that_takes_too_long_is_left_out(tmp_path, work, cluster):
    plans = plan(many(tmp_path / "fleet", 2))
    plans[1] = having(plans[1], Endless)
    done = reports_of(on_cluster(plans, work, cluster[0], timeout=10.0, started=lambda item: None))
    assert [item["kind"] for item in done["HOST01"][0]["warnings"]] == ["host_timeout"]
    assert done["HOST00"] == expected(plans[:1], work)["HOST00"]


def test_files_that_the_workers_do_not_see_are_said(tmp_path, work, cluster):
    plans = plan(many(tmp_path / "fleet", 1))
    (tmp_path / "fleet").rename(tmp_path / "elsewhere")
    (report,) = reports_of(on_cluster(plans, work, cluster[0], timeout=None, started=lambda item: None))["HOST00"]
    assert "workers cannot read its files" in report["warnings"][0]["message"]


def test_no_scheduler_at_the_address(work, monkeypatch):
    monkeypatch.setattr(scheduler, "_PATIENCE", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(UsageError, match="there is no Dask scheduler"):
        list(on_cluster([], work, address, timeout=None, started=lambda item: None))


def test_the_command_gives_the_same_bytes_on_a_cluster(tmp_path, cluster, rules):
    folder = many(tmp_path / "fleet", 5)
    for name, more in (("here", []), ("there", ["--scheduler", cluster[0]])):
        command = [sys.executable, "-m", "evtscan", "audit", str(folder), "-o", f"{tmp_path / name}/", *more]
        began = time.monotonic()
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr.splitlines()[-1]) == (
            0,
            "hosts     5 read, 0 unchanged since the last run",
        )
        assert time.monotonic() - began < 120
    for file in filter(Path.is_file, (tmp_path / "here").iterdir()):
        assert file.read_bytes() == (tmp_path / "there" / file.name).read_bytes(), file.name
    assert [len(report.findings) for report in run(plan(folder), rules, ScanOptions(), jobs=1)] == [1] * 5
