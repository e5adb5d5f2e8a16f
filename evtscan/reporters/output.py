"""``-o`` and ``-t`` → files: which format goes where, what may be replaced, and writing that leaves nothing half."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evtscan.errors import OutputError, UsageError
from evtscan.model import Report
from evtscan.reporters import REPORTERS, Reporter

STDOUT = "-"
"""The name that stands for standard output."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file to write: ``path`` is None for standard output, ``content`` as ``Reporter.write`` takes it."""

    path: Path | None
    reporter: Reporter
    content: str | None = None


def plan_outputs(targets: Sequence[str], format_name: str | None = None) -> tuple[Output, ...]:
    """Say which files ``-o`` (``targets``) and ``-t`` (``format_name``) ask for.

    A folder, or a name that ends in a slash, gets a file for each part of a format: of ``format_name``, else of
    every format that belongs in a folder. Other names choose their format by suffix; standard output is ``console``.

    Raises:
        UsageError: for an unknown format, a suffix that stands for none, or two outputs of one name.
        OutputError: for a name that the system refuses.
    """
    asked_for = None if format_name is None else _by_name(format_name)
    outputs = tuple(output for target in targets for output in _planned(target, asked_for))
    names = [None if output.path is None else os.path.normcase(output.path.absolute()) for output in outputs]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise UsageError(f"{outputs[place].path or STDOUT}: two outputs of one name; give each its own")
    return outputs


def check_outputs(outputs: Sequence[Output], *, clobber: bool) -> None:
    """See before any work whether the outputs can be written; nothing is created.

    Raises:
        OutputError: if one exists already and ``clobber`` does not allow to replace it, or if its folder cannot be
            made or written.
    """
    refuse_existing([output.path for output in outputs if output.path is not None], clobber=clobber)


def refuse_existing(paths: Sequence[Path], *, clobber: bool) -> None:
    """See whether these files can be written.

    Raises:
        OutputError: as ``check_outputs``.
    """
    for path in paths:
        with _naming(str(path)):
            _check_place(path)
    existing = [path for path in paths if os.path.lexists(path)]
    if existing and not clobber:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise OutputError(f"{existing[0]}{others}: exists already; replace it with -C, or give another name with -o")


def write_outputs(report: Report, outputs: Sequence[Output], *, clobber: bool, stdout: BinaryIO) -> None:
    """Write a report to every output.

    All files are written under temporary names beside their places first and then renamed, so that whatever goes
    wrong before leaves the old files as they were.

    Raises:
        OutputError: if one cannot be written, or exists by now and ``clobber`` does not allow to replace it.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for output in outputs:
            if output.path is None:
                with _naming("standard output"):
                    output.reporter.write(report, stdout, output.content)
                    stdout.flush()
            else:
                staged.append((_temporary(output.path), output.path))
                with _naming(str(output.path)):
                    _write_file(report, output, staged[-1][0])
        check_outputs(outputs, clobber=clobber)
        for temporary, path in staged:
            with _naming(str(path)):
                temporary.replace(path)
    finally:
        for temporary, _ in staged:
            with suppress(OSError):  # gone after renaming, or never made: what went wrong is raised already
                temporary.unlink()


@contextmanager
def replacing(path: Path, *, clobber: bool) -> Iterator[BinaryIO]:
    """Open a file to write that takes its name only when everything is written; until then an old one stays.

    Raises:
        OutputError: if it exists and ``clobber`` does not allow to replace it, or if it cannot be written.
    """
    refuse_existing([path], clobber=clobber)
    temporary = _temporary(path)
    with _naming(str(path)):
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                yield stream
            refuse_existing([path], clobber=clobber)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _by_name(name: str) -> Reporter:
    for row in REPORTERS:
        if row.name == name:
            return row
    raise UsageError(f"{name}: not a format; use one of {', '.join(row.name for row in REPORTERS)}")


def _planned(target: str, asked_for: Reporter | None) -> Iterator[Output]:
    if not target:
        raise UsageError("the name of an output is empty; give a file, a folder or - after -o")
    if target == STDOUT:
        yield Output(None, asked_for or _by_name("console"))
    elif _is_folder(target):
        for row in [asked_for] if asked_for else [row for row in REPORTERS if row.in_folder]:
            for content in row.files():
                yield Output(Path(target, content + row.suffix), row, content)
    else:
        path = Path(target)
        yield Output(path, asked_for or _by_suffix(path))


def _is_folder(target: str) -> bool:
    if target.endswith(("/", os.sep)):
        return True
    with _naming(target):
        return Path(target).is_dir()


def _by_suffix(path: Path) -> Reporter:
    for row in REPORTERS:
        if row.suffix == path.suffix.lower():
            return row
    suffixes = ", ".join(row.suffix for row in REPORTERS)
    raise UsageError(
        f"{path}: the name does not say which format to write; end it in one of {suffixes}, "
        "in / for a folder of all tables, or choose with -t"
    )


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


def _temporary(path: Path) -> Path:
    # Short and of its own, so that a long name still fits and two runs do not meet; in the same folder, so that
    # renaming is one step.
    return path.with_name(f".evtscan-{secrets.token_hex(6)}.tmp")


def _write_file(report: Report, output: Output, temporary: Path) -> None:
    temporary.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("xb") as stream:
        output.reporter.write(report, stream, output.content)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Turn the system's error into one that names the output."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{name}: cannot be written ({error.strerror or error})") from error
