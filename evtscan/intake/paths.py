"""Paths → the files below them that may be evidence; nothing leads out of the folder that was named."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from evtscan.base.errors import UsageError
from evtscan.base.model.source import SkippedFile, Source
from evtscan.base.winpaths import extended, plain_name

LINK = "a link is followed only where it is named itself"
"""The reason why a link below a folder is skipped."""

_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT, as [MS-FSCC] 2.1.2.1 has it; Python names it on Windows only


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files below some paths, in a stable order, and the skipped files with the reason."""

    sources: tuple[Source, ...]
    skipped: tuple[SkippedFile, ...]


def find(paths: Iterable[Path], *, leave_out: Set[str] = frozenset()) -> FoundFiles:
    """Find the regular files at or below the paths.

    A file below a single folder is named relative to it; with several paths, relative to their common folder. Links
    that lead out of a named folder, links to folders, and anything that is not a regular file, are skipped. Files and
    folders in ``leave_out`` (absolute paths) are ignored.

    Raises:
        UsageError: if a path does not exist.
    """
    paths = list(paths)
    for path in paths:
        if not os.path.lexists(extended(path)):
            raise UsageError(f"{path}: there is no such file or folder")
    base = _base(paths)
    sources: dict[str, Source] = {}
    skipped: dict[str, SkippedFile] = {}
    for path in paths:
        for item in _walk(path, base, leave_out):
            if isinstance(item, Source):
                sources.setdefault(os.path.abspath(item.path), item)  # noqa: PTH100 - Path.resolve follows links
            else:
                skipped.setdefault(item.source_file, item)
    return FoundFiles(tuple(sorted(sources.values(), key=lambda source: source.name)), tuple(skipped.values()))


def find_in(folder: Path, names: Iterable[str]) -> FoundFiles:
    """Return the files directly in a folder, with the checks of ``find``; links to folders are skipped."""
    items = [_judge(extended(folder) / name, extended(folder), name) for name in names]
    return FoundFiles(
        tuple(item for item in items if isinstance(item, Source)),
        tuple(item for item in items if isinstance(item, SkippedFile)),
    )


def _base(paths: Sequence[Path]) -> Path | None:
    """Return the folder that names are relative to; None if the paths have no common folder (drives of Windows)."""
    if len(paths) == 1 and extended(paths[0]).is_dir():
        return paths[0]
    try:
        return Path(os.path.commonpath([path.absolute().parent for path in paths]))
    except ValueError:
        return None


def _walk(path: Path, base: Path | None, leave_out: Set[str]) -> Iterator[Source | SkippedFile]:
    root = extended(path)
    if not root.is_dir():
        yield _judge(root, None, _name(path, base))
        return
    unlisted = []
    waiting = [(root, _prefix(path, base))]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            unlisted.append(_unreadable(prefix.rstrip("/") or ".", error))
            continue
        subfolders = []
        for entry in entries:
            if leave_out and absolute(entry) in leave_out:
                continue
            if is_folder(entry):
                subfolders.append((Path(entry.path), f"{prefix}{entry.name}/"))
            elif _is_file(entry):
                yield Source(Path(entry.path), prefix + entry.name)
            else:
                yield _judge(Path(entry.path), root, prefix + entry.name)
        waiting.extend(reversed(subfolders))
    yield from unlisted


def absolute(entry: os.DirEntry[str]) -> str:
    """The absolute path of an entry of a listing, links not followed."""
    return plain_name(os.path.abspath(entry.path))  # noqa: PTH100 - Path.resolve follows links


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a listing is a folder, mostly without asking the system again; links are none.

    Neither are junctions of Windows, which a listing calls folders: they lead out, and some lead back in a circle.
    """
    try:
        status = entry.stat(follow_symlinks=False) if entry.is_dir(follow_symlinks=False) else None
    except OSError:
        return False
    return status is not None and getattr(status, "st_reparse_tag", 0) != _JUNCTION


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _judge(file: Path, root: Path | None, name: str) -> Source | SkippedFile:
    """Whether a file may be evidence; ``root`` is the folder that links may not leave, None for a file named itself."""
    try:
        if root is not None and file.is_symlink() and not file.resolve().is_relative_to(root.resolve()):
            return SkippedFile(source_file=name, reason=LINK)
        mode = file.stat().st_mode
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        return _unreadable(name, error)
    if stat.S_ISDIR(mode):
        return SkippedFile(source_file=name, reason=LINK)
    return Source(file, name) if stat.S_ISREG(mode) else SkippedFile(source_file=name, reason="not a regular file")


def _unreadable(name: str, error: Exception) -> SkippedFile:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "a link that leads to itself"
    return SkippedFile(source_file=name, reason=f"cannot be opened ({reason})", unreadable=True)


def _prefix(folder: Path, base: Path | None) -> str:
    """Return the prefix of the names of files in a folder."""
    name = _name(folder, base)
    return "" if name == "." else f"{name}/"


def _name(path: Path, base: Path | None) -> str:
    """A name for reports: relative, with ``/``, and never an absolute path."""
    try:
        return path.absolute().relative_to(base.absolute()).as_posix() if base is not None else path.name
    except ValueError:
        return path.name
