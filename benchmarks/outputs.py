"""How long every output of a fleet takes to write, and how much memory: each alone, and all of a folder in one pass.

    python benchmarks/outputs.py [--hosts 10000] [--findings 5000] [FORMAT…]

The report is made up, as ``synthetic_fleet.py`` says, and kept in a file from which hosts are read one by one, as an
audit keeps them. Each output is written by a process of its own, whose time and largest memory are told.
"""

import argparse
import multiprocessing
import sys
import tempfile
import threading
import time
from pathlib import Path

from synthetic_fleet import fleet

from evtscan.reporters import REPORTERS
from evtscan.reporters.json.report import dump
from evtscan.reporters.json.savedreport import open_report
from evtscan.reporters.output import plan_outputs, write_outputs

EVERYTHING = "folder"
READING = "reading"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--findings", type=int, default=5_000)
    parser.add_argument("formats", nargs="*", metavar="FORMAT")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evtscan-") as folder:
        saved = Path(folder, "saved.json")
        _in_process(_make, saved, arguments.hosts, arguments.findings)
        print(f"{arguments.hosts:,} hosts, {saved.stat().st_size / 1e6:,.0f} MB of report.json")
        for name in arguments.formats or [READING, *(row.name for row in REPORTERS), EVERYTHING]:
            _in_process(_measure, saved, name)


def _in_process(function: object, *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join()


def _make(saved: Path, hosts: int, findings: int) -> None:
    saved.write_bytes(dump(fleet(hosts, findings)))


def _measure(saved: Path, name: str) -> None:
    report = open_report(saved)
    target = saved.parent / name
    with _Memory() as memory:
        begun, spent = time.perf_counter(), time.process_time()
        if name == READING:
            for _host in report.hosts:
                pass
        else:
            outputs = plan_outputs([f"{target}/"], None if name == EVERYTHING else name)
            write_outputs(report, outputs, clobber=True, stdout=sys.stdout.buffer)
        took, used = time.perf_counter() - begun, time.process_time() - spent
    size = sum(path.stat().st_size for path in target.glob("*")) / 1e6
    print(
        f"{name:11} {took:6.1f} s, {used:6.1f} s of one core, {size:6.1f} MB written, {memory.most:,.0f} MB", flush=True
    )


class _Memory:
    """Looks all the time how much memory of its own the process has, in MB, and keeps the most (on Linux)."""

    def __init__(self) -> None:
        self.most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            status = Path("/proc/self/status").read_text()
            self.most = max(self.most, int(status.partition("RssAnon:")[2].split()[0]) / 1e3)


if __name__ == "__main__":
    main()
