"""Report → bytes: one module per format. A format is written from the report alone.

To add a format, write its module and add a row to ``REPORTERS``. The command line and the documentation read this
table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import BinaryIO

from evtscan.base.errors import UsageError
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import Sink, feed
from evtscan.reporters.tables.columns import TABLES
from evtscan.reporters.tables.csv import SAFE, Dialect

SINGLE_TABLE = "findings"
"""The table that a single file of a format of tables holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """An output format: a row of ``REPORTERS``.

    ``module`` is imported when its format is first written. It has a function ``sink(report, stream)``. The sink
    receives the hosts one by one and reads only the other fields from the report. For formats that write one file per
    table (``tables``), the function is ``sink(form, report, stream)``. Streams are binary.

    ``stem`` is the file name in an output folder, without suffix. ``in_folder``: an output folder gets this format by
    default. ``by_suffix``: an output name with this suffix selects the format. ``full``: the format always contains
    every finding, also those that an option omits from other formats. ``needs`` is a required package that only the
    extra with the format's name installs. ``dialect`` is passed to the sinks of a format that has several dialects.
    """

    name: str
    suffix: str
    title: str
    module: str
    stem: str = "report"
    tables: bool = False
    in_folder: bool = False
    by_suffix: bool = True
    full: bool = False
    needs: str = ""
    dialect: Dialect | None = None

    def files(self) -> tuple[str, ...]:
        """Return the contents of the files of this format in a folder; each is also the file name without suffix."""
        return tuple(TABLES) if self.tables else (self.stem,)

    def check_installed(self) -> None:
        """Check that the package that this format needs is installed.

        Raises:
            UsageError: if the package is missing; the message says how to install it.
        """
        if self.needs and find_spec(self.needs) is None:
            raise UsageError(
                f'-t {self.name} needs the package {self.needs}: install it with pip install "evtscan[{self.name}]"'
            )

    def sink(self, report: Report, stream: BinaryIO, content: str | None = None) -> Sink:
        """Return a sink that writes a report to a stream.

        For a format of tables, ``content`` is the name of the table (default: the findings).

        Raises:
            OSError: if the stream cannot be written.
        """
        module = import_module(self.module)
        begin: Callable[..., Sink] = module.sink
        form = [TABLES[content or SINGLE_TABLE]] if self.tables else []
        return begin(*form, report, stream, *([] if self.dialect is None else [self.dialect]))

    def write(self, report: Report, stream: BinaryIO, content: str | None = None) -> None:
        """Write a whole report to a stream; ``content`` as in ``sink``.

        Raises:
            OSError: if the stream cannot be written.
        """
        feed(report, [self.sink(report, stream, content)])


REPORTERS: tuple[Reporter, ...] = (
    Reporter(
        name="console",
        suffix=".txt",
        title="Text for people, as the terminal shows it",
        module="evtscan.reporters.text.console",
    ),
    Reporter(
        name="csv",
        suffix=".csv",
        title="Tables for spreadsheets and scripts",
        module="evtscan.reporters.tables.csv",
        tables=True,
        in_folder=True,
        dialect=SAFE,
    ),
    Reporter(
        name="json",
        suffix=".json",
        title="The report in full; loads again with `evtscan report`",
        module="evtscan.reporters.json.report",
        in_folder=True,
        full=True,
    ),
    Reporter(
        name="jsonl",
        suffix=".jsonl",
        title="A JSON object a line for each finding, while the run goes on",
        module="evtscan.reporters.json.jsonl",
        stem="findings",
    ),
    Reporter(
        name="html",
        suffix=".html",
        title="One page for people: what to do first, every finding with its reasons; opens without a network",
        module="evtscan.reporters.html",
        in_folder=True,
    ),
    Reporter(
        name="markdown",
        suffix=".md",
        title="Text for tickets: each finding with its evidence and its steps as a check list",
        module="evtscan.reporters.text.markdown",
    ),
    Reporter(
        name="parquet",
        suffix=".parquet",
        title="The tables with typed columns (with the extra `evtscan[parquet]`)",
        module="evtscan.reporters.tables.parquet",
        tables=True,
        needs="pyarrow",
    ),
    Reporter(
        name="timesketch",
        suffix=".jsonl",
        title="The matches as JSON Lines that Timesketch imports",
        module="evtscan.reporters.json.timesketch",
        stem="timesketch",
        by_suffix=False,
    ),
)
