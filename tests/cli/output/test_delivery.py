"""A report → its outputs, the console, the ledger and the exit code."""

from pathlib import Path

import pytest

from evtscan.base.errors import OutputError
from evtscan.base.model.finding import Finding, Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import EvidenceRow
from evtscan.cli.output.delivery import Delivery, deliver, outputs_of
from evtscan.cli.output.exits import DAMAGED, DONE, FAILED, FOUND
from evtscan.report.model import HostReport, Report
from evtscan.reporters.tables.csv import SAFE

RULE = RuleInfo(id="r", title="Broken disk", level="high", kind="failure", article="Q1")


def report(*, lost: int = 0, read: bool = True, status: str = "new") -> Report:
    row = EvidenceRow(source_file="System.evtx", size=1, format="evtx", records=3, lost=lost, channels=("System",))
    finding = Finding(
        finding_id="f", host="PC", computer="PC", verdict="confirmed", rule_id="r", reason="Seen.", status=status
    )
    host = HostReport(host="PC", evidence=(row,) if read else (), findings=(finding,) if read else ())
    return Report(hosts=(host,), rules=(RULE,), evtscan="0.1.0")


@pytest.mark.parametrize(
    ("given", "how", "code"),
    [
        (report(), Delivery(), DONE),
        (report(), Delivery(fail_on=Verdict.CONFIRMED), FOUND),
        (report(status="accepted"), Delivery(fail_on=Verdict.CONFIRMED), DONE),
        (report(lost=1), Delivery(), DONE),
        (report(lost=1), Delivery(strict=True), DAMAGED),
        (report(lost=1), Delivery(strict=True, fail_on=Verdict.EXPOSED), FOUND),
        (report(read=False), Delivery(fail_on=Verdict.CONFIRMED), FAILED),
    ],
)
def test_the_exit_code_is_the_first_that_applies(capsys, given, how, code):
    assert deliver(given, how) == code
    assert capsys.readouterr().err.startswith("files ")


def test_quiet_prints_nothing(capsys):
    assert deliver(report(), Delivery(quiet=True)) == DONE
    assert capsys.readouterr() == ("", "")


def test_files_and_console_in_one_pass(capsys, tmp_path):
    outputs = outputs_of([str(tmp_path / "out"), str(tmp_path / "one.md")], None, SAFE, False)
    deliver(report(), Delivery(outputs=outputs))
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"findings.csv", "report.json", "report.html"}
    assert "Broken disk" in (tmp_path / "one.md").read_text("utf-8")
    assert "Broken disk" in capsys.readouterr().out
    with pytest.raises(OutputError):
        outputs_of([str(tmp_path / "one.md")], None, SAFE, False)


def test_what_is_new_only_leaves_the_full_report_whole(tmp_path: Path, capsys):
    outputs = outputs_of([str(tmp_path / "a.json"), str(tmp_path / "a.csv")], None, SAFE, False)
    deliver(report(status="known"), Delivery(outputs=outputs, new_only=True))
    assert "Seen." in (tmp_path / "a.json").read_text("utf-8")
    assert "Seen." not in (tmp_path / "a.csv").read_text("utf-8")
