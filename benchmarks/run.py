"""All figures about EVTX in one run, each beside the peer that it is measured against.

    python benchmarks/run.py [--megabytes 600] [--large 2048] [--repeat 3] [--corpus FOLDER] [--quick]

The logs are assembled in a temporary folder, as ``select_evtx.py`` says, which this includes. Then come whole
processes, from their start to their end, with their processor time (children included) and the memory of the largest
one: one event id and everything, beside a loop over the Rust ``evtx`` wheel with its default threads that counts or
writes what ``records_json()`` gives; the memory that a log of ``--large`` MiB takes; and how long a start takes.
``--quick`` takes small logs and one run: it shows that everything works, not how fast it is.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import select_evtx
from assemble import assemble
from Evtx.Evtx import Evtx

COUNT_WITH_WHEEL = """
import sys
from evtx import PyEvtxParser
print(sum(1 for _ in PyEvtxParser(sys.argv[1]).records_json()))
"""
WRITE_WITH_WHEEL = """
import sys
from evtx import PyEvtxParser
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for record in PyEvtxParser(sys.argv[1]).records_json():
        out.write(record["data"])
        out.write("\\n")
"""
# the largest process and the processor time of one command, without those that were measured before it
MEASURED = """
import subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
try:
    import resource
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss // (1024 if sys.platform == "darwin" else 1))
except ImportError:
    print("nan nan")
sys.exit(code)
"""
EVTSCAN = (sys.executable, "-m", "evtscan")
FEW_RECORDS = 300  # of python-evtx, which takes milliseconds for each


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took: wall time and processor time in seconds, and the largest process in MB."""

    wall: float
    cpu: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.wall:7.2f} s wall {self.cpu:7.2f} s cpu {self.megabytes:6.0f} MB"


def main() -> None:
    options = _options()
    print(f"{os.cpu_count()} cores, load {_load()}; best of {options.repeat}\n\nIn process, one core, processor time")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        logs = select_evtx.sources(options.corpus)
        for title, sources in logs.items():
            log = place / "large.evtx"
            records = assemble(sources, log, options.megabytes << 20)
            print(f"\n{title}: {log.stat().st_size / 1e6:.0f} MB, {records} records, of {_names(sources)}")
            questions = select_evtx.questions(sources)
            best = select_evtx.measure(log, questions, options.repeat)
            _reference(sources[0], best / records)
            _whole_processes(log, next(iter(list(questions.values())[1:])), options.repeat)
        _memory(next(iter(logs.values())), place, options.large)
        _starts(next(iter(logs.values()))[0], place, options.repeat)
    print(f"\nload {_load()}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=600, help="of each log, in MiB")
    parser.add_argument("--large", type=int, default=2048, help="of the log for which memory is measured, in MiB")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--corpus", type=Path, default=select_evtx.corpus_folder())
    parser.add_argument("--quick", action="store_true", help="logs of 64 MiB, one run")
    options = parser.parse_args()
    if options.quick:
        options.megabytes = options.large = 64
        options.repeat = 1
    if min(options.megabytes, options.large, options.repeat) < 1:
        parser.error("--megabytes, --large and --repeat are at least 1")
    return options


def _load() -> str:
    return "unknown" if sys.platform == "win32" else f"{os.getloadavg()[0]:.1f}"


def _names(sources: Sequence[Path]) -> str:
    return ", ".join(path.name for path in sources)


def _reference(source: Path, seconds_a_record: float) -> None:
    """Time python-evtx for some records, and compare it with a selection, by record."""
    begun, count = time.process_time(), 0
    with Evtx(str(source)) as log:
        for record in log.records():
            record.xml()
            count += 1
            if count == FEW_RECORDS:
                break
    taken = (time.process_time() - begun) / count
    ratio = taken / seconds_a_record
    print(f"  python-evtx reads {1 / taken:.0f} records/s: selecting an absent id is {ratio:.0f} times as fast")


def _whole_processes(log: Path, event_id: int, repeat: int) -> None:
    ours, theirs = log.with_name("ours.jsonl"), log.with_name("theirs.jsonl")
    _pair(
        f"  whole process, event id {event_id}",
        (*EVTSCAN, "dump", "-q", "--include-eid", str(event_id), "--clobber", "-o", str(ours), str(log)),
        (sys.executable, "-c", COUNT_WITH_WHEEL, str(log)),
        repeat,
    )
    _pair(
        "  whole process, everything as JSON Lines",
        (*EVTSCAN, "dump", "-q", "--clobber", "-o", str(ours), str(log)),
        (sys.executable, "-c", WRITE_WITH_WHEEL, str(log), str(theirs)),
        repeat,
    )
    print(f"    {ours.stat().st_size / 1e6:.0f} MB written, the wheel's {theirs.stat().st_size / 1e6:.0f} MB")
    ours.unlink()
    theirs.unlink()


def _pair(title: str, ours: Sequence[str], theirs: Sequence[str], repeat: int) -> None:
    """Run two commands in turn; of each the best run counts."""
    costs = [(measured(ours), measured(theirs)) for _ in range(repeat)]
    best, peer = (min(column, key=lambda cost: cost.wall) for column in zip(*costs, strict=True))
    print(f"{title}\n    {best}  evtscan: {peer.wall / best.wall:.2f} x\n    {peer}  evtx wheel")


def measured(command: Sequence[str]) -> Cost:
    """What one command takes, from its start to its end."""
    # an installed program has its bytecode at hand, whatever the shell says
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    wrapped = (sys.executable, "-c", MEASURED, *command)
    begun = time.perf_counter()
    done = subprocess.run(wrapped, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    wall = time.perf_counter() - begun
    cpu, kilobytes = map(float, done.stdout.split())
    return Cost(wall, cpu, kilobytes / 1000)


def _memory(sources: Sequence[Path], folder: Path, size: int) -> None:
    log = folder / "huge.evtx"
    assemble(sources, log, size << 20)
    print(f"\nMemory of the largest process, a log of {log.stat().st_size / 1e6:.0f} MB")
    for command in (("dump", "-q", "--clobber", "-o", str(folder / "out.jsonl")), ("metrics",), ("scan",)):
        print(f"  {measured((*EVTSCAN, *command, str(log)))}  evtscan {command[0]}")
    log.unlink()


def _starts(source: Path, folder: Path, repeat: int) -> None:
    log = folder / "small.evtx"
    assemble([source], log, 1 << 20)
    print("\nStarts")
    commands: dict[str, Sequence[str]] = {
        "python -c ''": (sys.executable, "-c", ""),
        "evtscan --version": (*EVTSCAN, "--version"),
        "evtscan scan of a log of 1 MB": (*EVTSCAN, "scan", str(log)),
    }
    for title, command in commands.items():
        print(f"  {min((measured(command) for _ in range(repeat + 1)), key=lambda cost: cost.wall)}  {title}")


if __name__ == "__main__":
    main()
