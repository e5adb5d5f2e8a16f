"""The outputs of a hunt: one module per format, each with a sink that receives the rows of the time line and the
counts.

To add a format, write its module and add its row to ``FORMATS``; the command line and the documentation read the table.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from evtscan.base.errors import UsageError
from evtscan.base.outfiles import STDOUT, is_folder, replacing
from evtscan.hunt.run import Sink
from evtscan.reporters.tables.csv import SAFE, Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntFormat:
    """A row of ``FORMATS``. The function ``sink(stream, dialect)`` of ``module`` returns a sink for a binary stream.

    ``stem`` is the name of its file in a folder. A folder gets the formats with ``in_folder``. ``by_suffix``: an output
    whose name has the suffix gets this format.
    """

    name: str
    suffix: str
    title: str
    module: str
    stem: str
    in_folder: bool = True
    by_suffix: bool = True

    def sink(self, stream: BinaryIO, dialect: Dialect) -> Sink:
        """Return a sink that writes to the stream.

        Raises:
            OSError: if the stream cannot be written.
        """
        begin: Callable[[BinaryIO, Dialect], Sink] = import_module(self.module).sink
        return begin(stream, dialect)


FORMATS: tuple[HuntFormat, ...] = (
    HuntFormat(
        name="csv",
        suffix=".csv",
        title="The time line for spreadsheets and scripts: a row for each detection",
        module="evtscan.hunt.outputs.csv",
        stem="timeline",
    ),
    HuntFormat(
        name="jsonl",
        suffix=".jsonl",
        title="The time line as JSON Lines: `Tags` is a list, `Details` an object",
        module="evtscan.hunt.outputs.jsonl",
        stem="timeline",
        in_folder=False,
    ),
    HuntFormat(
        name="html",
        suffix=".html",
        title="One page: counts, ATT&CK matrix and the time line, which every list filters; opens without a network",
        module="evtscan.hunt.outputs.html",
        stem="hunt",
    ),
    HuntFormat(
        name="navigator",
        suffix=".json",
        title="A layer for the ATT&CK Navigator: the score of a technique is the number of its detections",
        module="evtscan.hunt.outputs.navigator",
        stem="navigator",
        by_suffix=False,
    ),
    HuntFormat(
        name="timesketch",
        suffix=".jsonl",
        title="The time line as JSON Lines that Timesketch imports",
        module="evtscan.hunt.outputs.timesketch",
        stem="timesketch",
        in_folder=False,
        by_suffix=False,
    ),
    HuntFormat(
        name="logons",
        suffix=".csv",
        title="Logons by account, type, source, outcome and computer, whether or not a rule matches",
        module="evtscan.hunt.outputs.logons",
        stem="logons",
        by_suffix=False,
    ),
    HuntFormat(
        name="pivots",
        suffix=".csv",
        title="Addresses, accounts, hosts and hashes of the detections of level high and critical",
        module="evtscan.hunt.outputs.pivots",
        stem="pivots",
        by_suffix=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Target:
    """One file to write; ``path`` is None for standard output."""

    path: Path | None
    format: HuntFormat


def plan_targets(outputs: Sequence[str], format_name: str | None = None) -> tuple[Target, ...]:
    """Return the files requested by ``-o`` (``outputs``) and ``-t`` (``format_name``); a folder gets the full set.

    Raises:
        UsageError: if no format has the suffix, a name is empty, or two outputs have the same name.
        OutputError: if the operating system rejects a name.
    """
    chosen = None if format_name is None else next(row for row in FORMATS if row.name == format_name)
    targets = tuple(target for output in outputs for target in _planned(output, chosen))
    names = [None if target.path is None else os.path.normcase(target.path.absolute()) for target in targets]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise UsageError(f"{targets[position].path or STDOUT}: two outputs with the same name; rename one")
    return targets


def _planned(output: str, chosen: HuntFormat | None) -> Iterator[Target]:
    if not output:
        raise UsageError("the name of an output is empty; give a file, a folder or - after -o")
    if output == STDOUT:
        yield Target(None, chosen or FORMATS[0])
    elif is_folder(output, has_format=chosen is not None):
        for row in [chosen] if chosen else [row for row in FORMATS if row.in_folder]:
            yield Target(Path(output, row.stem + row.suffix), row)
    else:
        yield Target(Path(output), chosen or _by_suffix(Path(output)))


def _by_suffix(path: Path) -> HuntFormat:
    for row in FORMATS:
        if row.by_suffix and row.suffix == path.suffix.lower():
            return row
    suffixes = ", ".join(row.suffix for row in FORMATS if row.by_suffix)
    raise UsageError(f"{path}: no format has this suffix; use one of {suffixes}, / for a folder, or choose with -t")


@contextmanager
def writing(
    targets: Sequence[Target], dialect: Dialect = SAFE, *, clobber: bool, stdout: BinaryIO
) -> Iterator[list[Sink]]:
    """Provide the sinks of these targets. Files get their final names at the end, and only if no error occurred.

    Raises:
        OutputError: if a file exists and ``clobber`` is false, or if it cannot be written.
    """
    with ExitStack() as stack:
        sinks = []
        for target in targets:
            stream = stdout if target.path is None else stack.enter_context(replacing(target.path, clobber=clobber))
            sinks.append(target.format.sink(stream, dialect))
        yield sinks
