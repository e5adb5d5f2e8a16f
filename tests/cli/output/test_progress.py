"""What a terminal shows while an audit runs, and that a pipe gets nothing of it."""

from io import StringIO

import pytest
from rich.console import Console

from evtscan.audit.plan import HostPlan
from evtscan.base.model.finding import Finding
from evtscan.cli.output import progress
from evtscan.cli.output import terminal as cli_terminal
from evtscan.cli.output.progress import show_progress
from evtscan.cli.output.session import rules_of
from evtscan.report.model import HostReport

RULE = next(rule for rule in rules_of(None).rules if rule.info.article == "Q162396")
ALPHA, BETA = HostPlan(name="ALPHA", sources=()), HostPlan(name="BETA", sources=())


def report(name, *verdicts):
    findings = (
        Finding(finding_id=str(n), host=name, computer="", verdict=word, rule_id=RULE.info.id)
        for n, word in enumerate(verdicts)
    )
    return HostReport(host=name, findings=tuple(findings))


@pytest.fixture
def screen(monkeypatch):
    """What is shown on a terminal."""
    shown = StringIO()
    monkeypatch.setattr(cli_terminal, "is_dumb", lambda: False)
    terminal = Console(file=shown, force_terminal=True, width=200, color_system=None)
    monkeypatch.setattr(cli_terminal, "console", lambda **options: terminal)
    return shown


def test_hosts_and_findings_are_shown_as_they_come(screen):
    with show_progress([ALPHA, BETA], [RULE], quiet=False) as (callbacks, tally):
        callbacks.kept(BETA)
        callbacks.begun(ALPHA)
        callbacks.begun(ALPHA)
        callbacks.done(ALPHA, [report("ALPHA", "confirmed", "excluded")])
    assert f"confirmed on ALPHA: Q162396 {RULE.info.title}" in screen.getvalue()
    assert "excluded on" not in screen.getvalue()
    assert "1 found" in screen.getvalue()
    assert "2/2" in screen.getvalue()
    assert (tally.read, tally.kept, tally.findings, tally.current) == (1, 1, 1, [])


def test_findings_are_only_counted_after_some(screen, monkeypatch):
    monkeypatch.setattr(progress, "FINDINGS_SHOWN", 2)
    with show_progress([ALPHA], [RULE], quiet=False) as (callbacks, tally):
        callbacks.begun(ALPHA)
        callbacks.done(ALPHA, [report("ALPHA", *["possible"] * 5)])
    assert screen.getvalue().count("possible on ALPHA") == 2
    assert tally.findings == 5


def test_a_pipe_or_quiet_shows_nothing(screen, monkeypatch):
    for quiet in (True, False):
        monkeypatch.setattr(cli_terminal, "is_dumb", lambda: True)
        with show_progress([ALPHA], [RULE], quiet=quiet) as (callbacks, tally):
            callbacks.begun(ALPHA)
            callbacks.done(ALPHA, [report("ALPHA", "confirmed")])
        assert tally.read == 1
    assert screen.getvalue() == ""


def test_the_bar_has_no_colour_where_none_is_wanted(screen, monkeypatch):
    asked, console = [], cli_terminal.console
    monkeypatch.setattr(cli_terminal, "console", lambda **options: asked.append(options) or console(**options))
    with show_progress([ALPHA], [RULE], quiet=False, no_color=True):
        pass
    assert asked == [{"no_color": True, "stderr": True}]
