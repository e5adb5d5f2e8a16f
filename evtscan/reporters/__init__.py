"""Report → bytes: one module a format, each written from the report alone.

To add a format, write its module and add its row to ``REPORTERS``; the command line and the documentation read the
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
    """A row of ``REPORTERS``.

    ``module`` is imported when its format is first written. It offers ``sink(report, stream)``, which takes the hosts
    one by one (of the report it reads only the rest); or, where ``tables`` says that the format takes one file a table,
    ``sink(form, report, stream)``. Streams are binary.

    ``stem`` is the name of its file in a folder, and ``in_folder`` says whether a folder gets this format unless
    another one is asked for. ``by_suffix``: a name with its suffix asks for it. ``full``: it holds every finding, also
    those that the others leave out on request. ``needs`` is a package that is not always installed, but with the extra
    of the format's name. ``dialect`` is handed to the sinks of a format that has several.
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
        """What each file of this format in a folder holds, which is also its name without suffix."""
        return tuple(TABLES) if self.tables else (self.stem,)

    def check_installed(self) -> None:
        """See whether this format can be written.

        Raises:
            UsageError: if a package is missing; it says how to install it.
        """
        if self.needs and find_spec(self.needs) is None:
            raise UsageError(
                f'-t {self.name} needs the package {self.needs}: install it with pip install "evtscan[{self.name}]"'
            )

    def sink(self, report: Report, stream: BinaryIO, content: str | None = None) -> Sink:
        """Begin to write a report, or of a format of tables the one named ``content`` (the findings if none is).

        Raises:
            OSError: if the stream cannot be written.
        """
        module = import_module(self.module)
        begin: Callable[..., Sink] = module.sink
        form = [TABLES[content or SINGLE_TABLE]] if self.tables else []
        return begin(*form, report, stream, *([] if self.dialect is None else [self.dialect]))

    def write(self, report: Report, stream: BinaryIO, content: str | None = None) -> None:
        """Write a report by itself; ``content`` as in ``sink``.

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
