"""The progress of an audit on a terminal: speed, remaining time, current hosts, and findings."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from evtscan.audit.hosts import NOT_READ
from evtscan.audit.plan import HostPlan
from evtscan.audit.run import Callbacks
from evtscan.base.model.finding import Verdict
from evtscan.base.model.rule import QUIET_KINDS
from evtscan.base.safetext import prose
from evtscan.cli.output import terminal
from evtscan.detection.model.rule import Rule
from evtscan.report.model import HostReport
from evtscan.reporters.json.jsonl import LiveLines

FINDINGS_SHOWN = 50
"""Findings that are printed during the audit; further ones are only counted."""
_SHOWN = (Verdict.CONFIRMED.value, Verdict.POSSIBLE.value)
_CURRENT_SHOWN = 3


@dataclass(slots=True)
class Tally:
    """The number of hosts that were judged, that failed, and whose result was kept from an earlier run."""

    read: int = 0
    failed: int = 0
    kept: int = 0
    findings: int = 0
    current: list[str] = field(default_factory=list)


@contextmanager
def show_progress(
    plans: Sequence[HostPlan],
    rules: Sequence[Rule],
    *,
    quiet: bool,
    no_color: bool = False,
    live: LiveLines | None = None,
) -> Iterator[tuple[Callbacks, Tally]]:
    """Count finished hosts, and show progress if stderr is a terminal. ``live`` gets each finished host."""
    tally = Tally()
    if quiet or terminal.is_dumb():
        yield _counting(tally, lambda: None, lambda text: None, rules, live), tally
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=terminal.console(no_color=no_color, stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(plans), rate="", found="")

        def shown() -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(
                task,
                completed=tally.read + tally.failed + tally.kept,
                description=", ".join(prose(name) for name in tally.current[:_CURRENT_SHOWN]),
                rate=f"{speed:,.1f} hosts/s" if speed else "",
                found=f"{tally.findings:,} found" if tally.findings else "",
            )

        yield _counting(tally, shown, bar.console.print, rules, live), tally


def _counting(
    tally: Tally,
    shown: Callable[[], None],
    say: Callable[[str], None],
    rules: Sequence[Rule],
    live: LiveLines | None,
) -> Callbacks:
    titles = {rule.info.id: rule.info for rule in rules}

    def begun(plan: HostPlan) -> None:
        if plan.name not in tally.current:  # work on a host may begin again
            tally.current.append(plan.name)
        shown()

    def done(plan: HostPlan, reports: Sequence[HostReport]) -> None:
        not_read = any(warning.kind in NOT_READ for report in reports for warning in report.warnings)
        tally.failed += not_read
        tally.read += not not_read
        tally.current.remove(plan.name)
        for report in reports:
            if live is not None:
                live.show(report)
            for finding in report.findings:
                info = titles.get(finding.rule_id)
                if finding.verdict in _SHOWN and info is not None and info.kind not in QUIET_KINDS:
                    tally.findings += 1
                    if tally.findings <= FINDINGS_SHOWN:
                        say(prose(f"{finding.verdict} on {report.host}: {info.article} {info.title}".strip()))
        shown()

    def kept(plan: HostPlan) -> None:
        tally.kept += 1

    return Callbacks(begun, done, kept)
