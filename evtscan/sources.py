"""Paths → the files below them that may be evidence; nothing leads out of the folder that was named."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evtscan.errors import UsageError
from evtscan.model import SkippedFile, Source


@dataclass(frozen=True, slots=True)
class Found:
    """The files below some paths, in a stable order, and what was passed over and why."""

    sources: tuple[Source, ...]
    skipped: tuple[SkippedFile, ...]


def find(paths: Iterable[Path]) -> Found:
    """Find the regular files at or below the paths.

    A file below one folder is named relative to it; below several paths, relative to what they have in common. Links
    that lead out of a named folder, and anything that is not a regular file, are passed over.

    Raises:
        UsageError: if a path does not exist.
    """
    paths = list(paths)
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder")
    base = _base(paths)
    sources: list[Source] = []
    skipped: list[SkippedFile] = []
    for path in paths:
        for item in _walk(path, base):
            if isinstance(item, Source):
                sources.append(item)
            else:
                skipped.append(item)
    unique = {source.path: source for source in sources}
    return Found(tuple(sorted(unique.values(), key=lambda source: source.name)), tuple(skipped))


def _base(paths: list[Path]) -> Path:
    """The folder that names are relative to."""
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0]
    return Path(os.path.commonpath([path.absolute().parent for path in paths])) if paths else Path()


def _walk(path: Path, base: Path) -> Iterator[Source | SkippedFile]:
    if not path.is_dir():
        yield _judge(path, path.absolute().parent, _name(path, base))
        return
    errors: list[OSError] = []
    for folder, subfolders, files in os.walk(path, onerror=errors.append):
        subfolders.sort()
        for name in [name for name in subfolders if (Path(folder) / name).is_symlink()]:
            subfolders.remove(name)
            yield SkippedFile(source_file=_name(Path(folder) / name, base), reason="a link to a folder is not followed")
        for name in sorted(files):
            file = Path(folder) / name
            yield _judge(file, path, _name(file, base))
    for error in errors:
        reason = f"cannot be opened ({error.strerror})"
        yield SkippedFile(source_file=_name(Path(error.filename), base), reason=reason)


def _judge(file: Path, root: Path, name: str) -> Source | SkippedFile:
    try:
        if file.is_symlink() and not file.resolve().is_relative_to(root.resolve()):
            return SkippedFile(source_file=name, reason="a link that leads out of the folder is not followed")
        mode = file.stat().st_mode
    except OSError as error:
        return SkippedFile(source_file=name, reason=f"cannot be opened ({error.strerror})")
    if not stat.S_ISREG(mode):
        return SkippedFile(source_file=name, reason="not a regular file")
    return Source(file, name)


def _name(path: Path, base: Path) -> str:
    """A name for reports: relative, with ``/``, and never an absolute path."""
    try:
        return path.absolute().relative_to(base.absolute()).as_posix()
    except ValueError:
        return path.name
