"""Lines with times → the same lines in order of time, in bounded memory: sorted runs in files, then merged."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import IO

RUN = 200_000
"""Lines that are sorted in memory at once."""


def by_time(lines: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Sort lines by their times; lines of the same time keep their order."""
    with tempfile.TemporaryDirectory(prefix="evtscan-") as folder:
        runs: list[Path] = []
        run: list[tuple[int, str]] = []
        for item in lines:
            run.append(item)
            if len(run) >= RUN:
                runs.append(_write(Path(folder) / str(len(runs)), run))
                run = []
        run.sort(key=itemgetter(0))
        streams = [path.open(encoding="utf-8", newline="\n") for path in runs]
        try:
            merged = heapq.merge(*map(_read, streams), run, key=itemgetter(0))
            yield from map(itemgetter(1), merged)
        finally:
            for stream in streams:
                stream.close()


def _write(path: Path, run: list[tuple[int, str]]) -> Path:
    run.sort(key=itemgetter(0))
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{time}\t{line}" for time, line in run)
    return path


def _read(stream: IO[str]) -> Iterator[tuple[int, str]]:
    for text in stream:
        time, _, line = text.partition("\t")
        yield int(time), line
