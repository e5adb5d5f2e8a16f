"""Hosts → finished hosts, in worker processes of this machine.

Each worker gets one host at a time, so that the host of a worker that hangs or dies is always known. The data that all
hosts share is sent to a worker once.
"""

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from evtscan.audit.hosts import Finished, Started, Work, failed, overdue, scan_plan
from evtscan.audit.plan import HostPlan
from evtscan.base.errors import EvtscanError
from evtscan.base.processes import Worker, WorkerLostError, first_done

_FALSE_STARTS = 3
"""Workers in a row that end before they are ready, until the audit gives up."""
_MODULES = ("evtscan.audit.workers",)


def in_workers(
    plans: Sequence[HostPlan], work: Work, workers: int, *, timeout: float | None = None, started: Started
) -> Iterator[Finished]:
    """Judge hosts in worker processes, begun in this order, and yield each when it is finished.

    A host whose worker dies is tried once more at the end, alone, since all workers together may have used up the
    memory; then it is left out with a warning, as is one that takes longer than ``timeout`` seconds.

    Raises:
        EvtscanError: if worker processes cannot be started.
    """
    packed = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
    lost: list[HostPlan] = []
    yield from _Crew(packed, timeout, started, lost.append).judge(plans, workers)
    for plan in lost:
        lost_again: list[HostPlan] = []
        yield from _Crew(packed, timeout, started, lost_again.append).judge([plan], 1)
        for host in lost_again:
            yield failed(host, "its worker process ended twice, perhaps for lack of memory; the host was left out")


@dataclass(slots=True)
class _Job:
    """One host and its worker; ``since`` is a monotonic time in seconds, None while the worker loads."""

    plan: HostPlan
    worker: Worker
    since: float | None = None
    is_overdue: bool = False


@dataclass(slots=True)
class _Crew:
    """Some workers; ``packed`` is the pickled Work, ``lost`` is called with each host whose worker died."""

    packed: bytes
    timeout: float | None
    started: Started
    lost: Callable[[HostPlan], None]
    _workers: list[Worker] = field(default_factory=list)
    _ready: set[Worker] = field(default_factory=set)
    _idle: list[Worker] = field(default_factory=list)
    _false_starts: int = 0

    def judge(self, plans: Sequence[HostPlan], most: int) -> Iterator[Finished]:
        """Judge hosts with at most so many workers, which are ended when it returns."""
        waiting = deque(plans)
        running: dict[Future[tuple[bytes, ...]], _Job] = {}
        threads = ThreadPoolExecutor(most)  # each waits for the answer of one worker
        try:
            while waiting or running:
                while waiting and len(running) < most:
                    job = self._begun(waiting.popleft())
                    running[threads.submit(self._reports, job)] = job
                for future in first_done(running, self._seconds_left(running.values())):
                    job = running.pop(future)
                    yield from self._ended(job, future, waiting)
                self._end_overdue(running.values())
        finally:
            for worker in self._workers:
                worker.kill()
            threads.shutdown()
            for worker in self._workers:
                worker.close()

    def _begun(self, plan: HostPlan) -> _Job:
        if not self._idle:
            self._idle.append(Worker(_MODULES))
            self._workers.append(self._idle[-1])
        self.started(plan)
        return _Job(plan, self._idle.pop())

    def _reports(self, job: _Job) -> tuple[bytes, ...]:
        """The reports of a host from its worker; runs in a thread."""
        if job.worker not in self._ready:
            job.worker.call(_prepare, self.packed)
            self._ready.add(job.worker)
        job.since = time.monotonic()
        return job.worker.call(_judge, job.plan)

    def _ended(self, job: _Job, future: Future[tuple[bytes, ...]], waiting: deque[HostPlan]) -> Iterator[Finished]:
        """Yield what a job gave; a job whose worker was lost goes where it is tried again, if at all."""
        error = future.exception()
        if error is None:
            self._false_starts = 0
            self._idle.append(job.worker)
            yield Finished(job.plan, future.result())
            return
        if not isinstance(error, WorkerLostError):
            raise error
        if job.is_overdue and self.timeout is not None:
            yield overdue(job.plan, self.timeout)
        elif job.since is not None:
            self.lost(job.plan)
        else:
            self._false_starts += 1
            if self._false_starts == _FALSE_STARTS:
                raise EvtscanError("worker processes end as soon as they start; audit in one process with -j 1")
            waiting.appendleft(job.plan)

    def _seconds_left(self, jobs: Iterable[_Job]) -> float | None:
        """Seconds until the first host is overdue; None without a limit."""
        if self.timeout is None:
            return None
        now = time.monotonic()
        ends = [(now if job.since is None else job.since) + self.timeout for job in jobs if not job.is_overdue]
        return max(0.0, min(ends) - now) if ends else None

    def _end_overdue(self, jobs: Iterable[_Job]) -> None:
        for job in jobs:
            if self.timeout is not None and job.since is not None and time.monotonic() - job.since >= self.timeout:
                job.is_overdue = True
                job.worker.kill()


_work: Work | None = None
"""In a worker: the data that all hosts share."""


def _prepare(packed: bytes) -> None:
    global _work
    _work = pickle.loads(packed)


def _judge(plan: HostPlan) -> tuple[bytes, ...]:
    assert _work is not None
    return scan_plan(plan, _work)
