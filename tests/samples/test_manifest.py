"""The manifest of the samples, held against a run: each host gives just the findings, logs and warnings it names."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_hosts.hosts import folder_of

from evtscan.detection.load.catalogue import folder
from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import is_known
from evtscan.intake.paths import find
from evtscan.report.model import HostReport
from evtscan.scan import ScanOptions, scan

SAMPLES = Path(__file__).parents[2] / "samples"
MANIFEST: dict[str, dict[str, Any]] = yaml.safe_load((SAMPLES / "manifest.yaml").read_text("utf-8"))
RULES = load_rules([folder()], fact_known=is_known).rules
TITLES = {rule.info.id: rule.info for rule in RULES}


@pytest.fixture(params=sorted(MANIFEST), scope="module")
def sample(request: pytest.FixtureRequest) -> tuple[dict[str, Any], HostReport]:
    """One host of the manifest: what it must yield, and what it yields."""
    found = find([SAMPLES / folder_of(request.param) / request.param])
    report = scan(found.sources, RULES, ScanOptions(), host_name=request.param, skipped=found.skipped)
    return MANIFEST[request.param], report


def test_every_folder_is_in_the_manifest():
    assert {path.name for name in ("hosts", "nt4") for path in (SAMPLES / name).iterdir()} == set(MANIFEST)


def test_findings(sample):
    expected, report = sample
    wanted_titles = {item["rule"] for item in expected["findings"] if "rule" in item}
    founding = [
        item
        for item in report.findings
        if TITLES[item.rule_id].article in _articles(expected) or TITLES[item.rule_id].title in wanted_titles
    ]
    by_title = {item.get("rule"): item for item in expected["findings"]}
    founding.sort(key=lambda item: list(by_title).index(TITLES[item.rule_id].title) if wanted_titles else 0)
    assert len(founding) == len(expected["findings"])
    for wanted, finding in zip(expected["findings"], founding, strict=True):
        assert wanted.get("article", TITLES[finding.rule_id].article) == TITLES[finding.rule_id].article
        assert finding.verdict == wanted["verdict"]
        assert finding.basis == wanted["basis"]
        assert finding.count == wanted.get("count", 0)
        assert list(finding.record_ids) == wanted.get("records", [])
        assert list(finding.missing_facts) == wanted.get("missing", [])
        for words in wanted.get("reason", []):
            assert words in finding.reason


def _articles(expected: dict[str, Any]) -> set[str]:
    return {"Q162396", *(item["article"] for item in expected["findings"] if "article" in item)}


def test_logs(sample):
    expected, report = sample
    logs = {row.source_file: row for row in report.evidence if row.records is not None}
    assert set(logs) == set(expected.get("logs", {}))
    for name, wanted in expected.get("logs", {}).items():
        row = logs[name]
        flags = [flag for flag in ("dirty", "wrapped", "cleared", "filtered") if getattr(row, flag)]
        assert (row.records, row.lost, flags) == (wanted["records"], wanted.get("lost", 0), wanted.get("flags", []))


def test_warnings_and_skipped_files(sample):
    expected, report = sample
    warnings = sorted((item.location.source, item.kind) for item in report.warnings)
    assert warnings == sorted((item["file"], item["kind"]) for item in expected.get("warnings", []))
    assert [item.source_file for item in report.skipped] == expected.get("skipped", [])


def test_every_verdict_is_shown():
    verdicts = {item["verdict"] for host in MANIFEST.values() for item in host["findings"]}
    assert verdicts == {"confirmed", "possible", "exposed", "resolved", "excluded"}
