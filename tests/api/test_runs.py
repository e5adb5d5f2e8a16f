"""Scans, audits, hunts and saved reports from Python: the same results as the commands."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evtscan
from evtscan.cli import build

SAMPLES = Path(__file__).parents[2] / "samples"
HOST = SAMPLES / "hosts" / "NTWS07"


def by_command(*words):
    result = CliRunner().invoke(build(), [*map(str, words)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_scan(tmp_path, capsys):
    report = evtscan.scan(HOST)
    assert capsys.readouterr() == ("", "")
    by_command("scan", HOST, "-q", "-o", tmp_path / "by_command.json")
    report.save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_bytes()) == json.loads(
        (tmp_path / "by_command.json").read_bytes()
    )
    frame = report.findings.to_frame()
    assert len(frame) == len(report.findings)
    assert "confirmed" in frame["Verdict"].tolist()
    assert report.findings[0].verdict


def test_tables_have_the_columns_of_the_csv_files(tmp_path):
    report = evtscan.scan(HOST)
    by_command("scan", HOST, "-q", "-o", f"{tmp_path / 'out'}/")
    for name in ("findings", "events", "hosts", "evidence", "warnings", "rules"):
        head = (tmp_path / "out" / f"{name}.csv").read_text("utf-8").splitlines()[0]
        assert ",".join(report.to_frame(name).columns) == head
    assert "os.service_pack" in report.facts.to_frame()["name"].tolist()
    with pytest.raises(ValueError, match="no such table"):
        report.to_frame("nothing")


def test_saved_reports(tmp_path):
    report = evtscan.scan(HOST)
    report.save(tmp_path / "report.json")
    loaded = evtscan.load_report(tmp_path)
    assert list(loaded.findings) == list(report.findings)
    assert loaded.to_frame("hosts").equals(report.to_frame("hosts"))
    with pytest.raises(evtscan.UsageError):
        evtscan.load_report(tmp_path / "other.json")


def test_audit(tmp_path):
    for name in ("A", "B"):
        folder = tmp_path / "fleet" / name
        folder.mkdir(parents=True)
        for path in HOST.iterdir():
            if path.is_file():
                (folder / path.name).write_bytes(path.read_bytes())
    report = evtscan.audit(tmp_path / "fleet")
    by_command("audit", tmp_path / "fleet", "-q", "-j", "1", "-o", tmp_path / "by_command.json")
    report.save(tmp_path / "report.json")
    ours, theirs = (json.loads((tmp_path / name).read_bytes()) for name in ("report.json", "by_command.json"))
    assert ours == theirs
    assert [host.host for host in report.hosts] == ["A", "B"]
    with pytest.raises(evtscan.UsageError):
        evtscan.audit(tmp_path / "nowhere")


RULE = """
title: Duplicate address
id: 7a3c1f0e-0000-4000-8000-000000000001
status: test
level: high
logsource: {product: windows, service: system}
detection:
  selection: {EventID: 1008}
  condition: selection
"""


def test_hunt(tmp_path):
    (tmp_path / "rule.yml").write_text(RULE)
    found = evtscan.hunt(HOST, tmp_path / "rule.yml")
    text = by_command("hunt", HOST, "-q", "-r", tmp_path / "rule.yml", "-t", "csv", "-o", "-")
    assert len(found) == len(text.splitlines()) - 1 > 0
    assert set(found.to_frame()["RuleTitle"]) == {"Duplicate address"}
    assert list(found.to_frame().columns) == text.splitlines()[0].split(",")
    assert found.counts.rows == len(found)
    assert len(evtscan.hunt(HOST, tmp_path / "rule.yml", end="1980-01-01")) == 0
