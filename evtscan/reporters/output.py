"""``-o`` and ``-t`` → files: which format goes where, what may be replaced, and writing that leaves nothing half."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from evtscan.errors import OutputError, UsageError
from evtscan.model import Report
from evtscan.reporters import REPORTERS, Reporter
from evtscan.reporters.csv import SAFE, Dialect
from evtscan.reporters.summary import HostSummary, Sink, in_order, rules_by_id, summary_of
from evtscan.reporters.view import Shown, as_shown

_PREFIX, _SUFFIX = ".evtscan-", ".tmp"

STDOUT = "-"
"""The name that stands for standard output."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file to write: ``path`` is None for standard output, ``content`` as ``Reporter.write`` takes it."""

    path: Path | None
    reporter: Reporter
    content: str | None = None

    def in_dialect(self, dialect: Dialect) -> "Output":
        """The same output in another dialect, if its format has several."""
        return replace(self, reporter=replace(self.reporter, dialect=dialect)) if self.reporter.dialect else self


def plan_outputs(targets: Sequence[str], format_name: str | None = None, dialect: Dialect = SAFE) -> tuple[Output, ...]:
    """Say which files ``-o`` (``targets``) and ``-t`` (``format_name``) ask for.

    A folder, or a name that ends in a slash, gets a file for each part of a format: of ``format_name``, else of
    every format that belongs in a folder. Other names choose their format by suffix; standard output is ``console``.
    ``dialect`` is that of CSV.

    Raises:
        UsageError: for an unknown format, a suffix that stands for none, two outputs of one name, a dialect that no
            output has, or a format for which a package is not installed.
        OutputError: for a name that the system refuses.
    """
    asked_for = None if format_name is None else _by_name(format_name)
    outputs = tuple(output for target in targets for output in _planned(target, asked_for))
    for reporter in {output.reporter.name: output.reporter for output in outputs}.values():
        reporter.check_installed()
    if dialect != SAFE:
        if not any(output.reporter.dialect for output in outputs):
            raise UsageError("--raw and --excel are for CSV, and no output is CSV; add one with -o")
        outputs = tuple(output.in_dialect(dialect) for output in outputs)
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


def write_outputs(
    report: Report,
    outputs: Sequence[Output],
    *,
    clobber: bool,
    stdout: BinaryIO,
    also: Sequence[Sink] = (),
    shown: Shown | None = None,
) -> None:
    """Write a report to every output, in one pass over its hosts, which ``also`` get.

    All files are written under temporary names beside their places first and then renamed, so that whatever goes
    wrong before leaves the old files as they were. ``shown`` says what of a host they show, but for those in full.

    Raises:
        OutputError: if one cannot be written, or exists by now and ``clobber`` does not allow to replace it.
        BrokenPipeError: if nobody reads standard output any longer.
    """
    view = as_shown(report, shown)
    writing = [_Writing(output, stdout) for output in outputs]
    full = [item for item in writing if item.output.reporter.full]
    others = [item for item in writing if not item.output.reporter.full]
    try:
        for item in writing:
            item.begin(report if item.output.reporter.full else view)
        _pass(report, shown, full, [*others, *also])
        check_outputs(outputs, clobber=clobber)
        for item in writing:
            item.rename()
    finally:
        for item in writing:
            item.discard()


def _pass(report: Report, shown: Shown | None, full: Sequence[Sink], others: Sequence[Sink]) -> None:
    rules = rules_by_id(report)
    for host in in_order(report.hosts):
        summary = summary_of(host, rules)
        for sink in full:
            sink.add(summary)
        if shown is not None:
            summary = summary_of(shown(host), rules)
        for sink in others:
            sink.add(summary)
    for sink in (*full, *others):
        sink.close()


class _Writing:
    """One output on its way: a sink, whose file has a temporary name until it is renamed."""

    def __init__(self, output: Output, stdout: BinaryIO) -> None:
        self.output = output
        self._stdout = stdout
        self._name = "standard output" if output.path is None else str(output.path)
        self._temporary: Path | None = None
        self._stream: BinaryIO = stdout
        self._sink: Sink | None = None

    def begin(self, report: Report) -> None:
        """Open the file, and write what stands before the first host."""
        with _naming(self._name):
            if self.output.path is not None:
                self._temporary = _temporary(self.output.path)
                self._temporary.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._temporary.open("xb")
            self._sink = self.output.reporter.sink(report, self._stream, self.output.content)

    def add(self, summary: HostSummary) -> None:
        assert self._sink is not None
        with _naming(self._name):
            self._sink.add(summary)

    def close(self) -> None:
        assert self._sink is not None
        with _naming(self._name):
            self._sink.close()
            self._stream.flush()
            if self._stream is not self._stdout:
                self._stream.close()

    def rename(self) -> None:
        """Give the file its name, now that everything is written."""
        if self._temporary is not None and self.output.path is not None:
            with _naming(self._name):
                self._temporary.replace(self.output.path)

    def discard(self) -> None:
        """Take away a file that did not get its name."""
        self._sink = None  # it may write when it goes, and the file is open still
        with suppress(OSError):  # gone after renaming, or a full disk: what went wrong is raised already
            if self._stream is not self._stdout:
                self._stream.close()
        if self._temporary is not None:
            with suppress(OSError):
                self._temporary.unlink()


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
    elif is_folder(target):
        for row in [asked_for] if asked_for else [row for row in REPORTERS if row.in_folder]:
            for content in row.files():
                yield Output(Path(target, content + row.suffix), row, content)
    else:
        path = Path(target)
        yield Output(path, asked_for or _by_suffix(path))


def is_folder(target: str) -> bool:
    """Whether an output with this name is a folder: there is one, or the name ends in a slash."""
    if target.endswith(("/", os.sep)):
        return True
    with _naming(target):
        return Path(target).is_dir()


def _by_suffix(path: Path) -> Reporter:
    for row in REPORTERS:
        if row.by_suffix and row.suffix == path.suffix.lower():
            return row
    suffixes = ", ".join(row.suffix for row in REPORTERS if row.by_suffix)
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
    return path.with_name(f"{_PREFIX}{secrets.token_hex(6)}{_SUFFIX}")


def remove_temporaries(folder: Path) -> None:
    """Take away what a killed run left half written in a folder; for those who know that nobody else writes there."""
    with suppress(OSError):
        for file in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            file.unlink()


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Turn the system's error into one that names the output."""
    try:
        yield
    except BrokenPipeError:  # whoever read standard output has gone, and nothing is wrong with it
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written ({error.strerror or error})") from error
