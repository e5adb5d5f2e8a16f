"""Sort lines in bounded memory: sorted runs are written to files and then merged."""

import heapq
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import IO, TypeVar

RUN = 200_000
"""Lines that are sorted in memory at once."""
RUN_CHARACTERS = 32 << 20
"""The same in characters, of which each may take four bytes."""
MOST_RUNS = 64
"""Runs that are merged at once: some systems allow 256 open files."""

K = TypeVar("K", int, str)

_BY_KEY = itemgetter(0)


def by_time(lines: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Sort lines by their times; lines with equal times keep their order."""
    return _in_order(lines, int)


def by_key(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Sort lines by text keys without tabs and line breaks; lines with equal keys keep their order."""
    return _in_order(lines, str)


def _in_order(lines: Iterable[tuple[K, str]], read_key: Callable[[str], K]) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="evtscan-") as folder:
        runs: list[Path] = []
        run: list[tuple[K, str]] = []
        characters = number = 0
        for item in lines:
            run.append(item)
            characters += len(item[1])
            if len(run) >= RUN or characters >= RUN_CHARACTERS:
                number += 1
                run.sort(key=_BY_KEY)
                runs.append(_write(Path(folder) / str(number), run))
                run, characters = [], 0
                if len(runs) >= MOST_RUNS:
                    runs = [_joined(runs, Path(folder) / f"{number}-", read_key)]
        run.sort(key=_BY_KEY)
        yield from map(itemgetter(1), _merged(runs, run, read_key))


def _merged(
    runs: Sequence[Path], last: Sequence[tuple[K, str]], read_key: Callable[[str], K]
) -> Iterator[tuple[K, str]]:
    with ExitStack() as stack:
        streams = [stack.enter_context(path.open(encoding="utf-8", newline="\n")) for path in runs]
        yield from heapq.merge(*(_read(stream, read_key) for stream in streams), last, key=_BY_KEY)


def _joined(runs: Sequence[Path], path: Path, read_key: Callable[[str], K]) -> Path:
    _write(path, _merged(runs, (), read_key))
    for run in runs:
        run.unlink()
    return path


def _write(path: Path, lines: Iterable[tuple[K, str]]) -> Path:
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        stream.writelines(f"{key}\t{line}" for key, line in lines)
    return path


def _read(stream: IO[str], read_key: Callable[[str], K]) -> Iterator[tuple[K, str]]:
    for text in stream:
        key, _, line = text.partition("\t")
        yield read_key(key), line
