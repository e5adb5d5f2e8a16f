"""The logons of a hunt as CSV: how often each combination of account, type, source, outcome and computer occurs."""

from typing import BinaryIO

from evtscan.hunt.detection import Detection
from evtscan.hunt.outputs.table import CsvTable
from evtscan.hunt.run import Hunted
from evtscan.reporters.tables.csv import Dialect


class LogonSink:
    """Writes the logons at the end."""

    COLUMNS = ("Account", "LogonType", "Source", "Outcome", "Reason", "Computer", "Count", "FirstSeen", "LastSeen")

    def __init__(self, stream: BinaryIO, dialect: Dialect) -> None:
        self._table = CsvTable(stream, dialect, self.COLUMNS)

    def add(self, row: Detection) -> None:
        """Do nothing: logons are counted separately from detections."""

    def close(self, hunted: Hunted) -> None:
        """Write a row for each combination, the most frequent first."""
        for logon, tally in hunted.logons.most_first():
            own = (logon.account, logon.type, logon.source, logon.outcome, logon.reason, logon.computer)
            self._table.write((*own, tally.count, *self._table.times(tally)))


def sink(stream: BinaryIO, dialect: Dialect) -> LogonSink:
    """Return a sink that writes the table of logons.

    Raises:
        OSError: if the stream cannot be written.
    """
    return LogonSink(stream, dialect)
