"""Output files: written under a temporary name and renamed when complete, so that a failure leaves no partial file."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from evtscan.base.errors import OutputError
from evtscan.base.streams import is_closed_pipe
from evtscan.base.winpaths import extended

STDOUT = "-"
"""The name of standard output."""
_PREFIX, _SUFFIX = ".evtscan-", ".tmp"

IN_USE = frozenset({5, 32, 33})
"""Windows' ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another program has a file open."""
_RETRY_DELAYS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.25)
"""Seconds between attempts to replace a file, about one second in all: virus scanners and indexers hold new files."""
_CHECKS_ACLS = os.name != "nt"
"""Whether ``os.access`` considers all permissions of a folder; on Windows it reads one attribute and no ACL."""


def is_folder(target: str, *, has_format: bool = False) -> bool:
    """Whether an output name means a folder: it ends in a slash, is an existing folder, or is new and has no suffix.

    If the format is given separately (``has_format``), a new name without suffix is a file.
    """
    if target.endswith(("/", os.sep)):
        return True
    path = extended(Path(target))
    with naming(target):
        return path.is_dir() or not (has_format or path.suffix or path.exists() or not path.name)


def refuse_existing(paths: Sequence[Path], *, clobber: bool) -> None:
    """Check that these files can be written.

    Raises:
        OutputError: if one exists and ``clobber`` does not allow replacing it, if another program has it open, or if
            its folder cannot be created or written.
    """
    _check_folders(paths)
    existing = [path for path in paths if os.path.lexists(extended(path))]
    if existing and not clobber:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise OutputError(f"{existing[0]}{others}: exists already; replace it with -C, or give another name with -o")
    refuse_open(existing)


def refuse_open(paths: Iterable[Path]) -> None:
    """Check that no other program prevents replacing one of these files; files that do not exist are ignored.

    The test is to rename a file to its own name: this changes nothing, and on Windows it fails if replacing would fail.

    Raises:
        OutputError: if another program has one of the files open.
    """
    for path in paths:
        name = extended(path)
        try:
            _retrying(lambda name=name: os.rename(name, name))  # type: ignore[misc]  # noqa: PTH104
        except FileNotFoundError:
            continue
        except OSError as error:
            if _is_in_use(error):
                raise OutputError(
                    f"{path}: is open in another program, or protected; nothing is written. Close it there, or give "
                    "another name with -o"
                ) from error
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
        if not _CHECKS_ACLS and not os.access(name, os.W_OK):  # Windows replaces no file that is read-only
            raise OutputError(f"{path}: is read-only; nothing is written. Give another name with -o")


def refuse_evidence(paths: Iterable[Path], evidence: Iterable[Path]) -> None:
    """Check that no output would replace an input file, by any of its names: a link, or a name in different case.

    Raises:
        OutputError: if an output would replace an input file.
    """
    outputs = {_identity(path): path for path in paths}
    outputs.pop(None, None)
    for file in evidence if outputs else ():
        path = outputs.get(_identity(file))
        if path is not None:
            raise OutputError(f"{path}: is evidence that is read, and not replaced; give another name with -o")


def _identity(path: Path) -> tuple[int, int] | str | None:
    """Return a value that is equal for all names of one file, and different for other files; None without a file."""
    try:
        state = path.stat()
    except OSError:
        return None
    if not state.st_ino:  # a network share that numbers no files
        return os.path.normcase(os.path.realpath(path))
    return state.st_dev, state.st_ino


@contextmanager
def replacing(path: Path, *, clobber: bool) -> Iterator[BinaryIO]:
    """Open a file for writing under a temporary name; it replaces an existing file when it is complete.

    Raises:
        OutputError: if the file exists and ``clobber`` does not allow replacing it, or if it cannot be written.
    """
    refuse_existing([path], clobber=clobber)
    temporary = temporary_beside(path)
    with naming(str(path)):
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                yield stream
            refuse_existing([path], clobber=clobber)
            replace_file(temporary, path)
        finally:
            remove(temporary)


def replace_file(temporary: Path, path: Path) -> None:
    """Rename a file, replacing an existing one; on Windows retry for about a second while another program has it open.

    Raises:
        OSError: if it cannot be renamed.
    """
    _retrying(lambda: os.replace(extended(temporary), extended(path)))  # noqa: PTH105


def remove(path: Path) -> None:
    """Delete a file if it exists, with the retries of ``replace_file``.

    Raises:
        OSError: if it cannot be deleted.
    """
    _retrying(lambda: extended(path).unlink(missing_ok=True))


def _retrying(action: Callable[[], None]) -> None:
    for delay in _RETRY_DELAYS:
        try:
            return action()
        except OSError as error:
            if not _is_in_use(error):
                raise
        time.sleep(delay)
    return action()


def _is_in_use(error: OSError) -> bool:
    return getattr(error, "winerror", None) in IN_USE


def _check_folders(paths: Iterable[Path]) -> None:
    checked: set[Path] = set()
    for path in paths:
        with naming(str(path)):
            _check_folder(path, checked)


def _check_folder(path: Path, checked: set[Path]) -> None:
    """Check that a file can be created; ``checked`` are the folders that have passed this check already."""
    if (existing := extended(path)).exists() and not existing.is_file():
        raise OutputError(f"{path}: exists and is not a file; give another name with -o")
    folder = next((parent for parent in extended(path.absolute()).parents if os.path.lexists(parent)), None)
    if folder is None:  # a drive of Windows
        raise OutputError(f"{path}: there is no such drive; give another name with -o")
    if folder in checked:
        return
    if not folder.is_dir():
        raise OutputError(f"{path}: cannot be written, for {folder.name} is not a folder; give another name with -o")
    if not os.access(folder, os.W_OK | os.X_OK) or not (_CHECKS_ACLS or _can_create_in(folder)):
        raise OutputError(f"{path}: cannot be written (no permission); give another name with -o")
    checked.add(folder)


def _can_create_in(folder: Path) -> bool:
    """Test whether a file can be created in a folder by creating one; no other test of an ACL is reliable."""
    probe = temporary_beside(folder / "probe")
    try:
        probe.open("xb").close()
        remove(probe)
    except PermissionError:
        return False
    return True


def temporary_beside(path: Path) -> Path:
    """Return a temporary name for a file, in the folder of the file.

    It is short, so that it fits if the file's name is long, and unique, so that two runs do not collide. It is in the
    same folder, so that renaming is atomic.
    """
    return extended(path).with_name(f"{_PREFIX}{os.urandom(6).hex()}{_SUFFIX}")


def remove_temporaries(folder: Path) -> None:
    """Delete the partial files of a killed run in a folder; the caller ensures that no other run writes there."""
    with suppress(OSError):
        for file in extended(folder).glob(f"{_PREFIX}*{_SUFFIX}"):
            file.unlink()


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Convert errors of the operating system into errors that name the output.

    Raises:
        OutputError: for any error of the system except a closed pipe.
        OSError: if the reader of standard output has ended (``is_closed_pipe``).
    """
    try:
        yield
    except OSError as error:
        if is_closed_pipe(error):
            raise
        raise OutputError(f"{name}: cannot be written ({error.strerror or error})") from error
