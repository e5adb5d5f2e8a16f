"""The hosts of a report → the exit code of the run."""

from evtscan.base.model.finding import Verdict
from evtscan.cli.output.exits import DAMAGED, DONE, FAILED, FOUND
from evtscan.reporters.digest.files import is_incomplete, read_files
from evtscan.reporters.digest.summary import HostSummary, ReportedFinding


class ExitCode:
    """Decides the exit code from the hosts of a report: the first of 1, 10, 3 and 0 that applies."""

    def __init__(self, *, fail_on: Verdict | None, strict: bool) -> None:
        self._fail_on = fail_on
        self._strict = strict
        self.any_read = False
        self._found = False
        self._damaged = False

    def add(self, summary: HostSummary) -> None:
        """Add a host."""
        host = summary.host
        self.any_read = self.any_read or bool(read_files(host))
        if self._fail_on is not None and not self._found:
            self._found = any(counts(item, self._fail_on) for item in summary.findings)
        if self._strict and not self._damaged:
            self._damaged = is_incomplete(host)

    def close(self) -> None:
        """Do nothing: no work is left after the last host."""

    @property
    def value(self) -> int:
        """Return the exit code, as far as it depends on the hosts."""
        if not self.any_read:
            return FAILED
        return FOUND if self._found else DAMAGED if self._damaged else DONE


def counts(item: ReportedFinding, fail_on: Verdict) -> bool:
    """Whether ``--fail-on`` counts a finding: its verdict is as severe or worse, and it is neither quiet nor accepted.

    Plain detections count only if ``--fail-on`` names their verdict.
    """
    return item.counts_as_worst and is_as_bad(item.verdict, fail_on)


def is_as_bad(verdict: Verdict, fail_on: Verdict) -> bool:
    """Whether a verdict is ``fail_on`` or a more severe one; a plain detection counts only if ``fail_on`` names it."""
    if verdict is Verdict.DETECTED:
        return fail_on is Verdict.DETECTED
    return verdict.rank <= fail_on.rank
