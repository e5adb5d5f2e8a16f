"""Calls in other processes for work that takes a second: a process with a pipe to it is there in half the time.

What a pool of ``multiprocessing`` brings besides (a second process to track resources, queues, the state of the main
module) takes as long to load as a fifth of a gigabyte of log takes to read. A helper that ends, whatever ended it, says
so with ``HelperLostError``, and its call can be made here instead.

Helpers load for longer than the command line takes to be understood; so ``start_ahead`` starts them by what it looks
like.
"""

import importlib
import os
import pickle
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

WORTH_HELPERS = 48 << 20
"""Bytes of logs from which starting helpers pays off, if everything is written."""
WORTH_HELPERS_SELECTING = 256 << 20
"""The same for a few events: in less they are found while a helper would start."""

MODULES = ("evtscan.dump.run", "evtscan.parsers.logs.evtx")
"""What a helper loads while it waits for its first call."""

_SELECTING = ("--include-eid", "--provider", "--channel")

T = TypeVar("T")


class HelperLostError(Exception):
    """The process that a call was given to cannot be started, or has ended without an answer."""


class Helpers:
    """Some processes, started at once, that take calls until the end of the ``with`` block, where they are stopped.

    ``modules`` are loaded while a process waits for its first call.

    Functions go by their names, arguments and results as pickles.
    """

    def __init__(self, count: int, modules: Sequence[str] = MODULES) -> None:
        self.count = count
        ahead = _ahead if modules is MODULES else []
        self._helpers = [ahead.pop() if ahead else _Helper(modules) for _ in range(count)]
        self._idle: SimpleQueue[_Helper] = SimpleQueue()
        for helper in self._helpers:
            self._idle.put(helper)
        self._threads: Executor | None = None  # each waits for the answer of one helper
        if count:  # a small log, and a helper itself, which loads this module too, need not load what this takes
            from concurrent.futures.thread import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> "Helpers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for helper in self._helpers:
            helper.stop()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for helper in self._helpers:
            helper.close()

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Have a function called by one of at least one helper; its future raises HelperLostError without an answer."""
        assert self._threads is not None
        return self._threads.submit(self._call, function, arguments)

    def _call(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        helper = self._idle.get()
        try:
            result: T = helper.answer(function, arguments)
            return result
        finally:
            self._idle.put(helper)


class _Helper:
    """One process, and the pipes to and from it."""

    def __init__(self, modules: Sequence[str] = MODULES) -> None:
        import subprocess

        # who interrupts the run stops its helpers: they must not speak of it, not even while they load
        code = (
            "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
            f"sys.path[:] = {sys.path!r}; from {__name__} import serve; serve({tuple(modules)!r})"
        )
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )

    def answer(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What the function gives there.

        Raises:
            HelperLostError: if the process cannot be started, or ends without an answer.
        """
        call = pickle.dumps((function, arguments))
        if self._process is None:
            raise HelperLostError
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(call)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise HelperLostError from error

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Give back what a stopped process had, when nobody waits for it any more."""
        if self._process is not None:
            with suppress(OSError), self._process:  # text may be left that nobody reads
                pass


_ahead: list[_Helper] = []


def start_ahead(words: Sequence[str]) -> None:
    """Start the helpers that a command line of ``dump`` seems to be worth: the next ``Helpers`` take them over.

    Those that nobody takes end with this process, which holds the other end of their pipes.
    """
    if looks_worth_it(words):
        _ahead.extend(_Helper() for _ in range((os.cpu_count() or 1) - 1))


def looks_worth_it(words: Sequence[str]) -> bool:
    """Whether these words ask for a few events in large files, as far as can be told without knowing the options."""
    if not any(word.startswith(_SELECTING) for word in words):
        return False
    return sum(map(_size, set(words))) >= WORTH_HELPERS_SELECTING


def _size(word: str) -> int:
    """The size of the file of this name, 0 if there is none: a word may be anything, and longer than names can be."""
    try:
        state = Path(word).stat()
    except (OSError, ValueError):
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0


def serve(modules: Sequence[str]) -> None:
    """Answer calls from standard input until it is closed: what a helper runs."""
    calls, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    for name in modules:
        importlib.import_module(name)
    with suppress(EOFError, BrokenPipeError):
        while True:
            function, arguments = pickle.load(calls)
            pickle.dump(function(*arguments), answers)
            answers.flush()
