"""Report → JSON Lines: an object for each finding, with the columns of ``findings.csv`` as keys.

Numbers are numbers and lists are lists (``RecordIDs`` has all of them); what is absent is null or empty. Lines go out
host by host, so that a program at the other end of a pipe can act on them while a run goes on.
"""

from typing import BinaryIO

import msgspec

from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import HostSummary, rules_by_id, summary_of
from evtscan.reporters.json.report import without_surrogates
from evtscan.reporters.tables.columns import FINDINGS
from evtscan.reporters.view import Shown


class LineSink:
    """Writes the findings of each host as soon as it gets it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, summary: HostSummary) -> None:
        """Write the findings of one host."""
        if summary.findings:
            self._stream.write(b"".join(line(FINDINGS.values(item)) for item in summary.findings))
            self._stream.flush()

    def close(self) -> None:
        """Nothing is left to do behind the last host."""


class LiveLines:
    """Writes the findings of hosts in the order in which a run comes to know them, and of no host twice.

    A host is shown while the run goes on; those that it has not shown until then, it writes when it is fed the report.
    """

    def __init__(self, report: Report, stream: BinaryIO, shown: Shown) -> None:
        self._sink = LineSink(stream)
        self._rules = rules_by_id(report)
        self._shown = shown
        self._done: set[str] = set()

    def show(self, host: HostReport) -> None:
        """Write the findings of a host that has just been judged.

        Raises:
            BrokenPipeError: if nobody reads them any longer.
        """
        self._done.add(host.host)
        self._sink.add(summary_of(self._shown(host), self._rules))

    def add(self, summary: HostSummary) -> None:
        """Write the findings of a host of the report, unless that is done."""
        if summary.host.host not in self._done:
            self._sink.add(summary)

    def close(self) -> None:
        """Nothing is left to do behind the last host."""


def sink(report: Report, stream: BinaryIO) -> LineSink:
    """Begin to write a report."""
    return LineSink(stream)


def line(row: object) -> bytes:
    """Write one object on a line of its own; lone surrogates, which UTF-8 cannot carry, become escapes."""
    try:
        return msgspec.json.encode(row) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(without_surrogates(row)) + b"\n"
