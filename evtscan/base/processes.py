"""Worker processes: each runs one call at a time, received through a pipe, and can be killed at any moment.

A function is sent as its module and name; arguments and results are sent as pickles. If a worker ends for any reason,
waiting for its answer raises ``WorkerLostError``, and the caller decides whether to repeat the call. A pool of
``multiprocessing`` would take twice as long to start (a second process, queues, the state of the main module), and its
workers cannot be killed one by one.

Workers ignore Ctrl+C from the start: the process that started them ends them. A worker also ends when its pipe is
closed.
"""

import importlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from subprocess import Popen

_STEP = 0.2 if os.name == "nt" else None
"""Seconds of one wait of a lock, where Ctrl+C is handled only between two waits."""

T = TypeVar("T")


class WorkerLostError(Exception):
    """A worker process cannot be started, or ended without an answer."""


class Worker:
    """One worker process; it imports ``modules`` while it waits for its first call."""

    def __init__(self, modules: Sequence[str] = ()) -> None:
        import subprocess

        group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows: without Ctrl+C
        self._process: Popen[bytes] | None = None
        with suppress(OSError), _interrupts_ignored():
            self._process = subprocess.Popen(
                _command(modules), stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=group
            )

    @property
    def pid(self) -> int | None:
        """The process id; None if the process could not be started."""
        return None if self._process is None else self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended, or could not be started."""
        return self._process is None or self._process.poll() is not None

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the process and return its result.

        Raises:
            WorkerLostError: if the process could not be started or ends without an answer.
            PicklingError: if the call cannot be sent; the worker can still run other calls.
        """
        call = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        if self._process is None:
            raise WorkerLostError
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(call)
            self._process.stdin.flush()
            result: T = pickle.load(self._process.stdout)
        except (OSError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise WorkerLostError from error
        return result

    def kill(self) -> None:
        """Kill the process, whatever it is doing; a pending call raises WorkerLostError."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Close the pipes of a process that has ended; there must be no pending call."""
        if self._process is not None:
            with suppress(OSError), self._process:  # a result may be left that was not read
                pass


class Workers:
    """A group of workers, started together, that accept calls until the end of the ``with`` block, which ends them.

    ``ready`` are workers that were started earlier; as many as needed are removed from it and used.
    """

    def __init__(self, count: int, modules: Sequence[str] = (), ready: list[Worker] | None = None) -> None:
        self.count = count
        self._workers = [ready.pop() if ready else Worker(modules) for _ in range(count)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads: Executor | None = None  # each waits for the answer of one worker
        if count:  # a worker loads this module too, and does not need what this import takes
            from concurrent.futures.thread import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Have a worker call a function; if the worker is lost, the future raises WorkerLostError."""
        assert self._threads is not None
        return self._threads.submit(self._call, function, arguments)

    def stop(self) -> None:
        """End all workers; waiting calls are cancelled. When this returns, files that workers wrote are closed."""
        for worker in self._workers:
            worker.kill()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def _call(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        worker = self._idle.get()
        try:
            return worker.call(function, *arguments)
        finally:
            self._idle.put(worker)


def error_of(future: "Future[Any]") -> BaseException | None:
    """Wait for a call and return its exception, or None if it has a result."""
    first_done([future])
    return future.exception()


def first_done(futures: "Iterable[Future[T]]", timeout: float | None = None) -> "set[Future[T]]":
    """Wait until at least one call is done, or until the timeout in seconds; return the calls that are done.

    Ctrl+C interrupts the wait on every system. This needs several short waits: Windows handles Ctrl+C only between
    waits.
    """
    from concurrent.futures import FIRST_COMPLETED, wait

    waiting = list(futures)
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        step = left if _STEP is None or (left is not None and left < _STEP) else _STEP
        done = wait(waiting, step, FIRST_COMPLETED).done
        if done or (end is not None and time.monotonic() >= end):
            return done


def _command(modules: Sequence[str]) -> list[str]:
    """The command line of a worker."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        f"sys.path[:] = {sys.path!r}; from {__name__} import serve; serve({tuple(modules)!r})"
    )
    return [sys.executable, "-c", code]


def serve(modules: Sequence[str]) -> None:
    """Run calls from standard input until it is closed: the main function of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    calls, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a function prints is no answer
    for name in modules:
        importlib.import_module(name)
    while True:
        try:
            function, arguments = pickle.load(calls)
        except EOFError:  # the process that asks has ended, or needs no more answers
            return
        answer = pickle.dumps(function(*arguments), pickle.HIGHEST_PROTOCOL)
        try:
            answers.write(answer)
            answers.flush()
        except OSError:
            os._exit(1)  # an ordinary end would flush the pipe again


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl+C while a process is started; on POSIX systems the process inherits this from the start."""
    if os.name == "nt" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
