"""Hosts → finished hosts, on the workers of a Dask cluster.

The shared data of all hosts is one task, each host is another; the cluster repeats a task on another worker if its
worker is lost. Only this process writes results.
"""

import asyncio
import concurrent.futures
import logging
import pickle
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evtscan import __version__
from evtscan.audit.hosts import Finished, Started, Work, failed, scan_plan
from evtscan.audit.plan import HostPlan
from evtscan.audit.workers import in_workers
from evtscan.base.errors import EvtscanError, UsageError

if TYPE_CHECKING:
    from distributed import Client, Future

_PATIENCE = 20
"""Seconds to wait for the scheduler, and for a worker."""
_HOSTS_A_THREAD = 4
"""Hosts submitted for each thread of the cluster: enough that no thread waits."""
_MOST_LOSSES = 3
"""How often a host is submitted again after the cluster lost it with a worker."""


def on_cluster(
    plans: Sequence[HostPlan], work: Work, address: str, *, timeout: float | None, started: Started
) -> Iterator[Finished]:
    """Judge hosts on the cluster of the scheduler at an address, submitted in this order.

    A host whose worker dies is given to another worker; one that loses several workers is left out with a warning, as
    is one that takes longer than ``timeout`` seconds.

    Raises:
        UsageError: if there is no cluster at the address, or its workers lack evtscan of this version.
        EvtscanError: if the cluster ends before all hosts are finished.
    """
    client = _connected(address)
    try:
        yield from _Round(client, work, timeout, started).judge(plans, address)
    finally:
        client.close()


class _Round:
    """The hosts that were submitted to the cluster, and the shared data there."""

    def __init__(self, client: "Client", work: Work, timeout: float | None, started: Started) -> None:
        self._client = client
        self._packed = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._shared = self._share()
        self._timeout = timeout
        self._started = started
        self._given: dict[Future, HostPlan] = {}
        self._losses: Counter[str] = Counter()

    def judge(self, plans: Sequence[HostPlan], address: str) -> Iterator[Finished]:
        from distributed import as_completed

        at_once = sum(self._client.nthreads().values()) * _HOSTS_A_THREAD
        waiting = deque(plans)
        queue = as_completed(loop=self._client.loop)
        while waiting or self._given:
            while waiting and len(self._given) < at_once:
                queue.add(self._give(waiting.popleft()))
            future = next(queue)
            plan = self._given.pop(future)
            finished = _finished(future, plan)
            if finished is None and self._client.status != "running":
                raise EvtscanError(
                    f"the cluster at {address} has ended; finished hosts are stored: run the same command again"
                )
            if finished is None and self._losses[plan.name] < _MOST_LOSSES:
                self._losses[plan.name] += 1
                self._shared = self._share()
                waiting.appendleft(plan)
            else:
                yield finished or failed(plan, "the cluster lost its worker several times; the host was left out")

    def _share(self) -> "Future":
        """Send the shared data of all hosts to the cluster."""
        return self._client.submit(pickle.loads, self._packed, pure=False)

    def _give(self, plan: HostPlan) -> "Future":
        self._started(plan)
        future = self._client.submit(_judged, plan, self._shared, self._timeout, pure=False)
        self._given[future] = plan
        return future


def _finished(future: "Future", plan: HostPlan) -> Finished | None:
    """Return a finished host; None if the cluster lost it together with a worker."""
    try:
        if future.status == "finished":
            return Finished(plan, future.result())
        if future.status == "error":
            kind = type(future.exception()).__name__
            return failed(plan, f"the cluster could not judge it ({kind}); the host was left out")
    except (asyncio.CancelledError, concurrent.futures.CancelledError):
        pass
    return None


def _connected(address: str) -> "Client":
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError('--scheduler needs the package distributed: pip install "evtscan[dask]"') from error
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # errors are reported by evtscan, once
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"--scheduler {address}: there is no Dask scheduler ({error})") from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
        versions = set(client.run(_version).values())
    except TimeoutError as error:
        client.close()
        raise UsageError(f"--scheduler {address}: the cluster has no workers") from error
    except (ImportError, AttributeError) as error:
        client.close()
        raise UsageError(
            f"--scheduler {address}: its workers have no evtscan; install evtscan {__version__}"
        ) from error
    if versions != {__version__}:
        client.close()
        raise UsageError(
            f"--scheduler {address}: its workers have evtscan {', '.join(sorted(versions))}; install {__version__}"
        )
    return client


def _version() -> str:
    return __version__


def _judged(plan: HostPlan, work: Work, timeout: float | None) -> tuple[bytes, ...]:
    """Judge one host: the task that runs on a worker of the cluster."""
    if not plan.remote and plan.sources and not any(source.path.exists() for source in plan.sources):
        why = "the cluster's workers cannot read its files: mount them at the same path, or give an address"
        return failed(plan, why).reports
    if timeout is not None:
        return next(in_workers([plan], work, 1, timeout=timeout, started=lambda host: None)).reports
    return scan_plan(plan, work)
