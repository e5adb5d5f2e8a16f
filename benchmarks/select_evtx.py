"""Selecting one event id in a large EVTX log, one core: evtscan against the Rust ``evtx`` wheel, in one run.

    python benchmarks/select_evtx.py [--size 600] [--repeat 3] [--corpus FOLDER]

The logs are assembled in a temporary folder from the chunks of real ones (``EVTSCAN_CORPUS``, or ``../shared/corpus``
beside the checkout), or without a corpus from those of the samples. Both read the file from the page cache, in turn,
in this process; of each the best run counts, in processor time, so that others on the machine matter less. evtscan
decodes what it selects into events, so an id that a quarter of the records have is a different question from a rare
one: both are asked. The wheel decodes everything, whatever is asked.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from assemble import assemble
from evtx import PyEvtxParser

from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx import read_log

ROOT = Path(__file__).parents[1]
LOGS = {"Security": ("security.evtx",), "mixed (System)": ("plaso-System.evtx", "rs-system.evtx", "system.evtx")}


def main() -> None:
    """Assemble, measure, print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        for title, paths in sources(options.corpus).items():
            log = Path(folder) / "large.evtx"
            records = assemble(paths, log, options.size << 20)
            print(f"\n{title}: {log.stat().st_size / 1e6:.0f} MB, {records} records")
            measure(log, questions(paths), options.repeat)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=600, help="of each log, in MiB")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--corpus", type=Path, default=corpus_folder())
    options = parser.parse_args()
    if options.size < 1 or options.repeat < 1:
        parser.error("--size and --repeat are at least 1")
    return options


def corpus_folder() -> Path:
    """Where the real logs are, if they are anywhere."""
    return Path(os.environ.get("EVTSCAN_CORPUS") or ROOT.parent / "shared" / "corpus")


def sources(corpus: Path) -> dict[str, list[Path]]:
    """What the logs are assembled from, by their titles."""
    if (corpus / "evtx").is_dir():
        return {title: [corpus / "evtx" / name for name in names] for title, names in LOGS.items()}
    return {"samples": sorted((ROOT / "samples").rglob("*.evtx"))}


def questions(sources: list[Path]) -> dict[str, int]:
    """An id that no record has, a rare one (about 1 in 100), and the commonest."""
    counts = Counter(event.event_id for path in sources for event in read_log(Source(path, path.name), EVERYTHING))
    total = counts.total()
    rare = min(counts, key=lambda number: (abs(counts[number] / total - 0.01), number))
    common = counts.most_common(1)[0][0]
    absent = next(number for number in range(65_535, 0, -1) if number not in counts)
    return {
        "in no record": absent,
        f"in {counts[rare] / total:.1%} of the records": rare,
        f"in {counts[common] / total:.0%} of the records": common,
    }


def measure(log: Path, questions: dict[str, int], repeat: int) -> float:
    """Time the wheel and each question, and return the seconds of the first one."""
    readers: dict[str, Callable[[], int]] = {"evtx wheel, records_json()": lambda: _wheel(log)}
    for title, event_id in questions.items():
        readers[f"evtscan, event id {event_id}, {title}"] = lambda event_id=event_id: _select(log, event_id)  # type: ignore[misc]
    best = dict.fromkeys(readers, float("inf"))
    found = dict.fromkeys(readers, 0)
    for _ in range(repeat):
        for name, read in readers.items():
            start = time.process_time()
            found[name] = read()
            best[name] = min(best[name], time.process_time() - start)
    wheel = best["evtx wheel, records_json()"]
    size = log.stat().st_size
    for name, seconds in best.items():
        speed = f"{size / seconds / 1e6:6.0f} MB/s {wheel / seconds:6.1f} x"
        print(f"  {seconds:7.2f} s {speed}  {found[name]:9} records  {name}")
    return list(best.values())[1]


def _wheel(log: Path) -> int:
    return sum(1 for _ in PyEvtxParser(str(log), number_of_threads=1).records_json())


def _select(log: Path, event_id: int) -> int:
    return sum(1 for _ in read_log(Source(log, log.name), Query(frozenset({Selector(event_id=event_id)}))))


if __name__ == "__main__":
    main()
