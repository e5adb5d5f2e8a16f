"""Runs inputs one after the other in this process, under limits of time and memory, and says what became of them.

The process is started by ``tests.fuzz``; it prints a line of JSON for each failure and for each batch. The current
input is in a file, so that the input which ended the process is known.
"""

import json
import os
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evtscan.base.errors import RAISE_DEFECTS
from tests.fuzz.targets import TARGETS, Target

SECONDS_A_MEGABYTE = 20
LEAST_SECONDS = 4
"""Processor seconds that the smallest input may take; a busy machine takes a second for the first of its kind."""
MEMORY_A_MEGABYTE = 500 << 20
LEAST_MEMORY = 250 << 20
_BATCH = 50


class TooSlowError(BaseException):
    """An input took more processor time than it may; no ``except Exception`` may swallow that."""


@dataclass(slots=True)
class Failure:
    """What went wrong: ``signature`` is the same for inputs that meet the same defect."""

    signature: str
    text: str


def judge(target: Target, path: Path, out: Path, dice: Any) -> Failure | None:
    """Run one input; None if it gave a result or a clear error within its limits."""
    size = path.stat().st_size / (1 << 20)
    before, began = _peak(), time.process_time()
    try:
        with _limit(max(LEAST_SECONDS, SECONDS_A_MEGABYTE * size)):
            target.run(path, out, dice)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return Failure(_signature(error), "".join(traceback.format_exception(error))[-6000:])
    grown, room = _peak() - before, max(LEAST_MEMORY, MEMORY_A_MEGABYTE * size)
    if grown > room:
        return Failure("memory", f"{grown >> 20} MiB, {time.process_time() - began:.1f} s")
    return None


def _signature(error: BaseException) -> str:
    """The type of an error, and the innermost place in evtscan."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{os.sep}evtscan{os.sep}" in frame.filename]
    if isinstance(error, TooSlowError):  # the innermost place is where time ran out: the function that loops is above
        own = own[:3] or own
    place = own[-1] if own else frames[-1]
    return f"{type(error).__name__}-{Path(place.filename).stem}-{place.name}"


def _peak() -> int:
    """The largest memory of this process so far, in bytes (0 where the system does not say)."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer"):  # Windows: whoever started this process watches the clock
        yield
        return

    def over(*given: object) -> None:
        raise TooSlowError(f"more than {seconds:.0f} s of processor time")

    signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _bound_memory(room: int) -> None:
    """Refuse this process more memory than it has now and so much more, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room,) * 2)


def work(folder: Path, kinds: list[str], seed: str, first: int, count: int, seconds: float) -> None:
    """Run ``count`` inputs of each kind from number ``first`` on, or as many as the time allows."""
    warnings.simplefilter("ignore")
    os.environ[RAISE_DEFECTS] = "1"
    os.environ["EVTSCAN_CACHE_DIR"] = str(folder / "cache")
    os.environ["NO_COLOR"] = "1"
    until = time.monotonic() + seconds
    chosen = [target for target in TARGETS if target.name in kinds]
    pools = {target.name: target.seeds() for target in chosen}
    _bound_memory(2 << 30)
    done: dict[str, list[float]] = {target.name: [0, 0.0] for target in chosen if pools[target.name]}
    for number in range(first, first + count):
        for target in chosen:
            if pools[target.name]:
                began = time.process_time()
                _run(folder, target, number, seed, pools[target.name])
                done[target.name][0] += 1
                done[target.name][1] += time.process_time() - began
        if (number - first) % _BATCH == _BATCH - 1:
            _say({"next": number + 1, "done": done})
        if time.monotonic() > until:
            break
    _say({"next": number + 1, "done": done, "ended": True})


def _run(folder: Path, target: Target, number: int, seed: str, pool: list[bytes]) -> None:
    current, out = folder / "current", folder / "out"
    for place in (current, out):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    data, dice = target.input(number, seed, pool)
    path = current / target.file_name
    path.write_bytes(data)
    (folder / "current.json").write_text(json.dumps({"kind": target.name, "number": number}))
    failure = judge(target, path, out, dice)
    if failure is not None:
        _say({"kind": target.name, "number": number, "signature": failure.signature, "text": failure.text})


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)
