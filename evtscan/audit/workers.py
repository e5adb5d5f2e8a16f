"""Hosts → finished hosts, in worker processes of this machine.

Each worker has a pipe of its own and gets one host at a time, so that it is always known which host a worker has that
hangs or dies, and no lock is ever held by a dead one. What all hosts have in common is sent once.
"""

import multiprocessing
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from evtscan.audit.hosts import Finished, Started, Work, failed, overdue, scan_plan
from evtscan.audit.plan import HostPlan
from evtscan.base.errors import EvtscanError

_CONTEXT = multiprocessing.get_context("spawn")
_MOST = 60 if sys.platform == "win32" else 10_000  # pipes that Windows waits for at once: 63 before Python 3.13
_FALSE_STARTS = 3
"""Workers in a row that end before they are ready, until we give up."""


def in_workers(
    plans: Sequence[HostPlan], work: Work, workers: int, *, timeout: float | None = None, started: Started
) -> Iterator[Finished]:
    """Judge hosts in worker processes, in this order as far as it goes, and yield each as it is done.

    A host whose worker dies is tried once more at the end, alone, for it may have been the memory that all of them took
    together; then it is left out with a warning, as is one that takes longer than ``timeout`` seconds.

    Raises:
        EvtscanError: if worker processes cannot be started.
    """
    crew = _Crew(pickle.dumps(work, pickle.HIGHEST_PROTOCOL), timeout, started)
    with crew.at_work():
        retried = yield from crew.judge(plans, min(workers, _MOST))
        for plan in retried:
            for lost in (yield from crew.judge([plan], 1)):
                yield failed(lost, "its worker process ended twice, perhaps for want of memory; the host was left out")


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: "Connection[HostPlan, tuple[bytes, ...] | None]"
    plan: HostPlan | None = None
    ready: bool = False
    since: float = 0.0

    def stop(self) -> None:
        """End the process, whatever it does; nothing of it is left behind."""
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


class _Crew:
    def __init__(self, work: bytes, timeout: float | None, started: Started) -> None:
        self._work = work
        self._timeout = timeout
        self._started = started
        self._workers: list[_Worker] = []
        self._false_starts = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        try:
            yield
        finally:
            for worker in self._workers:
                worker.stop()

    def judge(self, plans: Sequence[HostPlan], most: int) -> Generator[Finished, None, list[HostPlan]]:
        """Judge hosts with so many workers at most; returns those whose worker died."""
        waiting = deque(plans)
        lost: list[HostPlan] = []
        while len(self._workers) > most:
            self._workers.pop().stop()
        while waiting or any(worker.plan for worker in self._workers):
            while len(self._workers) < min(most, len(waiting) + sum(bool(worker.plan) for worker in self._workers)):
                self._workers.append(self._hired())
            for worker in self._workers:
                if waiting and worker.ready and worker.plan is None:
                    self._give(worker, waiting)
            for pipe in wait([worker.pipe for worker in self._workers], self._patience()):
                worker = next(worker for worker in self._workers if worker.pipe is pipe)
                yield from self._take(worker, lost)
            yield from self._overdue()
        return lost

    def _hired(self) -> _Worker:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
        with _interrupts_ignored():  # which the new process inherits: it is for us to stop it
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give(self, worker: _Worker, waiting: deque[HostPlan]) -> None:
        worker.plan = waiting.popleft()
        worker.since = time.monotonic()
        self._started(worker.plan)
        with suppress(OSError):
            worker.pipe.send(worker.plan)

    def _take(self, worker: _Worker, lost: list[HostPlan]) -> Iterator[Finished]:
        """What a worker says; if nothing any more, it is dismissed and its host with it."""
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            self._dismiss(worker)
            if worker.plan is not None:
                lost.append(worker.plan)
            self._count_false_start(worker)
            return
        if said is not None and worker.plan is not None:
            yield Finished(worker.plan, said)
        if not worker.ready:
            with suppress(OSError):  # it died at once, which its pipe will tell
                worker.pipe.send_bytes(self._work)
        worker.ready, worker.plan = True, None
        self._false_starts = 0

    def _count_false_start(self, worker: _Worker) -> None:
        self._false_starts += not worker.ready
        if self._false_starts == _FALSE_STARTS:
            raise EvtscanError("worker processes end as soon as they start; audit in one process with -j 1")

    def _patience(self) -> float | None:
        """Seconds until the first host is overdue."""
        if self._timeout is None:
            return None
        busy = [worker.since for worker in self._workers if worker.plan]
        return max(0.0, min(busy) + self._timeout - time.monotonic()) if busy else None

    def _overdue(self) -> Iterator[Finished]:
        now = time.monotonic()
        for worker in list(self._workers):
            if self._timeout is not None and worker.plan and now - worker.since >= self._timeout:
                self._dismiss(worker)
                yield overdue(worker.plan, self._timeout)

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.stop()


def _serve(pipe: "Connection[tuple[bytes, ...] | None, HostPlan]") -> None:
    """The life of a worker: learn what all hosts have in common, then judge hosts until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pipe.send(None)
        work: Work = pickle.loads(pipe.recv_bytes())
        while True:
            pipe.send(scan_plan(pipe.recv(), work))
    except (EOFError, OSError):  # whoever asked has gone
        return


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
