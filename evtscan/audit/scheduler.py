"""Hosts → finished hosts, on the workers of a Dask cluster.

What all hosts have in common is a task of its own, which another worker repeats if the one that had it is gone; so is
each host. Results come back to this process, which alone writes.
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
"""Seconds to find the scheduler, and a worker."""
_HOSTS_A_THREAD = 4
"""How many hosts are handed out for each thread of the cluster: enough that none waits for the next one."""
_MOST_LOSSES = 3
"""How often a host is given out again that the cluster lost with a worker."""


def on_cluster(
    plans: Sequence[HostPlan], work: Work, address: str, *, timeout: float | None, started: Started
) -> Iterator[Finished]:
    """Judge hosts on the cluster of the scheduler at an address, in this order as far as it goes.

    A host whose worker dies is given to another one; one that takes several workers with it is left out with a
    warning, as is one that takes longer than ``timeout`` seconds.

    Raises:
        UsageError: if there is no such cluster, or it cannot do the work.
        EvtscanError: if the cluster is gone before all is done.
    """
    client = _connected(address)
    try:
        yield from _Round(client, work, timeout, started).judge(plans, address)
    finally:
        client.close()


class _Round:
    """The hosts that the cluster has been given, and what it is to do with them."""

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
                    f"the cluster at {address} is gone; what is finished is kept: the same command goes on from there"
                )
            if finished is None and self._losses[plan.name] < _MOST_LOSSES:
                self._losses[plan.name] += 1
                self._shared = self._share()
                waiting.appendleft(plan)
            else:
                yield finished or failed(plan, "the cluster lost it again and again; the host was left out")

    def _share(self) -> "Future":
        """What all hosts have in common, on the cluster."""
        return self._client.submit(pickle.loads, self._packed, pure=False)

    def _give(self, plan: HostPlan) -> "Future":
        self._started(plan)
        future = self._client.submit(_judged, plan, self._shared, self._timeout, pure=False)
        self._given[future] = plan
        return future


def _finished(future: "Future", plan: HostPlan) -> Finished | None:
    """What a host came to; None if the cluster lost it together with a worker."""
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
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said by us, once
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
    """What a worker does with a host."""
    if not plan.remote and plan.sources and not any(source.path.exists() for source in plan.sources):
        why = "its files are not in reach of the cluster's workers: mount them in the same place, or give an address"
        return failed(plan, why).reports
    if timeout is not None:
        return next(in_workers([plan], work, 1, timeout=timeout, started=lambda host: None)).reports
    return scan_plan(plan, work)
