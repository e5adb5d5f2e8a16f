"""Report → JSON Lines: an object for each finding, with the columns of ``findings.csv`` as keys.

Numbers and lists keep their JSON types (``RecordIDs`` is a complete list); a missing value is null or empty. The lines
are written host by host, so that a program that reads a pipe can process them during the run.
"""

from typing import BinaryIO

import msgspec

from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import HostSummary, rules_by_id, summary_of
from evtscan.reporters.json.report import without_surrogates
from evtscan.reporters.tables.columns import FINDINGS
from evtscan.reporters.view import Shown


class LineSink:
    """Writes the findings of each host as soon as it receives the host."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, summary: HostSummary) -> None:
        """Write the findings of one host."""
        if summary.findings:
            self._stream.write(b"".join(line(FINDINGS.values(item)) for item in summary.findings))
            self._stream.flush()

    def close(self) -> None:
        """Do nothing: no work is left after the last host."""


class LiveLines:
    """Writes the findings of each host once, in the order in which the run judges the hosts.

    ``show`` writes a host during the run; ``add`` writes the hosts that were not written before.
    """

    def __init__(self, report: Report, stream: BinaryIO, shown: Shown) -> None:
        self._sink = LineSink(stream)
        self._rules = rules_by_id(report)
        self._shown = shown
        self._done: set[str] = set()

    def show(self, host: HostReport) -> None:
        """Write the findings of a host that has just been judged.

        Raises:
            BrokenPipeError: if the reader of the stream has ended.
        """
        self._done.add(host.host)
        self._sink.add(summary_of(self._shown(host), self._rules))

    def add(self, summary: HostSummary) -> None:
        """Write the findings of a host unless they were already written."""
        if summary.host.host not in self._done:
            self._sink.add(summary)

    def close(self) -> None:
        """Do nothing: no work is left after the last host."""


def sink(report: Report, stream: BinaryIO) -> LineSink:
    """Return a sink that writes a report."""
    return LineSink(stream)


def line(row: object) -> bytes:
    """Encode one object as a line of JSON; lone surrogates, which UTF-8 cannot represent, become escapes."""
    try:
        return msgspec.json.encode(row) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(without_surrogates(row)) + b"\n"
