"""The hosts of a report → the exit code of the run."""

from evtscan.base.model.finding import Verdict
from evtscan.cli.output.exits import DAMAGED, DONE, FAILED, FOUND
from evtscan.reporters.digest.files import is_incomplete, read_files
from evtscan.reporters.digest.summary import HostSummary, ReportedFinding


class ExitCode:
    """Takes the hosts of a report, and says with which code a run ends: the first that applies of 1, 10, 3 and 0."""

    def __init__(self, *, fail_on: Verdict | None, strict: bool) -> None:
        self._fail_on = fail_on
        self._strict = strict
        self.any_read = False
        self._found = False
        self._damaged = False

    def add(self, summary: HostSummary) -> None:
        """Take the next host."""
        host = summary.host
        self.any_read = self.any_read or bool(read_files(host))
        if self._fail_on is not None and not self._found:
            self._found = any(counts(item, self._fail_on) for item in summary.findings)
        if self._strict and not self._damaged:
            self._damaged = is_incomplete(host)

    def close(self) -> None:
        """Nothing is left to do behind the last host."""

    @property
    def value(self) -> int:
        """The exit code, as far as the hosts decide it."""
        if not self.any_read:
            return FAILED
        return FOUND if self._found else DAMAGED if self._damaged else DONE


def counts(item: ReportedFinding, fail_on: Verdict) -> bool:
    """Whether ``--fail-on`` counts a finding: as bad as asked for, or worse, and neither quiet nor accepted.

    Plain detections count only when they are what is named.
    """
    return item.counts_as_worst and is_as_bad(item.verdict, fail_on)


def is_as_bad(verdict: Verdict, fail_on: Verdict) -> bool:
    """Whether a verdict is the one asked for or a worse one; that of a plain detection only where it is named."""
    if verdict is Verdict.DETECTED:
        return fail_on is Verdict.DETECTED
    return verdict.rank <= fail_on.rank
