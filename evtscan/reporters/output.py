"""``-o`` and ``-t`` → output files: their formats, which files may be replaced, and writing without partial files."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from evtscan.base.errors import UsageError
from evtscan.base.outfiles import STDOUT, is_folder, naming, refuse_existing, remove, replace_file, temporary_beside
from evtscan.report.model import Report
from evtscan.reporters import REPORTERS, Reporter
from evtscan.reporters.digest.summary import HostSummary, Sink, in_order, rules_by_id, summary_of
from evtscan.reporters.tables.csv import SAFE, Dialect
from evtscan.reporters.view import Shown, as_shown


@dataclass(frozen=True, slots=True)
class Output:
    """One file to write; ``path`` is None for standard output, ``content`` as in ``Reporter.write``."""

    path: Path | None
    reporter: Reporter
    content: str | None = None

    def in_dialect(self, dialect: Dialect) -> "Output":
        """The same output in another dialect, if its format has several."""
        return replace(self, reporter=replace(self.reporter, dialect=dialect)) if self.reporter.dialect else self


def plan_outputs(targets: Sequence[str], format_name: str | None = None, dialect: Dialect = SAFE) -> tuple[Output, ...]:
    """Return the outputs that ``-o`` (``targets``) and ``-t`` (``format_name``) select.

    A folder, or a name that ends in a slash, gets a file for each part of a format: of ``format_name``, or else of
    every format that belongs in a folder. For other names the suffix selects the format; standard output is
    ``console``. ``dialect`` is the dialect of CSV.

    Raises:
        UsageError: for an unknown format or suffix, two outputs with the same name, a dialect without a CSV output, or
            a format whose package is not installed.
        OutputError: if the system rejects a name.
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
    """Check before the run that the outputs can be written; nothing is created.

    Raises:
        OutputError: if an output exists and ``clobber`` is not set, or if its folder cannot be created or written.
    """
    refuse_existing([output.path for output in outputs if output.path is not None], clobber=clobber)


def write_outputs(
    report: Report,
    outputs: Sequence[Output],
    *,
    clobber: bool,
    stdout: BinaryIO,
    also: Sequence[Sink] = (),
    shown: Shown | None = None,
) -> None:
    """Write a report to every output, in one pass over its hosts; the sinks in ``also`` receive the same hosts.

    All files are first written under temporary names in the same folder and then renamed, so that an earlier error
    leaves the old files unchanged. ``shown`` transforms each host before it is written, except for formats that are
    always full.

    Raises:
        OutputError: if an output cannot be written, or has been created meanwhile and ``clobber`` is not set.
        BrokenPipeError: if the reader of standard output has ended.
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
    """An output that is being written: its sink, and its file under a temporary name."""

    def __init__(self, output: Output, stdout: BinaryIO) -> None:
        self.output = output
        self._stdout = stdout
        self._name = "standard output" if output.path is None else str(output.path)
        self._temporary: Path | None = None
        self._stream: BinaryIO = stdout
        self._sink: Sink | None = None

    def begin(self, report: Report) -> None:
        """Open the file, and write the content before the first host."""
        with naming(self._name):
            if self.output.path is not None:
                self._temporary = temporary_beside(self.output.path)
                self._temporary.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._temporary.open("xb")
            self._sink = self.output.reporter.sink(report, self._stream, self.output.content)

    def add(self, summary: HostSummary) -> None:
        assert self._sink is not None
        with naming(self._name):
            self._sink.add(summary)

    def close(self) -> None:
        assert self._sink is not None
        with naming(self._name):
            self._sink.close()
            self._stream.flush()
            if self._stream is not self._stdout:
                self._stream.close()

    def rename(self) -> None:
        """Rename the complete file to its final name."""
        if self._temporary is not None and self.output.path is not None:
            with naming(self._name):
                replace_file(self._temporary, self.output.path)

    def discard(self) -> None:
        """Close the file, and delete it if it was not renamed."""
        self._sink = None  # it may write when it goes, and the file is open still
        with suppress(OSError):  # gone after renaming, or a full disk: what went wrong is raised already
            if self._stream is not self._stdout:
                self._stream.close()
        if self._temporary is not None:
            with suppress(OSError):
                remove(self._temporary)


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
    elif is_folder(target, has_format=asked_for is not None):
        for row in [asked_for] if asked_for else [row for row in REPORTERS if row.in_folder]:
            for content in row.files():
                yield Output(Path(target, content + row.suffix), row, content)
    else:
        path = Path(target)
        yield Output(path, asked_for or _by_suffix(path))


def _by_suffix(path: Path) -> Reporter:
    for row in REPORTERS:
        if row.by_suffix and row.suffix == path.suffix.lower():
            return row
    if path.suffix.lower() in (".xlsx", ".xls"):
        raise UsageError(f"{path}: Excel files are not written; use {path.stem}.csv with --excel, which Excel opens")
    suffixes = ", ".join(row.suffix for row in REPORTERS if row.by_suffix)
    raise UsageError(
        f"{path}: unknown suffix; use one of {suffixes}, no suffix for a folder of all tables, "
        "or choose a format with -t"
    )
