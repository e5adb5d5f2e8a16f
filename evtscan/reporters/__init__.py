"""Report → bytes: one module a format, each written from the report alone.

To add a format, write its module and add its row to ``REPORTERS``; the command line and the documentation read the
table.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO

from evtscan.model import Report
from evtscan.reporters.tables import TABLES

SINGLE_TABLE = "findings"
"""The table that a single file of a format of tables holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """A row of ``REPORTERS``.

    ``module`` is imported when its format is first written. It offers ``write(report, stream)``, or, where
    ``tables`` says that the format takes one file a table, ``write(table, stream)``; streams are binary.
    ``in_folder`` says whether a folder gets this format unless another one is asked for.
    """

    name: str
    suffix: str
    title: str
    module: str
    tables: bool = False
    in_folder: bool = False

    def files(self) -> tuple[str, ...]:
        """What each file of this format in a folder holds, which is also its name without suffix."""
        return tuple(TABLES) if self.tables else ("report",)

    def write(self, report: Report, stream: BinaryIO, content: str | None = None) -> None:
        """Write a report, or of a format of tables the one named ``content`` (the findings if none is).

        Raises:
            OSError: if the stream cannot be written.
        """
        module = import_module(self.module)
        module.write(TABLES[content or SINGLE_TABLE](report) if self.tables else report, stream)


REPORTERS: tuple[Reporter, ...] = (
    Reporter(
        name="console",
        suffix=".txt",
        title="Text for people, as the terminal shows it",
        module="evtscan.reporters.console",
    ),
    Reporter(
        name="csv",
        suffix=".csv",
        title="Tables for spreadsheets and scripts",
        module="evtscan.reporters.csv",
        tables=True,
        in_folder=True,
    ),
    Reporter(
        name="json",
        suffix=".json",
        title="The report in full; loads again with `evtscan report`",
        module="evtscan.reporters.json",
        in_folder=True,
    ),
)
