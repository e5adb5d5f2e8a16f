"""``samples/sources.yaml``, held against a run: each source of evidence gives just the facts that are named there."""

from pathlib import Path
from typing import Any

import make
import pytest
import yaml
from sample_hosts.sources import SOURCES

from evtscan.base.model.fact import Basis
from evtscan.base.model.finding import Finding
from evtscan.detection.load.catalogue import folder
from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import is_known
from evtscan.intake.paths import find
from evtscan.parsers import PARSERS, Kind
from evtscan.scan import ScanOptions, Survey, surveyed

SAMPLES = Path(make.__file__).parent
MANIFEST: dict[str, dict[str, Any]] = yaml.safe_load((SAMPLES / "sources.yaml").read_text(encoding="utf-8"))["sources"]
RULES = [rule for rule in load_rules([folder()], fact_known=is_known).rules if rule.info.article == "Q162396"]
ROWS = {row.name for row in PARSERS if row.kind is not Kind.LOG}


@pytest.fixture(params=sorted(MANIFEST), scope="module")
def source(request: pytest.FixtureRequest):
    """The name of a source, what it must yield, and what it yields."""
    found = find([SAMPLES / "sources" / request.param])
    with surveyed(found.sources, RULES, ScanOptions(), skipped=found.skipped) as survey:
        yield request.param, MANIFEST[request.param], survey


def test_manifest_and_folders_name_the_same_sources() -> None:
    assert list(MANIFEST) == list(SOURCES) == sorted(path.name for path in (SAMPLES / "sources").iterdir())


def test_every_kind_of_evidence_but_logs_has_a_host() -> None:
    assert set(MANIFEST) == ROWS | {"archive"}


def test_all_files_are_the_log_and_the_source(source: tuple[str, dict[str, Any], Survey]) -> None:
    name, _, survey = source
    formats = {row.format for row in survey.reading.rows}
    assert formats == ({"evt", "reg", "driver"} if name == "archive" else {"evt", name})
    assert (survey.reading.skipped, survey.reading.warnings, survey.host.warnings) == ([], [], ())


def test_facts(source: tuple[str, dict[str, Any], Survey]) -> None:
    _, wanted, survey = source
    known = {name: survey.host.known(name, survey.host.now) for name in survey.host.fact_names}
    found = {name: "unknown" if fact.basis is Basis.UNKNOWN else _plain(fact.value) for name, fact in known.items()}
    assert found == wanted["facts"]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_verdict(source: tuple[str, dict[str, Any], Survey]) -> None:
    _, wanted, survey = source
    finding: Finding
    (finding,) = (outcome.finding for outcome in survey.outcomes)
    assert (finding.verdict, finding.count, list(finding.missing_facts)) == (wanted["verdict"], 1, wanted["missing"])


def test_sources_stay_small() -> None:
    assert sum(path.stat().st_size for path in (SAMPLES / "sources").rglob("*") if path.is_file()) < 300_000
