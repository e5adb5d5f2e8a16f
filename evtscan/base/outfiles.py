"""Output files that take their names only when everything is written: whatever goes wrong, nothing is left half."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from evtscan.base.errors import OutputError

STDOUT = "-"
"""The name that stands for standard output."""
_PREFIX, _SUFFIX = ".evtscan-", ".tmp"


def is_folder(target: str) -> bool:
    """Whether an output with this name is a folder: there is one, or the name ends in a slash."""
    if target.endswith(("/", os.sep)):
        return True
    with naming(target):
        return Path(target).is_dir()


def refuse_existing(paths: Sequence[Path], *, clobber: bool) -> None:
    """See whether these files can be written.

    Raises:
        OutputError: if one exists already and ``clobber`` does not allow to replace it, or if its folder cannot be
            made or written.
    """
    for path in paths:
        with naming(str(path)):
            _check_place(path)
    existing = [path for path in paths if os.path.lexists(path)]
    if existing and not clobber:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise OutputError(f"{existing[0]}{others}: exists already; replace it with -C, or give another name with -o")


def refuse_evidence(paths: Iterable[Path], evidence: Iterable[Path]) -> None:
    """See that no output takes the place of a file that is read, by whatever name: a link, another case of letters.

    Raises:
        OutputError: if one does.
    """
    outputs = {_identity(path): path for path in paths}
    outputs.pop(None, None)
    for file in evidence if outputs else ():
        path = outputs.get(_identity(file))
        if path is not None:
            raise OutputError(f"{path}: is evidence that is read, and not replaced; give another name with -o")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others; None if there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


@contextmanager
def replacing(path: Path, *, clobber: bool) -> Iterator[BinaryIO]:
    """Open a file to write that takes its name only when everything is written; until then an old one stays.

    Raises:
        OutputError: if it exists and ``clobber`` does not allow to replace it, or if it cannot be written.
    """
    refuse_existing([path], clobber=clobber)
    temporary = temporary_beside(path)
    with naming(str(path)):
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                yield stream
            refuse_existing([path], clobber=clobber)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _check_place(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: exists and is not a file; give another name with -o")
    folder = next((parent for parent in path.absolute().parents if os.path.lexists(parent)), None)
    if folder is None:  # a drive of Windows
        raise OutputError(f"{path}: there is no such drive; give another name with -o")
    if not folder.is_dir():
        raise OutputError(f"{path}: cannot be written, for {folder.name} is not a folder; give another name with -o")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: cannot be written (no permission); give another name with -o")


def temporary_beside(path: Path) -> Path:
    """A name for the file until it is whole.

    It is short and of its own, so that a long name still fits and two runs do not meet; and in the same folder, so
    that renaming is one step.
    """
    return path.with_name(f"{_PREFIX}{os.urandom(6).hex()}{_SUFFIX}")


def remove_temporaries(folder: Path) -> None:
    """Take away what a killed run left half written in a folder; for those who know that nobody else writes there."""
    with suppress(OSError):
        for file in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            file.unlink()


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Turn the system's error into one that names the output.

    Raises:
        OutputError: for any error of the system but that nobody reads the output any longer.
    """
    try:
        yield
    except BrokenPipeError:  # whoever read standard output has gone, and nothing is wrong with it
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written ({error.strerror or error})") from error
