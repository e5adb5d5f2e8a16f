"""How many hosts an audit gets through, and what a host's time goes to.

    python benchmarks/audit.py [--hosts 1000] [--more 10000] [--distinct 20] [--jobs 2] [--keep FOLDER] [--profile]

Each host has a System log and an Application log of 1 MB each and a registry export, written by the sample writer: half
of them of Windows NT 4.0 (.evt), half of a later Windows (.evtx). ``--distinct`` hosts are written and linked as often
as it takes. Every audit is a process of its own, with all its outputs; printed are its wall time, what it and its
workers took of the processors, and the memory of the parent alone. ``--more`` shows how that grows, and a second run
what is left when nothing has changed. ``--profile`` judges the distinct hosts in one process instead, and prints where
the time goes.
"""

import argparse
import cProfile
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "samples"))

from sample_hosts.machine import Machine
from sample_hosts.registry import CONTROL, CURRENT_VERSION, SERVICES, control, current_version, sections, services
from sample_writer.event import EventType, SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log
from sample_writer.reg import regedit4

from evtscan.audit.plan import plan
from evtscan.audit.run import run
from evtscan.cli.output.session import rules_of
from evtscan.scan import ScanOptions

MEGABYTE = 1_000_000
WEEKS = 1000
"""More than any log has room for."""
MODERN_NAMES = ("System.evtx", "Application.evtx")
NOISE = (("Rdr", 3013), ("Srv", 2013), ("BROWSER", 8015), ("El90x1", 3))
PROGRAMS = ("ACME Backup", "DrWatson", "MSSQLServer", "MsiInstaller", "Perflib", "Userenv")

# the wall time and the memory of the parent alone, and the processor time of it and its children
MEASURED = """
import os, resource, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
peak = 0
while process.poll() is None:
    try:
        with open(f"/proc/{process.pid}/status") as status:
            peak = max([peak, *(int(line.split()[1]) for line in status if line.startswith("VmHWM"))])
    except OSError:
        pass
    time.sleep(0.02)
wall = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime, peak // 1024)
sys.exit(process.returncode)
"""


def system_events(machine: Machine) -> Iterator[SampleEvent]:
    """A start each Monday, a working day, and much that no rule asks for; now and then a refused lease."""
    for week in range(WEEKS):
        monday = (date(1997, 1, 6) + timedelta(weeks=week)).isoformat()
        yield from machine.starts(f"{monday}T07:50:00", "Service Pack 2" if week % 2 else None)
        yield from machine.works(monday)
        for number in range(60):
            provider, event_id = NOISE[number % len(NOISE)]
            when = f"{monday}T{9 + number // 6:02}:{number % 6 * 10:02}:30"
            yield machine.says(when, provider, event_id, "", f"\\Device\\{number}", "FILESRV2")
        if week % 20 == 3:
            yield from machine.refuses_lease(f"{monday}T19:01:00", "192.0.2.41", "00805FA1102C")


def application_events(machine: Machine) -> Iterator[SampleEvent]:
    """What programs say, one thing every ten minutes."""
    for number in range(WEEKS * 84):
        day = date(1997, 1, 6) + timedelta(days=number // 84)
        when = f"{day.isoformat()}T{8 + number % 84 // 6:02}:{number % 6 * 10:02}:00"
        program = PROGRAMS[number % len(PROGRAMS)]
        strings = (f"job {number}", "C:\\Program Files\\Acme\\backup.exe", f"{number * 7919 % 90_000} files")
        yield machine.says(
            when, program, 1000 + number % 40, *strings, event_type=EventType.INFORMATION, channel="Application"
        )


def log_of(events: Iterable[SampleEvent], write: Callable[[Iterable[SampleEvent]], bytes]) -> bytes:
    """A log of about one megabyte."""
    stream = iter(events)
    sample = list(islice(stream, 500))
    return write([*sample, *islice(stream, MEGABYTE * len(sample) // len(write(sample)) - len(sample))])


def write_host(folder: Path, number: int) -> None:
    """One host, whose content depends on its number alone."""
    folder.mkdir(parents=True)
    machine = Machine(f"BENCH{number:03}", f"0060083A{number:04X}")
    names, write = (("SysEvent.Evt", "AppEvent.Evt"), saved_log) if number % 2 else (MODERN_NAMES, evtx_log)
    for name, events in zip(names, (system_events(machine), application_events(machine)), strict=True):
        (folder / name).write_bytes(log_of(events, write))
    keys = chain(
        sections(CURRENT_VERSION, current_version(2)),
        sections(CONTROL, control(machine.name, 2)),
        sections(SERVICES, services(ras=number % 3 == 0)),
    )
    (folder / "registry.reg").write_bytes(regedit4(keys))


def link_hosts(distinct: Path, fleet: Path, count: int) -> None:
    """As many hosts as asked for, made of links to the distinct ones."""
    originals = sorted(distinct.iterdir())
    for number in range(count):
        folder = fleet / f"HOST{number:05}"
        folder.mkdir(parents=True)
        for file in originals[number % len(originals)].iterdir():
            try:
                os.link(file, folder / file.name)
            except OSError:  # a file system without links, or too many of them
                shutil.copy2(file, folder / file.name)


def measure(what: str, count: int, command: list[str]) -> None:
    """Run an audit in processes of its own, and print what it took."""
    result = subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, text=True, check=False)
    wall, processor, memory = map(float, result.stdout.split())
    print(
        f"{what:34} {count / wall:9,.1f} hosts/s {wall:9,.1f} s {processor / count * 1e3:8,.1f} ms of processor a host "
        f"{memory:7,.0f} MB in the parent (exit {result.returncode})",
        flush=True,
    )


def audits(work: Path, counts: Iterable[int], jobs: int) -> None:
    """Audit fleets of these sizes, each twice."""
    for count in counts:
        fleet, out = work / f"fleet-{count}", work / f"out-{count}"
        if not fleet.is_dir():
            link_hosts(work / "distinct", fleet, count)
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "evtscan", "audit", str(fleet), "-o", f"{out}/", "-j", str(jobs)]
        measure(f"{count:,} hosts", count, command)
        measure(f"{count:,} hosts, nothing changed", count, command)


def profile(distinct: Path) -> None:
    """Judge the distinct hosts in this process, and print the functions that take most."""
    rules = rules_of(None).rules
    plans = plan(distinct)
    run(plans[:2], rules, ScanOptions(), jobs=1)  # what is done once is no part of it
    profiler = cProfile.Profile()
    profiler.runcall(run, plans, rules, ScanOptions(), jobs=1)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(70)


def main() -> None:
    """Make a fleet and audit it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--hosts", type=int, default=1000)
    options.add_argument("--more", type=int, default=0, help="a larger fleet besides, 0 for none")
    options.add_argument("--distinct", type=int, default=20)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--keep", type=Path, help="make the fleet here and leave it, or use the one that is there")
    options.add_argument("--profile", action="store_true")
    chosen = options.parse_args()
    with ExitStack() as stack:
        work = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evtscan-benchmark-")))
        distinct = work / "distinct"
        if not distinct.is_dir():
            for number in range(chosen.distinct):
                write_host(distinct / f"BENCH{number:03}", number)
        if hasattr(os, "getloadavg"):
            print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        if chosen.profile:
            profile(distinct)
        else:
            audits(work, [count for count in (chosen.hosts, chosen.more) if count], chosen.jobs)


if __name__ == "__main__":
    main()
