"""Hunts with thousands of rules: time and memory of evtscan beside Hayabusa, Chainsaw and Zircolite, in one run.

    python benchmarks/hunt.py [--rules FOLDER] [--logs PATH …] [--hayabusa BINARY] [--chainsaw BINARY --mapping FILE]
                              [--zircolite SCRIPT --zircolite-rules FILE] [--repeat 1] [--large] [--quick]

Without ``--rules`` and ``--logs`` both are made up (``sigma_rules.py``): logs of 20 MB of process creations and of
image loads, and 200 MB of the latter; with ``--large`` also 2 GB. Each command runs as a whole process: wall time,
processor time of the process with its children, and the memory of its largest process. Peers are run where their
binaries are given; a ratio is the peer's time divided by evtscan's. Peers need rules that they load: give SigmaHQ's to
compare. Then come the growth with the number of rules and with the size of the log.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "samples"))

from assemble import assemble
from run import EVTSCAN, Cost, measured
from sample_writer.event import Data, SampleEvent, Value
from sample_writer.evtx import evtx_log
from sigma_rules import SYSMON, SYSMON_CHANNEL, image_load_fields, process_creation_fields, write_rules

RULES = 2400
GROWTH = (300, 2400, 10_000)


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that hunts: its name, and its command for a log, rules and an output."""

    name: str
    command: Callable[[Path, Path, Path], Sequence[str]]


def main() -> None:
    """Measure, and print a line for each command."""
    options = _options()
    print(f"{os.cpu_count()} cores; best of {options.repeat}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rules = options.rules or write_rules(folder / "rules", options.number)
        logs = {path.name: path for path in options.logs} or dict(_made_up(folder, options))
        tools = [_EVTSCAN, *_peers(options)]
        _warm_up(rules, next(iter(logs.values())), folder)
        for title, log in logs.items():
            print(f"\n{title}: {_megabytes(log)}, {_rule_count(rules)} rules")
            _compare(tools, log, rules, folder, options.repeat)
        _growth_with_rules(next(iter(logs.values())), folder, options)
        if not options.logs:
            _growth_with_logs(logs, rules, folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=Path, help="folder of Sigma rules")
    parser.add_argument("--number", type=int, default=RULES, help="of made-up rules")
    parser.add_argument("--logs", type=Path, nargs="*", default=[], help="logs, or folders of logs")
    parser.add_argument("--hayabusa", help="binary")
    parser.add_argument("--chainsaw", help="binary")
    parser.add_argument("--mapping", help="Chainsaw's mapping for Sigma rules")
    parser.add_argument("--zircolite", help="zircolite.py")
    parser.add_argument("--zircolite-rules", help="rules that were converted for Zircolite")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="also a log of 2 GB")
    parser.add_argument("--quick", action="store_true", help="small logs and few rules: shows that everything works")
    options = parser.parse_args()
    if options.quick:
        options.number = 100
    if options.chainsaw and not options.mapping:
        parser.error("--chainsaw needs --mapping")
    if options.zircolite and not options.zircolite_rules:
        parser.error("--zircolite needs --zircolite-rules")
    return options


# ------------------------------------------------------------------------------------------------------- tools


_EVTSCAN = Tool(
    "evtscan", lambda log, rules, out: (*EVTSCAN, "hunt", str(log), "-r", str(rules), "-q", "-C", "-o", f"{out}.csv")
)


def _peers(options: argparse.Namespace) -> Iterator[Tool]:
    if binary := options.hayabusa:
        yield Tool("hayabusa", lambda log, rules, out: _hayabusa(binary, log, rules, out))
    if chainsaw := options.chainsaw:
        yield Tool(
            "chainsaw",
            lambda log, rules, out: (
                *(chainsaw, "hunt", str(log), "-s", str(rules), "--mapping", options.mapping),
                *("--skip-errors", "--jsonl", "-o", f"{out}.jsonl"),
            ),
        )
    if script := options.zircolite:
        yield Tool(
            "zircolite",
            lambda log, rules, out: (
                *(sys.executable, script, "--evtx", str(log), "--ruleset", options.zircolite_rules),
                *("--outfile", f"{out}.json", "--nolog"),
            ),
        )


def _hayabusa(binary: str, log: Path, rules: Path, out: Path) -> tuple[str, ...]:
    source = "-d" if log.is_dir() else "-f"
    options = ("--no-wizard", "--no-summary", "--clobber", "--quiet", "--min-level", "informational")
    return (binary, "csv-timeline", source, str(log), "-r", str(rules), "-o", f"{out}.csv", *options)


# ------------------------------------------------------------------------------------------------------- figures


def _compare(tools: Sequence[Tool], log: Path, rules: Path, folder: Path, repeat: int) -> None:
    costs: dict[str, Cost] = {}
    for tool in tools:
        command = tool.command(log, rules, folder / f"out-{tool.name}")
        try:
            costs[tool.name] = min((measured(command) for _ in range(repeat)), key=lambda cost: cost.cpu)
        except subprocess.CalledProcessError as error:
            print(f"  {tool.name}: ended with {error.returncode}")
    own = costs.get("evtscan")
    for name, cost in costs.items():
        print(f"  {cost}  {name}")
        if own is not None and cost is not own:
            print(f"    {cost.cpu / own.cpu:.1f} x evtscan's cpu, {cost.wall / own.wall:.1f} x its wall time")


def _warm_up(rules: Path, log: Path, folder: Path) -> None:
    """Compile the rules once: what is measured has them from the cache, as every run but the first."""
    measured(_EVTSCAN.command(log, rules, folder / "warm"))


def _growth_with_rules(log: Path, folder: Path, options: argparse.Namespace) -> None:
    print(f"\nGrowth with the number of rules, {_megabytes(log)}")
    for number in (10, 20) if options.quick else GROWTH:
        rules = write_rules(folder / f"rules-{number}", number)
        _warm_up(rules, log, folder)
        print(f"  {measured(_EVTSCAN.command(log, rules, folder / 'out'))}  {number:,} rules")


def _growth_with_logs(logs: Mapping[str, Path], rules: Path, folder: Path) -> None:
    print("\nGrowth with the size of the log")
    for log in sorted(logs.values(), key=lambda path: path.stat().st_size):
        cost = measured(_EVTSCAN.command(log, rules, folder / "out"))
        print(f"  {cost}  {_megabytes(log)}: {log.name}")


# ---------------------------------------------------------------------------------------------------------- logs


def _made_up(folder: Path, options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    count = 300 if options.quick else 9000
    size = 1 if options.quick else 20
    processes = _log(folder / "processes.evtx", 1, process_creation_fields(count), folder, size)
    yield "Process creations", processes
    images = _log(folder / "images.evtx", 7, image_load_fields(count), folder, size)
    yield "Image loads", images
    for megabytes in (2,) if options.quick else (200, 2000) if options.large else (200,):
        larger = folder / f"images-{megabytes}.evtx"
        assemble([images], larger, megabytes << 20)
        yield f"Image loads, {megabytes} MB", larger


def _log(path: Path, event_id: int, fields: Iterator[Mapping[str, str]], folder: Path, megabytes: int) -> Path:
    """A log of Sysmon events with these data, as many megabytes as asked for."""
    events = [
        SampleEvent(
            provider=SYSMON,
            event_id=event_id,
            time=f"2026-01-15T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.0000000Z",
            computer=f"PC-{number % 7}",
            channel=SYSMON_CHANNEL,
            data=tuple(Data(name, Value(value)) for name, value in data.items()),
        )
        for number, data in enumerate(fields)
    ]
    small = folder / f"small-{path.name}"
    small.write_bytes(evtx_log(events))
    assemble([small], path, megabytes << 20)
    return path


def _megabytes(log: Path) -> str:
    files = [log] if log.is_file() else [path for path in log.rglob("*") if path.is_file()]
    return f"{sum(path.stat().st_size for path in files) / 1e6:.0f} MB"


def _rule_count(rules: Path) -> int:
    return 1 if rules.is_file() else sum(1 for path in rules.rglob("*") if path.suffix in (".yml", ".yaml"))


if __name__ == "__main__":
    main()
