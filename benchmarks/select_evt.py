"""How fast one event id is selected from a large ``.evt`` log, beside libevt reading the same file.

    python benchmarks/select_evt.py [--megabytes 256] [--runs 3]

Assembles a log of about that size in a temporary folder (2,000 varied records, repeated, with rising record numbers),
as saved and as copied while in use, and reads each with evtscan: one id of one source, and one source with any id (what
a scan asks for), one id whatever its source, and those of some time (what ``dump`` asks for). libevt opens the saved
one and takes the id of every record, the least that a selection with it can do. All are measured in the same run; the
best of the runs counts.
"""

import argparse
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyevt

sys.path.insert(0, str(Path(__file__).parents[1] / "samples"))

from sample_writer.event import EventType, SampleEvent
from sample_writer.evt import saved_log

from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.parsers.logs.evt import read_log

HEADER_SIZE, END_SIZE = 48, 40
DIRTY = 1
SOURCES = ("Service Control Manager", "EventLog", "W32Time", "Tcpip", "Print", "BROWSER", "DCOM", "NetBT")
WANTED = Selector(provider="Dhcp", event_id=1008)
ONE_ID = Query(frozenset({WANTED}))
ONE_SOURCE = Query(frozenset({WANTED, Selector(provider="RemoteAccess")}))
OF_ANYBODY = Query(include_ids=(range(1008, 1009),))
OF_A_WHILE = Query(include_ids=(range(1008, 1009),), levels=frozenset({4}), start=parse_time("2001-03-14T00:10:00Z"))


def varied_events(count: int) -> list[SampleEvent]:
    """Records as a busy server logs them: one of a thousand is the wanted one."""
    events = []
    for place in range(count):
        rare = place % 1000 == 500
        minutes, seconds = divmod(place, 60)
        events.append(
            SampleEvent(
                provider="Dhcp" if rare else "RemoteAccess" if place % 1000 == 700 else SOURCES[place % len(SOURCES)],
                event_id=1008 if rare else 6000 + place % 97,
                time=f"2001-03-14T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z",
                computer="NTBOX",
                strings=tuple(f"value {place} of {part}" for part in range(place % 4)),
                binary=bytes(place % 3 * 4),
                event_type=EventType.INFORMATION,
                user_sid="S-1-5-18" if place % 5 == 0 else None,
            )
        )
    return events


def assemble(path: Path, megabytes: int, *, dirty: bool) -> int:
    """Write a log of about that size, and return the number of its records."""
    events = varied_events(2000)
    saved = saved_log(events)
    body = np.frombuffer(saved[HEADER_SIZE:-END_SIZE], "<u4").copy()
    numbers = np.flatnonzero(body == int.from_bytes(b"LfLe", "little")) + 1
    turns = max(megabytes * 1_000_000 // (body.size * 4), 1)
    end = HEADER_SIZE + turns * body.size * 4
    size = end + END_SIZE
    counters = (HEADER_SIZE, end, turns * len(events) + 1, 1)
    stale = (HEADER_SIZE, HEADER_SIZE, 1, 0)
    header = struct.pack("<I4s10I", 48, b"LfLe", 1, 1, *(stale if dirty else counters), size, DIRTY * dirty, 0, 48)
    with path.open("wb") as stream:
        stream.write(header)
        for _ in range(turns):
            stream.write(body.tobytes())
            body[numbers] += len(events)
        stream.write(struct.pack("<10I", 40, 0x11111111, 0x22222222, 0x33333333, 0x44444444, *counters, 40))
    return turns * len(events)


def with_evtscan(path: Path, query: Query) -> int:
    """Select, and return how many records were looked at."""
    reader = read_log(Source(path, path.name), query)
    found = sum(1 for _ in reader)
    if not found or reader.warnings:
        raise SystemExit(f"{path.name}: {found} events, {reader.warnings}")
    return reader.summary.records


def with_libevt(path: Path) -> int:
    """Take the id of every record, and return how many there are."""
    log = pyevt.file()
    log.open(str(path))
    found = sum(1 for record in log.records if record.event_identifier & 0xFFFF == WANTED.event_id)
    count = int(log.number_of_records)
    log.close()
    if not found:
        raise SystemExit("libevt finds nothing")
    return count


def best_of(runs: int, what: Callable[[], int], records: int) -> float:
    """Seconds of the fastest run, each of which must see all records."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        seen = what()
        times.append(time.perf_counter() - begun)
        if seen != records:
            raise SystemExit(f"{seen} of {records} records seen")
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        saved, live = Path(folder, "SysEvent.evt"), Path(folder, "SysEvent-live.evt")
        records = assemble(saved, options.megabytes, dirty=False)
        assemble(live, options.megabytes, dirty=True)
        size = saved.stat().st_size
        print(f"{size / 1e6:.0f} MB, {records} records")
        cases: dict[str, Callable[[], int]] = {
            "evtscan, saved log, one id": lambda: with_evtscan(saved, ONE_ID),
            "evtscan, saved log, one id and one source": lambda: with_evtscan(saved, ONE_SOURCE),
            "evtscan, saved log, one id of any source": lambda: with_evtscan(saved, OF_ANYBODY),
            "evtscan, saved log, the same, some time": lambda: with_evtscan(saved, OF_A_WHILE),
            "evtscan, log in use, one id": lambda: with_evtscan(live, ONE_ID),
        }
        times = {name: best_of(options.runs, what, records) for name, what in cases.items()}
        times["libevt, saved log, every id"] = best_of(1, lambda: with_libevt(saved), records)
        peer = times["libevt, saved log, every id"]
        for name, seconds in times.items():
            rates = f"{size / seconds / 1e6:8.1f} MB/s {records / seconds / 1e6:7.3f} M records/s"
            print(f"{name:42} {seconds:7.2f} s {rates} {peer / seconds:7.1f} x libevt")


if __name__ == "__main__":
    main()
