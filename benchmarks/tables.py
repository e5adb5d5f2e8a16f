"""Tables of all events of a log from Python, each beside the Rust ``evtx`` wheel, in one run.

    python benchmarks/tables.py [--megabytes 200] [--corpus FOLDER]

Each row is a process of its own, with one thread: processor time with all imports, and the memory that it took at most.
The peer makes a ``pandas.DataFrame`` of the parsed ``records_json()``. Then Parquet is written, and DuckDB counts the
events by provider and id in it.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import select_evtx
from assemble import assemble
from run import EVTSCAN, MEASURED

PROGRAMS = {
    "wheel, DataFrame of records_json()": """
import json, sys, pandas
from evtx import PyEvtxParser
records = PyEvtxParser(sys.argv[1], number_of_threads=1).records_json()
print(len(pandas.DataFrame([json.loads(record["data"]) for record in records])))
""",
    "read_table": "import sys, evtscan; print(evtscan.read_table(sys.argv[1]).num_rows)",
    "iter_batches": "import sys, evtscan; print(sum(batch.num_rows for batch in evtscan.iter_batches(sys.argv[1])))",
    "read_events": "import sys, evtscan; print(len(evtscan.read_events(sys.argv[1])))",
}
QUESTION = "SELECT Provider, EventID, count(*) FROM '{}' GROUP BY ALL ORDER BY 3 DESC LIMIT 10"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200, help="of each log, in MiB")
    parser.add_argument("--corpus", type=Path, default=select_evtx.corpus_folder())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for title, sources in select_evtx.sources(options.corpus).items():
            log = Path(folder) / "large.evtx"
            records = assemble(sources, log, options.megabytes << 20)
            print(f"\n{title}: {log.stat().st_size / 1e6:.0f} MB, {records} records")
            peer = 0.0
            for name, program in PROGRAMS.items():
                seconds = _measured(name, (sys.executable, "-c", program, str(log)), peer)
                peer = peer or seconds
            for suffix in ("jsonl", "parquet"):
                output = log.with_suffix(f".{suffix}")
                _measured(f"dump -o {output.name}", (*EVTSCAN, "dump", "-q", "-o", str(output), str(log)), 0)
                print(f"  {output.stat().st_size / 1e6:8.1f} MB written")
            question = f'import duckdb; duckdb.sql("{QUESTION.format(output.as_posix())}").fetchall()'
            _measured("DuckDB, counts by provider and id", (sys.executable, "-c", question), 0)
            for path in Path(folder).iterdir():
                path.unlink()


def _measured(title: str, command: tuple[str, ...], peer: float) -> float:
    done = subprocess.run((sys.executable, "-c", MEASURED, *command), stdout=subprocess.PIPE, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    ratio = f"{peer / seconds:6.1f} x" if peer else ""
    print(f"  {seconds:8.2f} s {kilobytes / 1024:8.0f} MB {ratio:9} {title}")
    return seconds


if __name__ == "__main__":
    main()
