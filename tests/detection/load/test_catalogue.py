"""The rules that come with evtscan load, and no lint finds anything in them."""

from pathlib import Path

import pytest

from evtscan.base.model.query import Query, Selector
from evtscan.detection.authoring.lint import lint
from evtscan.detection.load.loader import RuleSet, load_rules
from evtscan.detection.load.written import read_file, written
from evtscan.facts.catalogue.names import is_known

RULES = Path(__file__).parents[3] / "rules"


@pytest.fixture(scope="module")
def catalogue() -> RuleSet:
    return load_rules([RULES], fact_known=is_known)


def test_every_rule_loads_and_passes_every_lint(catalogue):
    assert [str(problem) for problem in catalogue.problems] == []
    files = {rule.file: read_file(RULES / rule.file, rule.file) for rule in catalogue.rules}
    rules = written(catalogue.rules, files)
    assert len(rules) == len(catalogue.rules)
    assert [str(problem) for problem in lint(rules, fact_known=is_known)] == []


def test_every_rule_loads_in_pysigma_and_means_something_there():
    from sigma.collection import SigmaCollection
    from sigma.correlations import SigmaCorrelationRule

    for file in sorted(RULES.rglob("*.yml")):
        for rule in SigmaCollection.from_yaml(file.read_text(encoding="utf-8")).rules:
            assert rule.errors == [], file
            if not isinstance(rule, SigmaCorrelationRule):
                assert rule.detection.parsed_condition[0].parsed is not None


def test_the_founding_rule_asks_for_its_event_and_the_conflict_beside_and_never_for_the_type(catalogue):
    (rule,) = [rule for rule in catalogue.rules if rule.info.article == "Q162396"]
    conflicts = {Selector("System", source, number) for source in ("Tcpip", "TCPIP.SYS") for number in (4198, 4199)}
    assert rule.query() == Query(frozenset({Selector("System", "Dhcp", 1008), *conflicts}))
    assert rule.known_issue is not None
    assert {doubt.about for doubt in rule.known_issue.doubts} == {"os.service_pack", "component.ras"}
    assert {case.verdict for case in rule.known_issue.cases} == {
        "confirmed",
        "possible",
        "exposed",
        "resolved",
        "excluded",
        "none",
    }
    advice = " ".join((*rule.info.remedy, *rule.info.workaround))
    assert "Do not remove TCP/IP" in advice
