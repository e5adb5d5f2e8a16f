"""Lines with times → the same lines in order of time, in bounded memory: sorted runs in files, then merged."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import IO

RUN = 200_000
"""Lines that are sorted in memory at once."""
RUN_CHARACTERS = 32 << 20
"""The same in characters, of which each may take four bytes."""
MOST_RUNS = 64
"""Runs that are merged at once: some systems allow 256 open files."""

_BY_TIME = itemgetter(0)


def by_time(lines: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Sort lines by their times; lines of the same time keep their order."""
    with tempfile.TemporaryDirectory(prefix="evtscan-") as folder:
        runs: list[Path] = []
        run: list[tuple[int, str]] = []
        characters = number = 0
        for item in lines:
            run.append(item)
            characters += len(item[1])
            if len(run) >= RUN or characters >= RUN_CHARACTERS:
                number += 1
                run.sort(key=_BY_TIME)
                runs.append(_write(Path(folder) / str(number), run))
                run, characters = [], 0
                if len(runs) >= MOST_RUNS:
                    runs = [_joined(runs, Path(folder) / f"{number}-")]
        run.sort(key=_BY_TIME)
        yield from map(itemgetter(1), _merged(runs, run))


def _merged(runs: Sequence[Path], last: Sequence[tuple[int, str]] = ()) -> Iterator[tuple[int, str]]:
    with ExitStack() as stack:
        streams = [stack.enter_context(path.open(encoding="utf-8", newline="\n")) for path in runs]
        yield from heapq.merge(*map(_read, streams), last, key=_BY_TIME)


def _joined(runs: Sequence[Path], path: Path) -> Path:
    _write(path, _merged(runs))
    for run in runs:
        run.unlink()
    return path


def _write(path: Path, lines: Iterable[tuple[int, str]]) -> Path:
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        stream.writelines(f"{time}\t{line}" for time, line in lines)
    return path


def _read(stream: IO[str]) -> Iterator[tuple[int, str]]:
    for text in stream:
        time, _, line = text.partition("\t")
        yield int(time), line
